#ifndef NET_DTLS_DTLS_FINGERPRINT_H
#define NET_DTLS_DTLS_FINGERPRINT_H

/* A certificate's fingerprint, the value of SDP's a=fingerprint: RFC 8122, 5. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As good as they come last. */
enum dtls_hash { DTLS_SHA_256, DTLS_SHA_384, DTLS_SHA_512, DTLS_N_HASHES };

enum {
    DTLS_MAX_DIGEST_BYTES = 64,
    DTLS_MAX_FINGERPRINTS = 8,
    DTLS_FINGERPRINT_TEXT_BYTES = 8 + 3 * DTLS_MAX_DIGEST_BYTES, /* with the NUL */
};

struct dtls_fingerprint {
    enum dtls_hash hash;
    uint8_t digest[DTLS_MAX_DIGEST_BYTES];
    size_t len;
};

/* Parses "sha-256 AB:CD:…", any case. 0; or, *out untouched, -EINVAL: malformed, or not as long as
 * the hash; -ENOTSUP: a hash that is too weak (sha-1, md5 …) or unknown. */
int dtls_fingerprint_parse(struct dtls_fingerprint *out, const char *text, size_t len);

/* Its length; or -ENOSPC (DTLS_FINGERPRINT_TEXT_BYTES always suffices). */
int dtls_fingerprint_print(const struct dtls_fingerprint *f, char *buf, size_t cap);

/* True if the certificate (DER) is one of those named by the best hash among the n: RFC 8122, 5.1.
 * In constant time for all fingerprints of that hash. */
bool dtls_fingerprint_match(
    const struct dtls_fingerprint *fps, size_t n, const uint8_t *der, size_t der_len);

#endif
