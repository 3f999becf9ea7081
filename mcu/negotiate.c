#include "mcu/negotiate.h"

#include "codecs/opus_fmtp.h"
#include "net/rtp/srtp_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    CODECS_MAX = 16,
    MAX_PAYLOAD_BYTES = 1200, /* of a packet that stays whole on the way */
    THIN_PTIME_MS = 60,
    THIN_OPUS_BPS = 12000, /* wideband; with 60 ms a packet and all headers about 20 kbit/s */
    HEADERS_BYTES = 40,    /* RTP, UDP, IP of a packet, when the peer limits its line */
};

static bool accepts(const char *fmtp, const void *impl)
{
    const struct acodec *codec = impl;
    struct acodec_params p = {.ptime_ms = 20, .channels = 1};
    return !codec->fmtp_parse || codec->fmtp_parse(fmtp, &p) == 0;
}

/* What we like to get: loss made good in-band, nothing while nobody speaks. */
static int print_fmtp(char *buf, size_t cap, uint32_t max_bps, const void *impl)
{
    const struct acodec *codec = impl;
    const struct acodec_params wanted = {
        .ptime_ms = 20, .channels = 1, .fec = true, .dtx = true, .bitrate_bps = max_bps};
    return codec->fmtp_print ? codec->fmtp_print(&wanted, buf, cap) : 0;
}

/* Uncompressed audio does not fit a packet for long. */
static unsigned max_ptime_ms(const struct acodec *codec)
{
    if (strcmp(codec->name, "L16") != 0)
        return 0;
    return MAX_PAYLOAD_BYTES / (codec->pcm_rate_hz * sizeof(int16_t) / 1000) / 10 * 10;
}

/* Answers keep pointing to it, so it is made once and stays. */
static struct answer_codec codecs[CODECS_MAX];
static size_t n_codecs;

static void list_codecs(void)
{
    for (; n_codecs < CODECS_MAX && acodecs[n_codecs]; n_codecs++) {
        const struct acodec *codec = acodecs[n_codecs];
        codecs[n_codecs] = (struct answer_codec){
            .name = codec->name,
            .clock_hz = codec->rtp_clock_hz,
            .channels = codec->sdp_channels,
            .max_ptime_ms = max_ptime_ms(codec),
            .impl = codec,
            .accepts = accepts,
            .print_fmtp = print_fmtp,
        };
    }
}

static void add_format(struct leg_media *m, struct leg_format f)
{
    if (m->n_formats < LEG_FORMATS_MAX)
        m->formats[m->n_formats++] = f;
}

/* Of several clocks the one of the audio we send, else the first. */
static struct leg_format add_events(
    struct leg_media *m, const struct answer_event *events, size_t n, enum leg_format_kind kind)
{
    struct leg_format ours = {0};
    for (size_t i = 0; i < n; i++) {
        struct leg_format f = {.pt = events[i].pt, .kind = kind, .clock_hz = events[i].clock_hz};
        add_format(m, f);
        if (i == 0 || f.clock_hz == m->audio.clock_hz)
            ours = f;
    }
    return ours;
}

static void limit_bitrate(struct acodec_params *p, const struct answer_audio *a, uint32_t max_bps)
{
    if (!p->bitrate_bps)
        p->bitrate_bps = OPUS_DEFAULT_BPS;
    if (max_bps && p->bitrate_bps > max_bps)
        p->bitrate_bps = max_bps;
    uint32_t headers_bps = HEADERS_BYTES * 8 * 1000 / p->ptime_ms;
    if (a->max_bps && p->bitrate_bps + headers_bps > a->max_bps)
        p->bitrate_bps =
            a->max_bps > headers_bps + OPUS_MIN_BPS ? a->max_bps - headers_bps : OPUS_MIN_BPS;
}

static void fill_formats(struct leg_media *m, const struct answer_audio *a, uint32_t max_bps)
{
    for (size_t i = 0; i < a->n_formats; i++)
        add_format(m, (struct leg_format){
                          .pt = a->formats[i].pt,
                          .kind = LEG_FORMAT_AUDIO,
                          .codec = a->formats[i].codec->impl,
                          .clock_hz = a->formats[i].codec->clock_hz,
                      });
    m->audio = m->formats[0];
    m->noise = add_events(m, a->noises, a->n_noises, LEG_FORMAT_NOISE);
    m->event = add_events(m, a->events, a->n_events, LEG_FORMAT_EVENT);
    if (a->red_pt)
        add_format(m, (struct leg_format){
                          .pt = a->red_pt, .kind = LEG_FORMAT_RED, .clock_hz = m->audio.clock_hz});
    if (m->noise.clock_hz != m->audio.clock_hz)
        m->noise.clock_hz = 0;

    bool adaptable = m->audio.codec->enc_adapt;
    m->params = (struct acodec_params){.ptime_ms = a->ptime_ms, .channels = 1, .fec = adaptable};
    if (m->audio.codec->fmtp_parse)
        m->audio.codec->fmtp_parse(a->formats[0].fmtp, &m->params);
    if (adaptable)
        limit_bitrate(&m->params, a, max_bps);
}

