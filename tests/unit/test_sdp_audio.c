#include "net/sdp/sdp_audio.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Reads the first medium of "v=0", the session's lines, the medium's lines. */
struct fixture {
    struct sdp *sdp;
    struct sdp_audio audio;
    struct sdp_error why;
    int err;
};

static struct fixture read_text(const char *text)
{
    struct fixture f = {0};
    int err = sdp_parse(text, strlen(text), &f.sdp, &f.why);
    cr_assert_eq(err, 0, "line %u: %s", f.why.line, f.why.text);
    f.err = sdp_audio_read(f.sdp, 0, &f.audio, &f.why);
    return f;
}

static struct fixture read_attrs(const char *formats, const char *attrs)
{
    char text[8192];
    snprintf(
        text, sizeof text, "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP %s\n%s", formats, attrs);
    struct fixture f = read_text(text);
    cr_assert_eq(f.err, 0, "%s", f.why.text);
    return f;
}

static void assert_addr(const struct net_addr *a, const char *text)
{
    char buf[NET_ADDR_TEXT_MAX];
    if (!net_addr_is_set(a))
        cr_assert_str_eq(text, "");
    else
        cr_assert_str_eq(net_addr_format(a, buf, sizeof buf), text);
}

Test(sdp_audio, formats)
{
    static const struct {
        const char *formats, *attrs;
        size_t n;
        struct {
            uint8_t pt;
            const char *name;
            uint32_t clock_hz;
            unsigned channels;
            const char *fmtp;
        } want[4];
    } cases[] = {
        {"0 8 9", "", 3,
            {{0, "PCMU", 8000, 1, NULL}, {8, "PCMA", 8000, 1, NULL}, {9, "G722", 8000, 1, NULL}}},
        {"10 11 13 18", "", 4,
            {{10, "L16", 44100, 2, NULL}, {11, "L16", 44100, 1, NULL}, {13, "CN", 8000, 1, NULL},
                {18, "G729", 8000, 1, NULL}}},
        {"96", "a=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1; stereo=0\n", 1,
            {{96, "opus", 48000, 2, "useinbandfec=1; stereo=0"}}},
        /* fmtp first, blanks everywhere */
        {"96", "a=fmtp:96   minptime=10 \na=rtpmap:96  OPUS/48000/2\n", 1,
            {{96, "OPUS", 48000, 2, "minptime=10"}}},
        /* duplicates: the first of each counts */
        {"96 96 97", "a=rtpmap:96 L16/48000\na=rtpmap:96 L16/8000\na=fmtp:96 a\na=fmtp:96 b\n", 2,
            {{96, "L16", 48000, 1, "a"}, {97, NULL, 0, 1, NULL}}},
        /* one payload type that stands for something else */
        {"0", "a=rtpmap:0 opus/48000/2\n", 1, {{0, "opus", 48000, 2, NULL}}},
        /* mappings that make no sense, or of types that are not listed */
        {"8 96",
            "a=rtpmap:8\na=rtpmap:96 L16\na=rtpmap:96 L16/\na=rtpmap:96 L16/0\na=rtpmap:96 /8000\n"
            "a=rtpmap:96 L16/8000/x\na=rtpmap:96 L16/8000/0\na=rtpmap:96 L16/99999999999\n"
            "a=rtpmap:97 L16/8000\na=rtpmap:300 L16/8000\na=rtpmap:x L16/8000\na=rtpmap\n"
            "a=fmtp\na=fmtp:97 x\na=fmtp:128 x\n",
            2, {{8, "PCMA", 8000, 1, NULL}, {96, NULL, 0, 1, NULL}}},
        {"128 255 -1 x 3.5 127", "a=rtpmap:127 L16/16000/1\n", 1, {{127, "L16", 16000, 1, NULL}}},
        {"", "", 0, {{0}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = read_attrs(cases[i].formats, cases[i].attrs);
        cr_assert_eq(f.audio.n_formats, cases[i].n, "case %zu: %zu", i, f.audio.n_formats);
        for (size_t k = 0; k < cases[i].n; k++) {
            const struct sdp_format *got = &f.audio.formats[k];
            cr_assert_eq(got->pt, cases[i].want[k].pt);
            cr_assert_eq(got->clock_hz, cases[i].want[k].clock_hz, "case %zu %zu", i, k);
            cr_assert_eq(got->channels, cases[i].want[k].channels, "case %zu %zu", i, k);
            cr_assert(cases[i].want[k].name ? sdp_str_eq(got->name, cases[i].want[k].name)
                                            : !got->name.p);
            cr_assert(cases[i].want[k].fmtp ? sdp_str_eq(got->fmtp, cases[i].want[k].fmtp)
                                            : !got->fmtp.p);
        }
        sdp_destroy(f.sdp);
    }
}

Test(sdp_audio, more_formats_than_we_keep)
{
    char list[1024] = "";
    for (int pt = 0; pt < 128; pt++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%d ", pt);
    struct fixture f = read_attrs(list, "a=rtpmap:127 opus/48000/2\na=fmtp:127 x\n");
    cr_assert_eq(f.audio.n_formats, SDP_AUDIO_MAX_FORMATS);
    cr_assert_eq(f.audio.formats[SDP_AUDIO_MAX_FORMATS - 1].pt, SDP_AUDIO_MAX_FORMATS - 1);
    sdp_destroy(f.sdp);
}

Test(sdp_audio, addresses)
{
    static const struct {
        const char *text, *rtp, *rtcp;
        bool hold;
    } cases[] = {
        {"v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n", "192.0.2.1:4000", "192.0.2.1:4001",
            false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\n", "192.0.2.1:4000", "192.0.2.1:4001",
            false},
        {"v=0\nc=IN IP4 no.name.example\nm=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1\n",
            "[2001:db8::1]:4000", "[2001:db8::1]:4001", false},
        {"v=0\nm=audio 65535 RTP/AVP 0\nc=IN IP4 192.0.2.1\n", "192.0.2.1:65535", "", false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:5001\n", "192.0.2.1:4000",
            "192.0.2.1:5001", false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:5001 IN IP4 198.51.100.2\n",
            "192.0.2.1:4000", "198.51.100.2:5001", false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:0\n", "192.0.2.1:4000", "",
            false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:9 IN IP4 0.0.0.0\n",
            "192.0.2.1:4000", "", false},
        {"v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\na=rtcp:5001\n", "", "", true},
        {"v=0\nc=IN IP6 ::\nm=audio 4000 RTP/AVP 0\n", "", "", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = read_text(cases[i].text);
        cr_assert_eq(f.err, 0, "case %zu: %s", i, f.why.text);
        assert_addr(&f.audio.rtp, cases[i].rtp);
        assert_addr(&f.audio.rtcp, cases[i].rtcp);
        cr_assert_eq(f.audio.hold_address, cases[i].hold, "case %zu", i);
        sdp_destroy(f.sdp);
    }
}

Test(sdp_audio, addresses_that_cannot_be_used)
{
    static const char *const texts[] = {
        "v=0\nm=audio 4000 RTP/AVP 0\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 phone.example\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 localhost\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.256\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 233.252.0.1/127\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8:::1\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=ATM NSAP 47.0091\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP5 192.0.2.1\n",
        ("v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 "
         "192.0.2.1111111111111111111111111111111111111111111111111111111111111111111111111111\n"),
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:70000\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:5001 IN IP4 phone.example\n",
        "v=0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\na=rtcp:5001 IN IP4\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f = read_text(texts[i]);
        cr_assert_eq(f.err, -EINVAL, "text %zu: %d", i, f.err);
        cr_assert_not_null(f.why.text);
        sdp_destroy(f.sdp);
    }
}

Test(sdp_audio, session_attributes_hold_unless_the_medium_says_otherwise)
{
    static const char session[] =
        "v=0\nc=IN IP4 192.0.2.1\nb=AS:100\na=sendonly\na=ptime:30\n"
        "a=maxptime:60\na=extmap:3 " SDP_AUDIO_LEVEL_URI "\n"
        "a=rtcp-mux\na=mid:no\na=ssrc:5 cname:no\na=rtcp-xr:voip-metrics\n"
        "m=audio 4000 RTP/AVP 0\n";
    struct fixture f = read_text(session);
    cr_assert_eq(f.audio.direction, SDP_SENDONLY);
    cr_assert_eq(f.audio.ptime_ms, 30);
    cr_assert_eq(f.audio.maxptime_ms, 60);
    cr_assert_eq(f.audio.audio_level_id, 3);
    cr_assert_eq(f.audio.max_bps, 100000);
    cr_assert(f.audio.xr_voip_metrics);
    cr_assert_not(f.audio.rtcp_mux);
    cr_assert_null(f.audio.mid.p);
    cr_assert_eq(f.audio.n_ssrcs, 0);
    sdp_destroy(f.sdp);

    char text[2048];
    snprintf(text, sizeof text,
        "%sb=TIAS:32000\nb=AS:50\na=inactive\na=ptime:20\na=maxptime:40\na=extmap:7 %s\n", session,
        SDP_AUDIO_LEVEL_URI);
    f = read_text(text);
    cr_assert_eq(f.audio.direction, SDP_INACTIVE);
    cr_assert_eq(f.audio.ptime_ms, 20);
    cr_assert_eq(f.audio.maxptime_ms, 40);
    cr_assert_eq(f.audio.audio_level_id, 7);
    cr_assert_eq(f.audio.max_bps, 32000);
    sdp_destroy(f.sdp);
}

Test(sdp_audio, packet_times_that_make_no_sense_are_passed_over)
{
    static const struct {
        const char *value;
        unsigned ms;
    } cases[] = {{"20", 20}, {" 40 ", 40}, {"0", 0}, {"-20", 0}, {"20.5", 0}, {"1001", 0},
        {"4294967316", 0}, {"", 0}, {"x", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char attrs[64];
        snprintf(
            attrs, sizeof attrs, "a=ptime:%s\na=maxptime:%s\n", cases[i].value, cases[i].value);
        struct fixture f = read_attrs("0", attrs);
        cr_assert_eq(f.audio.ptime_ms, cases[i].ms, "%s", cases[i].value);
        cr_assert_eq(f.audio.maxptime_ms, cases[i].ms, "%s", cases[i].value);
        sdp_destroy(f.sdp);
    }
}

Test(sdp_audio, header_extension_for_levels)
{
    static const struct {
        const char *value;
        unsigned id;
    } cases[] = {
        {"1 " SDP_AUDIO_LEVEL_URI, 1},
        {"14 " SDP_AUDIO_LEVEL_URI " vad=on", 14},
        {"2/sendonly " SDP_AUDIO_LEVEL_URI, 2},
        {"2/sendrecv " SDP_AUDIO_LEVEL_URI, 2},
        {"255 " SDP_AUDIO_LEVEL_URI, 255},
        {"15 " SDP_AUDIO_LEVEL_URI, 0},
        {"0 " SDP_AUDIO_LEVEL_URI, 0},
        {"4096 " SDP_AUDIO_LEVEL_URI, 0},
        {"2/recvonly " SDP_AUDIO_LEVEL_URI, 0},
        {"2/inactive " SDP_AUDIO_LEVEL_URI, 0},
        {"2 " SDP_AUDIO_LEVEL_URI "2", 0},
        {"2 urn:ietf:params:rtp-hdrext:csrc-audio-level", 0},
        {"2", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char attrs[128];
        snprintf(attrs, sizeof attrs, "a=extmap:%s\n", cases[i].value);
        struct fixture f = read_attrs("0", attrs);
        cr_assert_eq(f.audio.audio_level_id, cases[i].id, "%s", cases[i].value);
        sdp_destroy(f.sdp);
    }
}

Test(sdp_audio, feedback_and_sources)
{
    struct fixture f = read_attrs("0",
        "a=rtcp-fb:* nack pli\na=rtcp-fb:0 transport-cc\na=rtcp-mux\na=mid: a1 \n"
        "a=ssrc:4294967295 cname:x\na=ssrc:4294967295 msid:a b\na=ssrc:1\na=ssrc:4294967296 x\n"
        "a=ssrc:x\na=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt\n");
    cr_assert_not(f.audio.fb_nack);
    cr_assert(f.audio.fb_transport_cc);
    cr_assert(f.audio.rtcp_mux);
    cr_assert_not(f.audio.xr_voip_metrics);
    cr_assert(sdp_str_eq(f.audio.mid, "a1"));
    cr_assert_eq(f.audio.n_ssrcs, 2);
    cr_assert_eq(f.audio.ssrcs[0], 4294967295);
    cr_assert_eq(f.audio.ssrcs[1], 1);
    sdp_destroy(f.sdp);
    f = read_attrs("0", "a=rtcp-fb:* nack\n");
    cr_assert(f.audio.fb_nack);
    sdp_destroy(f.sdp);
}

Test(sdp_audio, many_sources_are_bounded)
{
    char attrs[4096] = "";
    for (int i = 0; i < 100; i++)
        snprintf(attrs + strlen(attrs), sizeof attrs - strlen(attrs), "a=ssrc:%d cname:x\n", i);
    struct fixture f = read_attrs("0", attrs);
    cr_assert_eq(f.audio.n_ssrcs, SDP_AUDIO_MAX_SSRCS);
    sdp_destroy(f.sdp);
}

#define KEY30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define CM80  " AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\n"

Test(sdp_audio, keys)
{
    struct fixture f = read_attrs("0",
        "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" KEY30 "\na=crypto:2" CM80
        "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\na=crypto:nonsense\na=crypto:3" CM80);
    cr_assert(f.audio.has_crypto);
    cr_assert_eq(f.audio.n_crypto, 2);
    cr_assert_eq(f.audio.crypto[0].tag, 2);
    cr_assert_eq(f.audio.crypto[0].suite, SDES_AES_CM_128_HMAC_SHA1_80);
    cr_assert_eq(f.audio.crypto[1].tag, 3);
    sdp_destroy(f.sdp);
    f = read_attrs("0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" KEY30 "\n");
    cr_assert(f.audio.has_crypto);
    cr_assert_eq(f.audio.n_crypto, 0);
    sdp_destroy(f.sdp);
}

Test(sdp_audio, keys_of_the_medium_replace_those_of_the_session)
{
    struct fixture f = read_text(
        "v=0\nc=IN IP4 192.0.2.1\na=crypto:1" CM80 "m=audio 4000 RTP/SAVP 0\na=crypto:5" CM80);
    cr_assert_eq(f.audio.n_crypto, 1);
    cr_assert_eq(f.audio.crypto[0].tag, 5);
    sdp_destroy(f.sdp);
    f = read_text("v=0\nc=IN IP4 192.0.2.1\na=crypto:1" CM80 "m=audio 4000 RTP/SAVP 0\n");
    cr_assert_eq(f.audio.n_crypto, 1);
    cr_assert_eq(f.audio.crypto[0].tag, 1);
    cr_assert_eq(f.audio.profile, SDP_PROFILE_SRTP);
    sdp_destroy(f.sdp);
}

Test(sdp_audio, profiles)
{
    static const struct {
        const char *proto;
        enum sdp_profile profile;
    } cases[] = {{"RTP/AVP", SDP_PROFILE_RTP}, {"RTP/AVPF", SDP_PROFILE_RTP},
        {"RTP/SAVP", SDP_PROFILE_SRTP}, {"RTP/SAVPF", SDP_PROFILE_SRTP},
        {"rtp/avp", SDP_PROFILE_RTP}, {"UDP/TLS/RTP/SAVPF", SDP_PROFILE_DTLS},
        {"UDP/TLS/RTP/SAVP", SDP_PROFILE_DTLS}, {"TCP/DTLS/RTP/SAVPF", SDP_PROFILE_DTLS},
        {"TCP/TLS/RTP/SAVPF", SDP_PROFILE_DTLS}, {"UDP/DTLS/SCTP", SDP_PROFILE_OTHER},
        {"TCP/RTP/AVP", SDP_PROFILE_OTHER}, {"udptl", SDP_PROFILE_OTHER},
        {"RTP/AVPX", SDP_PROFILE_OTHER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(sdp_profile(sdp_str(cases[i].proto)), cases[i].profile, "%s", cases[i].proto);
}
