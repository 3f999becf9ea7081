/* A browser's offer: what is agreed on, what is written, what is refused. */

#include "tests/support/answering.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION ANSWERING_BROWSER("0", "0", ANSWERING_FINGERPRINT)
#define AUDIO   ANSWERING_BROWSER_AUDIO("0")
#define OFFER   SESSION AUDIO

Test(answer_webrtc, whole_text)
{
    struct answer_config cfg = answering_webrtc_config();
    const char *offer = OFFER "a=rtpmap:63 red/48000/2\r\n"
                              "a=extmap:1 " SDP_AUDIO_LEVEL_URI "\r\n"
                              "a=extmap:4 " SDP_MID_URI "\r\n"
                              "a=extmap:3 " SDP_TRANSPORT_CC_URI "\r\n"
                              "a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 nack\r\n"
                              "a=rtcp-rsize\r\n";
    cfg.session_name = "Mischpult";
    cfg.ssrc = 4000000000;
    cfg.cname = "abc";
    cfg.maxptime_ms = 60;
    struct answer *a = answering(offer, cfg, NULL);
    cr_assert_str_eq(answer_sdp(a), "v=0\r\n"
                                    "o=- 126524380728557632 1 IN IP4 192.0.2.1\r\n"
                                    "s=Mischpult\r\n"
                                    "t=0 0\r\n"
                                    "a=group:BUNDLE 0\r\n"
                                    "a=msid-semantic:WMS *\r\n"
                                    "a=ice-lite\r\n"
                                    "a=ice-options:ice2 trickle\r\n"
                                    "m=audio 10000 UDP/TLS/RTP/SAVPF 111 8\r\n"
                                    "c=IN IP4 192.0.2.1\r\n"
                                    "a=mid:0\r\n"
                                    "a=sendrecv\r\n"
                                    "a=rtpmap:111 opus/48000/2\r\n"
                                    "a=fmtp:111 useinbandfec=1\r\n"
                                    "a=rtpmap:8 PCMA/8000\r\n"
                                    "a=ptime:20\r\n"
                                    "a=maxptime:60\r\n"
                                    "a=rtcp-mux\r\n"
                                    "a=rtcp-rsize\r\n"
                                    "a=rtcp-fb:111 transport-cc\r\n"
                                    "a=rtcp-fb:111 nack\r\n"
                                    "a=extmap:1 " SDP_AUDIO_LEVEL_URI "\r\n"
                                    "a=extmap:4 " SDP_MID_URI "\r\n"
                                    "a=extmap:3 " SDP_TRANSPORT_CC_URI "\r\n"
                                    "a=msid:mix audio\r\n"
                                    "a=ssrc:4000000000 cname:abc\r\n"
                                    "a=ice-ufrag:ours0\r\n"
                                    "a=ice-pwd:ours0123456789abcdefgh0\r\n"
                                    "a=fingerprint:sha-256 AA:BB\r\n"
                                    "a=setup:passive\r\n"
                                    "a=candidate:1 1 udp 2130706431 192.0.2.1 10000 typ host\r\n"
                                    "a=candidate:2 1 tcp 1520434943 192.0.2.1 10000 typ host "
                                    "tcptype passive\r\n"
                                    "a=end-of-candidates\r\n");
    answering_assert_jsep(a, offer);
    answer_destroy(a);
}

