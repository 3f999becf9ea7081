#ifndef NET_SDP_ANSWER_LINES_H
#define NET_SDP_ANSWER_LINES_H

/* What becomes of each m= line of a WebRTC offer. A part of answer.c. [any] */

#include "net/sdp/answer_bundle.h"
#include "net/sdp/answer_internal.h"
#include "net/sdp/answer_video.h"

enum answer_fate {
    ANSWER_LINE_REFUSED,
    ANSWER_LINE_TAKEN,      /* the audio */
    ANSWER_LINE_IDLE_AUDIO, /* accepted, a=inactive */
    ANSWER_LINE_IDLE_VIDEO,
};

struct answer_line {
    enum answer_fate fate;
    /* of idle audio */
    uint8_t pt;
    const struct answer_codec *codec;
    struct answer_video video;
};

struct answer_lines {
    struct answer_line line[SDP_MAX_MEDIA];
    struct answer_bundle bundle;
    size_t tagged; /* the line that speaks for the transport of all (RFC 9143, 7.3) */
};

/* index: the audio that is taken. */
void answer_lines_plan(struct answer_maker *m, size_t index, struct answer_lines *out);

#endif
