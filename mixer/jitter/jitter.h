#ifndef MIXER_JITTER_JITTER_H
#define MIXER_JITTER_JITTER_H

/* Adaptive jitter buffer: packets and time in, PCM at the mixer's rate out. It estimates the
 * arrival-delay distribution, grows at once and shrinks smoothly (time-stretch or dropped silence),
 * conceals losses (Opus in-band FEC first), fills DTX gaps with comfort noise and absorbs the
 * sender's clock drift. Pure: time is passed in. [loop] One stream an instance. */

#include "codecs/acodec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jitter;

struct jitter_config {
    uint32_t min_delay_ms; /* default 0 */
    uint32_t max_delay_ms; /* ceiling of the buffer's delay, default 200, 40 at least */
};

struct jitter_packet {
    uint16_t seq;
    uint32_t timestamp;         /* in the codec's RTP clock */
    const struct acodec *codec; /* NULL: the payload is comfort noise (RFC 3389) */
    const uint8_t *payload;     /* copied */
    size_t len;
    uint64_t arrival_us; /* monotonic */
    bool marker;
};

enum jitter_kind { /* what a pull gave */
    JITTER_SILENT, /* nothing known of the stream: digital silence, nothing was computed */
    JITTER_SPEECH,
    JITTER_CONCEALED, /* at least part of the frame was made up for a loss */
    JITTER_NOISE,     /* comfort noise or a DTX gap */
};

struct jitter_stats {
    uint64_t received, late, duplicate, reordered, discarded, fec_used, resets;    /* packets */
    uint64_t concealed_samples, played_samples, inserted_samples, removed_samples; /* at 48 kHz */
    uint32_t delay_ms;             /* now held in the buffer */
    uint32_t target_ms;            /* aimed at */
    uint64_t delay_sum_ms_samples; /* sum over played samples, for a mean: / played_samples */
};

/* 0 and a buffer the caller owns, or -ENOMEM, -EINVAL. Decoders are made with the first packet. */
int jitter_create(struct jitter **jp, const struct jitter_config *cfg);
void jitter_destroy(struct jitter *j); /* NULL is a no-op */

/* 0, or -EEXIST duplicate, -ETIME too late, -EINVAL malformed (or one that fits nowhere; when the
 * next one follows it, they are a new stream), -ENOBUFS stored, but older ones had to make room,
 * -ENOMEM. Counted; never fatal. Jumps of sequence or timestamp and codec changes are taken as a
 * new stream. */
int jitter_put(struct jitter *j, const struct jitter_packet *p);

/* The next 20 ms at 48 kHz mono (960 samples). */
enum jitter_kind jitter_pull(struct jitter *j, uint64_t now_us, int16_t pcm[static 960]);
/* 20 ms pass without decoding (the stream is not among the speakers). */
void jitter_skip(struct jitter *j, uint64_t now_us);
/* True when a pull would give JITTER_SILENT: nothing buffered, and nothing came for a while. */
bool jitter_idle(const struct jitter *j, uint64_t now_us);

void jitter_stats(const struct jitter *j, struct jitter_stats *out);

#endif
