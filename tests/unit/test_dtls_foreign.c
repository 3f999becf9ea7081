/* Sessions against peers with other certificates, suites and profiles than ours. */

#include "tests/support/foreign_dtls.h"

#include <criterion/criterion.h>
#include <string.h>

#define ALL_PROFILES "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"

static void meet(struct encounter *e, struct foreign_options o)
{
    encounter_open(e, o, false);
    encounter_begin(e);
}

static void expect_state(struct foreign_options o, enum dtls_state state, const char *what)
{
    struct encounter e;
    meet(&e, o);
    cr_expect_eq(e.state, state, "%s: state %d", what, (int)e.state);
    encounter_close(&e);
}

/* --- profiles of SRTP (RFC 5764, RFC 7714) ------------------------------------------------------
 */
static void expect_profile(
    const char *offered, bool server, enum sdes_suite suite, size_t k, size_t s)
{
    struct encounter e;
    struct dtls_keys ours, theirs;
    meet(&e, (struct foreign_options){.server = server, .profiles = offered});
    cr_assert_eq(e.state, DTLS_READY, "%s", offered);
    cr_assert_eq(e.foreign.result, 1);
    cr_assert_eq(dtls_keys(e.dtls, &ours), 0);
    cr_expect_eq(ours.suite, suite, "%s", offered);
    foreign_keys(&e.foreign, k, s, &theirs);
    cr_expect_eq(memcmp(ours.in, theirs.out, k + s), 0);
    cr_expect_eq(memcmp(ours.out, theirs.in, k + s), 0);
    encounter_close(&e);
}

Test(dtls_foreign, keys_of_each_profile_are_the_same_at_both_ends)
{
    for (int server = 0; server < 2; server++) {
        expect_profile("SRTP_AEAD_AES_128_GCM", server, SDES_AEAD_AES_128_GCM, 16, 12);
        expect_profile("SRTP_AEAD_AES_256_GCM", server, SDES_AEAD_AES_256_GCM, 32, 12);
        expect_profile("SRTP_AES128_CM_SHA1_80", server, SDES_AES_CM_128_HMAC_SHA1_80, 16, 14);
    }
}

Test(dtls_foreign, the_passive_side_prefers_gcm)
{
    expect_profile(ALL_PROFILES, false, SDES_AEAD_AES_128_GCM, 16, 12);
}

Test(dtls_foreign, without_a_common_profile_there_is_no_session)
{
    for (int server = 0; server < 2; server++) {
        expect_state((struct foreign_options){.server = server}, DTLS_FAILED, "no use_srtp");
        expect_state(
            (struct foreign_options){.server = server, .profiles = "SRTP_AES128_CM_SHA1_32"},
            DTLS_FAILED, "a tag of 32 bits");
    }
}

/* --- cipher suites ------------------------------------------------------------------------------
 */
