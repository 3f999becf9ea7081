#include "net/rtp/srtp_gcm.h"

#include "net/rtp/rtp.h"
#include "net/rtp/srtp_session.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

/* That it agrees byte for byte with another implementation is shown in test_srtp_session.c. */

enum { SSRC = 0x1234, PAYLOAD = 100, KEY_SALT = 16 + SRTP_GCM_SALT_BYTES };

static const uint8_t key_salt[32 + SRTP_GCM_SALT_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

struct packet {
    _Alignas(16) uint8_t bytes[RTP_HEADER_BYTES + PAYLOAD + SRTP_GCM_TAG_BYTES];
};

static int protect(struct srtp_gcm *g, uint16_t seq, struct packet *p)
{
    const struct rtp_header h = {.payload_type = 96, .seq = seq, .timestamp = 7, .ssrc = SSRC};
    rtp_write_header(p->bytes, &h);
    memset(p->bytes + RTP_HEADER_BYTES, 0x55, PAYLOAD);
    return srtp_gcm_protect(g, seq, p->bytes, RTP_HEADER_BYTES, RTP_HEADER_BYTES + PAYLOAD);
}

Test(srtp_gcm, keys_of_16_and_32_bytes_and_no_others)
{
    for (size_t n = 0; n <= sizeof key_salt; n++) {
        struct srtp_gcm *g = NULL;
        bool good = n == KEY_SALT || n == sizeof key_salt;
        cr_expect_eq(srtp_gcm_create(&g, SSRC, key_salt, n), good ? 0 : -EINVAL, "%zu", n);
        srtp_gcm_destroy(g);
    }
}

Test(srtp_gcm, no_nonce_is_used_twice)
{
    struct srtp_gcm *g;
    struct packet p;
    cr_assert_eq(srtp_gcm_create(&g, SSRC, key_salt, KEY_SALT), 0);
    cr_expect_eq(protect(g, 1000, &p), (int)sizeof p.bytes);
    cr_expect_eq(protect(g, 1000, &p), -EALREADY);
    cr_expect_eq(protect(g, 999, &p), -EALREADY);
    cr_expect_eq(protect(g, 1001, &p), (int)sizeof p.bytes);
    cr_expect_eq(protect(g, (uint16_t)(1001 + 0x8000), &p), -EALREADY);
    srtp_gcm_destroy(g);
}

Test(srtp_gcm, three_rollovers_are_understood_by_libsrtp)
{
    struct srtp_gcm *g;
    struct srtp_session *in;
    cr_assert_eq(srtp_session_global_init(), 0);
    cr_assert_eq(srtp_gcm_create(&g, SSRC, key_salt, KEY_SALT), 0);
    cr_assert_eq(srtp_session_create_in(&in, SDES_AEAD_AES_128_GCM, key_salt, KEY_SALT), 0);
    for (uint32_t i = 65000; i < 3 * 65536 + 500; i += 97) {
        struct packet p;
        int n = protect(g, (uint16_t)i, &p);
        cr_assert_eq(n, (int)sizeof p.bytes);
        n = srtp_session_unprotect(in, p.bytes, (size_t)n, i);
        cr_assert_eq(n, RTP_HEADER_BYTES + PAYLOAD, "packet %u: %d", i, n);
        cr_assert_eq(p.bytes[RTP_HEADER_BYTES + PAYLOAD - 1], 0x55);
    }
    srtp_session_destroy(in);
    srtp_gcm_destroy(g);
    srtp_session_global_fini();
}

Test(srtp_gcm, protecting_allocates_nothing)
{
    struct srtp_gcm *g;
    struct packet p;
    cr_assert_eq(srtp_gcm_create(&g, SSRC, key_salt, sizeof key_salt), 0);
    protect(g, 1, &p);
    malloc_count_begin();
    for (uint16_t seq = 2; seq < 200; seq++)
        protect(g, seq, &p);
    cr_expect_eq(malloc_count_end(), 0u);
    srtp_gcm_destroy(g);
}
