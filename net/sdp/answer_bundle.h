#ifndef NET_SDP_ANSWER_BUNDLE_H
#define NET_SDP_ANSWER_BUNDLE_H

/* Which m= lines share one transport (a=group:BUNDLE, RFC 9143). A part of answer.c. [any] */

#include "net/sdp/sdp.h"

#include <stdbool.h>
#include <stdint.h>

struct answer_bundle {
    bool in[SDP_MAX_MEDIA];
    uint8_t order[SDP_MAX_MEDIA]; /* indices of m= lines as the group lists them, each once */
    size_t n;                     /* 0: not bundled */
};

struct sdp_str answer_mid(const struct sdp *s, const struct sdp_media *m); /* absent: none */
/* The group that the line is in. Of lines with the same mid the first counts. */
void answer_bundle_read(const struct sdp *offer, size_t index, struct answer_bundle *out);

#endif
