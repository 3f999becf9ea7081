#include "mcu/http/http_tls.h"

#include "mcu/config.h"
#include "mcu/http/own_names.h"
#include "mcu/http/self_signed.h"
#include "mcu/log.h"
#include "mcu/state.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PEM_MAX = 256 * 1024,
    CHAIN_MAX = 10,
    RETRY_S = 3600,
};

#define SUITES_12                                                                                  \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS    "X25519:P-256:P-384"

struct http_tls {
    const struct config *cfg;
    SSL_CTX *ctx; /* each connection holds it too */
    bool self_signed, exposed;
    int64_t ends, retry;
};

/* --- PEM files -------------------------------------------------------------------------------- */
/* The whole of a regular file. NULL and *why. *mode: its permissions. */
static BIO *read_file(const char *path, mode_t *mode, const char **why)
{
    struct stat st;
    char *bytes = malloc(PEM_MAX);
    BIO *bio = BIO_new(BIO_s_secmem());
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = -1;
    if (bytes && bio && fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
        n = read(fd, bytes, PEM_MAX);
    bool whole = n > 0 && n < PEM_MAX && BIO_write(bio, bytes, (int)n) == n;
    *mode = whole ? st.st_mode : 0;
    if (bytes)
        OPENSSL_cleanse(bytes, PEM_MAX);
    free(bytes);
    if (fd >= 0)
        close(fd);
    if (whole)
        return bio;
    *why = "the file cannot be read";
    BIO_free(bio);
    return NULL;
}

/* There is nobody to ask. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

struct identity {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    bool exposed;
};

static void forget(struct identity *id)
{
    X509_free(id->leaf);
    sk_X509_pop_free(id->chain, X509_free);
    EVP_PKEY_free(id->key);
}

static int read_certificates(struct identity *id, const char *path, const char **why)
{
    mode_t mode;
    X509 *x = NULL;
    BIO *bio = read_file(path, &mode, why);
    if (!bio)
        return -ENOENT;
    id->leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    id->chain = sk_X509_new_null();
    while (id->leaf && id->chain && sk_X509_num(id->chain) < CHAIN_MAX &&
           (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) && sk_X509_push(id->chain, x) > 0)
        x = NULL;
    X509_free(x);
    BIO_free(bio);
    if (id->leaf)
        return id->chain ? 0 : -ENOMEM;
    *why = "tls_certificate holds no PEM certificate";
    return -EINVAL;
}

static int read_key(struct identity *id, const char *path, const char **why)
{
    mode_t mode;
    BIO *bio = read_file(path, &mode, why);
    if (!bio)
        return -ENOENT;
    id->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    id->exposed = mode & 077;
    BIO_free(bio);
    if (id->key)
        return 0;
    *why = "tls_key holds no PEM private key without password";
    return -EINVAL;
}

/* --- what is negotiated ----------------------------------------------------------------------- */
/* A client that lists protocols and not ours would misunderstand us (RFC 7301, 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
        SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) && SSL_CTX_set_num_tickets(ctx, 0) &&
        SSL_CTX_set_cipher_list(ctx, SUITES_12) && SSL_CTX_set_ciphersuites(ctx, SUITES_13) &&
        SSL_CTX_set1_groups_list(ctx, GROUPS))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

/* Takes it for the connections that come. */
static int take(struct http_tls *t, const struct identity *id, const char **why)
{
    SSL_CTX *ctx = new_context();
    if (!ctx)
        return -ENOMEM;
    if (SSL_CTX_use_cert_and_key(ctx, id->leaf, id->key, id->chain, 1) != 1) {
        *why = "the certificate and the key do not belong together, or are too weak";
        SSL_CTX_free(ctx);
        return -EKEYREJECTED;
    }
    SSL_CTX_free(t->ctx);
    t->ctx = ctx;
    t->self_signed = !*t->cfg->tls_certificate;
    t->exposed = id->exposed;
    t->ends = self_signed_ends(id->leaf);
    return 0;
}

/* --- the self-signed one ---------------------------------------------------------------------- */
struct state_files {
    char certificate[STATE_PATH_MAX], key[STATE_PATH_MAX];
};

static int load_kept(
    struct http_tls *t, const struct state_files *f, const char *names, int64_t now_unix)
{
    const char *why = NULL;
    struct identity id = {0};
    int err = read_certificates(&id, f->certificate, &why);
    if (!err)
        err = read_key(&id, f->key, &why);
    if (!err && (!self_signed_serves(id.leaf, names, now_unix) || id.exposed))
        err = -EKEYEXPIRED;
    if (!err)
        err = take(t, &id, &why);
    forget(&id);
    return err;
}

static int make_and_keep(
    struct http_tls *t, const struct state_files *f, const char *names, int64_t now_unix)
{
    struct self_signed made;
    int err = self_signed_make(&made, names, now_unix);
    if (err)
        return err;
    err = state_replace(f->key, made.key, strlen(made.key), 0600);
    if (!err)
        err = state_replace(f->certificate, made.certificate, strlen(made.certificate), 0644);
    self_signed_free(&made);
    if (err)
        return err;
    LOG_INFO("http", "certificate_made", log_int("days", SELF_SIGNED_DAYS));
    return load_kept(t, f, names, now_unix);
}

static int load_self_signed(struct http_tls *t, int64_t now_unix, const char **why)
{
    struct state_files f;
    char names[OWN_NAMES_MAX];
    int err = state_path(f.certificate, t->cfg, "tls_certificate.pem");
    if (!err)
        err = state_path(f.key, t->cfg, "tls_key.pem");
    *why = "no place for a self-signed certificate: set token_file, HOME or tls_certificate";
    if (err)
        return err;
    own_names(names, t->cfg);
    if (!load_kept(t, &f, names, now_unix))
        return 0;
    err = make_and_keep(t, &f, names, now_unix);
    if (err == -EINVAL)
        *why = "http_names holds what cannot stand in a self-signed certificate";
    else
        *why = "the self-signed certificate cannot be kept in the state folder";
    return err;
}

/* --- the server's ----------------------------------------------------------------------------- */
static int load_configured(struct http_tls *t, const char **why)
{
    struct identity id = {0};
    const struct config *cfg = t->cfg;
    int err = read_certificates(&id, cfg->tls_certificate, why);
    if (!err)
        err = read_key(&id, *cfg->tls_key ? cfg->tls_key : cfg->tls_certificate, why);
    if (!err)
        err = take(t, &id, why);
    forget(&id);
    return err;
}

static int load(struct http_tls *t, int64_t now_unix, const char **why)
{
    *why = "no memory";
    int err =
        *t->cfg->tls_certificate ? load_configured(t, why) : load_self_signed(t, now_unix, why);
    ERR_clear_error();
    return err;
}

int http_tls_reload(struct http_tls *t, const char **why)
{
    return load(t, time(NULL), why);
}

int http_tls_create(struct http_tls **tp, const struct config *cfg, const char **why)
{
    struct http_tls *t = calloc(1, sizeof(*t));
    *why = "no memory";
    if (!t)
        return -ENOMEM;
    t->cfg = cfg;
    int err = http_tls_reload(t, why);
    if (err)
        free(t);
    else
        *tp = t;
    return err;
}

void http_tls_destroy(struct http_tls *t)
{
    if (t)
        SSL_CTX_free(t->ctx);
    free(t);
}

void http_tls_renew(struct http_tls *t, int64_t now_unix)
{
    const char *why;
    if (!t->self_signed || now_unix < t->retry ||
        t->ends - now_unix > (int64_t)SELF_SIGNED_RENEW_DAYS * 86400)
        return;
    t->retry = now_unix + RETRY_S;
    if (load(t, now_unix, &why))
        LOG_ERROR("http", "certificate_not_renewed", log_text("why", why));
}

bool http_tls_self_signed(const struct http_tls *t)
{
    return t->self_signed;
}

bool http_tls_key_exposed(const struct http_tls *t)
{
    return t->exposed;
}

int64_t http_tls_ends(const struct http_tls *t)
{
    return t->ends;
}

struct ssl_st *http_tls_session(struct http_tls *t)
{
    SSL *ssl = SSL_new(t->ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_mem_eof_return(in, -1); /* empty means: more is to come */
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_accept_state(ssl);
    return ssl;
}
