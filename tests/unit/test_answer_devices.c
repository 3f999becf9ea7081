/* Offers in the manner of real senders, each with the oddities it is known for. */

#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_A  ANSWERING_KEY_A
#define EVENTS "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"

static const struct device {
    const char *name, *offer;
    enum answer_srtp policy;
    const char *media; /* from the first m= line of the answer on, up to a=ptime */
    unsigned ptime_ms;
    uint16_t port, rtcp_port;
    size_t n_events;
    enum sdes_suite suite;
} devices[] = {
    {
        .name = "ffmpeg, Opus: LF, a tool line, b=AS",
        .offer = "v=0\no=- 0 0 IN IP4 192.0.2.9\ns=No Name\nc=IN IP4 192.0.2.9\nt=0 0\n"
                 "a=tool:libavformat 59.27.100\nm=audio 5004 RTP/AVP 97\nb=AS:64\n"
                 "a=rtpmap:97 opus/48000/2\na=fmtp:97 sprop-stereo=1\n",
        .media = "m=audio 20000 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n"
                 "a=fmtp:97 useinbandfec=1\r\n",
        .ptime_ms = 20,
        .port = 5004,
        .rtcp_port = 5005,
    },
    {
        .name = "ffmpeg, G.711 by its static type: no rtpmap, no newline at the end",
        .offer = "v=0\no=- 0 0 IN IP4 192.0.2.9\ns=x\nc=IN IP4 192.0.2.9\nt=0 0\n"
                 "m=audio 5004 RTP/AVP 8\nb=AS:64",
        .media = "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n",
        .ptime_ms = 20,
        .port = 5004,
        .rtcp_port = 5005,
    },
    {
        .name = "ffmpeg, SRTP",
        .offer = "v=0\no=- 0 0 IN IP4 192.0.2.9\ns=x\nc=IN IP4 192.0.2.9\nt=0 0\n"
                 "m=audio 5004 RTP/SAVP 0\n"
                 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "\n",
        .policy = ANSWER_SRTP_REQUIRE,
        .media = "m=audio 20000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
        .ptime_ms = 20,
        .port = 5004,
        .rtcp_port = 5005,
        .suite = SDES_AES_CM_128_HMAC_SHA1_80,
    },
    {
        .name = "GStreamer, L16: one channel named, clock attributes, c= at the medium",
        .offer = "v=0\r\no=- 1188340656180883 1 IN IP4 192.0.2.9\r\ns=Session streamed\r\n"
                 "i=rtsp-server\r\nt=0 0\r\na=tool:GStreamer\r\na=type:broadcast\r\n"
                 "a=control:*\r\na=range:npt=now-\r\nm=audio 5004 RTP/AVP 96\r\n"
                 "c=IN IP4 192.0.2.9\r\nb=AS:768\r\na=rtpmap:96 L16/48000/1\r\na=ptime:10\r\n"
                 "a=control:stream=0\r\na=ts-refclk:local\r\na=mediaclk:sender\r\n"
                 "a=ssrc:3921382937 cname:user1@host\r\n",
        .media = "m=audio 20000 RTP/AVP 96\r\na=rtpmap:96 L16/48000\r\n",
        .ptime_ms = 10,
        .port = 5004,
        .rtcp_port = 5005,
    },
    {
        .name = "baresip: events at 8000 beside Opus, rtcp and ssrc lines, two keys",
        .offer = "v=0\r\no=- 2733318310 1563226410 IN IP4 192.0.2.9\r\ns=-\r\n"
                 "c=IN IP4 192.0.2.9\r\nt=0 0\r\na=tool:baresip 1.0.0\r\n"
                 "m=audio 26530 RTP/SAVP 96 9 0 8 101\r\na=rtpmap:96 opus/48000/2\r\n"
                 "a=fmtp:96 stereo=1;sprop-stereo=1\r\na=rtpmap:9 G722/8000\r\n"
                 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n" EVENTS "a=rtcp:26531\r\n"
                 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "\r\n"
                 "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY_A "\r\n"
                 "a=sendrecv\r\na=label:1\r\na=ptime:20\r\na=ssrc:934758 cname:sip:b@192.0.2.9\r\n"
                 "a=rtcp-rsize\r\n",
        .policy = ANSWER_SRTP_PREFER,
        .media = "m=audio 20000 RTP/SAVP 96 9 8 0 101\r\na=rtpmap:96 opus/48000/2\r\n"
                 "a=fmtp:96 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                 "a=fmtp:101 0-15\r\n",
        .ptime_ms = 20,
        .port = 26530,
        .rtcp_port = 26531,
        .n_events = 1,
        .suite = SDES_AES_CM_128_HMAC_SHA1_80,
    },
    {
        .name = "linphone: events at two clocks, XR at the session, AVPF feedback, a video line",
        .offer = "v=0\r\no=anna 2270 3480 IN IP4 192.0.2.9\r\ns=Talk\r\nc=IN IP4 192.0.2.9\r\n"
                 "t=0 0\r\na=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL "
                 "voip-metrics\r\na=record:off\r\n"
                 "m=audio 7076 RTP/AVPF 96 97 98 0 8 18 101 99 100\r\n"
                 "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
                 "a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\na=rtpmap:98 speex/8000\r\n"
                 "a=fmtp:98 vbr=on\r\na=fmtp:18 annexb=yes\r\n"
                 "a=rtpmap:101 telephone-event/48000\r\na=rtpmap:99 telephone-event/16000\r\n"
                 "a=rtpmap:100 telephone-event/8000\r\na=rtcp:47076\r\n"
                 "a=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n"
                 "m=video 9078 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n",
        .media = "m=audio 20000 RTP/AVPF 96 8 0 101 99 100\r\na=rtpmap:96 opus/48000/2\r\n"
                 "a=fmtp:96 useinbandfec=1\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                 "a=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-15\r\n"
                 "a=rtpmap:99 telephone-event/16000\r\na=fmtp:99 0-15\r\n"
                 "a=rtpmap:100 telephone-event/8000\r\na=fmtp:100 0-15\r\n",
        .ptime_ms = 20,
        .port = 7076,
        .rtcp_port = 47076,
        .n_events = 3,
    },
    {
        .name = "Yealink: ptime and fmtp before the formats, events to 16, G729 with annexb",
        .offer = "v=0\r\no=- 20008 20008 IN IP4 192.0.2.9\r\ns=SDP data\r\nc=IN IP4 192.0.2.9\r\n"
                 "t=0 0\r\nm=audio 11784 RTP/AVP 9 0 8 18 101\r\na=ptime:20\r\n"
                 "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                 "a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=fmtp:101 0-16\r\n"
                 "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
        .media = "m=audio 20000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\n"
                 "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        .ptime_ms = 20,
        .port = 11784,
        .rtcp_port = 11785,
        .n_events = 1,
    },
    {
        .name = "Snom: a key in AVP as an invitation, lower-case names, maxptime",
        .offer = "v=0\r\no=root 1345642 1345642 IN IP4 192.0.2.9\r\ns=call\r\n"
                 "c=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 54632 RTP/AVP 8 0 9 101\r\n"
                 "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY_A "\r\n"
                 "a=rtpmap:8 pcma/8000\r\na=rtpmap:0 pcmu/8000\r\na=rtpmap:9 g722/8000\r\n" EVENTS
                 "a=ptime:20\r\na=maxptime:40\r\na=encryption:optional\r\na=sendrecv\r\n",
        .policy = ANSWER_SRTP_PREFER,
        .media = "m=audio 20000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\n"
                 "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        .ptime_ms = 20,
        .port = 54632,
        .rtcp_port = 54633,
        .n_events = 1,
        .suite = SDES_AES_CM_128_HMAC_SHA1_32,
    },
    {
        .name = "Cisco: blanks in the user of o=, iLBC, b= twice, X- lines",
        .offer = "v=0\r\no=Cisco SIP UA 21012 0 IN IP4 192.0.2.9\r\ns=SIP Call\r\nb=AS:4000\r\n"
                 "t=0 0\r\nm=audio 16456 RTP/AVP 114 9 0 8 116 18 101\r\n"
                 "c=IN IP4 192.0.2.9\r\nb=TIAS:64000\r\na=rtpmap:114 opus/48000/2\r\n"
                 "a=fmtp:114 maxplaybackrate=16000;sprop-maxcapturerate=16000;"
                 "maxaveragebitrate=64000;stereo=0;sprop-stereo=0;usedtx=0\r\n"
                 "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                 "a=rtpmap:116 iLBC/8000\r\na=fmtp:116 mode=20\r\na=rtpmap:18 G729/8000\r\n"
                 "a=fmtp:18 annexb=yes\r\na=rtpmap:101 telephone-event/8000\r\n"
                 "a=fmtp:101 0-15\r\na=sendrecv\r\na=X-cisco-media:umoh\r\n",
        .media = "m=audio 20000 RTP/AVP 114 9 8 0 101\r\na=rtpmap:114 opus/48000/2\r\n"
                 "a=fmtp:114 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                 "a=fmtp:101 0-15\r\n",
        .ptime_ms = 20,
        .port = 16456,
        .rtcp_port = 16457,
        .n_events = 1,
    },
    {
        .name = "a Skype for Business gateway: a key with MKI and one without, CN at two clocks",
        .offer = "v=0\r\no=- 0 1 IN IP4 192.0.2.9\r\ns=session\r\nc=IN IP4 192.0.2.9\r\n"
                 "b=CT:99980\r\nt=0 0\r\na=x-mediabw:main-video send=8000;recv=8000\r\n"
                 "m=audio 51424 RTP/SAVP 117 9 111 0 8 97 13 118 101\r\na=x-ssrc-range:1-1\r\n"
                 "a=rtcp-fb:* x-message app send:dsh recv:dsh\r\n"
                 "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^31|1:1\r\n"
                 "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^31\r\n"
                 "a=maxptime:200\r\na=rtpmap:117 G722/8000/2\r\na=rtpmap:111 SIREN/16000\r\n"
                 "a=fmtp:111 bitrate=16000\r\na=rtpmap:97 RED/8000\r\na=rtpmap:13 CN/8000\r\n"
                 "a=rtpmap:118 CN/16000\r\na=rtpmap:101 telephone-event/8000\r\n"
                 "a=fmtp:101 0-16\r\n",
        .policy = ANSWER_SRTP_REQUIRE,
        .media = "m=audio 20000 RTP/SAVP 9 8 0 13 101\r\na=rtpmap:9 G722/8000\r\n"
                 "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:13 CN/8000\r\n"
                 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        .ptime_ms = 20,
        .port = 51424,
        .rtcp_port = 51425,
        .n_events = 1,
        .suite = SDES_AES_CM_128_HMAC_SHA1_80,
    },
    {
        .name = "a fax gateway: T.38 beside G.711, silence suppression, ptime twice",
        .offer = "v=0\r\no=gw 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
                 "m=image 49170 udptl t38\r\na=T38FaxVersion:0\r\n"
                 "m=audio 49172 RTP/AVP 0\r\na=silenceSupp:off - - - -\r\na=ptime:40\r\n"
                 "a=ptime:30\r\n",
        .media = "m=image 0 udptl t38\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
        .ptime_ms = 30,
        .port = 49172,
        .rtcp_port = 49173,
    },
    {
        .name = "a browser's offer turned plain: bundle, candidates, red, extensions",
        .offer = "v=0\r\no=- 7261821936425 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                 "a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s1\r\n"
                 "m=audio 45678 RTP/AVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 192.0.2.9\r\n"
                 "a=rtcp:9 IN IP4 0.0.0.0\r\n"
                 "a=candidate:1 1 udp 2122260223 192.0.2.9 45678 typ host generation 0\r\n"
                 "a=candidate:2 1 udp 2122260223 169.254.169.254 80 typ host generation 0\r\n"
                 "a=ice-ufrag:aB3d\r\na=ice-pwd:0123456789012345678901\r\na=mid:0\r\n"
                 "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
                 "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
                 "a=sendrecv\r\na=msid:s1 t1\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
                 "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
                 "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n"
                 "a=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                 "a=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n"
                 "a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"
                 "a=ssrc:1001 cname:abc\r\na=ssrc:1001 msid:s1 t1\r\n"
                 "m=video 45678 RTP/AVPF 96\r\nc=IN IP4 192.0.2.9\r\na=mid:1\r\n"
                 "a=rtpmap:96 VP8/90000\r\n",
        .media = "m=audio 20000 RTP/AVPF 111 9 8 0 13 110 126\r\na=mid:0\r\n"
                 "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
                 "a=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                 "a=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\n"
                 "a=fmtp:110 0-15\r\na=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n",
        .ptime_ms = 20,
        .port = 45678,
        .rtcp_port = 45678,
        .n_events = 2,
    },
};

