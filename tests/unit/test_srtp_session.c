#include "net/rtp/srtp_session.h"

#include "net/bytes.h"
#include "net/rtp/rtcp.h"
#include "net/rtp/rtp.h"
#include "tests/support/srtp_reference.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SSRC = 0xcafebabe, PAYLOAD = 100, S = 1000000 };

static const enum sdes_suite suites[] = {SDES_AEAD_AES_128_GCM, SDES_AEAD_AES_256_GCM,
    SDES_AES_CM_128_HMAC_SHA1_80, SDES_AES_CM_128_HMAC_SHA1_32};
#define N_SUITES (sizeof suites / sizeof *suites)

static uint8_t key[SDES_MAX_KEY_BYTES];
static _Alignas(16) uint8_t buf[2048];

static void fresh(void)
{
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 7 + 1);
    cr_assert_eq(srtp_session_global_init(), 0);
}

static void done(void)
{
    srtp_session_global_fini();
}

TestSuite(srtp_session, .init = fresh, .fini = done);

static struct srtp_session *in(enum sdes_suite suite)
{
    struct srtp_session *s = NULL;
    cr_assert_eq(srtp_session_create_in(&s, suite, key, sdes_key_bytes(suite)), 0);
    return s;
}

static struct srtp_session *out(enum sdes_suite suite, const uint32_t *ssrcs, size_t n)
{
    struct srtp_session *s = NULL;
    cr_assert_eq(srtp_session_create_out(&s, suite, key, sdes_key_bytes(suite), ssrcs, n), 0);
    return s;
}

static struct srtp_session *out_one(enum sdes_suite suite)
{
    const uint32_t ssrc = SSRC;
    return out(suite, &ssrc, 1);
}

static size_t packet(uint8_t *p, uint32_t ssrc, uint16_t seq)
{
    const struct rtp_header h = {.payload_type = 111, .seq = seq, .timestamp = seq, .ssrc = ssrc};
    rtp_write_header(p, &h);
    for (size_t i = 0; i < PAYLOAD; i++)
        p[RTP_HEADER_BYTES + i] = (uint8_t)(seq + i);
    return RTP_HEADER_BYTES + PAYLOAD;
}

static size_t report(uint8_t *p, size_t cap, uint32_t ssrc)
{
    struct rtcp_writer w;
    rtcp_writer_init(&w, p, cap);
    cr_assert_eq(rtcp_write_rr(&w, ssrc, NULL, 0), 0);
    cr_assert_eq(rtcp_write_sdes(&w, ssrc, "cname"), 0);
    return w.len;
}

static size_t protect(struct srtp_session *s, uint32_t ssrc, uint16_t seq)
{
    int n = srtp_session_protect(s, buf, packet(buf, ssrc, seq), sizeof buf);
    cr_assert_gt(n, 0, "%d", n);
    return (size_t)n;
}

static void from_hex(uint8_t *to, const char *hex)
{
    for (size_t i = 0; hex[2 * i]; i++) {
        unsigned v;
        sscanf(hex + 2 * i, "%2x", &v);
        to[i] = (uint8_t)v;
    }
}

