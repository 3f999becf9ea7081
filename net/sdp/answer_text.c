#include "net/sdp/answer_text.h"

#include "net/sdp/answer_bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A BUNDLE group stays one if the audio was in it; it is then its only member (RFC 9143, 7.3). */
static void add_group(struct sdp *s, const struct sdp *offer, size_t index)
{
    struct answer_bundle bundle;
    answer_bundle_read(offer, index, &bundle);
    if (bundle.n)
        sdp_add_attr(
            s, "group", "BUNDLE %.*s", SDP_STR_ARG(answer_mid(offer, &offer->media[index])));
}

void answer_text_add_mid(struct sdp *s, const struct sdp *offer, const struct sdp_media *m)
{
    struct sdp_str mid = answer_mid(offer, m);
    if (mid.n)
        sdp_add_attr(s, "mid", "%.*s", SDP_STR_ARG(mid));
}

void answer_text_refuse(struct sdp *s, const struct sdp *offer, const struct sdp_media *m)
{
    sdp_add_media(s, m->type, 0, m->proto, m->formats.n ? m->formats : sdp_str("0"));
    answer_text_add_mid(s, offer, m);
}

void answer_text_list_formats(const struct answer_audio *a, char buf[static ANSWER_TEXT_LIST_BYTES])
{
    size_t n = 0, cap = ANSWER_TEXT_LIST_BYTES;
    if (a->red_first)
        n += (size_t)snprintf(buf + n, cap - n, "%u ", a->red_pt);
    for (size_t i = 0; i < a->n_formats; i++)
        n += (size_t)snprintf(buf + n, cap - n, "%s%u", i ? " " : "", a->formats[i].pt);
    if (a->red_pt && !a->red_first)
        n += (size_t)snprintf(buf + n, cap - n, " %u", a->red_pt);
    for (size_t i = 0; i < a->n_noises; i++)
        n += (size_t)snprintf(buf + n, cap - n, " %u", a->noises[i].pt);
    for (size_t i = 0; i < a->n_events; i++)
        n += (size_t)snprintf(buf + n, cap - n, " %u", a->events[i].pt);
}

void answer_text_add_format(
    struct sdp *s, const struct answer_config *cfg, uint8_t pt, const struct answer_codec *c)
{
    char fmtp[ANSWER_MAX_FMTP_BYTES];
    if (c->channels > 1)
        sdp_add_attr(s, "rtpmap", "%u %s/%u/%u", pt, c->name, c->clock_hz, c->channels);
    else
        sdp_add_attr(s, "rtpmap", "%u %s/%u", pt, c->name, c->clock_hz);
    if (c->print_fmtp && c->print_fmtp(fmtp, sizeof fmtp, cfg->told_max_bps, c->impl) > 0)
        sdp_add_attr(s, "fmtp", "%u %s", pt, fmtp);
}

void answer_text_add_formats(
    struct sdp *s, const struct answer_config *cfg, const struct answer_audio *a)
{
    for (size_t i = 0; i < a->n_formats; i++)
        answer_text_add_format(s, cfg, a->formats[i].pt, a->formats[i].codec);
    if (a->red_pt) {
        const struct answer_format *f = &a->formats[0];
        sdp_add_attr(s, "rtpmap", "%u red/%u/%u", a->red_pt, f->codec->clock_hz,
            f->codec->channels ? f->codec->channels : 1);
        sdp_add_attr(s, "fmtp", "%u %u/%u", a->red_pt, f->pt, f->pt);
    }
    for (size_t i = 0; i < a->n_noises; i++)
        sdp_add_attr(s, "rtpmap", "%u CN/%u", a->noises[i].pt, a->noises[i].clock_hz);
    for (size_t i = 0; i < a->n_events; i++) {
        const struct answer_event *e = &a->events[i];
        sdp_add_attr(s, "rtpmap", "%u telephone-event/%u", e->pt, e->clock_hz);
        sdp_add_attr(s, "fmtp", "%u 0-15", e->pt);
    }
}

void answer_text_add_times(
    struct sdp *s, const struct answer_config *cfg, const struct answer_audio *a)
{
    sdp_add_attr(s, "ptime", "%u", cfg->told_ptime_ms ? cfg->told_ptime_ms : a->ptime_ms);
    if (cfg->maxptime_ms)
        sdp_add_attr(s, "maxptime", "%u", cfg->maxptime_ms);
}

static void add_crypto(struct sdp *s, const struct answer_audio *a)
{
    char text[SDES_MAX_TEXT_BYTES];
    if (sdes_print(&a->local, text, sizeof text) > 0)
        sdp_add_attr(s, "crypto", "%s", text);
    explicit_bzero(text, sizeof text);
}

static void add_transport(
    struct sdp *s, const struct answer_config *cfg, const struct answer_audio *a)
{
    if (a->rtcp_mux)
        sdp_add_flag(s, "rtcp-mux");
    else if (cfg->rtcp_port != cfg->local.port + 1)
        sdp_add_attr(s, "rtcp", "%u", cfg->rtcp_port);
    if (a->audio_level_id)
        sdp_add_attr(s, "extmap", "%u %s", a->audio_level_id, SDP_AUDIO_LEVEL_URI);
    if (a->xr_voip_metrics)
        sdp_add_attr(s, "rtcp-xr", "voip-metrics");
    if (cfg->cname)
        sdp_add_attr(s, "ssrc", "%u cname:%s", cfg->ssrc, cfg->cname);
}

static void take(struct sdp *s, const struct sdp *offer, const struct answer_config *cfg,
    const struct answer_audio *a)
{
    const struct sdp_media *m = &offer->media[a->index];
    char list[ANSWER_TEXT_LIST_BYTES];
    answer_text_list_formats(a, list);
    sdp_add_media(s, m->type, cfg->local.port, m->proto, sdp_str(list));
    answer_text_add_mid(s, offer, m);
    answer_text_add_formats(s, cfg, a);
    answer_text_add_times(s, cfg, a);
    sdp_add_flag(s, sdp_direction_name(a->direction));
    add_transport(s, cfg, a);
    add_crypto(s, a);
}

int answer_text(const struct sdp *offer, const struct answer_config *cfg,
    const struct answer_audio *audio, uint64_t id, uint64_t version, char **textp)
{
    char ip[NET_ADDR_TEXT_MAX];
    struct sdp *s = sdp_create();
    if (!s)
        return -ENOMEM;
    net_addr_format_ip(&cfg->local, ip, sizeof ip);
    sdp_set_origin(s, id, version, ip);
    if (cfg->session_name)
        sdp_set_name(s, cfg->session_name);
    sdp_set_conn(s, ip);
    add_group(s, offer, audio->index);
    for (size_t i = 0; i < offer->n_media; i++) {
        if (i == audio->index)
            take(s, offer, cfg, audio);
        else
            answer_text_refuse(s, offer, &offer->media[i]);
    }
    int err = sdp_print(s, textp);
    sdp_destroy(s);
    return err;
}
