#include "net/sdp/sdes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 30 bytes 0, 1, 2 …; 28 and 44 likewise */
#define KEY30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define KEY28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw"
#define KEY44 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis"
#define CM80  "AES_CM_128_HMAC_SHA1_80"

Test(sdes, lines_that_can_be_used)
{
    static const struct {
        const char *text;
        uint32_t tag;
        enum sdes_suite suite;
    } cases[] = {
        {"1 " CM80 " inline:" KEY30, 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30, 2, SDES_AES_CM_128_HMAC_SHA1_32},
        {"3 AEAD_AES_128_GCM inline:" KEY28 "==", 3, SDES_AEAD_AES_128_GCM},
        {"3 AEAD_AES_128_GCM inline:" KEY28, 3, SDES_AEAD_AES_128_GCM},
        {"4 AEAD_AES_256_GCM inline:" KEY44 "=", 4, SDES_AEAD_AES_256_GCM},
        {"4 AEAD_AES_256_GCM inline:" KEY44, 4, SDES_AEAD_AES_256_GCM},
        {"999999999 " CM80 " inline:" KEY30, 999999999, SDES_AES_CM_128_HMAC_SHA1_80},
        {"  1\t" CM80 "  inline:" KEY30 "  ", 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " INLINE:" KEY30, 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " inline:" KEY30 "|2^31", 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " inline:" KEY30 "|2^48", 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " inline:" KEY30 "|1066", 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " inline:" KEY30 " WSH=1024", 1, SDES_AES_CM_128_HMAC_SHA1_80},
        {"1 " CM80 " inline:" KEY30 " KDR=0 -X=y", 1, SDES_AES_CM_128_HMAC_SHA1_80},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdes_crypto c = {0};
        int err = sdes_parse(sdp_str(cases[i].text), &c);
        cr_assert_eq(err, 0, "%s: %d", cases[i].text, err);
        cr_assert_eq(c.tag, cases[i].tag);
        cr_assert_eq(c.suite, cases[i].suite);
        for (size_t k = 0; k < sdes_key_bytes(c.suite); k++)
            cr_assert_eq(c.key[k], k, "%s: byte %zu", cases[i].text, k);
    }
}

Test(sdes, lines_that_must_be_refused)
{
    static const struct {
        const char *text;
        int err;
    } cases[] = {
        {"", -EINVAL},
        {"1", -EINVAL},
        {"1 " CM80, -EINVAL},
        {"x " CM80 " inline:" KEY30, -EINVAL},
        {"-1 " CM80 " inline:" KEY30, -EINVAL},
        {"1000000000 " CM80 " inline:" KEY30, -EINVAL},
        {"1 " CM80 " " KEY30, -EINVAL},
        {"1 " CM80 " inline:", -EINVAL},
        {"1 " CM80 " inline:" KEY28 "==", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "A", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "=", -EINVAL},
        {"1 " CM80 " inline:*AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd", -EINVAL},
        {"3 AEAD_AES_128_GCM inline:" KEY28 "=", -EINVAL},
        {"3 AEAD_AES_128_GCM inline:" KEY28 "A=", -EINVAL},
        {"3 AEAD_AES_128_GCM inline:" KEY30, -EINVAL},
        {"4 AEAD_AES_256_GCM inline:" KEY30, -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|0", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|2^", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|2^49", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|281474976710657", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|2^20|", -EINVAL},
        {"1 " CM80 " inline:" KEY30 "|2^20|1:4", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 "|1:4", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 "|2^20|1:4;inline:" KEY30 "|2^20|2:4", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTP", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTCP", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " UNAUTHENTICATED_SRTP", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " WSH=64 UNAUTHENTICATED_SRTP", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " KDR=1", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " FEC_ORDER=FEC_SRTP", -ENOTSUP},
        {"1 " CM80 " inline:" KEY30 " NEW_PARAMETER", -ENOTSUP},
        {"1 AES_256_CM_HMAC_SHA1_80 inline:" KEY44, -ENOTSUP},
        {"1 F8_128_HMAC_SHA1_80 inline:" KEY30, -ENOTSUP},
        {"1 NULL_HMAC_SHA1_80 inline:" KEY30, -ENOTSUP},
        {"1 AES_CM_128_HMAC_SHA1_8 inline:" KEY30, -ENOTSUP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdes_crypto c = {.tag = 4711};
        int err = sdes_parse(sdp_str(cases[i].text), &c);
        cr_assert_eq(err, cases[i].err, "%s: %d", cases[i].text, err);
        cr_assert_eq(c.tag, 4711, "touched by %s", cases[i].text);
    }
}

Test(sdes, a_nul_is_no_digit_of_base64)
{
    char text[] = "1 " CM80 " inline:" KEY30;
    struct sdes_crypto c;
    text[sizeof text - 5] = '\0';
    cr_assert_eq(sdes_parse((struct sdp_str){text, sizeof text - 1}, &c), -EINVAL);
}

Test(sdes, what_is_printed_parses_to_the_same)
{
    for (enum sdes_suite suite = SDES_NONE + 1; suite < SDES_N_SUITES; suite++) {
        struct sdes_crypto c = {.tag = SDES_MAX_TAG, .suite = suite}, again = {0};
        char text[SDES_MAX_TEXT_BYTES], small[16];
        for (size_t i = 0; i < sdes_key_bytes(suite); i++)
            c.key[i] = (uint8_t)(251 * i + 7 * suite);
        int n = sdes_print(&c, text, sizeof text);
        cr_assert_eq(n, (int)strlen(text));
        cr_assert_eq(sdes_parse(sdp_str(text), &again), 0, "%s", text);
        cr_assert_eq(again.tag, c.tag);
        cr_assert_eq(again.suite, c.suite);
        cr_assert_arr_eq(again.key, c.key, sizeof c.key);
        cr_assert_eq(sdes_print(&c, small, sizeof small), -ENOSPC);
    }
}

Test(sdes, printed_as_other_implementations_write_it)
{
    struct sdes_crypto c = {.tag = 1, .suite = SDES_AEAD_AES_128_GCM};
    char text[SDES_MAX_TEXT_BYTES];
    for (size_t i = 0; i < sdes_key_bytes(c.suite); i++)
        c.key[i] = (uint8_t)i;
    sdes_print(&c, text, sizeof text);
    cr_assert_str_eq(text, "1 AEAD_AES_128_GCM inline:" KEY28 "==");
    c.suite = SDES_NONE;
    cr_assert_eq(sdes_print(&c, text, sizeof text), -EINVAL);
}

Test(sdes, suites_have_names_and_lengths)
{
    static const size_t bytes[SDES_N_SUITES] = {0, 28, 44, 30, 30};
    for (enum sdes_suite s = SDES_NONE + 1; s < SDES_N_SUITES; s++) {
        cr_assert_eq(sdes_suite_find(sdp_str(sdes_suite_name(s))), s);
        cr_assert_eq(sdes_key_bytes(s), bytes[s]);
    }
    cr_assert_eq(sdes_suite_find(sdp_str("")), SDES_NONE);
    cr_assert_eq(sdes_suite_find(sdp_str(NULL)), SDES_NONE);
}
