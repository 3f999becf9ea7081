#ifndef NET_RTP_LATCH_H
#define NET_RTP_LATCH_H

/* From whom a leg takes media and where it sends: symmetric RTP (RFC 4961) that cannot be stolen.
 *
 *   a packet from          taken                          we send to it
 *   signalled address      always                         always
 *   signalled IP,          first of them latches; others  only LATCH_SYMMETRIC, LATCH_NAT: after
 *     another port           when it fell silent            3 packets in sequence
 *   another IP, SRTP ok    yes                            after 3 packets in sequence
 *   another IP, plain      never; LATCH_NAT: the first    when latched
 *                            3 in sequence, within a
 *                            learning window
 *
 * Until then we send to the signalled address, as SDP says. Pure: time is passed in. One for RTP
 * and, without rtcp-mux, one for RTCP (which then follows: latch_follow). [loop] */

#include "net/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum latch_mode {
    LATCH_SIGNALLED, /* default: send where SDP says; senders may use another source port */
    LATCH_SYMMETRIC, /* send to the port the peer sends from, same IP */
    LATCH_NAT        /* and any IP may be learned at the start */
};

struct latch_config {
    struct net_addr signalled; /* of the peer's SDP; unset: none (hold, port 9) */
    struct net_addr local;     /* what we are bound to: see net_addr_media_ok */
    enum latch_mode mode;
    uint32_t silence_ms; /* of the latched address before another may follow; 0: 3000 */
    uint32_t learn_ms;   /* LATCH_NAT's window from the start; 0: 5000 */
};

enum latch_verdict {
    LATCH_DROP,
    LATCH_ACCEPT,
    LATCH_MOVED /* accept, and latch_destination has changed */
};

struct latch_stats {
    uint64_t accepted, dropped, moves;
};

struct latch {
    struct latch_config cfg;
    struct net_addr source;      /* latched; unset before the first packet */
    struct net_addr destination; /* unset: nowhere */
    struct net_addr candidate;
    uint32_t candidate_ssrc;
    uint16_t candidate_seq;
    uint8_t candidate_run;
    uint64_t start_us, last_us, candidate_us;
    struct latch_stats stats;
};

void latch_init(struct latch *l, const struct latch_config *cfg, uint64_t now_us);
/* An RTP packet that parsed. authenticated: SRTP said it is the peer's. */
enum latch_verdict latch_rtp(struct latch *l, const struct net_addr *from, uint32_t ssrc,
    uint16_t seq, bool authenticated, uint64_t now_us);
/* An RTCP packet that parsed: taken from the signalled and the latched address, from the signalled
 * host while nothing is latched, and when SRTCP vouches for it. Moves nothing. */
enum latch_verdict latch_rtcp(
    struct latch *l, const struct net_addr *from, bool authenticated, uint64_t now_us);
/* After LATCH_MOVED the RTCP latch of a port pair learns where RTP has moved to: same IP, port + 1
 * (or what is signalled for RTCP, when RTP is back at its signalled address). */
void latch_follow(struct latch *rtcp, const struct latch *rtp);

/* Where to send; NULL: nowhere (nothing signalled and nothing learned). */
const struct net_addr *latch_destination(const struct latch *l);

#endif
