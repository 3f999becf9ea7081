#ifndef MCU_HANDSHAKER_H
#define MCU_HANDSHAKER_H

/* A thread that carries every DTLS session of the process and makes the SRTP sessions, so that
 * neither key exchange nor key set-up ever takes time from a media loop.
 *
 *   media loop                       handshaker's thread
 *   handshake_put ──── mail ───────▶ struct dtls
 *   events ◀────────── mail ──────── datagrams to send, keys, the end
 *
 * A handshake is opened, fed and closed on the media loop that it was opened on; its events come
 * there. */

#include "mcu/media_loop.h"
#include "net/dtls/dtls.h"

#include <stddef.h>
#include <stdint.h>

struct handshake;
struct handshaker;
struct srtp_session;

enum {
    HANDSHAKE_QUEUE = 32 /* datagrams that wait for the thread; more of one peer are dropped */
};

/* [control] 0 and a running thread, or a negative errno. */
int handshaker_start(struct handshaker **hp);
/* [control] All its handshakes must be gone. NULL is a no-op. */
void handshaker_stop(struct handshaker *h);
const char *handshaker_fingerprint(const struct handshaker *h); /* [any] "sha-256 AB:CD:…" */

struct handshaker_stats {
    uint64_t opened, ready;
    uint64_t failed, timeouts; /* broken off, during the handshake or later; not done in time */
    uint64_t dropped;          /* datagrams: too many of one peer waited, or no memory */
};
void handshaker_stats(const struct handshaker *h, struct handshaker_stats *out); /* [any] */

/* Called on the handshake's media loop by mail, never from within a function below. After
 * handshake_close only send (its goodbye) and gone come. */
struct handshake_events {
    void (*send)(const uint8_t *pkt, size_t len, void *arg); /* pkt is valid during the call */
    /* Once at most. The sessions are the receiver's own. suite is static text. */
    void (*ready)(struct srtp_session *in, struct srtp_session *out, const char *suite, void *arg);
    /* Once at most. "bye", "failed", "timeout": static text. The handshake is to be closed. */
    void (*closed)(const char *reason, void *arg);
    void (*gone)(void *arg); /* the last, after handshake_close: arg is no longer needed */
};

struct handshake_config {
    struct dtls_config dtls;
    uint32_t ssrc; /* of what we send */
};

/* --- [media loop ml] ------------------------------------------------------------------------- */
/* 0, or -EINVAL, -ENOMEM. cfg is copied; events and arg stay until gone. */
int handshake_open(struct handshake **hsp, struct handshaker *h, struct media_loop *ml,
    const struct handshake_config *cfg, const struct handshake_events *events, void *arg);
/* A datagram from the peer, copied. Data channels' data is dropped here already. */
void handshake_put(struct handshake *hs, const uint8_t *pkt, size_t len);
void handshake_connected(struct handshake *hs); /* there is a path: the active side may begin */
/* Says close_notify; gone() follows. hs is no longer to be used. NULL is a no-op. */
void handshake_close(struct handshake *hs);

#endif
