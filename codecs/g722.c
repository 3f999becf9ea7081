#include "codecs/acodec.h"
#include "codecs/plc.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

/* G.722 at 64 kbit/s over libavcodec: a byte holds two samples at 16 kHz, the RTP clock says 8000
 * (RFC 3551, 4.5.2). Packets and frames live in buffers made with the instance; libavcodec still
 * allocates its reference to them (some 24 bytes) per call. */

enum {
    RATE_HZ = 16000,
    MAX_SAMPLES = RATE_HZ * 120 / 1000,
    MAX_BYTES = MAX_SAMPLES / 2,
};

/* What encoder and decoder have in common: a codec, one buffer of samples, one of bytes. */
struct g722 {
    AVCodecContext *ctx;
    AVPacket *pkt;
    AVFrame *frame;
    AVBufferRef *samples, *bytes;
};

struct g722_enc {
    struct acodec_enc base;
    struct g722 g;
};

struct g722_dec {
    struct acodec_dec base;
    struct plc *plc;
    struct g722 g;
};

static int lend_frame(AVCodecContext *ctx, AVFrame *frame, int flags)
{
    const struct g722 *g = ctx->opaque;
    (void)flags;
    if (frame->nb_samples > MAX_SAMPLES)
        return AVERROR(EINVAL);
    frame->buf[0] = av_buffer_ref(g->samples);
    if (!frame->buf[0])
        return AVERROR(ENOMEM);
    frame->data[0] = g->samples->data;
    frame->extended_data = frame->data;
    frame->linesize[0] = (int)g->samples->size;
    return 0;
}

static int lend_packet(AVCodecContext *ctx, AVPacket *pkt, int flags)
{
    const struct g722 *g = ctx->opaque;
    (void)flags;
    if (pkt->size > MAX_BYTES)
        return AVERROR(EINVAL);
    pkt->buf = av_buffer_ref(g->bytes);
    if (!pkt->buf)
        return AVERROR(ENOMEM);
    pkt->data = g->bytes->data;
    return 0;
}

static void g722_fini(struct g722 *g)
{
    avcodec_free_context(&g->ctx);
    av_packet_free(&g->pkt);
    av_frame_free(&g->frame);
    av_buffer_unref(&g->samples);
    av_buffer_unref(&g->bytes);
}

/* g must not move afterwards. frame_samples: of the encoder. */
static int g722_init(struct g722 *g, const AVCodec *codec, int frame_samples)
{
    if (!codec)
        return -EINVAL;
    g->ctx = avcodec_alloc_context3(codec);
    g->pkt = av_packet_alloc();
    g->frame = av_frame_alloc();
    g->samples = av_buffer_allocz(MAX_SAMPLES * sizeof(int16_t));
    g->bytes = av_buffer_allocz(MAX_BYTES + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!g->ctx || !g->pkt || !g->frame || !g->samples || !g->bytes)
        return -ENOMEM;
    g->ctx->opaque = g;
    g->ctx->get_buffer2 = lend_frame;
    g->ctx->get_encode_buffer = lend_packet;
    g->ctx->thread_count = 1;
    g->ctx->thread_type = 0;
    g->ctx->log_level_offset = 100; /* codecs do not log */
    g->ctx->sample_rate = RATE_HZ;
    g->ctx->sample_fmt = AV_SAMPLE_FMT_S16;
    g->ctx->frame_size = frame_samples;
    av_channel_layout_default(&g->ctx->ch_layout, 1);
    int err = avcodec_open2(g->ctx, codec, NULL);
    return err == 0 ? 0 : err == AVERROR(ENOMEM) ? -ENOMEM : -EINVAL;
}

static void g722_enc_destroy(struct acodec_enc *enc)
{
    if (!enc)
        return;
    g722_fini(&((struct g722_enc *)enc)->g);
    free(enc);
}

static int g722_enc_create(struct acodec_enc **encp, const struct acodec_params *p)
{
    if (p->ptime_ms < 10 || p->ptime_ms > 60 || p->channels != 1)
        return -EINVAL;
    struct g722_enc *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->base.codec = &acodec_g722;
    int err = g722_init(
        &e->g, avcodec_find_encoder(AV_CODEC_ID_ADPCM_G722), (int)p->ptime_ms * RATE_HZ / 1000);
    if (err) {
        g722_enc_destroy(&e->base);
        return err;
    }
    *encp = &e->base;
    return 0;
}

static int g722_encode(
    struct acodec_enc *enc, const int16_t *pcm, size_t n, uint8_t *out, size_t cap)
{
    struct g722 *g = &((struct g722_enc *)enc)->g;
    if (n != (size_t)g->ctx->frame_size)
        return -EINVAL;
    if (n / 2 > cap)
        return -ENOSPC;
    AVFrame *f = g->frame;
    memcpy(g->samples->data, pcm, n * sizeof *pcm);
    f->nb_samples = (int)n;
    f->format = AV_SAMPLE_FMT_S16;
    f->sample_rate = RATE_HZ;
    f->ch_layout = g->ctx->ch_layout;
    int err = lend_frame(g->ctx, f, 0);
    if (err == 0)
        err = avcodec_send_frame(g->ctx, f);
    av_frame_unref(f);
    if (err == 0)
        err = avcodec_receive_packet(g->ctx, g->pkt);
    if (err)
        return err == AVERROR(ENOMEM) ? -ENOMEM : -EINVAL;
    int len = g->pkt->size;
    memcpy(out, g->pkt->data, (size_t)len);
    av_packet_unref(g->pkt);
    return len;
}

static void g722_dec_destroy(struct acodec_dec *dec)
{
    if (!dec)
        return;
    struct g722_dec *d = (struct g722_dec *)dec;
    plc_destroy(d->plc);
    g722_fini(&d->g);
    free(d);
}

static int g722_dec_create(struct acodec_dec **decp)
{
    struct g722_dec *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->base.codec = &acodec_g722;
    int err = plc_create(&d->plc, RATE_HZ);
    if (err == 0)
        err = g722_init(&d->g, avcodec_find_decoder(AV_CODEC_ID_ADPCM_G722), 0);
    if (err) {
        g722_dec_destroy(&d->base);
        return err;
    }
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
    struct g722 *g = &d->g;
    int n = g722_packet_samples(pkt, len);
    if (n < 0 || (size_t)n > cap)
        return -EINVAL;
    memcpy(g->bytes->data, pkt, len);
    g->pkt->size = (int)len;
    int err = lend_packet(g->ctx, g->pkt, 0);
    if (err == 0)
        err = avcodec_send_packet(g->ctx, g->pkt);
    av_packet_unref(g->pkt);
    if (err == 0)
        err = avcodec_receive_frame(g->ctx, g->frame);
    if (err)
        return err == AVERROR(ENOMEM) ? -ENOMEM : -EINVAL;
    if (g->frame->nb_samples < n)
        n = g->frame->nb_samples;
    memcpy(pcm, g->frame->data[0], (size_t)n * sizeof *pcm);
    av_frame_unref(g->frame);
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
    .enc_create = g722_enc_create,
    .encode = g722_encode,
    .enc_destroy = g722_enc_destroy,
    .dec_create = g722_dec_create,
    .decode = g722_decode,
    .conceal = g722_conceal,
    .dec_destroy = g722_dec_destroy,
    .packet_samples = g722_packet_samples,
};
