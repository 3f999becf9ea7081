#ifndef NET_DTLS_DTLS_BIO_H
#define NET_DTLS_DTLS_BIO_H

/* A BIO whose every read and write is one datagram; OpenSSL's memory BIOs glue them together. */

#include "net/dtls/dtls.h"

#include <openssl/bio.h>

struct dtls_datagrams { /* what such a BIO has as its data; outlives it */
    const uint8_t *pkt; /* to be read; NULL: none */
    size_t len;
    dtls_send_fn *send;
    void *arg;
};

/* NULL: no memory. BIO_meth_free() after the last BIO of it. */
BIO_METHOD *dtls_bio_method(void);
BIO *dtls_bio_create(const BIO_METHOD *method, struct dtls_datagrams *d); /* NULL: no memory */

#endif
