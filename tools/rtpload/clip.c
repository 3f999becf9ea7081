#include "tools/rtpload/clip.h"

#include "tools/rtpload/voice.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static uint8_t level_of(const int16_t *pcm, size_t n)
{
    double energy = 0;
    for (size_t i = 0; i < n; i++)
        energy += (double)pcm[i] * pcm[i];
    double db = 10 * log10(energy / (double)n / (32768.0 * 32768.0) + 1e-13);
    return (uint8_t)fmin(127, fmax(0, -db));
}

static int clip_encode(struct clip *c, struct acodec_enc *enc, const int16_t *pcm, size_t frame)
{
    uint8_t *out = c->bytes;
    for (size_t i = 0; i < c->count; i++) {
        int len = c->codec->encode(enc, pcm + i * frame, frame, out, ACODEC_MAX_PACKET_BYTES);
        if (len < 0)
            return len;
        c->packets[i] = (struct clip_packet){out, (uint16_t)len, level_of(pcm + i * frame, frame)};
        out += len;
    }
    return 0;
}

int clip_create(
    struct clip *c, const struct acodec *codec, uint32_t ptime_ms, uint32_t seed, unsigned seconds)
{
    struct acodec_params params = {.ptime_ms = ptime_ms, .channels = 1, .complexity = 5};
    size_t frame = codec->pcm_rate_hz * ptime_ms / 1000;
    struct acodec_enc *enc = NULL;
    *c = (struct clip){.codec = codec, .ptime_ms = ptime_ms, .count = seconds * 1000 / ptime_ms};
    c->ticks = acodec_rtp_ticks(codec, (uint32_t)frame);
    int16_t *pcm = malloc(c->count * frame * sizeof *pcm);
    c->packets = calloc(c->count, sizeof *c->packets);
    c->bytes = malloc(c->count * ACODEC_MAX_PACKET_BYTES);
    int err = -ENOMEM;
    if (pcm == NULL || c->packets == NULL || c->bytes == NULL)
        goto out;
    err = voice_render(seed, codec->pcm_rate_hz, pcm, c->count * frame);
    if (err == 0)
        err = codec->enc_create(&enc, &params);
    if (err == 0)
        err = clip_encode(c, enc, pcm, frame);
    codec->enc_destroy(enc);
out:
    free(pcm);
    if (err != 0)
        clip_destroy(c);
    return err;
}

void clip_destroy(struct clip *c)
{
    free(c->packets);
    free(c->bytes);
    *c = (struct clip){0};
}
