#ifndef TESTS_SUPPORT_WEBRTC_SIDE_H
#define TESTS_SUPPORT_WEBRTC_SIDE_H

/* A browser's side of ICE and DTLS: sends checks, shakes hands, ends up with SRTP sessions. A
 * test's own thread. */

#include "net/addr.h"
#include "net/rtp/srtp_session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct webrtc_side;

struct webrtc_side *webrtc_side_create(int fd, uint32_t ssrc); /* aborts the test when it cannot */
void webrtc_side_destroy(struct webrtc_side *w);
/* The lines of SDP about ICE and DTLS. */
const char *webrtc_side_attributes(const struct webrtc_side *w);
void webrtc_side_take_answer(struct webrtc_side *w, const char *answer);
/* New credentials, for an offer that restarts ICE. */
void webrtc_side_restart(struct webrtc_side *w);

/* To be called every few milliseconds. */
void webrtc_side_step(struct webrtc_side *w);
/* True: it was STUN or DTLS. */
bool webrtc_side_take(struct webrtc_side *w, uint8_t *pkt, size_t len, const struct net_addr *from);
bool webrtc_side_ready(const struct webrtc_side *w);
void webrtc_side_close(struct webrtc_side *w);          /* says close_notify */
void webrtc_side_use_fd(struct webrtc_side *w, int fd); /* from another address from now on */

struct srtp_session *webrtc_side_in(struct webrtc_side *w);
struct srtp_session *webrtc_side_out(struct webrtc_side *w);
struct net_addr webrtc_side_server(const struct webrtc_side *w);

struct webrtc_side_stats {
    unsigned checks, answers; /* sent; success responses that came */
    bool closed;              /* the server said close_notify */
};
const struct webrtc_side_stats *webrtc_side_stats(const struct webrtc_side *w);

#endif
