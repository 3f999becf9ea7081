#include "mixer/tick.h"

#include "mixer/hearing.h"

#include <string.h>

enum {
    POLL_TICKS = 10, /* every dormant source is looked at once in so many */
    PHASE_TICKS = 6, /* 120 ms: packets of every duration begin together again */
    SKIPS_MAX = 100, /* no source holds more than the 2 s of so many ticks */
};

/* --- who is heard ----------------------------------------------------------------------------- */
void tick_wake(struct mixer_leg *leg)
{
    struct mixer *m = leg->m;
    if (!legs_has(&m->dormant, leg))
        return;
    legs_remove(&m->dormant, leg);
    legs_add(&m->live, leg);
}

static void poll_dormant(struct mixer *m)
{
    unsigned n = (m->dormant.n + POLL_TICKS - 1) / POLL_TICKS;
    for (; n > 0 && m->dormant.n > 0; n--) {
        if (m->polled >= m->dormant.n)
            m->polled = 0;
        struct mixer_leg *leg = m->dormant.leg[m->polled++];
        if (!voice_idle(leg->voice, m->now_us))
            tick_wake(leg);
    }
}

static void listen(struct mixer *m)
{
    bool full = m->config.max_speakers && m->in_mix >= m->config.max_speakers;
    unsigned n = 0;
    for (unsigned i = 0; i < m->live.n; i++) {
        struct mixer_leg *leg = m->live.leg[i];
        voice_listen(leg->voice, m->now_us, full && !leg->announces);
        struct speaker *s = voice_speaker(leg->voice);
        if (leg->announces)
            s->chosen = voice_pulled(leg->voice);
        else
            m->candidates[n++] = s;
    }
    speakers_choose(&m->speakers, m->candidates, n, m->config.max_speakers);
}

static void settle(struct mixer *m)
{
    for (unsigned i = m->live.n; i-- > 0;) {
        struct mixer_leg *leg = m->live.leg[i];
        voice_settle(leg->voice, m->now_us);
        m->stats.decodes += voice_pulled(leg->voice);
        if (voice_dormant(leg->voice)) {
            legs_remove(&m->live, leg);
            legs_add(&m->dormant, leg);
        }
    }
}

/* Who sounds must not hear themselves: no entry without an encoder of their own. */
static bool may_sound(struct mixer_leg *leg)
{
    return !leg->home || (leg->home->silent && !leg->own) || hearing_take_own(leg);
}

static void set_ramps(struct mixer *m)
{
    m->in_mix = m->voices = 0;
    for (unsigned i = 0; i < m->live.n; i++) {
        struct mixer_leg *leg = m->live.leg[i];
        voice_set_ramp(leg->voice, voice_wants_in(leg->voice) && may_sound(leg));
        m->in_mix += voice_in_mix(leg->voice);
        m->voices += voice_in_mix(leg->voice) && voice_speaker(leg->voice)->voice;
    }
}

static void tell_talking(struct mixer *m)
{
    for (unsigned i = 0; i < m->live.n; i++) {
        struct mixer_leg *leg = m->live.leg[i];
        bool talking = voice_speaker(leg->voice)->talking;
        if (talking == leg->told_talking)
            continue;
        leg->told_talking = talking;
        if (m->talking)
            m->talking(leg->arg, talking, m->arg);
    }
}

/* --- mix -------------------------------------------------------------------------------------- */
static enum output_kind kind_of(unsigned in_mix, unsigned voices, const struct limiter *l)
{
    if (in_mix == 0 && limiter_at_rest(l))
        return OUTPUT_SILENT;
    return in_mix > 0 && voices == 0 ? OUTPUT_PAUSE : OUTPUT_VOICE;
}

/* The sum into m->mix, limited into the history. */
static enum output_kind mix(struct mixer *m)
{
    int16_t *frame = history_next(&m->history);
    unsigned sounding = m->in_mix + m->tail;
    enum output_kind kind = kind_of(sounding, m->voices + m->tail, &m->limiter);
    if (kind == OUTPUT_SILENT) {
        memset(frame, 0, MIXER_FRAME_SAMPLES * sizeof *frame);
        return kind;
    }
    if (m->tail)
        memcpy(m->mix, m->farewell, sizeof m->mix);
    else
        memset(m->mix, 0, sizeof m->mix);
    for (unsigned i = 0; m->in_mix > 0 && i < m->live.n; i++)
        if (voice_in_mix(m->live.leg[i]->voice))
            voice_mix(m->live.leg[i]->voice, m->mix);
    limiter_run(&m->limiter, m->mix, frame, MIXER_FRAME_SAMPLES);
    return kind;
}

