#ifndef MCU_SECRET_FILE_H
#define MCU_SECRET_FILE_H

/* A secret that outlives the server: a line of random characters in a file that only its owner can
 * read, made when it is first asked for. [any] */

#include <stdbool.h>
#include <stddef.h>

enum { SECRET_FILE_TEXT_MAX = 185 /* with its NUL */ };

/* The file's text, of at least min characters; a file that is not there is made with bytes (a
 * multiple of 3) random ones in base64url, and the folders above it. 0 and its length in *len;
 * -EPERM: others can read it; -EINVAL: it holds no such text; other errors of open(2). */
int secret_file_load(const char *path, size_t min, size_t bytes, char text[SECRET_FILE_TEXT_MAX],
    size_t *len, bool *generated);

#endif
