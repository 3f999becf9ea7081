#include "mixer/jitter/rtp_timeline.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_BEHIND = 100,       /* packets a straggler may be behind */
    MAX_AHEAD = 100,        /* packets that may be missing without a look at the clock */
    TOLERANCE_US = 1000000, /* that timestamps and arrivals may disagree by */
    DRIFT_SHARE = 1000,     /* and this share of the pause between them */
    NEW_STREAM_GAP = 1000,  /* sequence numbers between two streams on the line */
};

void rtp_timeline_init(struct rtp_timeline *t)
{
    memset(t, 0, sizeof *t);
}

int64_t rtp_timeline_us(int64_t samples)
{
    return samples * 125 / 6;
}

int64_t rtp_timeline_transit(uint64_t arrival_us, int64_t pos)
{
    return (int64_t)arrival_us - rtp_timeline_us(pos);
}

static int64_t ticks_us(int64_t ticks, uint32_t clock_hz)
{
    return ticks * 1000000 / clock_hz;
}

static int64_t ticks_samples(int64_t ticks, uint32_t clock_hz)
{
    return ticks * RTP_TIMELINE_HZ / clock_hz;
}

/* Does a packet that is this far from the newest belong to the same stream? */
static bool belongs(
    const struct rtp_timeline *t, const struct rtp_timeline_packet *p, int64_t dseq, int64_t dticks)
{
    int64_t media_us = ticks_us(dticks, t->clock_hz);
    int64_t clock_us = (int64_t)(p->arrival_us - t->arrival_us);
    int64_t tolerance = TOLERANCE_US + llabs(clock_us) / DRIFT_SHARE;
    bool by_clock = llabs(media_us - clock_us) <= tolerance;
    bool by_seq = llabs(media_us - dseq * rtp_timeline_us(p->duration)) <= TOLERANCE_US;
    if (dseq < -MAX_BEHIND)
        return false;
    if (dseq > MAX_AHEAD)
        return by_clock;
    return by_clock || by_seq;
}

/* Two in a row that do not fit, but follow each other. */
static bool confirmed(struct rtp_timeline *t, const struct rtp_timeline_packet *p)
{
    int32_t dticks = (int32_t)(p->timestamp - t->doubt_ticks);
    bool agrees = t->doubted && p->seq == t->next_seq && dticks >= 0 &&
                  p->arrival_us - t->doubt_us <= 2 * TOLERANCE_US &&
                  ticks_us(dticks, p->clock_hz) <= 3 * TOLERANCE_US;
    t->doubted = !agrees;
    t->next_seq = (uint16_t)(p->seq + 1);
    t->doubt_ticks = p->timestamp;
    t->doubt_us = p->arrival_us;
    return agrees;
}

static void start(struct rtp_timeline *t, const struct rtp_timeline_packet *p, int64_t transit_us)
{
    int64_t after = t->started ? t->seq + NEW_STREAM_GAP : 0;
    t->seq = after + (uint16_t)(p->seq - (uint16_t)after);
    t->ticks = p->timestamp;
    t->clock_hz = p->clock_hz;
    t->arrival_us = p->arrival_us;
    int64_t pos = ((int64_t)p->arrival_us - transit_us) * 6 / 125;
    t->origin = pos - ticks_samples(t->ticks, t->clock_hz);
    t->started = true;
    t->doubted = false;
}

enum rtp_timeline_verdict rtp_timeline_put(struct rtp_timeline *t,
    const struct rtp_timeline_packet *p, int64_t transit_us, struct rtp_timeline_place *place)
{
    int64_t dseq = (int16_t)(p->seq - (uint16_t)t->seq);
    int64_t dticks = (int32_t)(p->timestamp - (uint32_t)t->ticks);
    enum rtp_timeline_verdict verdict = RTP_TIMELINE_FITS;

    if (!t->started || p->clock_hz != t->clock_hz) {
        verdict = RTP_TIMELINE_NEW;
    } else if (!belongs(t, p, dseq, dticks)) {
        /* A sender marks the first packet after a change of source: no need of a second one. */
        bool marked = p->marker && dseq == 1;
        if (!confirmed(t, p) && !marked)
            return RTP_TIMELINE_DOUBT;
        verdict = RTP_TIMELINE_NEW;
    }
    if (verdict == RTP_TIMELINE_NEW) {
        start(t, p, transit_us);
        dseq = dticks = 0;
    }
    t->doubted = false;
    place->seq = t->seq + dseq;
    place->pos = t->origin + ticks_samples(t->ticks + dticks, t->clock_hz);
    if (dseq > 0) {
        t->seq += dseq;
        t->ticks += dticks;
        t->arrival_us = p->arrival_us;
    }
    return verdict;
}
