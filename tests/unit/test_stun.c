#include "net/ice/stun.h"

#include "net/bytes.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct stun_key key;

static void make_key(void)
{
    stun_key_init(&key, "VOkJxbRl1RmTxUk/WvJxBt");
}

TestSuite(stun, .init = make_key, .timeout = 60);

/* --- RFC 5769 --------------------------------------------------------------------------------- */
static const uint8_t request[] = {/* 2.1 */
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
static const uint8_t response_v4[] = {/* 2.2 */
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
static const uint8_t response_v6[] = {/* 2.3 */
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

Test(stun, rfc5769_request)
{
    uint8_t pkt[sizeof request];
    struct stun_message m;
    memcpy(pkt, request, sizeof pkt);
    cr_assert(stun_is(pkt, sizeof pkt));
    cr_assert_eq(stun_parse(&m, pkt, sizeof pkt), 0);
    cr_assert_eq(m.class, STUN_REQUEST);
    cr_assert_eq(m.method, STUN_BINDING);
    cr_assert(m.fingerprint);
    cr_assert_eq(m.username_len, 9u);
    cr_assert_eq(memcmp(m.username, "evtj:h6vY", 9), 0);
    cr_assert(m.has_priority);
    cr_assert_eq(m.priority, 0x6e0001ffu);
    cr_assert(m.has_controlled && !m.has_controlling);
    cr_assert_eq(m.tie_breaker, 0x932ff9b151263b36u);
    cr_assert(!m.use_candidate);
    cr_assert_eq(m.n_unknown, 0u);
    cr_assert(stun_verify(&m, pkt, &key));
    cr_assert_eq(memcmp(pkt, request, sizeof pkt), 0, "comes back as it was");
}

static void is_mapped(const uint8_t *vector, size_t len, const char *ip)
{
    uint8_t pkt[128];
    struct stun_message m;
    struct net_addr expected;
    cr_assert_eq(net_addr_parse(&expected, ip, 32853), 0);
    memcpy(pkt, vector, len);
    cr_assert_eq(stun_parse(&m, pkt, len), 0);
    cr_assert_eq(m.class, STUN_SUCCESS);
    cr_assert(m.fingerprint && m.has_mapped);
    cr_assert(net_addr_equal(&m.mapped, &expected));
    cr_assert(stun_verify(&m, pkt, &key));
}

Test(stun, rfc5769_ipv4_response)
{
    is_mapped(response_v4, sizeof response_v4, "192.0.2.1");
}

Test(stun, rfc5769_ipv6_response)
{
    is_mapped(response_v6, sizeof response_v6, "2001:db8:1234:5678:11:2233:4455:6677");
}

/* --- what is not as it must be ---------------------------------------------------------------- */
Test(stun, every_bit_that_is_turned_is_found)
{
    for (size_t bit = 0; bit < 8 * sizeof request; bit++) {
        uint8_t pkt[sizeof request];
        struct stun_message m;
        memcpy(pkt, request, sizeof pkt);
        pkt[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert(
            stun_parse(&m, pkt, sizeof pkt) < 0 || !m.fingerprint || !stun_verify(&m, pkt, &key),
            "bit %zu", bit);
    }
}

Test(stun, cut_anywhere_it_is_refused)
{
    for (size_t len = 0; len < sizeof request; len++) {
        uint8_t pkt[sizeof request];
        struct stun_message m = {.method = 77};
        memcpy(pkt, request, len);
        cr_assert_eq(stun_parse(&m, pkt, len), -EBADMSG);
        if (len >= STUN_HEADER_BYTES) { /* and with a length that says so */
            put16(pkt + 2, (uint16_t)(len - STUN_HEADER_BYTES));
            if (len % 4 || len != 20 /* a header alone is a message */)
                cr_assert(stun_parse(&m, pkt, len) < 0 || !m.fingerprint);
        }
        cr_assert(m.method == 77 || m.method == STUN_BINDING);
    }
}

/* A message of one attribute, without integrity. */
static int parse_one(
    struct stun_message *m, uint16_t type, uint16_t said, const uint8_t *value, size_t len)
{
    static uint8_t pkt[STUN_MAX_BYTES + 100];
    static const uint8_t id[STUN_TRANSACTION_BYTES] = {1};
    struct stun_writer w;
    stun_begin(&w, pkt, sizeof pkt, STUN_REQUEST, id);
    put16(pkt + 20, type);
    put16(pkt + 22, said);
    if (len)
        memcpy(pkt + 24, value, len);
    put16(pkt + 2, (uint16_t)(4 + len));
    return stun_parse(m, pkt, 24 + len);
}

Test(stun, attributes_have_their_sizes)
{
    static const struct {
        uint16_t type;
        size_t good;
    } fixed[] = {
        {0x0024, 4}, {0x0025, 0}, {0x8029, 8}, {0x802A, 8}, {0xC001, 4}, {0x0030, 4}, {0x0008, 20}};
    static const uint8_t zeros[64];
    struct stun_message m;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        for (uint16_t n = 0; n <= 32; n++)
            cr_assert_eq(parse_one(&m, fixed[i].type, n, zeros, (n + 3u) & ~3u),
                n == fixed[i].good ? 0 : -EBADMSG, "%x %u", fixed[i].type, n);
}

Test(stun, attributes_stay_within_the_message)
{
    static const uint8_t zeros[64];
    struct stun_message m;
    cr_assert_eq(parse_one(&m, 0x8022, 8, zeros, 8), 0);
    cr_assert_eq(parse_one(&m, 0x8022, 9, zeros, 8), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x8022, 65535, zeros, 8), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x8022, 65533, zeros, 8), -EBADMSG);
}

/* ATTACKS 21: codes out of range, sizes that run below zero; a name longer than any. */
Test(stun, error_codes_and_long_names)
{
    static uint8_t name[1200];
    const uint8_t ok[4] = {0, 0, 4, 87}, low[4] = {0, 0, 2, 0}, high[4] = {0, 0, 7, 0},
                  number[4] = {0, 0, 4, 100};
    struct stun_message m;
    cr_assert_eq(parse_one(&m, 0x0009, 4, ok, 4), 0);
    cr_assert_eq(m.error, 487);
    cr_assert_eq(parse_one(&m, 0x0009, 3, ok, 4), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0009, 0, ok, 0), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0009, 4, low, 4), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0009, 4, high, 4), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0009, 4, number, 4), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0006, 513, name, 516), 0);
    cr_assert_eq(m.username_len, 513u);
    cr_assert_eq(parse_one(&m, 0x0006, 514, name, 516), -EBADMSG);
}

