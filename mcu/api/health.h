#ifndef MCU_HEALTH_H
#define MCU_HEALTH_H

/* Whether the program is well: it runs, and its media loops tick. [control] */

#include "mcu/version.h"

#include <stdbool.h>
#include <stdint.h>

struct rooms;

struct health {
    bool draining;
    unsigned loops;
    uint64_t ticks, ticked_ms; /* last seen, and when they last moved or had no reason to */
    uint64_t sampled_ms;
};

/* Called about once a second. */
void health_sample(struct health *h, const struct rooms *r, uint64_t now_ms);
const char *health_status(const struct health *h); /* "ok", "stalled" or "draining" */
unsigned health_loops(const struct health *h);

#endif
