#include "mixer/mixer.h"

#include "mixer/hearing.h"
#include "mixer/room.h"
#include "mixer/tick.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mixer_create(
    struct mixer **mp, const struct mixer_config *cfg, mixer_talking_fn *talking, void *arg)
{
    struct mixer *m = calloc(1, sizeof *m);
    if (!m)
        return -ENOMEM;
    m->config = *cfg;
    m->talking = talking;
    m->arg = arg;
    m->live.kind = LEGS_LIVE;
    m->dormant.kind = LEGS_DORMANT;
    m->own.kind = LEGS_OWN;
    m->pending.kind = LEGS_PENDING;
    load_init(&m->load, cfg->complexity);
    limiter_init(&m->limiter);
    m->loudness_db = -MIXER_LEVEL_SILENT;
    *mp = m;
    return 0;
}

void mixer_destroy(struct mixer *m)
{
    if (!m)
        return;
    assert(m->stats.legs == 0);
    groups_fini(&m->groups);
    legs_fini(&m->live);
    legs_fini(&m->dormant);
    legs_fini(&m->own);
    legs_fini(&m->pending);
    free(m->candidates);
    free(m);
}

static void apply_complexity(struct mixer *m)
{
    for (struct group *g = m->groups.first; g; g = g->next)
        if (g->chain)
            output_adapt(g->chain, &g->format, m->load.complexity);
    for (unsigned i = 0; i < m->own.n; i++) {
        struct mixer_leg *leg = m->own.leg[i];
        output_adapt(leg->own, &leg->home->format, m->load.complexity);
    }
}

void mixer_configure(struct mixer *m, const struct mixer_config *cfg)
{
    m->config = *cfg;
    load_set_ceiling(&m->load, cfg->complexity);
    apply_complexity(m);
}

void mixer_load(struct mixer *m, float busy_share)
{
    uint8_t before = m->load.complexity;
    if (load_update(&m->load, busy_share) != before)
        apply_complexity(m);
}

void mixer_tick(struct mixer *m, uint64_t now_us)
{
    tick_run(m, now_us);
}

void mixer_miss(struct mixer *m, uint64_t ticks)
{
    tick_miss(m, ticks);
}

void mixer_prepare(struct mixer *m)
{
    hearing_prepare(m);
}

/* --- legs ------------------------------------------------------------------------------------- */
/* Room for one leg more wherever the tick may put it. */
static int reserve(struct mixer *m)
{
    unsigned n = m->stats.legs + 1, had = m->live.cap;
    if (legs_reserve(&m->dormant, n) < 0 || legs_reserve(&m->own, n) < 0 ||
        legs_reserve(&m->pending, n) < 0 || legs_reserve(&m->live, n) < 0)
        return -ENOMEM;
    if (m->candidates && m->live.cap == had)
        return 0;
    struct speaker **c = realloc(m->candidates, m->live.cap * sizeof(struct speaker *));
    if (!c)
        return -ENOMEM;
    m->candidates = c;
    return 0;
}

static struct output_format format_of(
    const struct acodec *codec, const struct acodec_params *params, bool comfort_noise)
{
    struct output_format f = {codec, *params, comfort_noise};
    if (f.params.ptime_ms == 0)
        f.params.ptime_ms = MIXER_TICK_MS;
    if (f.params.channels == 0)
        f.params.channels = 1;
    return f;
}

static int add_voice(struct mixer_leg *leg, const struct mixer_leg_config *cfg)
{
    if (!cfg->source)
        return 0;
    int err = voice_create(&leg->voice, cfg->source, cfg->source_arg, cfg->agc, cfg->denoise);
    if (err == 0)
        legs_add(&leg->m->live, leg);
    return err;
}

static int add_hearing(struct mixer_leg *leg, const struct mixer_leg_config *cfg)
{
    if (!cfg->codec)
        return 0;
    struct output_format f = format_of(cfg->codec, &cfg->params, cfg->comfort_noise);
    return hearing_join(leg, &f);
}

