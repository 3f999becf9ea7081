#ifndef MCU_TRANSPORT_H
#define MCU_TRANSPORT_H

/* How a leg's packets travel: sockets, from whom they are taken, encryption. What it hands up is
 * authentic and decrypted; what it is given leaves with the loop's send batch. Made by the control
 * loop, lives on the media loop of its leg.
 *
 *   transport_device   UDP ports of its own, named in plain SDP; plain RTP or SRTP by SDES; a latch
 *                      decides whose packets count
 *   transport_webrtc   a session on the loop's ICE port, its keys by DTLS */

#include "net/addr.h"
#include "net/rtp/latch.h"
#include "net/rtp/rtp.h"
#include "net/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer_transport;
struct handshaker;
struct media_loop;
struct srtp_session;
struct transport;

/* What offer and answer agreed on; a re-offer replaces it. */
struct transport_terms {
    struct answer_transport *webrtc; /* malloc'd; NULL: a device, and all that follows is its */
    struct net_addr rtp, rtcp;       /* the peer's as signalled; port 0: on hold */
    bool rtcp_mux;
    struct srtp_session *in, *out; /* NULL: plain */
    const char *srtp_suite;        /* static text, NULL: plain */
    bool new_keys;                 /* in and out replace those of before; else they are kept */
};
/* Frees what has not been handed over to a transport. */
void transport_terms_drop(struct transport_terms *terms);

struct transport_setup {
    uint32_t ssrc;                 /* of what we send */
    struct udp_ports ports;        /* of a device; stay the control loop's */
    struct net_addr local;         /* they are bound to */
    enum latch_mode latch;         /* of a device */
    struct handshaker *handshaker; /* of WebRTC */
    uint32_t arrival_timeout_s;    /* of WebRTC: until keys are agreed on; not 0 */
};

/* [media loop] False: of no use, which is counted. Pointers are gone when it returns. */
struct transport_events {
    bool (*rtp)(const struct rtp_packet *p, uint64_t arrival_us, void *arg);
    bool (*rtcp)(const uint8_t *compound, size_t len, uint64_t arrival_us, void *arg);
    void (*ended)(const char *reason, void *arg); /* static text; it should be stopped */
    void (*stopped)(void *arg);                   /* after transport_stop; the last */
};

struct transport_stats {
    const char *srtp_suite; /* static text; NULL: plain, or not agreed on yet */
    const char *path;       /* static text: "udp", "ice-udp", "ice-tcp", "ice" (none yet) */
    uint64_t packets_in, bytes_in, packets_dropped;
    uint64_t refusals; /* ICMP said that nobody listens */
};

/* [control] 0 or -ENOMEM. What terms holds is its own, whatever it returns. events outlives it. */
int transport_create(struct transport **tp, struct media_loop *ml,
    const struct transport_setup *setup, const struct transport_terms *terms,
    const struct transport_events *events, void *arg);
void transport_destroy(struct transport *t); /* once stopped, or never started; NULL is a no-op */

/* --- [media loop] ---------------------------------------------------------------------------- */
int transport_start(struct transport *t, uint64_t now_us); /* 0 or a negative errno */
/* No packet comes after it; stopped() follows, at once or later. */
void transport_stop(struct transport *t);
/* Takes over what terms holds. */
void transport_renegotiate(
    struct transport *t, const struct transport_terms *terms, uint64_t now_us);
/* payload stays as it is until the batch has been flushed. 0, or it was not sent: -ENOTCONN
 * (nowhere to send to) or another negative errno. */
int transport_send_rtp(struct transport *t, const uint8_t header[RTP_HEADER_BYTES],
    const uint8_t *payload, size_t payload_len);
/* A buffer of cap bytes for one compound packet, or NULL: there is nowhere to send it. Then its
 * first len bytes are sent (0), or it is dropped by doing nothing. */
uint8_t *transport_reserve_rtcp(struct transport *t, size_t cap);
int transport_send_rtcp(struct transport *t, uint8_t *compound, size_t len, size_t cap);
void transport_every_second(struct transport *t, uint64_t now_us);
void transport_stats(const struct transport *t, struct transport_stats *out);

#endif
