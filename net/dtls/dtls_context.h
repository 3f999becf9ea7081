#ifndef NET_DTLS_DTLS_CONTEXT_H
#define NET_DTLS_DTLS_CONTEXT_H

/* What all sessions share, for dtls.c: settings of OpenSSL, certificate. */

#include "net/dtls/dtls.h"

#include <openssl/ssl.h>

struct dtls_context {
    SSL_CTX *ssl;
    BIO_METHOD *datagrams;
    char fingerprint[SDP_FINGERPRINT_TEXT];
};

/* What an SSL of the context has as its app data: whose certificate to accept. */
struct dtls_peer {
    struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS];
    size_t n;
};

#endif
