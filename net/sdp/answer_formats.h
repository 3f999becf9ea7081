#ifndef NET_SDP_ANSWER_FORMATS_H
#define NET_SDP_ANSWER_FORMATS_H

/* Which of the offered payload formats are taken, and the packet time (RFC 3264, 6.1). A part of
 * answer.c. [any] */

#include "net/sdp/answer.h"

/* Fills formats, events, noises, ptime_ms, maxptime_ms. 0, or -ENOTSUP: no codec in common. */
int answer_formats_pick(
    const struct sdp_audio *offer, const struct answer_config *cfg, struct answer_audio *out);

/* Fills red_pt: a format of RFC 2198 whose blocks are all formats[0]. */
void answer_formats_pick_red(const struct sdp_audio *offer, struct answer_audio *out);

#endif
