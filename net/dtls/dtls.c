#include "net/dtls/dtls.h"

#include "net/dtls/dtls_bio.h"
#include "net/dtls/dtls_certificate.h"
#include "net/dtls/dtls_context.h"
#include "net/dtls/dtls_record.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISCARD_BYTES = 2048,
    /* OpenSSL keeps such records, 17 KB each, until it has the keys: RFC 6347, 4.2.4 lets them
     * overtake the handshake. One belongs to each of the peer's attempts. */
    MAX_EARLY_RECORDS = 16,
};

struct dtls {
    SSL *ssl;
    struct dtls_peer peer;
    enum dtls_role role;
    enum dtls_state state;
    bool started;
    unsigned early_records;
    uint32_t next_number; /* of records in the clear */
    uint64_t give_up_us;
    struct dtls_datagrams datagrams;
    struct dtls_stats stats;
    dtls_send_fn *send;
    void *arg;
};

static void send_counted(const uint8_t *pkt, size_t len, void *arg)
{
    struct dtls *d = arg;
    d->stats.sent++;
    d->send(pkt, len, d->arg);
}

/* --- retransmission --------------------------------------------------------------------------- */
static unsigned next_retry_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (!last_us)
        return DTLS_FIRST_RETRY_MS * 1000;
    return last_us * 2 < DTLS_LAST_RETRY_MS * 1000 ? last_us * 2 : DTLS_LAST_RETRY_MS * 1000;
}

/* --- life ------------------------------------------------------------------------------------- */
static int set_up_ssl(struct dtls *d, struct dtls_context *c)
{
    d->ssl = SSL_new(c->ssl);
    BIO *bio = d->ssl ? dtls_bio_create(c->datagrams, &d->datagrams) : NULL;
    if (!bio)
        return -ENOMEM;
    SSL_set_bio(d->ssl, bio, bio);
    if (SSL_set_app_data(d->ssl, &d->peer) != 1)
        return -ENOMEM;
    DTLS_set_link_mtu(d->ssl, DTLS_MTU);
    DTLS_set_timer_cb(d->ssl, next_retry_us);
    if (d->role == DTLS_ACTIVE)
        SSL_set_connect_state(d->ssl);
    else
        SSL_set_accept_state(d->ssl);
    return 0;
}

