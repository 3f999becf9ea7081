#include "codecs/comfort_noise.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { ORDER = COMFORT_NOISE_ORDER, TAPS = COMFORT_NOISE_TAPS };

static const float full_scale = 32768;
static const float k_limit = 0.98F; /* nearer to 1 the filter rings */

int comfort_noise_parse(const uint8_t *payload, size_t len, struct comfort_noise_params *out)
{
    if (len == 0)
        return -EINVAL;
    *out = (struct comfort_noise_params){.level = payload[0] & 0x7f};
    out->order = len - 1 < ORDER ? (unsigned)len - 1 : ORDER;
    for (unsigned i = 0; i < out->order; i++) { /* RFC 3389, 3: N - 127 steps of 258 in Q15 */
        float k = ((float)payload[1 + i] - 127) * 258 / 32768;
        out->k[i] = fminf(fmaxf(k, -k_limit), k_limit);
    }
    return 0;
}

int comfort_noise_write(const struct comfort_noise_params *p, uint8_t *payload, size_t cap)
{
    unsigned order = p->order < ORDER ? p->order : ORDER;
    if (cap < 1 + order)
        return -ENOSPC;
    payload[0] = p->level < 127 ? p->level : 127;
    for (unsigned i = 0; i < order; i++) {
        float k = fminf(fmaxf(p->k[i], -k_limit), k_limit);
        payload[1 + i] = (uint8_t)lrintf(127 + k * 32768 / 258);
    }
    return 1 + (int)order;
}

/* --- analyser --------------------------------------------------------------------------------- */
void comfort_noise_analyser_init(struct comfort_noise_analyser *a)
{
    *a = (struct comfort_noise_analyser){0};
}

void comfort_noise_analyse(struct comfort_noise_analyser *a, const int16_t *pcm, size_t n)
{
    if (n <= ORDER)
        return;
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += pcm[i];
    mean /= (double)n; /* an offset is no noise */
    const double keep = a->primed ? 0.8 : 0;
    for (size_t lag = 0; lag <= ORDER; lag++) {
        double sum = 0;
        for (size_t i = lag; i < n; i++)
            sum += (pcm[i] - mean) * (pcm[i - lag] - mean);
        a->r[lag] = keep * a->r[lag] + (1 - keep) * sum / (double)n;
    }
    a->power = a->r[0];
    a->primed = true;
}

/* Levinson and Durbin's recursion, for the reflection coefficients alone. */
static void reflect(const double *r, struct comfort_noise_params *out)
{
    double a[ORDER + 1] = {1}, error = r[0];
    for (unsigned m = 1; m <= ORDER; m++) {
        double sum = r[m];
        for (unsigned i = 1; i < m; i++)
            sum += a[i] * r[m - i];
        double k = fmin(fmax(-sum / error, -k_limit), k_limit);
        double before[ORDER + 1];
        memcpy(before, a, sizeof before);
        for (unsigned i = 1; i < m; i++)
            a[i] = before[i] + k * before[m - i];
        a[m] = k;
        error *= 1 - k * k;
        out->k[m - 1] = (float)k;
    }
    out->order = ORDER;
}

void comfort_noise_result(const struct comfort_noise_analyser *a, struct comfort_noise_params *out)
{
    *out = (struct comfort_noise_params){.level = 127};
    if (a->power <= 0)
        return;
    double level = -10 * log10(a->power / full_scale / full_scale);
    out->level = (uint8_t)lrint(fmin(fmax(level, 0), 127));
    double r[ORDER + 1];
    for (unsigned i = 0; i <= ORDER; i++) /* a window on the lags: 40 Hz of 8000 */
        r[i] = a->r[i] * exp(-0.5 * pow(2 * M_PI * 40 / 8000 * i, 2));
    r[0] = a->power * 1.0001 + 0.1; /* and a floor of white noise, below one step of PCM */
    reflect(r, out);
}

/* --- generator -------------------------------------------------------------------------------- */
enum { UPDATE_SAMPLES = 40, FADE_SAMPLES = 80 };

