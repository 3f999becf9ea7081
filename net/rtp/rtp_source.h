#ifndef NET_RTP_RTP_SOURCE_H
#define NET_RTP_RTP_SOURCE_H

/* Reception statistics of one RTP source: RFC 3550 A.1 (sequence), A.3 (loss), A.8 (jitter); and
 * the gate that says which SSRC of a leg is listened to. Pure: time is passed in. [loop] */

#include "net/rtp/rtcp.h"
#include "net/rtp/voip_metrics.h"

#include <stdbool.h>
#include <stdint.h>

enum rtp_source_verdict {
    RTP_SOURCE_OK,        /* in order, or a loss before it */
    RTP_SOURCE_REORDERED, /* older than the newest, first seen now */
    RTP_SOURCE_DUPLICATE, /* seen already */
    RTP_SOURCE_RESTART,   /* second packet of a jump: the sender started anew; take it */
    RTP_SOURCE_JUMP       /* first packet of a jump too large to be a loss: drop it */
};

struct rtp_source {
    uint32_t ssrc, clock_hz;
    bool started;
    uint16_t max_seq;
    uint32_t cycles, base_seq, bad_seq; /* as in A.1 */
    uint64_t window;                    /* bit i: max_seq - i was received */
    unsigned window_fill;               /* bits of it that mean something */
    uint32_t received, expected_prior, received_prior;
    uint32_t timestamp, transit, jitter_q4; /* clock units; jitter times 16 */
    bool have_transit;
    uint64_t last_arrival_us, bytes;
    uint64_t duplicates, reordered, restarts, jumps;
    struct voip_metrics voip; /* fed with what leaves the window */
};

/* clock_hz: RTP clock of the payload type in use. */
void rtp_source_init(struct rtp_source *s, uint32_t ssrc, uint32_t clock_hz);
/* The payload type changed to one with another clock: jitter restarts, counts go on. */
void rtp_source_set_clock(struct rtp_source *s, uint32_t clock_hz);
enum rtp_source_verdict rtp_source_put(struct rtp_source *s, uint16_t seq, uint32_t timestamp,
    size_t payload_len, uint64_t arrival_us);

uint64_t rtp_source_expected(const struct rtp_source *s); /* packets since the (re)start */
int32_t rtp_source_lost(const struct rtp_source *s); /* < 0 with duplicates; 24 bits as in RTCP */
uint32_t rtp_source_jitter(const struct rtp_source *s); /* clock units */
uint32_t rtp_source_jitter_us(const struct rtp_source *s);
/* The report block, LSR and DLSR left 0; starts the next interval of fraction lost. */
void rtp_source_report(struct rtp_source *s, struct rtcp_report_block *out);

/* --- which SSRC is listened to -----------------------------------------------------------------
 * A peer may change SSRC at any time (transfer, music on hold), but a stray or hostile second
 * stream must neither replace a live one nor make us flip between the two: a new SSRC is taken
 * when the current one is silent and two packets of the new one came in sequence, and changes are
 * rationed. Memory is constant however many SSRCs come. */
enum rtp_ssrc_verdict {
    RTP_SSRC_CURRENT, /* listen */
    RTP_SSRC_NEW,     /* listen; it is another source than before: start statistics anew */
    RTP_SSRC_REFUSED  /* drop */
};

struct rtp_ssrc_gate {
    bool have;
    uint32_t ssrc, candidate;
    uint16_t candidate_seq;
    uint8_t candidate_run, tokens;
    uint64_t last_us, candidate_us, refill_us;
    uint64_t changes, refused;
};

void rtp_ssrc_gate_init(struct rtp_ssrc_gate *g);
enum rtp_ssrc_verdict rtp_ssrc_gate_check(
    struct rtp_ssrc_gate *g, uint32_t ssrc, uint16_t seq, uint64_t now_us);
/* After a re-offer or a BYE of the current SSRC: the next one is taken at once. */
void rtp_ssrc_gate_reset(struct rtp_ssrc_gate *g);

#endif
