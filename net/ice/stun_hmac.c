#include "net/ice/stun_hmac.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct stun_hmac {
    EVP_MD *sha1;
    EVP_MD_CTX *ctx;
};

int stun_hmac_create(struct stun_hmac **hp)
{
    struct stun_hmac *h = calloc(1, sizeof *h);
    if (!h)
        return -ENOMEM;
    h->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->sha1 || !h->ctx) {
        stun_hmac_destroy(h);
        return -ENOMEM;
    }
    *hp = h;
    return 0;
}

void stun_hmac_destroy(struct stun_hmac *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->sha1);
    free(h);
}

static int hash(struct stun_hmac *h, const uint8_t block[static 64], const uint8_t *data,
    size_t len, uint8_t out[static STUN_SHA1_BYTES])
{
    unsigned n;
    bool ok = EVP_DigestInit_ex2(h->ctx, h->sha1, NULL) && EVP_DigestUpdate(h->ctx, block, 64) &&
              EVP_DigestUpdate(h->ctx, data, len) && EVP_DigestFinal_ex(h->ctx, out, &n);
    return ok ? 0 : -EIO;
}

/* A key longer than a block of SHA-1 is its hash. */
static int shorten(struct stun_hmac *h, const char *password, size_t len, uint8_t key[static 64])
{
    unsigned n;
    bool ok = EVP_DigestInit_ex2(h->ctx, h->sha1, NULL) &&
              EVP_DigestUpdate(h->ctx, password, len) && EVP_DigestFinal_ex(h->ctx, key, &n);
    return ok ? 0 : -EIO;
}

int stun_key_init(struct stun_key *k, struct stun_hmac *h, const char *password)
{
    uint8_t key[64] = {0};
    size_t len = strlen(password);
    if (len > sizeof key) {
        int err = shorten(h, password, len, key);
        if (err)
            return err;
    } else {
        memcpy(key, password, len);
    }
    for (size_t i = 0; i < sizeof key; i++) {
        k->inner[i] = key[i] ^ 0x36;
        k->outer[i] = key[i] ^ 0x5c;
    }
    OPENSSL_cleanse(key, sizeof key);
    return 0;
}

int stun_hmac_sign(struct stun_hmac *h, const struct stun_key *k, const uint8_t *data, size_t len,
    uint8_t out[static STUN_SHA1_BYTES])
{
    uint8_t inner[STUN_SHA1_BYTES];
    int err = hash(h, k->inner, data, len, inner);
    return err ? err : hash(h, k->outer, inner, sizeof inner, out);
}
