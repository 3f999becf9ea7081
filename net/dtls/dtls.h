#ifndef NET_DTLS_DTLS_H
#define NET_DTLS_DTLS_H

/* DTLS-SRTP (RFC 5763, 5764; GCM RFC 7714) on OpenSSL: the handshake that gives a WebRTC session
 * its SRTP keys. Datagrams are put in and come out by a callback; no sockets. Datagrams must be put
 * in only from an address that has proved itself (ICE): there are no cookies. A context and its
 * sessions belong to one thread; what OpenSSL leaves in its queue of errors is cleared. */

#include "net/sdp/sdes.h"
#include "net/sdp/sdp_dtls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DTLS_MTU = 1200,              /* bytes of a datagram sent, IP and UDP headers included */
    DTLS_MAX_DATAGRAM = 4096,     /* bytes of one received; longer ones are dropped */
    DTLS_MAX_CERTIFICATE = 16384, /* bytes of a peer's chain */
    DTLS_FIRST_RETRY_MS = 100,    /* doubled with each, up to */
    DTLS_LAST_RETRY_MS = 2000,
    DTLS_GIVE_UP_MS = 20000, /* unless configured */
};

struct dtls;
struct dtls_context;

/* A new self-signed certificate (P-256). 0, or -ENOMEM, -EIO. */
int dtls_context_create(struct dtls_context **cp);
void dtls_context_destroy(struct dtls_context *c); /* after its sessions; NULL is a no-op */
const char *dtls_context_fingerprint(const struct dtls_context *c); /* "sha-256 AB:CD:…" */

enum dtls_role { DTLS_PASSIVE, DTLS_ACTIVE };
enum dtls_state {
    DTLS_HANDSHAKING,
    DTLS_READY,
    DTLS_CLOSED, /* by the peer */
    DTLS_FAILED, /* no agreement, another certificate than announced, or broken */
    DTLS_TIMED_OUT
};

struct dtls_config {
    enum dtls_role role;
    /* The peer's certificate must fit one of them, or the handshake fails. Copied. */
    const struct sdp_fingerprint *fingerprints;
    size_t n_fingerprints; /* 1 … SDP_MAX_FINGERPRINTS */
    uint32_t give_up_ms;   /* 0: DTLS_GIVE_UP_MS */
};

/* A datagram to be sent. Not to call back into the session. */
typedef void dtls_send_fn(const uint8_t *pkt, size_t len, void *arg);

/* 0 and a session the caller owns, or -EINVAL, -ENOMEM. */
int dtls_create(struct dtls **dp, struct dtls_context *c, const struct dtls_config *cfg,
    dtls_send_fn *send, void *arg, uint64_t now_us);
void dtls_destroy(struct dtls *d); /* sends nothing; NULL is a no-op */

/* There is a path to the peer: the active side begins. Harmless when repeated. */
enum dtls_state dtls_start(struct dtls *d);
/* A datagram came. What is no DTLS of this session is passed over. */
enum dtls_state dtls_receive(struct dtls *d, const uint8_t *pkt, size_t len);
/* Sends again what was not answered, and gives up. To be called about every
 * DTLS_FIRST_RETRY_MS / 2 while handshaking. (When a flight is due OpenSSL tells by its own clock;
 * now_us decides about giving up.) */
enum dtls_state dtls_tick(struct dtls *d, uint64_t now_us);
void dtls_close(struct dtls *d); /* says close_notify, if there is a session to close */

struct dtls_keys {
    enum sdes_suite suite;
    uint8_t in[SDES_MAX_KEY_BYTES], out[SDES_MAX_KEY_BYTES]; /* key, then salt */
};
/* Once DTLS_READY. 0 or -EIO; wipe them after use. */
int dtls_keys(struct dtls *d, struct dtls_keys *out);

struct dtls_stats {
    uint64_t received, sent; /* datagrams */
    uint64_t dropped;        /* of those received: no DTLS, too long, too many before their time */
    uint64_t data;           /* of those received: nothing but application data */
    uint64_t timeouts;       /* flights sent again */
};
void dtls_stats(const struct dtls *d, struct dtls_stats *out);

/* True for a datagram of application data only, which dtls_receive() would not look at. [any] */
bool dtls_is_data(const uint8_t *pkt, size_t len);

#endif
