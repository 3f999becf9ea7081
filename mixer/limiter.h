#ifndef MIXER_LIMITER_H
#define MIXER_LIMITER_H

/* A look-ahead limiter for one output. Below full scale it is a delay and nothing else, bit for
 * bit; above it the gain is bent down before the peak comes and recovers slowly. Gains are linear
 * from block to block: smooth, and never above what the loudest sample of a block allows. A copy
 * of the struct continues where the original is. Pure. [any] */

#include "mixer/pcm.h"

#include <stdbool.h>

enum { LIMITER_DELAY_SAMPLES = 2 * PCM_BLOCK }; /* 1 ms at 48 kHz */

struct limiter {
    float delay[LIMITER_DELAY_SAMPLES];
    float need[2]; /* gain that each block in the delay allows at most */
    float gain;    /* at the end of what was put out */
};

void limiter_init(struct limiter *l);
/* n is a multiple of PCM_BLOCK, at least LIMITER_DELAY_SAMPLES. */
void limiter_run(struct limiter *l, const float *restrict in, int16_t *restrict out, size_t n);
/* Nothing is in the delay, and the gain is 1: silence in gives silence out. */
bool limiter_at_rest(const struct limiter *l);

#endif
