#ifndef NET_RTP_RTCP_SESSION_H
#define NET_RTP_RTCP_SESSION_H

/* Our side of RTCP with one peer: when to report (RFC 3550 6.2, 6.3 for two members), what to
 * report, and what the peer says of us. Pure: time is passed in, packets are handed in and out.
 * [loop] */

#include "net/rtp/rtcp.h"
#include "net/rtp/rtp_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTCP_SESSION_MAX_BYTES = 512 }; /* of a compound packet we build */

typedef uint64_t rtcp_ntp_fn(void *arg); /* wall clock as NTP 32.32 */
uint64_t rtcp_ntp_now(void *arg);        /* CLOCK_REALTIME; arg unused */

struct rtcp_session;

struct rtcp_session_config {
    uint32_t ssrc;            /* ours */
    const char *cname;        /* random (RFC 7022), copied; NULL: made from the seed */
    uint32_t clock_hz;        /* RTP clock of what we send */
    uint32_t bandwidth_bps;   /* of the media session; RTCP takes 5 %; 0: 64000 */
    uint32_t min_interval_ms; /* 0: 5000, as RFC 3550 6.2 says */
    bool xr;                  /* the peer takes XR (RFC 3611): VoIP metrics every 5th report */
    bool reduced_size;        /* accept RFC 5506 */
    uint64_t seed;            /* of the intervals */
    rtcp_ntp_fn *ntp;         /* NULL: rtcp_ntp_now */
    void *ntp_arg;
};

struct rtcp_local { /* what we know of the stream we receive; goes into VoIP metrics */
    uint32_t ptime_ms;
    uint32_t jb_now_ms, jb_max_ms; /* jitter buffer: held now, ceiling */
    uint32_t discarded;            /* packets too late, since the last call */
};

struct rtcp_remote {         /* what the peer told us */
    uint64_t reports;        /* report blocks about our SSRC */
    uint64_t last_report_us; /* when the last came; 0: never */
    uint64_t last_packet_us; /* any valid RTCP */
    uint8_t fraction_lost;   /* 1/256 */
    int32_t lost;
    uint32_t jitter_us;
    uint32_t rtt_us; /* last measured; 0: not known */
    bool bye;
    bool have_voip; /* the peer sent VoIP metrics about us */
    struct rtcp_xr_voip voip;
    uint64_t malformed; /* compounds or packets in them */
};

struct rtcp_event { /* what one received compound asked for */
    bool report;    /* a report block about us: look at rtcp_remote */
    bool bye;
    uint32_t bye_ssrc;
    bool keyframe;     /* PLI or FIR */
    uint64_t remb_bps; /* 0: none */
};

/* 0 and a session the caller owns, or -EINVAL, -ENOMEM. */
int rtcp_session_create(
    struct rtcp_session **sp, const struct rtcp_session_config *cfg, uint64_t now_us);
void rtcp_session_destroy(struct rtcp_session *s); /* NULL is a no-op */

/* A packet left. */
void rtcp_session_sent(
    struct rtcp_session *s, uint32_t rtp_timestamp, size_t payload_len, uint64_t now_us);
/* The codec we send changed to one with another RTP clock. */
void rtcp_session_set_clock(struct rtcp_session *s, uint32_t clock_hz);

bool rtcp_session_due(const struct rtcp_session *s, uint64_t now_us);
uint64_t rtcp_session_next_us(const struct rtcp_session *s);
/* SR (when we sent since the last but one) or RR, SDES, at times XR; sets the next time. src: what
 * we receive, or NULL; local may be NULL. Bytes written to buf, or -ENOSPC. */
int rtcp_session_build(struct rtcp_session *s, struct rtp_source *src,
    const struct rtcp_local *local, uint8_t *buf, size_t cap, uint64_t now_us);
/* The same with a BYE at its end. */
int rtcp_session_build_bye(struct rtcp_session *s, struct rtp_source *src, const char *reason,
    uint8_t *buf, size_t cap, uint64_t now_us);

/* A compound packet, decrypted. 0 and *ev filled, or -EBADMSG (counted). */
int rtcp_session_receive(
    struct rtcp_session *s, const uint8_t *buf, size_t len, struct rtcp_event *ev, uint64_t now_us);
void rtcp_session_remote(const struct rtcp_session *s, struct rtcp_remote *out);
const char *rtcp_session_cname(const struct rtcp_session *s);

#endif
