#ifndef CODECS_COMFORT_NOISE_H
#define CODECS_COMFORT_NOISE_H

/* Comfort noise in RTP (RFC 3389): an analyser that turns background noise into a payload, a
 * generator that turns payloads into noise. Pure, deterministic, embedded structs without a heap;
 * one thread an instance.
 * Levels are -dBov (0: a full-scale square wave; 127: silence). The spectrum is given as reflection
 * coefficients k of 1/A(z), k[0] = -r(1)/r(0): noise that falls towards high frequencies has a
 * negative k[0]. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMFORT_NOISE_ORDER = 10,     /* what we send, and as many as we heed */
    COMFORT_NOISE_MAX_BYTES = 11, /* of a payload that we write */
    COMFORT_NOISE_TAPS = 12,      /* of the generator's interpolator, a phase */
    COMFORT_NOISE_MAX_FACTOR = 6, /* 8000 to 48000 Hz */
};

struct comfort_noise_params {
    uint8_t level;  /* -dBov, 0 to 127 */
    unsigned order; /* 0 (white) to COMFORT_NOISE_ORDER */
    float k[COMFORT_NOISE_ORDER];
};

/* 0, or -EINVAL for an empty payload. Coefficients beyond COMFORT_NOISE_ORDER are ignored; all are
 * held within (-1, 1). */
int comfort_noise_parse(const uint8_t *payload, size_t len, struct comfort_noise_params *out);
/* Bytes written, or -ENOSPC. */
int comfort_noise_write(const struct comfort_noise_params *p, uint8_t *payload, size_t cap);

/* --- analyser --------------------------------------------------------------------------------- */
struct comfort_noise_analyser {
    double r[COMFORT_NOISE_ORDER + 1]; /* autocorrelation a sample, averaged over frames */
    double power;                      /* mean square, averaged over frames */
    bool primed;
};

void comfort_noise_analyser_init(struct comfort_noise_analyser *a);
/* A frame of 10 to 60 ms at the rate of the codec beside which the noise is sent. */
void comfort_noise_analyse(struct comfort_noise_analyser *a, const int16_t *pcm, size_t n);
/* What the frames so far amount to. */
void comfort_noise_result(const struct comfort_noise_analyser *a, struct comfort_noise_params *out);

/* --- generator -------------------------------------------------------------------------------- */
struct comfort_noise_gen {
    uint32_t seed;
    unsigned factor; /* samples out for each sample of noise */
    unsigned phase;
    unsigned to_update;      /* noise samples until k is moved again */
    float gain, gain_target; /* RMS of the excitation */
    float k[COMFORT_NOISE_ORDER], k_target[COMFORT_NOISE_ORDER];
    float b[COMFORT_NOISE_ORDER + 1]; /* lattice state */
    float line[COMFORT_NOISE_TAPS];   /* newest noise samples */
    float taps[COMFORT_NOISE_MAX_FACTOR][COMFORT_NOISE_TAPS];
    bool started;
};

/* noise_hz: the sampling rate of the codec beside which the payloads came (its spectrum ends at
 * half of it); out_hz: of what is rendered, 1 to 6 times as much, rounded to a whole factor. */
void comfort_noise_gen_init(
    struct comfort_noise_gen *g, uint32_t noise_hz, uint32_t out_hz, uint32_t seed);
/* The noise to move to, within some 20 ms. */
void comfort_noise_gen_set(struct comfort_noise_gen *g, const struct comfort_noise_params *p);
/* Silence until the first set. */
void comfort_noise_render(struct comfort_noise_gen *g, int16_t *pcm, size_t n);

#endif
