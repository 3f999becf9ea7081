#ifndef NET_SDP_SDP_DTLS_H
#define NET_SDP_SDP_DTLS_H

/* DTLS in SDP: certificate fingerprints (RFC 8122), who begins the handshake (RFC 4145, 8842).
 * [any] */

#include "net/sdp/sdp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SDP_MAX_FINGERPRINTS = 8, /* kept; more are ignored */
    SDP_FINGERPRINT_MAX_BYTES = 64,
    SDP_FINGERPRINT_TEXT = 200, /* room for "sha-512 AB:CD:…" with its NUL */
};

/* Hashes that are of use; others (sha-1, md5 …) count as not there. */
enum sdp_hash { SDP_HASH_NONE, SDP_HASH_SHA256, SDP_HASH_SHA384, SDP_HASH_SHA512 };

struct sdp_fingerprint {
    enum sdp_hash hash;
    uint8_t digest[SDP_FINGERPRINT_MAX_BYTES]; /* sdp_hash_bytes(hash) of it */
};

size_t sdp_hash_bytes(enum sdp_hash hash); /* 32, 48, 64; 0 for none */

/* What follows "a=fingerprint:". 0; -EINVAL: malformed; -ENOTSUP: a hash that is of no use. */
int sdp_fingerprint_parse(struct sdp_str value, struct sdp_fingerprint *out);
/* Its length, or -ENOSPC, -EINVAL: no hash. */
int sdp_fingerprint_print(const struct sdp_fingerprint *f, char *buf, size_t cap);
bool sdp_fingerprint_equal(const struct sdp_fingerprint *a, const struct sdp_fingerprint *b);

enum sdp_setup { SDP_SETUP_NONE, SDP_SETUP_ACTPASS, SDP_SETUP_ACTIVE, SDP_SETUP_PASSIVE };

/* What a section, or the session for it, says about DTLS. */
struct sdp_dtls {
    /* A certificate that fits any of them is the peer's (RFC 8122, 5): of several hashes only the
     * best are kept, so that a weak one cannot stand in for a strong one. */
    struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS];
    size_t n_fingerprints;
    bool has_fingerprint; /* there was one, if of no use */
    enum sdp_setup setup;
};

/* Fingerprints of the section stand instead of those of the session. 0; -EINVAL: a malformed
 * fingerprint, or a setup that is none. */
int sdp_dtls_read(const struct sdp *s, const struct sdp_section *section, struct sdp_dtls *out,
    struct sdp_error *why);

#endif
