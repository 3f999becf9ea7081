#include "net/sdp/answer_webrtc_text.h"

#include "net/sdp/answer_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NO_PORT = 9 }; /* discard: what is written when there is none to name (RFC 8839, 4.2.1.1) */

/* What is written while a text is made. */
struct writer {
    struct sdp *to;
    const struct answer_maker *m;
    const struct answer_lines *lines;
    const struct answer *a;
    char ip[NET_ADDR_TEXT_MAX]; /* of the default candidate */
    uint16_t port;
};

/* The first of UDP, for those who cannot do ICE. */
static void find_default(struct writer *w)
{
    const struct answer_webrtc *cfg = w->m->cfg->webrtc;
    snprintf(w->ip, sizeof w->ip, "0.0.0.0");
    w->port = NO_PORT;
    for (size_t i = cfg->n_candidates; i-- > 0;) {
        if (cfg->candidates[i].tcp)
            continue;
        net_addr_format_ip(&cfg->candidates[i].addr, w->ip, sizeof w->ip);
        w->port = cfg->candidates[i].addr.port;
    }
}

/* --- the session ------------------------------------------------------------------------------ */
/* The mids of what was accepted, in the order of the offer's group: the first is the tagged one. */
static void add_group(struct writer *w)
{
    const struct answer_bundle *b = &w->lines->bundle;
    char list[SDP_MAX_LINE_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct sdp_media *media = &w->m->offer->media[b->order[i]];
        if (w->lines->line[b->order[i]].fate != ANSWER_LINE_REFUSED)
            n += (size_t)snprintf(
                list + n, sizeof list - n, " %.*s", SDP_STR_ARG(answer_mid(w->m->offer, media)));
    }
    if (n)
        sdp_add_attr(w->to, "group", "BUNDLE%s", list);
}

static void add_ice_options(struct writer *w, const struct answer_transport *t)
{
    sdp_add_flag(w->to, "ice-lite");
    sdp_add_attr(w->to, "ice-options", "ice2%s%s", t->trickle ? " trickle" : "",
        t->renomination ? " renomination" : "");
}

/* --- media ------------------------------------------------------------------------------------ */
static void open_media(struct writer *w, size_t index, const char *formats)
{
    const struct sdp_media *media = &w->m->offer->media[index];
    sdp_add_media(w->to, media->type, w->port, media->proto, sdp_str(formats));
    sdp_set_conn(w->to, w->ip);
    answer_text_add_mid(w->to, w->m->offer, media);
}

/* Credentials and fingerprint stand in every line: some clients look there, not at the bundle's
 * first. Candidates stand in that alone. */
static void add_transport(struct writer *w, size_t index)
{
    const struct answer_webrtc *cfg = w->m->cfg->webrtc;
    const struct answer_transport *t = &w->a->transport;
    sdp_add_attr(w->to, "ice-ufrag", "%s", t->local.ufrag);
    sdp_add_attr(w->to, "ice-pwd", "%s", t->local.pwd);
    sdp_add_attr(w->to, "fingerprint", "%s", cfg->fingerprint);
    sdp_add_attr(w->to, "setup", "%s", t->dtls_active ? "active" : "passive");
    if (index != w->lines->tagged)
        return;
    for (size_t i = 0; i < cfg->n_candidates; i++) {
        char text[SDP_ICE_CANDIDATE_BYTES];
        if (sdp_ice_print_candidate(cfg->candidates, i, text, sizeof text) > 0)
            sdp_add_attr(w->to, "candidate", "%s", text);
    }
    sdp_add_flag(w->to, "end-of-candidates");
}

static void add_extensions(struct writer *w, const struct answer_audio *a)
{
    if (a->audio_level_id)
        sdp_add_attr(w->to, "extmap", "%u %s", a->audio_level_id, SDP_AUDIO_LEVEL_URI);
    if (a->mid_id)
        sdp_add_attr(w->to, "extmap", "%u %s", a->mid_id, SDP_MID_URI);
    if (a->transport_cc_id)
        sdp_add_attr(w->to, "extmap", "%u %s", a->transport_cc_id, SDP_TRANSPORT_CC_URI);
}

