#include "mcu/room_media.h"

#include "mcu/leg.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TICKS_A_SECOND = 1000 / MIXER_TICK_MS };

struct room_media {
    struct ticker ticker; /* first member */
    struct media_loop *ml;
    struct mailbox *control;
    struct mixer *mixer;
    struct leg **legs;
    size_t n_legs, legs_cap;
    uint64_t ticks;
    bool talking_noted;          /* by a leg, within the tick */
    struct media_totals retired; /* what legs counted that have gone */

    struct mail close, gone;
    room_media_gone_fn *on_gone;
    void *gone_arg;
};

static void on_talking(void *source, bool talking, void *arg)
{
    struct room_media *rm = arg;
    if (!source) /* a player */
        return;
    leg_note_talking(source, talking);
    rm->talking_noted = true;
}

static void tick(struct ticker *t, uint64_t slot_us)
{
    struct room_media *rm = (struct room_media *)t;
    assert(media_loop_here(rm->ml));
    mixer_tick(rm->mixer, slot_us);
}

static void tell_talking(struct room_media *rm)
{
    for (size_t i = 0; i < rm->n_legs; i++)
        leg_after_tick(rm->legs[i]);
    rm->talking_noted = false;
}

/* Every leg has its slow work done once a second, a fiftieth of them after each tick. */
static void after(struct ticker *t, uint64_t slot_us)
{
    struct room_media *rm = (struct room_media *)t;
    size_t step = rm->ticks++ % TICKS_A_SECOND;
    size_t end = rm->n_legs * (step + 1) / TICKS_A_SECOND;
    for (size_t i = rm->n_legs * step / TICKS_A_SECOND; i < end; i++)
        leg_every_second(rm->legs[i], slot_us);
    if (rm->talking_noted)
        tell_talking(rm);
    mixer_load(rm->mixer, media_loop_busy(rm->ml));
    mixer_prepare(rm->mixer);
}

static void miss(struct ticker *t, uint64_t ticks)
{
    struct room_media *rm = (struct room_media *)t;
    mixer_miss(rm->mixer, ticks);
}

static void account(const struct ticker *t, struct media_totals *sums)
{
    const struct room_media *rm = (const struct room_media *)t;
    struct mixer_stats m;
    mixer_stats(rm->mixer, &m);
    media_totals_add(sums, &rm->retired);
    media_totals_add(sums, &(struct media_totals){
                               .encodes = m.encodes,
                               .decodes = m.decodes,
                               .switches = m.switches,
                               .groups = m.groups,
                               .speakers = m.speakers,
                               .complexity_steps = m.complexity_steps_down,
                           });
    for (size_t i = 0; i < rm->n_legs; i++)
        leg_account(rm->legs[i], sums);
}

static void open_on_loop(struct room_media *rm, void *arg)
{
    (void)arg;
    media_loop_add(rm->ml, &rm->ticker);
}

static void deliver_gone(struct mail *m)
{
    struct room_media *rm = (struct room_media *)((char *)m - offsetof(struct room_media, gone));
    room_media_gone_fn *gone = rm->on_gone;
    void *arg = rm->gone_arg;
    mixer_destroy(rm->mixer);
    free(rm->legs);
    free(rm);
    gone(arg);
}

static void deliver_close(struct mail *m)
{
    struct room_media *rm = (struct room_media *)((char *)m - offsetof(struct room_media, close));
    media_loop_remove(rm->ml, &rm->ticker);
    rm->gone.deliver = deliver_gone;
    mailbox_post(rm->control, &rm->gone);
}

int room_media_open(struct room_media **rmp, struct media_loop *ml, struct mailbox *control,
    const struct mixer_config *cfg)
{
    struct room_media *rm = calloc(1, sizeof(*rm));
    if (!rm)
        return -ENOMEM;
    rm->ticker = (struct ticker){.tick = tick, .after = after, .miss = miss, .account = account};
    rm->ml = ml;
    rm->control = control;
    int err = mixer_create(&rm->mixer, cfg, on_talking, rm);
    if (!err)
        err = room_media_run(rm, open_on_loop, NULL);
    if (err) {
        mixer_destroy(rm->mixer);
        free(rm);
        return err;
    }
    *rmp = rm;
    return 0;
}

void room_media_close(struct room_media *rm, room_media_gone_fn *gone, void *arg)
{
    rm->on_gone = gone;
    rm->gone_arg = arg;
    rm->close.deliver = deliver_close;
    media_loop_post(rm->ml, &rm->close);
}

/* --- configuration --------------------------------------------------------------------------- */
static void configure_on_loop(struct room_media *rm, void *arg)
{
    mixer_configure(rm->mixer, arg);
    free(arg);
}

