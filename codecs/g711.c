#include "codecs/acodec.h"
#include "codecs/plc.h"

#include <errno.h>
#include <stdlib.h>

/* G.711: a byte a sample at 8000 Hz (RFC 3551, 4.5.14). Both laws share everything but the
 * companding of one sample. */

enum { RATE_HZ = 8000, MAX_SAMPLES = RATE_HZ * 120 / 1000 };

struct g711_enc {
    struct acodec_enc base;
    size_t frame_samples;
};

struct g711_dec {
    struct acodec_dec base;
    struct plc *plc;
};

static const int16_t ulaw_to_pcm[256] = {-32124, -31100, -30076, -29052, -28028, -27004, -25980,
    -24956, -23932, -22908, -21884, -20860, -19836, -18812, -17788, -16764, -15996, -15484, -14972,
    -14460, -13948, -13436, -12924, -12412, -11900, -11388, -10876, -10364, -9852, -9340, -8828,
    -8316, -7932, -7676, -7420, -7164, -6908, -6652, -6396, -6140, -5884, -5628, -5372, -5116,
    -4860, -4604, -4348, -4092, -3900, -3772, -3644, -3516, -3388, -3260, -3132, -3004, -2876,
    -2748, -2620, -2492, -2364, -2236, -2108, -1980, -1884, -1820, -1756, -1692, -1628, -1564,
    -1500, -1436, -1372, -1308, -1244, -1180, -1116, -1052, -988, -924, -876, -844, -812, -780,
    -748, -716, -684, -652, -620, -588, -556, -524, -492, -460, -428, -396, -372, -356, -340, -324,
    -308, -292, -276, -260, -244, -228, -212, -196, -180, -164, -148, -132, -120, -112, -104, -96,
    -88, -80, -72, -64, -56, -48, -40, -32, -24, -16, -8, 0, 32124, 31100, 30076, 29052, 28028,
    27004, 25980, 24956, 23932, 22908, 21884, 20860, 19836, 18812, 17788, 16764, 15996, 15484,
    14972, 14460, 13948, 13436, 12924, 12412, 11900, 11388, 10876, 10364, 9852, 9340, 8828, 8316,
    7932, 7676, 7420, 7164, 6908, 6652, 6396, 6140, 5884, 5628, 5372, 5116, 4860, 4604, 4348, 4092,
    3900, 3772, 3644, 3516, 3388, 3260, 3132, 3004, 2876, 2748, 2620, 2492, 2364, 2236, 2108, 1980,
    1884, 1820, 1756, 1692, 1628, 1564, 1500, 1436, 1372, 1308, 1244, 1180, 1116, 1052, 988, 924,
    876, 844, 812, 780, 748, 716, 684, 652, 620, 588, 556, 524, 492, 460, 428, 396, 372, 356, 340,
    324, 308, 292, 276, 260, 244, 228, 212, 196, 180, 164, 148, 132, 120, 112, 104, 96, 88, 80, 72,
    64, 56, 48, 40, 32, 24, 16, 8, 0};

static const int16_t alaw_to_pcm[256] = {-5504, -5248, -6016, -5760, -4480, -4224, -4992, -4736,
    -7552, -7296, -8064, -7808, -6528, -6272, -7040, -6784, -2752, -2624, -3008, -2880, -2240,
    -2112, -2496, -2368, -3776, -3648, -4032, -3904, -3264, -3136, -3520, -3392, -22016, -20992,
    -24064, -23040, -17920, -16896, -19968, -18944, -30208, -29184, -32256, -31232, -26112, -25088,
    -28160, -27136, -11008, -10496, -12032, -11520, -8960, -8448, -9984, -9472, -15104, -14592,
    -16128, -15616, -13056, -12544, -14080, -13568, -344, -328, -376, -360, -280, -264, -312, -296,
    -472, -456, -504, -488, -408, -392, -440, -424, -88, -72, -120, -104, -24, -8, -56, -40, -216,
    -200, -248, -232, -152, -136, -184, -168, -1376, -1312, -1504, -1440, -1120, -1056, -1248,
    -1184, -1888, -1824, -2016, -1952, -1632, -1568, -1760, -1696, -688, -656, -752, -720, -560,
    -528, -624, -592, -944, -912, -1008, -976, -816, -784, -880, -848, 5504, 5248, 6016, 5760, 4480,
    4224, 4992, 4736, 7552, 7296, 8064, 7808, 6528, 6272, 7040, 6784, 2752, 2624, 3008, 2880, 2240,
    2112, 2496, 2368, 3776, 3648, 4032, 3904, 3264, 3136, 3520, 3392, 22016, 20992, 24064, 23040,
    17920, 16896, 19968, 18944, 30208, 29184, 32256, 31232, 26112, 25088, 28160, 27136, 11008,
    10496, 12032, 11520, 8960, 8448, 9984, 9472, 15104, 14592, 16128, 15616, 13056, 12544, 14080,
    13568, 344, 328, 376, 360, 280, 264, 312, 296, 472, 456, 504, 488, 408, 392, 440, 424, 88, 72,
    120, 104, 24, 8, 56, 40, 216, 200, 248, 232, 152, 136, 184, 168, 1376, 1312, 1504, 1440, 1120,
    1056, 1248, 1184, 1888, 1824, 2016, 1952, 1632, 1568, 1760, 1696, 688, 656, 752, 720, 560, 528,
    624, 592, 944, 912, 1008, 976, 816, 784, 880, 848};

