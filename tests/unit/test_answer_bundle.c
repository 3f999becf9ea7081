/* Which lines of a browser's offer are accepted, and who speaks for the bundle. */

#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION(mids) ANSWERING_BROWSER(mids, "0", ANSWERING_FINGERPRINT)
#define AUDIO(mid)    ANSWERING_BROWSER_AUDIO(mid)
#define VIDEO(mid)    ANSWERING_BROWSER_VIDEO(mid)
#define DATA(mid)     ANSWERING_BROWSER_DATA(mid)

static struct answer *browser_answer(const char *offer)
{
    struct answer *a = answering(offer, answering_webrtc_config(), NULL);
    answering_assert_jsep(a, offer);
    return a;
}

Test(answer_bundle, audio_video_data)
{
    struct answer *a = browser_answer(SESSION("0 1 2") AUDIO("0") VIDEO("1") DATA("2"));
    answering_assert_line(a, "a=group:BUNDLE 0 1");
    answering_assert_line(a, "m=video 10000 UDP/TLS/RTP/SAVPF 96");
    answering_assert_line(a, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
    cr_assert_eq(answer_audio(a)->index, 0);
    answer_destroy(a);
}

Test(answer_bundle, video_first_speaks_for_all)
{
    struct answer *a = browser_answer(SESSION("v a") VIDEO("v") AUDIO("a"));
    answering_assert_line(a, "a=group:BUNDLE v a");
    cr_assert_str_eq(answer_transport(a)->mid, "v");
    cr_assert_str_eq(answer_audio(a)->mid, "a");
    cr_assert_eq(answer_audio(a)->index, 1);
    answer_destroy(a);
}

Test(answer_bundle, order_of_the_group_and_not_of_the_lines)
{
    struct answer *a = browser_answer(SESSION("1 0") AUDIO("0") VIDEO("1"));
    answering_assert_line(a, "a=group:BUNDLE 1 0");
    cr_assert_str_eq(answer_transport(a)->mid, "1");
    answer_destroy(a);
}

Test(answer_bundle, video_can_be_switched_off)
{
    const char *offer = SESSION("0 1") VIDEO("0") AUDIO("1");
    struct answer_config cfg = answering_webrtc_config();
    struct answer_webrtc webrtc = *cfg.webrtc;
    webrtc.video = false;
    cfg.webrtc = &webrtc;
    struct answer *a = answering(offer, cfg, NULL);
    answering_assert_jsep(a, offer);
    answering_assert_line(a, "a=group:BUNDLE 1");
    answering_assert_line(a, "m=video 0 UDP/TLS/RTP/SAVPF 96");
    answer_destroy(a);
}

Test(answer_bundle, without_a_group_audio_alone)
{
    struct answer *a =
        browser_answer("v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
                       "a=fingerprint:" ANSWERING_FINGERPRINT "\r\n" VIDEO("0") AUDIO("1"));
    cr_assert_null(strstr(answer_sdp(a), "BUNDLE"));
    cr_assert_not_null(strstr(answer_sdp(a), "m=video 0 "));
    answer_destroy(a);
}

Test(answer_bundle, what_is_outside_of_the_audios_group_is_refused)
{
    struct answer *a = browser_answer(SESSION("0 1") "a=group:LS 2 0\r\na=group:BUNDLE 2 3\r\n" //
        VIDEO("2") AUDIO("0") VIDEO("1") VIDEO("3"));
    answering_assert_line(a, "a=group:BUNDLE 0 1");
    cr_assert_not_null(strstr(answer_sdp(a), "a=mid:2\r\nm=audio 10000"));
    answer_destroy(a);
}

Test(answer_bundle, further_audio_is_idle)
{
    struct answer *a = browser_answer(
        SESSION("0 1 2") AUDIO("0") AUDIO("1") "m=audio 9 UDP/TLS/RTP/SAVPF 50\r\na=mid:2\r\n");
    answering_assert_line(a, "a=group:BUNDLE 0 1");
    answering_assert_line(a, "m=audio 10000 UDP/TLS/RTP/SAVPF 111");
    answering_assert_line(a, "m=audio 0 UDP/TLS/RTP/SAVPF 50");
    answer_destroy(a);
}

Test(answer_bundle, audio_that_cannot_be_used_gives_way)
{
    struct answer *a = browser_answer(
        SESSION("0 1") "m=audio 9 UDP/TLS/RTP/SAVPF 50\r\na=mid:0\r\na=rtcp-mux\r\n" AUDIO("1"));
    cr_assert_eq(answer_audio(a)->index, 1);
    cr_assert_str_eq(answer_transport(a)->mid, "1");
    answer_destroy(a);
}

/* Offered in the bundle alone: port 0, and perhaps no transport of its own (RFC 9143, 6). */
Test(answer_bundle, bundle_only)
{
    struct answer *a = browser_answer("v=0\r\na=group:BUNDLE 0 1\r\n" DATA(
        "0") "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na="
             "fingerprint:" ANSWERING_FINGERPRINT "\r\na=setup:actpass\r\n"
             "m=audio 0 UDP/TLS/RTP/SAVPF 8\r\na=mid:1\r\na=rtcp-mux\r\na=bundle-only\r\n");
    answering_assert_line(a, "a=group:BUNDLE 1");
    answering_assert_line(a, "m=audio 10000 UDP/TLS/RTP/SAVPF 8");
    cr_assert_str_eq(answer_transport(a)->remote.ufrag, "abcd");
    answer_destroy(a);
}

/* Lines of one bundle may each have a transport until one is chosen: it is the tagged line's. */
Test(answer_bundle, transport_is_that_of_the_tagged_line)
{
    struct answer *a = browser_answer(SESSION("0 1") VIDEO("0") "a=ice-ufrag:video\r\n" AUDIO(
        "1") "a=ice-ufrag:audio\r\na=setup:passive\r\n");
    cr_assert_str_eq(answer_transport(a)->remote.ufrag, "video");
    cr_assert_not(answer_transport(a)->dtls_active);
    answer_destroy(a);
}

Test(answer_bundle, codecs_of_video)
{
    static const struct {
        const char *lines;
        int pt; /* -1: refused */
    } cases[] = {
        {"a=rtpmap:96 VP9/90000\r\na=rtpmap:97 VP8/90000\r\n", 97},
        {"a=rtpmap:96 VP9/90000\r\na=rtpmap:97 H264/90000\r\n"
         "a=fmtp:97 packetization-mode=1;profile-level-id=42e01f\r\n",
            97},
        {"a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=640c1f; packetization-mode=1\r\n"
         "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f; packetization-mode=1\r\n",
            97},
        {"a=rtpmap:96 H264/90000\r\na=rtpmap:97 VP9/90000\r\na=fmtp:97 profile-id=0\r\n", 97},
        {"a=rtpmap:96 VP9/90000\r\na=fmtp:96 profile-id=2\r\na=rtpmap:97 rtx/90000\r\n", -1},
        {"a=rtpmap:96 AV1/90000\r\na=rtpmap:97 H265/90000\r\n", -1},
        {"a=rtpmap:96 VP8/8000\r\n", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[4096], line[64];
        snprintf(offer, sizeof offer,
            "%sm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=rtcp-mux\r\n%s",
            SESSION("0 1") AUDIO("0"), cases[i].lines);
        struct answer *a = browser_answer(offer);
        if (cases[i].pt < 0)
            snprintf(line, sizeof line, "m=video 0 UDP/TLS/RTP/SAVPF 96 97");
        else
            snprintf(line, sizeof line, "m=video 10000 UDP/TLS/RTP/SAVPF %d", cases[i].pt);
        answering_assert_line(a, line);
        answer_destroy(a);
    }
}

Test(answer_bundle, feedback_of_video)
{
    struct answer *a = browser_answer(
        SESSION("0 1") AUDIO("0") VIDEO("1") "a=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 nack\r\n"
                                             "a=rtcp-fb:* nack pli\r\na=rtcp-fb:97 ccm fir\r\n"
                                             "a=rtcp-fb:96 nack\r\na=fmtp:96 max-fs=12288\r\n");
    const char *video = strstr(answer_sdp(a), "m=video");
    cr_assert_not_null(strstr(video, "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
                                     "a=fmtp:96 max-fs=12288\r\n"));
    cr_assert_null(strstr(video, "remb"));
    cr_assert_null(strstr(video, "fir"));
    cr_assert_null(strstr(strstr(video, "nack\r\n") + 4, "nack\r\n"));
    answer_destroy(a);
}

Test(answer_bundle, groups_that_make_no_sense)
{
    static const char *const groups[] = {"0 0 1 1", "9 0 1 8", "0 1 0"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char offer[4096];
        snprintf(offer, sizeof offer, "%sa=group:BUNDLE %s\r\n%s", "v=0\r\n", groups[i],
            "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:" //
            ANSWERING_FINGERPRINT "\r\n" AUDIO("0") VIDEO("1"));
        struct answer *a = browser_answer(offer);
        answering_assert_line(a, "a=group:BUNDLE 0 1");
        answer_destroy(a);
    }
    struct answer *a =
        answering(SESSION("0") AUDIO("0") AUDIO("0") VIDEO("0"), answering_webrtc_config(), NULL);
    answering_assert_line(a, "a=group:BUNDLE 0");
    cr_assert_not_null(strstr(answer_sdp(a), "m=audio 0 "));
    cr_assert_not_null(strstr(answer_sdp(a), "m=video 0 "));
    answer_destroy(a);
}

/* Every further line costs work: there is a bound to it. */
Test(answer_bundle, many_lines)
{
    enum { LINES = 60 };
    char *offer = malloc(LINES * 256), group[512] = "";
    size_t n = 0;
    for (int i = 0; i < LINES; i++)
        n += (size_t)snprintf(group + n, sizeof group - n, " %d", i);
    n = (size_t)sprintf(offer, "v=0\r\na=group:BUNDLE%s\r\na=ice-ufrag:abcd\r\n%s\r\n", group,
        "a=ice-pwd:0123456789012345678901\r\na=fingerprint:" ANSWERING_FINGERPRINT);
    for (int i = 0; i < LINES; i++)
        n += (size_t)sprintf(offer + n,
            "m=%s 9 UDP/TLS/RTP/SAVPF 96 8\r\na=mid:%d\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
            i % 2 ? "video" : "audio", i);
    struct answer *a = browser_answer(offer);
    cr_assert_not_null(strstr(answer_sdp(a), "m=video 10000 "));
    cr_assert_not_null(strstr(answer_sdp(a), "m=video 0 "));
    answer_destroy(a);
    free(offer);
}
