#include "mixer/hearing.h"

#include <errno.h>
#include <math.h>

enum {
    SAME_TICKS = 25, /* 500 ms: encoders that heard the same so long are much the same */
    ALIKE_PACKETS = 3,
    SETTLED_TICKS = 25,       /* of silence bring an encoder with long memory to rest … */
    LONG_MEMORY_TICKS = 3000, /* … and for that, or packets alike, it waits a minute */
    PATIENCE_TICKS = 500,     /* after 10 s more no pause is waited for any more */
    CROWD = 6,                /* more encoders of their own than this are many, … */
    CROWD_TICKS = 50          /* … and the voices hide more: so long is waited then */
};
static const float same_gain = 0.001f;
static const float pause_db = 25; /* below the loudness of late is a pause */
static const float faint_db = -60;
static const float loudness_rise = 0.1f, loudness_fall = 0.004f; /* of the distance, a tick */

static const struct history *heard_by(const struct mixer *m, const struct group *g)
{
    return g->silent ? NULL : &m->history;
}

static void member_add(struct group *g, struct mixer_leg *leg)
{
    legs_add(&g->members, leg);
}

/* The chain of a group that is left empty stays at hand for those who come back. */
static void member_remove(struct group *g, struct mixer_leg *leg)
{
    legs_remove(&g->members, leg);
    if (g->members.n == 0 && g->chain) {
        group_give_spare(g, g->chain);
        g->chain = NULL;
    }
}

/* --- own encoder and back --------------------------------------------------------------------- */
static struct output *chain_for_one(struct mixer *m, struct group *g)
{
    struct output *o;
    if (g->members.n == 1) {
        o = g->chain;
        g->chain = NULL;
        return o;
    }
    o = group_take_spare(g);
    if (!o)
        return NULL;
    output_follow(o, g->chain, m->tick, heard_by(m, g));
    output_adapt(o, &g->format, m->load.complexity);
    return o;
}

bool hearing_take_own(struct mixer_leg *leg)
{
    struct mixer *m = leg->m;
    struct group *g = leg->home;
    if (leg->own)
        return true;
    leg->own = chain_for_one(m, g);
    if (!leg->own) {
        m->stats.late_entries++;
        return false;
    }
    member_remove(g, leg);
    if (g->silent)
        limiter_init(&leg->limiter);
    else
        leg->limiter = m->limiter;
    leg->ear.from = leg->ear.to = g->silent ? 0 : 1;
    leg->same_ticks = leg->alike = 0;
    legs_add(&m->own, leg);
    m->stats.switches++;
    return true;
}

static void go_home(struct mixer_leg *leg)
{
    struct group *g = leg->home;
    if (g->chain)
        group_give_spare(g, leg->own);
    else
        g->chain = leg->own;
    leg->own = NULL;
    member_add(g, leg);
    legs_remove(&leg->m->own, leg);
    leg->m->stats.switches++;
}

static bool hears_the_same(const struct mixer_leg *leg)
{
    bool sounds = leg->voice && voice_in_mix(leg->voice);
    bool silent = leg->home->silent;
    if (leg->ear.from != leg->ear.to || (sounds && !silent))
        return false;
    return silent || fabsf(leg->limiter.gain - leg->m->limiter.gain) < same_gain;
}

/* How far below its loudness of late the full mix is in this tick, dB. */
static float drop_of(struct mixer *m, bool silent)
{
    float now = silent ? -LEVEL_SILENT
                       : -(float)level_of(history_frame(&m->history, 1), MIXER_FRAME_SAMPLES);
    bool rises = now > m->loudness_db;
    m->loudness_db += (now - m->loudness_db) * (rises ? loudness_rise : loudness_fall);
    return now < faint_db ? pause_db : m->loudness_db - now;
}

/* Encoders whose packets are the same have come to the same state: none will hear the change. Else
 * a decoder that goes over from one to the other, even a very similar one, makes a noise in
 * proportion to what is sounding: so it does that in a pause, between words. Where none comes, less
 * and less of one will do. */
static bool pause_suits(const struct mixer_leg *leg, float drop_db)
{
    unsigned waited = leg->same_ticks - SAME_TICKS;
    unsigned patience = leg->m->own.n > CROWD ? CROWD_TICKS : PATIENCE_TICKS;
    if (!leg->home->chain || leg->home->silent)
        return true;
    if (leg->home->format.codec->long_memory) {
        if (waited < LONG_MEMORY_TICKS)
            return leg->m->silent_ticks >= SETTLED_TICKS;
        waited -= LONG_MEMORY_TICKS;
    }
    return waited >= patience || drop_db >= pause_db * (1 - (float)waited / (float)patience);
}

void hearing_settle(struct mixer *m, bool silent)
{
    float drop_db = drop_of(m, silent);
    m->silent_ticks = silent ? m->silent_ticks + 1 : 0;
    for (unsigned i = m->own.n; i-- > 0;) {
        struct mixer_leg *leg = m->own.leg[i];
        leg->same_ticks = hears_the_same(leg) ? leg->same_ticks + 1 : 0;
        if (leg->same_ticks < SAME_TICKS || !output_in_phase(&leg->home->format, m->tick + 1))
            continue;
        if (leg->home->chain)
            leg->alike = output_same_packets(leg->own, leg->home->chain) ? leg->alike + 1 : 0;
        if (leg->alike >= ALIKE_PACKETS || pause_suits(leg, drop_db))
            go_home(leg);
    }
}

/* --- to another group ------------------------------------------------------------------------- */
static bool adaptable(const struct mixer_leg *leg)
{
    return output_format_adaptable(&leg->home->format, &leg->next->format);
}

