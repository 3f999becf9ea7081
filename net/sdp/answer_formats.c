#include "net/sdp/answer_formats.h"

#include <errno.h>

static const uint16_t default_ptimes_ms[] = {10, 20, 30, 40, 60, 0};
enum { DEFAULT_PTIME_MS = 20 };

static bool matches(const struct sdp_format *f, const struct answer_codec *codec)
{
    unsigned channels = codec->channels ? codec->channels : 1;
    return sdp_str_ieq(f->name, codec->name) && f->clock_hz == codec->clock_hz &&
           f->channels == channels;
}

/* Takes the first offered format of the codec that suits it: a codec has one payload type. */
static void pick_codec(
    const struct sdp_audio *offer, const struct answer_codec *codec, struct answer_audio *out)
{
    struct answer_format *to = &out->formats[out->n_formats];
    for (size_t i = 0; i < offer->n_formats; i++) {
        const struct sdp_format *f = &offer->formats[i];
        if (!matches(f, codec) || sdp_str_copy(f->fmtp, to->fmtp, sizeof to->fmtp))
            continue;
        if (codec->accepts && !codec->accepts(to->fmtp, codec->impl))
            continue;
        to->pt = f->pt;
        to->codec = codec;
        out->n_formats++;
        return;
    }
}

static size_t pick_events(
    const struct sdp_audio *offer, const char *name, struct answer_event out[ANSWER_MAX_EVENTS])
{
    size_t n = 0;
    for (size_t i = 0; i < offer->n_formats && n < ANSWER_MAX_EVENTS; i++) {
        const struct sdp_format *f = &offer->formats[i];
        if (sdp_str_ieq(f->name, name) && f->channels == 1)
            out[n++] = (struct answer_event){f->pt, f->clock_hz};
    }
    return n;
}

/* Comfort noise is of use only at the clock of a codec that was taken (RFC 3389, 5). */
static void drop_unused_noises(struct answer_audio *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->n_noises; i++) {
        bool used = false;
        for (size_t k = 0; k < a->n_formats; k++)
            used |= a->formats[k].codec->clock_hz == a->noises[i].clock_hz;
        if (used)
            a->noises[kept++] = a->noises[i];
    }
    a->n_noises = kept;
}

/* The longest that is allowed and no longer than wished for and possible, else the shortest. */
static unsigned pick_ptime(const struct sdp_audio *offer, const struct answer_config *cfg,
    const struct answer_codec *codec)
{
    const uint16_t *allowed = cfg->ptimes_ms[0] ? cfg->ptimes_ms : default_ptimes_ms;
    unsigned limit = cfg->ptime_ms ? cfg->ptime_ms : DEFAULT_PTIME_MS;
    unsigned longest = 0, shortest = allowed[0];
    if (offer->ptime_ms)
        limit = offer->ptime_ms;
    if (offer->maxptime_ms && offer->maxptime_ms < limit)
        limit = offer->maxptime_ms;
    if (codec->max_ptime_ms && codec->max_ptime_ms < limit)
        limit = codec->max_ptime_ms;
    for (size_t i = 0; i < ANSWER_MAX_PTIMES && allowed[i]; i++) {
        if (allowed[i] < shortest)
            shortest = allowed[i];
        if (allowed[i] <= limit && allowed[i] > longest)
            longest = allowed[i];
    }
    return longest ? longest : shortest;
}

int answer_formats_pick(
    const struct sdp_audio *offer, const struct answer_config *cfg, struct answer_audio *out)
{
    out->n_formats = out->n_events = out->n_noises = 0;
    for (size_t i = 0; i < cfg->n_codecs && out->n_formats < ANSWER_MAX_FORMATS; i++)
        pick_codec(offer, &cfg->codecs[i], out);
    if (!out->n_formats)
        return -ENOTSUP;
    if (cfg->telephone_event)
        out->n_events = pick_events(offer, "telephone-event", out->events);
    if (cfg->comfort_noise)
        out->n_noises = pick_events(offer, "CN", out->noises);
    drop_unused_noises(out);
    out->ptime_ms = pick_ptime(offer, cfg, out->formats[0].codec);
    out->maxptime_ms = offer->maxptime_ms;
    return 0;
}

/* "111/111": every block of the payload type. */
static bool wraps(struct sdp_str fmtp, uint8_t pt)
{
    unsigned n = 0;
    while (fmtp.n) {
        struct sdp_str word = sdp_str_cut(&fmtp, '/');
        uint64_t v;
        if (sdp_str_number(sdp_str_trim(word), 127, &v) || v != pt)
            return false;
        n++;
    }
    return n >= 2;
}

void answer_formats_pick_red(const struct sdp_audio *offer, struct answer_audio *out)
{
    const struct answer_codec *codec = out->formats[0].codec;
    unsigned channels = codec->channels ? codec->channels : 1;
    bool plain_seen = false;
    out->red_pt = 0;
    for (size_t i = 0; i < offer->n_formats && !out->red_pt; i++) {
        const struct sdp_format *f = &offer->formats[i];
        plain_seen |= f->pt == out->formats[0].pt;
        if (sdp_str_ieq(f->name, "red") && f->clock_hz == codec->clock_hz &&
            f->channels == channels && wraps(f->fmtp, out->formats[0].pt))
            out->red_pt = f->pt;
    }
    out->red_first = out->red_pt && !plain_seen;
}
