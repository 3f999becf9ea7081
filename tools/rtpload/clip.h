#ifndef TOOLS_RTPLOAD_CLIP_H
#define TOOLS_RTPLOAD_CLIP_H

/* A made-up voice, encoded once into packets that talkers repeat for ever. */

#include "codecs/acodec.h"

struct clip_packet {
    uint8_t *data; /* inside the clip */
    uint16_t len;  /* 0: DTX, nothing is sent */
    uint8_t level; /* -dBov of its audio, 0 to 127 (RFC 6464) */
};

struct clip {
    const struct acodec *codec;
    uint32_t ptime_ms, ticks; /* RTP clock ticks a packet */
    size_t count;
    struct clip_packet *packets;
    uint8_t *bytes;
};

/* seconds of voice number seed. 0, -ENOMEM, or the encoder's error; *c is zeroed on error. */
int clip_create(
    struct clip *c, const struct acodec *codec, uint32_t ptime_ms, uint32_t seed, unsigned seconds);
void clip_destroy(struct clip *c);

#endif