static int make_srtp(struct transport_terms *t, const struct answer_audio *a,
    const struct answer *prev, uint32_t ssrc)
{
    const struct answer_audio *before = prev ? answer_audio(prev) : NULL;
    t->new_keys = !before || !sdes_same_key(&before->remote, &a->remote) ||
                  !sdes_same_key(&before->local, &a->local);
    if (a->local.suite == SDES_NONE)
        return 0;
    t->srtp_suite = sdes_suite_name(a->local.suite);
    if (!t->new_keys)
        return 0;
    int err = srtp_session_create_in(
        &t->in, a->remote.suite, a->remote.key, sdes_key_bytes(a->remote.suite));
    if (!err)
        err = srtp_session_create_out(
            &t->out, a->local.suite, a->local.key, sdes_key_bytes(a->local.suite), &ssrc, 1);
    if (err)
        transport_terms_drop(t);
    return err;
}

/* A peer that names one of our own media ports would make us talk to ourselves. */
static bool media_ok(const struct net_addr *a, void *arg)
{
    const struct negotiate_config *cfg = arg;
    bool ours =
        net_addr_same_ip(a, &cfg->local) && a->port >= cfg->own_first && a->port <= cfg->own_last;
    return !ours && net_addr_media_ok(a, &cfg->local);
}

/* 0 or -ENOMEM. */
static int take_transport(struct transport_terms *t, const struct answer *a)
{
    const struct answer_transport *agreed = answer_transport(a);
    if (!agreed)
        return 0;
    t->webrtc = malloc(sizeof(*t->webrtc));
    if (!t->webrtc)
        return -ENOMEM;
    *t->webrtc = *agreed;
    return 0;
}

static struct answer_config answer_config_of(const struct negotiate_config *cfg)
{
    return (struct answer_config){
        .local = cfg->local,
        .rtcp_port = cfg->rtcp_port,
        .rtcp_mux = true,
        .codecs = codecs,
        .n_codecs = n_codecs,
        .telephone_event = true,
        .comfort_noise = true,
        .ptime_ms = cfg->thin ? THIN_PTIME_MS : 0,
        .ptimes_ms = {10, 20, 40, 60},
        .maxptime_ms = 60,
        .srtp = cfg->srtp,
        .audio_level = true,
        .xr_voip_metrics = true,
        .session_name = "Mischpult",
        .ssrc = cfg->ssrc,
        .cname = cfg->cname,
        .told_ptime_ms = cfg->thin ? THIN_PTIME_MS : 0,
        .told_max_bps = cfg->thin ? THIN_OPUS_BPS : 0,
        .media_ok = media_ok,
        .arg = (void *)cfg,
        .webrtc = cfg->webrtc,
    };
}

int negotiate(const char *offer, size_t len, const struct negotiate_config *cfg,
    const struct answer *prev, struct answer **answer, struct leg_media *media,
    struct sdp_error *why)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, list_codecs);
    const struct answer_config ac = answer_config_of(cfg);
    struct answer *a;
    int err = answer_create(offer, len, &ac, prev, &a, why);
    if (err)
        return err;
    const struct answer_audio *agreed = answer_audio(a);
    struct leg_media m = {
        .audio_level_id = (uint8_t)agreed->audio_level_id,
        .transport_cc_id = agreed->transport_cc ? (uint8_t)agreed->transport_cc_id : 0,
        .red_pt = agreed->red_pt,
        .rtcp_rsize = agreed->rtcp_rsize,
        .send = agreed->direction & SDP_SENDONLY,
        .receive = agreed->direction & SDP_RECVONLY,
        .held = agreed->hold,
        .xr_voip_metrics = agreed->xr_voip_metrics,
        .transport = {.rtp = agreed->rtp, .rtcp = agreed->rtcp, .rtcp_mux = agreed->rtcp_mux},
    };
    fill_formats(&m, agreed, cfg->thin ? THIN_OPUS_BPS : cfg->opus_bitrate_bps);
    err = take_transport(&m.transport, a);
    if (!err && !m.transport.webrtc)
        err = make_srtp(&m.transport, agreed, prev, cfg->ssrc);
    if (err) {
        answer_destroy(a);
        *why = (struct sdp_error){.text = "no SRTP session could be made"};
        return err;
    }
    *media = m;
    *answer = a;
    return 0;
}
