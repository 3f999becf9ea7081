#include "tests/support/speech.h"

#include <math.h>
#include <string.h>

static const double HZ = 48000, PI = 3.14159265358979323846;

static double uniform(struct speech *s)
{
    s->random = s->random * 1664525u + 1013904223u;
    return (double)(s->random >> 8) / (1 << 24);
}

static double between(struct speech *s, double low, double high)
{
    return low + (high - low) * uniform(s);
}

void speech_init(struct speech *s, uint32_t seed)
{
    memset(s, 0, sizeof *s);
    s->random = seed * 2654435761u + 1;
    s->pitch_hz = between(s, 90, 220);
}

/* What is said next: a vowel, a hiss, or now and then a pause. */
static void next_sound(struct speech *s)
{
    static const double vowels[5][3] = {{730, 1090, 2440}, {270, 2290, 3010}, {530, 1840, 2480},
        {570, 840, 2410}, {300, 870, 2240}};
    double choice = uniform(s);
    s->sound = s->sound != 1 && choice < 0.75 ? 1 : choice < 0.8 ? 2 : 0;
    if (s->sound == 1) {
        memcpy(s->formant_hz, vowels[(int)(uniform(s) * 5) % 5], sizeof s->formant_hz);
        s->target = between(s, 2000, 6000);
        s->pitch_slope = between(s, -40, 40);
        s->left = (size_t)(between(s, 0.12, 0.3) * HZ);
    } else if (s->sound == 2) {
        s->target = between(s, 500, 1500);
        s->left = (size_t)(between(s, 0.04, 0.12) * HZ);
    } else {
        s->target = 0;
        s->left = (size_t)(between(s, 0.05, uniform(s) < 0.15 ? 0.8 : 0.15) * HZ);
    }
}

static double voice(struct speech *s)
{
    s->pitch_hz += s->pitch_slope / HZ;
    s->pitch_hz = s->pitch_hz < 80 ? 80 : s->pitch_hz > 250 ? 250 : s->pitch_hz;
    s->phase += s->pitch_hz / HZ;
    s->phase -= s->phase >= 1;
    /* The flow opens slowly and closes at once. */
    double x = s->phase < 0.6 ? sin(PI * s->phase / 0.6) * s->phase : 0;
    double sum = 0;
    for (int f = 0; f < 3; f++) {
        double r = exp(-PI * (60 + 40 * f) / HZ), c = cos(2 * PI * s->formant_hz[f] / HZ);
        double y = (1 - r) * x + 2 * r * c * s->state[f][0] - r * r * s->state[f][1];
        s->state[f][1] = s->state[f][0];
        s->state[f][0] = y;
        sum += y * (f == 0 ? 1 : 0.5);
    }
    return sum;
}

void speech_render(struct speech *s, int16_t *pcm, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s->left == 0)
            next_sound(s);
        s->left--;
        s->level += (s->target - s->level) / 480;
        double noise = between(s, -1, 1), v = voice(s);
        s->hiss = 0.3 * s->hiss + noise;
        double y = s->sound == 1 ? v * s->level * 2.5 : s->hiss * s->level * (s->sound == 2);
        y += 6 * noise;
        pcm[i] = (int16_t)lrint(y > 30000 ? 30000 : y < -30000 ? -30000 : y);
    }
}
