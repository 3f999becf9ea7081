#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool accepts_opus(const char *fmtp, const void *impl)
{
    (void)impl;
    return !strstr(fmtp, "refuse-me");
}

static int print_opus(char *buf, size_t cap, uint32_t max_bps, const void *impl)
{
    if (max_bps)
        return snprintf(buf, cap, "useinbandfec=%s;maxaveragebitrate=%u", (const char *)impl,
            (unsigned)max_bps);
    return snprintf(buf, cap, "useinbandfec=%s", (const char *)impl);
}

const struct answer_codec answering_codecs[ANSWERING_CODECS] = {
    {.name = "opus",
        .clock_hz = 48000,
        .channels = 2,
        .impl = "1",
        .accepts = accepts_opus,
        .print_fmtp = print_opus},
    {.name = "L16", .clock_hz = 48000, .channels = 1, .max_ptime_ms = 10},
    {.name = "G722", .clock_hz = 8000, .channels = 1},
    {.name = "PCMA", .clock_hz = 8000, .channels = 1},
    {.name = "PCMU", .clock_hz = 8000},
};

static uint8_t next_byte;
static int counting_bytes(void *buf, size_t n, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)buf)[i] = next_byte++;
    return 0;
}

struct answer_config answering_config(void)
{
    struct answer_config c = {
        .rtcp_port = 20001,
        .rtcp_mux = true,
        .codecs = answering_codecs,
        .n_codecs = ANSWERING_CODECS,
        .telephone_event = true,
        .comfort_noise = true,
        .srtp = ANSWER_SRTP_PREFER,
        .audio_level = true,
        .random = counting_bytes,
    };
    net_addr_parse(&c.local, "192.0.2.1", 20000);
    return c;
}

const struct ice_credentials *answering_credentials(unsigned n)
{
    static struct ice_credentials c[10];
    snprintf(c[n].ufrag, sizeof c[n].ufrag, "ours%u", n);
    snprintf(c[n].pwd, sizeof c[n].pwd, "ours0123456789abcdefgh%u", n);
    return &c[n];
}

struct answer_config answering_webrtc_config(void)
{
    static struct answer_webrtc webrtc;
    struct answer_config c = answering_config();
    webrtc = (struct answer_webrtc){
        .credentials = answering_credentials(0),
        .fingerprint = "sha-256 AA:BB",
        .n_candidates = 2,
        .transport_cc = true,
        .mid_extension = true,
        .nack = true,
        .red = true,
        .video = true,
        .stream_id = "mix",
        .track_id = "audio",
    };
    net_addr_parse(&webrtc.candidates[0].addr, "192.0.2.1", 10000);
    webrtc.candidates[1] = (struct sdp_ice_candidate){webrtc.candidates[0].addr, true};
    c.webrtc = &webrtc;
    return c;
}

struct answer *answering(const char *offer, struct answer_config cfg, const struct answer *prev)
{
    struct answer *a = NULL;
    struct sdp_error why;
    int err = answer_create(offer, strlen(offer), &cfg, prev, &a, &why);
    cr_assert_eq(err, 0, "%d, line %u: %s", err, why.line, why.text);
    return a;
}

int answering_refused(const char *offer, struct answer_config cfg, const struct answer *prev)
{
    struct answer *a = NULL;
    struct sdp_error why = {0};
    int err = answer_create(offer, strlen(offer), &cfg, prev, &a, &why);
    cr_assert_null(a, "%s", a ? answer_sdp(a) : "");
    cr_assert_not_null(why.text);
    return err;
}

static bool has_line(const struct answer *a, const char *line)
{
    char whole[512];
    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    return strstr(answer_sdp(a), whole) != NULL;
}

void answering_assert_line(const struct answer *a, const char *line)
{
    cr_assert(has_line(a, line), "no %s in\n%s", line, answer_sdp(a));
}

void answering_assert_no_line(const struct answer *a, const char *line)
{
    cr_assert_not(has_line(a, line), "%s in\n%s", line, answer_sdp(a));
}

