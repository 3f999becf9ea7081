#include "net/sdp/answer_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int answer_fail(struct answer_maker *m, int error, const char *text)
{
    *m->why = (struct sdp_error){.text = text};
    return error;
}

int answer_random(const struct answer_config *cfg, void *buf, size_t n)
{
    if (cfg->random)
        return cfg->random(buf, n, cfg->arg);
    return getrandom(buf, n, 0) == (ssize_t)n ? 0 : -EIO;
}

/* --- the medium ------------------------------------------------------------------------------- */
void answer_pick_direction(const struct sdp_audio *offer, bool hold, struct answer_audio *out)
{
    unsigned d = SDP_INACTIVE;
    out->hold = hold || !(offer->direction & SDP_RECVONLY);
    if (offer->direction & SDP_SENDONLY)
        d |= SDP_RECVONLY;
    if (!out->hold)
        d |= SDP_SENDONLY;
    out->direction = d;
}

bool answer_is_audio(const struct sdp_media *media)
{
    return sdp_str_eq(media->type, "audio");
}

static int search_media(struct answer_maker *m, answer_try_fn *try_media,
    bool (*is_best)(const struct answer_audio *a), struct answer_audio *out)
{
    struct sdp_error blame = {.text = NULL};
    struct answer_audio found = {0};
    int blame_err = -ENOTSUP, tries = 0;
    bool any = false, stop = false;
    for (size_t i = 0; i < m->offer->n_media && tries < ANSWER_MAX_TRIES && !stop; i++) {
        const struct sdp_media *media = &m->offer->media[i];
        if (!answer_is_audio(media) || !sdp_media_alive(m->offer, media))
            continue;
        tries++;
        int err = try_media(m, i, &found);
        if (err && !blame.text) {
            blame = *m->why;
            blame_err = err;
        }
        if (err)
            continue;
        stop = !is_best || is_best(&found);
        if (stop || !any)
            *out = found;
        any = true;
    }
    explicit_bzero(&found, sizeof found);
    if (any)
        return 0;
    if (!blame.text)
        return answer_fail(m, -ENOTSUP, "no audio is offered");
    *m->why = blame;
    return blame_err;
}

int answer_choose_media(struct answer_maker *m, answer_try_fn *try_media,
    bool (*is_best)(const struct answer_audio *a), struct answer_audio *out)
{
    size_t index = m->prev ? m->prev->audio.index : SIZE_MAX;
    const struct sdp_media *media = m->offer->media;
    if (index < m->offer->n_media && answer_is_audio(&media[index]) &&
        sdp_media_alive(m->offer, &media[index]) && !try_media(m, index, out))
        return 0;
    return search_media(m, try_media, is_best, out);
}

/* --- the answer ------------------------------------------------------------------------------- */
static int make_origin(struct answer_maker *m, struct answer *a)
{
    if (m->prev) {
        a->id = m->prev->id;
        a->version = m->prev->version + 1;
        return 0;
    }
    if (answer_random(m->cfg, &a->id, sizeof a->id))
        return answer_fail(m, -EIO, "no random numbers for a session id");
    a->id >>= 2; /* some read it as a signed number */
    a->version = 1;
    return 0;
}

/* A session stays what it began as. An offer that has both is answered by WebRTC if we can. */
static bool is_webrtc(const struct answer_maker *m)
{
    bool webrtc = false, plain = false;
    if (m->prev)
        return m->prev->webrtc;
    for (size_t i = 0; i < m->offer->n_media; i++) {
        const struct sdp_media *media = &m->offer->media[i];
        if (!answer_is_audio(media) || !sdp_media_alive(m->offer, media))
            continue;
        if (answer_line_is_webrtc(m->offer, media))
            webrtc = true;
        else
            plain = true;
    }
    return webrtc && (m->cfg->webrtc || !plain);
}

static int make(struct answer_maker *m, struct answer *a)
{
    int err = make_origin(m, a);
    if (err)
        return err;
    a->webrtc = is_webrtc(m);
    return a->webrtc ? answer_make_webrtc(m, a) : answer_make_plain(m, a);
}

int answer_create(const char *offer, size_t len, const struct answer_config *cfg,
    const struct answer *prev, struct answer **out, struct sdp_error *why)
{
    struct sdp *parsed = NULL;
    int err = sdp_parse(offer, len, &parsed, why);
    if (err)
        return err;
    struct answer_maker m = {.cfg = cfg, .prev = prev, .offer = parsed, .why = why};
    struct answer *a = calloc(1, sizeof *a);
    err = a ? make(&m, a) : answer_fail(&m, -ENOMEM, "out of memory");
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

const struct answer_transport *answer_transport(const struct answer *a)
{
    return a->webrtc ? &a->transport : NULL;
}

void answer_restart_ice(
    struct answer *a, const struct ice_credentials *local, const struct ice_credentials *remote)
{
    a->transport.local = *local;
    a->transport.remote = *remote;
}
