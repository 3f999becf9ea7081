#ifndef MIXER_LOAD_H
#define MIXER_LOAD_H

/* How much effort the encoders may spend: complexity falls before ticks become late, and comes
 * back slowly. Pure; told once a tick how busy the loop was. [any] */

#include <stdint.h>

struct load {
    float busy;               /* share of the tick, smoothed */
    uint32_t down_wait_ticks; /* until the next step down may be taken */
    uint32_t calm_ticks;      /* on end */
    uint8_t ceiling, complexity;
    uint64_t steps_down;
};

void load_init(struct load *l, uint8_t ceiling);
void load_set_ceiling(struct load *l, uint8_t ceiling);
/* Returns the complexity to use from now on; busy_share is time spent / time of a tick. */
uint8_t load_update(struct load *l, float busy_share);

#endif
