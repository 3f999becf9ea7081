#include "net/sdp/answer_formats.h"
#include "net/sdp/answer_internal.h"
#include "net/sdp/answer_text.h"

#include <errno.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------------------- */
static bool same_key(const struct sdes_crypto *a, const struct sdes_crypto *b)
{
    return a->tag == b->tag && sdes_same_key(a, b);
}

static const struct sdes_crypto *find_suite(const struct sdp_audio *offer, enum sdes_suite suite)
{
    for (size_t i = 0; i < offer->n_crypto; i++)
        if (offer->crypto[i].suite == suite)
            return &offer->crypto[i];
    return NULL;
}

/* The key in use if it is offered again, else the best by our preference; NULL: none. */
static const struct sdes_crypto *pick_crypto(struct answer_maker *m, const struct sdp_audio *offer)
{
    const enum sdes_suite *wanted = m->cfg->suites;
    for (size_t i = 0; m->prev && i < offer->n_crypto; i++)
        if (same_key(&offer->crypto[i], &m->prev->audio.remote))
            return &offer->crypto[i];
    for (size_t i = 0; i < SDES_N_SUITES; i++) {
        enum sdes_suite suite = *wanted ? wanted[i] : i + 1;
        const struct sdes_crypto *c = NULL;
        if (suite == SDES_NONE || suite >= SDES_N_SUITES)
            break;
        if ((c = find_suite(offer, suite)))
            return c;
    }
    return NULL;
}

/* Whoever has SRTP keeps it: no later offer can take it away. */
static int pick_security(
    struct answer_maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    bool was_secure = m->prev && m->prev->audio.remote.suite != SDES_NONE;
    bool profile_secure = offer->profile == SDP_PROFILE_SRTP;
    const struct sdes_crypto *c = NULL;
    if (m->cfg->srtp != ANSWER_SRTP_OFF || was_secure)
        c = pick_crypto(m, offer);
    else if (profile_secure)
        return answer_fail(m, -EACCES, "SRTP is switched off here: offer RTP/AVP");
    if (!c && profile_secure)
        return answer_fail(
            m, -ENOTSUP, "no a=crypto line has a suite and parameters that can be used");
    if (!c && was_secure)
        return answer_fail(m, -EACCES, "the session began with SRTP and cannot go on without");
    if (!c && m->cfg->srtp == ANSWER_SRTP_REQUIRE)
        return answer_fail(m, -EACCES, "SRTP is required: offer RTP/SAVP with a=crypto");
    if (c)
        out->remote = *c;
    return 0;
}

static int make_local_key(struct answer_maker *m, struct answer_audio *a)
{
    if (a->remote.suite == SDES_NONE)
        return 0;
    if (m->prev && same_key(&a->remote, &m->prev->audio.remote)) {
        a->local = m->prev->audio.local;
        return 0;
    }
    a->local.tag = a->remote.tag;
    a->local.suite = a->remote.suite;
    if (answer_random(m->cfg, a->local.key, sdes_key_bytes(a->local.suite)))
        return answer_fail(m, -EIO, "no random numbers for a key");
    return 0;
}

/* --- the medium ------------------------------------------------------------------------------- */
static bool media_ok(const struct answer_config *cfg, const struct net_addr *a)
{
    return cfg->media_ok ? cfg->media_ok(a, cfg->arg) : net_addr_media_ok(a, &cfg->local);
}

static bool reachable(const struct answer_maker *m, const struct net_addr *a)
{
    return !net_addr_is_set(a) || a->family == m->cfg->local.family;
}

static int pick_addresses(
    struct answer_maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    out->rtcp_mux = offer->rtcp_mux && m->cfg->rtcp_mux;
    out->rtp = offer->rtp;
    out->rtcp = out->rtcp_mux ? offer->rtp : offer->rtcp;
    if (!reachable(m, &out->rtp) || !reachable(m, &out->rtcp))
        return answer_fail(m, -ENOTSUP,
            m->cfg->local.family == AF_INET ? "only IPv4 media can be reached from here"
                                            : "only IPv6 media can be reached from here");
    if (net_addr_is_set(&out->rtp) && !media_ok(m->cfg, &out->rtp))
        return answer_fail(m, -EACCES, "media may not be sent to the offered address and port");
    if (net_addr_is_set(&out->rtcp) && !media_ok(m->cfg, &out->rtcp))
        return answer_fail(m, -EACCES, "RTCP may not be sent to the offered address and port");
    return 0;
}

static int pick_all(struct answer_maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    int err = pick_addresses(m, offer, out);
    if (err || (err = pick_security(m, offer, out)))
        return err;
    if (answer_formats_pick(offer, m->cfg, out))
        return answer_fail(m, -ENOTSUP, "none of the offered codecs can be used");
    answer_pick_direction(offer, offer->hold_address, out);
    out->max_bps = offer->max_bps;
    out->audio_level_id = m->cfg->audio_level ? offer->audio_level_id : 0;
    out->xr_voip_metrics = m->cfg->xr_voip_metrics && offer->xr_voip_metrics;
    memcpy(out->ssrcs, offer->ssrcs, sizeof out->ssrcs);
    out->n_ssrcs = offer->n_ssrcs;
    return 0;
}

/* Tries one m= line; *out is then complete but for our key. */
static int try_media(struct answer_maker *m, size_t index, struct answer_audio *out)
{
    const struct sdp_media *media = &m->offer->media[index];
    struct sdp_audio offer;
    *out = (struct answer_audio){.index = index};
    if (media->n_ports != 1)
        return answer_fail(m, -ENOTSUP, "audio on several ports cannot be used");
    if (!media->port)
        return answer_fail(m, -ENOTSUP, "a=bundle-only audio is for WebRTC");
    if (sdp_profile(media->proto) == SDP_PROFILE_DTLS)
        return answer_fail(m, -ENOTSUP, "WebRTC is not possible here: offer RTP/AVP or RTP/SAVP");
    if (sdp_profile(media->proto) == SDP_PROFILE_OTHER)
        return answer_fail(
            m, -ENOTSUP, "offer the audio as RTP/AVP, RTP/AVPF, RTP/SAVP or RTP/SAVPF");
    int err = sdp_audio_read(m->offer, index, &offer, m->why);
    if (!err)
        err = pick_all(m, &offer, out);
    sdp_audio_wipe(&offer);
    return err;
}

static bool is_secure(const struct answer_audio *a)
{
    return a->remote.suite != SDES_NONE;
}

int answer_make_plain(struct answer_maker *m, struct answer *a)
{
    bool (*best)(const struct answer_audio *) = m->cfg->srtp == ANSWER_SRTP_OFF ? NULL : is_secure;
    int err = answer_choose_media(m, try_media, best, &a->audio);
    if (err || (err = make_local_key(m, &a->audio)))
        return err;
    err = answer_text(m->offer, m->cfg, &a->audio, a->id, a->version, &a->text);
    return err ? answer_fail(m, err, "the answer cannot be written") : 0;
}
