#ifndef MCU_API_EMBED_H
#define MCU_API_EMBED_H

/* Text files that are part of the program, each ended by a NUL. [any] */

extern const char embed_openapi[]; /* mcu/api/openapi.json */

#endif
