#include "tests/support/malloc_count.h"
#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* What a tick costs: encodes, decodes, allocations; and who is served by whom. */

static const struct acodec_params ms20 = {.ptime_ms = 20, .channels = 1};

static struct mixer *room(unsigned max_speakers)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){max_speakers, 0}, NULL, NULL), 0);
    return m;
}

static struct mixer_stats in_ticks(struct mixer *m, uint64_t *now, unsigned ticks)
{
    struct mixer_stats a, b;
    mixer_stats(m, &a);
    sim_run(m, now, ticks);
    mixer_stats(m, &b);
    b.encodes -= a.encodes;
    b.decodes -= a.decodes;
    b.packets -= a.packets;
    b.switches -= a.switches;
    b.late_entries -= a.late_entries;
    return b;
}

Test(mixer_groups, three_speakers_among_a_hundred_are_four_encodes)
{
    enum { N = 100 };
    static struct sim_leg leg[N];
    struct mixer *m = room(5);
    for (int i = 0; i < N; i++) {
        leg[i].hz = 300 + 50 * i;
        leg[i].amplitude = 5000;
        leg[i].deaf_ears = true;
        cr_assert_eq(sim_leg_add(m, &leg[i], &acodec_opus, &ms20), 0);
    }
    uint64_t now = 0;
    sim_run(m, &now, 5);
    struct mixer_stats s = in_ticks(m, &now, 100);
    cr_assert_eq(s.encodes, 100, "nobody speaks: one a tick, not %lu", (unsigned long)s.encodes);
    cr_assert_eq(s.decodes, 0);
    for (int i = 0; i < 3; i++)
        leg[10 * i].speaking = true;
    sim_run(m, &now, 20);
    s = in_ticks(m, &now, 100);
    cr_assert_eq(s.encodes, 400);
    cr_assert_eq(s.decodes, 300);
    cr_assert_eq(s.packets, 100 * N);
    cr_assert_eq(s.speakers, 3);
    cr_assert_eq(s.groups, 1);
    for (int i = 0; i < 3; i++)
        leg[10 * i].speaking = false;
    sim_run(m, &now, 300);
    s = in_ticks(m, &now, 100);
    cr_assert_eq(s.encodes, 100);
    cr_assert_eq(s.legs, N);
    for (int i = 0; i < N; i++)
        cr_assert_eq(leg[i].gaps, 1);
    for (int i = 0; i < N; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

Test(mixer_groups, legs_of_one_format_share_and_others_do_not)
{
    struct mixer *m = room(5);
    struct acodec_params p = ms20, low = ms20, fec = ms20;
    low.bitrate_bps = 12000;
    fec.fec = true;
    fec.loss_percent = 10;
    struct sim_leg leg[6] = {0};
    const struct acodec_params *params[6] = {&p, &p, &low, &fec, &p, &p};
    for (int i = 0; i < 6; i++)
        cr_assert_eq(sim_leg_add(m, &leg[i], i < 4 ? &acodec_opus : &acodec_pcma, params[i]), 0);
    uint64_t now = 0;
    struct mixer_stats s = in_ticks(m, &now, 50);
    cr_assert_eq(s.groups, 4);
    cr_assert_eq(s.encodes, 4 * 50);
    struct mixer_leg_stats l;
    mixer_leg_stats(leg[5].leg, &l);
    cr_assert_eq(l.group_size, 2);
    /* The third comes to the first two, without a break. */
    cr_assert_eq(mixer_leg_set_encoding(leg[2].leg, &acodec_opus, &p, false), 0);
    s = in_ticks(m, &now, 50);
    cr_assert_eq(s.groups, 3);
    cr_assert_eq(leg[2].gaps, 1);
    cr_assert_eq(leg[2].markers, 1);
    for (int i = 0; i < 6; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

Test(mixer_groups, a_new_duration_begins_where_both_durations_do)
{
    struct mixer *m = room(5);
    const struct acodec_params ms60 = {.ptime_ms = 60, .channels = 1};
    struct sim_leg talker = {.hz = 500, .amplitude = 8000, .speaking = true}, ear = {0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_pcmu, &ms20), 0);
    cr_assert_eq(sim_leg_add(m, &ear, &acodec_pcmu, &ms20), 0);
    uint64_t now = 0;
    for (unsigned i = 0; i < 40; i++) {
        const struct acodec_params *p = i % 2 ? &ms20 : &ms60;
        sim_run(m, &now, 10 + i % 4);
        cr_assert_eq(mixer_leg_set_encoding(ear.leg, &acodec_pcmu, p, false), 0);
        sim_run(m, &now, 7);
        cr_assert_eq(ear.last_ms, p->ptime_ms);
    }
    sim_run(m, &now, 30);
    cr_assert_eq(ear.gaps, 1, "%u gaps", ear.gaps - 1);
    cr_assert_eq(ear.markers, 1);
    sim_leg_remove(&talker);
    sim_leg_remove(&ear);
    mixer_destroy(m);
}

Test(mixer_groups, hints_spare_decoding_who_is_silent_or_not_among_the_loudest)
{
    enum { N = 20 };
    static struct sim_leg leg[N];
    struct mixer *m = room(3);
    for (int i = 0; i < N; i++) {
        leg[i] = (struct sim_leg){.hz = 300 + 50 * i, .amplitude = i < 6 ? 9000 - 1000 * i : 5};
        leg[i].speaking = leg[i].deaf_ears = true;
        cr_assert_eq(sim_leg_add(m, &leg[i], &acodec_pcmu, &ms20), 0);
    }
    uint64_t now = 0;
    struct mixer_stats s = {0};
    for (int t = 0; t < 200; t++) {
        for (int i = 0; i < N; i++)
            mixer_leg_level_hint(leg[i].leg, (uint8_t)(i < 6 ? 15 + i : 80), now);
        struct mixer_stats one = in_ticks(m, &now, 1);
        if (t < 100)
            continue;
        s.decodes += one.decodes;
        s.encodes += one.encodes;
    }
    cr_assert_eq(s.decodes, 300, "%lu", (unsigned long)s.decodes);
    cr_assert_eq(s.encodes, 400);
    cr_assert_eq(leg[0].skips, 0);
    cr_assert_gt(leg[19].skips, 190);
    /* Stale hints are not believed; outside a full mix one frame in three is heard. */
    sim_run(m, &now, 20);
    s = in_ticks(m, &now, 12);
    cr_assert_eq(s.decodes, 12 * 3 + (N - 3) * 4, "%lu", (unsigned long)s.decodes);
    for (int i = 0; i < N; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

Test(mixer_groups, the_tick_allocates_nothing)
{
    enum { N = 24 };
    static struct sim_leg leg[N];
    const struct acodec *codecs[] = {&acodec_opus, &acodec_g722, &acodec_pcmu};
    struct mixer *m = room(4);
    for (int i = 0; i < N; i++) {
        leg[i].hz = 300 + 50 * i;
        leg[i].amplitude = 5000;
        leg[i].deaf_ears = true;
        cr_assert_eq(sim_leg_add(m, &leg[i], codecs[i % 3], &ms20), 0);
    }
    uint64_t now = 0;
    sim_run(m, &now, 10);
    unsigned long allocations = 0;
    struct mixer_stats before, after;
    mixer_stats(m, &before);
    for (int t = 0; t < 2800; t++) {
        leg[t / 70 % N].speaking = t % 70 < 30;
        if (t % 97 == 0)
            mixer_leg_deafen(leg[t % N].leg, t / 97 % 2);
        malloc_count_begin();
        mixer_tick(m, now);
        allocations += malloc_count_end();
        mixer_prepare(m);
        now += 20000;
    }
    mixer_stats(m, &after);
    cr_assert_gt(after.switches - before.switches, 60);
    cr_assert_eq(allocations, 0, "%lu", allocations);
    malloc_count_begin();
    void *volatile some = malloc(20);
    free(some);
    cr_assert_eq(malloc_count_end(), 1, "the counter counts");
    for (int i = 0; i < N; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

/* Everything at random for a while; the sanitizers and the ears watch. */
Test(mixer_groups, legs_come_and_go)
{
    enum { N = 30 };
    static struct sim_leg leg[N];
    static const uint32_t ptimes[] = {20, 40, 60, 10};
    struct mixer *m = room(3);
    uint64_t now = 0;
    srand(99);
    for (int t = 0; t < 4000; t++) {
        struct sim_leg *s = &leg[rand() % N];
        int what = rand() % 12;
        if (!s->leg) {
            *s = (struct sim_leg){.hz = 300, .amplitude = 5000, .deaf_ears = true};
            const struct acodec *c = acodecs[rand() % 8];
            struct acodec_params p = {.ptime_ms = ptimes[rand() % 4], .channels = 1};
            p.ptime_ms = c->pcm_rate_hz > 16000 && c != &acodec_opus ? 10 : p.ptime_ms;
            cr_assert_eq(sim_leg_add(m, s, c, &p), 0, "%s %u", c->name, p.ptime_ms);
        } else if (what == 0) {
            sim_leg_remove(s);
            *s = (struct sim_leg){0};
        } else if (what < 5) {
            s->speaking = !s->speaking;
            mixer_leg_wake(s->leg);
        } else if (what == 5) {
            mixer_leg_deafen(s->leg, rand() % 2);
        } else if (what == 6) {
            mixer_leg_mute(s->leg, rand() % 2);
        } else if (what == 7) {
            struct acodec_params p = {.ptime_ms = s->last_ms ? s->last_ms : 10, .channels = 1};
            p.bitrate_bps = rand() % 2 ? 16000 : 24000;
            cr_assert_eq(mixer_leg_set_encoding(s->leg, s->codec, &p, rand() % 2), 0);
        } else if (what == 8) {
            mixer_leg_level_hint(s->leg, (uint8_t)(rand() % 128), now);
        }
        sim_run(m, &now, 1);
    }
    struct mixer_stats st;
    mixer_stats(m, &st);
    cr_assert_gt(st.switches, 200);
    for (int i = 0; i < N; i++)
        if (leg[i].leg)
            sim_leg_remove(&leg[i]);
    mixer_stats(m, &st);
    cr_assert_eq(st.legs, 0);
    cr_assert_eq(st.groups, 0);
    mixer_destroy(m);
}

static struct {
    unsigned calls;
    bool talking;
    void *leg;
} told;

static void on_talking(void *leg, bool talking, void *arg)
{
    (void)arg;
    told.calls++;
    told.talking = talking;
    told.leg = leg;
}

Test(mixer_groups, talking_is_told_once_a_change)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){5, 0}, on_talking, NULL), 0);
    struct sim_leg a = {.hz = 400, .amplitude = 6000}, b = {0};
    cr_assert_eq(sim_leg_add(m, &a, &acodec_pcmu, &ms20), 0);
    cr_assert_eq(sim_leg_add(m, &b, &acodec_pcmu, &ms20), 0);
    uint64_t now = 0;
    a.speaking = true;
    sim_run(m, &now, 100);
    cr_assert_eq(told.calls, 1);
    cr_assert(told.talking);
    cr_assert_eq(told.leg, &a);
    a.speaking = false;
    sim_run(m, &now, 100);
    cr_assert_eq(told.calls, 2);
    cr_assert_not(told.talking);
    a.speaking = true;
    sim_run(m, &now, 50);
    mixer_leg_mute(a.leg, true);
    sim_run(m, &now, 1);
    cr_assert_eq(told.calls, 4);
    cr_assert_not(told.talking);
    sim_leg_remove(&a);
    sim_leg_remove(&b);
    mixer_destroy(m);
}

Test(mixer_groups, complexity_falls_under_load_and_is_counted)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){5, 5}, NULL, NULL), 0);
    struct sim_leg a = {.deaf_ears = true};
    cr_assert_eq(sim_leg_add(m, &a, &acodec_opus, &ms20), 0);
    uint64_t now = 0;
    struct mixer_stats s;
    for (int t = 0; t < 100; t++) {
        sim_run(m, &now, 1);
        mixer_load(m, 0.9f);
    }
    mixer_stats(m, &s);
    cr_assert_eq(s.complexity, 0);
    cr_assert_eq(s.complexity_steps_down, 5);
    sim_leg_remove(&a);
    mixer_destroy(m);
}