static void check(const struct device *d)
{
    struct answer_config cfg = answering_config();
    cfg.srtp = d->policy;
    struct answer *a = answering(d->offer, cfg, NULL);
    const struct answer_audio *n = answer_audio(a);
    const char *media = strstr(answer_sdp(a), "m=");
    cr_assert(!strncmp(media, d->media, strlen(d->media)), "%s:\n%s", d->name, media);
    cr_assert(!strncmp(media + strlen(d->media), "a=ptime:", 8), "%s:\n%s", d->name, media);
    cr_assert_eq(n->ptime_ms, d->ptime_ms, "%s: %u", d->name, n->ptime_ms);
    cr_assert_eq(n->rtp.port, d->port, "%s", d->name);
    cr_assert_eq(n->rtcp.port, d->rtcp_port, "%s: %u", d->name, n->rtcp.port);
    cr_assert_eq(n->n_events, d->n_events, "%s", d->name);
    cr_assert_eq(n->remote.suite, d->suite, "%s", d->name);
    answer_destroy(a);
}

Test(answer_devices, every_one_gets_what_it_can_use)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        check(&devices[i]);
}

/* A refreshed call: all of it said again, and a refused line more. */
Test(answer_devices, what_is_offered_again_is_answered_alike)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        struct answer_config cfg = answering_config();
        char again[4096];
        cfg.srtp = devices[i].policy;
        struct answer *first = answering(devices[i].offer, cfg, NULL);
        size_t len = strlen(devices[i].offer);
        bool ends = devices[i].offer[len - 1] == '\n';
        snprintf(again, sizeof again, "%s%sm=video 0 RTP/AVP 31\r\n", devices[i].offer,
            ends ? "" : "\n");
        struct answer *second = answering(again, cfg, first);
        const struct answer_audio *x = answer_audio(first), *y = answer_audio(second);
        cr_assert_eq(x->index, y->index, "%s", devices[i].name);
        cr_assert_eq(x->formats[0].pt, y->formats[0].pt, "%s", devices[i].name);
        cr_assert_arr_eq(x->local.key, y->local.key, sizeof x->local.key, "%s", devices[i].name);
        answer_destroy(first);
        answer_destroy(second);
    }
}

Test(answer_devices, a_browser_with_dtls_is_told_what_to_offer)
{
    const char *offer =
        "v=0\r\no=- 7261821936425 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
        "a=ice-ufrag:aB3d\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 00:11\r\n"
        "a=setup:actpass\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n";
    struct answer_config cfg = answering_config();
    struct answer *a = NULL;
    struct sdp_error why;
    cr_assert_eq(answer_create(offer, strlen(offer), &cfg, NULL, &a, &why), -ENOTSUP);
    cr_assert_not_null(strstr(why.text, "RTP/AVP"));
}
