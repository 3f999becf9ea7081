#include "mcu/access/jwt.h"

#include "mcu/access/base64url.h"
#include "mcu/json_text.h"

#include <errno.h>
#include <math.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_MAX = 1024,    /* bytes, decoded */
    SIGNATURE_MAX = 1024, /* RSA of 8192 bits */
    P256_BYTES = 32,      /* of each half of an ES256 signature (RFC 7518, 3.4) */
    P256_DER_MAX = 80,
};

enum alg { HS256, RS256, ES256, ALGS };

struct key {
    enum alg alg;
    char *secret; /* of HS256 */
    size_t len;
    EVP_PKEY *public; /* of the others */
};

struct jwt_keys {
    unsigned count;
    struct key keys[JWT_KEYS_MAX];
};

/* --- keys ------------------------------------------------------------------------------------- */
int jwt_keys_create(struct jwt_keys **kp)
{
    struct jwt_keys *keys = calloc(1, sizeof(*keys));
    if (!keys)
        return -ENOMEM;
    *kp = keys;
    return 0;
}

void jwt_keys_destroy(struct jwt_keys *keys)
{
    for (unsigned i = 0; keys && i < keys->count; i++) {
        OPENSSL_clear_free(keys->keys[i].secret, keys->keys[i].len);
        EVP_PKEY_free(keys->keys[i].public);
    }
    free(keys);
}

int jwt_keys_add_secret(struct jwt_keys *keys, const char *secret, size_t len)
{
    if (len < JWT_SECRET_MIN)
        return -EINVAL;
    if (keys->count == JWT_KEYS_MAX)
        return -ENOSPC;
    char *copy = OPENSSL_memdup(secret, len);
    if (!copy)
        return -ENOMEM;
    keys->keys[keys->count] = (struct key){.alg = HS256, .secret = copy, .len = len};
    return (int)keys->count++;
}

/* Takes over public on success. */
static int add_public(struct jwt_keys *keys, EVP_PKEY *public)
{
    char group[32] = "";
    int bits = EVP_PKEY_get_bits(public);
    enum alg alg;
    if (EVP_PKEY_is_a(public, "RSA") && bits >= 2048 && bits <= SIGNATURE_MAX * 8)
        alg = RS256;
    else if (EVP_PKEY_is_a(public, "EC") &&
             EVP_PKEY_get_group_name(public, group, sizeof(group), NULL) == 1 &&
             !strcmp(group, SN_X9_62_prime256v1))
        alg = ES256;
    else
        return -ENOTSUP;
    if (keys->count == JWT_KEYS_MAX)
        return -ENOSPC;
    keys->keys[keys->count++] = (struct key){.alg = alg, .public = public};
    return 0;
}

/* A SubjectPublicKeyInfo, as stands between BEGIN and END PUBLIC KEY. */
static int add_der(struct jwt_keys *keys, const unsigned char *der, long len)
{
    EVP_PKEY *public = d2i_PUBKEY(NULL, &der, len);
    int err = public ? add_public(keys, public) : -EINVAL;
    if (err)
        EVP_PKEY_free(public);
    return err;
}

int jwt_keys_add_pem(struct jwt_keys *keys, const char *pem, size_t len)
{
    char *name, *header;
    unsigned char *der;
    long der_len;
    int added = 0, err = 0;
    BIO *in = BIO_new_mem_buf(pem, (int)len);
    if (!in)
        return -ENOMEM;
    while (!err && PEM_read_bio(in, &name, &header, &der, &der_len) == 1) {
        err = strcmp(name, PEM_STRING_PUBLIC) ? -EINVAL : add_der(keys, der, der_len);
        added++;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_len); /* could be a private key by mistake */
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(in);
    if (!err && (!added || !ended))
        err = -EINVAL;
    return err ? err : added;
}

/* --- signatures ------------------------------------------------------------------------------- */
struct token {
    const char *text; /* header and claims as they were signed */
    size_t len, header_len;
    const char *claims;
    size_t claims_len;
    enum alg alg;
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_len;
};

static void sign(
    const struct key *key, const char *text, size_t len, uint8_t mac[SHA256_DIGEST_LENGTH])
{
    HMAC(EVP_sha256(), key->secret, (int)key->len, (const uint8_t *)text, len, mac, NULL);
}

static bool check_secret(const struct key *key, const struct token *t)
{
    uint8_t mac[SHA256_DIGEST_LENGTH];
    sign(key, t->text, t->len, mac);
    return t->signature_len == sizeof(mac) && !CRYPTO_memcmp(mac, t->signature, sizeof(mac));
}

