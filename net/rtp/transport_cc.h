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
    TRANSPORT_CC_INTERVAL_MS = 100, /* between messages, unless said otherwise */
    TRANSPORT_CC_MAX_BYTES = 1100,  /* of one message */
    TRANSPORT_CC_TICK_US = 250,
};

/* --- receiver -------------------------------------------------------------------------------- */
struct transport_cc {
    bool started;         /* numbers below are known */
    uint16_t base, end;   /* numbers to be told next: base … end - 1 */
    uint32_t media_ssrc;  /* of the newest packet */
    uint32_t interval_ms; /* between messages */
    uint8_t count;        /* of messages */
    bool due;             /* there is something to tell, at due_us */
    uint64_t due_us;
    uint64_t packets, messages;
    uint64_t jumps;      /* too large to be a loss: begun anew */
    uint64_t late;       /* told as lost before they came: told again */
    uint64_t duplicates; /* and numbers too old to be told */
    bool strayed;        /* one far behind has come: two in sequence are a sender that began anew */
    uint16_t stray;
    uint32_t arrival[TRANSPORT_CC_WINDOW]; /* ticks of the last numbers before end; 0: not there */
};

/* interval_ms 0: TRANSPORT_CC_INTERVAL_MS. On a thin line 250 costs less than the media. */
void transport_cc_init(struct transport_cc *t, uint32_t interval_ms);
/* The number a packet carries, by the id agreed on. 0, or -ENOENT and *seq untouched. */
int transport_cc_seq(const struct rtp_packet *p, uint8_t id, uint16_t *seq);
/* A packet that has arrived, authenticated. */
void transport_cc_put(
    struct transport_cc *t, uint16_t seq, uint32_t media_ssrc, uint64_t arrival_us);
/* Whether a message is due: the interval has passed since the first packet that it tells of, or
 * half the window is full. */
bool transport_cc_due(const struct transport_cc *t, uint64_t now_us);
/* Appends one message about everything not yet told, as far as it fits; what does not is due at
 * once. 1; 0: nothing to tell; -ENOSPC: no room for the least message, nothing is lost. */
int transport_cc_write(struct transport_cc *t, struct rtcp_writer *w, uint32_t ssrc);

/* --- reader ---------------------------------------------------------------------------------- */
struct transport_cc_reader {
    uint16_t base_seq, n; /* numbers base_seq … base_seq + n - 1 are told of */
    uint8_t count;        /* of the message, modulo 256 */
    int32_t reference;    /* 64 ms units, 24 bits signed */
    /* private */
    const uint8_t *chunk, *delta;
    uint16_t left;       /* numbers */
    uint16_t chunk_left; /* of the symbols of the chunk being read */
    uint16_t chunk_bits;
    int64_t ticks;
};

struct transport_cc_arrival {
    uint16_t seq;
    bool received;
    int64_t time_us; /* on the receiver's clock, modulo 2^24 * 64 ms; of no meaning if lost */
};

/* The FCI of an RTPFB packet with FMT 15 (struct rtcp_packet), which must stay. Checks all of it:
 * chunks for every number, deltas for every one received. 0, or -EBADMSG and out untouched. */
int transport_cc_read(struct transport_cc_reader *out, const uint8_t *fci, size_t len);
/* In the order of the numbers: 1, or 0 at the end. */
int transport_cc_next(struct transport_cc_reader *r, struct transport_cc_arrival *out);

#endif
