#include "tests/support/foreign_dtls.h"

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400, PADDING_NID = NID_netscape_comment };

void link_put(const uint8_t *pkt, size_t len, void *arg)
{
    struct link *l = arg;
    cr_assert_lt(l->n, (size_t)LINK_DATAGRAMS);
    cr_assert_leq(len, (size_t)LINK_BYTES);
    memcpy(l->pkt[l->n].data, pkt, len);
    l->pkt[l->n++].len = (uint16_t)len;
}

/* --- keys and certificates ---------------------------------------------------------------------
 */
EVP_PKEY *foreign_ec_key(const char *curve, bool explicit_curve)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
        OSSL_PARAM_utf8_string(
            OSSL_PKEY_PARAM_EC_ENCODING, explicit_curve ? "explicit" : "named_curve", 0),
        OSSL_PARAM_END,
    };
    cr_assert(c && EVP_PKEY_keygen_init(c) == 1 && EVP_PKEY_CTX_set_params(c, params) == 1);
    cr_assert_eq(EVP_PKEY_generate(c, &key), 1);
    EVP_PKEY_CTX_free(c);
    return key;
}

EVP_PKEY *foreign_rsa_key(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);
    cr_assert_not_null(key);
    return key;
}

static void pad(X509 *cert, size_t bytes)
{
    char *text = malloc(bytes + 1);
    cr_assert_not_null(text);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, PADDING_NID, text);
    cr_assert(e && X509_add_ext(cert, e, -1));
    X509_EXTENSION_free(e);
    free(text);
}

X509 *foreign_certificate(EVP_PKEY *key, int from_days, int to_days, size_t padding_bytes)
{
    X509 *cert = X509_new();
    cr_assert_not_null(cert);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"someone", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_gmtime_adj(X509_getm_notBefore(cert), (long)from_days * SECONDS_A_DAY);
    X509_gmtime_adj(X509_getm_notAfter(cert), (long)to_days * SECONDS_A_DAY);
    if (padding_bytes)
        pad(cert, padding_bytes);
    cr_assert(X509_set_pubkey(cert, key));
    bool has_no_digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    cr_assert(X509_sign(cert, key, has_no_digest ? NULL : EVP_sha256()));
    return cert;
}

struct sdp_fingerprint foreign_fingerprint(const X509 *cert, enum sdp_hash hash)
{
    struct sdp_fingerprint f = {.hash = hash};
    const EVP_MD *md = hash == SDP_HASH_SHA256   ? EVP_sha256()
                       : hash == SDP_HASH_SHA384 ? EVP_sha384()
                                                 : EVP_sha512();
    cr_assert_eq(X509_digest(cert, md, f.digest, NULL), 1);
    return f;
}

/* --- the peer -----------------------------------------------------------------------------------
 */
static int accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

static void hear_alert(const SSL *ssl, int where, int value)
{
    struct foreign *f = SSL_get_app_data(ssl);
    if (where == SSL_CB_READ_ALERT)
        f->alert = value & 0xff;
}

static void configure(SSL_CTX *ctx, const struct foreign_options *o)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    SSL_CTX_set_min_proto_version(ctx, DTLS1_VERSION);
    if (o->null_security)
        SSL_CTX_set_security_level(ctx, 0);
    if (o->ciphers)
        cr_assert_eq(SSL_CTX_set_cipher_list(ctx, o->ciphers), 1);
    if (o->profiles)
        cr_assert_eq(SSL_CTX_set_tlsext_use_srtp(ctx, o->profiles), 0);
    if (o->key)
        cr_assert(
            SSL_CTX_use_certificate(ctx, o->cert) == 1 && SSL_CTX_use_PrivateKey(ctx, o->key) == 1);
    for (unsigned i = 0; i < o->chain; i++)
        cr_assert_eq(SSL_CTX_add1_chain_cert(ctx, o->cert), 1);
}

