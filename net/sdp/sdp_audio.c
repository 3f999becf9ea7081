#include "net/sdp/sdp_audio.h"

#include <errno.h>
#include <string.h>

/* RFC 3551, tables 4 and 5 */
static const struct static_format {
    uint8_t pt, channels;
    uint16_t clock_hz;
    const char *name;
} static_formats[] = {
    {0, 1, 8000, "PCMU"},
    {3, 1, 8000, "GSM"},
    {4, 1, 8000, "G723"},
    {5, 1, 8000, "DVI4"},
    {6, 1, 16000, "DVI4"},
    {7, 1, 8000, "LPC"},
    {8, 1, 8000, "PCMA"},
    {9, 1, 8000, "G722"},
    {10, 2, 44100, "L16"},
    {11, 1, 44100, "L16"},
    {12, 1, 8000, "QCELP"},
    {13, 1, 8000, "CN"},
    {15, 1, 8000, "G728"},
    {16, 1, 11025, "DVI4"},
    {17, 1, 22050, "DVI4"},
    {18, 1, 8000, "G729"},
};

enum { NO_FORMAT = 255, N_PAYLOAD_TYPES = 128, MAX_PTIME_MS = 1000 };

struct reader {
    struct sdp_audio *audio;
    struct sdp_error *why;
    uint8_t index[N_PAYLOAD_TYPES]; /* payload type to format */
    bool mapped[SDP_AUDIO_MAX_FORMATS];
};

static int fail(struct reader *r, const char *text)
{
    *r->why = (struct sdp_error){.text = text};
    return -EINVAL;
}

enum sdp_profile sdp_profile(struct sdp_str proto)
{
    if (sdp_str_ieq(proto, "RTP/AVP") || sdp_str_ieq(proto, "RTP/AVPF"))
        return SDP_PROFILE_RTP;
    if (sdp_str_ieq(proto, "RTP/SAVP") || sdp_str_ieq(proto, "RTP/SAVPF"))
        return SDP_PROFILE_SRTP;
    if (sdp_str_ieq(proto, "UDP/TLS/RTP/SAVPF") || sdp_str_ieq(proto, "UDP/TLS/RTP/SAVP") ||
        sdp_str_ieq(proto, "TCP/DTLS/RTP/SAVPF") || sdp_str_ieq(proto, "TCP/DTLS/RTP/SAVP") ||
        sdp_str_ieq(proto, "TCP/TLS/RTP/SAVPF"))
        return SDP_PROFILE_DTLS;
    return SDP_PROFILE_OTHER;
}

const char *sdp_direction_name(enum sdp_direction d)
{
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    return names[d];
}

/* --- addresses -------------------------------------------------------------------------------- */
static int read_address(struct reader *r, const struct sdp_conn *c, struct net_addr *out)
{
    char ip[NET_ADDR_TEXT_MAX];
    if (!sdp_str_ieq(c->nettype, "IN") ||
        !(sdp_str_ieq(c->addrtype, "IP4") || sdp_str_ieq(c->addrtype, "IP6")))
        return fail(r, "only addresses of the types IN IP4 and IN IP6 can be used");
    if (sdp_str_copy(c->addr, ip, sizeof ip) || net_addr_parse(out, ip, 0))
        return fail(r, "the media address must be one numeric IP address");
    return 0;
}

static int read_conn(struct reader *r, const struct sdp *s, const struct sdp_media *m)
{
    struct sdp_audio *a = r->audio;
    if (a->profile == SDP_PROFILE_DTLS)
        return 0;
    const struct sdp_conn *c = m->section.conn.addr.p ? &m->section.conn : &s->session.conn;
    struct net_addr addr;
    if (!c->addr.p)
        return fail(r, "the audio has no c= line");
    int err = read_address(r, c, &addr);
    if (err)
        return err;
    a->hold_address = net_addr_is_any(&addr);
    if (a->hold_address)
        return 0;
    a->rtp = a->rtcp = addr;
    a->rtp.port = (uint16_t)m->port;
    a->rtcp.port = (uint16_t)(m->port + 1);
    if (!a->rtcp.port)
        a->rtcp = (struct net_addr){0};
    return 0;
}

/* port [nettype addrtype address] (RFC 3605); 0.0.0.0 stands for "not known yet". */
static int read_rtcp(struct reader *r, struct sdp_str v)
{
    struct sdp_audio *a = r->audio;
    uint64_t port;
    struct sdp_str word = sdp_str_word(&v);
    struct sdp_conn c = {0};
    if (a->profile == SDP_PROFILE_DTLS)
        return 0;
    if (sdp_str_number(word, UINT16_MAX, &port))
        return fail(r, "the port of a=rtcp must be 0 to 65535");
    c.nettype = sdp_str_word(&v);
    c.addrtype = sdp_str_word(&v);
    c.addr = sdp_str_word(&v);
    struct net_addr addr = a->rtp;
    int err = c.nettype.p ? read_address(r, &c, &addr) : 0;
    if (err)
        return err;
    addr.port = (uint16_t)port;
    if (!port || a->hold_address || net_addr_is_any(&addr))
        addr = (struct net_addr){0};
    a->rtcp = addr;
    return 0;
}

