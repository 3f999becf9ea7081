#ifndef MCU_API_METRICS_H
#define MCU_API_METRICS_H

/* The figures of the whole program in Prometheus' text format. Sums only: nothing of one room or
 * person. [control] */

#include <stddef.h>

struct api;

/* malloc'd text the caller frees, or NULL. */
char *metrics_print(const struct api *api, size_t *len);

#endif
