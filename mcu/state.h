#ifndef MCU_STATE_H
#define MCU_STATE_H

/* Where the program keeps what it made itself: tokens, keys, certificates. [control] */

#include <stddef.h>

struct config;

enum { STATE_PATH_MAX = 512 };

/* The path of a file there: beside token_file if that is configured, else in mischpult/ of
 * $XDG_STATE_HOME or ~/.local/state. 0; -ENOENT: none of them is known; -ENAMETOOLONG. */
int state_path(char path[STATE_PATH_MAX], const struct config *c, const char *name);

/* Makes the folders above path, private to the user. Errors show when the file is made. */
void state_make_folders(const char *path);

/* Puts a whole file in the place of another, or none: who reads it sees one of both. mode is as of
 * open(2). 0 or a negative errno. */
int state_replace(const char *path, const void *bytes, size_t len, unsigned mode);

#endif