/* --- formats ---------------------------------------------------------------------------------- */
static void fill_static(struct sdp_format *f)
{
    for (size_t i = 0; i < sizeof static_formats / sizeof *static_formats; i++) {
        const struct static_format *sf = &static_formats[i];
        if (sf->pt != f->pt)
            continue;
        f->name = sdp_str(sf->name);
        f->clock_hz = sf->clock_hz;
        f->channels = sf->channels;
    }
}

static void read_formats(struct reader *r, struct sdp_str list)
{
    struct sdp_audio *a = r->audio;
    struct sdp_str word;
    memset(r->index, NO_FORMAT, sizeof r->index);
    while (a->n_formats < SDP_AUDIO_MAX_FORMATS && (word = sdp_str_word(&list)).p) {
        uint64_t pt;
        if (sdp_str_number(word, N_PAYLOAD_TYPES - 1, &pt) || r->index[pt] != NO_FORMAT)
            continue;
        struct sdp_format *f = &a->formats[a->n_formats];
        *f = (struct sdp_format){.pt = (uint8_t)pt, .channels = 1};
        fill_static(f);
        r->index[pt] = (uint8_t)a->n_formats++;
    }
}

/* The format whose payload type is the first word of *v, or NO_FORMAT. */
static unsigned take_format(struct reader *r, struct sdp_str *v)
{
    uint64_t pt;
    if (sdp_str_number(sdp_str_word(v), N_PAYLOAD_TYPES - 1, &pt))
        return NO_FORMAT;
    *v = sdp_str_trim(*v);
    return r->index[pt];
}

/* Of several for one payload type the first counts; one that makes no sense counts as none. */
static int read_rtpmap(struct reader *r, struct sdp_str v)
{
    unsigned i = take_format(r, &v);
    uint64_t clock, channels = 1;
    struct sdp_str name = sdp_str_cut(&v, '/'), clock_text = sdp_str_cut(&v, '/');
    if (i == NO_FORMAT || r->mapped[i] || !name.n)
        return 0;
    if (sdp_str_number(clock_text, UINT32_MAX, &clock) || !clock)
        return 0;
    if (v.n && (sdp_str_number(v, 255, &channels) || !channels))
        return 0;
    struct sdp_format *f = &r->audio->formats[i];
    r->mapped[i] = true;
    f->name = name;
    f->clock_hz = (uint32_t)clock;
    f->channels = (unsigned)channels;
    return 0;
}

static int read_fmtp(struct reader *r, struct sdp_str v)
{
    unsigned i = take_format(r, &v);
    if (i != NO_FORMAT && !r->audio->formats[i].fmtp.p)
        r->audio->formats[i].fmtp = v;
    return 0;
}

/* --- other attributes ------------------------------------------------------------------------- */
static void read_ms(struct sdp_str v, unsigned *out)
{
    uint64_t ms;
    if (!sdp_str_number(sdp_str_trim(v), MAX_PTIME_MS, &ms) && ms)
        *out = (unsigned)ms;
}

static int read_ptime(struct reader *r, struct sdp_str v)
{
    read_ms(v, &r->audio->ptime_ms);
    return 0;
}

static int read_maxptime(struct reader *r, struct sdp_str v)
{
    read_ms(v, &r->audio->maxptime_ms);
    return 0;
}

static int read_rtcp_mux(struct reader *r, struct sdp_str v)
{
    (void)v;
    r->audio->rtcp_mux = true;
    return 0;
}

static int read_rtcp_rsize(struct reader *r, struct sdp_str v)
{
    (void)v;
    r->audio->rtcp_rsize = true;
    return 0;
}

static int read_mid(struct reader *r, struct sdp_str v)
{
    r->audio->mid = sdp_str_trim(v);
    return 0;
}

/* id ["/" direction] URI; 15 is reserved, above 255 are only placeholders (RFC 8285, 5 and 6). An
 * id taken by another extension is not taken again. */
static int read_extmap(struct reader *r, struct sdp_str v)
{
    struct sdp_audio *a = r->audio;
    struct sdp_str direction = sdp_str_word(&v), uri = sdp_str_word(&v);
    struct sdp_str id_text = sdp_str_cut(&direction, '/');
    uint16_t *to = NULL;
    uint64_t id;
    if (sdp_str_eq(uri, SDP_AUDIO_LEVEL_URI))
        to = &a->audio_level_id;
    else if (sdp_str_eq(uri, SDP_MID_URI))
        to = &a->mid_id;
    else if (sdp_str_eq(uri, SDP_TRANSPORT_CC_URI))
        to = &a->transport_cc_id;
    if (!to || sdp_str_number(id_text, 255, &id) || !id || id == 15)
        return 0;
    if (sdp_str_eq(direction, "recvonly") || sdp_str_eq(direction, "inactive"))
        return 0;
    if (id == a->audio_level_id || id == a->mid_id || id == a->transport_cc_id)
        return 0;
    *to = (uint16_t)id;
    return 0;
}

