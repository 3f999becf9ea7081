#include "codecs/acodec.h"

#include <strings.h>

const struct acodec *const acodecs[] = {
    &acodec_opus,
    &acodec_g722,
    &acodec_pcma,
    &acodec_pcmu,
    &acodec_l16_48000,
    &acodec_l16_44100,
    &acodec_l16_16000,
    &acodec_l16_8000,
    NULL,
};

const struct acodec *acodec_find(const char *name, uint32_t rtp_clock_hz, unsigned channels)
{
    if (channels == 0)
        channels = 1;
    for (size_t i = 0; acodecs[i]; i++) {
        const struct acodec *c = acodecs[i];
        if (c->rtp_clock_hz == rtp_clock_hz && c->sdp_channels == channels &&
            strcasecmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

uint32_t acodec_rtp_ticks(const struct acodec *c, uint32_t pcm_samples)
{
    return (uint32_t)((uint64_t)pcm_samples * c->rtp_clock_hz / c->pcm_rate_hz);
}
