#include "net/dtls/dtls_context.h"

#include "net/dtls/dtls_bio.h"
#include "net/dtls/dtls_certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

/* RSA of 2048 bits and what is as strong, whatever the system's configuration says. */
enum { SECURITY_LEVEL = 2 };

/* Forward secret and authenticated; the peer's certificate may be RSA, ours is ECDSA. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK";
static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
static const char groups[] = "X25519:P-256:P-384";
static const char signatures[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/* In place of OpenSSL's own check: no chain is built. That the peer has the key as well, OpenSSL
 * finds out in its next step. */
static int verify_peer(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct dtls_peer *peer = SSL_get_app_data(ssl);
    const X509 *cert = X509_STORE_CTX_get0_cert(store);
    if (cert && dtls_certificate_fits(cert, peer->fingerprints, peer->n) &&
        dtls_certificate_key_fits(cert)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static bool configure(SSL_CTX *ssl)
{
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, verify_peer, NULL);
    SSL_CTX_set_max_cert_list(ssl, DTLS_MAX_CERTIFICATE);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, 0) == 1 &&
           SSL_CTX_set_cipher_list(ssl, ciphers) == 1 &&
           SSL_CTX_set1_groups_list(ssl, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, signatures) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, profiles) == 0; /* the other way round than its kin */
}

static int use_new_certificate(struct dtls_context *c)
{
    EVP_PKEY *key;
    X509 *cert;
    int err = dtls_certificate_make(&key, &cert);
    if (err)
        return err;
    if (SSL_CTX_use_certificate(c->ssl, cert) != 1 || SSL_CTX_use_PrivateKey(c->ssl, key) != 1)
        err = -EIO;
    else
        err = dtls_certificate_print(cert, c->fingerprint);
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

int dtls_context_create(struct dtls_context **cp)
{
    struct dtls_context *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->datagrams = dtls_bio_method();
    c->ssl = SSL_CTX_new(DTLS_method());
    if (!c->datagrams || !c->ssl || !configure(c->ssl) || use_new_certificate(c)) {
        ERR_clear_error();
        dtls_context_destroy(c);
        return -EIO;
    }
    *cp = c;
    return 0;
}

void dtls_context_destroy(struct dtls_context *c)
{
    if (!c)
        return;
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->datagrams);
    free(c);
}

const char *dtls_context_fingerprint(const struct dtls_context *c)
{
    return c->fingerprint;
}
