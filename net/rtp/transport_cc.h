#ifndef NET_RTP_TRANSPORT_CC_H
#define NET_RTP_TRANSPORT_CC_H

/* Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): every
 * packet of a transport, whatever its SSRC, carries a 16-bit number in a header extension; the
 * receiver tells when each of them arrived, and the sender makes an estimate of the path out of
 * that. Here: the receiver's record and its RTCP message (RTPFB, FMT 15), and a reader of such
 * messages. Fixed memory; pure, time is passed in. [loop] */

#include "net/rtp/rtcp.h"
#include "net/rtp/rtp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRANSPORT_CC_WINDOW = 512,      /* numbers that one round can tell of: a power of two */
    TRANSPORT_CC_INTERVAL_MS = 100, /* between messages; sooner when half the window is full */
    TRANSPORT_CC_MAX_BYTES = 1100,  /* of one message */
    TRANSPORT_CC_TICK_US = 250,
};

/* --- receiver -------------------------------------------------------------------------------- */
struct transport_cc {
    bool started;            /* numbers below are known */
    uint16_t base, end;      /* numbers still to be told: base … end - 1 */
    uint32_t media_ssrc;     /* of the newest packet */
    uint8_t count;           /* of messages */
    uint64_t due_us;         /* 0: nothing is due */
    uint64_t packets, jumps; /* taken; jumps too large to be a loss */
    uint64_t late;           /* packets of which a message already spoke, or repeated */
    uint64_t messages;
    uint32_t arrival[TRANSPORT_CC_WINDOW]; /* ticks, never 0; 0: not there (yet) */
};

void transport_cc_init(struct transport_cc *t);
/* The number a packet carries, by the id agreed on. 0, or -ENOENT and *seq untouched. */
int transport_cc_seq(const struct rtp_packet *p, uint8_t id, uint16_t *seq);
/* A packet that has arrived, authenticated. One that is too late for a message is not told. */
void transport_cc_put(
    struct transport_cc *t, uint16_t seq, uint32_t media_ssrc, uint64_t arrival_us);
/* Whether transport_cc_write has something to say now. */
bool transport_cc_due(const struct transport_cc *t, uint64_t now_us);
/* Appends one message about everything not yet told, as far as it fits. 1; 0: nothing to tell;
 * -ENOSPC: no room for the least message, nothing is lost. What did not fit is due at once. */
int transport_cc_write(
    struct transport_cc *t, struct rtcp_writer *w, uint32_t ssrc, uint64_t now_us);

/* --- reader ---------------------------------------------------------------------------------- */
struct transport_cc_reader {
    uint16_t base_seq, n; /* numbers base_seq … base_seq + n - 1 are told of */
    uint8_t count;        /* of the message, modulo 256 */
    int32_t reference;    /* 64 ms units, 24 bits signed */
    /* private */
    const uint8_t *chunk, *delta, *end;
    uint16_t told, chunk_left, chunk_value;
    uint8_t chunk_form;
    int64_t time; /* ticks */
};

struct transport_cc_arrival {
    uint16_t seq;
    bool received;
    int64_t time_us; /* since the sender's own epoch; modulo 2^24 * 64 ms. 0 if not received */
};

/* fci of an RTPFB packet with FMT 15 (struct rtcp_packet). Checks all of it first: chunks for every
 * number, deltas for every one received. 0, or -EBADMSG and out undefined. */
int transport_cc_read(struct transport_cc_reader *out, const uint8_t *fci, size_t len);
/* In the order of the numbers: 1, or 0 at the end. */
int transport_cc_next(struct transport_cc_reader *r, struct transport_cc_arrival *out);

#endif
