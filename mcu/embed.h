#ifndef MCU_EMBED_H
#define MCU_EMBED_H

/* Files that are part of the program. Each ends with a NUL that is not counted. [any] */

#include <stddef.h>

extern const char embed_openapi[], embed_openapi_end[]; /* mcu/openapi.json */
extern const char embed_page[], embed_page_end[];       /* mcu/web/index.html */

#endif
