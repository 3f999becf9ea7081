#ifndef NET_DTLS_DTLS_CONTEXT_H
#define NET_DTLS_DTLS_CONTEXT_H

/* What all sessions share, for dtls.c: settings of OpenSSL, certificate. */

#include "net/dtls/dtls.h"

#include <openssl/ssl.h>

struct dtls_context {
    SSL_CTX *ssl;
    char fingerprint[SDP_FINGERPRINT_TEXT];
};

/* Whether the certificate has one of the fingerprints. */
bool dtls_certificate_fits(X509 *cert, const struct sdp_fingerprint *fingerprints, size_t n);

#endif
