#include "codecs/acodec.h"
#include "codecs/g722_coder.h"
#include "codecs/plc.h"

#include <errno.h>
#include <stdlib.h>

/* G.722 at 64 kbit/s as a codec: a byte holds two samples at 16 kHz, the RTP clock says 8000
 * (RFC 3551, 4.5.2). */

enum {
    RATE_HZ = 16000,
    MAX_SAMPLES = RATE_HZ * 120 / 1000,
    MAX_BYTES = MAX_SAMPLES / 2,
};

struct g722_enc {
    struct acodec_enc base;
    size_t packet_samples;
    struct g722_coder coder;
};

struct g722_dec {
    struct acodec_dec base;
    struct plc *plc;
    struct g722_coder coder;
};

static int g722_enc_create(struct acodec_enc **encp, const struct acodec_params *p)
{
    if (p->ptime_ms < 10 || p->ptime_ms > 60 || p->channels != 1)
        return -EINVAL;
    struct g722_enc *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->base.codec = &acodec_g722;
    e->packet_samples = (size_t)p->ptime_ms * RATE_HZ / 1000;
    g722_coder_init(&e->coder);
    *encp = &e->base;
    return 0;
}

static int g722_encode(
    struct acodec_enc *enc, const int16_t *pcm, size_t n, uint8_t *out, size_t cap)
{
    struct g722_enc *e = (struct g722_enc *)enc;
    if (n != e->packet_samples)
        return -EINVAL;
    if (n / 2 > cap)
        return -ENOSPC;
    g722_coder_encode(&e->coder, pcm, n, out);
    return (int)(n / 2);
}

static void g722_enc_copy(struct acodec_enc *to, const struct acodec_enc *from)
{
    ((struct g722_enc *)to)->coder = ((const struct g722_enc *)from)->coder;
}

static void g722_enc_destroy(struct acodec_enc *enc)
{
    free(enc);
}

static void g722_dec_destroy(struct acodec_dec *dec)
{
    if (!dec)
        return;
    plc_destroy(((struct g722_dec *)dec)->plc);
    free(dec);
}

static int g722_dec_create(struct acodec_dec **decp)
{
    struct g722_dec *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->base.codec = &acodec_g722;
    int err = plc_create(&d->plc, RATE_HZ);
    if (err < 0) {
        free(d);
        return err;
    }
    g722_coder_init(&d->coder);
    *decp = &d->base;
    return 0;
}

static int g722_packet_samples(const uint8_t *pkt, size_t len)
{
    (void)pkt;
    return len == 0 || len > MAX_BYTES ? -EINVAL : (int)(2 * len);
}

static int g722_decode(
    struct acodec_dec *dec, const uint8_t *pkt, size_t len, int16_t *pcm, size_t cap)
{
    struct g722_dec *d = (struct g722_dec *)dec;
    int n = g722_packet_samples(pkt, len);
    if (n < 0 || (size_t)n > cap)
        return -EINVAL;
    g722_coder_decode(&d->coder, pkt, len, pcm);
    plc_good(d->plc, pcm, (size_t)n);
    return n;
}

static int g722_conceal(struct acodec_dec *dec, int16_t *pcm, size_t n)
{
    plc_conceal(((struct g722_dec *)dec)->plc, pcm, n);
    return (int)n;
}

const struct acodec acodec_g722 = {
    .name = "G722",
    .static_pt = 9,
    .sdp_channels = 1,
    .rtp_clock_hz = 8000,
    .pcm_rate_hz = RATE_HZ,
    .long_memory = true,
    .enc_create = g722_enc_create,
    .encode = g722_encode,
    .enc_copy = g722_enc_copy,
    .enc_destroy = g722_enc_destroy,
    .dec_create = g722_dec_create,
    .decode = g722_decode,
    .conceal = g722_conceal,
    .dec_destroy = g722_dec_destroy,
    .packet_samples = g722_packet_samples,
};
