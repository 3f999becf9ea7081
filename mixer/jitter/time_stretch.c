#include "mixer/jitter/time_stretch.h"

#include <math.h>
#include <string.h>

enum {
    DECIMATE = 8, /* the coarse search runs at 6 kHz, */
    COARSE_BEFORE = TIME_STRETCH_MAX_LAG / DECIMATE,
    COARSE_AFTER = 2 * TIME_STRETCH_MAX_LAG / DECIMATE,
    FINE_RADIUS = 8, /* the fine one this far around what the coarse one found, at 48 kHz, */
    FINE_STRIDE = 3, /* of which every third product is enough */
};

float time_stretch_power(const int16_t *x, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (int32_t)x[i] * x[i];
    return n > 0 ? (float)sum / (float)n : 0;
}

/* Normalised correlation of two stretches of n samples, looking at every stride-th. */
static float similarity(const int16_t *a, const int16_t *b, size_t n, size_t stride)
{
    int64_t ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i += stride) {
        ab += (int32_t)a[i] * b[i];
        aa += (int32_t)a[i] * a[i];
        bb += (int32_t)b[i] * b[i];
    }
    if (aa == 0 && bb == 0)
        return 1;
    return aa == 0 || bb == 0 ? 0 : (float)((double)ab / sqrt((double)aa * (double)bb));
}

/* Samples that are compared for a lag: the whole period where there is enough signal, and 5 ms of a
 * shorter one. */
static size_t template_of(size_t lag, size_t have)
{
    size_t want = lag < TIME_STRETCH_OVERLAP ? TIME_STRETCH_OVERLAP : lag;
    return want < have ? want : have;
}

/* Longer lags are preferred a little: the same repetition, fewer cuts for the same time. */
static float favour(size_t lag)
{
    return 0.02f * (float)lag / TIME_STRETCH_MAX_LAG;
}

static void decimate(const int16_t *x, size_t m, int16_t *out)
{
    for (size_t i = 0; i < m; i++) {
        int32_t sum = 0;
        for (size_t k = 0; k < DECIMATE; k++)
            sum += x[i * DECIMATE + k];
        out[i] = (int16_t)(sum / DECIMATE);
    }
}

/* Compares x[0 …) with x[way * lag …), way 1 or -1; before and after: what is readable around x.
 * Coarse at 6 kHz, then fine around what that found. */
static struct time_stretch_match search(
    const int16_t *x, int way, size_t before, size_t after, size_t max_lag)
{
    int16_t low[COARSE_BEFORE + COARSE_AFTER];
    size_t past = before / DECIMATE < COARSE_BEFORE ? before / DECIMATE : COARSE_BEFORE;
    size_t m = after / DECIMATE < COARSE_AFTER ? after / DECIMATE : COARSE_AFTER;
    size_t coarse = TIME_STRETCH_MIN_LAG;
    float best = -1;

    decimate(x - past * DECIMATE, past + m, low);
    for (size_t k = TIME_STRETCH_MIN_LAG / DECIMATE; k <= max_lag / DECIMATE; k++) {
        size_t have = way > 0 ? m - k : m;
        const int16_t *a = low + past, *b = a + way * (ptrdiff_t)k;
        size_t n = template_of(k * DECIMATE, have * DECIMATE) / DECIMATE;
        float s = similarity(a, b, n, 1) + favour(k * DECIMATE);
        if (s > best) {
            best = s;
            coarse = k * DECIMATE;
        }
    }
    struct time_stretch_match match = {0, -1};
    for (size_t lag = coarse - FINE_RADIUS; lag <= coarse + FINE_RADIUS; lag++) {
        if (lag < TIME_STRETCH_MIN_LAG || lag > max_lag)
            continue;
        size_t n = template_of(lag, way > 0 ? after - lag : after);
        float s = similarity(x, x + way * (ptrdiff_t)lag, n, FINE_STRIDE);
        if (s > match.similarity)
            match = (struct time_stretch_match){lag, s};
    }
    return match;
}

struct time_stretch_match time_stretch_find_cut(const int16_t *x, size_t n, size_t max_lag)
{
    max_lag = max_lag < TIME_STRETCH_MAX_LAG ? max_lag : TIME_STRETCH_MAX_LAG;
    max_lag = max_lag < n / 2 ? max_lag : n / 2;
    if (max_lag < TIME_STRETCH_MIN_LAG)
        return (struct time_stretch_match){0, 0};
    return search(x, 1, 0, n, max_lag);
}

struct time_stretch_match time_stretch_find_repeat(const int16_t *x, size_t past, size_t n)
{
    size_t max_lag = past < TIME_STRETCH_MAX_LAG ? past : TIME_STRETCH_MAX_LAG;
    if (max_lag < TIME_STRETCH_MIN_LAG || n < TIME_STRETCH_OVERLAP)
        return (struct time_stretch_match){0, 0};
    return search(x, -1, max_lag, n, max_lag);
}

/* Passes from a to b over n samples at constant power, however alike the two are. */
static void fade(int16_t *out, const int16_t *a, const int16_t *b, size_t n)
{
    float alike = n > 0 ? similarity(a, b, n, 1) : 0;
    alike = alike < 0 ? 0 : alike;
    for (size_t i = 0; i < n; i++) {
        float w = ((float)i + 0.5f) / (float)n, v = 1 - w;
        float scale = 1 / sqrtf(v * v + w * w + 2 * v * w * alike);
        float y = scale * (v * (float)a[i] + w * (float)b[i]);
        out[i] = (int16_t)lrintf(y > INT16_MAX ? INT16_MAX : y < INT16_MIN ? INT16_MIN : y);
    }
}

size_t time_stretch_cut(int16_t *x, size_t n, size_t lag, size_t overlap)
{
    if (lag >= n)
        return n;
    overlap = overlap < lag ? overlap : lag;
    overlap = overlap < n - lag ? overlap : n - lag;
    fade(x, x, x + lag, overlap);
    memmove(x + overlap, x + lag + overlap, (n - lag - overlap) * sizeof *x);
    return n - lag;
}

size_t time_stretch_repeat(int16_t *x, size_t n, size_t lag, size_t overlap)
{
    overlap = overlap < lag ? overlap : lag;
    overlap = overlap < n ? overlap : n;
    memmove(x + lag, x, n * sizeof *x);
    /* Now x[lag + i] is what x[i] was. Between the overlap and there, what was before. */
    memcpy(x + overlap, x + overlap - lag, (lag - overlap) * sizeof *x);
    fade(x, x + lag, x - lag, overlap);
    return n + lag;
}

void time_stretch_extend(const int16_t *x, size_t past, int16_t *out, size_t n)
{
    const size_t newest = 2 * TIME_STRETCH_OVERLAP;
    size_t lag = time_stretch_find_repeat(x - newest, past - newest, newest).lag;
    for (size_t i = 0; i < n; i++)
        out[i] = i < lag ? x[(ptrdiff_t)i - (ptrdiff_t)lag] : out[i - lag];
}

void time_stretch_join(int16_t *x, const int16_t *tail, size_t n)
{
    fade(x, tail, x, n);
}
