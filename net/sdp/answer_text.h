#ifndef NET_SDP_ANSWER_TEXT_H
#define NET_SDP_ANSWER_TEXT_H

/* The text of an answer. A part of answer.c. [any] */

#include "net/sdp/answer.h"

/* Answers every m= line of the offer in its place: the one at audio->index is taken, the others are
 * refused (RFC 3264, 6). 0 and text the caller frees; or -ENOMEM, -E2BIG, -EINVAL: something in cfg
 * cannot be written. */
int answer_text(const struct sdp *offer, const struct answer_config *cfg,
    const struct answer_audio *audio, uint64_t id, uint64_t version, char **textp);

#endif
