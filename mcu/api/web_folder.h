#ifndef MCU_API_WEB_FOLDER_H
#define MCU_API_WEB_FOLDER_H

/* A file of web_dir, for those who work on the page: read anew each time, never through a symbolic
 * link, never a hidden one. Blocks on the disk. [control] */

#include <stddef.h>
#include <stdint.h>

enum { WEB_FOLDER_FILE_MAX = 8 << 20, WEB_FOLDER_HASH = 17 };

/* Reads folder/file below root (folder NULL: right there); neither may hold a '/'. 0 and malloc'd
 * bytes with their hash; -ENOENT no such file, or none we would serve; -EFBIG, -ENOMEM, … */
int web_folder_read(const char *root, const char *folder, const char *file, uint8_t **bytes,
    size_t *len, char hash[WEB_FOLDER_HASH]);

#endif
