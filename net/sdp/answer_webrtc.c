#include "net/sdp/answer_formats.h"
#include "net/sdp/answer_internal.h"
#include "net/sdp/answer_lines.h"
#include "net/sdp/answer_webrtc_text.h"

#include <errno.h>
#include <string.h>

static bool has(const struct sdp *s, const struct sdp_section *section, const char *name)
{
    return sdp_attr(s, section, name, NULL) || sdp_attr(s, &s->session, name, NULL);
}

bool answer_line_is_webrtc(const struct sdp *offer, const struct sdp_media *media)
{
    enum sdp_profile profile = sdp_profile(media->proto);
    if (profile != SDP_PROFILE_SRTP)
        return profile == SDP_PROFILE_DTLS;
    return has(offer, &media->section, "fingerprint") && !has(offer, &media->section, "crypto");
}

/* --- the medium ------------------------------------------------------------------------------- */
static int pick_audio(
    struct answer_maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    const struct answer_webrtc *cfg = m->cfg->webrtc;
    if (!offer->rtcp_mux)
        return answer_fail(m, -ENOTSUP, "WebRTC audio must be offered with a=rtcp-mux");
    if (sdp_str_copy(offer->mid, out->mid, sizeof out->mid))
        return answer_fail(m, -EINVAL, "a=mid is too long");
    if (answer_formats_pick(offer, m->cfg, out))
        return answer_fail(m, -ENOTSUP, "none of the offered codecs can be used");
    if (cfg->red)
        answer_formats_pick_red(offer, out);
    answer_pick_direction(offer, false, out);
    out->max_bps = offer->max_bps;
    out->rtcp_mux = true;
    out->rtcp_rsize = offer->rtcp_rsize;
    out->xr_voip_metrics = m->cfg->xr_voip_metrics && offer->xr_voip_metrics;
    out->audio_level_id = m->cfg->audio_level ? offer->audio_level_id : 0;
    out->mid_id = cfg->mid_extension ? offer->mid_id : 0;
    out->transport_cc = cfg->transport_cc && offer->fb_transport_cc && offer->transport_cc_id;
    out->transport_cc_id = out->transport_cc ? offer->transport_cc_id : 0;
    out->nack = cfg->nack && offer->fb_nack;
    memcpy(out->ssrcs, offer->ssrcs, sizeof out->ssrcs);
    out->n_ssrcs = offer->n_ssrcs;
    return 0;
}

static int try_media(struct answer_maker *m, size_t index, struct answer_audio *out)
{
    const struct sdp_media *media = &m->offer->media[index];
    struct sdp_audio offer;
    *out = (struct answer_audio){.index = index};
    if (!answer_line_is_webrtc(m->offer, media))
        return m->prev
                   ? answer_fail(m, -EACCES, "the session began with DTLS and cannot go on without")
                   : answer_fail(m, -ENOTSUP, "this audio has neither DTLS nor ICE");
    if (media->n_ports != 1)
        return answer_fail(m, -ENOTSUP, "audio on several ports cannot be used");
    int err = sdp_audio_read(m->offer, index, &offer, m->why);
    return err ? err : pick_audio(m, &offer, out);
}

/* --- the transport ---------------------------------------------------------------------------- */
static int read_section(
    struct answer_maker *m, size_t index, struct sdp_ice *ice, struct sdp_dtls *dtls)
{
    const struct sdp_section *section = &m->offer->media[index].section;
    int err = sdp_ice_read(m->offer, section, ice, m->why);
    return err ? err : sdp_dtls_read(m->offer, section, dtls, m->why);
}

/* That of the line which speaks for the bundle in our answer. One that is offered in the bundle
 * alone may have none: then it is the offered bundle's first that speaks. */
static int read_transport(struct answer_maker *m, const struct answer_lines *lines,
    struct sdp_ice *ice, struct sdp_dtls *dtls)
{
    int err = read_section(m, lines->tagged, ice, dtls);
    if (!err && !ice->credentials.ufrag[0] && lines->bundle.n)
        err = read_section(m, lines->bundle.order[0], ice, dtls);
    if (err)
        return err;
    if (!ice->credentials.ufrag[0])
        return answer_fail(m, -ENOTSUP, "DTLS is possible only by ICE: a=ice-ufrag and a=ice-pwd");
    if (ice->lite)
        return answer_fail(m, -ENOTSUP, "an ICE-lite peer cannot reach a server that is lite too");
    if (!dtls->n_fingerprints)
        return answer_fail(m, -ENOTSUP, "a=fingerprint with sha-256, sha-384 or sha-512 is needed");
    return 0;
}

