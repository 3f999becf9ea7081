#include "codecs/comfort_noise.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 8000, SECOND = 48000 };

/* Noise that falls (slope > 0) or rises (slope < 0) with frequency. */
static void tilted_noise(int16_t *pcm, size_t n, double rms, double slope, uint32_t seed)
{
    double last = 0, gain = sqrt(1 - slope * slope);
    signal_noise(pcm, n, rms, seed);
    for (size_t i = 0; i < n; i++) {
        last = pcm[i] * gain + slope * last;
        pcm[i] = (int16_t)lrint(last);
    }
}

static struct comfort_noise_params analysed(const int16_t *pcm, size_t n, size_t frame)
{
    struct comfort_noise_analyser a;
    struct comfort_noise_params p;
    comfort_noise_analyser_init(&a);
    for (size_t i = 0; i + frame <= n; i += frame)
        comfort_noise_analyse(&a, pcm + i, frame);
    comfort_noise_result(&a, &p);
    return p;
}

/* dB of the power below split over that above it, by a plain DFT of blocks. */
static double tilt_db(const int16_t *pcm, size_t n, uint32_t rate_hz, double top_hz)
{
    double low = 1e-9, high = 1e-9;
    for (size_t from = 0; from + 480 <= n; from += 480)
        for (double hz = 200; hz < top_hz; hz += 200) {
            double peak = signal_tone_peak(pcm + from, 480, rate_hz, hz);
            *(hz < top_hz / 2 ? &low : &high) += peak * peak;
        }
    return 10 * log10(low / high);
}

static double level_db(double rms)
{
    return -20 * log10(rms / 32768);
}

Test(comfort_noise, payload_is_that_of_rfc_3389)
{
    struct comfort_noise_params p;
    const uint8_t payload[] = {0x80 | 60, 127, 254, 0, 255, 127 + 64};
    cr_assert_eq(comfort_noise_parse(payload, sizeof payload, &p), 0);
    cr_expect_eq(p.level, 60, "the top bit is reserved");
    cr_expect_eq(p.order, 5);
    cr_expect_float_eq(p.k[0], 0, 1e-6);
    cr_expect(p.k[1] > 0.97F && p.k[1] < 1 && p.k[2] < -0.97F && p.k[2] > -1);
    cr_expect(p.k[3] > 0.97F && p.k[3] < 1, "a value that is none is held below 1");
    cr_expect_float_eq(p.k[4], 64 * 258 / 32768.0, 1e-6);
    cr_expect_eq(comfort_noise_parse(payload, 0, &p), -EINVAL);
    cr_assert_eq(comfort_noise_parse(payload, 1, &p), 0);
    cr_expect_eq(p.order, 0);
}

Test(comfort_noise, writes_what_it_parses)
{
    struct comfort_noise_params p, back;
    uint8_t payload[COMFORT_NOISE_MAX_BYTES], again[COMFORT_NOISE_MAX_BYTES];
    for (unsigned value = 3; value < 252; value++) {
        memset(payload, (int)value, sizeof payload);
        payload[0] = (uint8_t)(value / 2);
        cr_assert_eq(comfort_noise_parse(payload, sizeof payload, &p), 0);
        cr_assert_eq(comfort_noise_write(&p, again, sizeof again), (int)sizeof again);
        cr_expect_arr_eq(payload, again, sizeof payload, "value %u", value);
    }
    cr_expect_eq(comfort_noise_write(&p, again, sizeof again - 1), -ENOSPC);
    static const uint8_t huge[1500] = {70};
    cr_assert_eq(comfort_noise_parse(huge, sizeof huge, &back), 0);
    cr_expect_eq(back.order, COMFORT_NOISE_ORDER);
}

Test(comfort_noise, analyser_knows_level_and_slope)
{
    static int16_t pcm[RATE_HZ];
    for (double rms = 3; rms < 4000; rms *= 3)
        for (double slope = -0.8; slope < 0.9; slope += 0.4) {
            tilted_noise(pcm, RATE_HZ, rms, slope, 17);
            struct comfort_noise_params p = analysed(pcm, RATE_HZ, 160);
            double want = level_db(signal_rms(pcm, RATE_HZ));
            cr_expect_lt(fabs(p.level - want), 1.5, "%d, not %.1f", p.level, want);
            if (rms > 20)
                cr_expect_float_eq(p.k[0], -slope, 0.15, "k0 %.2f for slope %.1f", p.k[0], slope);
        }
    static const int16_t silence[160];
    cr_expect_eq(analysed(silence, 160, 160).level, 127);
    cr_expect_eq(analysed(silence, 160, 160).order, 0);
}

Test(comfort_noise, level_survives_payload_and_generator)
{
    static int16_t pcm[RATE_HZ], out[SECOND];
    const uint32_t rates[] = {8000, 16000, 48000};
    for (size_t r = 0; r < 3; r++)
        for (double rms = 10; rms < 3000; rms *= 4)
            for (double slope = -0.6; slope < 0.95; slope += 0.5) {
                uint8_t payload[COMFORT_NOISE_MAX_BYTES];
                struct comfort_noise_gen g;
                struct comfort_noise_params p;
                tilted_noise(pcm, RATE_HZ, rms, slope, 23);
                p = analysed(pcm, RATE_HZ, 160);
                int len = comfort_noise_write(&p, payload, sizeof payload);
                cr_assert_gt(len, 0);
                cr_assert_eq(comfort_noise_parse(payload, (size_t)len, &p), 0);
                comfort_noise_gen_init(&g, RATE_HZ, rates[r], 5);
                comfort_noise_gen_set(&g, &p);
                comfort_noise_render(&g, out, rates[r]);
                size_t settled = rates[r] / 10;
                double want = level_db(signal_rms(pcm, RATE_HZ)),
                       got = level_db(signal_rms(out + settled, rates[r] - settled));
                cr_expect_lt(fabs(got - want), 3, "%u Hz, slope %.1f: %.1f, not %.1f dB", rates[r],
                    slope, -got, -want);
            }
}

