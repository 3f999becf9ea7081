#ifndef CODECS_RESAMPLE_H
#define CODECS_RESAMPLE_H

/* Streaming mono sample-rate conversion: our own filter (polyphase.h) for the ratios that calls
 * have, which takes 1 KB; libswresample for those that only files have, which takes 100. Pure; one
 * thread an instance.
 * Delay: RESAMPLE_DELAY_SAMPLES of the lower of the two rates (2 ms at 8 kHz, 0.36 ms between 44100
 * and 48000 Hz), a whole number on both sides where one rate is a multiple of the other; none
 * between equal rates. What comes first is as if silence had gone before. */

#include <stddef.h>
#include <stdint.h>

enum { RESAMPLE_DELAY_SAMPLES = 16 };

struct resample;

/* 0 and a converter the caller owns, or -ENOMEM, -EINVAL (a rate outside 4000 … 192000 Hz). */
int resample_create(struct resample **rp, uint32_t in_hz, uint32_t out_hz);
/* Converts n samples; returns samples written to out: n * out_hz / in_hz where that is always
 * whole, else within one of it and exact over time. cap has room for that, rounded up; with less it
 * is -ENOSPC and nothing was taken. Calls of up to 20 ms allocate nothing; longer ones may where
 * libswresample works, and give -ENOMEM. */
int resample_run(struct resample *r, const int16_t *in, size_t n, int16_t *out, size_t cap);
void resample_destroy(struct resample *r); /* NULL is a no-op */

#endif
