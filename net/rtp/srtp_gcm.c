#include "net/rtp/srtp_gcm.h"

#include "net/bytes.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_KEY = 0, LABEL_SALT = 2, BLOCK_BYTES = 16, MAX_KEY_BYTES = 32 };
static const uint64_t last_index = (1ull << 48) - 1;

struct srtp_gcm {
    EVP_CIPHER_CTX *cipher;
    uint32_t ssrc;
    bool started;
    uint64_t index; /* of the last packet: rollover counter and sequence number */
    uint8_t salt[SRTP_GCM_SALT_BYTES];
};

/* RFC 3711 4.3.3 with the salt of RFC 7714 (two zero bytes behind it) and no key derivation rate:
 * AES in counter mode over zeros. */
static int derive(
    uint8_t label, const uint8_t *key, size_t key_len, const uint8_t *salt, uint8_t *out, int n)
{
    static const uint8_t zeros[MAX_KEY_BYTES];
    uint8_t iv[BLOCK_BYTES] = {0};
    memcpy(iv, salt, SRTP_GCM_SALT_BYTES);
    iv[7] ^= label;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int got, err = ctx ? 0 : -ENOMEM;
    const EVP_CIPHER *aes = key_len == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
    if (!err && (!EVP_EncryptInit_ex(ctx, aes, NULL, key, iv) ||
                    !EVP_EncryptUpdate(ctx, out, &got, zeros, n)))
        err = -EIO;
    EVP_CIPHER_CTX_free(ctx);
    return err;
}

static int key_cipher(struct srtp_gcm *g, const uint8_t *master, size_t key_len)
{
    const uint8_t *salt = master + key_len;
    uint8_t key[MAX_KEY_BYTES];
    int err = derive(LABEL_KEY, master, key_len, salt, key, (int)key_len);
    if (!err)
        err = derive(LABEL_SALT, master, key_len, salt, g->salt, SRTP_GCM_SALT_BYTES);
    const EVP_CIPHER *gcm = key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    if (!err && !EVP_EncryptInit_ex(g->cipher, gcm, NULL, key, NULL))
        err = -EIO;
    OPENSSL_cleanse(key, sizeof key);
    return err;
}

int srtp_gcm_create(
    struct srtp_gcm **gp, uint32_t ssrc, const uint8_t *key_salt, size_t key_salt_len)
{
    size_t key_len = key_salt_len - SRTP_GCM_SALT_BYTES;
    if (key_salt_len <= SRTP_GCM_SALT_BYTES || (key_len != 16 && key_len != 32))
        return -EINVAL;
    struct srtp_gcm *g = calloc(1, sizeof *g);
    if (!g)
        return -ENOMEM;
    g->ssrc = ssrc;
    g->cipher = EVP_CIPHER_CTX_new();
    int err = g->cipher ? key_cipher(g, key_salt, key_len) : -ENOMEM;
    if (err) {
        srtp_gcm_destroy(g);
        return err;
    }
    *gp = g;
    return 0;
}

void srtp_gcm_destroy(struct srtp_gcm *g)
{
    if (!g)
        return;
    EVP_CIPHER_CTX_free(g->cipher);
    OPENSSL_cleanse(g, sizeof *g);
    free(g);
}

uint32_t srtp_gcm_ssrc(const struct srtp_gcm *g)
{
    return g->ssrc;
}

/* The next index, or -EALREADY, -EKEYEXPIRED. */
static int64_t index_of(const struct srtp_gcm *g, uint16_t seq)
{
    if (!g->started)
        return seq;
    uint16_t ahead = (uint16_t)(seq - (uint16_t)g->index);
    if (ahead == 0 || ahead >= 0x8000)
        return -EALREADY;
    return g->index + ahead > last_index ? -EKEYEXPIRED : (int64_t)(g->index + ahead);
}

/* RFC 7714, 8.1 */
static void make_nonce(const struct srtp_gcm *g, uint64_t index, uint8_t nonce[static 12])
{
    memset(nonce, 0, 2);
    put32(nonce + 2, g->ssrc);
    put32(nonce + 6, (uint32_t)(index >> 16));
    put16(nonce + 10, (uint16_t)index);
    for (int i = 0; i < SRTP_GCM_SALT_BYTES; i++)
        nonce[i] ^= g->salt[i];
}

static bool encrypt(
    struct srtp_gcm *g, const uint8_t *nonce, uint8_t *buf, size_t header_len, size_t len)
{
    uint8_t *payload = buf + header_len;
    int n, payload_len = (int)(len - header_len);
    return EVP_EncryptInit_ex(g->cipher, NULL, NULL, NULL, nonce) &&
           EVP_EncryptUpdate(g->cipher, NULL, &n, buf, (int)header_len) &&
           EVP_EncryptUpdate(g->cipher, payload, &n, payload, payload_len) &&
           EVP_EncryptFinal_ex(g->cipher, payload + payload_len, &n) &&
           EVP_CIPHER_CTX_ctrl(g->cipher, EVP_CTRL_AEAD_GET_TAG, SRTP_GCM_TAG_BYTES, buf + len);
}

int srtp_gcm_protect(struct srtp_gcm *g, uint16_t seq, uint8_t *buf, size_t header_len, size_t len)
{
    uint8_t nonce[SRTP_GCM_SALT_BYTES];
    int64_t index = index_of(g, seq);
    if (index < 0)
        return (int)index;
    /* Taken even if the cipher fails: a nonce is never tried again. */
    g->index = (uint64_t)index;
    g->started = true;
    make_nonce(g, g->index, nonce);
    return encrypt(g, nonce, buf, header_len, len) ? (int)len + SRTP_GCM_TAG_BYTES : -EIO;
}
