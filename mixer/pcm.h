#ifndef MIXER_PCM_H
#define MIXER_PCM_H

/* Kernels over PCM. The mix is float at the scale of int16 (full scale is 32767), so whole numbers
 * up to 2^24 are exact: 512 voices at full scale. Plain loops of constant length that the compiler
 * vectorises; therefore every n is a multiple of PCM_BLOCK. Pure. [any] */

#include <stddef.h>
#include <stdint.h>

enum {
    PCM_BLOCK = 24,         /* 0.5 ms at 48 kHz; whole samples at 8 and 16 kHz too */
    PCM_RAMP_SAMPLES = 480, /* a change of gain takes 10 ms at 48 kHz */
};

/* Linear from `from` to `to` over the first PCM_RAMP_SAMPLES of a frame, then `to`. */
struct pcm_gain {
    float from, to;
};

/* acc += gain * in. Exact for gain 1. */
void pcm_mix(float *restrict acc, const int16_t *restrict in, size_t n, struct pcm_gain g);
/* out = acc - gain * in: takes away what pcm_mix with the same gain added. */
void pcm_unmix(float *restrict out, const float *restrict acc, const int16_t *restrict in, size_t n,
    struct pcm_gain g);
/* x *= gain */
void pcm_fade(float *x, size_t n, struct pcm_gain g);
/* Rounded half up, saturated. */
void pcm_round(int16_t *restrict out, const float *restrict in, size_t n);
/* The largest magnitude; a negative value counts one less, so 32767 stands for -32768 too. */
float pcm_peak(const float *x, size_t n);
/* Mean square. */
float pcm_power(const int16_t *x, size_t n);

#endif
