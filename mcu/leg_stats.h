#ifndef MCU_LEG_STATS_H
#define MCU_LEG_STATS_H

/* What is told of one participant's media: a copy, free of pointers into the media loop. [any] */

#include <stdbool.h>
#include <stdint.h>

struct leg_stats {
    const char *codec; /* SDP name of what we send, static text; NULL before the first media */
    uint32_t clock_hz, ptime_ms, bitrate_bps;
    const char *srtp_suite; /* static text; NULL: plain RTP */
    const char *transport;  /* "udp" of its own, "ice-udp", "ice-tcp", "ice" (no path yet) */
    bool own_encoder;       /* false: served by its group */
    unsigned group_size;
    bool talking, speaking; /* voice is active; is in the mix */
    uint8_t level;          /* -dBov, 0 loud … 127 silent */
    uint64_t packets_in, bytes_in, packets_out, bytes_out;
    uint64_t packets_lost, packets_late, packets_dropped; /* dropped: bad source, bad SRTP … */
    uint32_t jitter_ms;                                   /* interarrival, RFC 3550 */
    uint32_t delay_ms, target_ms;                         /* jitter buffer: held, aimed at */
    float loss_percent, concealed_percent;                /* inward, since the start */
    float remote_loss_percent;                            /* of what we send, last report */
    int rtt_ms;                                           /* -1: not known yet */
    bool fec;                                             /* we send in-band FEC now */
    uint64_t fec_used;
};

#endif