/* OpenSSL wants the two numbers of an ECDSA signature in DER. Its length, or 0. */
static size_t to_der(const struct token *t, uint8_t der[P256_DER_MAX])
{
    int len = 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(t->signature, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(t->signature + P256_BYTES, P256_BYTES, NULL);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL;
        len = i2d_ECDSA_SIG(pair, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool check_public(const struct key *key, const struct token *t)
{
    uint8_t der[P256_DER_MAX];
    const uint8_t *signature = t->signature;
    size_t len = t->signature_len;
    if (key->alg == ES256) {
        if (len != 2 * P256_BYTES || !(len = to_der(t, der)))
            return false;
        signature = der;
    }
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key->public) == 1 &&
                EVP_DigestVerify(md, signature, len, (const uint8_t *)t->text, t->len) == 1;
    EVP_MD_CTX_free(md);
    ERR_clear_error();
    return good;
}

/* The index of the key that signed it, or -EACCES. */
static int find_key(const struct jwt_keys *keys, const struct token *t)
{
    for (unsigned i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        if (key->alg == t->alg && (key->secret ? check_secret(key, t) : check_public(key, t)))
            return (int)i;
    }
    return -EACCES;
}

/* --- the token -------------------------------------------------------------------------------- */
static const char *const alg_names[ALGS] = {"HS256", "RS256", "ES256"};

/* "header.claims.signature" */
static int split(const char *text, size_t len, struct token *t)
{
    const char *end = text + len;
    const char *first = len <= JWT_TEXT_MAX ? memchr(text, '.', len) : NULL;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return -EBADMSG;
    t->text = text;
    t->len = (size_t)(second - text);
    t->header_len = (size_t)(first - text);
    t->claims = first + 1;
    t->claims_len = (size_t)(second - first - 1);
    int n = base64url_decode(
        second + 1, (size_t)(end - second - 1), t->signature, sizeof(t->signature));
    t->signature_len = n > 0 ? (size_t)n : 0;
    return n < 0 ? -EBADMSG : 0;
}

static json_t *decode(const char *text, size_t len, uint8_t *buf, size_t cap)
{
    int n = base64url_decode(text, len, buf, cap);
    return n < 0 ? NULL : json_text_object((const char *)buf, (size_t)n, JWT_DEPTH);
}

/* Extensions that must be understood (crit) we have none of; RFC 7515, 4.1.11. */
static int read_header(struct token *t)
{
    uint8_t buf[HEADER_MAX];
    int err = -EBADMSG;
    json_t *header = decode(t->text, t->header_len, buf, sizeof(buf));
    const char *alg = json_string_value(json_object_get(header, "alg"));
    if (alg && !json_object_get(header, "crit")) {
        err = -EACCES;
        for (int i = 0; i < ALGS; i++)
            if (!strcmp(alg, alg_names[i])) {
                t->alg = (enum alg)i;
                err = 0;
            }
    }
    json_decref(header);
    return err;
}

/* Claims are parsed only when it is known who wrote them. */
int jwt_verify(const struct jwt_keys *keys, const char *text, size_t len, json_t **claims)
{
    struct token t;
    uint8_t buf[JWT_TEXT_MAX];
    int err = split(text, len, &t);
    if (!err)
        err = read_header(&t);
    if (err)
        return err;
    int key = find_key(keys, &t);
    if (key < 0)
        return key;
    json_t *object = decode(t.claims, t.claims_len, buf, sizeof(buf));
    if (!object)
        return -EBADMSG;
    *claims = object;
    return key;
}

int jwt_sign(const struct jwt_keys *keys, unsigned key, const json_t *claims, char *out, size_t cap)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    uint8_t mac[SHA256_DIGEST_LENGTH];
    size_t header_len = base64url_length(sizeof(header) - 1);
    if (key >= keys->count || keys->keys[key].alg != HS256)
        return -EINVAL;
    char *json = json_dumps(claims, JSON_COMPACT);
    if (!json)
        return -ENOMEM;
    size_t signed_len = header_len + 1 + base64url_length(strlen(json));
    size_t len = signed_len + 1 + base64url_length(sizeof(mac));
    if (len < cap) {
        base64url_encode((const uint8_t *)header, sizeof(header) - 1, out);
        out[header_len] = '.';
        base64url_encode((const uint8_t *)json, strlen(json), out + header_len + 1);
        sign(&keys->keys[key], out, signed_len, mac);
        out[signed_len] = '.';
        base64url_encode(mac, sizeof(mac), out + signed_len + 1);
        out[len] = '\0';
    }
    free(json);
    return len < cap ? (int)len : -ENOBUFS;
}

/* --- claims ----------------------------------------------------------------------------------- */
/* A NumericDate (RFC 7519, 2), which may have a fraction. -ENOENT: it is not there. */
static int take_time(const json_t *claims, const char *name, uint64_t *out)
{
    const double max = 9007199254740992.0; /* 2^53 */
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return -ENOENT;
    double n = json_number_value(value);
    if (!json_is_number(value) || !isfinite(n) || n < 0 || n > max)
        return -EBADMSG;
    *out = (uint64_t)n;
    return 0;
}

int jwt_times(const json_t *claims, uint64_t now_unix, uint64_t *expires)
{
    uint64_t exp, nbf = 0;
    int has_nbf = take_time(claims, "nbf", &nbf);
    if (take_time(claims, "exp", &exp) || has_nbf == -EBADMSG)
        return -EBADMSG;
    if (now_unix >= exp + JWT_LEEWAY_S)
        return -EKEYEXPIRED;
    if (now_unix + JWT_LEEWAY_S < nbf)
        return -EAGAIN;
    *expires = exp;
    return 0;
}

uint64_t jwt_issued(const json_t *claims)
{
    uint64_t issued = 0;
    return take_time(claims, "iat", &issued) ? 0 : issued;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && !strcmp(json_string_value(value), text);
}

bool jwt_audience(const json_t *claims, const char *audience)
{
    size_t i;
    const json_t *value, *aud = json_object_get(claims, "aud");
    json_array_foreach(aud, i, value) if (is_text(value, audience)) return true;
    return is_text(aud, audience);
}