static int top_bit(unsigned x)
{
    return 31 - __builtin_clz(x);
}

/* Both laws: a sign, three bits for the segment (an octave), four for the place in it; stored
 * inverted (mu) or with every other bit inverted (A). */
static uint8_t ulaw_from_pcm(int16_t pcm)
{
    enum { BIAS = 132, CLIP = 32635 };
    unsigned magnitude = (unsigned)abs(pcm);
    magnitude = (magnitude > CLIP ? CLIP : magnitude) + BIAS;
    int segment = top_bit(magnitude) - 7;
    unsigned code = (unsigned)segment << 4 | (magnitude >> (segment + 3) & 15);
    return (uint8_t) ~(code | (pcm < 0 ? 0x80U : 0));
}

static uint8_t alaw_from_pcm(int16_t pcm)
{
    unsigned magnitude = (unsigned)(pcm < 0 ? ~pcm : pcm);
    int segment = magnitude < 256 ? 0 : top_bit(magnitude) - 7;
    unsigned code = (unsigned)segment << 4 | (magnitude >> (segment ? segment + 3 : 4) & 15);
    return (uint8_t)((code | (pcm < 0 ? 0 : 0x80U)) ^ 0x55U);
}

static int enc_create(
    const struct acodec *codec, struct acodec_enc **encp, const struct acodec_params *p)
{
    if (p->ptime_ms < 10 || p->ptime_ms > 60 || p->channels != 1)
        return -EINVAL;
    struct g711_enc *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->base.codec = codec;
    e->frame_samples = (size_t)p->ptime_ms * RATE_HZ / 1000;
    *encp = &e->base;
    return 0;
}

static int pcmu_enc_create(struct acodec_enc **encp, const struct acodec_params *p)
{
    return enc_create(&acodec_pcmu, encp, p);
}

static int pcma_enc_create(struct acodec_enc **encp, const struct acodec_params *p)
{
    return enc_create(&acodec_pcma, encp, p);
}

static int g711_encode(
    struct acodec_enc *enc, const int16_t *pcm, size_t n, uint8_t *out, size_t cap)
{
    const struct g711_enc *e = (const struct g711_enc *)enc;
    if (n != e->frame_samples)
        return -EINVAL;
    if (n > cap)
        return -ENOSPC;
    if (enc->codec == &acodec_pcmu)
        for (size_t i = 0; i < n; i++)
            out[i] = ulaw_from_pcm(pcm[i]);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = alaw_from_pcm(pcm[i]);
    return (int)n;
}

static void g711_enc_destroy(struct acodec_enc *enc)
{
    free(enc);
}

static int dec_create(const struct acodec *codec, struct acodec_dec **decp)
{
    struct g711_dec *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    int err = plc_create(&d->plc, RATE_HZ);
    if (err) {
        free(d);
        return err;
    }
    d->base.codec = codec;
    *decp = &d->base;
    return 0;
}

static int pcmu_dec_create(struct acodec_dec **decp)
{
    return dec_create(&acodec_pcmu, decp);
}

static int pcma_dec_create(struct acodec_dec **decp)
{
    return dec_create(&acodec_pcma, decp);
}

static int g711_packet_samples(const uint8_t *pkt, size_t len)
{
    (void)pkt;
    return len == 0 || len > MAX_SAMPLES ? -EINVAL : (int)len;
}

static int g711_decode(
    struct acodec_dec *dec, const uint8_t *pkt, size_t len, int16_t *pcm, size_t cap)
{
    struct g711_dec *d = (struct g711_dec *)dec;
    int n = g711_packet_samples(pkt, len);
    if (n < 0 || (size_t)n > cap)
        return -EINVAL;
    const int16_t *table = dec->codec == &acodec_pcmu ? ulaw_to_pcm : alaw_to_pcm;
    for (int i = 0; i < n; i++)
        pcm[i] = table[pkt[i]];
    plc_good(d->plc, pcm, (size_t)n);
    return n;
}

static int g711_conceal(struct acodec_dec *dec, int16_t *pcm, size_t n)
{
    plc_conceal(((struct g711_dec *)dec)->plc, pcm, n);
    return (int)n;
}

static void g711_dec_destroy(struct acodec_dec *dec)
{
    if (!dec)
        return;
    plc_destroy(((struct g711_dec *)dec)->plc);
    free(dec);
}

const struct acodec acodec_pcmu = {
    .name = "PCMU",
    .static_pt = 0,
    .sdp_channels = 1,
    .rtp_clock_hz = RATE_HZ,
    .pcm_rate_hz = RATE_HZ,
    .enc_create = pcmu_enc_create,
    .encode = g711_encode,
    .enc_destroy = g711_enc_destroy,
    .dec_create = pcmu_dec_create,
    .decode = g711_decode,
    .conceal = g711_conceal,
    .dec_destroy = g711_dec_destroy,
    .packet_samples = g711_packet_samples,
};

const struct acodec acodec_pcma = {
    .name = "PCMA",
    .static_pt = 8,
    .sdp_channels = 1,
    .rtp_clock_hz = RATE_HZ,
    .pcm_rate_hz = RATE_HZ,
    .enc_create = pcma_enc_create,
    .encode = g711_encode,
    .enc_destroy = g711_enc_destroy,
    .dec_create = pcma_dec_create,
    .decode = g711_decode,
    .conceal = g711_conceal,
    .dec_destroy = g711_dec_destroy,
    .packet_samples = g711_packet_samples,
};
