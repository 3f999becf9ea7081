#include "tests/support/signer.h"

#include "mcu/access/base64url.h"

#include <criterion/criterion.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_MAX = 1024 };

struct signer {
    EVP_PKEY *key;
    char *secret;
    size_t len;
};

static struct signer *signer_new(EVP_PKEY *key)
{
    struct signer *s = calloc(1, sizeof *s);
    cr_assert_not_null(s);
    s->key = key;
    return s;
}

struct signer *signer_secret(const char *secret, size_t len)
{
    struct signer *s = signer_new(NULL);
    s->secret = malloc(len + 1);
    memcpy(s->secret, secret, len);
    s->len = len;
    return s;
}

struct signer *signer_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);
    cr_assert_not_null(key);
    return signer_new(key);
}

struct signer *signer_ec(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    cr_assert_not_null(key);
    return signer_new(key);
}

void signer_free(struct signer *s)
{
    EVP_PKEY_free(s->key);
    free(s->secret);
    free(s);
}

char *signer_pem(const struct signer *s)
{
    char *bytes, *pem;
    BIO *out = BIO_new(BIO_s_mem());
    cr_assert_eq(PEM_write_bio_PUBKEY(out, s->key), 1);
    long len = BIO_get_mem_data(out, &bytes);
    pem = strndup(bytes, (size_t)len);
    BIO_free(out);
    return pem;
}

/* The two numbers of a DER signature, each padded to 32 bytes. */
static size_t to_jose(unsigned char *signature, size_t len)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    cr_assert_not_null(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

static size_t sign(const struct signer *s, const char *text, unsigned char *signature)
{
    size_t size = SIGNATURE_MAX;
    unsigned mac_len = 0;
    if (s->secret) {
        HMAC(EVP_sha256(), s->secret, (int)s->len, (const unsigned char *)text, strlen(text),
            signature, &mac_len);
        return mac_len;
    }
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, s->key), 1);
    cr_assert_eq(
        EVP_DigestSign(md, signature, &size, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(md);
    return EVP_PKEY_is_a(s->key, "EC") ? to_jose(signature, size) : size;
}

static char *append(char *text, const char *separator, const void *bytes, size_t len)
{
    size_t at = strlen(text), more = strlen(separator);
    text = realloc(text, at + more + base64url_length(len) + 1);
    memcpy(text + at, separator, more);
    base64url_encode(bytes, len, text + at + more);
    text[at + more + base64url_length(len)] = '\0';
    return text;
}

char *signer_token(const struct signer *s, const char *header, const char *claims)
{
    unsigned char signature[SIGNATURE_MAX];
    char *text = append(strdup(""), "", header, strlen(header));
    text = append(text, ".", claims, strlen(claims));
    return append(text, ".", signature, s ? sign(s, text, signature) : 0);
}
