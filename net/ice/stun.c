#include "net/ice/stun.h"

#include "net/bytes.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

enum {
    MAGIC = 0x2112A442,
    ATTR_HEADER = 4,
    FINGERPRINT_BYTES = 8, /* with its header */
    /* the attributes we know; below 0x8000 they must be known (RFC 8489, 14) */
    MAPPED_ADDRESS = 0x0001,
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000A,
    REALM = 0x0014,
    NONCE = 0x0015,
    MESSAGE_INTEGRITY_SHA256 = 0x001C,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    NOMINATION = 0x0030, /* draft-thatcher-ice-renomination */
    SOFTWARE = 0x8022,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802A,
    GOOG_NOMINATION = 0xC001, /* the same counter, as libwebrtc numbers it */
    COMPREHENSION_OPTIONAL = 0x8000,
    MAX_USERNAME = 513, /* RFC 8489, 14.3 */
};

static const uint32_t fingerprint_xor = 0x5354554e;

/* --- fingerprint ------------------------------------------------------------------------------ */
/* CRC-32 of ITU-T V.42, a half byte at a time. */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190,
        0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* --- parsing ---------------------------------------------------------------------------------- */
bool stun_is(const uint8_t *pkt, size_t len)
{
    return len >= STUN_HEADER_BYTES && pkt[0] < 4 && get32(pkt + 4) == MAGIC;
}

/* The bits of the class lie between those of the method (RFC 8489, 5). */
static void read_type(struct stun_message *m, uint16_t type)
{
    m->class = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
    m->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
}

static bool read_xor_mapped(struct stun_message *m, const uint8_t *v, size_t len)
{
    const uint8_t mask[16] = {MAGIC >> 24, MAGIC >> 16 & 0xff, MAGIC >> 8 & 0xff, MAGIC & 0xff};
    uint8_t key[16], ip[16] = {0};
    memcpy(key, mask, 4);
    memcpy(key + 4, m->transaction, STUN_TRANSACTION_BYTES);
    if (len < 4)
        return false;
    size_t ip_len = v[1] == 1 ? 4 : v[1] == 2 ? 16 : 0;
    if (ip_len == 0 || len != 4 + ip_len)
        return false;
    for (size_t i = 0; i < ip_len; i++)
        ip[i] = v[4 + i] ^ key[i];
    m->mapped = (struct net_addr){
        .family = ip_len == 4 ? AF_INET : AF_INET6, .port = (uint16_t)(get16(v + 2) ^ MAGIC >> 16)};
    memcpy(m->mapped.ip, ip, sizeof ip);
    m->has_mapped = true;
    return true;
}

static bool read_error(struct stun_message *m, const uint8_t *v, size_t len)
{
    if (len < 4)
        return false;
    unsigned hundreds = v[2] & 7, rest = v[3];
    if (hundreds < 3 || hundreds > 6 || rest > 99)
        return false;
    m->error = (uint16_t)(hundreds * 100 + rest);
    return true;
}

static bool read_u32(bool *has, uint32_t *out, const uint8_t *v, size_t len)
{
    if (len != 4)
        return false;
    *out = get32(v);
    *has = true;
    return true;
}

static bool read_role(bool *has, struct stun_message *m, const uint8_t *v, size_t len)
{
    if (len != 8)
        return false;
    m->tie_breaker = get64(v);
    *has = true;
    return true;
}

static bool read_username(struct stun_message *m, const uint8_t *v, size_t len)
{
    if (len > MAX_USERNAME)
        return false;
    m->username = (const char *)v;
    m->username_len = len;
    return true;
}

static void note_unknown(struct stun_message *m, uint16_t type)
{
    if (type < COMPREHENSION_OPTIONAL && m->n_unknown < STUN_MAX_UNKNOWN)
        m->unknown[m->n_unknown++] = type;
}

