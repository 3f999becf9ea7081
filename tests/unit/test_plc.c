#include "codecs/acodec.h"
#include "codecs/plc.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static const uint32_t rates[] = {8000, 16000, 44100, 48000};
enum { RATES = sizeof rates / sizeof *rates, SECOND = 48000 };

/* Plays pcm in frames of 20 ms, of which every frame f with lost(f) is concealed. */
static void play(
    uint32_t rate_hz, const int16_t *pcm, int16_t *out, size_t frames, bool (*lost)(size_t f))
{
    struct plc *p = NULL;
    size_t n = rate_hz / 50;
    cr_assert_eq(plc_create(&p, rate_hz), 0);
    for (size_t f = 0; f < frames; f++) {
        memcpy(out + f * n, pcm + f * n, n * sizeof *pcm);
        if (lost(f))
            plc_conceal(p, out + f * n, n);
        else
            plc_good(p, out + f * n, n);
    }
    plc_destroy(p);
}

static bool never(size_t f)
{
    (void)f;
    return false;
}
static bool one_in_ten(size_t f)
{
    return f % 10 == 6;
}
static bool two_of_nine(size_t f)
{
    return f % 9 == 6 || f % 9 == 7;
}
static bool from_20_on(size_t f)
{
    return f >= 20;
}

Test(plc, passes_bit_exact_without_loss)
{
    static int16_t pcm[SECOND], out[SECOND];
    signal_noise(pcm, SECOND, 9000, 11);
    for (size_t r = 0; r < RATES; r++) {
        play(rates[r], pcm, out, 50, never);
        cr_expect_eq(memcmp(pcm, out, rates[r] * sizeof *pcm), 0);
    }
}

/* A step much larger than any of the signal's own is a click. */
Test(plc, makes_no_click)
{
    static int16_t pcm[SECOND], out[SECOND];
    bool (*const losses[])(size_t) = {one_in_ten, two_of_nine, from_20_on};
    for (size_t r = 0; r < RATES; r++)
        for (int kind = 0; kind < 4; kind++)
            for (size_t l = 0; l < 3; l++) {
                const double tones[] = {180, 440, 1234};
                if (kind < 3)
                    signal_tone(pcm, rates[r], rates[r], tones[kind], 10000, 0);
                else
                    signal_speech(pcm, rates[r], rates[r], 21);
                play(rates[r], pcm, out, 50, losses[l]);
                int own = signal_max_step(pcm, rates[r]), got = signal_max_step(out, rates[r]);
                cr_expect_leq(got, own * 1.25 + 20, "%u Hz, kind %d, loss %zu: %d, not %d",
                    rates[r], kind, l, got, own);
            }
}

Test(plc, continues_a_tone)
{
    static int16_t pcm[SECOND], out[SECOND];
    for (size_t r = 0; r < RATES; r++) {
        size_t n = rates[r] / 50;
        signal_tone(pcm, rates[r], rates[r], 440, 10000, 0);
        play(rates[r], pcm, out, 50, one_in_ten);
        double likeness = signal_correlation(pcm + 6 * n, out + 6 * n, n);
        cr_expect_gt(likeness, rates[r] == 8000 ? 0.9 : 0.98, "%u Hz: %.3f", rates[r], likeness);
        double level = signal_rms(out + 6 * n, n / 2) / signal_rms(pcm + 6 * n, n / 2);
        cr_expect(level > 0.9 && level < 1.1, "%u Hz: level %.2f", rates[r], level);
    }
}

Test(plc, is_nearer_to_speech_than_silence_is)
{
    static int16_t pcm[SECOND], out[SECOND];
    for (size_t r = 0; r < RATES; r++) {
        size_t n = rates[r] / 50;
        double sum = 0;
        signal_speech(pcm, rates[r], rates[r], 5);
        play(rates[r], pcm, out, 50, one_in_ten);
        for (size_t f = 6; f < 50; f += 10)
            sum += signal_correlation(pcm + f * n, out + f * n, n) / 5;
        cr_expect_gt(sum, 0.4, "%u Hz: correlation %.2f", rates[r], sum);
    }
}

