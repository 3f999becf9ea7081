#include "mcu/api/health.h"

#include "mcu/rooms.h"

#include <string.h>

enum { STALL_MS = 5000 };

void health_sample(struct health *h, const struct rooms *r, uint64_t now_ms)
{
    struct media_totals totals;
    rooms_totals(r, &totals);
    h->loops = totals.loops;
    h->sampled_ms = now_ms;
    if (totals.ticks != h->ticks || !totals.legs || !h->ticked_ms) {
        h->ticks = totals.ticks;
        h->ticked_ms = now_ms;
    }
}

const char *health_status(const struct health *h)
{
    if (h->draining)
        return "draining";
    return h->sampled_ms - h->ticked_ms > STALL_MS ? "stalled" : "ok";
}

unsigned health_loops(const struct health *h)
{
    return h->loops;
}