/* One attribute before MESSAGE-INTEGRITY. False: it is not as it must be. */
static bool read_attribute(struct stun_message *m, uint16_t type, const uint8_t *v, size_t len)
{
    switch (type) {
    case USERNAME:
        return m->username ? true : read_username(m, v, len);
    case XOR_MAPPED_ADDRESS:
        return m->has_mapped ? true : read_xor_mapped(m, v, len);
    case ERROR_CODE:
        return m->error ? true : read_error(m, v, len);
    case PRIORITY:
        return m->has_priority ? true : read_u32(&m->has_priority, &m->priority, v, len);
    case NOMINATION:
    case GOOG_NOMINATION:
        return m->has_nomination ? true : read_u32(&m->has_nomination, &m->nomination, v, len);
    case ICE_CONTROLLING:
        return m->has_controlling ? true : read_role(&m->has_controlling, m, v, len);
    case ICE_CONTROLLED:
        return m->has_controlled ? true : read_role(&m->has_controlled, m, v, len);
    case USE_CANDIDATE:
        m->use_candidate = true;
        return len == 0;
    case MAPPED_ADDRESS:
    case UNKNOWN_ATTRIBUTES:
    case REALM:
    case NONCE:
    case MESSAGE_INTEGRITY_SHA256:
        return true;
    default:
        note_unknown(m, type);
        return true;
    }
}

static bool read_fingerprint(struct stun_message *m, const uint8_t *pkt, size_t at, size_t len)
{
    m->fingerprint = true;
    return at + FINGERPRINT_BYTES == len &&
           get32(pkt + at + ATTR_HEADER) == (crc32_of(pkt, at) ^ fingerprint_xor);
}

static bool read_attributes(struct stun_message *m, const uint8_t *pkt, size_t len)
{
    size_t at = STUN_HEADER_BYTES;
    while (at < len) { /* both are multiples of four */
        uint16_t type = get16(pkt + at);
        size_t n = get16(pkt + at + 2), padded = (n + 3) & ~(size_t)3;
        const uint8_t *v = pkt + at + ATTR_HEADER;
        if (padded > len - at - ATTR_HEADER)
            return false;
        if (type == FINGERPRINT) {
            if (n != 4 || !read_fingerprint(m, pkt, at, len))
                return false;
        } else if (m->integrity_at == 0 && type == MESSAGE_INTEGRITY) {
            if (n != STUN_SHA1_BYTES)
                return false;
            m->integrity_at = at;
        } else if (m->integrity_at == 0 && !read_attribute(m, type, v, n)) {
            return false;
        }
        at += ATTR_HEADER + padded;
    }
    return true;
}

int stun_parse(struct stun_message *out, const uint8_t *pkt, size_t len)
{
    if (!stun_is(pkt, len) || len > STUN_MAX_BYTES || len % 4 != 0 ||
        get16(pkt + 2) != len - STUN_HEADER_BYTES)
        return -EBADMSG;
    struct stun_message m = {.transaction = pkt + 8};
    read_type(&m, get16(pkt));
    if (!read_attributes(&m, pkt, len))
        return -EBADMSG;
    *out = m;
    return 0;
}

/* The length in the header is then that of a message which ends with this attribute. */
bool stun_verify(const struct stun_message *m, uint8_t *pkt, const struct stun_key *k)
{
    uint8_t digest[STUN_SHA1_BYTES];
    if (m->integrity_at == 0)
        return false;
    uint16_t length = get16(pkt + 2);
    put16(pkt + 2, (uint16_t)(m->integrity_at + ATTR_HEADER + STUN_SHA1_BYTES - STUN_HEADER_BYTES));
    stun_key_sign(k, pkt, m->integrity_at, digest);
    put16(pkt + 2, length);
    return CRYPTO_memcmp(digest, pkt + m->integrity_at + ATTR_HEADER, sizeof digest) == 0;
}

/* --- building --------------------------------------------------------------------------------- */
/* Room for an attribute with its padding zeroed; NULL: there is none left. */
static uint8_t *put(struct stun_writer *w, uint16_t type, size_t len)
{
    size_t padded = (len + 3) & ~(size_t)3;
    if (w->full || w->cap - w->len < ATTR_HEADER + padded) {
        w->full = true;
        return NULL;
    }
    uint8_t *p = w->buf + w->len;
    put16(p, type);
    put16(p + 2, (uint16_t)len);
    memset(p + ATTR_HEADER, 0, padded);
    w->len += ATTR_HEADER + padded;
    put16(w->buf + 2, (uint16_t)(w->len - STUN_HEADER_BYTES));
    return p + ATTR_HEADER;
}

