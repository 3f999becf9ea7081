#include "net/dtls/dtls_context.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECONDS_A_DAY = 86400,
    VALID_DAYS = 30,
    SERIAL_BYTES = 8,
};

/* Forward secret and authenticated; the peer's certificate may be RSA, ours is ECDSA. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK";
static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
static const char groups[] = "X25519:P-256:P-384";

/* --- the certificate -------------------------------------------------------------------------- */
/* Says nothing about the machine, and another one at every start. */
static int name_it(X509 *cert)
{
    uint8_t serial[SERIAL_BYTES];
    X509_NAME *name = X509_get_subject_name(cert);
    if (RAND_bytes(serial, sizeof(serial)) != 1)
        return -EIO;
    serial[0] = (serial[0] & 0x7f) | 0x40;
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(serial); i++)
        number = number << 8 | serial[i];
    bool ok = X509_set_version(cert, X509_VERSION_3) &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), number) &&
              X509_NAME_add_entry_by_txt(
                  name, "CN", MBSTRING_ASC, (const unsigned char *)"WebRTC", -1, -1, 0) &&
              X509_set_issuer_name(cert, name) &&
              X509_gmtime_adj(X509_getm_notBefore(cert), -SECONDS_A_DAY) &&
              X509_gmtime_adj(X509_getm_notAfter(cert), (long)VALID_DAYS * SECONDS_A_DAY);
    return ok ? 0 : -EIO;
}

static int use_new_certificate(struct dtls_context *c)
{
    int err = -EIO;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    struct sdp_fingerprint f = {.hash = SDP_HASH_SHA256};
    if (!key || !cert || name_it(cert))
        goto out;
    if (!X509_set_pubkey(cert, key) || !X509_sign(cert, key, EVP_sha256()))
        goto out;
    if (SSL_CTX_use_certificate(c->ssl, cert) != 1 || SSL_CTX_use_PrivateKey(c->ssl, key) != 1)
        goto out;
    if (X509_digest(cert, EVP_sha256(), f.digest, NULL) != 1)
        goto out;
    if (sdp_fingerprint_print(&f, c->fingerprint, sizeof(c->fingerprint)) > 0)
        err = 0;
out:
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

static const EVP_MD *digest_of(enum sdp_hash hash)
{
    switch (hash) {
    case SDP_HASH_SHA256:
        return EVP_sha256();
    case SDP_HASH_SHA384:
        return EVP_sha384();
    case SDP_HASH_SHA512:
        return EVP_sha512();
    case SDP_HASH_NONE:
        break;
    }
    return NULL;
}

bool dtls_certificate_fits(X509 *cert, const struct sdp_fingerprint *fingerprints, size_t n)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    for (size_t i = 0; i < n; i++) {
        const EVP_MD *md = digest_of(fingerprints[i].hash);
        if (md && X509_digest(cert, md, digest, NULL) == 1 &&
            !CRYPTO_memcmp(digest, fingerprints[i].digest, sdp_hash_bytes(fingerprints[i].hash)))
            return true;
    }
    return false;
}

/* --- the context ------------------------------------------------------------------------------ */
/* Certificates are self-signed: what vouches for one is its fingerprint, after the handshake. */
static int accept_any(int preverified, X509_STORE_CTX *store)
{
    (void)preverified, (void)store;
    return 1;
}

static bool configure(SSL_CTX *ssl)
{
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
    SSL_CTX_set_verify_depth(ssl, 0);
    SSL_CTX_set_max_cert_list(ssl, DTLS_MAX_CERTIFICATE);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, ciphers) == 1 &&
           SSL_CTX_set1_groups_list(ssl, groups) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, profiles) == 0; /* the other way round than its kin */
}

int dtls_context_create(struct dtls_context **cp)
{
    struct dtls_context *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->ssl = SSL_CTX_new(DTLS_method());
    if (!c->ssl || !configure(c->ssl) || use_new_certificate(c)) {
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
    free(c);
}

const char *dtls_context_fingerprint(const struct dtls_context *c)
{
    return c->fingerprint;
}
