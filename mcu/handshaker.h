#ifndef MCU_HANDSHAKER_H
#define MCU_HANDSHAKER_H

/* A thread that carries every DTLS session of the process and makes the SRTP sessions that come of
 * it, so that no handshake (milliseconds) ever runs on a media loop. A leg opens a handshake on its
 * media loop and puts in the datagrams that ICE found to be from its peer; all answers come back
 * to that loop by mail. */

#include "mcu/media_loop.h"
#include "net/dtls/dtls.h"
#include "net/rtp/srtp_session.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HANDSHAKE_QUEUE = 16
}; /* datagrams of a leg on their way to the handshaker; more are lost */

struct handshaker;
struct handshake;

/* [control] 0 and a running thread the caller owns, or a negative errno. Makes the certificate. */
int handshaker_start(struct handshaker **hp);
/* [control] Every handshake must be gone: stop media loops first. NULL is a no-op. */
void handshaker_stop(struct handshaker *h);
/* [any] For a=fingerprint: "sha-256 AB:CD:…". Lives as long as the handshaker. */
const char *handshaker_fingerprint(const struct handshaker *h);

struct handshaker_stats {
    uint64_t opened, ready, failed, timeouts; /* handshakes */
    uint64_t dropped;                         /* datagrams: queue full, no memory */
};
void handshaker_stats(struct handshaker *h, struct handshaker_stats *out); /* [any] */

struct handshake_config {
    enum dtls_role role;
    const struct dtls_fingerprint *fingerprints; /* of the peer; copied */
    size_t n_fingerprints;                       /* 1 … DTLS_MAX_FINGERPRINTS */
    const uint32_t *ssrcs;                       /* that we send; copied */
    size_t n_ssrcs;                              /* 1 … SRTP_SESSION_MAX_SSRCS */
};

/* All are called on the handshake's media loop, never from within a function below. */
struct handshake_events {
    /* pkt to the peer; valid during the call. Also after handshake_close: the goodbye. */
    void (*send)(const uint8_t *pkt, size_t len, void *arg);
    /* Once at most. in and out are the receiver's own from now on; suite is static text. */
    void (*ready)(struct srtp_session *in, struct srtp_session *out, const char *suite, void *arg);
    /* Once at most; nothing but gone follows. Static text: "bye" (the peer left), "failed" (wrong
     * certificate, no common profile, broken off), "timeout" (no handshake within 15 s). */
    void (*closed)(const char *reason, void *arg);
    /* The last one, after handshake_close: arg is no longer needed. */
    void (*gone)(void *arg);
};

/* [media loop ml] 0 and a handshake that handshake_close() ends, or -EINVAL, -ENOMEM. ev and arg
 * must stay until gone. An active one sends its first flight at once. */
int handshake_open(struct handshake **hsp, struct handshaker *h, struct media_loop *ml,
    const struct handshake_config *cfg, const struct handshake_events *ev, void *arg);
/* [media loop] A datagram (copied) whose first byte is 20 … 63: RFC 7983. Dropped and counted if
 * the handshaker is behind; application data is dropped always. */
void handshake_put(struct handshake *hs, const uint8_t *pkt, size_t len);
/* [media loop] Once. Sends close_notify; then only send and gone follow. hs is not to be used any
 * more. NULL is a no-op. */
void handshake_close(struct handshake *hs);

#endif
