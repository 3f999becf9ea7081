#include "codecs/acodec.h"
#include "codecs/opus_fmtp.h"

#include <errno.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

/* Opus over libopus: RFC 6716 and 7587. Mono at 48 kHz on our side, whatever is in the packet. */

enum {
    RATE_HZ = 48000,
    QUANTUM = RATE_HZ / 400,             /* 2.5 ms: libopus conceals in multiples of it */
    MAX_FRAMES = 48,                     /* in a packet of 120 ms */
    MAX_BYTES = MAX_FRAMES * (1275 + 2), /* RFC 6716, 3.2.1 */
};

struct opus_enc {
    struct acodec_enc base;
    OpusEncoder *st;
    size_t frame_samples;
    struct acodec_params params; /* as last adapted */
};

struct opus_dec {
    struct acodec_dec base;
    OpusDecoder *st;
    bool celt_last; /* the last packet had no SILK part, so there is no state for FEC to go on from
                     */
};

static opus_int32 bandwidth_for(uint32_t playback_hz)
{
    if (playback_hz == 0 || playback_hz > 24000)
        return OPUS_BANDWIDTH_FULLBAND;
    if (playback_hz > 16000)
        return OPUS_BANDWIDTH_SUPERWIDEBAND;
    if (playback_hz > 12000)
        return OPUS_BANDWIDTH_WIDEBAND;
    return playback_hz > 8000 ? OPUS_BANDWIDTH_MEDIUMBAND : OPUS_BANDWIDTH_NARROWBAND;
}

static uint32_t clamp(uint32_t x, uint32_t min, uint32_t max)
{
    return x < min ? min : x > max ? max : x;
}

static void opus_enc_adapt(struct acodec_enc *enc, const struct acodec_params *p)
{
    struct opus_enc *e = (struct opus_enc *)enc;
    OpusEncoder *st = e->st;
    e->params = *p;
    uint32_t bps = p->bitrate_bps ? p->bitrate_bps : OPUS_DEFAULT_BPS;
    opus_encoder_ctl(st, OPUS_SET_BITRATE((opus_int32)clamp(bps, OPUS_MIN_BPS, OPUS_MAX_BPS)));
    opus_encoder_ctl(st, OPUS_SET_COMPLEXITY((opus_int32)clamp(p->complexity, 0, 10)));
    opus_encoder_ctl(st, OPUS_SET_PACKET_LOSS_PERC((opus_int32)clamp(p->loss_percent, 0, 100)));
    opus_encoder_ctl(st, OPUS_SET_INBAND_FEC(p->fec));
    opus_encoder_ctl(st, OPUS_SET_DTX(p->dtx));
    opus_encoder_ctl(st, OPUS_SET_VBR(!p->cbr));
    opus_encoder_ctl(st, OPUS_SET_MAX_BANDWIDTH(bandwidth_for(p->max_playback_hz)));
}

static int opus_enc_create(struct acodec_enc **encp, const struct acodec_params *p)
{
    uint32_t ms = p->ptime_ms;
    if ((ms != 10 && ms != 20 && ms != 40 && ms != 60) || p->channels != 1)
        return -EINVAL;
    struct opus_enc *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->st = opus_encoder_create(RATE_HZ, 1, OPUS_APPLICATION_VOIP, NULL);
    if (!e->st) {
        free(e);
        return -ENOMEM;
    }
    e->base.codec = &acodec_opus;
    e->frame_samples = (size_t)ms * RATE_HZ / 1000;
    opus_enc_adapt(&e->base, p);
    *encp = &e->base;
    return 0;
}

static int opus_enc_encode(
    struct acodec_enc *enc, const int16_t *pcm, size_t n, uint8_t *out, size_t cap)
{
    struct opus_enc *e = (struct opus_enc *)enc;
    if (n != e->frame_samples)
        return -EINVAL;
    if (cap > ACODEC_MAX_PACKET_BYTES)
        cap = ACODEC_MAX_PACKET_BYTES;
    int len = opus_encode(e->st, pcm, (int)n, out, (opus_int32)cap);
    if (len < 0)
        return len == OPUS_BUFFER_TOO_SMALL ? -ENOSPC : -EINVAL;
    return len <= 2 ? 0 : len; /* DTX: opus_encode says such a packet need not be sent */
}

/* libopus keeps an encoder in one piece of memory that may be copied as it is. */
static void opus_enc_copy(struct acodec_enc *to, const struct acodec_enc *from)
{
    struct opus_enc *e = (struct opus_enc *)to;
    const struct acodec_params own = e->params;
    memcpy(e->st, ((const struct opus_enc *)from)->st, (size_t)opus_encoder_get_size(1));
    opus_enc_adapt(to, &own);
}

static void opus_enc_destroy(struct acodec_enc *enc)
{
    if (!enc)
        return;
    opus_encoder_destroy(((struct opus_enc *)enc)->st);
    free(enc);
}

static int opus_dec_create(struct acodec_dec **decp)
{
    struct opus_dec *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->st = opus_decoder_create(RATE_HZ, 1, NULL);
    if (!d->st) {
        free(d);
        return -ENOMEM;
    }
    d->base.codec = &acodec_opus;
    *decp = &d->base;
    return 0;
}

