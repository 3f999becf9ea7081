#ifndef MCU_NEGOTIATE_H
#define MCU_NEGOTIATE_H

/* From an SDP offer to what a leg needs: our codecs handed to offer/answer, what was agreed turned
 * into payload types, encoder parameters and SRTP sessions. [control] */

#include "mcu/leg.h"
#include "net/sdp/answer.h"

#include <stddef.h>

struct negotiate_config {
    struct net_addr local;        /* with the RTP port */
    uint16_t rtcp_port;           /* 0: RTCP on the RTP port is all there is */
    uint16_t own_first, own_last; /* ports of ours on local: no peer can have its media there */
    enum answer_srtp srtp;
    uint32_t ssrc;
    const char *cname;
    uint32_t opus_bitrate_bps;          /* at most */
    bool thin;                          /* long packets of few bits, both ways */
    const struct answer_webrtc *webrtc; /* NULL: none */
};

/* Answers an offer; prev is the answer before it in the session, or NULL. 0, *answer the caller's
 * and *media filled: its SRTP sessions are the caller's too and only there if new_keys is set. Else
 * an error of answer_create(), or -ENOMEM, -EIO; nothing is left behind. */
int negotiate(const char *offer, size_t len, const struct negotiate_config *cfg,
    const struct answer *prev, struct answer **answer, struct leg_media *media,
    struct sdp_error *why);

#endif
