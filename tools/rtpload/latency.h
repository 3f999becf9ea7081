#ifndef TOOLS_RTPLOAD_LATENCY_H
#define TOOLS_RTPLOAD_LATENCY_H

/* Latency from network to network: from the packet that goes in with a piece of voice to the packet
 * that comes out with the same piece. Both are decoded here, and windows of what came out are
 * looked for in what went in. The talker's packetization and its encoder, and the listener's jitter
 * buffer and playout, are no part of it; the encoder's look-ahead in between is. */

#include "tools/rtpload/peer.h"

struct track_packet {
    size_t at, len; /* payload, in bytes */
    uint32_t ts;
    int64_t at_us;
};
/* The packets of one stream, kept. */
struct track {
    const struct acodec *codec;
    struct track_packet *packets;
    uint8_t *bytes;
    size_t count, cap, used, size;
};

struct latency_result {
    unsigned windows, matched;        /* matched: correlation of 0.6 or more */
    double min_ms, median_ms, max_ms; /* of the matched ones */
};

/* 0 or -ENOMEM. */
int track_add(struct track *t, const struct peer_packet *packet);
void track_fini(struct track *t);
/* Decodes a track, gaps as silence, to 8000 Hz. The caller frees *pcm. Fills *origin_us with the
 * time at which sample 0 was on the wire (median over the packets). Samples, or -ENOMEM, -ENODATA.
 */
int track_decode(const struct track *t, int16_t **pcm, int64_t *origin_us);
/* 0, -ENOMEM or -ENODATA (one of the tracks is empty). */
int latency_measure(const struct track *in, const struct track *out, struct latency_result *result);

#endif
