#ifndef NET_SDP_ANSWER_VIDEO_H
#define NET_SDP_ANSWER_VIDEO_H

/* The codec of a video line that is accepted in structure (inactive): VP8, else H.264, else VP9.
 * A part of answer.c. [any] */

#include "net/sdp/sdp_audio.h"

struct answer_video {
    uint8_t pt;
    struct sdp_str name, fmtp; /* views into the offer */
};

/* 0, or -ENOTSUP: none of them is offered. -EINVAL: the line cannot be read. */
int answer_video_pick(const struct sdp *offer, size_t index, struct answer_video *out);
/* a=rtpmap, a=fmtp and those a=rtcp-fb of the offer that a video mixer has a use for. */
void answer_video_print(
    struct sdp *to, const struct sdp *offer, size_t index, const struct answer_video *v);

#endif