static int read_rtcp_fb(struct reader *r, struct sdp_str v)
{
    sdp_str_word(&v);
    struct sdp_str type = sdp_str_word(&v), parameter = sdp_str_word(&v);
    r->audio->fb_nack |= sdp_str_eq(type, "nack") && !parameter.p;
    r->audio->fb_transport_cc |= sdp_str_eq(type, "transport-cc");
    return 0;
}

static int read_rtcp_xr(struct reader *r, struct sdp_str v)
{
    struct sdp_str word;
    while ((word = sdp_str_word(&v)).p)
        r->audio->xr_voip_metrics |= sdp_str_eq(word, "voip-metrics");
    return 0;
}

static int read_ssrc(struct reader *r, struct sdp_str v)
{
    struct sdp_audio *a = r->audio;
    uint64_t ssrc;
    if (a->n_ssrcs == SDP_AUDIO_MAX_SSRCS || sdp_str_number(sdp_str_word(&v), UINT32_MAX, &ssrc))
        return 0;
    for (size_t i = 0; i < a->n_ssrcs; i++)
        if (a->ssrcs[i] == ssrc)
            return 0;
    a->ssrcs[a->n_ssrcs++] = (uint32_t)ssrc;
    return 0;
}

/* What cannot be used is passed over: the offer may hold another (RFC 4568, 5.1.2). */
static int read_crypto(struct reader *r, struct sdp_str v)
{
    struct sdp_audio *a = r->audio;
    a->has_crypto = true;
    if (a->n_crypto == SDP_AUDIO_MAX_CRYPTO)
        return 0;
    struct sdes_crypto *c = &a->crypto[a->n_crypto];
    if (sdes_parse(v, c))
        return 0;
    for (size_t i = 0; i < a->n_crypto; i++)
        if (a->crypto[i].tag == c->tag)
            return 0;
    a->n_crypto++;
    return 0;
}

/* --- the medium ------------------------------------------------------------------------------- */
static const struct handler {
    const char *name;
    int (*read)(struct reader *r, struct sdp_str value);
    bool of_session; /* may stand there for all media */
} handlers[] = {
    {"rtpmap", read_rtpmap, false},
    {"fmtp", read_fmtp, false},
    {"ptime", read_ptime, true},
    {"maxptime", read_maxptime, true},
    {"rtcp", read_rtcp, false},
    {"rtcp-mux", read_rtcp_mux, false},
    {"rtcp-mux-only", read_rtcp_mux, false},
    {"rtcp-rsize", read_rtcp_rsize, false},
    {"mid", read_mid, false},
    {"extmap", read_extmap, true},
    {"rtcp-fb", read_rtcp_fb, false},
    {"rtcp-xr", read_rtcp_xr, true},
    {"ssrc", read_ssrc, false},
    {"crypto", read_crypto, true},
};

static int read_attr(struct reader *r, const struct sdp_attr *attr, bool of_session)
{
    for (enum sdp_direction d = SDP_INACTIVE; d <= SDP_SENDRECV; d++)
        if (sdp_str_eq(attr->name, sdp_direction_name(d)))
            r->audio->direction = d;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (sdp_str_eq(attr->name, handlers[i].name))
            return of_session && !handlers[i].of_session ? 0 : handlers[i].read(r, attr->value);
    return 0;
}

static int read_section(
    struct reader *r, const struct sdp *s, const struct sdp_section *section, bool of_session)
{
    for (size_t i = 0; i < section->n_attrs; i++) {
        int err = read_attr(r, &s->attrs[section->first_attr + i], of_session);
        if (err)
            return err;
    }
    return 0;
}

static uint32_t max_bps(const struct sdp_section *section)
{
    if (section->tias_bps || !section->as_kbps)
        return section->tias_bps;
    return section->as_kbps > UINT32_MAX / 1000 ? UINT32_MAX : section->as_kbps * 1000;
}

int sdp_audio_read(const struct sdp *s, size_t index, struct sdp_audio *out, struct sdp_error *why)
{
    const struct sdp_media *m = &s->media[index];
    struct reader r = {.audio = out, .why = why};
    *out = (struct sdp_audio){.profile = sdp_profile(m->proto), .direction = SDP_SENDRECV};
    out->max_bps = max_bps(&m->section);
    if (!out->max_bps)
        out->max_bps = max_bps(&s->session);
    read_formats(&r, m->formats);
    int err = read_conn(&r, s, m);
    if (!err)
        err = read_section(&r, s, &s->session, true);
    /* Keys of the medium stand instead of those of the session, not beside them. */
    if (sdp_attr(s, &m->section, "crypto", NULL))
        out->n_crypto = 0;
    return err ? err : read_section(&r, s, &m->section, false);
}

void sdp_audio_wipe(struct sdp_audio *a)
{
    explicit_bzero(a, sizeof *a);
}
