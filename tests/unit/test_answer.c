#include "tests/support/answering.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SESSION ANSWERING_SESSION

Test(answer, whole_text)
{
    struct answer_config cfg = answering_config();
    cfg.session_name = "Mischpult";
    cfg.maxptime_ms = 120;
    cfg.ssrc = 4000000000;
    cfg.cname = "abc";
    struct answer *a = answering(SESSION "m=audio 5000 RTP/AVP 0 96 13 101\r\n"
                                         "a=rtpmap:96 Opus/48000/2\r\n"
                                         "a=rtpmap:101 telephone-event/8000\r\n"
                                         "a=fmtp:101 0-16\r\n",
        cfg, NULL);
    cr_assert_str_eq(answer_sdp(a), "v=0\r\n"
                                    "o=- 126524380728557632 1 IN IP4 192.0.2.1\r\n"
                                    "s=Mischpult\r\n"
                                    "c=IN IP4 192.0.2.1\r\n"
                                    "t=0 0\r\n"
                                    "m=audio 20000 RTP/AVP 96 0 13 101\r\n"
                                    "a=rtpmap:96 opus/48000/2\r\n"
                                    "a=fmtp:96 useinbandfec=1\r\n"
                                    "a=rtpmap:0 PCMU/8000\r\n"
                                    "a=rtpmap:13 CN/8000\r\n"
                                    "a=rtpmap:101 telephone-event/8000\r\n"
                                    "a=fmtp:101 0-15\r\n"
                                    "a=ptime:20\r\n"
                                    "a=maxptime:120\r\n"
                                    "a=sendrecv\r\n"
                                    "a=ssrc:4000000000 cname:abc\r\n");
    answer_destroy(a);
}

Test(answer, what_was_agreed)
{
    struct answer *a = answering(SESSION
        "b=TIAS:40000\r\n"
        "m=audio 5000 RTP/AVP 111 9 8 13 98 101 102\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
        "a=rtpmap:98 CN/16000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n"
        "a=extmap:3 " SDP_AUDIO_LEVEL_URI
        "\r\na=ssrc:77 cname:x\r\na=rtcp-mux\r\na=maxptime:60\r\n",
        answering_config(), NULL);
    const struct answer_audio *n = answer_audio(a);
    struct net_addr rtp;
    net_addr_parse(&rtp, "192.0.2.9", 5000);
    cr_assert_eq(n->index, 0);
    cr_assert_eq(n->n_formats, 3);
    cr_assert_eq(n->formats[0].pt, 111);
    cr_assert_eq(n->formats[0].codec, &answering_codecs[0]);
    cr_assert_str_eq(n->formats[0].fmtp, "minptime=10;useinbandfec=1");
    cr_assert_eq(n->formats[1].pt, 9);
    cr_assert_str_eq(n->formats[1].fmtp, "");
    cr_assert_eq(n->formats[2].pt, 8);
    cr_assert_eq(n->n_events, 2);
    cr_assert_eq(n->events[1].pt, 102);
    cr_assert_eq(n->events[1].clock_hz, 48000);
    cr_assert_eq(n->n_noises, 1, "nothing runs at 16000");
    cr_assert_eq(n->noises[0].pt, 13);
    cr_assert_eq(n->ptime_ms, 20);
    cr_assert_eq(n->maxptime_ms, 60);
    cr_assert_eq(n->max_bps, 40000);
    cr_assert_eq(n->direction, SDP_SENDRECV);
    cr_assert_not(n->hold);
    cr_assert(n->rtcp_mux);
    cr_assert(net_addr_equal(&n->rtp, &rtp));
    cr_assert(net_addr_equal(&n->rtcp, &rtp));
    cr_assert_eq(n->audio_level_id, 3);
    cr_assert_eq(n->n_ssrcs, 1);
    cr_assert_eq(n->ssrcs[0], 77);
    cr_assert_eq(n->remote.suite, SDES_NONE);
    answering_assert_line(a, "a=rtcp-mux");
    answering_assert_line(a, "a=extmap:3 " SDP_AUDIO_LEVEL_URI);
    answer_destroy(a);
}

