#ifndef MCU_RANDOM_H
#define MCU_RANDOM_H

/* Random bytes and ids from the system's CSPRNG. [any] */

#include <stddef.h>

int random_bytes(void *buf, size_t n); /* 0 or a negative errno */
/* len characters of [a-z2-7] (5 bits each) and a NUL. 0 or a negative errno. */
int random_id(char *id, size_t len);

#endif