/* A windowed sinc that passes up to half the noise's rate, cut into one row a phase. */
static void make_taps(struct comfort_noise_gen *g)
{
    double centre = (TAPS * g->factor - 1) / 2.0;
    for (unsigned phase = 0; phase < g->factor; phase++) {
        double sum = 0;
        for (unsigned i = 0; i < TAPS; i++) {
            double t = ((double)(i * g->factor + phase) - centre) / g->factor;
            double sinc = fabs(t) < 1e-9 ? 1 : sin(M_PI * t) / (M_PI * t);
            double window = 0.5 + 0.5 * cos(2 * M_PI * t / TAPS);
            g->taps[phase][i] = (float)(sinc * window);
            sum += sinc * window * sinc * window;
        }
        for (unsigned i = 0; i < TAPS; i++) /* every phase gives white noise its own power */
            g->taps[phase][i] /= (float)sqrt(sum);
    }
}

void comfort_noise_gen_init(
    struct comfort_noise_gen *g, uint32_t noise_hz, uint32_t out_hz, uint32_t seed)
{
    *g = (struct comfort_noise_gen){.seed = seed ? seed : 1};
    uint32_t factor = noise_hz ? (out_hz + noise_hz / 2) / noise_hz : 1;
    g->factor = factor < 1                          ? 1
                : factor > COMFORT_NOISE_MAX_FACTOR ? COMFORT_NOISE_MAX_FACTOR
                                                    : factor;
    make_taps(g);
}

void comfort_noise_gen_set(struct comfort_noise_gen *g, const struct comfort_noise_params *p)
{
    float error = 1;
    for (unsigned i = 0; i < ORDER; i++) {
        float k = i < p->order ? fminf(fmaxf(p->k[i], -k_limit), k_limit) : 0;
        g->k_target[i] = k;
        error *= 1 - k * k;
    }
    float rms = p->level >= 127 ? 0 : full_scale * powf(10, -(float)p->level / 20);
    g->gain_target = rms * sqrtf(error);
    if (!g->started)
        memcpy(g->k, g->k_target, sizeof g->k);
    g->started = true;
}

/* Uniform, of variance 1. */
static float white(struct comfort_noise_gen *g)
{
    g->seed ^= g->seed << 13;
    g->seed ^= g->seed >> 17;
    g->seed ^= g->seed << 5;
    return (float)(int32_t)g->seed * (1.7320508F / 2147483648.0F);
}

static void approach(struct comfort_noise_gen *g)
{
    if (g->to_update-- > 0)
        return;
    g->to_update = UPDATE_SAMPLES - 1;
    for (unsigned i = 0; i < ORDER; i++)
        g->k[i] += (g->k_target[i] - g->k[i]) / 2;
}

/* All-pole synthesis as a lattice: stable with any |k| < 1, also while they move. */
static float shaped(struct comfort_noise_gen *g)
{
    approach(g);
    g->gain += (g->gain_target - g->gain) / FADE_SAMPLES;
    float f = white(g) * g->gain;
    for (unsigned m = ORDER; m-- > 0;) {
        f -= g->k[m] * g->b[m];
        g->b[m + 1] = g->b[m] + g->k[m] * f;
    }
    g->b[0] = f;
    return f;
}

void comfort_noise_render(struct comfort_noise_gen *g, int16_t *pcm, size_t n)
{
    if (!g->started) {
        memset(pcm, 0, n * sizeof *pcm);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (g->phase == 0) {
            memmove(g->line + 1, g->line, (TAPS - 1) * sizeof *g->line);
            g->line[0] = shaped(g);
        }
        float x = 0;
        for (unsigned t = 0; t < TAPS; t++)
            x += g->taps[g->phase][t] * g->line[t];
        g->phase = g->phase + 1 == g->factor ? 0 : g->phase + 1;
        pcm[i] = (int16_t)lrintf(fminf(fmaxf(x, INT16_MIN), INT16_MAX));
    }
}
