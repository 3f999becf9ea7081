#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SESSION ANSWERING_SESSION
#define KEY_A   ANSWERING_KEY_A
#define KEY_B   ANSWERING_KEY_B
#define CM80    ANSWERING_CM80
#define CM32    ANSWERING_CM32
#define GCM     ANSWERING_GCM

Test(answer_srtp, srtp_policy)
{
    static const struct {
        const char *media;
        enum answer_srtp policy;
        int err;
        enum sdes_suite suite;
        uint32_t tag;
    } cases[] = {
        {"RTP/AVP 8\r\n", ANSWER_SRTP_OFF, 0, SDES_NONE, 0},
        {"RTP/AVP 8\r\n", ANSWER_SRTP_PREFER, 0, SDES_NONE, 0},
        {"RTP/AVP 8\r\n", ANSWER_SRTP_REQUIRE, -EACCES, 0, 0},
        {"RTP/AVPF 8\r\na=crypto:1 X inline:y\r\n", ANSWER_SRTP_PREFER, 0, SDES_NONE, 0},
        {"RTP/AVP 8\r\na=crypto:1 X inline:y\r\n", ANSWER_SRTP_REQUIRE, -EACCES, 0, 0},
        {"RTP/AVP 8\r\n" CM80("1", KEY_A), ANSWER_SRTP_OFF, 0, SDES_NONE, 0},
        {"RTP/AVP 8\r\n" CM80("1", KEY_A), ANSWER_SRTP_PREFER, 0, SDES_AES_CM_128_HMAC_SHA1_80, 1},
        {"RTP/AVP 8\r\n" CM80("1", KEY_A), ANSWER_SRTP_REQUIRE, 0, SDES_AES_CM_128_HMAC_SHA1_80, 1},
        {"RTP/SAVP 8\r\n" CM80("1", KEY_A), ANSWER_SRTP_OFF, -EACCES, 0, 0},
        {"RTP/SAVP 8\r\n" CM80("1", KEY_A), ANSWER_SRTP_REQUIRE, 0, SDES_AES_CM_128_HMAC_SHA1_80,
            1},
        {"RTP/SAVPF 8\r\n" CM80("1", KEY_A) CM32("2", KEY_B) GCM("3"), ANSWER_SRTP_PREFER, 0,
            SDES_AEAD_AES_128_GCM, 3},
        {"RTP/SAVP 8\r\n" CM32("7", KEY_A), ANSWER_SRTP_PREFER, 0, SDES_AES_CM_128_HMAC_SHA1_32, 7},
        {"RTP/SAVP 8\r\n", ANSWER_SRTP_PREFER, -ENOTSUP, 0, 0},
        {"RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A " UNENCRYPTED_SRTP\r\n",
            ANSWER_SRTP_PREFER, -ENOTSUP, 0, 0},
        {"RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A
         "|2^31|1:1\r\n" CM80("2", KEY_B),
            ANSWER_SRTP_PREFER, 0, SDES_AES_CM_128_HMAC_SHA1_80, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer_config cfg = answering_config();
        char offer[1024];
        cfg.srtp = cases[i].policy;
        snprintf(offer, sizeof offer, SESSION "m=audio 5000 %s", cases[i].media);
        if (cases[i].err) {
            cr_assert_eq(answering_refused(offer, cfg, NULL), cases[i].err, "case %zu", i);
            continue;
        }
        struct answer *a = answering(offer, cfg, NULL);
        const struct answer_audio *n = answer_audio(a);
        cr_assert_eq(n->remote.suite, cases[i].suite, "case %zu", i);
        cr_assert_eq(n->local.suite, cases[i].suite, "case %zu", i);
        cr_assert_eq(n->local.tag, cases[i].tag, "case %zu", i);
        cr_assert_eq(strstr(answer_sdp(a), "a=crypto:") != NULL, cases[i].tag != 0, "case %zu", i);
        answer_destroy(a);
    }
}

Test(answer_srtp, the_key_in_the_answer_is_ours_and_fresh)
{
    const char *offer = SESSION "m=audio 5000 RTP/SAVP 8\r\n" CM80("1", KEY_A);
    struct answer_config cfg = answering_config();
    cfg.random = NULL;
    struct answer *a = answering(offer, cfg, NULL), *b = answering(offer, cfg, NULL);
    const struct answer_audio *na = answer_audio(a), *nb = answer_audio(b);
    char text[SDES_MAX_TEXT_BYTES], line[SDES_MAX_TEXT_BYTES + 16];
    for (size_t i = 0; i < 30; i++)
        cr_assert_eq(na->remote.key[i], i);
    cr_assert(memcmp(na->local.key, na->remote.key, 30));
    cr_assert(memcmp(na->local.key, nb->local.key, 30));
    sdes_print(&na->local, text, sizeof text);
    snprintf(line, sizeof line, "a=crypto:%s", text);
    answering_assert_line(a, line);
    answering_assert_line(a, "m=audio 20000 RTP/SAVP 8");
    answer_destroy(a);
    answer_destroy(b);
}

Test(answer_srtp, suites_in_our_order)
{
    struct answer_config cfg = answering_config();
    const char *offer =
        SESSION "m=audio 5000 RTP/SAVP 8\r\n" GCM("1") CM80("2", KEY_A) CM32("3", KEY_B);
    cfg.suites[0] = SDES_AES_CM_128_HMAC_SHA1_32;
    cfg.suites[1] = SDES_AES_CM_128_HMAC_SHA1_80;
    struct answer *a = answering(offer, cfg, NULL);
    cr_assert_eq(answer_audio(a)->remote.tag, 3);
    answer_destroy(a);
    cr_assert_eq(
        answering_refused(SESSION "m=audio 5000 RTP/SAVP 8\r\n" GCM("1"), cfg, NULL), -ENOTSUP);
}

Test(answer_srtp, of_two_audio_lines_the_encrypted_one)
{
    const char *offer = SESSION "m=audio 5000 RTP/AVP 8\r\n"
                                "m=audio 5002 RTP/SAVP 8\r\n" CM80("1", KEY_A);
    struct answer_config cfg = answering_config();
    struct answer *a = answering(offer, cfg, NULL);
    answering_assert_line(a, "m=audio 0 RTP/AVP 8");
    answering_assert_line(a, "m=audio 20000 RTP/SAVP 8");
    answer_destroy(a);
    cfg.srtp = ANSWER_SRTP_OFF;
    a = answering(offer, cfg, NULL);
    answering_assert_line(a, "m=audio 20000 RTP/AVP 8");
    answering_assert_line(a, "m=audio 0 RTP/SAVP 8");
    answer_destroy(a);
}

static bool same_local_key(const struct answer *a, const struct answer *b)
{
    const struct sdes_crypto *x = &answer_audio(a)->local, *y = &answer_audio(b)->local;
    return x->tag == y->tag && x->suite == y->suite && !memcmp(x->key, y->key, sizeof x->key);
}

Test(answer_srtp, our_key_stays_while_theirs_does)
{
    struct answer *a =
        answering(SESSION "m=audio 5000 RTP/SAVP 8\r\n" CM80("1", KEY_A), answering_config(), NULL);
    /* moved, with a suite we like better beside the one in use */
    struct answer *b = answering(
        SESSION "m=audio 6000 RTP/SAVP 8\r\n" CM80("1", KEY_A) GCM("2"), answering_config(), a);
    struct answer *c =
        answering(SESSION "m=audio 6000 RTP/SAVP 8\r\n" CM80("1", KEY_B), answering_config(), b);
    cr_assert(same_local_key(a, b));
    cr_assert_eq(answer_audio(b)->remote.tag, 1);
    cr_assert_not(same_local_key(b, c));
    cr_assert_eq(answer_audio(c)->remote.key[0], 29);
    answer_destroy(a);
    answer_destroy(b);
    answer_destroy(c);
}

Test(answer_srtp, srtp_cannot_be_taken_away)
{
    static const char *const offers[] = {
        SESSION "m=audio 5000 RTP/AVP 8\r\n",
        SESSION "m=audio 5000 RTP/AVP 8\r\na=crypto:1 X inline:y\r\n",
        SESSION "m=audio 0 RTP/SAVP 8\r\nm=audio 5000 RTP/AVP 8\r\n",
    };
    struct answer *a =
        answering(SESSION "m=audio 5000 RTP/SAVP 8\r\n" CM80("1", KEY_A), answering_config(), NULL);
    struct answer_config cfg = answering_config();
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        cr_assert_eq(answering_refused(offers[i], answering_config(), a), -EACCES, "offer %zu", i);
        cfg.srtp = ANSWER_SRTP_OFF;
        cr_assert_eq(answering_refused(offers[i], cfg, a), -EACCES, "offer %zu", i);
    }
    cr_assert_eq(
        answering_refused(SESSION "m=audio 5000 RTP/SAVP 8\r\n", answering_config(), a), -ENOTSUP);
    answer_destroy(a);
}
