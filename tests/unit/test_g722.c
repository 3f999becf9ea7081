#include "codecs/acodec.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>

/* Two QMF banks of 24 taps, one each way: together they delay by 22 samples at 16 kHz. */
enum { DELAY = 22, TOTAL = 32000 };

static void round_trip(uint32_t ptime_ms, const int16_t *pcm, int16_t *got)
{
    const struct acodec_params p = {.ptime_ms = ptime_ms, .channels = 1};
    const size_t n = ptime_ms * 16;
    struct acodec_enc *e = NULL;
    struct acodec_dec *d = NULL;
    uint8_t packet[480];
    cr_assert_eq(acodec_g722.enc_create(&e, &p), 0);
    cr_assert_eq(acodec_g722.dec_create(&d), 0);
    for (size_t i = 0; i + n <= TOTAL; i += n) {
        cr_assert_eq(acodec_g722.encode(e, pcm + i, n, packet, sizeof packet), (int)(n / 2));
        cr_assert_eq(acodec_g722.decode(d, packet, n / 2, got + i, n), (int)n);
    }
    acodec_g722.enc_destroy(e);
    acodec_g722.dec_destroy(d);
}

Test(g722, delays_by_its_filters)
{
    static int16_t pcm[TOTAL], got[TOTAL];
    signal_speech(pcm, TOTAL, 16000, 3);
    round_trip(20, pcm, got);
    cr_expect_eq(signal_delay(pcm + 1600, got + 1600, 16000, 100), DELAY);
}

Test(g722, keeps_speech_and_both_bands)
{
    static int16_t pcm[TOTAL], got[TOTAL];
    const size_t n = TOTAL - 4000;
    signal_speech(pcm, TOTAL, 16000, 3);
    round_trip(20, pcm, got);
    double snr = signal_snr_db(pcm + 2000, got + 2000 + DELAY, n);
    cr_expect_gt(snr, 11, "speech: %.1f dB", snr);
    const double tones[] = {300, 1000, 3000, 5000, 6500};
    for (size_t t = 0; t < 5; t++) {
        signal_tone(pcm, TOTAL, 16000, tones[t], 8000, 0);
        round_trip(20, pcm, got);
        double peak = signal_tone_peak(got + 2000, n, 16000, tones[t]);
        cr_expect(peak > 8000 * 0.94 && peak < 8000 * 1.06, "%.0f Hz: %.0f", tones[t], peak);
        snr = signal_snr_db(pcm + 2000, got + 2000 + DELAY, n);
        cr_expect_gt(snr, tones[t] < 4000 ? 30 : 10, "%.0f Hz: %.1f dB", tones[t], snr);
    }
}

Test(g722, packet_time_changes_nothing)
{
    static int16_t pcm[TOTAL], a[TOTAL], b[TOTAL];
    signal_speech(pcm, TOTAL, 16000, 5);
    round_trip(10, pcm, a);
    round_trip(40, pcm, b);
    cr_expect_gt(signal_snr_db(a, b, 31360), 120, "the code is a stream of samples");
}

Test(g722, silence_stays_silent)
{
    const struct acodec_params p = {.ptime_ms = 20, .channels = 1};
    static const int16_t silence[320];
    int16_t got[320];
    uint8_t packet[160];
    struct acodec_enc *e = NULL;
    struct acodec_dec *d = NULL;
    cr_assert_eq(acodec_g722.enc_create(&e, &p), 0);
    cr_assert_eq(acodec_g722.dec_create(&d), 0);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(acodec_g722.encode(e, silence, 320, packet, sizeof packet), 160);
        cr_assert_eq(acodec_g722.decode(d, packet, 160, got, 320), 320);
    }
    cr_expect_lt(signal_rms(got, 320), 4);
    acodec_g722.enc_destroy(e);
    acodec_g722.dec_destroy(d);
}
