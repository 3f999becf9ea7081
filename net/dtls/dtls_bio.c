#include "net/dtls/dtls_bio.h"

#include <string.h>

enum { HEADERS_BYTES = 28 }; /* of IPv4 and UDP */

static int bio_write(BIO *bio, const char *data, int len)
{
    const struct dtls_datagrams *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (len > 0)
        d->send((const uint8_t *)data, (size_t)len, d->arg);
    return len;
}

static int bio_read(BIO *bio, char *out, int cap)
{
    struct dtls_datagrams *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!d->pkt || cap <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = d->len < (size_t)cap ? d->len : (size_t)cap;
    memcpy(out, d->pkt, n);
    d->pkt = NULL;
    return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return HEADERS_BYTES;
    default:
        return 0;
    }
}

BIO_METHOD *dtls_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");
    if (m && BIO_meth_set_write(m, bio_write) && BIO_meth_set_read(m, bio_read) &&
        BIO_meth_set_ctrl(m, bio_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

BIO *dtls_bio_create(const BIO_METHOD *method, struct dtls_datagrams *d)
{
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, d);
        BIO_set_init(bio, 1);
    }
    return bio;
}