/* RFC 3711, B.3 */
Test(srtp_session, reference_derives_as_rfc_3711)
{
    uint8_t master[30], want_key[16], want_salt[14], want_auth[20];
    struct srtp_reference_keys k;
    from_hex(master, "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    from_hex(want_key, "c61e7a93744f39ee10734afe3ff7a087");
    from_hex(want_salt, "30cbbc08863d8c85d49db34a9ae1");
    from_hex(want_auth, "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
    srtp_reference_derive(&k, SDES_AES_CM_128_HMAC_SHA1_80, master, 0);
    cr_assert_eq(memcmp(k.key, want_key, 16), 0);
    cr_assert_eq(memcmp(k.salt, want_salt, 14), 0);
    cr_assert_eq(memcmp(k.auth, want_auth, 20), 0);
}

/* RFC 7714, 16.1.1: its keys are session keys, so the reference takes them, not libsrtp. */
Test(srtp_session, reference_encrypts_as_rfc_7714)
{
    struct srtp_reference_keys k = {0};
    uint8_t plain[50], want[66], got[66];
    from_hex(k.key, "000102030405060708090a0b0c0d0e0f");
    from_hex(k.salt, "517569642070726f2071756f");
    from_hex(plain, "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"
                    "20696e207061727465732074726573");
    from_hex(want, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f"
                   "42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
    cr_assert_eq(srtp_reference_rtp(SDES_AEAD_AES_128_GCM, &k, 0, plain, sizeof plain, got), 66);
    cr_assert_eq(memcmp(got, want, sizeof want), 0);
}

Test(srtp_session, rtp_agrees_with_the_reference)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *s = out_one(suites[i]);
        struct srtp_reference_keys k;
        srtp_reference_derive(&k, suites[i], key, 0);
        for (unsigned seq = 65530; seq < 65546; seq++) { /* across the rollover */
            uint8_t plain[256], want[256];
            size_t len = packet(plain, SSRC, (uint16_t)seq);
            size_t n = srtp_reference_rtp(suites[i], &k, seq >> 16, plain, len, want);
            cr_assert_eq(protect(s, SSRC, (uint16_t)seq), n);
            cr_assert_eq(memcmp(buf, want, n), 0, "%s", sdes_suite_name(suites[i]));
        }
        srtp_session_destroy(s);
    }
}

Test(srtp_session, rtcp_agrees_with_the_reference)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *s = out_one(suites[i]);
        struct srtp_reference_keys k;
        srtp_reference_derive(&k, suites[i], key, 1);
        for (uint32_t index = 1; index < 5; index++) {
            uint8_t plain[256], want[256];
            size_t len = report(plain, sizeof plain, SSRC);
            size_t n = srtp_reference_rtcp(suites[i], &k, index, plain, len, want);
            memcpy(buf, plain, len);
            cr_assert_eq(srtp_session_protect_rtcp(s, buf, len, sizeof buf), (int)n);
            cr_assert_eq(memcmp(buf, want, n), 0, "%s", sdes_suite_name(suites[i]));
        }
        srtp_session_destroy(s);
    }
}

Test(srtp_session, there_and_back)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        for (unsigned seq = 65000; seq < 66000; seq++) {
            uint8_t plain[256];
            size_t len = packet(plain, SSRC, (uint16_t)seq), n = protect(tx, SSRC, (uint16_t)seq);
            cr_assert_neq(memcmp(buf + 12, plain + 12, PAYLOAD), 0);
            cr_assert_eq(srtp_session_unprotect(rx, buf, n, S), (int)len);
            cr_assert_eq(memcmp(buf, plain, len), 0);
        }
        uint8_t plain[256];
        size_t len = report(plain, sizeof plain, SSRC);
        memcpy(buf, plain, len);
        int n = srtp_session_protect_rtcp(tx, buf, len, sizeof buf);
        cr_assert_eq(srtp_session_unprotect_rtcp(rx, buf, (size_t)n, S), (int)len);
        cr_assert_eq(memcmp(buf, plain, len), 0);
        struct srtp_session_stats st;
        srtp_session_stats(rx, &st);
        cr_assert(st.ok == 1001 && st.ssrcs == 1);
        cr_assert_eq(st.auth_failed + st.replayed + st.malformed + st.refused, 0);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

Test(srtp_session, extensions_and_empty_payloads)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        const uint8_t level = 0x9e;
        const struct rtp_ext ext = {1, 1, &level};
        const struct rtp_header h = {.payload_type = 111, .seq = 9, .ssrc = SSRC};
        int len = rtp_write_header_ext(buf, sizeof buf, &h, &ext, 1);
        int n = srtp_session_protect(tx, buf, (size_t)len, sizeof buf);
        cr_assert_gt(n, len);
        struct rtp_packet p;
        cr_assert_eq(srtp_session_unprotect(rx, buf, (size_t)n, S), len);
        cr_assert_eq(rtp_parse(&p, buf, (size_t)len), 0);
        uint8_t got;
        cr_assert_eq(rtp_audio_level(&p, 1, &got, NULL), 0);
        cr_assert(got == 0x1e && p.payload_len == 0);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

