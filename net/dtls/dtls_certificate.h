#ifndef NET_DTLS_DTLS_CERTIFICATE_H
#define NET_DTLS_DTLS_CERTIFICATE_H

/* Certificates of DTLS: ours is made, a peer's is compared with what signalling said of it. Nobody
 * signs either, so neither names, dates nor chains are looked at (RFC 5763, 5; RFC 8827, 6.5). */

#include "net/sdp/sdp_dtls.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* A new key on P-256 and a certificate of it that says nothing about the machine. 0 and both are
 * the caller's, or -EIO. */
int dtls_certificate_make(EVP_PKEY **key, X509 **cert);
/* "sha-256 AB:CD:…" into SDP_FINGERPRINT_TEXT bytes. 0 or -EIO. */
int dtls_certificate_print(const X509 *cert, char *text);

/* Whether the certificate has one of the fingerprints. */
bool dtls_certificate_fits(const X509 *cert, const struct sdp_fingerprint *fingerprints, size_t n);
/* Whether its key is of a kind and size that is safe and not slow: named curves P-256, P-384,
 * P-521, Ed25519, RSA of 2048 … 4096 bits. */
bool dtls_certificate_key_fits(const X509 *cert);

#endif
