#include "mixer/jitter/time_stretch.h"

#include "tests/support/signals.h"
#include "tests/support/speech.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { HZ = 48000, LONG = 2 * HZ, PAST = TIME_STRETCH_MAX_LAG };

/* Cuts or repeats a period every 40 ms, as playout does; returns the samples that came out. */
static size_t stretch(const int16_t *in, size_t n, bool shorter, int16_t *out)
{
    static int16_t x[PAST + 8 * 960];
    size_t done = PAST, made = PAST;
    memcpy(out, in, PAST * sizeof *in);
    while (done + 3 * 960 <= n) {
        size_t len = 3 * 960;
        memcpy(x, out + made - PAST, PAST * sizeof *x);
        memcpy(x + PAST, in + done, len * sizeof *x);
        struct time_stretch_match m = shorter ? time_stretch_find_cut(x + PAST, len, 720)
                                              : time_stretch_find_repeat(x + PAST, PAST, len);
        cr_assert(m.lag >= TIME_STRETCH_MIN_LAG && m.lag <= TIME_STRETCH_MAX_LAG);
        size_t now = shorter ? time_stretch_cut(x + PAST, len, m.lag, m.lag)
                             : time_stretch_repeat(x + PAST, len, m.lag, m.lag);
        cr_assert_eq(now, shorter ? len - m.lag : len + m.lag);
        memcpy(out + made, x + PAST, now * sizeof *x);
        done += len;
        made += now;
    }
    return made;
}

/* Energy beside the tone, against the tone. */
static double impurity_db(const int16_t *pcm, size_t n, double hz)
{
    double peak = signal_tone_peak(pcm, n, HZ, hz), rms = signal_rms(pcm, n);
    double rest = rms * rms - peak * peak / 2;
    return 10 * log10((rest > 1e-3 ? rest : 1e-3) / (peak * peak / 2));
}

Test(time_stretch, keeps_the_pitch_and_the_purity_of_tones)
{
    static int16_t in[LONG], out[3 * LONG];
    static const double tones[] = {100, 143, 220, 440, 997, 1700, 3000};
    for (size_t k = 0; k < sizeof tones / sizeof *tones; k++)
        for (int shorter = 0; shorter < 2; shorter++) {
            signal_tone(in, LONG, HZ, tones[k], 8000, 0);
            size_t n = stretch(in, LONG, shorter, out);
            cr_assert(shorter ? n < LONG * 98 / 100 : n > LONG * 102 / 100, "%zu", n);
            double peak = signal_tone_peak(out + 9600, 9600, HZ, tones[k]);
            cr_assert_float_eq(peak, 8000, 250, "%g Hz: peak %g", tones[k], peak);
            double step = signal_max_step(out, n), most = 8000 * 2 * M_PI * tones[k] / HZ;
            cr_assert_leq(step, most * 1.15 + 3, "%g Hz: a click of %g", tones[k], step);
            double db = impurity_db(out + 9600, 9600, tones[k]);
            cr_assert_lt(db, -25, "%g Hz: %g dB beside the tone", tones[k], db);
        }
}

Test(time_stretch, finds_the_period_of_a_voice)
{
    static int16_t x[4 * HZ];
    signal_speech(x, 4 * HZ, HZ, 3); /* 100 to 150 Hz */
    unsigned good = 0, all = 0;
    for (size_t at = 2000; at + 3000 < 4 * HZ; at += 960) {
        if (signal_rms(x + at, 1440) < 300)
            continue;
        struct time_stretch_match m = time_stretch_find_cut(x + at, 1680, 720);
        good += m.similarity > 0.8f;
        all++;
    }
    cr_assert_gt(all, 100);
    cr_assert_gt(good, all * 8 / 10, "%u of %u", good, all);
}

Test(time_stretch, does_not_change_the_level_of_speech_or_noise)
{
    static int16_t in[LONG], out[3 * LONG];
    for (int kind = 0; kind < 2; kind++)
        for (int shorter = 0; shorter < 2; shorter++) {
            if (kind == 0)
                signal_speech(in, LONG, HZ, 5);
            else
                signal_noise(in, LONG, 2000, 5);
            size_t n = stretch(in, LONG, shorter, out);
            double change = 20 * log10(signal_rms(out, n) / signal_rms(in, LONG));
            cr_assert(fabs(change) < 1, "%g dB", change);
        }
}

Test(time_stretch, cuts_and_repeats_exactly_what_it_says)
{
    int16_t x[PAST + 2000];
    for (int i = 0; i < PAST + 2000; i++)
        x[i] = (int16_t)(i % 200 * 10); /* of period 200: nothing can be seen */
    cr_assert_eq(time_stretch_cut(x + PAST, 1000, 200, 200), 800);
    for (int i = 0; i < 800; i++)
        cr_assert_leq(abs(x[PAST + i] - (PAST + i) % 200 * 10), 1, "cut at %d", i);
    cr_assert_eq(time_stretch_repeat(x + PAST, 800, 400, 200), 1200);
    for (int i = 0; i < 1200; i++)
        cr_assert_leq(abs(x[PAST + i] - (PAST + i) % 200 * 10), 1, "repeat at %d", i);
}

Test(time_stretch, extends_a_tone_without_a_seam)
{
    static int16_t x[1440 + 240];
    int16_t out[240];
    signal_tone(x, 1680, HZ, 300, 8000, 0);
    time_stretch_extend(x + 1440, 1440, out, 240);
    for (int i = 0; i < 240; i++)
        cr_assert_leq(abs(out[i] - x[1440 + i]), 400, "at %d", i);
}

Test(time_stretch, joins_at_constant_power)
{
    static int16_t a[4800], b[4800];
    signal_noise(a, 4800, 3000, 1);
    signal_noise(b, 4800, 3000, 2);
    time_stretch_join(b, a, 4800);
    double middle = signal_rms(b + 2000, 800);
    cr_assert_float_eq(middle, 3000, 300, "%g", middle);
    cr_assert_leq(abs(b[0] - a[0]), 30);
}

Test(time_stretch, takes_silence_and_full_scale)
{
    static int16_t x[PAST + 4000];
    struct time_stretch_match m = time_stretch_find_cut(x + PAST, 1680, 720);
    cr_assert_gt(m.similarity, 0.99f);
    for (int i = 0; i < PAST + 4000; i++)
        x[i] = i / 50 % 2 ? INT16_MIN : INT16_MAX;
    m = time_stretch_find_cut(x + PAST, 1680, 720);
    cr_assert_gt(m.similarity, 0.9f);
    m = time_stretch_find_repeat(x + PAST, PAST, 960);
    cr_assert_gt(m.similarity, 0.9f);
    cr_assert_eq(time_stretch_find_cut(x, 100, 720).lag, 0, "too short");
}
