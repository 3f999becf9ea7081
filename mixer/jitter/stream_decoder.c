#include "mixer/jitter/stream_decoder.h"

#include "codecs/comfort_noise.h"
#include "codecs/resample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MS = 20, /* what the resampler is given at once: it never needs more memory than that */
    MAX_UPSAMPLING = 6, /* 8000 to 48000 Hz */
    NOISE_SEED = 0x6d697363,
};

struct stream_decoder {
    const struct acodec *codec;
    struct acodec_dec *dec;
    struct resample *resample; /* NULL: the codec gives 48 kHz */
    struct comfort_noise_gen noise;
};

void stream_decoder_destroy(struct stream_decoder *d)
{
    if (!d)
        return;
    if (d->dec)
        d->codec->dec_destroy(d->dec);
    resample_destroy(d->resample);
    free(d);
}

int stream_decoder_create(struct stream_decoder **dp, const struct acodec *codec)
{
    struct stream_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->codec = codec;
    int e = codec->dec_create(&d->dec);
    if (e == 0 && codec->pcm_rate_hz != STREAM_DECODER_HZ)
        e = resample_create(&d->resample, codec->pcm_rate_hz, STREAM_DECODER_HZ);
    if (e < 0) {
        stream_decoder_destroy(d);
        return e;
    }
    comfort_noise_gen_init(&d->noise, codec->pcm_rate_hz, STREAM_DECODER_HZ, NOISE_SEED);
    *dp = d;
    return 0;
}

const struct acodec *stream_decoder_codec(const struct stream_decoder *d)
{
    return d->codec;
}

/* n samples at the codec's rate into out at 48 kHz. */
static int deliver(struct stream_decoder *d, const int16_t *pcm, int n, int16_t *out, size_t cap)
{
    if (n < 0 || !d->resample)
        return n;
    size_t piece = d->codec->pcm_rate_hz * PIECE_MS / 1000, total = 0;
    for (size_t done = 0; done < (size_t)n; done += piece) {
        size_t in = (size_t)n - done < piece ? (size_t)n - done : piece;
        int got = resample_run(d->resample, pcm + done, in, out + total, cap - total);
        if (got < 0)
            return got;
        total += (size_t)got;
    }
    return (int)total;
}

/* Samples of the codec in n at 48 kHz, rounded up. */
static size_t codec_samples(const struct stream_decoder *d, size_t n)
{
    uint64_t scaled = (uint64_t)n * d->codec->pcm_rate_hz;
    return (size_t)((scaled + STREAM_DECODER_HZ - 1) / STREAM_DECODER_HZ);
}

int stream_decoder_decode(
    struct stream_decoder *d, const uint8_t *payload, size_t len, int16_t *out, size_t cap)
{
    int16_t pcm[ACODEC_MAX_SAMPLES];
    if (!d->resample)
        return d->codec->decode(
            d->dec, payload, len, out, cap < ACODEC_MAX_SAMPLES ? cap : ACODEC_MAX_SAMPLES);
    size_t most = codec_samples(d, ACODEC_MAX_SAMPLES);
    int n = d->codec->decode(d->dec, payload, len, pcm, most);
    return deliver(d, pcm, n, out, cap);
}

int stream_decoder_fec(struct stream_decoder *d, const uint8_t *payload, size_t len, size_t n,
    int16_t *out, size_t cap)
{
    int16_t pcm[ACODEC_MAX_SAMPLES];
    if (!d->codec->decode_fec || n > cap || n > ACODEC_MAX_SAMPLES)
        return -ENOENT;
    if (!d->resample)
        return d->codec->decode_fec(d->dec, payload, len, out, n);
    int got = d->codec->decode_fec(d->dec, payload, len, pcm, codec_samples(d, n));
    return deliver(d, pcm, got, out, cap);
}

int stream_decoder_conceal(struct stream_decoder *d, size_t n, int16_t *out, size_t cap)
{
    int16_t pcm[ACODEC_MAX_SAMPLES];
    n = n < cap ? n : cap;
    n = n < ACODEC_MAX_SAMPLES ? n : ACODEC_MAX_SAMPLES;
    if (!d->resample)
        return d->codec->conceal(d->dec, out, n);
    int16_t made[ACODEC_MAX_SAMPLES + MAX_UPSAMPLING]; /* n may end within a sample of the codec */
    int got = d->codec->conceal(d->dec, pcm, codec_samples(d, n));
    got = deliver(d, pcm, got, made, sizeof made / sizeof *made);
    if (got > (int)n)
        got = (int)n;
    if (got > 0)
        memcpy(out, made, (size_t)got * sizeof *out);
    return got;
}

int stream_decoder_set_noise(struct stream_decoder *d, const uint8_t *payload, size_t len)
{
    struct comfort_noise_params params;
    int e = comfort_noise_parse(payload, len, &params);
    if (e == 0)
        comfort_noise_gen_set(&d->noise, &params);
    return e;
}

void stream_decoder_noise(struct stream_decoder *d, size_t n, int16_t *out)
{
    comfort_noise_render(&d->noise, out, n);
}

int stream_decoder_duration(const struct acodec *codec, const uint8_t *payload, size_t len)
{
    int n = codec->packet_samples(payload, len);
    if (n <= 0)
        return -EINVAL;
    int64_t samples = (int64_t)n * STREAM_DECODER_HZ / codec->pcm_rate_hz;
    return samples > ACODEC_MAX_SAMPLES ? -EINVAL : (int)samples;
}