Test(answer_webrtc, what_was_agreed)
{
    struct answer *a = answering(OFFER "a=extmap:1 " SDP_AUDIO_LEVEL_URI "\r\n"
                                       "a=extmap:14 " SDP_MID_URI "\r\n"
                                       "a=extmap:3 " SDP_TRANSPORT_CC_URI "\r\n"
                                       "a=rtcp-fb:111 transport-cc\r\n"
                                       "a=candidate:1 1 udp 1 192.0.2.9 5000 typ host\r\n"
                                       "a=candidate:nonsense\r\n"
                                       "a=end-of-candidates\r\n",
        answering_webrtc_config(), NULL);
    const struct answer_transport *t = answer_transport(a);
    const struct answer_audio *n = answer_audio(a);
    struct sdp_fingerprint want;
    sdp_fingerprint_parse(sdp_str(ANSWERING_FINGERPRINT), &want);
    cr_assert_not_null(t);
    cr_assert_str_eq(t->mid, "0");
    cr_assert_str_eq(t->local.ufrag, "ours0");
    cr_assert_str_eq(t->remote.ufrag, "ufr0");
    cr_assert_str_eq(t->remote.pwd, "0123456789012345678900");
    cr_assert_not(t->ice_restart);
    cr_assert(t->new_dtls);
    cr_assert_not(t->dtls_active);
    cr_assert(t->trickle);
    cr_assert(t->end_of_candidates);
    cr_assert_eq(t->n_candidates, 2);
    cr_assert_eq(t->n_fingerprints, 1);
    cr_assert(sdp_fingerprint_equal(&t->fingerprints[0], &want));
    cr_assert_str_eq(n->mid, "0");
    cr_assert_eq(n->direction, SDP_SENDRECV);
    cr_assert_not(n->hold, "0.0.0.0 is no hold here");
    cr_assert_not(net_addr_is_set(&n->rtp));
    cr_assert(n->rtcp_mux);
    cr_assert_not(n->rtcp_rsize);
    cr_assert_eq(n->audio_level_id, 1);
    cr_assert_eq(n->mid_id, 14);
    cr_assert_eq(n->transport_cc_id, 3);
    cr_assert(n->transport_cc);
    cr_assert_not(n->nack);
    cr_assert_eq(n->red_pt, 0);
    cr_assert_eq(n->local.suite, SDES_NONE);
    answer_destroy(a);
}

Test(answer_webrtc, what_we_do_not_do_is_not_agreed)
{
    struct answer_config cfg = answering_webrtc_config();
    struct answer_webrtc none = {.credentials = cfg.webrtc->credentials,
        .fingerprint = cfg.webrtc->fingerprint,
        .candidates = {cfg.webrtc->candidates[0]},
        .n_candidates = 1};
    cfg.webrtc = &none;
    cfg.audio_level = false;
    struct answer *a = answering(OFFER "a=extmap:1 " SDP_AUDIO_LEVEL_URI "\r\n"
                                       "a=extmap:4 " SDP_MID_URI "\r\n"
                                       "a=extmap:3 " SDP_TRANSPORT_CC_URI "\r\n"
                                       "a=rtcp-fb:* transport-cc\r\na=rtcp-fb:* nack\r\n",
        cfg, NULL);
    const struct answer_audio *n = answer_audio(a);
    cr_assert_not(n->audio_level_id || n->mid_id || n->transport_cc_id);
    cr_assert_not(n->nack || n->transport_cc);
    cr_assert_null(strstr(answer_sdp(a), "extmap"));
    cr_assert_null(strstr(answer_sdp(a), "rtcp-fb"));
    cr_assert_null(strstr(answer_sdp(a), "msid"));
    answer_destroy(a);
}

/* Feedback without the extension, or the extension without feedback, is of no use. */
Test(answer_webrtc, transport_cc_needs_both)
{
    static const char *const halves[] = {
        OFFER "a=extmap:3 " SDP_TRANSPORT_CC_URI "\r\n", OFFER "a=rtcp-fb:111 transport-cc\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct answer *a = answering(halves[i], answering_webrtc_config(), NULL);
        cr_assert_not(answer_audio(a)->transport_cc);
        cr_assert_eq(answer_audio(a)->transport_cc_id, 0);
        cr_assert_null(strstr(answer_sdp(a), "transport-"));
        answer_destroy(a);
    }
}

Test(answer_webrtc, extension_ids_are_unique)
{
    struct answer *a = answering(OFFER "a=extmap:3 " SDP_AUDIO_LEVEL_URI "\r\n"
                                       "a=extmap:3 " SDP_MID_URI "\r\n",
        answering_webrtc_config(), NULL);
    cr_assert_eq(answer_audio(a)->audio_level_id, 3);
    cr_assert_eq(answer_audio(a)->mid_id, 0);
    answer_destroy(a);
}