int room_media_configure(struct room_media *rm, const struct mixer_config *cfg)
{
    struct mixer_config *copy = malloc(sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    *copy = *cfg;
    int err = room_media_run(rm, configure_on_loop, copy);
    if (err)
        free(copy);
    return err;
}

/* --- statistics ------------------------------------------------------------------------------ */
struct stats_request {
    struct mail mail;
    room_media_stats_fn *fn;
    void *arg;
    void **owners;
    struct leg_stats *stats;
    size_t n;
};

static void deliver_stats(struct mail *m)
{
    struct stats_request *q = (struct stats_request *)m;
    q->fn(q->owners, q->stats, q->n, q->arg);
    free(q->owners);
    free(q->stats);
    free(q);
}

static void stats_on_loop(struct room_media *rm, void *arg)
{
    struct stats_request *q = arg;
    q->owners = calloc(rm->n_legs + 1, sizeof(*q->owners));
    q->stats = calloc(rm->n_legs + 1, sizeof(*q->stats));
    if (q->owners && q->stats)
        for (; q->n < rm->n_legs; q->n++) {
            q->owners[q->n] = leg_owner(rm->legs[q->n]);
            leg_fill_stats(rm->legs[q->n], &q->stats[q->n]);
        }
    q->mail.deliver = deliver_stats;
    mailbox_post(rm->control, &q->mail);
}

int room_media_stats(struct room_media *rm, room_media_stats_fn *fn, void *arg)
{
    struct stats_request *q = calloc(1, sizeof(*q));
    if (!q)
        return -ENOMEM;
    q->fn = fn;
    q->arg = arg;
    int err = room_media_run(rm, stats_on_loop, q);
    if (err)
        free(q);
    return err;
}

struct levels_request {
    struct mail mail;
    room_media_levels_fn *fn;
    void *arg;
    size_t max, n;
    struct room_media_level levels[];
};

static void deliver_levels(struct mail *m)
{
    struct levels_request *q = (struct levels_request *)m;
    q->fn(q->levels, q->n, q->arg);
    free(q);
}

static void levels_on_loop(struct room_media *rm, void *arg)
{
    struct levels_request *q = arg;
    for (size_t i = 0; i < rm->n_legs && q->n < q->max; i++) {
        uint8_t level = leg_level(rm->legs[i]);
        if (level < MIXER_LEVEL_SILENT)
            q->levels[q->n++] = (struct room_media_level){leg_owner(rm->legs[i]), level};
    }
    q->mail.deliver = deliver_levels;
    mailbox_post(rm->control, &q->mail);
}

int room_media_levels(struct room_media *rm, size_t max, room_media_levels_fn *fn, void *arg)
{
    struct levels_request *q = calloc(1, sizeof(*q) + max * sizeof(q->levels[0]));
    if (!q)
        return -ENOMEM;
    q->fn = fn;
    q->arg = arg;
    q->max = max;
    int err = room_media_run(rm, levels_on_loop, q);
    if (err)
        free(q);
    return err;
}

/* --- for legs and players -------------------------------------------------------------------- */
struct mixer *room_media_mixer(struct room_media *rm)
{
    return rm->mixer;
}

struct media_loop *room_media_loop(struct room_media *rm)
{
    return rm->ml;
}

struct mailbox *room_media_control(struct room_media *rm)
{
    return rm->control;
}

int room_media_add(struct room_media *rm, struct leg *leg)
{
    assert(media_loop_here(rm->ml));
    if (rm->n_legs == rm->legs_cap) {
        size_t cap = rm->legs_cap ? rm->legs_cap * 2 : 8;
        struct leg **legs = realloc(rm->legs, cap * sizeof(*legs));
        if (!legs)
            return -ENOMEM;
        rm->legs = legs;
        rm->legs_cap = cap;
    }
    rm->legs[rm->n_legs++] = leg;
    return 0;
}

void room_media_remove(struct room_media *rm, struct leg *leg)
{
    for (size_t i = 0; i < rm->n_legs; i++)
        if (rm->legs[i] == leg) {
            leg_account(leg, &rm->retired);
            media_totals_retire(&rm->retired);
            rm->legs[i] = rm->legs[--rm->n_legs];
            return;
        }
}

struct run_mail {
    struct mail mail;
    struct room_media *rm;
    room_media_fn *fn;
    void *arg;
};

static void deliver_run(struct mail *m)
{
    struct run_mail *r = (struct run_mail *)m;
    assert(media_loop_here(r->rm->ml));
    r->fn(r->rm, r->arg);
    free(r);
}

int room_media_run(struct room_media *rm, room_media_fn *fn, void *arg)
{
    struct run_mail *r = malloc(sizeof(*r));
    if (!r)
        return -ENOMEM;
    *r = (struct run_mail){.mail.deliver = deliver_run, .rm = rm, .fn = fn, .arg = arg};
    media_loop_post(rm->ml, &r->mail);
    return 0;
}
