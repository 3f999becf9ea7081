#include "net/dtls/dtls_certificate.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum {
    SECONDS_A_DAY = 86400,
    VALID_DAYS = 3650, /* longer than any process runs: some peers do look */
    RSA_MIN_BITS = 2048,
    RSA_MAX_BITS = 4096,
    CURVE_NAME_BYTES = 32,
};

/* --- ours ------------------------------------------------------------------------------------- */
static bool name_it(X509 *cert)
{
    uint64_t serial;
    X509_NAME *name = X509_get_subject_name(cert);
    return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
           X509_set_version(cert, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) &&
           X509_NAME_add_entry_by_txt(
               name, "CN", MBSTRING_ASC, (const unsigned char *)"WebRTC", -1, -1, 0) &&
           X509_set_issuer_name(cert, name) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -SECONDS_A_DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), (long)VALID_DAYS * SECONDS_A_DAY);
}

int dtls_certificate_make(EVP_PKEY **keyp, X509 **certp)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    if (!key || !cert || !name_it(cert) || !X509_set_pubkey(cert, key) ||
        !X509_sign(cert, key, EVP_sha256())) {
        X509_free(cert);
        EVP_PKEY_free(key);
        return -EIO;
    }
    *keyp = key;
    *certp = cert;
    return 0;
}

int dtls_certificate_print(const X509 *cert, char *text)
{
    struct sdp_fingerprint f = {.hash = SDP_HASH_SHA256};
    if (X509_digest(cert, EVP_sha256(), f.digest, NULL) != 1)
        return -EIO;
    return sdp_fingerprint_print(&f, text, SDP_FINGERPRINT_TEXT) > 0 ? 0 : -EIO;
}

/* --- a peer's --------------------------------------------------------------------------------- */
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

bool dtls_certificate_fits(const X509 *cert, const struct sdp_fingerprint *fingerprints, size_t n)
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

/* A curve that is spelled out instead of named is none that anybody honest uses. */
static bool is_named_curve(const EVP_PKEY *key)
{
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char name[CURVE_NAME_BYTES];
    int is_explicit = 1;
    if (!EVP_PKEY_get_int_param(
            key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) ||
        is_explicit || EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
        return false;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (!strcmp(name, curves[i]))
            return true;
    return false;
}

bool dtls_certificate_key_fits(const X509 *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key)
        return false;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
        return is_named_curve(key);
    case EVP_PKEY_ED25519:
        return true;
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return EVP_PKEY_get_bits(key) >= RSA_MIN_BITS && EVP_PKEY_get_bits(key) <= RSA_MAX_BITS;
    default:
        return false;
    }
}
