#include "net/dtls/dtls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { QUEUE = 64, DATAGRAM = 1500 };

struct pipe {
    size_t n, taken;
    struct {
        size_t len;
        uint8_t data[DATAGRAM];
    } pkt[QUEUE];
};

struct side {
    struct dtls_context *context;
    struct dtls *dtls;
    struct pipe sent;
    enum dtls_state state;
};

static void on_send(const uint8_t *pkt, size_t len, void *arg)
{
    struct pipe *p = arg;
    cr_assert_leq(len, (size_t)DTLS_MTU);
    cr_assert_lt(p->n, (size_t)QUEUE);
    memcpy(p->pkt[p->n].data, pkt, len);
    p->pkt[p->n++].len = len;
}

static struct sdp_fingerprint fingerprint_of(const struct dtls_context *c)
{
    struct sdp_fingerprint f;
    cr_assert_eq(sdp_fingerprint_parse(sdp_str(dtls_context_fingerprint(c)), &f), 0);
    return f;
}

static void open_side(
    struct side *s, enum dtls_role role, const struct sdp_fingerprint *expected, size_t n)
{
    const struct dtls_config cfg = {.role = role, .fingerprints = expected, .n_fingerprints = n};
    cr_assert_eq(dtls_create(&s->dtls, s->context, &cfg, on_send, &s->sent, 0), 0);
}

static void open_pair(struct side pair[2])
{
    struct sdp_fingerprint f[2];
    memset(pair, 0, 2 * sizeof(*pair));
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(dtls_context_create(&pair[i].context), 0);
        f[i] = fingerprint_of(pair[i].context);
    }
    open_side(&pair[0], DTLS_ACTIVE, &f[1], 1);
    open_side(&pair[1], DTLS_PASSIVE, &f[0], 1);
}

static void close_pair(struct side pair[2])
{
    for (int i = 0; i < 2; i++) {
        dtls_destroy(pair[i].dtls);
        dtls_context_destroy(pair[i].context);
    }
}

/* Carries what one side sent to the other, until neither has anything to say. */
static void talk(struct side pair[2])
{
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < 2; i++) {
            struct pipe *p = &pair[i].sent;
            for (; p->taken < p->n; p->taken++, more = true)
                pair[!i].state =
                    dtls_receive(pair[!i].dtls, p->pkt[p->taken].data, p->pkt[p->taken].len);
        }
    }
}

Test(dtls, both_sides_have_the_same_keys)
{
    struct side pair[2];
    struct dtls_keys a, b;
    open_pair(pair);
    dtls_start(pair[0].dtls);
    dtls_start(pair[1].dtls);
    talk(pair);
    cr_assert_eq(pair[0].state, DTLS_READY);
    cr_assert_eq(pair[1].state, DTLS_READY);
    cr_assert_eq(dtls_keys(pair[0].dtls, &a), 0);
    cr_assert_eq(dtls_keys(pair[1].dtls, &b), 0);
    cr_assert_eq(a.suite, SDES_AEAD_AES_128_GCM);
    cr_assert_eq(b.suite, a.suite);
    cr_assert_eq(memcmp(a.in, b.out, sdes_key_bytes(a.suite)), 0);
    cr_assert_eq(memcmp(a.out, b.in, sdes_key_bytes(a.suite)), 0);
    cr_assert_neq(memcmp(a.in, a.out, sdes_key_bytes(a.suite)), 0);
    close_pair(pair);
}

Test(dtls, another_certificate_than_announced_fails)
{
    for (int liar = 0; liar < 2; liar++) {
        struct side pair[2];
        open_pair(pair);
        struct sdp_fingerprint wrong = fingerprint_of(pair[!liar].context);
        wrong.digest[31] ^= 1;
        dtls_destroy(pair[liar].dtls);
        open_side(&pair[liar], liar ? DTLS_PASSIVE : DTLS_ACTIVE, &wrong, 1);
        dtls_start(pair[0].dtls);
        talk(pair);
        cr_assert_eq(pair[liar].state, DTLS_FAILED);
        struct dtls_keys keys;
        cr_assert_eq(dtls_keys(pair[liar].dtls, &keys), -EIO);
        close_pair(pair);
    }
}

Test(dtls, one_of_several_fingerprints_suffices)
{
    struct side pair[2];
    open_pair(pair);
    struct sdp_fingerprint some[3] = {
        fingerprint_of(pair[0].context), fingerprint_of(pair[0].context), {.hash = SDP_HASH_NONE}};
    some[0].digest[0] ^= 1;
    dtls_destroy(pair[1].dtls);
    open_side(&pair[1], DTLS_PASSIVE, some, 3);
    dtls_start(pair[0].dtls);
    talk(pair);
    cr_assert_eq(pair[1].state, DTLS_READY);
    close_pair(pair);
}

Test(dtls, close_notify_is_heard)
{
    struct side pair[2];
    open_pair(pair);
    dtls_start(pair[0].dtls);
    talk(pair);
    dtls_close(pair[0].dtls);
    talk(pair);
    cr_assert_eq(pair[1].state, DTLS_CLOSED);
    close_pair(pair);
}

Test(dtls, noise_does_not_end_a_session)
{
    static const uint8_t noise[][20] = {
        {0},
        {20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
        {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4},
        {63, 1, 2, 3},
    };
    struct side pair[2];
    open_pair(pair);
    dtls_start(pair[0].dtls);
    talk(pair);
    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
        for (size_t len = 1; len <= sizeof(noise[i]); len++)
            cr_assert_eq(dtls_receive(pair[1].dtls, noise[i], len), DTLS_READY);
    close_pair(pair);
}

Test(dtls, gives_up_in_the_end)
{
    struct side pair[2];
    open_pair(pair);
    dtls_start(pair[0].dtls);
    cr_assert_eq(dtls_tick(pair[0].dtls, 1000), DTLS_HANDSHAKING);
    cr_assert_eq(dtls_tick(pair[0].dtls, DTLS_GIVE_UP_MS * 1000), DTLS_TIMED_OUT);
    close_pair(pair);
}