Test(srtp_session, room_is_checked)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]);
        size_t len = packet(buf, SSRC, 1);
        cr_assert_eq(srtp_session_protect(tx, buf, len, len), -ENOSPC);
        cr_assert_eq(srtp_session_protect(tx, buf, len, len + 3), -ENOSPC);
        int n = srtp_session_protect(tx, buf, len, len + SRTP_SESSION_MAX_EXTRA);
        cr_assert(n > (int)len && n <= (int)len + SRTP_SESSION_MAX_EXTRA);
        size_t exact = (size_t)n - len;
        len = packet(buf, SSRC, 2);
        cr_assert_eq(srtp_session_protect(tx, buf, len, len + exact - 1), -ENOSPC);
        cr_assert_eq(srtp_session_protect(tx, buf, len, len + exact), n);
        len = report(buf, sizeof buf, SSRC);
        cr_assert_eq(srtp_session_protect_rtcp(tx, buf, len, len + 13), -ENOSPC);
        n = srtp_session_protect_rtcp(tx, buf, len, len + SRTP_SESSION_MAX_EXTRA);
        cr_assert(n > (int)len && n <= (int)len + SRTP_SESSION_MAX_EXTRA);
        srtp_session_destroy(tx);
    }
}

Test(srtp_session, what_cannot_be_created)
{
    struct srtp_session *s = NULL;
    const uint32_t ssrcs[SRTP_SESSION_MAX_SSRCS + 1] = {1, 2, 3};
    cr_assert_eq(srtp_session_create_in(&s, SDES_NONE, key, 30), -EINVAL);
    cr_assert_eq(srtp_session_create_in(&s, SDES_N_SUITES, key, 30), -EINVAL);
    for (size_t i = 0; i < N_SUITES; i++) {
        size_t n = sdes_key_bytes(suites[i]);
        cr_assert_eq(srtp_session_create_in(&s, suites[i], key, n - 1), -EINVAL);
        cr_assert_eq(srtp_session_create_out(&s, suites[i], key, n, ssrcs, 0), -EINVAL);
        cr_assert_eq(
            srtp_session_create_out(&s, suites[i], key, n, ssrcs, SRTP_SESSION_MAX_SSRCS + 1),
            -EINVAL);
    }
    cr_assert_null(s);
    srtp_session_destroy(NULL);
}

