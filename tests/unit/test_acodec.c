#include "codecs/acodec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(acodec, finds_by_rtpmap)
{
    const struct {
        const char *name;
        uint32_t clock_hz;
        unsigned channels;
        const struct acodec *want;
    } cases[] = {
        {"opus", 48000, 2, &acodec_opus},
        {"OPUS", 48000, 2, &acodec_opus},
        {"Opus", 48000, 1, NULL},
        {"opus", 16000, 2, NULL},
        {"opus", 48000, 0, NULL},
        {"G722", 8000, 0, &acodec_g722},
        {"g722", 8000, 1, &acodec_g722},
        {"G722", 16000, 1, NULL},
        {"PCMU", 8000, 1, &acodec_pcmu},
        {"pcma", 8000, 0, &acodec_pcma},
        {"PCMA", 16000, 1, NULL},
        {"PCM", 8000, 1, NULL},
        {"PCMAX", 8000, 1, NULL},
        {"L16", 8000, 0, &acodec_l16_8000},
        {"l16", 16000, 1, &acodec_l16_16000},
        {"L16", 44100, 1, &acodec_l16_44100},
        {"L16", 44100, 2, NULL},
        {"L16", 48000, 1, &acodec_l16_48000},
        {"L16", 0, 1, NULL},
        {"", 8000, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(acodec_find(cases[i].name, cases[i].clock_hz, cases[i].channels),
            cases[i].want, "%s/%u/%u", cases[i].name, cases[i].clock_hz, cases[i].channels);
}

Test(acodec, counts_rtp_ticks)
{
    cr_expect_eq(acodec_rtp_ticks(&acodec_opus, 960), 960);
    cr_expect_eq(acodec_rtp_ticks(&acodec_g722, 320), 160);
    cr_expect_eq(acodec_rtp_ticks(&acodec_pcmu, 160), 160);
    cr_expect_eq(acodec_rtp_ticks(&acodec_l16_44100, 882), 882);
    cr_expect_eq(acodec_rtp_ticks(&acodec_opus, UINT32_MAX), UINT32_MAX);
}

static void encode_frames(const struct acodec *c, uint32_t ptime_ms)
{
    const struct acodec_params p = {.ptime_ms = ptime_ms, .channels = 1, .complexity = 3};
    size_t n = (size_t)c->pcm_rate_hz * ptime_ms / 1000;
    static const int16_t pcm[ACODEC_MAX_SAMPLES];
    static int16_t out[ACODEC_MAX_SAMPLES];
    uint8_t packet[ACODEC_MAX_PACKET_BYTES];
    struct acodec_enc *e = NULL;
    struct acodec_dec *d = NULL;
    int err = c->enc_create(&e, &p);
    if (2 * n > ACODEC_MAX_PACKET_BYTES && strcmp(c->name, "L16") == 0) {
        cr_expect_eq(err, -EINVAL, "%s/%u: no room for %u ms", c->name, c->pcm_rate_hz, ptime_ms);
        return;
    }
    cr_assert_eq(err, 0, "%s, %u ms", c->name, ptime_ms);
    cr_assert_eq(c->dec_create(&d), 0);
    cr_expect_eq(e->codec, c);
    cr_expect_eq(d->codec, c);
    for (int i = 0; i < 5; i++) {
        int len = c->encode(e, pcm, n, packet, sizeof packet);
        cr_assert_gt(len, 0, "%s, %u ms", c->name, ptime_ms);
        cr_expect_eq(c->packet_samples(packet, (size_t)len), (int)n);
        cr_expect_eq(c->decode(d, packet, (size_t)len, out, ACODEC_MAX_SAMPLES), (int)n);
        cr_expect_eq(c->decode(d, packet, (size_t)len, out, n - 1), -EINVAL, "no room");
    }
    cr_expect_eq(c->encode(e, pcm, n - 2, packet, sizeof packet), -EINVAL, "not a whole packet");
    cr_expect_lt(c->encode(e, pcm, n, packet, 1), 1, "no room");
    c->enc_destroy(e);
    c->dec_destroy(d);
}

Test(acodec, every_codec_keeps_packet_times)
{
    const uint32_t times[] = {10, 20, 40, 60};
    for (size_t i = 0; acodecs[i]; i++)
        for (size_t t = 0; t < 4; t++)
            encode_frames(acodecs[i], times[t]);
}

Test(acodec, every_codec_refuses_what_it_cannot_encode)
{
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        struct acodec_enc *e = NULL;
        const struct acodec_params none = {.ptime_ms = 0, .channels = 1},
                                   stereo = {.ptime_ms = 20, .channels = 2},
                                   endless = {.ptime_ms = UINT32_MAX, .channels = 1};
        cr_expect_eq(c->enc_create(&e, &none), -EINVAL);
        cr_expect_eq(c->enc_create(&e, &stereo), -EINVAL);
        cr_expect_eq(c->enc_create(&e, &endless), -EINVAL);
        cr_expect_null(e);
        c->enc_destroy(NULL);
        c->dec_destroy(NULL);
    }
}

Test(acodec, every_codec_refuses_empty_and_oversized_packets)
{
    static const uint8_t packet[65535];
    int16_t pcm[ACODEC_MAX_SAMPLES];
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        struct acodec_dec *d = NULL;
        cr_assert_eq(c->dec_create(&d), 0);
        cr_expect_eq(c->packet_samples(packet, 0), -EINVAL);
        cr_expect_eq(c->decode(d, packet, 0, pcm, ACODEC_MAX_SAMPLES), -EINVAL);
        cr_expect_eq(c->decode(d, packet, sizeof packet, pcm, ACODEC_MAX_SAMPLES), -EINVAL);
        c->dec_destroy(d);
    }
}

Test(acodec, every_codec_conceals_any_length)
{
    int16_t pcm[ACODEC_MAX_SAMPLES + 1];
    const size_t lengths[] = {1, 7, 119, 120, 121, 441, 960, 2880, ACODEC_MAX_SAMPLES};
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        struct acodec_dec *d = NULL;
        cr_assert_eq(c->dec_create(&d), 0);
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            memset(pcm, 0x55, sizeof pcm);
            cr_expect_eq(c->conceal(d, pcm, lengths[k]), (int)lengths[k]);
            cr_expect_eq(pcm[lengths[k] - 1], 0, "nothing heard yet: silence");
            cr_expect_eq(pcm[lengths[k]], 0x5555, "wrote too far");
        }
        c->dec_destroy(d);
    }
}
