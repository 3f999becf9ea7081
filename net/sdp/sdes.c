#include "net/sdp/sdes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    size_t key_bytes;
} suites[SDES_N_SUITES] = {
    [SDES_NONE] = {"", 0},
    [SDES_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16 + 12},
    [SDES_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32 + 12},
    [SDES_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16 + 14},
    [SDES_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16 + 14},
};

/* Alphabet and padding of RFC 4648, 4. */
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (int)(at - base64_digits) : -1;
}

/* Exactly n bytes; the padding may be missing, as some phones leave it out. */
static int base64_decode(struct sdp_str text, uint8_t *out, size_t n)
{
    size_t digits = (n * 8 + 5) / 6, padded = (n + 2) / 3 * 4, used = 0;
    unsigned bits = 0, held = 0;
    if (text.n != digits && text.n != padded)
        return -EINVAL;
    for (size_t i = 0; i < digits; i++) {
        int v = base64_value(text.p[i]);
        if (v < 0)
            return -EINVAL;
        bits = (bits << 6 | (unsigned)v) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[used++] = (uint8_t)(bits >> held);
        }
    }
    for (size_t i = digits; i < text.n; i++)
        if (text.p[i] != '=')
            return -EINVAL;
    return 0;
}

static void base64_encode(const uint8_t *in, size_t n, char *out)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)in[i] << 16;
        if (left > 1)
            v |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            v |= in[i + 2];
        *out++ = base64_digits[v >> 18];
        *out++ = base64_digits[v >> 12 & 63];
        *out++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
        *out++ = left > 2 ? base64_digits[v & 63] : '=';
    }
    *out = '\0';
}

const char *sdes_suite_name(enum sdes_suite suite)
{
    return suites[suite].name;
}

enum sdes_suite sdes_suite_find(struct sdp_str name)
{
    for (enum sdes_suite i = SDES_NONE + 1; i < SDES_N_SUITES; i++)
        if (sdp_str_eq(name, suites[i].name))
            return i;
    return SDES_NONE;
}

size_t sdes_key_bytes(enum sdes_suite suite)
{
    return suites[suite].key_bytes;
}

/* "2^31" or a plain number of packets, at most 2^48 (RFC 4568, 6.1). */
static int check_lifetime(struct sdp_str s)
{
    const uint64_t max = (uint64_t)1 << 48;
    uint64_t v;
    if (s.n > 2 && s.p[0] == '2' && s.p[1] == '^')
        return sdp_str_number((struct sdp_str){s.p + 2, s.n - 2}, 48, &v);
    return sdp_str_number(s, max, &v) || !v ? -EINVAL : 0;
}

/* "inline:" key-and-salt ["|" lifetime] ["|" MKI ":" length] */
static int parse_key(struct sdp_str text, struct sdes_crypto *c)
{
    static const char method[] = "inline:";
    size_t n = sizeof method - 1;
    struct sdp_str key = text;
    if (text.n < n || strncasecmp(text.p, method, n))
        return -EINVAL;
    if (memchr(text.p, ';', text.n))
        return -ENOTSUP;
    key.p += n;
    key.n -= n;
    struct sdp_str rest = key;
    key = sdp_str_cut(&rest, '|');
    if (base64_decode(key, c->key, sdes_key_bytes(c->suite)))
        return -EINVAL;
    while (rest.p) {
        struct sdp_str part = sdp_str_cut(&rest, '|');
        if (part.n && memchr(part.p, ':', part.n))
            return -ENOTSUP;
        if (check_lifetime(part))
            return -EINVAL;
    }
    return 0;
}

static bool begins(struct sdp_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && !memcmp(s.p, prefix, n);
}

/* Those that change nothing for us; "-" marks what a receiver may ignore (RFC 4568, 6.3.7). */
static bool can_ignore(struct sdp_str param)
{
    return begins(param, "-") || begins(param, "WSH=") || sdp_str_eq(param, "KDR=0");
}

int sdes_parse(struct sdp_str value, struct sdes_crypto *out)
{
    struct sdp_str tag = sdp_str_word(&value), suite = sdp_str_word(&value);
    struct sdp_str key = sdp_str_word(&value), param;
    struct sdes_crypto c = {0};
    uint64_t number;
    int err;
    if (!key.p || sdp_str_number(tag, SDES_MAX_TAG, &number))
        return -EINVAL;
    c.tag = (uint32_t)number;
    c.suite = sdes_suite_find(suite);
    if (c.suite == SDES_NONE)
        return -ENOTSUP;
    err = parse_key(key, &c);
    while (!err && (param = sdp_str_word(&value)).p)
        if (!can_ignore(param))
            err = -ENOTSUP;
    if (!err)
        *out = c;
    explicit_bzero(&c, sizeof c);
    return err;
}

int sdes_print(const struct sdes_crypto *c, char *buf, size_t cap)
{
    char text[(SDES_MAX_KEY_BYTES + 2) / 3 * 4 + 1];
    if (c->suite == SDES_NONE)
        return -EINVAL;
    base64_encode(c->key, sdes_key_bytes(c->suite), text);
    int n =
        snprintf(buf, cap, "%u %s inline:%s", (unsigned)c->tag, sdes_suite_name(c->suite), text);
    explicit_bzero(text, sizeof text);
    return n < 0 || (size_t)n >= cap ? -ENOSPC : n;
}

bool sdes_same_key(const struct sdes_crypto *a, const struct sdes_crypto *b)
{
    return a->suite == b->suite && memcmp(a->key, b->key, sdes_key_bytes(a->suite)) == 0;
}