Test(srtp_session, only_named_ssrcs_are_sent)
{
    const uint32_t ssrcs[] = {1, 2, 3};
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out(suites[i], ssrcs, 3), *rx = in(suites[i]);
        for (uint32_t ssrc = 1; ssrc <= 3; ssrc++)
            cr_assert_gt(srtp_session_unprotect(rx, buf, protect(tx, ssrc, 7), S), 0);
        size_t len = packet(buf, 4, 7);
        cr_assert_eq(srtp_session_protect(tx, buf, len, sizeof buf), -ENOKEY);
        len = packet(buf, 1, 7);
        cr_assert_eq(srtp_session_protect(tx, buf, len, sizeof buf), -EALREADY, "never twice");
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

/* ATTACKS 3 and 4: no tag, a random tag, one bit turned anywhere; ten thousand of them; and the
 * call goes on. */
Test(srtp_session, forged_packets)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        struct srtp_session_stats st;
        for (uint16_t seq = 0; seq < 100; seq++)
            cr_assert_gt(srtp_session_unprotect(rx, buf, protect(tx, SSRC, seq), S), 0);
        uint8_t good[256], copy[256];
        size_t n = protect(tx, SSRC, 100);
        memcpy(good, buf, n);
        for (size_t at = 1; at < n; at++) {
            memcpy(buf, good, n);
            buf[at] ^= 0x40;
            cr_assert_lt(srtp_session_unprotect(rx, buf, n, S), 0, "byte %zu", at);
        }
        for (size_t len = 0; len < n; len++) {
            memcpy(buf, good, n);
            cr_assert_lt(srtp_session_unprotect(rx, buf, len, S), 0, "%zu bytes", len);
        }
        size_t len = packet(copy, SSRC, 100); /* never encrypted at all */
        memcpy(buf, copy, len);
        cr_assert_eq(srtp_session_unprotect(rx, buf, len, S), -EPERM);
        for (unsigned k = 0; k < 10000; k++) {
            memcpy(buf, good, n);
            put32(buf + n - 4, k * 2654435761u + 1);
            cr_assert_eq(srtp_session_unprotect(rx, buf, n, S), -EPERM);
        }
        srtp_session_stats(rx, &st);
        cr_assert(st.auth_failed >= 10000 && st.ssrcs == 1, "an SSRC must be authentic to be held");
        memcpy(buf, good, n);
        cr_assert_eq(srtp_session_unprotect(rx, buf, n, S), RTP_HEADER_BYTES + PAYLOAD);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

Test(srtp_session, forged_rtcp)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        uint8_t good[256];
        size_t len = report(buf, sizeof buf, SSRC);
        int n = srtp_session_protect_rtcp(tx, buf, len, sizeof buf);
        memcpy(good, buf, (size_t)n);
        for (int at = 1; at < n; at++) {
            memcpy(buf, good, (size_t)n);
            buf[at] ^= 0x01;
            cr_assert_lt(srtp_session_unprotect_rtcp(rx, buf, (size_t)n, S), 0, "byte %d", at);
        }
        for (int cut = 0; cut < n; cut++) {
            memcpy(buf, good, (size_t)n);
            cr_assert_lt(srtp_session_unprotect_rtcp(rx, buf, (size_t)cut, S), 0);
        }
        memcpy(buf, good, (size_t)n);
        cr_assert_eq(srtp_session_unprotect_rtcp(rx, buf, (size_t)n, S), (int)len);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

/* ATTACKS 5: in the window and older than it, RTP and RTCP. */
Test(srtp_session, replays)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        enum { N = 3000 };
        static uint8_t kept[N][256];
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        struct srtp_session_stats st;
        size_t n = 0;
        for (uint16_t seq = 0; seq < N; seq++) {
            n = protect(tx, SSRC, seq);
            memcpy(kept[seq], buf, n);
            cr_assert_gt(srtp_session_unprotect(rx, buf, n, S), 0);
        }
        for (uint16_t seq = 0; seq < N; seq++) {
            memcpy(buf, kept[seq], n);
            cr_assert_eq(srtp_session_unprotect(rx, buf, n, S), -EALREADY, "packet %u", seq);
        }
        srtp_session_stats(rx, &st);
        cr_assert_eq(st.replayed, N);
        size_t len = report(buf, sizeof buf, SSRC);
        n = (size_t)srtp_session_protect_rtcp(tx, buf, len, sizeof buf);
        memcpy(kept[0], buf, n);
        cr_assert_gt(srtp_session_unprotect_rtcp(rx, buf, n, S), 0);
        memcpy(buf, kept[0], n);
        cr_assert_eq(srtp_session_unprotect_rtcp(rx, buf, n, S), -EALREADY);
        cr_assert_gt(srtp_session_unprotect(rx, buf, protect(tx, SSRC, N), S), 0, "it goes on");
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

Test(srtp_session, reordered_packets_are_no_replays)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        uint8_t late[256];
        struct srtp_session *tx = out_one(suites[i]), *rx = in(suites[i]);
        size_t n = protect(tx, SSRC, 10);
        memcpy(late, buf, n);
        for (uint16_t seq = 11; seq < 60; seq++)
            cr_assert_gt(srtp_session_unprotect(rx, buf, protect(tx, SSRC, seq), S), 0);
        cr_assert_gt(srtp_session_unprotect(rx, late, n, S), 0);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

Test(srtp_session, the_wrong_key)
{
    for (size_t i = 0; i < N_SUITES; i++) {
        struct srtp_session *tx = out_one(suites[i]);
        key[3] ^= 1;
        struct srtp_session *rx = in(suites[i]);
        key[3] ^= 1;
        cr_assert_eq(srtp_session_unprotect(rx, buf, protect(tx, SSRC, 1), S), -EPERM);
        srtp_session_destroy(tx);
        srtp_session_destroy(rx);
    }
}

/* A peer's packet with any SSRC: from a session of its own each time, as its sender would. */
static int receive_ssrc(struct srtp_session *rx, uint32_t ssrc, uint16_t seq, uint64_t now_us)
{
    struct srtp_session *tx = out(SDES_AEAD_AES_128_GCM, &ssrc, 1);
    size_t n = protect(tx, ssrc, seq);
    srtp_session_destroy(tx);
    return srtp_session_unprotect(rx, buf, n, now_us);
}

/* ATTACKS 9, by a peer that has the key: new SSRCs are rationed, few are held. */
Test(srtp_session, a_flood_of_authentic_ssrcs)
{
    struct srtp_session *rx = in(SDES_AEAD_AES_128_GCM);
    struct srtp_session_stats st;
    unsigned taken = 0;
    for (uint32_t i = 0; i < 1000; i++) /* in a second */
        taken += receive_ssrc(rx, 1000 + i, 1, S + i * 1000) > 0;
    srtp_session_stats(rx, &st);
    cr_assert_leq(taken, SRTP_SESSION_MAX_LIVE + 2);
    cr_assert_leq(st.ssrcs, SRTP_SESSION_MAX_LIVE);
    cr_assert_eq(st.refused, 1000 - taken);
    srtp_session_destroy(rx);
}

Test(srtp_session, the_oldest_makes_room_and_never_comes_back)
{
    struct srtp_session *rx = in(SDES_AEAD_AES_128_GCM);
    struct srtp_session_stats st;
    uint64_t now = 100ull * S;
    for (uint32_t i = 0; i < 40; i++) {
        now += 2 * S;
        cr_assert_gt(receive_ssrc(rx, 1000 + i, 1, now), 0, "SSRC %u", i);
        cr_assert_gt(receive_ssrc(rx, 7, (uint16_t)i, now), 0, "one that is in use stays");
    }
    srtp_session_stats(rx, &st);
    cr_assert_eq(st.ssrcs, SRTP_SESSION_MAX_LIVE);
    /* what was sent under an SSRC that made room could be replayed, if that were taken again */
    cr_assert_eq(receive_ssrc(rx, 1000, 1, now + 60 * S), -ENOBUFS);
    cr_assert_eq(receive_ssrc(rx, 1000, 2, now + 60 * S), -ENOBUFS);
    cr_assert_eq(receive_ssrc(rx, 1039, 1, now + 60 * S), -EALREADY);
    srtp_session_destroy(rx);
}

static void *create_and_use(void *arg)
{
    struct srtp_session **s = arg;
    const uint32_t ssrc = SSRC;
    for (int i = 0; i < 20; i++) {
        struct srtp_session *own = NULL;
        cr_assert_eq(srtp_session_create_in(&own, SDES_AEAD_AES_128_GCM, key, 28), 0);
        srtp_session_destroy(own);
    }
    cr_assert_eq(srtp_session_create_out(s, SDES_AEAD_AES_128_GCM, key, 28, &ssrc, 1), 0);
    return NULL;
}

/* Sessions are made on one thread while others work on theirs. */
Test(srtp_session, made_on_another_thread)
{
    pthread_t threads[3];
    struct srtp_session *made[3], *rx = in(SDES_AEAD_AES_128_GCM);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, create_and_use, &made[i]), 0);
    struct srtp_session *tx = out_one(SDES_AEAD_AES_128_GCM);
    for (uint16_t seq = 0; seq < 1000; seq++)
        cr_assert_gt(srtp_session_unprotect(rx, buf, protect(tx, SSRC, seq), S), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        size_t n = protect(made[i], SSRC, (uint16_t)(2000 + i));
        cr_assert_gt(srtp_session_unprotect(rx, buf, n, S), 0);
        srtp_session_destroy(made[i]);
    }
    srtp_session_destroy(tx);
    srtp_session_destroy(rx);
}

Test(srtp_session, no_packets_at_all)
{
    struct srtp_session *tx = out_one(SDES_AEAD_AES_128_GCM), *rx = in(SDES_AEAD_AES_128_GCM);
    memset(buf, 0, sizeof buf);
    cr_assert_eq(srtp_session_protect(tx, buf, 100, sizeof buf), -EBADMSG);
    cr_assert_eq(srtp_session_protect(tx, buf, 0, sizeof buf), -EBADMSG);
    cr_assert_eq(srtp_session_protect_rtcp(tx, buf, 100, sizeof buf), -EBADMSG);
    buf[0] = 0x80;
    cr_assert_eq(srtp_session_protect(tx, buf, 11, sizeof buf), -EBADMSG);
    cr_assert_eq(srtp_session_protect_rtcp(tx, buf, 7, sizeof buf), -EBADMSG);
    for (size_t len = 0; len < 28; len++) {
        cr_assert_eq(srtp_session_unprotect(rx, buf, len, S), -EBADMSG);
        cr_assert_eq(srtp_session_unprotect_rtcp(rx, buf, len, S), -EBADMSG);
    }
    srtp_session_destroy(tx);
    srtp_session_destroy(rx);
}
