#ifndef MIXER_JITTER_RTP_TIMELINE_H
#define MIXER_JITTER_RTP_TIMELINE_H

/* Places RTP packets on one endless time line of 48 kHz samples: extends sequence numbers and
 * timestamps over their wrap, and tells a jump that is a pause (timestamp and clock advance alike)
 * from one that is a new stream (RFC 3550, A.1: believed when two packets in a row agree). A new
 * stream, also one in another RTP clock, is laid on the line where the old one would be by now, so
 * that what was learned of the path's delay stays true. Pure; one thread an instance. */

#include <stdbool.h>
#include <stdint.h>

enum { RTP_TIMELINE_HZ = 48000 };

struct rtp_timeline_packet {
    uint16_t seq;
    uint32_t timestamp;  /* of clock_hz */
    uint32_t clock_hz;   /* 1000 … 192000 */
    uint32_t duration;   /* samples at 48 kHz */
    uint64_t arrival_us; /* monotonic */
    bool marker;
};

struct rtp_timeline_place {
    int64_t seq; /* extended; a new stream goes on far after the old one's */
    int64_t pos; /* of the first sample, at 48 kHz */
};

struct rtp_timeline {
    bool started;
    uint32_t clock_hz;
    int64_t seq, ticks;   /* extended, of the newest packet */
    uint64_t arrival_us;  /* and when it came */
    int64_t origin;       /* pos of tick 0 */
    bool doubted;         /* the last one did not fit: */
    uint16_t next_seq;    /* it would be followed by this */
    uint32_t doubt_ticks; /* near this */
    uint64_t doubt_us;    /* and came then */
};

enum rtp_timeline_verdict {
    RTP_TIMELINE_FITS,
    RTP_TIMELINE_NEW,   /* the first packet of a new stream */
    RTP_TIMELINE_DOUBT, /* fits nowhere; place untouched */
};

void rtp_timeline_init(struct rtp_timeline *t);
/* transit_us: where a new stream's first packet is laid (arrival less position, microseconds), as
 * rtp_timeline_transit tells it. */
enum rtp_timeline_verdict rtp_timeline_put(struct rtp_timeline *t,
    const struct rtp_timeline_packet *p, int64_t transit_us, struct rtp_timeline_place *place);

/* Arrival less position, in microseconds: a constant for a stream without jitter or drift. */
int64_t rtp_timeline_transit(uint64_t arrival_us, int64_t pos);
/* Samples at 48 kHz in microseconds. */
int64_t rtp_timeline_us(int64_t samples);

#endif