/* What a leg with an encoder of its own hears. */
static enum output_kind mix_minus(struct mixer_leg *leg, int16_t *frame)
{
    struct mixer *m = leg->m;
    bool sounds = leg->voice && voice_in_mix(leg->voice);
    bool voice = sounds && voice_speaker(leg->voice)->voice;
    unsigned others = m->in_mix - sounds + m->tail;
    bool deaf = leg->ear.from == 0 && leg->ear.to == 0;
    enum output_kind kind = kind_of(deaf ? 0 : others, m->voices - voice + m->tail, &leg->limiter);
    if (kind == OUTPUT_SILENT) {
        memset(frame, 0, MIXER_FRAME_SAMPLES * sizeof *frame);
        return kind;
    }
    float heard[MIXER_FRAME_SAMPLES];
    if (deaf || others == 0)
        memset(heard, 0, sizeof heard);
    else if (sounds)
        voice_unmix(leg->voice, heard, m->mix);
    else
        memcpy(heard, m->mix, sizeof heard);
    if (leg->ear.from != 1 || leg->ear.to != 1)
        pcm_fade(heard, MIXER_FRAME_SAMPLES, leg->ear);
    limiter_run(&leg->limiter, heard, frame, MIXER_FRAME_SAMPLES);
    return kind;
}

/* --- encode and hand over --------------------------------------------------------------------- */
static void hand_over(struct mixer_leg *leg, const struct output_packet *from, uint32_t ptime_ms,
    struct mixer_packet *p)
{
    p->marker = !p->comfort_noise && leg->next_ms != from->start_ms;
    leg->next_ms = p->comfort_noise ? MIXER_NEVER : from->start_ms + ptime_ms;
    leg->packet(p, leg->arg);
}

static struct mixer_packet packet_of(const struct output_packet *o, const struct group *g)
{
    uint64_t ticks = o->start_ms * g->format.codec->rtp_clock_hz / 1000;
    return (struct mixer_packet){.payload = o->payload,
        .len = o->len,
        .codec = g->format.codec,
        .timestamp = (uint32_t)ticks,
        .comfort_noise = o->comfort_noise};
}

static void to_own(const struct output_packet *o, void *arg)
{
    struct mixer_leg *leg = arg;
    struct mixer_packet p = packet_of(o, leg->home);
    leg->m->stats.packets++;
    hand_over(leg, o, leg->home->format.params.ptime_ms, &p);
}

struct audience {
    struct mixer *m;
    struct group *g;
};

static void to_group(const struct output_packet *o, void *arg)
{
    const struct audience *a = arg;
    struct mixer_packet p = packet_of(o, a->g);
    uint32_t ptime_ms = a->g->format.params.ptime_ms;
    a->m->stats.packets += a->g->members.n;
    for (unsigned i = 0; i < a->g->members.n; i++)
        hand_over(a->g->members.leg[i], o, ptime_ms, &p);
}

static void feed_own(struct mixer *m)
{
    int16_t frame[MIXER_FRAME_SAMPLES];
    for (unsigned i = 0; i < m->own.n; i++) {
        struct mixer_leg *leg = m->own.leg[i];
        leg->ear.from = leg->ear.to;
        leg->ear.to = leg->home->silent ? 0 : 1;
        enum output_kind kind = mix_minus(leg, frame);
        m->stats.encodes += output_run(leg->own, m->tick, frame, kind, to_own, leg);
    }
}

static void feed_groups(struct mixer *m, enum output_kind kind)
{
    static const int16_t silence[MIXER_FRAME_SAMPLES];
    const int16_t *full = history_frame(&m->history, 1);
    for (struct group *g = m->groups.first; g; g = g->next) {
        if (!g->chain)
            continue;
        struct audience a = {m, g};
        m->stats.encodes += output_run(g->chain, m->tick, g->silent ? silence : full,
            g->silent ? OUTPUT_SILENT : kind, to_group, &a);
    }
}

void tick_run(struct mixer *m, uint64_t now_us)
{
    m->now_us = now_us;
    poll_dormant(m);
    listen(m);
    settle(m);
    hearing_step(m);
    set_ramps(m);
    enum output_kind kind = mix(m);
    feed_own(m);
    feed_groups(m, kind);
    m->tail = false;
    hearing_settle(m, kind == OUTPUT_SILENT);
    tell_talking(m);
    m->tick++;
    m->stats.ticks++;
}

/* The clock moves by whole phases, so that packets of every duration stay in phase; the rest waits
 * for the next time. */
void tick_miss(struct mixer *m, uint64_t ticks)
{
    m->missed += ticks;
    m->tick += m->missed / PHASE_TICKS * PHASE_TICKS;
    m->missed %= PHASE_TICKS;
    for (uint64_t t = 0; t < ticks && t < SKIPS_MAX; t++) {
        m->now_us += MIXER_TICK_MS * 1000;
        for (unsigned i = 0; i < m->live.n; i++)
            voice_miss(m->live.leg[i]->voice, m->now_us);
    }
}