int mixer_leg_add(struct mixer *m, struct mixer_leg **legp, const struct mixer_leg_config *cfg)
{
    if ((!cfg->codec && !cfg->source) || (cfg->codec && !cfg->packet))
        return -EINVAL;
    struct mixer_leg *leg = calloc(1, sizeof *leg);
    if (!leg || reserve(m) < 0) {
        free(leg);
        return -ENOMEM;
    }
    leg->m = m;
    leg->packet = cfg->packet;
    leg->arg = cfg->arg;
    leg->announces = cfg->announces;
    leg->next_ms = MIXER_NEVER;
    for (int i = 0; i < LEGS_KINDS; i++)
        leg->place[i] = LEGS_NOWHERE;
    m->stats.legs++;
    int err = add_voice(leg, cfg);
    if (err == 0)
        err = add_hearing(leg, cfg);
    if (err < 0) {
        mixer_leg_remove(leg);
        return err;
    }
    *legp = leg;
    return 0;
}

static void remove_voice(struct mixer_leg *leg)
{
    struct mixer *m = leg->m;
    if (!leg->voice)
        return;
    if (voice_sounding(leg->voice)) {
        if (!m->tail)
            memset(m->farewell, 0, sizeof m->farewell);
        m->tail = true;
        voice_leave(leg->voice, m->now_us + MIXER_TICK_MS * 1000, m->farewell);
    }
    legs_remove(&m->live, leg);
    legs_remove(&m->dormant, leg);
    voice_destroy(leg->voice);
}

void mixer_leg_remove(struct mixer_leg *leg)
{
    if (!leg)
        return;
    remove_voice(leg);
    hearing_leave(leg);
    leg->m->stats.legs--;
    free(leg);
}

void mixer_leg_mute(struct mixer_leg *leg, bool muted)
{
    if (leg->voice)
        voice_mute(leg->voice, muted);
}

void mixer_leg_deafen(struct mixer_leg *leg, bool deaf)
{
    leg->deaf = deaf;
    if (!leg->home)
        return;
    if (hearing_plan(leg) < 0 && !legs_has(&leg->m->pending, leg))
        legs_add(&leg->m->pending, leg); /* mixer_prepare plans it again */
}

void mixer_leg_gain(struct mixer_leg *leg, float gain_db)
{
    if (leg->voice)
        voice_set_gain(leg->voice, gain_db);
}

void mixer_leg_wake(struct mixer_leg *leg)
{
    tick_wake(leg);
}

void mixer_leg_level_hint(struct mixer_leg *leg, uint8_t level, uint64_t now_us)
{
    if (!leg->voice)
        return;
    voice_hint(leg->voice, level, now_us);
    tick_wake(leg);
}

int mixer_leg_set_encoding(struct mixer_leg *leg, const struct acodec *codec,
    const struct acodec_params *params, bool comfort_noise)
{
    if (!leg->home || !codec)
        return -EINVAL;
    struct output_format before = leg->want;
    leg->want = format_of(codec, params, comfort_noise);
    int err = hearing_plan(leg);
    if (err < 0) {
        leg->want = before;
        hearing_plan(leg);
    }
    return err;
}

/* --- what is told ----------------------------------------------------------------------------- */
void mixer_leg_stats(const struct mixer_leg *leg, struct mixer_leg_stats *out)
{
    *out = (struct mixer_leg_stats){.own_encoder = leg->own, .level = MIXER_LEVEL_SILENT};
    out->group_size = leg->own ? 1 : leg->home ? leg->home->members.n : 0;
    if (leg->voice) {
        const struct speaker *s = voice_speaker(leg->voice);
        out->speaking = voice_sounding(leg->voice);
        out->talking = s->talking;
        out->level = voice_level(leg->voice);
    }
}

void mixer_stats(const struct mixer *m, struct mixer_stats *out)
{
    *out = m->stats;
    out->clock_ms = m->tick * MIXER_TICK_MS;
    out->speakers = m->in_mix;
    out->complexity = m->load.complexity;
    out->complexity_steps_down = m->load.steps_down;
    out->groups = 0;
    for (const struct group *g = m->groups.first; g; g = g->next)
        out->groups += g->members.n > 0;
}
