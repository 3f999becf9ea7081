#ifndef MCU_HTTP_OWN_NAMES_H
#define MCU_HTTP_OWN_NAMES_H

/* By what names and addresses the HTTP server can be found, as far as the configuration and the
 * machine's interfaces tell. [control] */

#include <stddef.h>

struct config;

enum { OWN_NAMES_MAX = 8192 };

/* All of them, separated by spaces: localhost, http_names, and http_address or, when that is any
 * address, those of the interfaces. */
void own_names(char names[OWN_NAMES_MAX], const struct config *cfg);

/* The one that is best told to people. */
void own_name(char *name, size_t cap, const struct config *cfg);

#endif
