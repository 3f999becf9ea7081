#ifndef NET_SDP_SDP_FRAG_H
#define NET_SDP_SDP_FRAG_H

/* Fragments of SDP that carry ICE alone: application/trickle-ice-sdpfrag (RFC 8840, 9), as PATCH of
 * WHIP and WHEP uses them (RFC 9725, 4.3). [any] */

#include "net/sdp/sdp_ice.h"

#include <stdbool.h>
#include <stddef.h>

enum { SDP_FRAG_MAX_BYTES = 16384 };

/* What the peer says. */
struct sdp_frag {
    struct ice_credentials credentials; /* both empty: none; of the session or of the first m= */
    size_t n_candidates, n_media;
    bool end_of_candidates;
};

/* 0; -EINVAL: malformed, or only one of ufrag and password; -E2BIG. out is untouched and *why set
 * on error. Candidates are counted, well formed or not: a lite agent has no use for them. */
int sdp_frag_parse(const char *text, size_t len, struct sdp_frag *out, struct sdp_error *why);

/* Ours, in answer to an ICE restart: credentials and all candidates, for the bundle whose first
 * medium has this mid (NULL: none named). 0 and text the caller frees; or -ENOMEM, -EINVAL. */
int sdp_frag_print(const struct ice_credentials *credentials,
    const struct sdp_ice_candidate *candidates, size_t n_candidates, const char *mid, char **textp);

#endif
