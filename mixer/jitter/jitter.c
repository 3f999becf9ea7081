#include "mixer/jitter/jitter.h"

#include "mixer/jitter/playout.h"
#include "mixer/jitter/rtp_timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_MAX_DELAY_MS = 200,
    MOST_DELAY_MS = 2000,
    LEAST_CEILING_MS = 40, /* two frames: below, some phases of packets to ticks have no room */
    STRAGGLERS = 64,       /* packets behind the newest that cannot be the start of another codec */
};
static const uint64_t MOST_TIME_US = (uint64_t)1 << 48; /* far enough from any overflow */

/* What a stream needs, made with its first packet: who never sends costs next to nothing. */
struct stream {
    struct rtp_timeline timeline;
    struct packet_queue *queue;
    struct delay_target *target;
    struct stream_decoder *decoder;
    struct playout playout;
};

struct jitter {
    struct jitter_config cfg;
    struct jitter_stats stats;
    uint64_t pulled_us;    /* when the last frame was asked for */
    struct stream *stream; /* NULL until a packet came */
};

static void stream_destroy(struct stream *s)
{
    if (!s)
        return;
    packet_queue_destroy(s->queue);
    delay_target_destroy(s->target);
    stream_decoder_destroy(s->decoder);
    free(s);
}

static int stream_create(struct stream **sp, struct jitter *j)
{
    struct delay_target_config target = {j->cfg.min_delay_ms * 1000, j->cfg.max_delay_ms * 1000};
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    if (packet_queue_create(&s->queue) < 0 || delay_target_create(&s->target, &target) < 0) {
        stream_destroy(s);
        return -ENOMEM;
    }
    rtp_timeline_init(&s->timeline);
    s->playout.queue = s->queue;
    s->playout.target = s->target;
    s->playout.stats = &j->stats;
    s->playout.max_delay_us = target.max_delay_us;
    playout_init(&s->playout);
    *sp = s;
    return 0;
}

int jitter_create(struct jitter **jp, const struct jitter_config *cfg)
{
    struct jitter_config c = *cfg;
    if (c.max_delay_ms == 0)
        c.max_delay_ms = DEFAULT_MAX_DELAY_MS;
    if (c.max_delay_ms > MOST_DELAY_MS || c.min_delay_ms > c.max_delay_ms)
        return -EINVAL;
    if (c.max_delay_ms < LEAST_CEILING_MS)
        c.max_delay_ms = LEAST_CEILING_MS;
    struct jitter *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->cfg = c;
    *jp = j;
    return 0;
}

void jitter_destroy(struct jitter *j)
{
    if (!j)
        return;
    stream_destroy(j->stream);
    free(j);
}

/* --- packets in ----------------------------------------------------------------------------- */
static const struct acodec *codec_of(const struct stream *s)
{
    return s && s->decoder ? stream_decoder_codec(s->decoder) : NULL;
}

/* What p is on the time line; -EINVAL, or -ETIME for a straggler of a codec that is gone. */
static int describe(
    const struct stream *s, const struct jitter_packet *p, struct rtp_timeline_packet *out)
{
    const struct acodec *current = codec_of(s), *codec = p->codec ? p->codec : current;
    int duration = 0;
    if (!codec || p->len == 0 || p->len > ACODEC_MAX_PACKET_BYTES)
        return -EINVAL;
    if (p->codec && (duration = stream_decoder_duration(codec, p->payload, p->len)) <= 0)
        return -EINVAL;
    int behind = current ? (int16_t)((uint16_t)s->timeline.seq - p->seq) : 0;
    if (codec != current && behind > 0 && behind < STRAGGLERS)
        return -ETIME;
    *out = (struct rtp_timeline_packet){
        .seq = p->seq,
        .timestamp = p->timestamp,
        .clock_hz = codec->rtp_clock_hz,
        .duration = (uint32_t)duration,
        .arrival_us = p->arrival_us < MOST_TIME_US ? p->arrival_us : MOST_TIME_US,
        .marker = p->marker,
    };
    return 0;
}

/* Another stream, or the first one, or the same one in another codec. */
static int begin_stream(struct jitter *j, const struct acodec *codec)
{
    struct stream *s = j->stream;
    if (codec && codec != codec_of(s)) {
        struct stream_decoder *decoder;
        int e = stream_decoder_create(&decoder, codec);
        if (e < 0)
            return e;
        j->stats.resets += s->decoder != NULL;
        stream_decoder_destroy(s->decoder);
        s->decoder = decoder;
        delay_target_fec_possible(s->target, codec->decode_fec != NULL);
    } else {
        j->stats.resets++;
    }
    packet_queue_clear(s->queue);
    playout_restart(&s->playout, s->decoder);
    return 0;
}

