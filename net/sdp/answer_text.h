#ifndef NET_SDP_ANSWER_TEXT_H
#define NET_SDP_ANSWER_TEXT_H

/* The text of a plain answer, and what it has in common with that of WebRTC. A part of answer.c.
 * [any] */

#include "net/sdp/answer.h"

/* Answers every m= line of the offer in its place: the one at audio->index is taken, the others are
 * refused (RFC 3264, 6). 0 and text the caller frees; or -ENOMEM, -E2BIG, -EINVAL: something in cfg
 * cannot be written. */
int answer_text(const struct sdp *offer, const struct answer_config *cfg,
    const struct answer_audio *audio, uint64_t id, uint64_t version, char **textp);

enum { ANSWER_TEXT_LIST_BYTES = 4 * (ANSWER_MAX_FORMATS + 2 * ANSWER_MAX_EVENTS + 1) };

/* The payload types as they end the m= line: what we would send, or want to get, first. */
void answer_text_list_formats(
    const struct answer_audio *a, char buf[static ANSWER_TEXT_LIST_BYTES]);
/* a=rtpmap and a=fmtp of one format, of all that were agreed. */
void answer_text_add_format(
    struct sdp *s, const struct answer_config *cfg, uint8_t pt, const struct answer_codec *c);
void answer_text_add_formats(
    struct sdp *s, const struct answer_config *cfg, const struct answer_audio *a);
void answer_text_add_times(
    struct sdp *s, const struct answer_config *cfg, const struct answer_audio *a);
void answer_text_add_mid(struct sdp *s, const struct sdp *offer, const struct sdp_media *m);
void answer_text_refuse(struct sdp *s, const struct sdp *offer, const struct sdp_media *m);

#endif
