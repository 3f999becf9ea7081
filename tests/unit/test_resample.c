#include "codecs/resample.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t rates[] = {8000, 16000, 24000, 32000, 44100, 48000};
enum { RATES = sizeof rates / sizeof *rates };

Test(resample, gives_exact_counts)
{
    static int16_t in[1920], out[1920];
    const unsigned times_ms[] = {20, 10, 40, 20};
    signal_noise(in, 1920, 3000, 1);
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++) {
            struct resample *r = NULL;
            cr_assert_eq(resample_create(&r, rates[a], rates[b]), 0);
            for (int i = 0; i < 400; i++) {
                unsigned ms = times_ms[i % 4];
                size_t n = rates[a] * ms / 1000, want = rates[b] * ms / 1000;
                int got = resample_run(r, in, n, out, want);
                cr_assert_eq(got, (int)want, "%u to %u Hz, call %d: %d, not %zu", rates[a],
                    rates[b], i, got, want);
            }
            resample_destroy(r);
        }
}

Test(resample, keeps_the_count_of_odd_rates_over_time)
{
    static int16_t in[220], out[1000];
    struct resample *r = NULL;
    cr_assert_eq(resample_create(&r, 11025, 48000), 0);
    int64_t total = 0;
    for (int i = 0; i < 5000; i++)
        total += resample_run(r, in, 220, out, 1000);
    int64_t want = INT64_C(5000) * 220 * 48000 / 11025;
    cr_expect_leq(labs((long)(want - total)), 1, "%ld of %ld", (long)total, (long)want);
    resample_destroy(r);
}

static size_t convert(uint32_t from, uint32_t to, const int16_t *in, size_t n, int16_t *out)
{
    struct resample *r = NULL;
    size_t step = from / 50, made = to / 50, done = 0;
    cr_assert_eq(resample_create(&r, from, to), 0);
    for (size_t i = 0; i + step <= n; i += step, done += made)
        cr_assert_eq(resample_run(r, in + i, step, out + done, made), (int)made);
    resample_destroy(r);
    return done;
}

Test(resample, delays_as_its_header_says)
{
    static int16_t in[48000], want[48000], out[48000];
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++) {
            uint32_t low = rates[a] < rates[b] ? rates[a] : rates[b];
            double seconds = a == b ? 0 : (double)RESAMPLE_DELAY_SAMPLES / low;
            size_t late = (size_t)(seconds * rates[b] + 0.5);
            signal_tone(in, rates[a], rates[a], 437, 9000, 0);
            signal_tone(want, rates[b], rates[b], 437, 9000, 0);
            convert(rates[a], rates[b], in, rates[a], out);
            size_t n = rates[b] / 2;
            size_t got = signal_delay(want + 1000, out + 1000, n, rates[b] / 450);
            cr_expect_leq(labs((long)got - (long)late), 1, "%u to %u Hz: %zu samples, not %zu",
                rates[a], rates[b], got, late);
        }
}

Test(resample, keeps_speech_there_and_back)
{
    static int16_t raw[48000], in[48000], there[48000], back[48000];
    const uint32_t low[] = {8000, 16000};
    for (size_t k = 0; k < 2; k++) {
        uint32_t hz = low[k];
        size_t delay = 2 * RESAMPLE_DELAY_SAMPLES, n = hz - 2 * hz / 50;
        signal_speech(raw, 48000, 48000, 9);
        convert(48000, hz, raw, 48000, in); /* nothing in it above half of hz */
        convert(hz, 48000, in, hz, there);
        convert(48000, hz, there, 48000, back);
        double snr = signal_snr_db(in + hz / 50 - delay, back + hz / 50, n);
        cr_expect_gt(snr, 37, "%u Hz: %.1f dB", hz, snr);
    }
}

static double db(double ratio)
{
    return 20 * log10(ratio + 1e-9);
}

/* What a telephone and a wideband codec pass. Measured: 0.005 dB. */
Test(resample, is_flat_where_speech_is)
{
    static int16_t in[48000], out[48000];
    const uint32_t low[] = {8000, 16000, 44100};
    const double top[] = {3400, 7000, 18000};
    for (size_t k = 0; k < 3; k++)
        for (double tone = 100; tone <= top[k]; tone += 330) {
            signal_tone(in, low[k], low[k], tone, 20000, 0);
            convert(low[k], 48000, in, low[k], out);
            double up = db(signal_tone_peak(out + 4800, 38400, 48000, tone) / 20000);
            signal_tone(in, 48000, 48000, tone, 20000, 0);
            convert(48000, low[k], in, 48000, out);
            double down = db(signal_tone_peak(out + low[k] / 10, low[k] / 2, low[k], tone) / 20000);
            cr_expect(fabs(up) < 0.02 && fabs(down) < 0.02, "%u Hz, %.0f Hz: %.3f dB up, %.3f down",
                low[k], tone, up, down);
        }
}

