#include "mixer/jitter/delay_target.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BINS = 256,
    SLICES = 32,
    SLICE_US = 250000,
    MEMORY_LEAST = 8,  /* slices: 2 s */
    LEAST_SLICES = 3,  /* that "just now" is made of, */
    STALL_US = 150000, /* or fewer if nothing came for so long */

    /* Margins of a deadline over the transit it must cover. Playout gets later when less than KEEP
     * is left, and earlier when GIVE would be left after it: between them it stays, so that a
     * steady line is never stretched, whatever the phase of its packets to the tick. */
    MARGIN_KEEP_US = 2000,
    MARGIN_START_US = 5000,
    MARGIN_GIVE_US = 8000,
    CEILING_US =
        10000, /* nor does playout grow so close to the ceiling that it must shrink again */

    REGRET_US = 5000000, /* growing so soon after shrinking was a mistake */
    CALM_US = 20000000,  /* after that long without one the memory gets shorter again */
    MAX_STEPS = 512,
};

/* What a lost packet is worth: a delay of 50 ms is as bad as 1 % of packets concealed. */
static const float PRICE_US = 5e6f;
/* FEC is worth waiting a packet for from this share of mendable losses on; half as much keeps it.
 */
static const float FEC_WORTH = 0.006f;
static const float FEC_PRIOR = 0.6f;

struct slice {
    uint8_t bins[BINS]; /* by transit bin modulo BINS, saturating */
    int64_t low, high;  /* transit bins in it */
    uint16_t count;
};

struct delay_target {
    struct delay_target_config cfg;
    int64_t bin_us;
    struct slice slices[SLICES];
    unsigned now;         /* index of the slice being filled */
    unsigned memory;      /* slices that count */
    unsigned since_stall; /* slices */
    uint64_t slice_us, arrival_us;
    bool started;

    float tail[BINS + 1]; /* share of packets in bin low + i or later */
    int64_t low;          /* of all slices that count */
    bool stale;           /* tail must be made again */

    float loss, fec; /* shares: of packets lost; of lookups that found FEC */
    unsigned outcomes;
    bool fec_possible, fec_wait;
    uint64_t shrunk_us, regret_us;
    int64_t shrunk_from_us;
    bool has_shrunk;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int delay_target_create(struct delay_target **tp, const struct delay_target_config *cfg)
{
    struct delay_target *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->cfg = *cfg;
    t->bin_us = 1000 * (1 + cfg->max_delay_us / 200001);
    t->memory = MEMORY_LEAST;
    *tp = t;
    return 0;
}

void delay_target_destroy(struct delay_target *t)
{
    free(t);
}

/* --- the histogram -------------------------------------------------------------------------- */
static struct slice *slice_back(const struct delay_target *t, unsigned back)
{
    return (struct slice *)&t->slices[(t->now + SLICES - back) % SLICES];
}

/* Lowest and highest bin of the newest n slices; false if they are empty. */
static bool span(const struct delay_target *t, unsigned n, int64_t *low, int64_t *high)
{
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        const struct slice *s = slice_back(t, i);
        if (s->count == 0)
            continue;
        *low = !any || s->low < *low ? s->low : *low;
        *high = !any || s->high > *high ? s->high : *high;
        any = true;
    }
    return any;
}

static void next_slice(struct delay_target *t, uint64_t now_us, bool stall)
{
    t->now = (t->now + 1) % SLICES;
    memset(&t->slices[t->now], 0, sizeof t->slices[t->now]);
    t->since_stall = stall ? 1 : t->since_stall + (t->since_stall < LEAST_SLICES);
    t->slice_us = now_us;
    t->started = true;
}

void delay_target_arrival(struct delay_target *t, int64_t transit_us, uint64_t arrival_us)
{
    int64_t bin = floor_div(transit_us, t->bin_us), low = bin, high = bin;
    bool stall = arrival_us - t->arrival_us >= STALL_US;
    if (!t->started || stall || arrival_us - t->slice_us >= SLICE_US)
        next_slice(t, arrival_us, stall);
    t->arrival_us = arrival_us;
    span(t, t->memory, &low, &high);
    if (bin <= high - BINS || (stall && bin >= low + BINS))
        memset(t->slices, 0, sizeof t->slices); /* another path: nothing of this one was learned */
    else if (bin >= low + BINS)
        bin = low + BINS - 1; /* later than any ceiling */
    struct slice *s = &t->slices[t->now];
    uint8_t *n = &s->bins[(uint64_t)bin % BINS];
    if (*n < UINT8_MAX) {
        s->low = s->count == 0 || bin < s->low ? bin : s->low;
        s->high = s->count == 0 || bin > s->high ? bin : s->high;
        ++*n;
        s->count++;
    }
    t->stale = true;
}

static void make_tail(struct delay_target *t)
{
    int64_t low = 0, high = 0;
    unsigned total = 0;
    t->stale = false;
    memset(t->tail, 0, sizeof t->tail);
    if (!span(t, t->memory, &low, &high))
        return;
    t->low = low;
    uint16_t sum[BINS] = {0};
    for (unsigned i = 0; i < t->memory; i++) {
        const struct slice *s = slice_back(t, i);
        for (int64_t b = s->low; s->count > 0 && b <= s->high && b < low + BINS; b++)
            sum[b - low] += s->bins[(uint64_t)b % BINS];
        total += s->count;
    }
    for (unsigned i = BINS, above = 0; i-- > 0; t->tail[i] = (float)above / (float)total)
        above += sum[i];
}