int dtls_create(struct dtls **dp, struct dtls_context *c, const struct dtls_config *cfg,
    dtls_send_fn *send, void *arg, uint64_t now_us)
{
    if (!cfg->n_fingerprints || cfg->n_fingerprints > SDP_MAX_FINGERPRINTS)
        return -EINVAL;
    struct dtls *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    d->peer.n = cfg->n_fingerprints;
    memcpy(d->peer.fingerprints, cfg->fingerprints, d->peer.n * sizeof(d->peer.fingerprints[0]));
    d->role = cfg->role;
    d->send = send;
    d->arg = arg;
    d->datagrams = (struct dtls_datagrams){.send = send_counted, .arg = d};
    d->give_up_us = now_us + (cfg->give_up_ms ? cfg->give_up_ms : DTLS_GIVE_UP_MS) * UINT64_C(1000);
    int err = set_up_ssl(d, c);
    if (err) {
        ERR_clear_error();
        dtls_destroy(d);
        return err;
    }
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

/* --- the handshake ---------------------------------------------------------------------------- */
static void finish(struct dtls *d)
{
    if (SSL_get_selected_srtp_profile(d->ssl)) {
        d->state = DTLS_READY;
        return;
    }
    SSL_shutdown(d->ssl); /* nothing could be sent or heard */
    d->state = DTLS_FAILED;
}

static bool is_fatal(const struct dtls *d, int result)
{
    int error = SSL_get_error(d->ssl, result);
    return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

static void go_on(struct dtls *d)
{
    ERR_clear_error();
    int result = SSL_do_handshake(d->ssl);
    if (result == 1)
        finish(d);
    else if (is_fatal(d, result))
        d->state = DTLS_FAILED;
}

/* What matters are alerts, and the peer's last flight, which is answered again. Application data
 * that came along is thrown away. A call needs the buffers (34 KB) hardly ever, so they are there
 * only meanwhile; OpenSSL does not get any by itself to write a DTLS record. */
static void read_on(struct dtls *d)
{
    uint8_t discard[DISCARD_BYTES];
    int result;
    ERR_clear_error();
    if (SSL_alloc_buffers(d->ssl) != 1)
        return;
    while ((result = SSL_read(d->ssl, discard, sizeof(discard))) > 0)
        ;
    if (SSL_get_error(d->ssl, result) == SSL_ERROR_ZERO_RETURN)
        d->state = DTLS_CLOSED;
    else if (is_fatal(d, result))
        d->state = DTLS_FAILED;
    SSL_free_buffers(d->ssl);
}

enum dtls_state dtls_start(struct dtls *d)
{
    if (d->role == DTLS_ACTIVE && d->state == DTLS_HANDSHAKING && !d->started) {
        d->started = true;
        go_on(d);
    }
    return d->state;
}

/* How much of it OpenSSL is to see. A data channel's data would only cost time; before the
 * handshake's end nothing encrypted is wanted but its last message. */
static size_t wanted_bytes(struct dtls *d, const uint8_t *pkt, size_t len)
{
    struct dtls_records r = dtls_records_count(pkt, len);
    if (!r.all || len > DTLS_MAX_DATAGRAM) {
        d->stats.dropped++;
        return 0;
    }
    if (r.data == r.all) {
        d->stats.data++;
        return 0;
    }
    if (d->state != DTLS_HANDSHAKING)
        return r.bytes;
    if (r.encrypted > MAX_EARLY_RECORDS - d->early_records) {
        d->stats.dropped++;
        return 0;
    }
    d->early_records += r.encrypted;
    return r.bytes;
}

static void read_datagram(struct dtls *d, const uint8_t *pkt, size_t len)
{
    uint8_t copy[DTLS_MAX_DATAGRAM];
    memcpy(copy, pkt, len);
    dtls_records_renumber(copy, len, &d->next_number);
    d->started = true;
    d->datagrams.pkt = copy;
    d->datagrams.len = len;
    if (d->state == DTLS_HANDSHAKING)
        go_on(d);
    if (d->state == DTLS_READY)
        read_on(d);
    d->datagrams.pkt = NULL;
}

enum dtls_state dtls_receive(struct dtls *d, const uint8_t *pkt, size_t len)
{
    d->stats.received++;
    size_t n = d->state <= DTLS_READY ? wanted_bytes(d, pkt, len) : 0;
    if (n)
        read_datagram(d, pkt, n);
    return d->state;
}

enum dtls_state dtls_tick(struct dtls *d, uint64_t now_us)
{
    if (d->state != DTLS_HANDSHAKING)
        return d->state;
    ERR_clear_error();
    int again = d->started ? DTLSv1_handle_timeout(d->ssl) : 0;
    d->stats.timeouts += again > 0;
    if (now_us >= d->give_up_us || again < 0)
        d->state = DTLS_TIMED_OUT;
    return d->state;
}

void dtls_close(struct dtls *d)
{
    ERR_clear_error();
    bool is_up = d->state == DTLS_READY || d->state == DTLS_CLOSED;
    if (is_up && SSL_alloc_buffers(d->ssl) == 1)
        SSL_shutdown(d->ssl);
}

void dtls_stats(const struct dtls *d, struct dtls_stats *out)
{
    *out = d->stats;
}

bool dtls_is_data(const uint8_t *pkt, size_t len)
{
    struct dtls_records r = dtls_records_count(pkt, len);
    return r.all && r.data == r.all;
}

/* --- keys (RFC 5764, 4.2) --------------------------------------------------------------------- */
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
