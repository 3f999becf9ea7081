#include "codecs/acodec.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct acodec *const rates[] = {
    &acodec_l16_8000,
    &acodec_l16_16000,
    &acodec_l16_44100,
    &acodec_l16_48000,
};

Test(l16, is_bit_exact)
{
    const struct acodec_params p = {.ptime_ms = 10, .channels = 1};
    static int16_t pcm[48000], got[48000];
    uint8_t packet[960];
    signal_noise(pcm, 48000, 15000, 7);
    pcm[0] = INT16_MIN;
    pcm[1] = INT16_MAX;
    pcm[2] = -1;
    for (size_t r = 0; r < 4; r++) {
        const struct acodec *c = rates[r];
        struct acodec_enc *e = NULL;
        struct acodec_dec *d = NULL;
        size_t n = c->pcm_rate_hz / 100, total = 100 * n;
        cr_assert_eq(c->enc_create(&e, &p), 0);
        cr_assert_eq(c->dec_create(&d), 0);
        for (size_t i = 0; i < total; i += n) {
            cr_assert_eq(c->encode(e, pcm + i, n, packet, sizeof packet), (int)(2 * n));
            cr_assert_eq(c->decode(d, packet, 2 * n, got + i, n), (int)n);
        }
        cr_expect_eq(memcmp(pcm, got, total * sizeof *pcm), 0, "%u Hz", c->pcm_rate_hz);
        c->enc_destroy(e);
        c->dec_destroy(d);
    }
}

Test(l16, is_in_network_byte_order)
{
    const uint8_t packet[] = {0x12, 0x34, 0xff, 0xfe, 0x80, 0x00};
    int16_t pcm[3];
    struct acodec_dec *d = NULL;
    cr_assert_eq(acodec_l16_8000.dec_create(&d), 0);
    cr_assert_eq(acodec_l16_8000.decode(d, packet, sizeof packet, pcm, 3), 3);
    cr_expect_eq(pcm[0], 0x1234);
    cr_expect_eq(pcm[1], -2);
    cr_expect_eq(pcm[2], INT16_MIN);
    cr_expect_eq(acodec_l16_8000.decode(d, packet, 5, pcm, 3), -EINVAL, "half a sample");
    acodec_l16_8000.dec_destroy(d);
}