void foreign_open(struct foreign *f, const struct foreign_options *o)
{
    memset(f, 0, sizeof(*f));
    f->alert = -1;
    f->ctx = SSL_CTX_new(DTLS_method());
    f->method = dtls_bio_method();
    cr_assert(f->ctx && f->method);
    configure(f->ctx, o);
    f->ssl = SSL_new(f->ctx);
    f->datagrams = (struct dtls_datagrams){.send = link_put, .arg = &f->sent};
    BIO *bio = dtls_bio_create(f->method, &f->datagrams);
    cr_assert(f->ssl && bio);
    SSL_set_bio(f->ssl, bio, bio);
    SSL_set_app_data(f->ssl, f);
    SSL_set_info_callback(f->ssl, hear_alert);
    DTLS_set_link_mtu(f->ssl, DTLS_MTU);
    if (o->server)
        SSL_set_accept_state(f->ssl);
    else
        SSL_set_connect_state(f->ssl);
}

void foreign_close(struct foreign *f)
{
    SSL_free(f->ssl);
    SSL_CTX_free(f->ctx);
    BIO_meth_free(f->method);
}

void foreign_receive(struct foreign *f, const uint8_t *pkt, size_t len)
{
    uint8_t buf[LINK_BYTES];
    f->datagrams.pkt = pkt;
    f->datagrams.len = len;
    ERR_clear_error();
    f->result = SSL_do_handshake(f->ssl);
    int error = SSL_get_error(f->ssl, f->result);
    if (f->result == 1) {
        int n = SSL_read(f->ssl, buf, sizeof(buf));
        error = SSL_get_error(f->ssl, n);
    }
    f->broken |= error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
    f->datagrams.pkt = NULL;
}

void foreign_keys(struct foreign *f, size_t k, size_t s, struct dtls_keys *out)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t m[2 * SDES_MAX_KEY_BYTES];
    cr_assert_eq(
        SSL_export_keying_material(f->ssl, m, 2 * (k + s), label, sizeof(label) - 1, NULL, 0, 0),
        1);
    bool server = SSL_is_server(f->ssl);
    uint8_t *client_write = server ? out->in : out->out;
    uint8_t *server_write = server ? out->out : out->in;
    memcpy(client_write, m, k);
    memcpy(server_write, m + k, k);
    memcpy(client_write + k, m + 2 * k, s);
    memcpy(server_write + k, m + 2 * k + s, s);
}

/* --- a session of ours against it ---------------------------------------------------------------
 */
static void open_ours(struct encounter *e, bool active)
{
    const struct sdp_fingerprint expected = e->cert
                                                ? foreign_fingerprint(e->cert, SDP_HASH_SHA256)
                                                : (struct sdp_fingerprint){.hash = SDP_HASH_SHA256};
    const struct dtls_config cfg = {.role = active ? DTLS_ACTIVE : DTLS_PASSIVE,
        .fingerprints = &expected,
        .n_fingerprints = 1};
    cr_assert_eq(dtls_context_create(&e->context), 0);
    cr_assert_eq(dtls_create(&e->dtls, e->context, &cfg, link_put, &e->sent, 0), 0);
}

void encounter_open(struct encounter *e, struct foreign_options o, bool no_certificate)
{
    memset(e, 0, sizeof(*e));
    if (!o.key && !no_certificate) {
        o.key = foreign_ec_key("P-256", false);
        o.cert = foreign_certificate(o.key, -1, 1, 0);
    }
    e->key = o.key;
    e->cert = o.cert;
    open_ours(e, o.server);
    foreign_open(&e->foreign, &o);
}

void encounter_close(struct encounter *e)
{
    foreign_close(&e->foreign);
    dtls_destroy(e->dtls);
    dtls_context_destroy(e->context);
    X509_free(e->cert);
    EVP_PKEY_free(e->key);
}

void encounter_run(struct encounter *e)
{
    struct link *theirs = &e->foreign.sent, *ours = &e->sent;
    while (theirs->taken < theirs->n || ours->taken < ours->n) {
        for (; theirs->taken < theirs->n; theirs->taken++) {
            uint8_t *pkt = theirs->pkt[theirs->taken].data;
            size_t len = theirs->pkt[theirs->taken].len;
            if (!e->tamper || e->tamper(pkt, &len, (unsigned)theirs->taken))
                e->state = dtls_receive(e->dtls, pkt, len);
        }
        for (; ours->taken < ours->n; ours->taken++)
            foreign_receive(&e->foreign, ours->pkt[ours->taken].data, ours->pkt[ours->taken].len);
    }
}

void encounter_begin(struct encounter *e)
{
    if (SSL_is_server(e->foreign.ssl))
        e->state = dtls_start(e->dtls);
    else
        foreign_receive(&e->foreign, NULL, 0);
    encounter_run(e);
}
