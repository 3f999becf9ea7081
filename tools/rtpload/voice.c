#include "tools/rtpload/voice.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FORMANTS = 3, VOWELS = 6 };

struct resonator {
    double a1, a2, gain, y1, y2;
};

struct voice {
    uint32_t seed;
    double rate_hz, phase, base_pitch_hz, pitch_hz, envelope, target;
    double formant_hz[FORMANTS], formant_target_hz[FORMANTS];
    struct resonator formants[FORMANTS];
    size_t syllable_left;
    bool voiced;
};

/* First three formants of a, e, i, o, u and a neutral vowel, Hz. */
static const double vowels[VOWELS][FORMANTS] = {
    {730, 1090, 2440},
    {530, 1840, 2480},
    {270, 2290, 3010},
    {570, 840, 2410},
    {300, 870, 2240},
    {500, 1500, 2500},
};
static const double bandwidth_hz[FORMANTS] = {80, 100, 140};

static uint32_t voice_random(struct voice *v)
{
    v->seed = v->seed * 1664525u + 1013904223u;
    return v->seed >> 8;
}

static double voice_uniform(struct voice *v, double low, double high)
{
    return low + (high - low) * voice_random(v) / 16777216.0;
}

static void resonator_tune(struct resonator *r, double hz, double width_hz, double rate_hz)
{
    double radius = exp(-M_PI * width_hz / rate_hz);
    r->a1 = 2 * radius * cos(2 * M_PI * hz / rate_hz);
    r->a2 = -radius * radius;
    r->gain = 1 - radius;
}

static double resonator_step(struct resonator *r, double x)
{
    double y = r->gain * x + r->a1 * r->y1 + r->a2 * r->y2;
    r->y2 = r->y1;
    r->y1 = y;
    return y;
}

/* 80 to 260 ms of a vowel, a fricative or, one in eight, a breath. */
static void voice_next_syllable(struct voice *v)
{
    v->syllable_left = (size_t)(voice_uniform(v, 0.08, 0.26) * v->rate_hz);
    bool breath = voice_random(v) % 8 == 0;
    v->voiced = voice_random(v) % 5 != 0;
    v->target = breath ? 0.02 : voice_uniform(v, 0.5, 1.0) * (v->voiced ? 1 : 0.25);
    v->pitch_hz = v->base_pitch_hz * voice_uniform(v, 0.85, 1.2);
    const double *vowel = vowels[voice_random(v) % VOWELS];
    for (int i = 0; i < FORMANTS; i++)
        v->formant_target_hz[i] = vowel[i];
}

static void voice_glide(struct voice *v)
{
    for (int i = 0; i < FORMANTS; i++) {
        v->formant_hz[i] += 0.1 * (v->formant_target_hz[i] - v->formant_hz[i]);
        resonator_tune(&v->formants[i], v->formant_hz[i], bandwidth_hz[i], v->rate_hz);
    }
}

static double voice_sample(struct voice *v)
{
    double source = voice_uniform(v, -0.02, 0.02);
    if (v->voiced) {
        v->phase += v->pitch_hz / v->rate_hz;
        if (v->phase >= 1) {
            v->phase -= 1;
            v->pitch_hz *= voice_uniform(v, 0.99, 1.01);
            source += 6;
        }
    } else {
        source = voice_uniform(v, -1, 1);
    }
    v->envelope += (v->target - v->envelope) * 60 / v->rate_hz;
    double sum = 0;
    for (int i = 0; i < FORMANTS; i++)
        sum += resonator_step(&v->formants[i], source) / (i + 1);
    return sum * v->envelope;
}

static void normalise(const float *in, int16_t *pcm, size_t n)
{
    double energy = 0;
    for (size_t i = 0; i < n; i++)
        energy += (double)in[i] * in[i];
    double gain = energy > 0 ? 32768 * pow(10, -22 / 20.0) / sqrt(energy / (double)n) : 0;
    for (size_t i = 0; i < n; i++)
        pcm[i] = (int16_t)lrint(32000 * tanh(gain * in[i] / 32000));
}

int voice_render(uint32_t seed, uint32_t rate_hz, int16_t *pcm, size_t n)
{
    enum { BLOCK = 64 };
    struct voice v = {.seed = seed * 2654435761u + 1, .rate_hz = rate_hz};
    v.base_pitch_hz = voice_uniform(&v, 95, 220);
    for (int i = 0; i < FORMANTS; i++)
        v.formant_hz[i] = vowels[VOWELS - 1][i];
    float *raw = malloc(n * sizeof *raw);
    if (raw == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (v.syllable_left == 0)
            voice_next_syllable(&v);
        v.syllable_left--;
        if (i % BLOCK == 0)
            voice_glide(&v);
        raw[i] = (float)voice_sample(&v);
    }
    normalise(raw, pcm, n);
    free(raw);
    return 0;
}