void stun_begin(struct stun_writer *w, uint8_t *buf, size_t cap, enum stun_class class,
    const uint8_t transaction[static STUN_TRANSACTION_BYTES])
{
    *w = (struct stun_writer){.buf = buf, .cap = cap, .full = cap < STUN_HEADER_BYTES};
    if (w->full)
        return;
    put16(buf, (uint16_t)(STUN_BINDING | ((unsigned)class & 2) << 7 | ((unsigned)class & 1) << 4));
    put16(buf + 2, 0);
    put32(buf + 4, MAGIC);
    memcpy(buf + 8, transaction, STUN_TRANSACTION_BYTES);
    w->len = STUN_HEADER_BYTES;
}

void stun_put_username(struct stun_writer *w, const char *username)
{
    size_t len = strlen(username);
    uint8_t *v = len <= MAX_USERNAME ? put(w, USERNAME, len) : NULL;
    if (v)
        memcpy(v, username, len);
    else
        w->full = true;
}

static void put_u32(struct stun_writer *w, uint16_t type, uint32_t value)
{
    uint8_t *v = put(w, type, 4);
    if (v)
        put32(v, value);
}

static void put_u64(struct stun_writer *w, uint16_t type, uint64_t value)
{
    uint8_t *v = put(w, type, 8);
    if (v)
        put64(v, value);
}

void stun_put_priority(struct stun_writer *w, uint32_t priority)
{
    put_u32(w, PRIORITY, priority);
}

void stun_put_use_candidate(struct stun_writer *w)
{
    put(w, USE_CANDIDATE, 0);
}

void stun_put_nomination(struct stun_writer *w, uint32_t nomination)
{
    put_u32(w, GOOG_NOMINATION, nomination);
}

void stun_put_controlling(struct stun_writer *w, uint64_t tie_breaker)
{
    put_u64(w, ICE_CONTROLLING, tie_breaker);
}

void stun_put_controlled(struct stun_writer *w, uint64_t tie_breaker)
{
    put_u64(w, ICE_CONTROLLED, tie_breaker);
}

void stun_put_xor_mapped(struct stun_writer *w, const struct net_addr *a)
{
    size_t ip_len = a->family == AF_INET6 ? 16 : 4;
    uint8_t *v = put(w, XOR_MAPPED_ADDRESS, 4 + ip_len);
    if (!v)
        return;
    v[1] = ip_len == 4 ? 1 : 2;
    put16(v + 2, (uint16_t)(a->port ^ MAGIC >> 16));
    for (size_t i = 0; i < ip_len; i++) /* cookie and transaction follow each other */
        v[4 + i] = a->ip[i] ^ w->buf[4 + i];
}

/* Without a reason phrase: an answer should not be longer than the question. */
void stun_put_error(struct stun_writer *w, uint16_t code)
{
    uint8_t *v = put(w, ERROR_CODE, 4);
    if (!v)
        return;
    v[2] = (uint8_t)(code / 100);
    v[3] = (uint8_t)(code % 100);
}

void stun_put_unknown(struct stun_writer *w, const uint16_t *types, unsigned n)
{
    uint8_t *v = put(w, UNKNOWN_ATTRIBUTES, 2 * (size_t)n);
    for (unsigned i = 0; v && i < n; i++)
        put16(v + 2 * i, types[i]);
}

static void put_integrity(struct stun_writer *w, const struct stun_key *k)
{
    size_t covered = w->len;
    uint8_t *v = put(w, MESSAGE_INTEGRITY, STUN_SHA1_BYTES);
    if (v)
        stun_key_sign(k, w->buf, covered, v);
}

int stun_finish(struct stun_writer *w, const struct stun_key *k)
{
    if (k)
        put_integrity(w, k);
    size_t covered = w->len;
    uint8_t *v = put(w, FINGERPRINT, 4);
    if (!v)
        return -ENOSPC;
    put32(v, crc32_of(w->buf, covered) ^ fingerprint_xor);
    return (int)w->len;
}