Test(plc, fades_to_silence_and_comes_back)
{
    static int16_t pcm[SECOND], out[SECOND];
    struct plc *p = NULL;
    const size_t n = 160;
    signal_tone(pcm, 8000, 8000, 300, 10000, 0);
    cr_assert_eq(plc_create(&p, 8000), 0);
    memcpy(out, pcm, 8000 * sizeof *pcm);
    for (size_t f = 0; f < 20; f++)
        plc_good(p, out + f * n, n);
    double before = 1e9;
    for (size_t f = 20; f < 40; f++) {
        plc_conceal(p, out + f * n, n);
        double rms = signal_rms(out + f * n, n);
        cr_expect_lt(rms, before + 1, "frame %zu", f);
        before = rms;
        if (f >= 24)
            cr_expect_eq(rms, 0, "silent after %d ms", PLC_HOLD_MS + PLC_FADE_MS);
    }
    plc_good(p, out + 40 * n, n);
    size_t join = 8 * PLC_JOIN_MS;
    cr_expect_lt(abs(out[40 * n]), 600, "begins softly");
    cr_expect_eq(memcmp(out + 40 * n + join, pcm + 40 * n + join, (n - join) * sizeof *pcm), 0);
    cr_expect_neq(memcmp(out + 40 * n, pcm + 40 * n, join * sizeof *pcm), 0);
    plc_destroy(p);
}

Test(plc, lengths_may_be_anything)
{
    static int16_t pcm[SECOND], whole[SECOND], pieces[SECOND];
    signal_speech(pcm, 16000, 16000, 8);
    struct plc *a = NULL, *b = NULL;
    cr_assert_eq(plc_create(&a, 16000), 0);
    cr_assert_eq(plc_create(&b, 16000), 0);
    memcpy(whole, pcm, sizeof pcm);
    memcpy(pieces, pcm, sizeof pcm);
    plc_good(a, whole, 4000);
    plc_conceal(a, whole + 4000, 800);
    plc_good(a, whole + 4800, 1000);
    for (size_t i = 0; i < 4000; i += 50)
        plc_good(b, pieces + i, 50);
    for (size_t i = 0; i < 800; i += 25)
        plc_conceal(b, pieces + 4000 + i, 25);
    for (size_t i = 0; i < 1000; i += 10)
        plc_good(b, pieces + 4800 + i, 10);
    cr_expect_eq(memcmp(whole, pieces, 5800 * sizeof *pcm), 0);
    plc_destroy(a);
    plc_destroy(b);
}

Test(plc, survives_full_scale)
{
    static int16_t pcm[SECOND], out[SECOND];
    for (size_t i = 0; i < 8000; i++)
        pcm[i] = i / 13 % 2 ? INT16_MAX : INT16_MIN;
    play(8000, pcm, out, 50, one_in_ten);
    double level = signal_rms(out + 6 * 160, 160) / 32768;
    cr_expect(level > 0.8 && level <= 1, "%.2f", level);
}

Test(plc, refuses_odd_rates)
{
    struct plc *p = NULL;
    cr_expect_eq(plc_create(&p, 7999), -EINVAL);
    cr_expect_eq(plc_create(&p, 48001), -EINVAL);
    cr_expect_null(p);
    plc_destroy(NULL);
}

Test(plc, every_waveform_codec_has_it)
{
    const struct acodec *codecs[] = {&acodec_g722, &acodec_pcmu, &acodec_pcma, &acodec_l16_8000,
        &acodec_l16_16000, &acodec_l16_44100, &acodec_l16_48000};
    const struct acodec_params params = {.ptime_ms = 20, .channels = 1};
    static int16_t pcm[SECOND], out[SECOND];
    uint8_t packet[ACODEC_MAX_PACKET_BYTES];
    for (size_t k = 0; k < sizeof codecs / sizeof *codecs; k++) {
        const struct acodec *c = codecs[k];
        size_t n = c->pcm_rate_hz / 50;
        struct acodec_enc *e = NULL;
        struct acodec_dec *d = NULL;
        signal_tone(pcm, 50 * n, c->pcm_rate_hz, 300, 10000, 0);
        cr_assert_eq(c->enc_create(&e, &params), 0);
        cr_assert_eq(c->dec_create(&d), 0);
        for (size_t f = 0; f < 50; f++) {
            int len = c->encode(e, pcm + f * n, n, packet, sizeof packet);
            cr_assert_gt(len, 0);
            int got = one_in_ten(f) ? c->conceal(d, out + f * n, n)
                                    : c->decode(d, packet, (size_t)len, out + f * n, n);
            cr_assert_eq(got, (int)n);
        }
        double level = signal_rms(out + 6 * n, n) / signal_rms(pcm + 6 * n, n);
        cr_expect(level > 0.8 && level < 1.1, "%s: %.2f of the tone", c->name, level);
        int own = signal_max_step(pcm, 50 * n), got = signal_max_step(out + n, 49 * n);
        cr_expect_lt(got, own * 1.6 + 20, "%s: a step of %d, not %d", c->name, got, own);
        c->enc_destroy(e);
        c->dec_destroy(d);
    }
}
