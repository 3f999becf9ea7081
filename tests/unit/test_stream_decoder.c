#include "mixer/jitter/stream_decoder.h"

#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

enum { CAP = ACODEC_MAX_SAMPLES };

Test(stream_decoder, gives_48_khz_of_every_codec_without_memory)
{
    static int16_t pcm[CAP], out[CAP];
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        struct acodec_params params = {.ptime_ms = 20, .channels = 1};
        struct acodec_enc *enc;
        struct stream_decoder *d;
        uint8_t payload[ACODEC_MAX_PACKET_BYTES];
        cr_assert_eq(c->enc_create(&enc, &params), 0);
        cr_assert_eq(stream_decoder_create(&d, c), 0);
        cr_assert_eq(stream_decoder_codec(d), c);
        size_t n = c->pcm_rate_hz / 50, before = 0;
        double peak = 0;
        for (unsigned k = 0; k < 50; k++) {
            signal_tone(pcm, n, c->pcm_rate_hz, 500, 8000, k * n);
            int len = c->encode(enc, pcm, n, payload, sizeof payload);
            cr_assert_gt(len, 0);
            cr_assert_eq(stream_decoder_duration(c, payload, (size_t)len), 960);
            cr_assert_eq(stream_decoder_decode(d, payload, (size_t)len, out, CAP), 960, "%s %u Hz",
                c->name, c->pcm_rate_hz);
            peak = signal_tone_peak(out, 960, 48000, 500);
            if (k == 10)
                before = mallinfo2().uordblks;
            if (k % 10 == 3)
                cr_assert_eq(stream_decoder_conceal(d, 960, out, CAP), 960);
        }
        cr_assert_float_eq(peak, 8000, 1500, "%s: %g", c->name, peak);
        cr_assert_eq(mallinfo2().uordblks, before, "%s", c->name);
        stream_decoder_destroy(d);
        c->enc_destroy(enc);
    }
}

Test(stream_decoder, conceals_to_the_sample)
{
    static int16_t out[CAP];
    const size_t lengths[] = {960, 1, 5, 100, 479, 961, 120, CAP - 1, CAP};
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        struct stream_decoder *d;
        if (c->pcm_rate_hz == STREAM_DECODER_HZ)
            continue;
        cr_assert_eq(stream_decoder_create(&d, c), 0);
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            size_t n = lengths[k];
            out[n < CAP ? n : 0] = 12345;
            cr_expect_eq(stream_decoder_conceal(d, n, out, n), (int)n, "%s %u Hz: %zu", c->name,
                c->pcm_rate_hz, n);
            cr_expect(n == CAP || out[n] == 12345);
        }
        stream_decoder_destroy(d);
    }
}

Test(stream_decoder, makes_noise_of_the_level_that_was_sent)
{
    static int16_t out[960];
    struct stream_decoder *d;
    const uint8_t level_40[1] = {40};
    cr_assert_eq(stream_decoder_create(&d, &acodec_pcma), 0);
    cr_assert_lt(stream_decoder_set_noise(d, level_40, 0), 0);
    cr_assert_eq(stream_decoder_set_noise(d, level_40, 1), 0);
    double sum = 0;
    for (int i = 0; i < 60; i++) {
        stream_decoder_noise(d, 960, out);
        sum += i >= 10 ? signal_rms(out, 960) / 50 : 0;
    }
    cr_assert_float_eq(sum, 327, 120, "%g", sum);
    stream_decoder_destroy(d);
}

Test(stream_decoder, refuses_what_is_too_long_or_not_the_codecs)
{
    static uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    static int16_t out[CAP];
    struct stream_decoder *d;
    cr_assert_eq(stream_decoder_create(&d, &acodec_pcmu), 0);
    cr_assert_eq(stream_decoder_duration(&acodec_pcmu, payload, 960), 5760);
    cr_assert_lt(stream_decoder_duration(&acodec_pcmu, payload, 961), 0, "more than 120 ms");
    cr_assert_lt(stream_decoder_duration(&acodec_pcmu, payload, 0), 0);
    cr_assert_lt(stream_decoder_decode(d, payload, 4000, out, CAP), 0);
    cr_assert_eq(stream_decoder_fec(d, payload, 160, 960, out, CAP), -ENOENT);
    cr_assert_eq(stream_decoder_decode(d, payload, 160, out, CAP), 960, "goes on");
    stream_decoder_destroy(d);
    stream_decoder_destroy(NULL);
}
