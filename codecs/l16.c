#include "codecs/acodec.h"
#include "codecs/plc.h"

#include <errno.h>
#include <stdlib.h>

/* L16: linear PCM, 16 bits a sample in network byte order (RFC 3551, 4.5.11). One implementation; a
 * table for each rate. */

struct l16_enc {
    struct acodec_enc base;
    size_t frame_samples;
};

struct l16_dec {
    struct acodec_dec base;
    struct plc *plc;
};

static int enc_create(
    const struct acodec *codec, struct acodec_enc **encp, const struct acodec_params *p)
{
    size_t samples = (size_t)p->ptime_ms * codec->pcm_rate_hz / 1000;
    if (p->ptime_ms < 10 || p->ptime_ms > 60 || p->channels != 1 ||
        2 * samples > ACODEC_MAX_PACKET_BYTES)
        return -EINVAL;
    struct l16_enc *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->base.codec = codec;
    e->frame_samples = samples;
    *encp = &e->base;
    return 0;
}

static int l16_encode(
    struct acodec_enc *enc, const int16_t *pcm, size_t n, uint8_t *out, size_t cap)
{
    if (n != ((const struct l16_enc *)enc)->frame_samples)
        return -EINVAL;
    if (2 * n > cap)
        return -ENOSPC;
    for (size_t i = 0; i < n; i++) {
        uint16_t x = (uint16_t)pcm[i];
        out[2 * i] = (uint8_t)(x >> 8);
        out[2 * i + 1] = (uint8_t)x;
    }
    return (int)(2 * n);
}

static void l16_enc_destroy(struct acodec_enc *enc)
{
    free(enc);
}

static int dec_create(const struct acodec *codec, struct acodec_dec **decp)
{
    struct l16_dec *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    int err = plc_create(&d->plc, codec->pcm_rate_hz);
    if (err) {
        free(d);
        return err;
    }
    d->base.codec = codec;
    *decp = &d->base;
    return 0;
}

static int samples_at(uint32_t rate_hz, size_t len)
{
    if (len == 0 || len % 2 || len / 2 > (size_t)rate_hz * 120 / 1000)
        return -EINVAL;
    return (int)(len / 2);
}

static int l16_decode(
    struct acodec_dec *dec, const uint8_t *pkt, size_t len, int16_t *pcm, size_t cap)
{
    int n = samples_at(dec->codec->pcm_rate_hz, len);
    if (n < 0 || (size_t)n > cap)
        return -EINVAL;
    for (int i = 0; i < n; i++)
        pcm[i] = (int16_t)(pkt[2 * i] << 8 | pkt[2 * i + 1]);
    plc_good(((struct l16_dec *)dec)->plc, pcm, (size_t)n);
    return n;
}

static int l16_conceal(struct acodec_dec *dec, int16_t *pcm, size_t n)
{
    plc_conceal(((struct l16_dec *)dec)->plc, pcm, n);
    return (int)n;
}

static void l16_dec_destroy(struct acodec_dec *dec)
{
    if (!dec)
        return;
    plc_destroy(((struct l16_dec *)dec)->plc);
    free(dec);
}

#define L16(rate, pt)                                                                              \
    static int enc_create_##rate(struct acodec_enc **encp, const struct acodec_params *p)          \
    {                                                                                              \
        return enc_create(&acodec_l16_##rate, encp, p);                                            \
    }                                                                                              \
    static int dec_create_##rate(struct acodec_dec **decp)                                         \
    {                                                                                              \
        return dec_create(&acodec_l16_##rate, decp);                                               \
    }                                                                                              \
    static int packet_samples_##rate(const uint8_t *pkt, size_t len)                               \
    {                                                                                              \
        (void)pkt;                                                                                 \
        return samples_at(rate, len);                                                              \
    }                                                                                              \
    const struct acodec acodec_l16_##rate = {                                                      \
        .name = "L16",                                                                             \
        .static_pt = pt,                                                                           \
        .sdp_channels = 1,                                                                         \
        .rtp_clock_hz = rate,                                                                      \
        .pcm_rate_hz = rate,                                                                       \
        .enc_create = enc_create_##rate,                                                           \
        .encode = l16_encode,                                                                      \
        .enc_destroy = l16_enc_destroy,                                                            \
        .dec_create = dec_create_##rate,                                                           \
        .decode = l16_decode,                                                                      \
        .conceal = l16_conceal,                                                                    \
        .dec_destroy = l16_dec_destroy,                                                            \
        .packet_samples = packet_samples_##rate,                                                   \
    }

L16(8000, ACODEC_PT_DYNAMIC);
L16(16000, ACODEC_PT_DYNAMIC);
L16(44100, 11);
L16(48000, ACODEC_PT_DYNAMIC);