Test(stun, mapped_addresses_are_of_a_known_family)
{
    const uint8_t v4[8] = {0, 1}, v6[20] = {0, 2}, v3[8] = {0, 3};
    struct stun_message m;
    cr_assert_eq(parse_one(&m, 0x0020, 8, v4, 8), 0);
    cr_assert_eq(parse_one(&m, 0x0020, 20, v6, 20), 0);
    cr_assert_eq(parse_one(&m, 0x0020, 20, v4, 20 > sizeof v4 ? 8 : 20), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0020, 8, v6, 8), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0020, 8, v3, 8), -EBADMSG);
    cr_assert_eq(parse_one(&m, 0x0020, 3, v4, 4), -EBADMSG);
}

Test(stun, longer_than_any_check_is_refused)
{
    static uint8_t value[STUN_MAX_BYTES];
    struct stun_message m;
    cr_assert_eq(parse_one(&m, 0x8022, 1476, value, 1476), 0);
    cr_assert_eq(parse_one(&m, 0x8022, 1480, value, 1480), -EBADMSG);
}

Test(stun, unknown_attributes_are_told_as_far_as_there_is_room)
{
    uint8_t pkt[200];
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    struct stun_writer w;
    struct stun_message m;
    stun_begin(&w, pkt, sizeof pkt, STUN_REQUEST, id);
    for (uint16_t i = 0; i < 20; i++) {
        put16(pkt + w.len, i < 10 ? (uint16_t)(0x7f00 + i) : (uint16_t)(0xff00 + i));
        put16(pkt + w.len + 2, 0);
        w.len += 4;
    }
    put16(pkt + 2, (uint16_t)(w.len - STUN_HEADER_BYTES));
    cr_assert_eq(stun_parse(&m, pkt, w.len), 0);
    cr_assert_eq(m.n_unknown, (unsigned)STUN_MAX_UNKNOWN);
    cr_assert_eq(m.unknown[0], 0x7f00);
    cr_assert_eq(m.unknown[STUN_MAX_UNKNOWN - 1], 0x7f00 + STUN_MAX_UNKNOWN - 1);
}

/* What stands behind MESSAGE-INTEGRITY anyone on the way could have put there. */
Test(stun, what_follows_the_integrity_does_not_count)
{
    uint8_t pkt[200];
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    struct stun_writer w;
    struct stun_message m;
    stun_begin(&w, pkt, sizeof pkt, STUN_REQUEST, id);
    stun_put_username(&w, "a:b");
    int len = stun_finish(&w, &key);
    cr_assert_gt(len, 0);
    w.len -= 8; /* the fingerprint */
    stun_put_use_candidate(&w);
    stun_put_controlled(&w, 1);
    len = stun_finish(&w, NULL);
    cr_assert_eq(stun_parse(&m, pkt, (size_t)len), 0);
    cr_assert(m.fingerprint);
    cr_assert(!m.use_candidate && !m.has_controlled);
    cr_assert(stun_verify(&m, pkt, &key));
}

