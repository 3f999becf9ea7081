#ifndef NET_SDP_ANSWER_WEBRTC_TEXT_H
#define NET_SDP_ANSWER_WEBRTC_TEXT_H

/* The text of a WebRTC answer (RFC 9429, 5.3). A part of answer.c. [any] */

#include "net/sdp/answer_lines.h"

/* All else of *a is set. 0 and a->text; or -ENOMEM, -E2BIG, -EINVAL: something in cfg cannot be
 * written. */
int answer_webrtc_text(struct answer_maker *m, const struct answer_lines *lines, struct answer *a);

#endif
