#ifndef MCU_API_HEALTH_H
#define MCU_API_HEALTH_H

/* Whether the program is well: it runs, and its media loops tick. [control] */

#include "mcu/version.h"

#include <stdbool.h>
#include <stdint.h>

struct rooms;

struct health {
    bool draining;
    unsigned loops;
    uint64_t silent_ms; /* of the media loop that is silent the longest */
};

/* Called about once a second. */
void health_sample(struct health *h, const struct rooms *r);
const char *health_status(const struct health *h); /* "ok", "stalled" or "draining" */
unsigned health_loops(const struct health *h);

#endif