Test(stun, a_fingerprint_is_the_last)
{
    uint8_t pkt[200];
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    struct stun_writer w;
    struct stun_message m;
    stun_begin(&w, pkt, sizeof pkt, STUN_REQUEST, id);
    cr_assert_gt(stun_finish(&w, NULL), 0);
    stun_put_priority(&w, 1);
    cr_assert_eq(stun_parse(&m, pkt, w.len), -EBADMSG);
}

/* --- building --------------------------------------------------------------------------------- */
Test(stun, built_and_read_again)
{
    uint8_t pkt[STUN_RESPONSE_MAX];
    static const uint8_t id[STUN_TRANSACTION_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct stun_writer w;
    struct stun_message m;
    struct net_addr a;
    cr_assert_eq(net_addr_parse(&a, "2001:db8::7", 65535), 0);
    for (int class = STUN_REQUEST; class <= STUN_ERROR; class ++) {
        stun_begin(&w, pkt, sizeof pkt, (enum stun_class) class, id);
        stun_put_xor_mapped(&w, &a);
        stun_put_nomination(&w, 7);
        int len = stun_finish(&w, &key);
        cr_assert_gt(len, 0);
        cr_assert_eq(stun_parse(&m, pkt, (size_t)len), 0);
        cr_assert_eq(m.class, (enum stun_class) class);
        cr_assert_eq(m.method, STUN_BINDING);
        cr_assert(m.has_mapped && net_addr_equal(&m.mapped, &a));
        cr_assert(m.has_nomination && m.nomination == 7);
        cr_assert_eq(memcmp(m.transaction, id, sizeof id), 0);
        cr_assert(stun_verify(&m, pkt, &key));
    }
}

Test(stun, what_does_not_fit_is_an_error)
{
    uint8_t pkt[200];
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    for (size_t cap = 0; cap < 20 + 8 + 24 + 8; cap++) {
        struct stun_writer w;
        stun_begin(&w, pkt, cap, STUN_REQUEST, id);
        stun_put_priority(&w, 1);
        cr_assert_eq(stun_finish(&w, &key), -ENOSPC, "%zu", cap);
    }
}

/* RFC 2202, 3: test cases 2 and 7 (a key longer than a block). */
Test(stun, hmac_sha1)
{
    static const uint8_t jefe[STUN_SHA1_BYTES] = {0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2,
        0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79},
                         longer[STUN_SHA1_BYTES] = {0xe8, 0xe9, 0x9d, 0x0f, 0x45, 0x23, 0x7d, 0x78,
                             0x6d, 0x6b, 0xba, 0xa7, 0x96, 0x5c, 0x78, 0x08, 0xbb, 0xff, 0x1a,
                             0x91};
    static const char text2[] = "what do ya want for nothing?",
                      text7[] = "Test Using Larger Than Block-Size Key and Larger Than One "
                                "Block-Size Data";
    uint8_t out[STUN_SHA1_BYTES];
    char password[81] = "";
    memset(password, 0xaa, 80);
    stun_key_init(&key, "Jefe");
    stun_key_sign(&key, (const uint8_t *)text2, strlen(text2), out);
    cr_assert_eq(memcmp(out, jefe, sizeof out), 0);
    stun_key_init(&key, password);
    stun_key_sign(&key, (const uint8_t *)text7, strlen(text7), out);
    cr_assert_eq(memcmp(out, longer, sizeof out), 0);
}

Test(stun, nothing_is_allocated_for_a_packet)
{
    uint8_t pkt[sizeof request], out[STUN_RESPONSE_MAX];
    memcpy(pkt, request, sizeof pkt);
    struct stun_message m;
    struct stun_writer w;
    struct net_addr a = {.family = AF_INET, .port = 1};
    bool ok = true;
    malloc_count_begin();
    for (int i = 0; i < 10; i++) {
        ok &= stun_parse(&m, pkt, sizeof pkt) == 0 && stun_verify(&m, pkt, &key);
        stun_begin(&w, out, sizeof out, STUN_SUCCESS, m.transaction);
        stun_put_xor_mapped(&w, &a);
        ok &= stun_finish(&w, &key) > 0;
    }
    unsigned long n = malloc_count_end();
    cr_assert(ok);
    cr_assert_eq(n, 0ul, "%lu", n);
}
