#include "tests/support/signals.h"

#include <math.h>
#include <stdlib.h>

static double uniform(uint32_t *seed) /* -1 to 1 */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (double)(int32_t)*seed / 2147483648.0;
}

static int16_t saturate(double x)
{
    return (int16_t)lrint(fmin(fmax(x, INT16_MIN), INT16_MAX));
}

void signal_tone(int16_t *pcm, size_t n, uint32_t rate_hz, double hz, double peak, uint64_t start)
{
    for (size_t i = 0; i < n; i++)
        pcm[i] = saturate(peak * sin(2 * M_PI * hz * (double)(start + i) / rate_hz));
}

void signal_noise(int16_t *pcm, size_t n, double rms, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        pcm[i] = saturate(rms * sqrt(3) * uniform(&seed));
}

struct formant {
    double a1, a2, gain, y1, y2;
};

static struct formant formant(double hz, double width_hz, uint32_t rate_hz)
{
    double r = exp(-M_PI * width_hz / rate_hz);
    double a1 = 2 * r * cos(2 * M_PI * hz / rate_hz), a2 = -r * r;
    return (struct formant){.a1 = a1, .a2 = a2, .gain = 1 - a1 - a2};
}

static double resonate(struct formant *f, double x)
{
    double y = f->gain * x + f->a1 * f->y1 + f->a2 * f->y2;
    f->y2 = f->y1;
    f->y1 = y;
    return y;
}

void signal_speech(int16_t *pcm, size_t n, uint32_t rate_hz, uint32_t seed)
{
    struct formant f[3] = {
        formant(600, 90, rate_hz), formant(1200, 110, rate_hz), formant(2500, 160, rate_hz)};
    double phase = 0, *raw = malloc(n * sizeof *raw), peak = 1;
    for (size_t i = 0; i < n; i++) {
        double t = (double)i / rate_hz;
        double syllable = pow(fabs(sin(2 * M_PI * 2 * t)), 0.7);
        phase += (125 + 25 * sin(2 * M_PI * 0.7 * t)) / rate_hz;
        double pulse = 0;
        if (phase >= 1) {
            phase -= 1;
            pulse = (double)rate_hz / 125;
        }
        double source = pulse + 0.1 * uniform(&seed);
        raw[i] = syllable * (resonate(&f[0], source) + 0.6 * resonate(&f[1], source) +
                                0.3 * resonate(&f[2], source));
        peak = fmax(peak, fabs(raw[i]));
    }
    for (size_t i = 0; i < n; i++)
        pcm[i] = saturate(raw[i] * 12000 / peak);
    free(raw);
}

double signal_rms(const int16_t *pcm, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)n);
}

double signal_tone_peak(const int16_t *pcm, size_t n, uint32_t rate_hz, double hz)
{
    double re = 0, im = 0, weight = 0;
    for (size_t i = 0; i < n; i++) {
        double window = 0.5 - 0.5 * cos(2 * M_PI * ((double)i + 0.5) / (double)n);
        re += window * pcm[i] * cos(2 * M_PI * hz * (double)i / rate_hz);
        im += window * pcm[i] * sin(2 * M_PI * hz * (double)i / rate_hz);
        weight += window;
    }
    return 2 * sqrt(re * re + im * im) / weight;
}

double signal_snr_db(const int16_t *want, const int16_t *got, size_t n)
{
    double signal = 0, error = 1e-9;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - want[i];
        signal += (double)want[i] * want[i];
        error += d * d;
    }
    return 10 * log10(signal / error);
}

double signal_correlation(const int16_t *a, const int16_t *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

size_t signal_delay(const int16_t *want, const int16_t *got, size_t n, size_t max)
{
    size_t best = 0;
    double best_score = -2;
    for (size_t d = 0; d <= max; d++) {
        double score = signal_correlation(want, got + d, n);
        if (score > best_score) {
            best_score = score;
            best = d;
        }
    }
    return best;
}

int signal_max_step(const int16_t *pcm, size_t n)
{
    int max = 0;
    for (size_t i = 1; i < n; i++) {
        int step = abs(pcm[i] - pcm[i - 1]);
        max = step > max ? step : max;
    }
    return max;
}
