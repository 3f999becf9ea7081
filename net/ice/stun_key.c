/* OpenSSL's EVP digests and MACs ask for memory for every message; these functions, which it would
 * have one leave, do not. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "net/ice/stun_key.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

void stun_key_init(struct stun_key *k, const char *password)
{
    uint8_t key[STUN_SHA1_BLOCK] = {0};
    size_t len = strlen(password);
    if (len > sizeof key)
        SHA1((const uint8_t *)password, len, key);
    else
        memcpy(key, password, len);
    for (size_t i = 0; i < sizeof key; i++) {
        k->inner[i] = key[i] ^ 0x36;
        k->outer[i] = key[i] ^ 0x5c;
    }
    OPENSSL_cleanse(key, sizeof key);
}

static void hash(const uint8_t block[static STUN_SHA1_BLOCK], const uint8_t *data, size_t len,
    uint8_t out[static STUN_SHA1_BYTES])
{
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, block, STUN_SHA1_BLOCK);
    SHA1_Update(&sha, data, len);
    SHA1_Final(out, &sha);
}

void stun_key_sign(
    const struct stun_key *k, const uint8_t *data, size_t len, uint8_t out[static STUN_SHA1_BYTES])
{
    uint8_t inner[STUN_SHA1_BYTES];
    hash(k->inner, data, len, inner);
    hash(k->outer, inner, sizeof inner, out);
}
