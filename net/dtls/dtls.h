#ifndef NET_DTLS_DTLS_H
#define NET_DTLS_DTLS_H

/* DTLS-SRTP, one association of a leg: RFC 5763, 5764, 6347, 7714, 8122, 8827 (6.5). Datagrams are
 * handed in, those to be sent come out by a callback; no sockets. A context and all its sessions
 * live on one thread. [any, one at a time]
 *
 * Whoever hands datagrams in has to know that they come from the peer (an authenticated ICE check):
 * there are no cookies, a ClientHello is answered by a flight that is longer than it. */

#include "net/dtls/dtls_fingerprint.h"
#include "net/sdp/sdes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DTLS_MTU = 1200,          /* no datagram sent is longer */
    DTLS_MAX_DATAGRAM = 2048, /* longer ones are not read */
    DTLS_GIVE_UP_US = 15000000,
};

/* --- what all sessions share: certificate (P-256, self-signed, made at creation), settings ------
 */
struct dtls_context;

/* 0 and a context the caller owns, or -ENOMEM, -EIO. */
int dtls_context_create(struct dtls_context **cp);
void dtls_context_destroy(struct dtls_context *c); /* after its sessions; NULL is a no-op */
const char *dtls_context_fingerprint(const struct dtls_context *c); /* "sha-256 AB:CD:…" */

/* --- a session ---------------------------------------------------------------------------------
 */
struct dtls;

enum dtls_role { DTLS_PASSIVE, DTLS_ACTIVE }; /* active: sends the first flight */

enum dtls_state {
    DTLS_HANDSHAKING,
    DTLS_READY,  /* dtls_keys() has them; the peer's certificate is the one that was named */
    DTLS_CLOSED, /* the peer, or dtls_close(), said goodbye */
    DTLS_FAILED, /* dtls_failure() says why */
};

struct dtls_keys {
    enum sdes_suite suite;
    uint8_t in[SDES_MAX_KEY_BYTES], out[SDES_MAX_KEY_BYTES]; /* sdes_key_bytes(suite) of each */
};

struct dtls_stats {
    uint64_t received, sent; /* datagrams */
    uint64_t dropped;        /* of those received: unreadable, too long, too early */
    uint64_t data;           /* of those received: application data, which nobody here wants */
    uint64_t timeouts;       /* flights sent again */
};

/* Must not call into the session. pkt is valid during the call. */
typedef void dtls_send_fn(const uint8_t *pkt, size_t len, void *arg);

/* The peer's certificate has to match fps (1 … DTLS_MAX_FINGERPRINTS; copied). 0 and a session the
 * caller owns, or -EINVAL, -ENOMEM. */
int dtls_create(struct dtls **dp, struct dtls_context *c, enum dtls_role role,
    const struct dtls_fingerprint *fps, size_t n, dtls_send_fn *send, void *arg);
/* Sends nothing. Keys are wiped. NULL is a no-op. */
void dtls_destroy(struct dtls *d);

/* Each of these may send, and returns the state after it. now_us is CLOCK_MONOTONIC; whether a
 * flight is old enough to be sent again OpenSSL decides by its own clock. */
enum dtls_state dtls_start(struct dtls *d, uint64_t now_us); /* once, before the others */
enum dtls_state dtls_receive(struct dtls *d, const uint8_t *pkt, size_t len, uint64_t now_us);
enum dtls_state dtls_tick(struct dtls *d, uint64_t now_us); /* at dtls_next_us() or later */
enum dtls_state dtls_close(struct dtls *d);                 /* close_notify, if ready */

uint64_t dtls_next_us(const struct dtls *d); /* when to tick; UINT64_MAX: no need */
enum dtls_state dtls_state(const struct dtls *d);
const char *dtls_failure(const struct dtls *d); /* static text, for tests and logs; NULL: none */
/* NULL unless ready. Valid until the session is destroyed. */
const struct dtls_keys *dtls_keys(const struct dtls *d);
void dtls_stats(const struct dtls *d, struct dtls_stats *out);

/* True for a datagram of application data only: not worth passing on. */
bool dtls_is_data(const uint8_t *pkt, size_t len);

#endif
