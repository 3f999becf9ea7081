#ifndef MIXER_HISTORY_H
#define MIXER_HISTORY_H

/* The last frames of the full mix as its listeners got them: what an encoder is given to hear
 * before it takes over in the middle of a sound. Embedded; zero it to begin. [any] */

#include "mixer/mixer.h"

enum { HISTORY_FRAMES = 8 };

struct history {
    int16_t frames[HISTORY_FRAMES][MIXER_FRAME_SAMPLES];
    unsigned newest;
};

/* The place for a new newest frame. */
static inline int16_t *history_next(struct history *h)
{
    h->newest = (h->newest + 1) % HISTORY_FRAMES;
    return h->frames[h->newest];
}

/* age 1: the newest … HISTORY_FRAMES: the oldest. */
static inline const int16_t *history_frame(const struct history *h, unsigned age)
{
    return h->frames[(h->newest + 1 + HISTORY_FRAMES - age) % HISTORY_FRAMES];
}

#endif
