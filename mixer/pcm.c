#include "mixer/pcm.h"

#include <assert.h>
#include <stdbool.h>

/* A block's gains. Every kernel takes them from here, so that adding and taking away a voice give
 * the same products. */
static void block_gains(float gains[static PCM_BLOCK], size_t at, struct pcm_gain g)
{
    float step = (g.to - g.from) / PCM_RAMP_SAMPLES;
    for (int i = 0; i < PCM_BLOCK; i++)
        gains[i] = g.from + step * (float)((int)at + i + 1);
}

static bool ramps_at(size_t at, struct pcm_gain g)
{
    static_assert(PCM_RAMP_SAMPLES % PCM_BLOCK == 0, "a ramp is whole blocks");
    return at < PCM_RAMP_SAMPLES && g.from != g.to;
}

void pcm_mix(float *restrict acc, const int16_t *restrict in, size_t n, struct pcm_gain g)
{
    assert(n % PCM_BLOCK == 0);
    for (size_t at = 0; at < n; at += PCM_BLOCK) {
        float *a = acc + at;
        const int16_t *x = in + at;
        if (ramps_at(at, g)) {
            float gains[PCM_BLOCK];
            block_gains(gains, at, g);
            for (int i = 0; i < PCM_BLOCK; i++)
                a[i] += gains[i] * (float)x[i];
        } else {
            for (int i = 0; i < PCM_BLOCK; i++)
                a[i] += g.to * (float)x[i];
        }
    }
}

void pcm_unmix(float *restrict out, const float *restrict acc, const int16_t *restrict in, size_t n,
    struct pcm_gain g)
{
    assert(n % PCM_BLOCK == 0);
    for (size_t at = 0; at < n; at += PCM_BLOCK) {
        float *o = out + at;
        const float *a = acc + at;
        const int16_t *x = in + at;
        if (ramps_at(at, g)) {
            float gains[PCM_BLOCK];
            block_gains(gains, at, g);
            for (int i = 0; i < PCM_BLOCK; i++)
                o[i] = a[i] - gains[i] * (float)x[i];
        } else {
            for (int i = 0; i < PCM_BLOCK; i++)
                o[i] = a[i] - g.to * (float)x[i];
        }
    }
}

void pcm_fade(float *x, size_t n, struct pcm_gain g)
{
    assert(n % PCM_BLOCK == 0);
    for (size_t at = 0; at < n; at += PCM_BLOCK) {
        float gains[PCM_BLOCK];
        block_gains(gains, at, ramps_at(at, g) ? g : (struct pcm_gain){g.to, g.to});
        for (int i = 0; i < PCM_BLOCK; i++)
            x[at + (size_t)i] *= gains[i];
    }
}

void pcm_round(int16_t *restrict out, const float *restrict in, size_t n)
{
    assert(n % PCM_BLOCK == 0);
    for (size_t at = 0; at < n; at += PCM_BLOCK) {
        int16_t *o = out + at;
        const float *x = in + at;
        for (int i = 0; i < PCM_BLOCK; i++) {
            float v = x[i] < 32767.0f ? x[i] : 32767.0f;
            v = v > -32768.0f ? v : -32768.0f;
            o[i] = (int16_t)((int32_t)(v + 32768.5f) - 32768); /* positive: truncation is floor */
        }
    }
}

enum { LANES = 8 };

float pcm_peak(const float *x, size_t n)
{
    assert(n % PCM_BLOCK == 0);
    float high[LANES] = {0}, low[LANES] = {0};
    for (size_t at = 0; at < n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            float v = x[at + (size_t)i];
            high[i] = v > high[i] ? v : high[i];
            low[i] = v < low[i] ? v : low[i];
        }
    }
    float peak = 0;
    for (int i = 0; i < LANES; i++) {
        peak = high[i] > peak ? high[i] : peak;
        peak = -low[i] - 1.0f > peak ? -low[i] - 1.0f : peak;
    }
    return peak;
}

float pcm_power(const int16_t *x, size_t n)
{
    assert(n % PCM_BLOCK == 0);
    float sum[LANES] = {0};
    for (size_t at = 0; at < n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            float v = (float)x[at + (size_t)i];
            sum[i] += v * v;
        }
    }
    float total = 0;
    for (int i = 0; i < LANES; i++)
        total += sum[i];
    return n ? total / (float)n : 0;
}
