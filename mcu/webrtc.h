#ifndef MCU_WEBRTC_H
#define MCU_WEBRTC_H

/* What the server has for WebRTC: an ICE port a media loop, the thread that shakes hands, the
 * addresses told to browsers. One a process. [control] */

#include "net/sdp/answer.h"

#include <stddef.h>

struct config;
struct handshaker;
struct ice_port;
struct webrtc;

enum { WEBRTC_WHY_MAX = 256 };

/* Binds the ports of n_loops media loops, starts the handshaker. cfg is borrowed. 0, or a negative
 * errno and *why says what to do. */
int webrtc_create(
    struct webrtc **wp, const struct config *cfg, unsigned n_loops, char why[WEBRTC_WHY_MAX]);
void webrtc_destroy(struct webrtc *w); /* after the media loops have ended; NULL is a no-op */

struct handshaker *webrtc_handshaker(struct webrtc *w);
struct ice_port *webrtc_ice_port(struct webrtc *w, unsigned loop);
/* What is offered to a peer on that loop. fresh is filled with credentials of its own and must
 * outlive *out. 0 or a negative errno. */
int webrtc_answer(const struct webrtc *w, unsigned loop, struct ice_credentials *fresh,
    struct answer_webrtc *out);

#endif