static void opus_dec_destroy(struct acodec_dec *dec)
{
    if (!dec)
        return;
    opus_decoder_destroy(((struct opus_dec *)dec)->st);
    free(dec);
}

static int opus_packet_samples(const uint8_t *pkt, size_t len)
{
    if (len == 0 || len > MAX_BYTES)
        return -EINVAL;
    int n = opus_packet_get_nb_samples(pkt, (opus_int32)len, RATE_HZ);
    return n <= 0 ? -EINVAL : n;
}

static bool has_silk(const uint8_t *pkt)
{
    return (pkt[0] & 0x80) == 0; /* RFC 6716, table 2: configurations 0 to 15 */
}

static int opus_dec_decode(
    struct acodec_dec *dec, const uint8_t *pkt, size_t len, int16_t *pcm, size_t cap)
{
    struct opus_dec *d = (struct opus_dec *)dec;
    int expected = opus_packet_samples(pkt, len);
    if (expected < 0 || (size_t)expected > cap)
        return -EINVAL;
    int n = opus_decode(d->st, pkt, (opus_int32)len, pcm, expected, 0);
    if (n <= 0)
        return -EINVAL;
    d->celt_last = !has_silk(pkt);
    return n;
}

/* Whole multiples of 2.5 ms; an odd rest is cut from one more. */
static int opus_dec_conceal(struct acodec_dec *dec, int16_t *pcm, size_t n)
{
    OpusDecoder *st = ((struct opus_dec *)dec)->st;
    size_t done = 0;
    while (done < n) {
        int16_t rest[QUANTUM];
        size_t left = n - done;
        size_t step = left > ACODEC_MAX_SAMPLES ? ACODEC_MAX_SAMPLES : left - left % QUANTUM;
        int got = opus_decode(st, NULL, 0, step ? pcm + done : rest, step ? (int)step : QUANTUM, 0);
        if (step == 0) {
            step = left;
            memcpy(pcm + done, rest, left * sizeof *pcm);
        }
        if (got <= 0)
            memset(pcm + done, 0, step * sizeof *pcm);
        done += step;
    }
    return (int)n;
}

/* Samples of the first frame when it carries a redundant copy of what was before it, else 0. A SILK
 * frame begins with bits of even odds, so they can be read off without the range decoder: for each
 * channel a voice activity bit per 20 ms (or 10) and then the LBRR flag (RFC 6716, 4.2.3). */
static int fec_samples(const uint8_t *pkt, size_t len)
{
    const uint8_t *frames[MAX_FRAMES];
    opus_int16 sizes[MAX_FRAMES];
    if (opus_packet_samples(pkt, len) < 0 || !has_silk(pkt))
        return 0;
    int count = opus_packet_parse(pkt, (opus_int32)len, NULL, frames, sizes, NULL);
    if (count <= 0 || sizes[0] <= 1)
        return 0;
    int samples = opus_packet_get_samples_per_frame(pkt, RATE_HZ);
    int silk_frames = samples > RATE_HZ / 50 ? samples / (RATE_HZ / 50) : 1;
    unsigned bits = frames[0][0];
    bool lbrr = bits >> (7 - silk_frames) & 1;
    if (opus_packet_get_nb_channels(pkt) == 2)
        lbrr = lbrr || (bits >> (6 - 2 * silk_frames) & 1);
    return lbrr ? samples : 0;
}

static int opus_dec_decode_fec(
    struct acodec_dec *dec, const uint8_t *pkt, size_t len, int16_t *pcm, size_t n)
{
    struct opus_dec *d = (struct opus_dec *)dec;
    int frame = fec_samples(pkt, len);
    if (frame == 0 || d->celt_last || n == 0 || n > ACODEC_MAX_SAMPLES)
        return -ENOENT;
    /* libopus wants room for the whole copy and puts concealment before it if there is more. */
    int16_t all[ACODEC_MAX_SAMPLES];
    size_t want = n > (size_t)frame ? (n + QUANTUM - 1) / QUANTUM * QUANTUM : (size_t)frame;
    int got = opus_decode(d->st, pkt, (opus_int32)len, all, (int)want, 1);
    if (got < 0 || (size_t)got < n)
        return -ENOENT;
    memcpy(pcm, all + ((size_t)got - n), n * sizeof *pcm);
    return (int)n;
}

const struct acodec acodec_opus = {
    .name = "opus",
    .static_pt = ACODEC_PT_DYNAMIC,
    .sdp_channels = 2,
    .rtp_clock_hz = RATE_HZ,
    .pcm_rate_hz = RATE_HZ,
    .fmtp_parse = opus_fmtp_parse,
    .fmtp_print = opus_fmtp_print,
    .enc_create = opus_enc_create,
    .encode = opus_enc_encode,
    .enc_adapt = opus_enc_adapt,
    .enc_copy = opus_enc_copy,
    .enc_destroy = opus_enc_destroy,
    .dec_create = opus_dec_create,
    .decode = opus_dec_decode,
    .conceal = opus_dec_conceal,
    .decode_fec = opus_dec_decode_fec,
    .dec_destroy = opus_dec_destroy,
    .packet_samples = opus_packet_samples,
};