Test(dtls_foreign, forward_secret_aead_suites_only)
{
    static const struct {
        const char *ciphers;
        enum dtls_state state;
    } cases[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", DTLS_READY},
        {"ECDHE-ECDSA-AES256-GCM-SHA384", DTLS_READY},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", DTLS_READY},
        {"ECDHE-ECDSA-AES128-SHA", DTLS_FAILED},
        {"ECDHE-ECDSA-AES128-SHA256", DTLS_FAILED},
        {"AES128-GCM-SHA256", DTLS_FAILED},
        {"ECDHE-ECDSA-NULL-SHA:NULL-SHA", DTLS_FAILED},
        {"AECDH-AES128-SHA:AECDH-NULL-SHA", DTLS_FAILED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_state(
            (struct foreign_options){
                .profiles = ALL_PROFILES, .ciphers = cases[i].ciphers, .null_security = true},
            cases[i].state, cases[i].ciphers);
}

static void expect_version(int version, enum dtls_state state)
{
    struct encounter e;
    encounter_open(
        &e, (struct foreign_options){.profiles = ALL_PROFILES, .null_security = true}, false);
    cr_assert_eq(SSL_set_max_proto_version(e.foreign.ssl, version), 1);
    encounter_begin(&e);
    cr_expect_eq(e.state, state, "version %x", (unsigned)version);
    encounter_close(&e);
}

Test(dtls_foreign, dtls_1_0_is_refused)
{
    expect_version(DTLS1_VERSION, DTLS_FAILED);
    expect_version(DTLS1_2_VERSION, DTLS_READY);
}

/* --- certificates -------------------------------------------------------------------------------
 */
static void expect_certificate(
    EVP_PKEY *key, X509 *cert, unsigned chain, bool server, enum dtls_state state, const char *what)
{
    const struct foreign_options o = {.key = key,
        .cert = cert,
        .chain = chain,
        .server = server,
        .profiles = ALL_PROFILES,
        .null_security = true};
    expect_state(o, state, what);
}

Test(dtls_foreign, keys_of_usual_kinds)
{
    static const char *const curves[] = {"P-256", "P-384"};
    for (int server = 0; server < 2; server++) {
        for (size_t i = 0; i < 2; i++) {
            EVP_PKEY *key = foreign_ec_key(curves[i], false);
            expect_certificate(
                key, foreign_certificate(key, -1, 1, 0), 0, server, DTLS_READY, curves[i]);
        }
        EVP_PKEY *rsa = foreign_rsa_key(2048);
        expect_certificate(
            rsa, foreign_certificate(rsa, -1, 1, 0), 0, server, DTLS_READY, "RSA 2048");
    }
}

Test(dtls_foreign, nobody_looks_at_dates)
{
    EVP_PKEY *key = foreign_ec_key("P-256", false);
    expect_certificate(key, foreign_certificate(key, -9, -8, 0), 0, false, DTLS_READY, "expired");
    key = foreign_ec_key("P-256", false);
    expect_certificate(key, foreign_certificate(key, 8, 9, 0), 0, false, DTLS_READY, "not yet");
}

Test(dtls_foreign, weak_and_costly_keys_are_refused)
{
    EVP_PKEY *key = foreign_rsa_key(1024);
    expect_certificate(key, foreign_certificate(key, -1, 1, 0), 0, false, DTLS_FAILED, "RSA 1024");
    key = foreign_ec_key("secp224r1", false);
    expect_certificate(key, foreign_certificate(key, -1, 1, 0), 0, false, DTLS_FAILED, "P-224");
    key = foreign_ec_key("secp256k1", false);
    expect_certificate(key, foreign_certificate(key, -1, 1, 0), 0, false, DTLS_FAILED, "secp256k1");
}

Test(dtls_foreign, a_curve_spelled_out_is_refused)
{
    EVP_PKEY *key = foreign_ec_key("P-256", true);
    expect_certificate(
        key, foreign_certificate(key, -1, 1, 0), 0, false, DTLS_FAILED, "explicit curve");
}

Test(dtls_foreign, certificates_are_bounded)
{
    EVP_PKEY *key = foreign_ec_key("P-256", false);
    expect_certificate(key, foreign_certificate(key, -1, 1, 2000), 0, false, DTLS_READY, "2 KB");
    key = foreign_ec_key("P-256", false);
    expect_certificate(key, foreign_certificate(key, -1, 1, 2000), 3, false, DTLS_READY, "chain");
    key = foreign_ec_key("P-256", false);
    expect_certificate(key, foreign_certificate(key, -1, 1, 20000), 0, false, DTLS_FAILED, "20 KB");
    key = foreign_ec_key("P-256", false);
    expect_certificate(
        key, foreign_certificate(key, -1, 1, 2000), 10, false, DTLS_FAILED, "long chain");
}

Test(dtls_foreign, without_a_certificate_there_is_no_session)
{
    struct encounter e;
    encounter_open(&e, (struct foreign_options){.profiles = ALL_PROFILES}, true);
    encounter_begin(&e);
    cr_expect_eq(e.state, DTLS_FAILED);
    cr_expect_neq(e.foreign.result, 1);
    cr_expect_eq(e.foreign.alert, SSL_AD_HANDSHAKE_FAILURE);
    encounter_close(&e);
}

/* Of a certificate whose fingerprint does not fit the peer is told before it is done. */
Test(dtls_foreign, a_wrong_certificate_ends_the_handshake)
{
    struct encounter e;
    encounter_open(&e, (struct foreign_options){.profiles = ALL_PROFILES}, false);
    struct sdp_fingerprint wrong = foreign_fingerprint(e.cert, SDP_HASH_SHA256);
    wrong.digest[31] ^= 1;
    const struct dtls_config cfg = {
        .role = DTLS_PASSIVE, .fingerprints = &wrong, .n_fingerprints = 1};
    dtls_destroy(e.dtls);
    cr_assert_eq(dtls_create(&e.dtls, e.context, &cfg, link_put, &e.sent, 0), 0);
    encounter_begin(&e);
    cr_expect_eq(e.state, DTLS_FAILED);
    cr_expect_neq(e.foreign.result, 1);
    cr_expect_eq(e.foreign.alert, SSL_AD_BAD_CERTIFICATE);
    encounter_close(&e);
}

Test(dtls_foreign, longer_hashes_are_compared_too)
{
    for (enum sdp_hash hash = SDP_HASH_SHA384; hash <= SDP_HASH_SHA512; hash++)
        for (int wrong = 0; wrong < 2; wrong++) {
            struct encounter e;
            encounter_open(&e, (struct foreign_options){.profiles = ALL_PROFILES}, false);
            struct sdp_fingerprint f = foreign_fingerprint(e.cert, hash);
            f.digest[sdp_hash_bytes(hash) - 1] ^= (uint8_t)wrong;
            const struct dtls_config cfg = {
                .role = DTLS_PASSIVE, .fingerprints = &f, .n_fingerprints = 1};
            dtls_destroy(e.dtls);
            cr_assert_eq(dtls_create(&e.dtls, e.context, &cfg, link_put, &e.sent, 0), 0);
            encounter_begin(&e);
            cr_expect_eq(e.state, wrong ? DTLS_FAILED : DTLS_READY);
            encounter_close(&e);
        }
}

Test(dtls_foreign, there_is_nothing_to_resume)
{
    struct encounter e;
    meet(&e, (struct foreign_options){.profiles = ALL_PROFILES});
    cr_assert_eq(e.state, DTLS_READY);
    unsigned id_bytes = 1;
    const SSL_SESSION *s = SSL_get0_session(e.foreign.ssl);
    SSL_SESSION_get_id(s, &id_bytes);
    cr_expect_eq(id_bytes, 0);
    cr_expect(!SSL_SESSION_has_ticket(s));
    encounter_close(&e);
}
