#include "net/sdp/sdp_dtls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_16 "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F"
#define SHA256    "sha-256 " DIGEST_16 ":" DIGEST_16
#define SHA384    "sha-384 " DIGEST_16 ":" DIGEST_16 ":" DIGEST_16
#define SHA512    "sha-512 " DIGEST_16 ":" DIGEST_16 ":" DIGEST_16 ":" DIGEST_16

static int parse(const char *text, struct sdp_fingerprint *out)
{
    return sdp_fingerprint_parse(sdp_str(text), out);
}

Test(sdp_dtls, fingerprints_read_and_written)
{
    static const char *const texts[] = {SHA256, SHA384, SHA512};
    for (size_t i = 0; i < 3; i++) {
        struct sdp_fingerprint f;
        char text[SDP_FINGERPRINT_TEXT];
        cr_assert_eq(parse(texts[i], &f), 0);
        cr_assert_eq(f.hash, SDP_HASH_SHA256 + i);
        cr_assert_eq(sdp_hash_bytes(f.hash), 32 + 16 * i);
        cr_assert_eq(f.digest[sdp_hash_bytes(f.hash) - 1], 0x0f);
        int n = sdp_fingerprint_print(&f, text, sizeof text);
        cr_assert_str_eq(text, texts[i]);
        cr_assert_eq(n, (int)strlen(text));
        cr_assert_eq(sdp_fingerprint_print(&f, text, (size_t)n), -ENOSPC);
        cr_assert_eq(sdp_fingerprint_print(&f, text, (size_t)n + 1), n);
    }
}

Test(sdp_dtls, fingerprints_in_small_letters)
{
    struct sdp_fingerprint a, b;
    char text[SDP_FINGERPRINT_TEXT] = SHA256;
    cr_assert_eq(parse(SHA256, &a), 0);
    for (char *p = text; *p; p++)
        *p = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
    memcpy(text, "SHA", 3);
    cr_assert_eq(parse(text, &b), 0);
    cr_assert(sdp_fingerprint_equal(&a, &b));
    b.digest[31] ^= 1;
    cr_assert_not(sdp_fingerprint_equal(&a, &b));
}

Test(sdp_dtls, fingerprints_that_are_none)
{
    static const struct {
        const char *text;
        int err;
    } cases[] = {{"", -EINVAL}, {"sha-256", -EINVAL}, {"sha-256 00", -EINVAL},
        {SHA256 ":00", -EINVAL}, {SHA256 " x", -EINVAL}, {"sha-512 " DIGEST_16, -EINVAL},
        {"sha-256 " DIGEST_16 "-" DIGEST_16, -EINVAL},
        {"sha-256 " DIGEST_16 ":0G:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F", -EINVAL},
        {"sha-1 00:01", -ENOTSUP}, {"md5 x", -ENOTSUP}};
    struct sdp_fingerprint f = {.hash = SDP_HASH_SHA512};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(parse(cases[i].text, &f), cases[i].err, "%s", cases[i].text);
    cr_assert_eq(f.hash, SDP_HASH_SHA512, "untouched");
    char text[SDP_FINGERPRINT_TEXT];
    f.hash = SDP_HASH_NONE;
    cr_assert_eq(sdp_fingerprint_print(&f, text, sizeof text), -EINVAL);
}

static int read_last(const char *text, struct sdp_dtls *out)
{
    struct sdp *s = NULL;
    struct sdp_error why = {0};
    cr_assert_eq(sdp_parse(text, strlen(text), &s, &why), 0);
    int err = sdp_dtls_read(s, &s->media[s->n_media - 1].section, out, &why);
    cr_assert_eq(err != 0, why.text != NULL);
    sdp_destroy(s);
    return err;
}

#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0\n"

Test(sdp_dtls, sections)
{
    static const struct {
        const char *text;
        size_t n;
        enum sdp_hash hash;
        enum sdp_setup setup;
    } cases[] = {
        {"v=0\n" AUDIO, 0, SDP_HASH_NONE, SDP_SETUP_NONE},
        {"v=0\na=setup:actpass\na=fingerprint:" SHA256 "\n" AUDIO, 1, SDP_HASH_SHA256,
            SDP_SETUP_ACTPASS},
        {"v=0\na=setup:actpass\na=fingerprint:" SHA512 "\n" AUDIO "a=setup:active \n"
         "a=fingerprint:" SHA256 "\n",
            1, SDP_HASH_SHA256, SDP_SETUP_ACTIVE},
        {"v=0\na=fingerprint:sha-1 00\na=fingerprint:" SHA256 "\n" AUDIO "a=setup:PASSIVE\n", 1,
            SDP_HASH_SHA256, SDP_SETUP_PASSIVE},
        /* the best hash alone counts */
        {"v=0\n" AUDIO "a=fingerprint:" SHA256 "\na=fingerprint:" SHA384 "\na=fingerprint:" SHA256
         "\n",
            1, SDP_HASH_SHA384, SDP_SETUP_NONE},
        {"v=0\n" AUDIO "a=fingerprint:" SHA384 "\na=fingerprint:" SHA384 "\n", 2, SDP_HASH_SHA384,
            SDP_SETUP_NONE},
        /* one of no use in the section hides the session's */
        {"v=0\na=fingerprint:" SHA256 "\n" AUDIO "a=fingerprint:sha-1 00\n", 0, SDP_HASH_NONE,
            SDP_SETUP_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdp_dtls d;
        cr_assert_eq(read_last(cases[i].text, &d), 0, "case %zu", i);
        cr_assert_eq(d.n_fingerprints, cases[i].n, "case %zu", i);
        cr_assert_eq(d.setup, cases[i].setup, "case %zu", i);
        if (d.n_fingerprints)
            cr_assert_eq(d.fingerprints[0].hash, cases[i].hash, "case %zu", i);
    }
    struct sdp_dtls d = {.n_fingerprints = 77};
    cr_assert_eq(read_last("v=0\n" AUDIO "a=setup:both\n", &d), -EINVAL);
    cr_assert_eq(read_last("v=0\n" AUDIO "a=setup\n", &d), -EINVAL);
    cr_assert_eq(read_last("v=0\n" AUDIO "a=fingerprint:" SHA256 ":\n", &d), -EINVAL);
    cr_assert_eq(d.n_fingerprints, 77);
}

Test(sdp_dtls, number_of_fingerprints_is_bounded)
{
    char text[SDP_FINGERPRINT_TEXT * 40] = "v=0\n" AUDIO;
    struct sdp_dtls d;
    for (int i = 0; i < 30; i++)
        strcat(text, "a=fingerprint:" SHA256 "\n");
    cr_assert_eq(read_last(text, &d), 0);
    cr_assert_eq(d.n_fingerprints, SDP_MAX_FINGERPRINTS);
}