Test(answer, packet_time)
{
    static const struct {
        const char *attrs;
        unsigned ptime_ms, max_ms, want;
    } cases[] = {
        {"", 0, 0, 20},
        {"", 40, 0, 40},
        {"a=ptime:10\r\n", 0, 0, 10},
        {"a=ptime:30\r\n", 0, 0, 30},
        {"a=ptime:60\r\n", 20, 0, 60},
        {"a=ptime:100\r\n", 0, 0, 60},
        {"a=ptime:25\r\n", 0, 0, 20},
        {"a=ptime:5\r\n", 0, 0, 10},
        {"a=ptime:60\r\na=maxptime:40\r\n", 0, 0, 40},
        {"a=maxptime:10\r\n", 0, 0, 10},
        {"a=maxptime:5\r\n", 0, 0, 10},
        {"a=maxptime:200\r\n", 0, 0, 20},
        {"a=ptime:x\r\n", 0, 0, 20},
        {"a=ptime:60\r\n", 0, 40, 40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer_config cfg = answering_config();
        struct answer_codec codec = answering_codecs[3];
        char offer[512], line[32];
        cfg.ptime_ms = cases[i].ptime_ms;
        codec.max_ptime_ms = cases[i].max_ms;
        cfg.codecs = &codec;
        cfg.n_codecs = 1;
        snprintf(offer, sizeof offer, SESSION "m=audio 5000 RTP/AVP 8\r\n%s", cases[i].attrs);
        struct answer *a = answering(offer, cfg, NULL);
        cr_assert_eq(
            answer_audio(a)->ptime_ms, cases[i].want, "case %zu: %u", i, answer_audio(a)->ptime_ms);
        snprintf(line, sizeof line, "a=ptime:%u", cases[i].want);
        answering_assert_line(a, line);
        answer_destroy(a);
    }
}

Test(answer, packet_time_only_of_those_allowed)
{
    struct answer_config cfg = answering_config();
    cfg.ptimes_ms[0] = 40;
    cfg.ptimes_ms[1] = 20;
    struct answer *a = answering(SESSION "m=audio 5000 RTP/AVP 8\r\na=ptime:30\r\n", cfg, NULL);
    cr_assert_eq(answer_audio(a)->ptime_ms, 20);
    answer_destroy(a);
    a = answering(SESSION "m=audio 5000 RTP/AVP 8\r\na=ptime:10\r\n", cfg, NULL);
    cr_assert_eq(answer_audio(a)->ptime_ms, 20);
    answer_destroy(a);
}

Test(answer, direction_and_hold)
{
    static const struct {
        const char *conn, *attr;
        enum sdp_direction ours;
        bool hold;
    } cases[] = {
        {"192.0.2.9", "sendrecv", SDP_SENDRECV, false},
        {"192.0.2.9", "sendonly", SDP_RECVONLY, true},
        {"192.0.2.9", "recvonly", SDP_SENDONLY, false},
        {"192.0.2.9", "inactive", SDP_INACTIVE, true},
        {"0.0.0.0", "sendrecv", SDP_RECVONLY, true},
        {"0.0.0.0", "recvonly", SDP_INACTIVE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[512], line[32];
        snprintf(offer, sizeof offer, "v=0\r\nc=IN IP4 %s\r\nm=audio 5000 RTP/AVP 8\r\na=%s\r\n",
            cases[i].conn, cases[i].attr);
        struct answer *a = answering(offer, answering_config(), NULL);
        cr_assert_eq(answer_audio(a)->direction, cases[i].ours, "case %zu", i);
        cr_assert_eq(answer_audio(a)->hold, cases[i].hold, "case %zu", i);
        cr_assert_eq(net_addr_is_set(&answer_audio(a)->rtp), cases[i].conn[0] != '0');
        snprintf(line, sizeof line, "a=%s", sdp_direction_name(cases[i].ours));
        answering_assert_line(a, line);
        answer_destroy(a);
    }
}

Test(answer, formats)
{
    static const struct {
        const char *media;
        const char *first; /* of the answer's m= line; NULL: refused */
    } cases[] = {
        {"0 8\r\n", "m=audio 20000 RTP/AVP 8 0"},
        {"3 18\r\n", NULL},
        {"96\r\n", NULL},
        {"\r\n", NULL},
        {"96\r\na=rtpmap:96 pcma/8000\r\n", "m=audio 20000 RTP/AVP 96"},
        {"96\r\na=rtpmap:96 PCMA/16000\r\n", NULL},
        {"96\r\na=rtpmap:96 PCMA/8000/2\r\n", NULL},
        {"96\r\na=rtpmap:96 opus/48000\r\n", NULL},
        {"96 97\r\na=rtpmap:96 L16/48000/2\r\na=rtpmap:97 L16/48000\r\n",
            "m=audio 20000 RTP/AVP 97"},
        {"97\r\na=rtpmap:97 L16/48000/1\r\n", "m=audio 20000 RTP/AVP 97"},
        {"0\r\na=rtpmap:0 opus/48000/2\r\n", "m=audio 20000 RTP/AVP 0"},
        /* twice the same codec: once in the answer, as it was first usable */
        {"96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 opus/48000/2\r\n",
            "m=audio 20000 RTP/AVP 96"},
        {"96 97\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 refuse-me\r\na=rtpmap:97 opus/48000/2\r\n",
            "m=audio 20000 RTP/AVP 97"},
        {"96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 refuse-me\r\n", NULL},
        /* events alone are no voice */
        {"101\r\na=rtpmap:101 telephone-event/8000\r\n", NULL},
        {"13\r\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[1024];
        snprintf(offer, sizeof offer, SESSION "m=audio 5000 RTP/AVP %s", cases[i].media);
        if (!cases[i].first) {
            cr_assert_eq(
                answering_refused(offer, answering_config(), NULL), -ENOTSUP, "case %zu", i);
            continue;
        }
        struct answer *a = answering(offer, answering_config(), NULL);
        answering_assert_line(a, cases[i].first);
        answer_destroy(a);
    }
}

Test(answer, a_format_with_an_endless_fmtp_is_not_taken)
{
    char offer[2048], long_fmtp[ANSWER_MAX_FMTP_BYTES + 1];
    memset(long_fmtp, 'x', ANSWER_MAX_FMTP_BYTES);
    long_fmtp[ANSWER_MAX_FMTP_BYTES] = '\0';
    snprintf(offer, sizeof offer,
        SESSION "m=audio 5000 RTP/AVP 96 8\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 %s\r\n",
        long_fmtp);
    struct answer *a = answering(offer, answering_config(), NULL);
    cr_assert_eq(answer_audio(a)->n_formats, 1);
    cr_assert_eq(answer_audio(a)->formats[0].pt, 8);
    answer_destroy(a);
}

Test(answer, what_is_switched_off_is_not_answered)
{
    struct answer_config cfg = answering_config();
    cfg.telephone_event = cfg.comfort_noise = cfg.audio_level = cfg.rtcp_mux = false;
    cfg.rtcp_port = 20005;
    struct answer *a = answering(SESSION
        "m=audio 5000 RTP/AVP 8 13 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp-mux\r\n"
        "a=rtcp-xr:voip-metrics\r\na=extmap:1 " SDP_AUDIO_LEVEL_URI "\r\n",
        cfg, NULL);
    answering_assert_line(a, "m=audio 20000 RTP/AVP 8");
    answering_assert_line(a, "a=rtcp:20005");
    answering_assert_no_line(a, "a=rtcp-mux");
    cr_assert_null(strstr(answer_sdp(a), "extmap"));
    cr_assert_null(strstr(answer_sdp(a), "rtcp-xr"));
    cr_assert_eq(answer_audio(a)->n_events + answer_audio(a)->n_noises, 0);
    cr_assert_eq(answer_audio(a)->audio_level_id, 0);
    cr_assert_eq(answer_audio(a)->rtcp.port, 5001);
    answer_destroy(a);
    cfg.xr_voip_metrics = true;
    a = answering(SESSION "m=audio 5000 RTP/AVP 8\r\na=rtcp-xr:voip-metrics\r\n", cfg, NULL);
    answering_assert_line(a, "a=rtcp-xr:voip-metrics");
    cr_assert(answer_audio(a)->xr_voip_metrics);
    answer_destroy(a);
}

Test(answer, other_media_are_refused_in_their_places)
{
    struct answer *a = answering(SESSION
        "a=group:BUNDLE 0 1 a\r\n"
        "m=video 5002 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\n"
        "m=application 5004 DTLS/SCTP 5000\r\na=mid:1\r\n"
        "m=audio 0 RTP/AVP 8\r\n"
        "m=audio 5000 RTP/AVP 8\r\na=mid:a\r\n"
        "m=audio 5006 RTP/AVP 0\r\n"
        "m=image 5008 udptl t38\r\n"
        "m=message 5010 TCP/MSRP *\r\n"
        "m=whatever 5012 X/Y\r\n",
        answering_config(), NULL);
    const char *m = strstr(answer_sdp(a), "m=");
    cr_assert_str_eq(m,
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\n"
        "m=application 0 DTLS/SCTP 5000\r\na=mid:1\r\n"
        "m=audio 0 RTP/AVP 8\r\n"
        "m=audio 20000 RTP/AVP 8\r\na=mid:a\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        "a=sendrecv\r\n"
        "m=audio 0 RTP/AVP 0\r\n"
        "m=image 0 udptl t38\r\n"
        "m=message 0 TCP/MSRP *\r\n"
        "m=whatever 0 X/Y 0\r\n");
    answering_assert_line(a, "a=group:BUNDLE a");
    cr_assert_eq(answer_audio(a)->index, 3);
    answer_destroy(a);
}

Test(answer, groups_without_the_audio_are_not_echoed)
{
    struct answer *a = answering(SESSION
        "a=group:LS a v\r\na=group:BUNDLE v w\r\na=group\r\n"
        "m=audio 5000 RTP/AVP 8\r\na=mid:a\r\nm=video 5002 RTP/AVP 96\r\na=mid:v\r\n",
        answering_config(), NULL);
    cr_assert_null(strstr(answer_sdp(a), "a=group"));
    answer_destroy(a);
}

Test(answer, offers_without_usable_audio)
{
    static const char *const offers[] = {
        SESSION,
        SESSION "m=video 5000 RTP/AVP 96\r\n",
        SESSION "m=audio 0 RTP/AVP 8\r\n",
        SESSION "m=audio 5000/2 RTP/AVP 8\r\n",
        SESSION "m=audio 5000 UDP/TLS/RTP/SAVPF 8\r\n",
        SESSION "m=audio 5000 TCP/RTP/AVP 8\r\n",
        SESSION "m=image 5000 udptl t38\r\n",
        SESSION "m=audio 5000 RTP/AVP 8\r\nc=IN IP6 2001:db8::9\r\n",
    };
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
        cr_assert_eq(
            answering_refused(offers[i], answering_config(), NULL), -ENOTSUP, "offer %zu", i);
}

Test(answer, media_addresses_a_peer_may_not_name)
{
    static const struct {
        const char *ip;
        unsigned port;
    } cases[] = {{"127.0.0.1", 5000}, {"127.9.9.9", 5000}, {"169.254.169.254", 5000},
        {"224.0.0.1", 5000}, {"255.255.255.255", 5000}, {"0.1.2.3", 5000}, {"192.0.2.9", 53}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offer[512];
        snprintf(offer, sizeof offer, "v=0\r\nc=IN IP4 %s\r\nm=audio %u RTP/AVP 8\r\n", cases[i].ip,
            cases[i].port);
        cr_assert_eq(
            answering_refused(offer, answering_config(), NULL), -EACCES, "%s", cases[i].ip);
        snprintf(offer, sizeof offer, SESSION "m=audio 5000 RTP/AVP 8\r\na=rtcp:%u IN IP4 %s\r\n",
            cases[i].port, cases[i].ip);
        cr_assert_eq(
            answering_refused(offer, answering_config(), NULL), -EACCES, "RTCP %s", cases[i].ip);
    }
}

Test(answer, loopback_media_while_we_are_on_loopback)
{
    struct answer_config cfg = answering_config();
    net_addr_parse(&cfg.local, "127.0.0.1", 20000);
    struct answer *a =
        answering("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 5000 RTP/AVP 8\r\n", cfg, NULL);
    answering_assert_line(a, "c=IN IP4 127.0.0.1");
    answer_destroy(a);
}

static bool not_sip_port(const struct net_addr *a, void *arg)
{
    return a->port != *(uint16_t *)arg;
}

Test(answer, a_policy_of_the_caller)
{
    uint16_t sip = 5060;
    struct answer_config cfg = answering_config();
    cfg.media_ok = not_sip_port;
    cfg.arg = &sip;
    cfg.random = NULL;
    cr_assert_eq(answering_refused(SESSION "m=audio 5060 RTP/AVP 8\r\n", cfg, NULL), -EACCES);
    answer_destroy(answering(SESSION "m=audio 5062 RTP/AVP 8\r\n", cfg, NULL));
}

Test(answer, ipv6)
{
    struct answer_config cfg = answering_config();
    net_addr_parse(&cfg.local, "2001:db8::1", 20000);
    struct answer *a =
        answering("v=0\r\nc=IN IP6 2001:db8::9\r\nm=audio 5000 RTP/AVP 8\r\n", cfg, NULL);
    answering_assert_line(a, "c=IN IP6 2001:db8::1");
    cr_assert_eq(answer_audio(a)->rtp.family, AF_INET6);
    answer_destroy(a);
    cr_assert_eq(answering_refused(SESSION "m=audio 5000 RTP/AVP 8\r\n", cfg, NULL), -ENOTSUP);
}

static int no_bytes(void *buf, size_t n, void *arg)
{
    (void)buf;
    (void)n;
    (void)arg;
    return -EIO;
}

Test(answer, without_random_numbers_there_is_no_answer)
{
    struct answer_config cfg = answering_config();
    cfg.random = no_bytes;
    cr_assert_eq(answering_refused(SESSION "m=audio 5000 RTP/AVP 8\r\n", cfg, NULL), -EIO);
}

Test(answer, configuration_that_cannot_be_written)
{
    struct answer_config cfg = answering_config();
    cfg.session_name = "a\r\na=b";
    cr_assert_eq(answering_refused(SESSION "m=audio 5000 RTP/AVP 8\r\n", cfg, NULL), -EINVAL);
}

Test(answer, a_crowd_of_audio_lines_is_not_searched_to_its_end)
{
    static const struct {
        unsigned unusable;
        bool answered;
    } cases[] = {{7, true}, {8, false}};
    for (size_t i = 0; i < 2; i++) {
        char offer[2048] = SESSION;
        for (unsigned k = 0; k < cases[i].unusable; k++)
            strcat(offer, "m=audio 5000 RTP/AVP 3\r\n");
        strcat(offer, "m=audio 5000 RTP/AVP 8\r\n");
        if (cases[i].answered)
            answer_destroy(answering(offer, answering_config(), NULL));
        else
            cr_assert_eq(answering_refused(offer, answering_config(), NULL), -ENOTSUP);
    }
}

/* Memory that runs out ever later: an error each time, until there is enough. */
Test(answer, without_memory_there_is_no_answer)
{
    const char *offer = SESSION
        "m=audio 5000 RTP/SAVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n" ANSWERING_CM80(
            "1", ANSWERING_KEY_A) "m=video 0 RTP/AVP 96\r\n";
    struct answer_config cfg = answering_config();
    struct answer *a = NULL;
    unsigned long n = 0;
    for (int err = -ENOMEM; err; n++) {
        struct sdp_error why = {0};
        malloc_fail_after(n);
        err = answer_create(offer, strlen(offer), &cfg, NULL, &a, &why);
        malloc_fail_end();
        cr_assert_eq(err, a ? 0 : -ENOMEM, "%lu: %d", n, err);
        cr_assert(a || why.text);
    }
    cr_assert_gt(n, 10);
    cr_assert_not_null(strstr(answer_sdp(a), "a=crypto:1 "));
    cr_assert_str_eq(strstr(answer_sdp(a), "m=video"), "m=video 0 RTP/AVP 96\r\n");
    answer_destroy(a);
}
