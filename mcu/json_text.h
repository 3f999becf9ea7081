#ifndef MCU_JSON_TEXT_H
#define MCU_JSON_TEXT_H

/* JSON that came from the network, read with bounded depth and no name given twice. RFC 8259.
 * Pure. [any] */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The parser recurses; what nobody needs does not reach it. */
bool json_text_deeper(const char *text, size_t len, int depth);

/* The object that text is, for the caller to release, or NULL: none, too deep, a name twice. */
json_t *json_text_object(const char *text, size_t len, int depth);

#endif
