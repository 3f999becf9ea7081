#ifndef CODECS_RESAMPLE_H
#define CODECS_RESAMPLE_H

/* Streaming mono sample-rate conversion over libswresample. Pure; one thread an instance.
 * Delay: RESAMPLE_DELAY_SAMPLES of the lower of the two rates (2 ms at 8 kHz, 0.33 ms between 44100
 * and 48000 Hz); none between equal rates. */

#include <stddef.h>
#include <stdint.h>

enum { RESAMPLE_DELAY_SAMPLES = 16 };

struct resample;

/* 0 and a converter the caller owns, or -ENOMEM, -EINVAL (a rate outside 4000 … 192000 Hz). */
int resample_create(struct resample **rp, uint32_t in_hz, uint32_t out_hz);
/* Converts n samples; returns samples written to out (at most cap; what does not fit comes with the
 * next call), or a negative errno. Over time exactly n * out_hz / in_hz come out; the first call
 * gives less by the filter's delay unless primed. */
int resample_run(struct resample *r, const int16_t *in, size_t n, int16_t *out, size_t cap);
/* Feeds silence so that from now on every call of n samples gives n * out_hz / in_hz (where that is
 * whole), and calls of up to 20 ms allocate nothing. 0 or -ENOMEM. */
int resample_prime(struct resample *r);
void resample_destroy(struct resample *r); /* NULL is a no-op */

#endif