/* Finds p's place, and begins a new stream if it has none in the old one. */
static int place(struct jitter *j, const struct jitter_packet *p,
    const struct rtp_timeline_packet *packet, struct rtp_timeline_place *at)
{
    struct stream *s = j->stream;
    struct rtp_timeline before = s->timeline;
    enum rtp_timeline_verdict verdict =
        rtp_timeline_put(&s->timeline, packet, delay_target_median_us(s->target), at);
    if (verdict == RTP_TIMELINE_DOUBT)
        return -EINVAL;
    if (verdict == RTP_TIMELINE_FITS && (!p->codec || p->codec == codec_of(s))) {
        j->stats.reordered += at->seq < before.seq;
        return 0;
    }
    int e = begin_stream(j, p->codec);
    if (e < 0)
        s->timeline = before;
    return e;
}

static int enqueue(struct jitter *j, const struct jitter_packet *p,
    const struct rtp_timeline_packet *packet, const struct rtp_timeline_place *at)
{
    struct stream *s = j->stream;
    struct queued_packet q = {
        .seq = at->seq,
        .pos = at->pos,
        /* What the last frame could not have, came after it, whatever its time stamp says. */
        .arrival_us = packet->arrival_us > j->pulled_us ? packet->arrival_us : j->pulled_us,
        .duration = packet->duration,
        .len = (uint16_t)p->len,
        .noise = !p->codec,
    };
    int64_t transit = rtp_timeline_transit(q.arrival_us, q.pos);
    bool past = !q.noise && playout_is_past(&s->playout, q.pos + q.duration);
    int e = past ? -ETIME : packet_queue_put(s->queue, &q, p->payload);
    if (e == -EEXIST)
        return e;
    if (!q.noise) {
        delay_target_arrival(s->target, transit, q.arrival_us);
        s->playout.last_transit_us = transit;
        s->playout.packet_samples = q.duration;
    }
    if (e == -ETIME)
        delay_target_late(s->target);
    j->stats.discarded += e > 0 ? (uint64_t)e : 0;
    return e > 0 ? -ENOBUFS : e;
}

int jitter_put(struct jitter *j, const struct jitter_packet *p)
{
    struct rtp_timeline_packet packet;
    struct rtp_timeline_place at;
    j->stats.received++;
    int e = describe(j->stream, p, &packet);
    if (e == 0 && !j->stream)
        e = stream_create(&j->stream, j);
    if (e == 0)
        e = place(j, p, &packet, &at);
    if (e == 0)
        e = enqueue(j, p, &packet, &at);
    if (e == -EEXIST)
        j->stats.duplicate++;
    else if (e == -ETIME)
        j->stats.late++;
    else if (e < 0 && e != -ENOBUFS)
        j->stats.discarded++;
    return e;
}

/* --- frames out ----------------------------------------------------------------------------- */
/* Time that does not go back. */
static uint64_t forward(struct jitter *j, uint64_t now_us)
{
    now_us = now_us < MOST_TIME_US ? now_us : MOST_TIME_US;
    j->pulled_us = now_us > j->pulled_us ? now_us : j->pulled_us;
    return j->pulled_us;
}

enum jitter_kind jitter_pull(struct jitter *j, uint64_t now_us, int16_t pcm[static 960])
{
    now_us = forward(j, now_us);
    if (jitter_idle(j, now_us)) {
        memset(pcm, 0, PLAYOUT_FRAME * sizeof *pcm);
        return JITTER_SILENT;
    }
    return playout_frame(&j->stream->playout, now_us, pcm);
}

void jitter_skip(struct jitter *j, uint64_t now_us)
{
    now_us = forward(j, now_us);
    if (!jitter_idle(j, now_us))
        playout_frame(&j->stream->playout, now_us, NULL);
}

bool jitter_idle(const struct jitter *j, uint64_t now_us)
{
    (void)now_us;
    return !j->stream || !j->stream->decoder || playout_idle(&j->stream->playout);
}

void jitter_stats(const struct jitter *j, struct jitter_stats *out)
{
    *out = j->stats;
}