static void add_feedback(struct writer *w, const struct answer_audio *a)
{
    sdp_add_flag(w->to, "rtcp-mux");
    if (a->rtcp_rsize)
        sdp_add_flag(w->to, "rtcp-rsize");
    if (a->xr_voip_metrics)
        sdp_add_attr(w->to, "rtcp-xr", "voip-metrics");
    if (a->transport_cc)
        sdp_add_attr(w->to, "rtcp-fb", "%u transport-cc", a->formats[0].pt);
    if (a->nack)
        sdp_add_attr(w->to, "rtcp-fb", "%u nack", a->formats[0].pt);
}

static void add_stream(struct writer *w, const struct answer_audio *a)
{
    const struct answer_config *cfg = w->m->cfg;
    const struct answer_webrtc *webrtc = cfg->webrtc;
    if (webrtc->stream_id && webrtc->track_id && a->direction & SDP_SENDONLY)
        sdp_add_attr(w->to, "msid", "%s %s", webrtc->stream_id, webrtc->track_id);
    if (cfg->cname)
        sdp_add_attr(w->to, "ssrc", "%u cname:%s", cfg->ssrc, cfg->cname);
}

static void take(struct writer *w, const struct answer_audio *a)
{
    char list[ANSWER_TEXT_LIST_BYTES];
    answer_text_list_formats(a, list);
    open_media(w, a->index, list);
    sdp_add_flag(w->to, sdp_direction_name(a->direction));
    answer_text_add_formats(w->to, w->m->cfg, a);
    answer_text_add_times(w->to, w->m->cfg, a);
    add_feedback(w, a);
    add_extensions(w, a);
    add_stream(w, a);
    add_transport(w, a->index);
}

static void idle(struct writer *w, size_t index)
{
    const struct answer_line *line = &w->lines->line[index];
    bool video = line->fate == ANSWER_LINE_IDLE_VIDEO;
    unsigned pt = video ? line->video.pt : line->pt;
    char list[4];
    snprintf(list, sizeof list, "%u", pt);
    open_media(w, index, list);
    sdp_add_flag(w->to, sdp_direction_name(SDP_INACTIVE));
    if (video)
        answer_video_print(w->to, w->m->offer, index, &line->video);
    else
        answer_text_add_format(w->to, w->m->cfg, line->pt, line->codec);
    sdp_add_flag(w->to, "rtcp-mux");
    add_transport(w, index);
}

/* With a c= line of its own, since there is none of the session. */
static void refuse(struct writer *w, size_t index)
{
    answer_text_refuse(w->to, w->m->offer, &w->m->offer->media[index]);
    sdp_set_conn(w->to, "0.0.0.0");
}

static void write(struct writer *w)
{
    const struct answer_config *cfg = w->m->cfg;
    sdp_set_origin(w->to, w->a->id, w->a->version, w->ip);
    if (cfg->session_name)
        sdp_set_name(w->to, cfg->session_name);
    add_group(w);
    if (cfg->webrtc->stream_id)
        sdp_add_attr(w->to, "msid-semantic", "WMS *");
    add_ice_options(w, &w->a->transport);
    for (size_t i = 0; i < w->m->offer->n_media; i++) {
        if (w->lines->line[i].fate == ANSWER_LINE_TAKEN)
            take(w, &w->a->audio);
        else if (w->lines->line[i].fate == ANSWER_LINE_REFUSED)
            refuse(w, i);
        else
            idle(w, i);
    }
}

int answer_webrtc_text(struct answer_maker *m, const struct answer_lines *lines, struct answer *a)
{
    struct writer w = {.to = sdp_create(), .m = m, .lines = lines, .a = a};
    if (!w.to)
        return -ENOMEM;
    find_default(&w);
    write(&w);
    int err = sdp_print(w.to, &a->text);
    sdp_destroy(w.to);
    return err;
}
