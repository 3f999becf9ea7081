#include "net/dtls/dtls.h"

#include "net/dtls/dtls_context.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_BYTES = 28, DISCARD_BYTES = 2048 };

struct dtls {
    SSL *ssl;
    struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS];
    size_t n_fingerprints;
    enum dtls_role role;
    enum dtls_state state;
    bool started;
    uint64_t give_up_us;
    const uint8_t *pkt; /* the datagram in hand, until OpenSSL has read it */
    size_t len;
    dtls_send_fn *send;
    void *arg;
};

/* --- a BIO whose every read and write is one datagram ------------------------------------------
 */
static int bio_write(BIO *bio, const char *data, int len)
{
    struct dtls *d = BIO_get_data(bio);
    d->send((const uint8_t *)data, (size_t)len, d->arg);
    return len;
}

static int bio_read(BIO *bio, char *out, int cap)
{
    struct dtls *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!d->pkt) {
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

static BIO_METHOD *datagrams;

static int make_datagrams(void)
{
    datagrams = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    return datagrams && BIO_meth_set_write(datagrams, bio_write) &&
           BIO_meth_set_read(datagrams, bio_read) && BIO_meth_set_ctrl(datagrams, bio_ctrl);
}

/* Sessions are made on one thread, and the method stays for the life of the process. */
static BIO *new_bio(struct dtls *d)
{
    static bool made;
    if (!made)
        made = make_datagrams();
    BIO *bio = made ? BIO_new(datagrams) : NULL;
    if (bio) {
        BIO_set_data(bio, d);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* --- retransmission ----------------------------------------------------------------------------
 */
static unsigned next_retry_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (!last_us)
        return DTLS_FIRST_RETRY_MS * 1000;
    return last_us * 2 < DTLS_LAST_RETRY_MS * 1000 ? last_us * 2 : DTLS_LAST_RETRY_MS * 1000;
}

/* --- life --------------------------------------------------------------------------------------
 */
int dtls_create(struct dtls **dp, struct dtls_context *c, const struct dtls_config *cfg,
    dtls_send_fn *send, void *arg, uint64_t now_us)
{
    if (!cfg->n_fingerprints || cfg->n_fingerprints > SDP_MAX_FINGERPRINTS)
        return -EINVAL;
    struct dtls *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    memcpy(d->fingerprints, cfg->fingerprints, cfg->n_fingerprints * sizeof(d->fingerprints[0]));
    d->n_fingerprints = cfg->n_fingerprints;
    d->role = cfg->role;
    d->send = send;
    d->arg = arg;
    d->give_up_us = now_us + (uint64_t)DTLS_GIVE_UP_MS * 1000;
    d->ssl = SSL_new(c->ssl);
    BIO *bio = d->ssl ? new_bio(d) : NULL;
    if (!bio) {
        dtls_destroy(d);
        return -ENOMEM;
    }
    SSL_set_bio(d->ssl, bio, bio);
    DTLS_set_link_mtu(d->ssl, DTLS_MTU);
    DTLS_set_timer_cb(d->ssl, next_retry_us);
    if (d->role == DTLS_ACTIVE)
        SSL_set_connect_state(d->ssl);
    else
        SSL_set_accept_state(d->ssl);
    *dp = d;
    return 0;
}

void dtls_destroy(struct dtls *d)
{
    if (!d)
        return;
    SSL_free(d->ssl);
    free(d);
}

/* --- the handshake ------------------------------------------------------------------------------
 */
/* Without a profile for SRTP or with another certificate than announced there is no session. */
static bool is_agreed(const struct dtls *d)
{
    X509 *cert = SSL_get0_peer_certificate(d->ssl);
    return cert && dtls_certificate_fits(cert, d->fingerprints, d->n_fingerprints) &&
           SSL_get_selected_srtp_profile(d->ssl);
}

static void go_on(struct dtls *d)
{
    ERR_clear_error();
    int done = SSL_do_handshake(d->ssl);
    if (done == 1) {
        d->state = is_agreed(d) ? DTLS_READY : DTLS_FAILED;
        return;
    }
    int error = SSL_get_error(d->ssl, done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        d->state = DTLS_FAILED;
}

/* Application data (a data channel's) is read to be thrown away; what matters are alerts, and the
 * peer's last flight, which is answered again. */
static void read_on(struct dtls *d)
{
    uint8_t discard[DISCARD_BYTES];
    int n;
    ERR_clear_error();
    while ((n = SSL_read(d->ssl, discard, sizeof(discard))) > 0)
        ;
    int error = SSL_get_error(d->ssl, n);
    if (error == SSL_ERROR_ZERO_RETURN)
        d->state = DTLS_CLOSED;
    else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        d->state = DTLS_FAILED;
}

enum dtls_state dtls_start(struct dtls *d)
{
    if (d->role == DTLS_ACTIVE && d->state == DTLS_HANDSHAKING && !d->started) {
        d->started = true;
        go_on(d);
    }
    return d->state;
}

enum dtls_state dtls_receive(struct dtls *d, const uint8_t *pkt, size_t len)
{
    d->started = true;
    d->pkt = pkt;
    d->len = len;
    if (d->state == DTLS_HANDSHAKING)
        go_on(d);
    if (d->state == DTLS_READY)
        read_on(d);
    d->pkt = NULL;
    return d->state;
}

enum dtls_state dtls_tick(struct dtls *d, uint64_t now_us)
{
    if (d->state != DTLS_HANDSHAKING)
        return d->state;
    ERR_clear_error();
    if (now_us >= d->give_up_us)
        d->state = DTLS_TIMED_OUT;
    else if (d->started && DTLSv1_handle_timeout(d->ssl) < 0)
        d->state = DTLS_TIMED_OUT;
    return d->state;
}

void dtls_close(struct dtls *d)
{
    ERR_clear_error();
    if (d->state == DTLS_READY)
        SSL_shutdown(d->ssl);
}

/* --- keys (RFC 5764, 4.2) ------------------------------------------------------------------------
 */
static const struct profile {
    unsigned long id;
    enum sdes_suite suite;
    size_t key_bytes, salt_bytes;
} profiles[] = {
    {SRTP_AEAD_AES_128_GCM, SDES_AEAD_AES_128_GCM, 16, 12},
    {SRTP_AEAD_AES_256_GCM, SDES_AEAD_AES_256_GCM, 32, 12},
    {SRTP_AES128_CM_SHA1_80, SDES_AES_CM_128_HMAC_SHA1_80, 16, 14},
};

static const struct profile *find_profile(const SRTP_PROTECTION_PROFILE *agreed)
{
    for (size_t i = 0; agreed && i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (profiles[i].id == agreed->id)
            return &profiles[i];
    return NULL;
}

/* client key, server key, client salt, server salt. */
int dtls_keys(struct dtls *d, struct dtls_keys *out)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t m[2 * SDES_MAX_KEY_BYTES];
    const struct profile *p = find_profile(SSL_get_selected_srtp_profile(d->ssl));
    if (!p || d->state != DTLS_READY)
        return -EIO;
    size_t k = p->key_bytes, s = p->salt_bytes;
    if (SSL_export_keying_material(d->ssl, m, 2 * (k + s), label, sizeof(label) - 1, NULL, 0, 0) !=
        1)
        return -EIO;
    uint8_t *client = d->role == DTLS_ACTIVE ? out->out : out->in;
    uint8_t *server = d->role == DTLS_ACTIVE ? out->in : out->out;
    memcpy(client, m, k);
    memcpy(server, m + k, k);
    memcpy(client + k, m + 2 * k, s);
    memcpy(server + k, m + 2 * k + s, s);
    out->suite = p->suite;
    explicit_bzero(m, sizeof(m));
    return 0;
}
