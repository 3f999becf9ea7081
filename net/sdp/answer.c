#include "net/sdp/answer.h"

#include "net/sdp/answer_formats.h"
#include "net/sdp/answer_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Audio lines that are looked into: each reads the attributes of the session again. */
enum { MAX_TRIES = 8 };

struct answer {
    char *text;
    struct answer_audio audio;
    uint64_t id, version; /* of o= */
};

/* What making one answer needs. */
struct maker {
    const struct answer_config *cfg;
    const struct answer_audio *prev; /* NULL: first answer */
    const struct sdp *offer;
    struct sdp_error *why;
};

static int fail(struct maker *m, int error, const char *text)
{
    *m->why = (struct sdp_error){.text = text};
    return error;
}

static int random_bytes(const struct answer_config *cfg, void *buf, size_t n)
{
    if (cfg->random)
        return cfg->random(buf, n, cfg->arg);
    return getrandom(buf, n, 0) == (ssize_t)n ? 0 : -EIO;
}

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
static const struct sdes_crypto *pick_crypto(struct maker *m, const struct sdp_audio *offer)
{
    const enum sdes_suite *wanted = m->cfg->suites;
    for (size_t i = 0; m->prev && i < offer->n_crypto; i++)
        if (same_key(&offer->crypto[i], &m->prev->remote))
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
static int pick_security(struct maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    bool was_secure = m->prev && m->prev->remote.suite != SDES_NONE;
    bool profile_secure = offer->profile == SDP_PROFILE_SRTP;
    const struct sdes_crypto *c = NULL;
    if (m->cfg->srtp != ANSWER_SRTP_OFF || was_secure)
        c = pick_crypto(m, offer);
    else if (profile_secure)
        return fail(m, -EACCES, "SRTP is switched off here: offer RTP/AVP");
    if (!c && profile_secure)
        return fail(m, -ENOTSUP, "no a=crypto line has a suite and parameters that can be used");
    if (!c && was_secure)
        return fail(m, -EACCES, "the session began with SRTP and cannot go on without");
    if (!c && m->cfg->srtp == ANSWER_SRTP_REQUIRE)
        return fail(m, -EACCES, "SRTP is required: offer RTP/SAVP with a=crypto");
    if (c)
        out->remote = *c;
    return 0;
}

static int make_local_key(struct maker *m, struct answer_audio *a)
{
    if (a->remote.suite == SDES_NONE)
        return 0;
    if (m->prev && same_key(&a->remote, &m->prev->remote)) {
        a->local = m->prev->local;
        return 0;
    }
    a->local.tag = a->remote.tag;
    a->local.suite = a->remote.suite;
    if (random_bytes(m->cfg, a->local.key, sdes_key_bytes(a->local.suite)))
        return fail(m, -EIO, "no random numbers for a key");
    return 0;
}

/* --- the medium ------------------------------------------------------------------------------- */
static bool media_ok(const struct answer_config *cfg, const struct net_addr *a)
{
    return cfg->media_ok ? cfg->media_ok(a, cfg->arg) : net_addr_media_ok(a, &cfg->local);
}

static bool reachable(const struct maker *m, const struct net_addr *a)
{
    return !net_addr_is_set(a) || a->family == m->cfg->local.family;
}

static int pick_addresses(struct maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    out->rtcp_mux = offer->rtcp_mux && m->cfg->rtcp_mux;
    out->rtp = offer->rtp;
    out->rtcp = out->rtcp_mux ? offer->rtp : offer->rtcp;
    if (!reachable(m, &out->rtp) || !reachable(m, &out->rtcp))
        return fail(m, -ENOTSUP,
            m->cfg->local.family == AF_INET ? "only IPv4 media can be reached from here"
                                            : "only IPv6 media can be reached from here");
    if (net_addr_is_set(&out->rtp) && !media_ok(m->cfg, &out->rtp))
        return fail(m, -EACCES, "media may not be sent to the offered address and port");
    if (net_addr_is_set(&out->rtcp) && !media_ok(m->cfg, &out->rtcp))
        return fail(m, -EACCES, "RTCP may not be sent to the offered address and port");
    return 0;
}

/* What they send we receive and the other way round; nothing is sent into a hold. */
static void pick_direction(const struct sdp_audio *offer, struct answer_audio *out)
{
    unsigned d = SDP_INACTIVE;
    out->hold = offer->hold_address || !(offer->direction & SDP_RECVONLY);
    if (offer->direction & SDP_SENDONLY)
        d |= SDP_RECVONLY;
    if (!out->hold)
        d |= SDP_SENDONLY;
    out->direction = d;
}

static int pick_all(struct maker *m, const struct sdp_audio *offer, struct answer_audio *out)
{
    int err = pick_addresses(m, offer, out);
    if (err || (err = pick_security(m, offer, out)))
        return err;
    if (answer_formats_pick(offer, m->cfg, out))
        return fail(m, -ENOTSUP, "none of the offered codecs can be used");
    pick_direction(offer, out);
    out->max_bps = offer->max_bps;
    out->audio_level_id = m->cfg->audio_level ? offer->audio_level_id : 0;
    out->xr_voip_metrics = m->cfg->xr_voip_metrics && offer->xr_voip_metrics;
    memcpy(out->ssrcs, offer->ssrcs, sizeof out->ssrcs);
    out->n_ssrcs = offer->n_ssrcs;
    return 0;
}

/* Tries one m= line; *out is then complete but for our key. */
static int try_media(struct maker *m, size_t index, struct answer_audio *out)
{
    const struct sdp_media *media = &m->offer->media[index];
    struct sdp_audio offer;
    *out = (struct answer_audio){.index = index};
    if (media->n_ports != 1)
        return fail(m, -ENOTSUP, "audio on several ports cannot be used");
    if (sdp_profile(media->proto) == SDP_PROFILE_OTHER)
        return fail(m, -ENOTSUP, "offer the audio as RTP/AVP, RTP/AVPF, RTP/SAVP or RTP/SAVPF");
    int err = sdp_audio_read(m->offer, index, &offer, m->why);
    if (!err)
        err = pick_all(m, &offer, out);
    sdp_audio_wipe(&offer);
    return err;
}

static bool is_audio(const struct sdp_media *media)
{
    return sdp_str_eq(media->type, "audio") && media->port;
}

/* The first that gives SRTP, else the first that can be used; blames the first that cannot. */
static int search_media(struct maker *m, struct answer_audio *out)
{
    struct sdp_error blame = {.text = NULL};
    struct answer_audio found = {0};
    int blame_err = -ENOTSUP, tries = 0;
    bool any = false, stop = false;
    for (size_t i = 0; i < m->offer->n_media && tries < MAX_TRIES && !stop; i++) {
        if (!is_audio(&m->offer->media[i]))
            continue;
        tries++;
        int err = try_media(m, i, &found);
        if (err && !blame.text) {
            blame = *m->why;
            blame_err = err;
        }
        if (err)
            continue;
        bool secure = found.remote.suite != SDES_NONE;
        if (secure || !any)
            *out = found;
        any = true;
        stop = secure || m->cfg->srtp == ANSWER_SRTP_OFF;
    }
    explicit_bzero(&found, sizeof found);
    if (any)
        return 0;
    if (!blame.text)
        return fail(m, -ENOTSUP, "no audio is offered");
    *m->why = blame;
    return blame_err;
}

static int choose_media(struct maker *m, struct answer_audio *out)
{
    const struct sdp_media *media = m->offer->media;
    if (m->prev && m->prev->index < m->offer->n_media && is_audio(&media[m->prev->index]) &&
        !try_media(m, m->prev->index, out))
        return 0;
    return search_media(m, out);
}

/* --- the answer ------------------------------------------------------------------------------- */
static int make_origin(struct maker *m, const struct answer *prev, struct answer *a)
{
    if (prev) {
        a->id = prev->id;
        a->version = prev->version + 1;
        return 0;
    }
    if (random_bytes(m->cfg, &a->id, sizeof a->id))
        return fail(m, -EIO, "no random numbers for a session id");
    a->id >>= 2; /* some read it as a signed number */
    a->version = 1;
    return 0;
}

static int make(struct maker *m, const struct answer *prev, struct answer *a)
{
    int err = choose_media(m, &a->audio);
    if (err || (err = make_local_key(m, &a->audio)) || (err = make_origin(m, prev, a)))
        return err;
    err = answer_text(m->offer, m->cfg, &a->audio, a->id, a->version, &a->text);
    return err ? fail(m, err, "the answer cannot be written") : 0;
}

int answer_create(const char *offer, size_t len, const struct answer_config *cfg,
    const struct answer *prev, struct answer **out, struct sdp_error *why)
{
    struct sdp *parsed = NULL;
    int err = sdp_parse(offer, len, &parsed, why);
    if (err)
        return err;
    struct maker m = {.cfg = cfg, .prev = prev ? &prev->audio : NULL, .offer = parsed, .why = why};
    struct answer *a = calloc(1, sizeof *a);
    err = a ? make(&m, prev, a) : fail(&m, -ENOMEM, "out of memory");
    sdp_destroy(parsed);
    if (err) {
        answer_destroy(a);
        return err;
    }
    *why = (struct sdp_error){0};
    *out = a;
    return 0;
}

void answer_destroy(struct answer *a)
{
    if (!a)
        return;
    if (a->text) {
        explicit_bzero(a->text, strlen(a->text));
        free(a->text);
    }
    explicit_bzero(a, sizeof *a);
    free(a);
}

const char *answer_sdp(const struct answer *a)
{
    return a->text;
}

const struct answer_audio *answer_audio(const struct answer *a)
{
    return &a->audio;
}
