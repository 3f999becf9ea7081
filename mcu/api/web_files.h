#ifndef MCU_API_WEB_FILES_H
#define MCU_API_WEB_FILES_H

/* The files of mcu/web/, which are part of the program. The table's source is made by tools/embed
 * when the program is built: a new file needs no code. [any] */

#include <stddef.h>
#include <stdint.h>

struct web_file {
    const char *path; /* below mcu/web/ */
    const char *hash; /* of the bytes, in letters and digits */
    const uint8_t *bytes, *end;
    const uint8_t *gzip, *gzip_end; /* the same compressed; NULL: would not help */
};

extern const struct web_file web_files[];
extern const size_t web_file_count;

#endif