/* Measured: 66 dB below the tone. */
Test(resample, makes_no_images)
{
    static int16_t in[16000], out[48000];
    const uint32_t low[] = {8000, 16000};
    const double top[] = {3400, 7000};
    for (size_t k = 0; k < 2; k++)
        for (double tone = top[k]; tone > 0; tone -= 290)
            for (double multiple = low[k]; multiple <= 24000; multiple += low[k]) {
                signal_tone(in, low[k], low[k], tone, 20000, 0);
                convert(low[k], 48000, in, low[k], out);
                double image = signal_tone_peak(out + 4800, 38400, 48000, multiple - tone);
                cr_expect_lt(db(image / 20000), -60, "%u Hz, %.0f Hz: %.1f dB at %.0f", low[k],
                    tone, db(image / 20000), multiple - tone);
            }
}

/* Measured: 66 dB below the tone. */
Test(resample, lets_no_alias_through)
{
    static int16_t in[48000], out[16000];
    const uint32_t low[] = {8000, 16000};
    const double bottom[] = {4600, 9000};
    for (size_t k = 0; k < 2; k++)
        for (double tone = bottom[k]; tone < 24000; tone += 370) {
            signal_tone(in, 48000, 48000, tone, 20000, 0);
            convert(48000, low[k], in, 48000, out);
            double left = db(signal_rms(out + low[k] / 50, low[k] / 2) * sqrt(2) / 20000);
            cr_expect_lt(left, -60, "%u Hz, %.0f Hz: %.1f dB", low[k], tone, left);
        }
}

/* Calls have these; a talker has two. */
Test(resample, takes_little_memory)
{
    const uint32_t low[] = {8000, 16000, 44100};
    int16_t in[1920] = {0}, out[1920];
    for (size_t k = 0; k < 6; k++) {
        uint32_t from = k % 2 ? low[k / 2] : 48000, to = k % 2 ? 48000 : low[k / 2];
        struct resample *r = NULL;
        size_t before = mallinfo2().uordblks;
        cr_assert_eq(resample_create(&r, from, to), 0);
        size_t made = mallinfo2().uordblks;
        cr_expect_lt(made - before, 2048, "%u to %u Hz: %zu bytes", from, to, made - before);
        cr_assert_gt(resample_run(r, in, from / 25, out, 1920), 0);
        cr_expect_eq(mallinfo2().uordblks, made);
        resample_destroy(r);
    }
}

Test(resample, equal_rates_pass_bit_exact)
{
    int16_t in[960], out[960];
    struct resample *r = NULL;
    signal_noise(in, 960, 8000, 4);
    cr_assert_eq(resample_create(&r, 48000, 48000), 0);
    cr_expect_eq(resample_run(r, in, 960, out, 960), 960);
    cr_expect_eq(memcmp(in, out, sizeof in), 0);
    resample_destroy(r);
}

Test(resample, takes_nothing_when_there_is_no_room)
{
    const uint32_t from[] = {48000, 48000, 8000, 11025}, to[] = {48000, 8000, 48000, 48000};
    int16_t in[960], out[960], want[960];
    signal_noise(in, 960, 8000, 4);
    for (size_t k = 0; k < 4; k++) {
        struct resample *r = NULL, *twin = NULL;
        size_t n = from[k] / 100, cap = (n * to[k] + from[k] - 1) / from[k];
        cr_assert_eq(resample_create(&r, from[k], to[k]), 0);
        cr_assert_eq(resample_create(&twin, from[k], to[k]), 0);
        cr_expect_eq(resample_run(r, in, n, out, cap - 1), -ENOSPC);
        int got = resample_run(r, in, n, out, cap);
        cr_assert_gt(got, 0);
        cr_expect_eq(resample_run(twin, in, n, want, cap), got);
        cr_expect_arr_eq(out, want, (size_t)got * sizeof *out, "%u to %u Hz", from[k], to[k]);
        resample_destroy(r);
        resample_destroy(twin);
    }
}

Test(resample, refuses_impossible_rates)
{
    struct resample *r = NULL;
    cr_expect_eq(resample_create(&r, 0, 48000), -EINVAL);
    cr_expect_eq(resample_create(&r, 48000, 3999), -EINVAL);
    cr_expect_eq(resample_create(&r, 48000, 192001), -EINVAL);
    cr_expect_eq(resample_create(&r, UINT32_MAX, 48000), -EINVAL);
    cr_expect_null(r);
    resample_destroy(NULL);
}
