#include "net/sdp/sdp_ice.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct sdp_ice_candidate candidate(const char *ip, uint16_t port, bool tcp)
{
    struct sdp_ice_candidate c = {.tcp = tcp};
    cr_assert_eq(net_addr_parse(&c.addr, ip, port), 0);
    return c;
}

Test(sdp_ice, candidates)
{
    const struct sdp_ice_candidate list[] = {candidate("192.0.2.1", 10000, false),
        candidate("2001:db8::1", 10000, false), candidate("192.0.2.1", 10000, true),
        candidate("192.0.2.1", 10001, false)};
    /* 2^24 * 126 + 2^8 * 65535 + 255, and so on down the list */
    static const char *const want[] = {"1 1 udp 2130706431 192.0.2.1 10000 typ host",
        "2 1 udp 2130706175 2001:db8::1 10000 typ host",
        "3 1 tcp 1520434687 192.0.2.1 10000 typ host tcptype passive",
        "1 1 udp 2130705663 192.0.2.1 10001 typ host"};
    for (size_t i = 0; i < 4; i++) {
        char text[SDP_ICE_CANDIDATE_BYTES];
        int n = sdp_ice_print_candidate(list, i, text, sizeof text);
        cr_assert_str_eq(text, want[i]);
        cr_assert_eq(n, (int)strlen(text));
        cr_assert_eq(sdp_ice_print_candidate(list, i, text, (size_t)n), -ENOSPC);
    }
}

Test(sdp_ice, candidates_without_an_address)
{
    struct sdp_ice_candidate none = {.tcp = false}, portless = candidate("192.0.2.1", 0, false);
    char text[SDP_ICE_CANDIDATE_BYTES];
    cr_assert_eq(sdp_ice_print_candidate(&none, 0, text, sizeof text), -EINVAL);
    cr_assert_eq(sdp_ice_print_candidate(&portless, 0, text, sizeof text), -EINVAL);
}

Test(sdp_ice, priorities_fall_and_udp_is_above_tcp)
{
    struct sdp_ice_candidate list[2 * SDP_ICE_MAX_CANDIDATES];
    for (size_t i = 0; i < SDP_ICE_MAX_CANDIDATES; i++)
        list[i] = candidate("192.0.2.1", 10000, i % 2);
    for (size_t i = 0; i + 2 < SDP_ICE_MAX_CANDIDATES; i++)
        cr_assert_gt(sdp_ice_priority(list, i), sdp_ice_priority(list, i + 2));
    cr_assert_gt(sdp_ice_priority(list, SDP_ICE_MAX_CANDIDATES - 2), sdp_ice_priority(list, 1));
}

static int read_last(const char *text, struct sdp_ice *out)
{
    struct sdp *s = NULL;
    struct sdp_error why = {0};
    cr_assert_eq(sdp_parse(text, strlen(text), &s, &why), 0);
    const struct sdp_section *at = s->n_media ? &s->media[s->n_media - 1].section : &s->session;
    int err = sdp_ice_read(s, at, out, &why);
    cr_assert_eq(err != 0, why.text != NULL);
    sdp_destroy(s);
    return err;
}

#define PWD_A "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\n"
#define PWD_B "a=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0\n"

Test(sdp_ice, what_a_section_does_not_say_the_session_says)
{
    struct sdp_ice ice;
    cr_assert_eq(
        read_last("v=0\na=ice-lite\na=ice-ufrag:AAAA\n" PWD_A AUDIO "a=ice-ufrag:BBBB\n" PWD_B
                  "a=ice-options:trickle\na=candidate:x\na=candidate:y\n" AUDIO,
            &ice),
        0);
    cr_assert_str_eq(ice.credentials.ufrag, "AAAA");
    cr_assert(ice.lite);
    cr_assert_not(ice.trickle);
    cr_assert_eq(ice.n_candidates, 0);
    cr_assert_eq(read_last("v=0\na=ice-options:ice2 trickle\na=ice-ufrag:AAAA\n" PWD_A AUDIO
                           "a=ice-ufrag:BBBB \n" PWD_B
                           "a=ice-options:renomination\na=candidate:x\na=candidate:y\n"
                           "a=end-of-candidates\n",
                     &ice),
        0);
    cr_assert_str_eq(ice.credentials.ufrag, "BBBB");
    cr_assert_str_eq(ice.credentials.pwd, "bbbbbbbbbbbbbbbbbbbbbb");
    cr_assert(ice.trickle && ice.renomination && ice.end_of_candidates);
    cr_assert_not(ice.lite);
    cr_assert_eq(ice.n_candidates, 2);
    cr_assert_eq(read_last("v=0\n" AUDIO, &ice), 0);
    cr_assert_str_empty(ice.credentials.ufrag);
    cr_assert_eq(read_last("v=0\na=ice-ufrag:AAAA\n" PWD_A, &ice), 0);
    cr_assert_str_eq(ice.credentials.ufrag, "AAAA");
}

Test(sdp_ice, credentials_that_cannot_be)
{
    struct sdp_ice ice = {.n_candidates = 77};
    char long_one[512];
    snprintf(long_one, sizeof long_one, "v=0\n%sa=ice-ufrag:%0257d\n", PWD_A, 0);
    const char *const cases[] = {"v=0\na=ice-ufrag:AAAA\n", "v=0\n" PWD_A,
        "v=0\na=ice-ufrag:AAA\n" PWD_A, "v=0\na=ice-ufrag:AA:A\n" PWD_A,
        "v=0\na=ice-ufrag:\n" PWD_A, "v=0\na=ice-ufrag:A A A\n" PWD_A, "v=0\na=ice-ufrag\n" PWD_A,
        "v=0\na=ice-ufrag:AAAA\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaa\n", long_one};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(read_last(cases[i], &ice), -EINVAL, "%s", cases[i]);
    cr_assert_eq(ice.n_candidates, 77, "untouched");
    snprintf(long_one, sizeof long_one, "v=0\n%sa=ice-ufrag:%0256d\n", PWD_A, 0);
    cr_assert_eq(read_last(long_one, &ice), 0);
    cr_assert_eq(strlen(ice.credentials.ufrag), 256);
}
