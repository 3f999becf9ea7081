#include "codecs/resample.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t rates[] = {8000, 16000, 24000, 32000, 44100, 48000};
enum { RATES = sizeof rates / sizeof *rates };

Test(resample, gives_exact_counts_once_primed)
{
    static int16_t in[1920], out[1920];
    const unsigned times_ms[] = {20, 10, 40, 20};
    signal_noise(in, 1920, 3000, 1);
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++) {
            struct resample *r = NULL;
            cr_assert_eq(resample_create(&r, rates[a], rates[b]), 0);
            cr_assert_eq(resample_prime(r), 0);
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
    cr_expect_leq(want - total, RESAMPLE_DELAY_SAMPLES * 48000 / 11025 + 2, "%ld of %ld",
        (long)total, (long)want);
    cr_expect_geq(want, total);
    resample_destroy(r);
}

static size_t convert(uint32_t from, uint32_t to, const int16_t *in, size_t n, int16_t *out)
{
    struct resample *r = NULL;
    size_t step = from / 50, made = to / 50, done = 0;
    cr_assert_eq(resample_create(&r, from, to), 0);
    cr_assert_eq(resample_prime(r), 0);
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

Test(resample, keeps_levels)
{
    static int16_t in[44100], out[48000];
    const uint32_t low[] = {8000, 16000, 44100};
    for (size_t k = 0; k < 3; k++)
        for (double tone = 300; tone < 3600; tone += 400) {
            signal_tone(in, low[k], low[k], tone, 10000, 0);
            convert(low[k], 48000, in, low[k], out);
            double peak = signal_tone_peak(out + 4800, 38400, 48000, tone);
            cr_expect(peak > 9900 && peak < 10100, "%u Hz, %.0f Hz: %.0f", low[k], tone, peak);
        }
}

Test(resample, lets_no_alias_through)
{
    static int16_t in[48000], out[8000];
    for (double tone = 5000; tone < 24000; tone += 1370) {
        signal_tone(in, 48000, 48000, tone, 20000, 0);
        convert(48000, 8000, in, 48000, out);
        double rms = signal_rms(out + 160, 7800);
        cr_expect_lt(rms, 20, "%.0f Hz leaves %.1f", tone, rms);
    }
}

Test(resample, equal_rates_pass_bit_exact)
{
    int16_t in[960], out[960];
    struct resample *r = NULL;
    signal_noise(in, 960, 8000, 4);
    cr_assert_eq(resample_create(&r, 48000, 48000), 0);
    cr_assert_eq(resample_prime(r), 0);
    cr_expect_eq(resample_run(r, in, 960, out, 960), 960);
    cr_expect_eq(memcmp(in, out, sizeof in), 0);
    cr_expect_eq(resample_run(r, in, 960, out, 959), -ENOSPC);
    resample_destroy(r);
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
