#include "tests/support/srtp_reference.h"

#include "net/bytes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RTP_HEADER = 12, RTCP_HEADER = 8, GCM_TAG = 16 };

static bool is_gcm(enum sdes_suite suite)
{
    return suite == SDES_AEAD_AES_128_GCM || suite == SDES_AEAD_AES_256_GCM;
}

static size_t key_bytes(enum sdes_suite suite)
{
    return suite == SDES_AEAD_AES_256_GCM ? 32 : 16;
}

static void must(int ok)
{
    if (!ok)
        abort();
}

static void aes_ctr(const uint8_t *key, size_t key_len, const uint8_t iv[16], const uint8_t *in,
    size_t len, uint8_t *out)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    must(EVP_EncryptInit_ex(
        c, key_len == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL, key, iv));
    must(EVP_EncryptUpdate(c, out, &n, in, (int)len));
    EVP_CIPHER_CTX_free(c);
}

static void gcm(enum sdes_suite suite, const uint8_t *key, const uint8_t iv[12], const uint8_t *aad,
    size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    const EVP_CIPHER *type = key_bytes(suite) == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    must(EVP_EncryptInit_ex(c, type, NULL, key, iv));
    must(EVP_EncryptUpdate(c, NULL, &n, aad, (int)aad_len));
    must(EVP_EncryptUpdate(c, out, &n, in, (int)len));
    must(EVP_EncryptFinal_ex(c, out + n, &n));
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, GCM_TAG, out + len));
    EVP_CIPHER_CTX_free(c);
}

void srtp_reference_derive(
    struct srtp_reference_keys *out, enum sdes_suite suite, const uint8_t *key_salt, int rtcp)
{
    static const uint8_t zero[32];
    size_t n = key_bytes(suite), salt_len = is_gcm(suite) ? 12 : 14;
    const struct {
        uint8_t label;
        uint8_t *to;
        size_t len;
    } parts[] = {{0, out->key, n}, {1, out->auth, sizeof out->auth}, {2, out->salt, salt_len}};
    for (size_t i = 0; i < 3; i++) {
        uint8_t iv[16] = {0};
        memcpy(iv, key_salt + n, salt_len);
        iv[7] ^= (uint8_t)(parts[i].label + (rtcp ? 3 : 0));
        aes_ctr(key_salt, n, iv, zero, parts[i].len, parts[i].to);
    }
}

static void cm_iv(uint8_t iv[16], const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
    uint8_t s[4], x[8];
    memset(iv, 0, 16);
    memcpy(iv, salt, 14);
    put32(s, ssrc);
    put64(x, index);
    for (int i = 0; i < 4; i++)
        iv[4 + i] ^= s[i];
    for (int i = 0; i < 6; i++)
        iv[8 + i] ^= x[2 + i];
}

/* ROC and SEQ, or zero and the SRTCP index, are the last six bytes. */
static void gcm_iv(uint8_t iv[12], const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
    uint8_t x[12] = {0}, wide[8];
    put32(x + 2, ssrc);
    put64(wide, index);
    memcpy(x + 6, wide + 2, 6);
    for (int i = 0; i < 12; i++)
        iv[i] = salt[i] ^ x[i];
}

static void tag(const uint8_t *auth, const uint8_t *p, size_t len, uint32_t tail, uint8_t out[20])
{
    uint8_t *all = malloc(len + 4);
    unsigned n;
    must(all != NULL);
    memcpy(all, p, len);
    put32(all + len, tail);
    must(HMAC(EVP_sha1(), auth, SRTP_REFERENCE_AUTH_BYTES, all, len + 4, out, &n) != NULL);
    free(all);
}

size_t srtp_reference_rtp(enum sdes_suite suite, const struct srtp_reference_keys *k, uint32_t roc,
    const uint8_t *in, size_t len, uint8_t *out)
{
    uint32_t ssrc = get32(in + 8);
    uint64_t index = (uint64_t)roc << 16 | get16(in + 2);
    uint8_t iv[16], mac[20];
    memcpy(out, in, RTP_HEADER);
    if (is_gcm(suite)) {
        gcm_iv(iv, k->salt, ssrc, index);
        gcm(suite, k->key, iv, in, RTP_HEADER, in + RTP_HEADER, len - RTP_HEADER, out + RTP_HEADER);
        return len + GCM_TAG;
    }
    cm_iv(iv, k->salt, ssrc, index);
    aes_ctr(k->key, 16, iv, in + RTP_HEADER, len - RTP_HEADER, out + RTP_HEADER);
    tag(k->auth, out, len, roc, mac);
    size_t n = suite == SDES_AES_CM_128_HMAC_SHA1_32 ? 4 : 10;
    memcpy(out + len, mac, n);
    return len + n;
}

size_t srtp_reference_rtcp(enum sdes_suite suite, const struct srtp_reference_keys *k,
    uint32_t index, const uint8_t *in, size_t len, uint8_t *out)
{
    uint32_t ssrc = get32(in + 4), word = 0x80000000u | index;
    uint8_t iv[16], mac[20], aad[RTCP_HEADER + 4];
    memcpy(out, in, RTCP_HEADER);
    if (is_gcm(suite)) {
        memcpy(aad, in, RTCP_HEADER);
        put32(aad + RTCP_HEADER, word);
        gcm_iv(iv, k->salt, ssrc, index);
        gcm(suite, k->key, iv, aad, sizeof aad, in + RTCP_HEADER, len - RTCP_HEADER,
            out + RTCP_HEADER);
        put32(out + len + GCM_TAG, word);
        return len + GCM_TAG + 4;
    }
    cm_iv(iv, k->salt, ssrc, index);
    aes_ctr(k->key, 16, iv, in + RTCP_HEADER, len - RTCP_HEADER, out + RTCP_HEADER);
    put32(out + len, word);
    tag(k->auth, out, len, word, mac);
    memcpy(out + len + 4, mac, 10);
    return len + 14;
}