Test(comfort_noise, slope_survives_payload_and_generator)
{
    static int16_t pcm[RATE_HZ], out[SECOND];
    const uint32_t rates[] = {8000, 48000};
    for (size_t r = 0; r < 2; r++)
        for (double slope = -0.8; slope < 0.9; slope += 0.4) {
            struct comfort_noise_gen g;
            tilted_noise(pcm, RATE_HZ, 1000, slope, 29);
            struct comfort_noise_params p = analysed(pcm, RATE_HZ, 160);
            comfort_noise_gen_init(&g, RATE_HZ, rates[r], 6);
            comfort_noise_gen_set(&g, &p);
            comfort_noise_render(&g, out, rates[r]);
            double want = tilt_db(pcm, RATE_HZ, RATE_HZ, 3600),
                   got = tilt_db(out + 4800, rates[r] - 4800, rates[r], 3600);
            cr_expect_lt(fabs(got - want), 3, "%u Hz, slope %.1f: %.1f, not %.1f dB", rates[r],
                slope, got, want);
        }
}

Test(comfort_noise, stays_in_the_band_it_came_from)
{
    static int16_t out[SECOND];
    struct comfort_noise_gen g;
    const struct comfort_noise_params p = {.level = 30};
    comfort_noise_gen_init(&g, RATE_HZ, SECOND, 6);
    comfort_noise_gen_set(&g, &p);
    comfort_noise_render(&g, out, SECOND);
    double in = 0, above = 0;
    for (double hz = 1000; hz < 3000; hz += 100)
        in += pow(signal_tone_peak(out + 4800, 43200, SECOND, hz), 2);
    for (double hz = 6000; hz < 8000; hz += 100)
        above += pow(signal_tone_peak(out + 4800, 43200, SECOND, hz), 2);
    cr_expect_gt(10 * log10(in / above), 30, "%.1f dB", 10 * log10(in / above));
}

Test(comfort_noise, moves_smoothly)
{
    static int16_t out[SECOND];
    struct comfort_noise_gen g;
    const struct comfort_noise_params loud = {.level = 25, .order = 2, .k = {-0.9F, 0.5F}},
                                      soft = {.level = 65, .order = 1, .k = {0.7F}};
    comfort_noise_gen_init(&g, RATE_HZ, RATE_HZ, 9);
    comfort_noise_render(&g, out, 160);
    cr_expect_eq(signal_rms(out, 160), 0, "nothing known yet");
    comfort_noise_gen_set(&g, &loud);
    comfort_noise_render(&g, out, 4000);
    double settled = signal_rms(out + 2000, 2000);
    cr_expect_lt(signal_rms(out, 8), settled / 2, "begins softly");
    int own = signal_max_step(out + 2000, 2000);
    comfort_noise_gen_set(&g, &soft);
    comfort_noise_render(&g, out + 4000, 2000);
    cr_expect_leq(signal_max_step(out + 3990, 2000), own * 1.3, "no click");
    cr_expect_gt(signal_rms(out + 4000, 20), settled / 20, "does not drop at once");
    cr_expect_lt(level_db(settled) + 37, level_db(signal_rms(out + 5000, 1000)), "but soon");
}

Test(comfort_noise, is_the_same_for_the_same_seed)
{
    int16_t a[960], b[960];
    const struct comfort_noise_params p = {.level = 40, .order = 1, .k = {-0.5F}};
    for (uint32_t seed = 0; seed < 3; seed++) {
        struct comfort_noise_gen x, y;
        comfort_noise_gen_init(&x, RATE_HZ, SECOND, seed);
        comfort_noise_gen_init(&y, RATE_HZ, SECOND, seed);
        comfort_noise_gen_set(&x, &p);
        comfort_noise_gen_set(&y, &p);
        comfort_noise_render(&x, a, 960);
        for (size_t i = 0; i < 960; i += 96)
            comfort_noise_render(&y, b + i, 96);
        cr_expect_arr_eq(a, b, sizeof a);
    }
}

Test(comfort_noise, hostile_coefficients_stay_bounded)
{
    int16_t pcm[960];
    for (unsigned value = 0; value < 256; value += 5) {
        uint8_t payload[COMFORT_NOISE_MAX_BYTES];
        struct comfort_noise_params p;
        struct comfort_noise_gen g;
        memset(payload, (int)value, sizeof payload);
        payload[0] = 40;
        cr_assert_eq(comfort_noise_parse(payload, sizeof payload, &p), 0);
        comfort_noise_gen_init(&g, RATE_HZ, SECOND, 3);
        comfort_noise_gen_set(&g, &p);
        for (int i = 0; i < 100; i++)
            comfort_noise_render(&g, pcm, 960);
        double rms = signal_rms(pcm, 960);
        cr_expect_lt(rms, 327.68 * 8, "value %u: %.0f", value, rms);
    }
}
