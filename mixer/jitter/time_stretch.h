#ifndef MIXER_JITTER_TIME_STRETCH_H
#define MIXER_JITTER_TIME_STRETCH_H

/* Makes speech shorter or longer without changing its pitch: whole pitch periods are cut out or
 * repeated, with an overlap (WSOLA, in the time domain). Mono, 48 kHz. Pure functions on int16. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TIME_STRETCH_MIN_LAG = 120, /* 2.5 ms: 400 Hz */
    TIME_STRETCH_MAX_LAG = 720, /* 15 ms: 67 Hz */
    TIME_STRETCH_OVERLAP = 240, /* 5 ms: of a cut through what has no pitch */
};

struct time_stretch_match {
    size_t lag;       /* samples; 0: too little signal to look */
    float similarity; /* of the signal with itself lag later: 1 the same, 0 unlike */
};

/* The lag at which x[0 …) and x[lag …) are most alike: what can be cut. Looks at lags from
 * TIME_STRETCH_MIN_LAG to max_lag as far as n samples allow. */
struct time_stretch_match time_stretch_find_cut(const int16_t *x, size_t n, size_t max_lag);
/* The lag at which x[0 … n) and x[-lag …) are most alike: what can be repeated. There are `past`
 * readable samples before x; n is at least TIME_STRETCH_OVERLAP. */
struct time_stretch_match time_stretch_find_repeat(const int16_t *x, size_t past, size_t n);

/* Cuts lag samples out of x[0 … n): over the first `overlap` samples (at most lag and n - lag) it
 * passes from x[i] to x[i + lag]. Returns the new length. */
size_t time_stretch_cut(int16_t *x, size_t n, size_t lag, size_t overlap);
/* Repeats the lag samples before x: over the first `overlap` samples (at most lag and n) it passes
 * from x[i] to x[i - lag] and then plays on from there. x has room for n + lag, and lag readable
 * samples before it. Returns the new length. */
size_t time_stretch_repeat(int16_t *x, size_t n, size_t lag, size_t overlap);

/* Carries on what ends before x[0] by n samples into out, repeating its last pitch period. There
 * are `past` readable samples before x, at least TIME_STRETCH_MAX_LAG + 2 TIME_STRETCH_OVERLAP. */
void time_stretch_extend(const int16_t *x, size_t past, int16_t *out, size_t n);
/* x passes from tail[i] (at i = 0) to itself (from i = n on). */
void time_stretch_join(int16_t *x, const int16_t *tail, size_t n);

/* Mean square of n samples. */
float time_stretch_power(const int16_t *x, size_t n);

#endif