/* --- JSEP and BUNDLE ---------------------------------------------------------------------------
 */
static struct sdp *parsed(const char *text)
{
    struct sdp *s = NULL;
    struct sdp_error why;
    cr_assert_eq(sdp_parse(text, strlen(text), &s, &why), 0, "%s\n%s", why.text, text);
    return s;
}

static struct sdp_str value_of(const struct sdp *s, const struct sdp_section *at, const char *name)
{
    const struct sdp_attr *a = sdp_attr(s, at, name, NULL);
    return a ? a->value : (struct sdp_str){NULL, 0};
}

static bool same(struct sdp_str a, struct sdp_str b)
{
    return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static bool in_group(const struct sdp *s, struct sdp_str mid)
{
    struct sdp_str list = value_of(s, &s->session, "group"), word;
    while ((word = sdp_str_word(&list)).p)
        if (same(word, mid))
            return true;
    return false;
}

static bool has_extension(
    const struct sdp *s, const struct sdp_media *m, const struct sdp_attr *want)
{
    const struct sdp_attr *a = NULL;
    while ((a = sdp_attr(s, &m->section, "extmap", a)))
        if (same(a->value, want->value))
            return true;
    return false;
}

static void assert_line(const struct sdp *in, const struct sdp *out, size_t i, bool taken)
{
    const struct sdp_media *offered = &in->media[i], *m = &out->media[i];
    struct sdp_str mid = value_of(out, &m->section, "mid");
    cr_assert(same(offered->type, m->type) && same(offered->proto, m->proto));
    cr_assert(same(value_of(in, &offered->section, "mid"), mid));
    cr_assert(m->section.conn.addr.p || out->session.conn.addr.p, "line %zu has no c=", i);
    if (in_group(in, mid))
        cr_assert_eq(m->port != 0, in_group(out, mid), "line %zu", i);
    if (!m->port)
        return;
    cr_assert(sdp_media_alive(in, offered));
    cr_assert(taken || sdp_attr(out, &m->section, "inactive", NULL), "line %zu", i);
    static const char *const needed[] = {
        "rtcp-mux", "ice-ufrag", "ice-pwd", "fingerprint", "setup"};
    for (size_t k = 0; k < sizeof needed / sizeof *needed; k++)
        cr_assert(sdp_attr(out, &m->section, needed[k], NULL), "line %zu: %s", i, needed[k]);
    const struct sdp_attr *a = NULL;
    while ((a = sdp_attr(out, &m->section, "extmap", a)))
        cr_assert(has_extension(in, offered, a), "extmap:%.*s", SDP_STR_ARG(a->value));
}

/* The group's first line has the candidates; without a group the one that is taken. */
static void assert_candidates(const struct sdp *out, size_t taken)
{
    struct sdp_str list = value_of(out, &out->session, "group");
    sdp_str_word(&list);
    struct sdp_str tagged = sdp_str_word(&list);
    for (size_t i = 0; i < out->n_media; i++) {
        const struct sdp_section *s = &out->media[i].section;
        bool first = tagged.p ? same(value_of(out, s, "mid"), tagged) : i == taken;
        cr_assert_eq(sdp_attr(out, s, "candidate", NULL) != NULL, first, "line %zu", i);
        cr_assert_eq(sdp_attr(out, s, "end-of-candidates", NULL) != NULL, first, "line %zu", i);
    }
}

void answering_assert_jsep(const struct answer *a, const char *offer)
{
    struct sdp *in = parsed(offer), *out = parsed(answer_sdp(a));
    cr_assert_eq(in->n_media, out->n_media);
    for (size_t i = 0; i < in->n_media; i++)
        assert_line(in, out, i, i == answer_audio(a)->index);
    assert_candidates(out, answer_audio(a)->index);
    cr_assert(sdp_attr(out, &out->session, "ice-lite", NULL));
    sdp_destroy(in);
    sdp_destroy(out);
}