/* A restart changes both (RFC 8839, 4.4.1.1.1). */
static int pick_ice(struct answer_maker *m, const struct sdp_ice *ice, struct answer_transport *out)
{
    const struct answer_transport *prev = m->prev ? &m->prev->transport : NULL;
    bool ufrag = prev && strcmp(prev->remote.ufrag, ice->credentials.ufrag) != 0;
    bool pwd = prev && strcmp(prev->remote.pwd, ice->credentials.pwd) != 0;
    if (ufrag != pwd)
        return answer_fail(m, -EINVAL, "an ICE restart changes a=ice-ufrag and a=ice-pwd");
    out->ice_restart = ufrag;
    out->remote = ice->credentials;
    out->local = prev && !ufrag ? prev->local : *m->cfg->webrtc->credentials;
    out->trickle = ice->trickle;
    out->renomination = ice->renomination;
    out->end_of_candidates = ice->end_of_candidates;
    out->n_candidates = ice->n_candidates;
    return 0;
}

static bool same_fingerprints(const struct answer_transport *a, const struct sdp_dtls *b)
{
    if (a->n_fingerprints != b->n_fingerprints)
        return false;
    for (size_t i = 0; i < a->n_fingerprints; i++) {
        bool found = false;
        for (size_t k = 0; k < b->n_fingerprints; k++)
            found |= sdp_fingerprint_equal(&a->fingerprints[i], &b->fingerprints[k]);
        if (!found)
            return false;
    }
    return true;
}

/* We wait unless the peer does (RFC 8842, 5.3); while the association lasts so do its roles. */
static int pick_dtls(
    struct answer_maker *m, const struct sdp_dtls *dtls, struct answer_transport *out)
{
    const struct answer_transport *prev = m->prev ? &m->prev->transport : NULL;
    out->new_dtls = !prev || !same_fingerprints(prev, dtls);
    if (prev && out->new_dtls && !out->ice_restart)
        return answer_fail(m, -EACCES, "a=fingerprint can change only with an ICE restart");
    out->dtls_active = dtls->setup == SDP_SETUP_PASSIVE;
    if (!out->new_dtls) {
        out->dtls_active = prev->dtls_active;
        if (dtls->setup == (prev->dtls_active ? SDP_SETUP_ACTIVE : SDP_SETUP_PASSIVE))
            return answer_fail(m, -EINVAL, "a=setup cannot change while the association lasts");
    }
    memcpy(out->fingerprints, dtls->fingerprints, sizeof out->fingerprints);
    out->n_fingerprints = dtls->n_fingerprints;
    return 0;
}

static int pick_transport(
    struct answer_maker *m, const struct answer_lines *lines, struct answer_transport *out)
{
    struct sdp_ice ice;
    struct sdp_dtls dtls;
    int err = read_transport(m, lines, &ice, &dtls);
    sdp_str_copy(answer_mid(m->offer, &m->offer->media[lines->tagged]), out->mid, sizeof out->mid);
    if (!err)
        err = pick_ice(m, &ice, out);
    return err ? err : pick_dtls(m, &dtls, out);
}

/* --- the answer ------------------------------------------------------------------------------- */
int answer_make_webrtc(struct answer_maker *m, struct answer *a)
{
    struct answer_lines lines;
    if (!m->cfg->webrtc)
        return answer_fail(m, -ENOTSUP, "WebRTC is not possible here: offer RTP/AVP or RTP/SAVP");
    int err = answer_choose_media(m, try_media, NULL, &a->audio);
    if (err)
        return err;
    answer_lines_plan(m, a->audio.index, &lines);
    err = pick_transport(m, &lines, &a->transport);
    if (err)
        return err;
    err = answer_webrtc_text(m, &lines, a);
    return err ? answer_fail(m, err, "the answer cannot be written") : 0;
}
