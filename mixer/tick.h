#ifndef MIXER_TICK_H
#define MIXER_TICK_H

/* One tick of a room, 20 ms: hear the sources, choose the speakers, mix, encode once a group and
 * once a speaker. No malloc, lock, log or syscall. [loop] */

#include "mixer/room.h"

void tick_run(struct mixer *m, uint64_t now_us);
/* Ticks that were not run and never will be. */
void tick_miss(struct mixer *m, uint64_t ticks);
/* A source that may have something moves to the live ones, and back. */
void tick_wake(struct mixer_leg *leg);

#endif