struct labels {
    const struct acodec *want;
    unsigned old, wanted, wrong;
};

static void check_label(const struct mixer_packet *p, void *arg)
{
    struct labels *c = arg;
    bool pcma = p->len == 160;
    c->wrong += p->codec != (pcma ? &acodec_pcma : &acodec_l16_8000);
    c->old += p->codec != c->want;
    c->wanted += p->codec == c->want;
}

/* Half a packet of the old encoding is out when the new one is asked for: that one still ends. */
Test(mixer_groups, packets_say_which_codec_they_are_of)
{
    struct mixer *m = room(5);
    struct labels c = {.want = &acodec_l16_8000};
    struct mixer_leg_config cfg = {.codec = &acodec_l16_8000,
        .params = {.ptime_ms = 60, .channels = 1},
        .packet = check_label,
        .arg = &c};
    struct mixer_leg *leg;
    uint64_t now = 0;
    cr_assert_eq(mixer_leg_add(m, &leg, &cfg), 0);
    sim_run(m, &now, 4);
    cr_assert_eq(c.wanted, 1u);
    c.want = &acodec_pcma;
    cr_assert_eq(mixer_leg_set_encoding(leg, &acodec_pcma, &ms20, false), 0);
    sim_run(m, &now, 12);
    cr_expect_eq(c.old, 1u);
    cr_expect_eq(c.wanted, 11u); /* the first was of l16 */
    cr_expect_eq(c.wrong, 0u);
    mixer_leg_remove(leg);
    mixer_destroy(m);
}
