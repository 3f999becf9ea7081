#include "mixer/adapt.h"

static const uint32_t rates_bps[] = {12000, 16000, 24000, 32000};
enum { RATES = sizeof rates_bps / sizeof rates_bps[0] };

enum {
    FEC_CALM_US = 10 * 1000000,      /* of less loss, before FEC is taken back */
    RATE_CALM_US = 10 * 1000000,     /* of a better estimate, or of … */
    CLEAN_CALM_US = 20 * 1000000,    /* … little loss without one, before a step up */
    RATE_DOWN_US = 3 * 1000000,      /* between steps down for loss or delay */
    QUEUE_MS = 250,                  /* of delay over the least seen say that a queue fills */
    HEADER_BYTES = 20 + 8 + 12 + 16, /* IPv4, UDP, RTP, SRTP's tag */
};
static const float low_from = 0.02f, low_until = 0.01f;
static const float high_from = 0.10f, high_until = 0.06f;
static const float too_much = 0.15f, little = 0.03f;
static const float headroom = 0.85f; /* of the estimate is for us */

/* The highest class that the base allows: the first that reaches its bitrate. */
static unsigned top(const struct adapt *a)
{
    unsigned class = 0;
    while (class < RATES - 1 && (!a->base.bitrate_bps || rates_bps[class] < a->base.bitrate_bps))
        class ++;
    return class;
}

static uint32_t rate_of(const struct adapt *a, unsigned class)
{
    return class == top(a) && a->base.bitrate_bps ? a->base.bitrate_bps : rates_bps[class];
}

void adapt_init(struct adapt *a, const struct acodec_params *base)
{
    *a = (struct adapt){.base = *base};
    if (a->base.ptime_ms == 0)
        a->base.ptime_ms = 20;
    a->rate = top(a);
}

static enum adapt_fec fec_for(float loss, enum adapt_fec now)
{
    if (loss >= high_from || (now == ADAPT_FEC_HIGH && loss >= high_until))
        return ADAPT_FEC_HIGH;
    if (loss >= low_from || (now != ADAPT_FEC_OFF && loss >= low_until))
        return ADAPT_FEC_LOW;
    return ADAPT_FEC_OFF;
}

/* True once `better` has held for `wait_us`. */
static bool calm_for(uint64_t *since_us, bool better, uint64_t wait_us, uint64_t now_us)
{
    if (!better) {
        *since_us = 0;
        return false;
    }
    if (*since_us == 0)
        *since_us = now_us ? now_us : 1;
    if (now_us - *since_us < wait_us)
        return false;
    *since_us = 0;
    return true;
}

static void follow_loss(struct adapt *a, uint64_t now_us)
{
    enum adapt_fec fit = fec_for(a->loss, a->fec);
    if (fit > a->fec)
        a->fec = fit;
    if (calm_for(&a->fec_calm_us, fit < a->fec, FEC_CALM_US, now_us))
        a->fec--;
}

static bool fits(const struct adapt *a, unsigned class, uint32_t estimate_bps)
{
    uint32_t headers_bps = HEADER_BYTES * 8 * 1000 / a->base.ptime_ms;
    return (float)(rate_of(a, class) + headers_bps) <= headroom * (float)estimate_bps;
}

static bool path_is_full(const struct adapt *a, const struct adapt_report *r)
{
    return a->loss > too_much || (r->rtt_ms && r->rtt_ms > a->min_rtt_ms + QUEUE_MS);
}

static void follow_rate(struct adapt *a, const struct adapt_report *r, uint64_t now_us)
{
    uint32_t estimate = r->estimate_bps;
    while (estimate && a->rate > 0 && !fits(a, a->rate, estimate))
        a->rate--;
    bool full = path_is_full(a, r);
    bool waited = a->rate_down_us == 0 || now_us - a->rate_down_us >= RATE_DOWN_US;
    if (full && waited && a->rate > 0) {
        a->rate--;
        a->rate_down_us = now_us ? now_us : 1;
    }
    bool room = a->rate < top(a) && !full && a->loss < little &&
                (!estimate || fits(a, a->rate + 1, estimate));
    if (calm_for(&a->rate_calm_us, room, estimate ? RATE_CALM_US : CLEAN_CALM_US, now_us))
        a->rate++;
}

bool adapt_report(struct adapt *a, const struct adapt_report *r, uint64_t now_us)
{
    enum adapt_fec fec = a->fec;
    unsigned rate = a->rate;
    float loss = r->loss > 1 ? 1 : r->loss > 0 ? r->loss : 0;
    a->loss += (loss - a->loss) * (loss > a->loss ? 0.5f : 0.2f);
    if (r->rtt_ms && (a->min_rtt_ms == 0 || r->rtt_ms < a->min_rtt_ms))
        a->min_rtt_ms = r->rtt_ms;
    else if (r->rtt_ms)
        a->min_rtt_ms += (r->rtt_ms - a->min_rtt_ms) / 32; /* a longer way is no queue for ever */
    follow_loss(a, now_us);
    follow_rate(a, r, now_us);
    return fec != a->fec || rate != a->rate;
}

void adapt_params(const struct adapt *a, struct acodec_params *out)
{
    static const uint8_t tuned_for[] = {0, 10, 25}; /* percent */
    *out = a->base;
    out->bitrate_bps = a->rate == top(a) ? a->base.bitrate_bps : rate_of(a, a->rate);
    out->fec = a->base.fec && a->fec != ADAPT_FEC_OFF;
    out->loss_percent = out->fec ? tuned_for[a->fec] : 0;
}
