#ifndef NET_SDP_SDP_ICE_H
#define NET_SDP_SDP_ICE_H

/* ICE in SDP (RFC 8839, TCP candidates RFC 6544): credentials, options, the candidates of a lite
 * agent. The peer's candidates are counted, never used: a lite agent sends no checks. [any] */

#include "net/addr.h"
#include "net/ice/ice_lite.h"
#include "net/sdp/sdp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SDP_ICE_MAX_CANDIDATES = 16, /* of ours */
    SDP_ICE_CANDIDATE_BYTES = 160,
};

/* A host candidate of ours; RTP and RTCP share it. */
struct sdp_ice_candidate {
    struct net_addr addr;
    bool tcp; /* passive */
};

/* The value of a=candidate for list[index]. Priorities fall in the order of the list, those of TCP
 * below all of UDP; candidates of one address and protocol have one foundation. Its length, or
 * -ENOSPC (SDP_ICE_CANDIDATE_BYTES always suffices), -EINVAL: no address. */
int sdp_ice_print_candidate(
    const struct sdp_ice_candidate *list, size_t index, char *buf, size_t cap);
/* What list[index] has in its candidate line, for tests and statistics. */
uint32_t sdp_ice_priority(const struct sdp_ice_candidate *list, size_t index);

/* What a section, or the session for it, says about ICE. */
struct sdp_ice {
    struct ice_credentials credentials; /* both empty: none */
    bool lite, trickle, renomination, end_of_candidates;
    size_t n_candidates; /* well formed or not */
};

/* Reads the session, then the section. 0; -EINVAL: an ufrag or password that cannot be one, or only
 * one of the two. */
int sdp_ice_read(const struct sdp *s, const struct sdp_section *section, struct sdp_ice *out,
    struct sdp_error *why);

#endif
