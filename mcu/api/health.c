#include "mcu/api/health.h"

#include "mcu/rooms.h"

#include <string.h>

enum { STALL_MS = 5000 };

void health_sample(struct health *h, const struct rooms *r)
{
    struct media_totals totals;
    rooms_totals(r, &totals);
    h->loops = totals.loops;
    h->silent_ms = rooms_silent_ms(r);
}

const char *health_status(const struct health *h)
{
    if (h->draining)
        return "draining";
    return h->silent_ms > STALL_MS ? "stalled" : "ok";
}

unsigned health_loops(const struct health *h)
{
    return h->loops;
}