/* Share of packets that come after the deadline. */
static float share_after(const struct delay_target *t, int64_t deadline_us)
{
    int64_t i = floor_div(deadline_us, t->bin_us) - t->low + 1;
    return t->tail[i < 0 ? 0 : i > BINS ? BINS : i];
}

int64_t delay_target_least_us(const struct delay_target *t)
{
    int64_t low = 0, high;
    span(t, t->since_stall, &low, &high);
    return low * t->bin_us;
}

int64_t delay_target_median_us(struct delay_target *t)
{
    if (t->stale)
        make_tail(t);
    unsigned i = 0;
    while (i + 1 < BINS && t->tail[i + 1] > 0.5f)
        i++;
    return (t->low + i) * t->bin_us;
}

/* --- losses --------------------------------------------------------------------------------- */
void delay_target_outcome(struct delay_target *t, bool lost, unsigned n)
{
    for (unsigned i = 0; i < n && i < 50; i++) {
        t->outcomes += t->outcomes < 400;
        unsigned memory = t->outcomes < 100 ? 100 : t->outcomes;
        t->loss += ((lost ? 1.0f : 0.0f) - t->loss) / (float)memory;
    }
    if (lost)
        t->fec += (FEC_PRIOR - t->fec) / 128;
}

void delay_target_late(struct delay_target *t)
{
    unsigned memory = t->outcomes < 100 ? 100 : t->outcomes;
    t->loss -= 1.0f / (float)memory;
    if (t->loss < 0)
        t->loss = 0;
}

void delay_target_fec(struct delay_target *t, bool found)
{
    t->fec += ((found ? 1.0f : 0.0f) - t->fec) / 32;
}

void delay_target_fec_possible(struct delay_target *t, bool possible)
{
    t->fec_possible = possible;
    t->fec = FEC_PRIOR;
}

static float mendable(struct delay_target *t, uint32_t packet_us)
{
    float share = t->fec_possible ? t->loss * t->fec : 0;
    float worth = FEC_WORTH * (float)packet_us / 20000;
    t->fec_wait = share > (t->fec_wait ? worth / 2 : worth);
    return t->fec_wait ? share : 0;
}

/* --- memory --------------------------------------------------------------------------------- */
void delay_target_grown(struct delay_target *t, int64_t deadline_us, uint64_t now_us)
{
    bool soon = t->has_shrunk && now_us - t->shrunk_us <= REGRET_US;
    if (!soon || deadline_us > t->shrunk_from_us)
        return; /* nothing to regret: what it shrank from would not have done either */
    t->memory = 2 * t->memory < SLICES ? 2 * t->memory : SLICES;
    t->regret_us = now_us;
    t->has_shrunk = false;
    t->stale = true;
}

void delay_target_shrunk(struct delay_target *t, int64_t deadline_us, uint64_t now_us)
{
    bool again = t->has_shrunk && now_us - t->shrunk_us <= REGRET_US;
    if (!again || deadline_us > t->shrunk_from_us)
        t->shrunk_from_us = deadline_us;
    t->shrunk_us = now_us;
    t->has_shrunk = true;
    if (t->memory > MEMORY_LEAST && now_us - t->regret_us > CALM_US) {
        t->memory /= 2;
        t->regret_us = now_us;
        t->stale = true;
    }
}

/* --- the price ------------------------------------------------------------------------------ */
struct range {
    int64_t down, up; /* steps */
};

/* What the ceiling and the floor of the configuration leave. */
static struct range reachable(const struct delay_target *t, const struct delay_target_query *q)
{
    int64_t held = q->deadline_us - delay_target_least_us(t);
    int64_t room = (int64_t)t->cfg.max_delay_us - q->held_us - held;
    int64_t up = floor_div(room - CEILING_US, q->step_us);
    if (up < 0)
        up = room >= q->idle_us ? 0 : room >= 0 ? -1 : floor_div(room, q->step_us);
    int64_t down = -floor_div(held - (int64_t)t->cfg.min_delay_us, q->step_us);
    up = up < -INT16_MAX ? -INT16_MAX : up > INT16_MAX ? INT16_MAX : up;
    return (struct range){down < up - MAX_STEPS ? up - MAX_STEPS : down, up};
}

int delay_target_steps(struct delay_target *t, const struct delay_target_query *query)
{
    struct range range = reachable(t, query);
    int best = (int)range.up;
    float fec = mendable(t, query->packet_us), best_price = INFINITY;
    /* A longer memory must not make what happened in it cheaper. */
    float worth = PRICE_US * (float)t->memory / MEMORY_LEAST;
    if (t->stale)
        make_tail(t);
    for (int m = best; m >= range.down; m--) {
        int64_t margin = m < 0             ? MARGIN_GIVE_US
                         : query->starting ? MARGIN_START_US
                                           : MARGIN_KEEP_US;
        int64_t deadline = query->deadline_us + (int64_t)m * query->step_us - margin;
        float missed = share_after(t, deadline) + fec * share_after(t, deadline - query->packet_us);
        float price = worth * missed + (float)m * (float)query->step_us;
        if (price < best_price) {
            best = m;
            best_price = price;
        }
    }
    return best;
}