Test(answer_webrtc, directions)
{
    static const struct {
        const char *offered;
        enum sdp_direction ours;
        bool msid;
    } cases[] = {{"sendrecv", SDP_SENDRECV, true}, {"recvonly", SDP_SENDONLY, true},
        {"sendonly", SDP_RECVONLY, false}, {"inactive", SDP_INACTIVE, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[2048], line[32];
        snprintf(offer, sizeof offer, "%sa=%s\r\n", OFFER, cases[i].offered);
        struct answer *a = answering(offer, answering_webrtc_config(), NULL);
        cr_assert_eq(answer_audio(a)->direction, cases[i].ours);
        snprintf(line, sizeof line, "a=%s", sdp_direction_name(cases[i].ours));
        answering_assert_line(a, line);
        cr_assert_eq(strstr(answer_sdp(a), "a=msid:") != NULL, cases[i].msid);
        answer_destroy(a);
    }
}

Test(answer_webrtc, roles_of_dtls)
{
    static const struct {
        const char *offered, *ours;
        bool active;
    } cases[] = {
        {"actpass", "passive", false}, {"active", "passive", false}, {"passive", "active", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[2048], line[32];
        snprintf(offer, sizeof offer, "%sa=setup:%s\r\n", OFFER, cases[i].offered);
        struct answer *a = answering(offer, answering_webrtc_config(), NULL);
        cr_assert_eq(answer_transport(a)->dtls_active, cases[i].active);
        snprintf(line, sizeof line, "a=setup:%s", cases[i].ours);
        answering_assert_line(a, line);
        answer_destroy(a);
    }
    cr_assert_eq(
        answering_refused(OFFER "a=setup:holdconn\r\n", answering_webrtc_config(), NULL), -EINVAL);
}

Test(answer_webrtc, profiles)
{
    static const char *const profiles[] = {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP",
        "TCP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF", "RTP/SAVP"};
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        char offer[2048], line[64];
        snprintf(offer, sizeof offer,
            "%sm=audio 9 %s 8\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n", SESSION,
            profiles[i]);
        struct answer *a = answering(offer, answering_webrtc_config(), NULL);
        cr_assert_not_null(answer_transport(a), "%s", profiles[i]);
        snprintf(line, sizeof line, "m=audio 10000 %s 8", profiles[i]);
        answering_assert_line(a, line);
        answer_destroy(a);
    }
}

/* Who offers keys in the SDP beside a fingerprint, over RTP/SAVP, is answered with keys. */
Test(answer_webrtc, keys_in_the_sdp_come_first)
{
    struct answer *a = answering(SESSION
        "m=audio 5000 RTP/SAVP 8\r\nc=IN IP4 192.0.2.9\r\n" ANSWERING_CM80("1", ANSWERING_KEY_A),
        answering_webrtc_config(), NULL);
    cr_assert_null(answer_transport(a));
    cr_assert_eq(answer_audio(a)->remote.suite, SDES_AES_CM_128_HMAC_SHA1_80);
    answer_destroy(a);
}

Test(answer_webrtc, any_policy_of_srtp_allows_it)
{
    for (enum answer_srtp srtp = ANSWER_SRTP_OFF; srtp <= ANSWER_SRTP_REQUIRE; srtp++) {
        struct answer_config cfg = answering_webrtc_config();
        cfg.srtp = srtp;
        struct answer *a = answering(OFFER, cfg, NULL);
        cr_assert_not_null(answer_transport(a));
        answer_destroy(a);
    }
}

Test(answer_webrtc, fingerprints)
{
    static const char *const weak =
        "a=fingerprint:sha-1 "
        "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13\r\n";
    char offer[4096];
    snprintf(offer, sizeof offer, "%s%s", OFFER, weak);
    cr_assert_eq(answering_refused(offer, answering_webrtc_config(), NULL), -ENOTSUP,
        "a fingerprint of the line stands instead of the session's");
    snprintf(offer, sizeof offer, "%s%sa=fingerprint:%s\r\na=fingerprint:%s\r\n", OFFER, weak,
        ANSWERING_FINGERPRINT, ANSWERING_FINGERPRINT_B);
    struct answer *a = answering(offer, answering_webrtc_config(), NULL);
    cr_assert_eq(answer_transport(a)->n_fingerprints, 2);
    answer_destroy(a);
    cr_assert_eq(
        answering_refused(OFFER "a=fingerprint:sha-256 00:11\r\n", answering_webrtc_config(), NULL),
        -EINVAL);
}

Test(answer_webrtc, refused)
{
    static const struct {
        const char *what, *offer;
        int err;
    } cases[] = {
        {"no ICE", "v=0\r\na=fingerprint:" ANSWERING_FINGERPRINT "\r\n" AUDIO, -ENOTSUP},
        {"no fingerprint", "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" AUDIO,
            -ENOTSUP},
        {"ICE-lite", "v=0\r\na=ice-lite\r\na=x:" OFFER, -ENOTSUP},
        {"half of the credentials", "v=0\r\na=ice-ufrag:abcd\r\n" AUDIO, -EINVAL},
        {"a short password", "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:short\r\n" AUDIO, -EINVAL},
        {"a character", "v=0\r\na=ice-ufrag:ab_d\r\na=ice-pwd:0123456789012345678901\r\n" AUDIO,
            -EINVAL},
        {"no codec", SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 50\r\na=rtcp-mux\r\n", -ENOTSUP},
        {"no rtcp-mux", SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n", -ENOTSUP},
        {"refused by the peer", SESSION "m=audio 0 UDP/TLS/RTP/SAVPF 8\r\na=rtcp-mux\r\n",
            -ENOTSUP},
        {"a long mid",
            SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=rtcp-mux\r\n"
                    "a=mid:0123456789012345678901234567890123456789012345678901234567890123\r\n",
            -EINVAL},
        {"ports", SESSION "m=audio 9/2 UDP/TLS/RTP/SAVPF 8\r\na=rtcp-mux\r\n", -ENOTSUP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(answering_refused(cases[i].offer, answering_webrtc_config(), NULL),
            cases[i].err, "%s", cases[i].what);
    cr_assert_eq(answering_refused(OFFER, answering_config(), NULL), -ENOTSUP);
}

/* Both kinds of audio: WebRTC where it is possible, else plain. */
Test(answer_webrtc, beside_plain_audio)
{
    const char *offer = SESSION "m=audio 5000 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\n" AUDIO;
    struct answer *a = answering(offer, answering_webrtc_config(), NULL);
    cr_assert_eq(answer_audio(a)->index, 1);
    cr_assert_not_null(answer_transport(a));
    answering_assert_jsep(a, offer);
    answer_destroy(a);
    a = answering(offer, answering_config(), NULL);
    cr_assert_eq(answer_audio(a)->index, 0);
    cr_assert_null(answer_transport(a));
    answer_destroy(a);
}

Test(answer_webrtc, what_the_peer_is_asked_to_send)
{
    struct answer_config cfg = answering_webrtc_config();
    cfg.told_ptime_ms = 60;
    cfg.told_max_bps = 12000;
    struct answer *a = answering(OFFER "a=ptime:20\r\n", cfg, NULL);
    cr_assert_eq(answer_audio(a)->ptime_ms, 20, "what we send is another thing");
    answering_assert_line(a, "a=ptime:60");
    answering_assert_line(a, "a=fmtp:111 useinbandfec=1;maxaveragebitrate=12000");
    answer_destroy(a);
}

Test(answer_webrtc, red)
{
    static const struct {
        const char *fmtp;
        bool taken;
    } cases[] = {{"111/111", true}, {"111/111/111", true}, {"111", false}, {"111/8", false},
        {"8/8", false}, {"", false}, {"111/", false}, {"111/x", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[2048];
        snprintf(offer, sizeof offer,
            "%sm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:0\r\na=rtcp-mux\r\n"
            "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 %s\r\n",
            SESSION, cases[i].fmtp);
        struct answer *a = answering(offer, answering_webrtc_config(), NULL);
        cr_assert_eq(answer_audio(a)->red_pt, cases[i].taken ? 63 : 0, "%s", cases[i].fmtp);
        cr_assert_eq(answer_audio(a)->formats[0].pt, 111);
        cr_assert_not(answer_audio(a)->red_first);
        cr_assert_eq(strstr(answer_sdp(a), "a=fmtp:63 111/111\r\n") != NULL, cases[i].taken);
        cr_assert_not_null(
            strstr(answer_sdp(a), cases[i].taken ? "SAVPF 111 63\r" : "SAVPF 111\r"));
        answer_destroy(a);
    }
}

/* What stands first in our answer is what the peer sends: it is asked for what it would rather. */
Test(answer_webrtc, red_first_or_not_at_all)
{
    const char *offer = SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=rtcp-mux\r\n"
                                "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n"
                                "a=fmtp:63 111/111\r\n";
    struct answer_config cfg = answering_webrtc_config();
    struct answer_webrtc webrtc = *cfg.webrtc;
    cfg.webrtc = &webrtc;
    struct answer *a = answering(offer, cfg, NULL);
    cr_assert_not_null(strstr(answer_sdp(a), "SAVPF 63 111\r\n"));
    cr_assert_eq(answer_audio(a)->red_pt, 63);
    cr_assert(answer_audio(a)->red_first);
    answer_destroy(a);
    webrtc.red = false;
    a = answering(offer, cfg, NULL);
    cr_assert_null(strstr(answer_sdp(a), "red"));
    cr_assert_eq(answer_audio(a)->red_pt, 0);
    cr_assert_not(answer_audio(a)->red_first);
    answer_destroy(a);
}

Test(answer_webrtc, candidates)
{
    struct answer_config cfg = answering_webrtc_config();
    struct answer_webrtc webrtc = *cfg.webrtc;
    cfg.webrtc = &webrtc;
    webrtc.n_candidates = 0;
    struct answer *a = answering(OFFER, cfg, NULL);
    answering_assert_line(a, "m=audio 9 UDP/TLS/RTP/SAVPF 111 8");
    answering_assert_line(a, "c=IN IP4 0.0.0.0");
    answer_destroy(a);
    webrtc.n_candidates = 3;
    webrtc.candidates[0] = webrtc.candidates[1];
    net_addr_parse(&webrtc.candidates[1].addr, "2001:db8::1", 10001);
    webrtc.candidates[1].tcp = false;
    net_addr_parse(&webrtc.candidates[2].addr, "192.0.2.1", 10000);
    a = answering(OFFER, cfg, NULL);
    answering_assert_line(a, "m=audio 10001 UDP/TLS/RTP/SAVPF 111 8");
    answering_assert_line(a, "c=IN IP6 2001:db8::1");
    answer_destroy(a);
}

/* A thousand of them, or lines of nonsense, are neither a reason to fail nor of any use. */
Test(answer_webrtc, many_candidates)
{
    enum { MANY = 2000, LINE = 64 };
    char *offer = malloc(sizeof OFFER + MANY * LINE);
    size_t n = (size_t)sprintf(offer, "%s", OFFER);
    for (int i = 0; i < MANY && n < SDP_MAX_BYTES - LINE; i++)
        n += (size_t)sprintf(offer + n, "a=candidate:%d 1 udp 1 10.0.0.1 9\r\n", i);
    struct answer *a = answering(offer, answering_webrtc_config(), NULL);
    cr_assert_gt(answer_transport(a)->n_candidates, 1500);
    cr_assert_lt(strlen(answer_sdp(a)), 2000);
    answer_destroy(a);
    free(offer);
}

Test(answer_webrtc, survives_lack_of_memory)
{
    const char *offer = OFFER ANSWERING_BROWSER_VIDEO("1");
    struct answer_config cfg = answering_webrtc_config();
    int err = -ENOMEM;
    for (unsigned long n = 0; err; n++) {
        struct answer *a = NULL;
        struct sdp_error why = {0};
        malloc_fail_after(n);
        err = answer_create(offer, strlen(offer), &cfg, NULL, &a, &why);
        malloc_fail_end();
        cr_assert(err == 0 || err == -ENOMEM);
        cr_assert_eq(a != NULL, err == 0);
        cr_assert_eq(why.text == NULL, err == 0);
        answer_destroy(a);
    }
}