static bool only_deafness(const struct mixer_leg *leg)
{
    return output_format_equal(&leg->home->format, &leg->next->format);
}

/* Must it bring a chain made for the purpose? */
static bool needs_chain(const struct mixer_leg *leg)
{
    if (only_deafness(leg))
        return false;
    if (leg->own)
        return !adaptable(leg);
    return !leg->next->chain && !(leg->home->members.n == 1 && adaptable(leg));
}

static void change_own(struct mixer_leg *leg)
{
    struct mixer *m = leg->m;
    if (adaptable(leg)) {
        output_adapt(leg->own, &leg->next->format, m->load.complexity);
        return;
    }
    output_warm(leg->next_chain, m->tick, heard_by(m, leg->home));
    group_give_spare(leg->home, leg->own);
    leg->own = leg->next_chain;
    leg->next_chain = NULL;
}

static struct output *found_next(struct mixer_leg *leg)
{
    struct mixer *m = leg->m;
    struct group *old = leg->home;
    struct output *o;
    if (old->members.n == 1 && adaptable(leg)) {
        o = old->chain;
        old->chain = NULL;
    } else {
        o = leg->next_chain;
        leg->next_chain = NULL;
        if (adaptable(leg))
            output_follow(o, old->chain, m->tick, heard_by(m, old));
        else
            output_warm(o, m->tick, heard_by(m, old));
    }
    output_adapt(o, &leg->next->format, m->load.complexity);
    return o;
}

static void change_group(struct mixer_leg *leg)
{
    if (!leg->next->chain)
        leg->next->chain = found_next(leg);
    member_remove(leg->home, leg);
    member_add(leg->next, leg);
}

static bool can_step(const struct mixer_leg *leg)
{
    uint64_t tick = leg->m->tick;
    if (only_deafness(leg))
        return true;
    return output_in_phase(&leg->home->format, tick) && output_in_phase(&leg->next->format, tick) &&
           (leg->next_chain || !needs_chain(leg));
}

static void step(struct mixer_leg *leg)
{
    if (!leg->next || !can_step(leg))
        return;
    if (only_deafness(leg)) {
        if (!hearing_take_own(leg))
            return;
    } else if (leg->own) {
        change_own(leg);
    } else {
        change_group(leg);
    }
    if (leg->next_chain) {
        group_give_spare(leg->next, leg->next_chain);
        leg->next_chain = NULL;
    }
    group_unref(leg->home);
    leg->home = leg->next;
    leg->next = NULL;
    leg->m->stats.switches++;
}

void hearing_step(struct mixer *m)
{
    for (unsigned i = 0; i < m->pending.n; i++)
        step(m->pending.leg[i]);
}

/* --- outside the tick ------------------------------------------------------------------------- */
static int ensure_chain(struct mixer_leg *leg)
{
    if (leg->next_chain || !needs_chain(leg))
        return 0;
    return output_create(&leg->next_chain, &leg->next->format, leg->m->load.complexity);
}

static void forget_plan(struct mixer_leg *leg)
{
    if (leg->next)
        group_unref(leg->next);
    leg->next = NULL;
    output_destroy(leg->next_chain);
    leg->next_chain = NULL;
    legs_remove(&leg->m->pending, leg);
}

int hearing_plan(struct mixer_leg *leg)
{
    struct group *home = leg->home, *next;
    bool same = output_format_equal(&home->format, &leg->want);
    if (same && home->silent == leg->deaf) {
        forget_plan(leg);
        return 0;
    }
    /* The format first, then deafness: one step at a time. */
    int err = groups_get(&leg->m->groups, &next, &leg->want, same ? leg->deaf : home->silent);
    if (err < 0)
        return err;
    if (next == leg->next)
        group_unref(next);
    else
        forget_plan(leg);
    leg->next = next;
    err = ensure_chain(leg);
    if (err < 0) {
        forget_plan(leg);
        return err;
    }
    if (!legs_has(&leg->m->pending, leg))
        legs_add(&leg->m->pending, leg);
    return 0;
}

int hearing_join(struct mixer_leg *leg, const struct output_format *f)
{
    struct mixer *m = leg->m;
    struct group *g;
    int err = groups_get(&m->groups, &g, f, false);
    if (err < 0)
        return err;
    if (!g->chain) {
        err = output_create(&g->chain, f, m->load.complexity);
        if (err < 0) {
            group_unref(g);
            return err;
        }
        output_warm(g->chain, m->tick, &m->history);
    }
    leg->home = g;
    leg->want = *f;
    member_add(g, leg);
    return 0;
}

void hearing_leave(struct mixer_leg *leg)
{
    if (!leg->home)
        return;
    forget_plan(leg);
    member_remove(leg->home, leg);
    legs_remove(&leg->m->own, leg);
    output_destroy(leg->own);
    group_unref(leg->home);
    groups_sweep(&leg->m->groups);
}

static void prepare_spares(struct mixer *m)
{
    for (struct group *g = m->groups.first; g; g = g->next)
        g->may_speak = 0;
    for (unsigned i = 0; i < m->live.n; i++) {
        struct mixer_leg *leg = m->live.leg[i];
        if (leg->home && !leg->own && !leg->home->silent)
            leg->home->may_speak++;
    }
    for (struct group *g = m->groups.first; g; g = g->next)
        group_prepare(g, m->load.complexity);
}

void hearing_prepare(struct mixer *m)
{
    for (unsigned i = m->pending.n; i-- > 0;)
        hearing_plan(m->pending.leg[i]); /* out of memory: tried again after the next tick */
    prepare_spares(m);
    groups_sweep(&m->groups);
}
