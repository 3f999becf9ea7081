#include "mixer/load.h"

enum {
    DOWN_TICKS = 10, /* 200 ms between steps down: a step must show first */
    UP_TICKS = 250,  /* 5 s of calm before a step up */
};
static const float high = 0.65f, calm = 0.40f;
static const float smoothing = 0.1f; /* a tick: time constant 200 ms */

void load_init(struct load *l, uint8_t ceiling)
{
    *l = (struct load){.ceiling = ceiling, .complexity = ceiling};
}

void load_set_ceiling(struct load *l, uint8_t ceiling)
{
    if (l->complexity == l->ceiling || l->complexity > ceiling)
        l->complexity = ceiling;
    l->ceiling = ceiling;
}

uint8_t load_update(struct load *l, float busy_share)
{
    if (busy_share > 2)
        busy_share = 2; /* one long stall is not a load */
    l->busy += (busy_share - l->busy) * smoothing;
    l->calm_ticks = l->busy < calm ? l->calm_ticks + 1 : 0;
    if (l->down_wait_ticks > 0)
        l->down_wait_ticks--;
    if (l->busy > high && l->down_wait_ticks == 0 && l->complexity > 0) {
        l->complexity--;
        l->steps_down++;
        l->down_wait_ticks = DOWN_TICKS;
    } else if (l->calm_ticks >= UP_TICKS && l->complexity < l->ceiling) {
        l->complexity++;
        l->calm_ticks = 0;
    }
    return l->complexity;
}
