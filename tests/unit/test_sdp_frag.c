#include "net/sdp/sdp_frag.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct sdp_frag *out)
{
    struct sdp_error why = {0};
    int err = sdp_frag_parse(text, strlen(text), out, &why);
    cr_assert_eq(err != 0, why.text != NULL);
    return err;
}

#define UFRAG "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define MEDIA "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"

/* As clients of WHIP send them: credentials of the session or of the medium. */
Test(sdp_frag, trickled_candidates)
{
    static const char *const texts[] = {
        UFRAG MEDIA "a=candidate:1 1 udp 1 192.0.2.9 5000 typ host\r\na=candidate:what\r\n"
                    "a=end-of-candidates\r\n",
        "a=group:BUNDLE 0 1\r\n" MEDIA UFRAG "a=candidate:1 1 udp 1 a.local 5000 typ host\r\n"
        "a=candidate:2 1 tcp 1 192.0.2.9 9 typ host\r\na=end-of-candidates\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        struct sdp_frag f;
        cr_assert_eq(parse(texts[i], &f), 0);
        cr_assert_str_eq(f.credentials.ufrag, "EsAw");
        cr_assert_str_eq(f.credentials.pwd, "P2uYro0UCOQ4zxjKXaWCBui1");
        cr_assert_eq(f.n_candidates, 2);
        cr_assert_eq(f.n_media, 1);
        cr_assert(f.end_of_candidates);
    }
}

Test(sdp_frag, little_is_enough)
{
    struct sdp_frag f;
    cr_assert_eq(parse("", &f), 0);
    cr_assert_str_empty(f.credentials.ufrag);
    cr_assert_eq(parse(MEDIA "a=candidate:1 1 udp 1 192.0.2.9 5000 typ host\n", &f), 0);
    cr_assert_eq(f.n_candidates, 1);
    cr_assert_not(f.end_of_candidates);
    cr_assert_eq(parse(UFRAG, &f), 0);
    cr_assert_eq(f.n_media, 0);
}

Test(sdp_frag, malformed)
{
    static const char *const texts[] = {"hello", "a=ice-ufrag:EsAw\r\n", "m=audio\r\n",
        "a=ice-ufrag:E\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n", "{}"};
    struct sdp_frag f = {.n_media = 77};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_eq(parse(texts[i], &f), -EINVAL, "%s", texts[i]);
    cr_assert_eq(f.n_media, 77);
    struct sdp_error why;
    cr_assert_eq(sdp_frag_parse("a=x\nhello\n", 10, &f, &why), -EINVAL);
    cr_assert_eq(why.line, 2, "counted as the sender counts");
}

Test(sdp_frag, too_long)
{
    char *text = malloc(SDP_FRAG_MAX_BYTES + 1);
    struct sdp_error why;
    struct sdp_frag f;
    for (size_t i = 0; i <= SDP_FRAG_MAX_BYTES; i++)
        text[i] = "a=x\n"[i % 4];
    cr_assert_eq(sdp_frag_parse(text, SDP_FRAG_MAX_BYTES, &f, &why), 0);
    cr_assert_eq(sdp_frag_parse(text, SDP_FRAG_MAX_BYTES + 1, &f, &why), -E2BIG);
    free(text);
}

Test(sdp_frag, ours)
{
    const struct ice_credentials c = {"ours", "0123456789012345678901"};
    struct sdp_ice_candidate list[2] = {{.tcp = false}, {.tcp = true}};
    char *text = NULL;
    net_addr_parse(&list[0].addr, "192.0.2.1", 10000);
    list[1].addr = list[0].addr;
    cr_assert_eq(sdp_frag_print(&c, list, 2, "audio", &text), 0);
    cr_assert_str_eq(text, "a=ice-lite\r\n"
                           "a=ice-ufrag:ours\r\n"
                           "a=ice-pwd:0123456789012345678901\r\n"
                           "m=audio 9 RTP/AVP 0\r\n"
                           "a=mid:audio\r\n"
                           "a=candidate:1 1 udp 2130706431 192.0.2.1 10000 typ host\r\n"
                           "a=candidate:2 1 tcp 1520434943 192.0.2.1 10000 typ host tcptype "
                           "passive\r\n"
                           "a=end-of-candidates\r\n");
    free(text);
    cr_assert_eq(sdp_frag_print(&c, list, 0, NULL, &text), 0);
    cr_assert_str_eq(text, "a=ice-lite\r\na=ice-ufrag:ours\r\na=ice-pwd:0123456789012345678901\r\n"
                           "a=end-of-candidates\r\n");
    free(text);
    cr_assert_eq(sdp_frag_print(&c, list, 0, "a\r\nb", &text), -EINVAL);
}
