#include "mixer/limiter.h"

#include <assert.h>
#include <string.h>

static const float threshold = 32767.0f; /* from here on we limit … */
static const float ceiling = 32000.0f;   /* … to this */
static const float recovery = 0.004f;    /* a block of 0.5 ms: time constant 125 ms */
static const float recovered = 0.9999f;

void limiter_init(struct limiter *l)
{
    *l = (struct limiter){.need = {1, 1}, .gain = 1};
}

static float allowed(float peak)
{
    return peak > threshold ? ceiling / peak : 1;
}

static float least(float a, float b)
{
    return a < b ? a : b;
}

/* The gain at the end of the block that goes out, knowing the two after it: it must suit the block
 * that ends and the one that begins there, and should be half way to what the last one wants. */
static float next_gain(const struct limiter *l, float newest)
{
    float g = l->gain + (1 - l->gain) * recovery;
    if (g > recovered)
        g = 1;
    if (newest < l->gain)
        g = least(g, (l->gain + newest) / 2);
    return least(g, least(l->need[0], l->need[1]));
}

static void put_block(
    struct limiter *l, const float *restrict in, int16_t *restrict out, float newest)
{
    float to = next_gain(l, newest), step = (to - l->gain) / PCM_BLOCK;
    float x[PCM_BLOCK];
    for (int i = 0; i < PCM_BLOCK; i++)
        x[i] = in[i] * (l->gain + step * (float)(i + 1));
    pcm_round(out, x, PCM_BLOCK);
    l->gain = to;
    l->need[0] = l->need[1];
    l->need[1] = newest;
}

static void limit(struct limiter *l, const float *restrict in, int16_t *restrict out, size_t n)
{
    for (size_t at = 0; at < n; at += PCM_BLOCK) {
        const float *old =
            at < LIMITER_DELAY_SAMPLES ? l->delay + at : in + at - LIMITER_DELAY_SAMPLES;
        put_block(l, old, out + at, allowed(pcm_peak(in + at, PCM_BLOCK)));
    }
}

void limiter_run(struct limiter *l, const float *restrict in, int16_t *restrict out, size_t n)
{
    assert(n % PCM_BLOCK == 0 && n >= LIMITER_DELAY_SAMPLES);
    bool open = l->gain == 1 && l->need[0] == 1 && l->need[1] == 1;
    if (open && pcm_peak(in, n) <= threshold) {
        pcm_round(out, l->delay, LIMITER_DELAY_SAMPLES);
        pcm_round(out + LIMITER_DELAY_SAMPLES, in, n - LIMITER_DELAY_SAMPLES);
    } else {
        limit(l, in, out, n);
    }
    memcpy(l->delay, in + n - LIMITER_DELAY_SAMPLES, sizeof l->delay);
}

bool limiter_at_rest(const struct limiter *l)
{
    if (l->gain != 1 || l->need[0] != 1 || l->need[1] != 1)
        return false;
    for (int i = 0; i < LIMITER_DELAY_SAMPLES; i++)
        if (l->delay[i] != 0)
            return false;
    return true;
}
