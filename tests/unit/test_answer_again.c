#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <string.h>

#define SESSION ANSWERING_SESSION

Test(answer_again, keeps_id_counts_version)
{
    struct answer *a = answering(SESSION "m=audio 5000 RTP/AVP 8\r\n", answering_config(), NULL);
    struct answer *b = answering(SESSION "m=audio 5000 RTP/AVP 8\r\n", answering_config(), a);
    struct answer *c = answering(SESSION "m=audio 5000 RTP/AVP 0\r\n", answering_config(), b);
    struct sdp *sa, *sb, *sc;
    struct sdp_error why;
    cr_assert_eq(sdp_parse(answer_sdp(a), strlen(answer_sdp(a)), &sa, &why), 0);
    cr_assert_eq(sdp_parse(answer_sdp(b), strlen(answer_sdp(b)), &sb, &why), 0);
    cr_assert_eq(sdp_parse(answer_sdp(c), strlen(answer_sdp(c)), &sc, &why), 0);
    cr_assert(sa->id.n && sa->id.n == sb->id.n && !memcmp(sa->id.p, sb->id.p, sa->id.n));
    cr_assert(sa->id.n == sc->id.n && !memcmp(sa->id.p, sc->id.p, sa->id.n));
    cr_assert(sdp_str_eq(sa->version, "1"));
    cr_assert(sdp_str_eq(sb->version, "2"));
    cr_assert(sdp_str_eq(sc->version, "3"));
    cr_assert_eq(answer_audio(c)->formats[0].pt, 0);
    sdp_destroy(sa);
    sdp_destroy(sb);
    sdp_destroy(sc);
    answer_destroy(a);
    answer_destroy(b);
    answer_destroy(c);
}

Test(answer_again, hold_resume_and_move)
{
    static const struct {
        const char *offer;
        enum sdp_direction ours;
        uint16_t port;
    } steps[] = {
        {SESSION "m=audio 5000 RTP/AVP 8\r\n", SDP_SENDRECV, 5000},
        {SESSION "m=audio 5000 RTP/AVP 8\r\na=sendonly\r\n", SDP_RECVONLY, 5000},
        {SESSION "m=audio 5000 RTP/AVP 8\r\na=sendrecv\r\n", SDP_SENDRECV, 5000},
        {SESSION "m=audio 5000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n", SDP_RECVONLY, 0},
        {SESSION "m=audio 6000 RTP/AVP 8\r\n", SDP_SENDRECV, 6000},
    };
    struct answer *prev = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct answer *a = answering(steps[i].offer, answering_config(), prev);
        cr_assert_eq(answer_audio(a)->direction, steps[i].ours, "step %zu", i);
        cr_assert_eq(answer_audio(a)->rtp.port, steps[i].port, "step %zu", i);
        answer_destroy(prev);
        prev = a;
    }
    answer_destroy(prev);
}

Test(answer_again, stays_with_its_line)
{
    const char *two = SESSION "m=audio 5000 RTP/AVP 8\r\nm=audio 5002 RTP/AVP 8\r\n";
    struct answer *a = answering(
        SESSION "m=audio 0 RTP/AVP 8\r\nm=audio 5002 RTP/AVP 8\r\n", answering_config(), NULL);
    struct answer *b = answering(two, answering_config(), a);
    cr_assert_eq(answer_audio(b)->index, 1);
    /* ended there, going on in another */
    struct answer *c = answering(
        SESSION "m=audio 5000 RTP/AVP 8\r\nm=audio 0 RTP/AVP 8\r\n", answering_config(), b);
    cr_assert_eq(answer_audio(c)->index, 0);
    struct answer *d = answering(SESSION "m=audio 5000 RTP/AVP 8\r\n", answering_config(), b);
    cr_assert_eq(answer_audio(d)->index, 0);
    answer_destroy(a);
    answer_destroy(b);
    answer_destroy(c);
    answer_destroy(d);
}
