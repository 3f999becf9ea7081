#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Time, pauses and what is sent in them. */

static struct mixer *room(void)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){5, 0}, NULL, NULL), 0);
    return m;
}

/* 25 hours, past the wrap of a 48 kHz timestamp at 24.86, a few words every ten minutes. */
Test(mixer_clock, a_day_without_drift)
{
    enum { TICKS = 25 * 3600 * 50, EVERY = 600 * 50 };
    const struct acodec_params ms10 = {.ptime_ms = 10, .channels = 1};
    const struct acodec_params ms40 = {.ptime_ms = 40, .channels = 1};
    struct mixer *m = room();
    struct sim_leg talker = {.hz = 500, .amplitude = 8000}, fast = {0}, slow = {0};
    talker.deaf_ears = fast.deaf_ears = slow.deaf_ears = true;
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_l16_48000, &ms40), 0);
    cr_assert_eq(sim_leg_add(m, &fast, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &slow, &acodec_l16_48000, &ms40), 0);
    uint64_t now = 1u << 31;
    uint32_t wraps = 0, before = 0;
    for (unsigned t = 0; t < TICKS; t += 50) {
        talker.speaking = t % EVERY == 0;
        sim_run(m, &now, 50);
        wraps += fast.last_timestamp < before;
        before = fast.last_timestamp;
    }
    uint64_t ms = 20ull * TICKS;
    cr_assert_eq(wraps, 1);
    cr_assert_eq(fast.packets, ms / 10);
    cr_assert_eq(fast.next_timestamp, (uint32_t)(ms * 48));
    cr_assert_eq(slow.packets, ms / 40);
    cr_assert_eq(slow.next_timestamp, (uint32_t)(ms * 48));
    cr_assert_eq(talker.packets, ms / 40);
    cr_assert_eq(fast.gaps + slow.gaps + talker.gaps, 3);
    struct mixer_stats s;
    mixer_stats(m, &s);
    cr_assert_eq(s.ticks, TICKS);
    cr_assert_gt(s.switches, 25 * 6);
    sim_leg_remove(&talker);
    sim_leg_remove(&fast);
    sim_leg_remove(&slow);
    mixer_destroy(m);
}

Test(mixer_clock, packets_of_every_duration_are_continuous)
{
    static const uint32_t ptimes[] = {10, 20, 30, 40, 60};
    enum { N = sizeof ptimes / sizeof *ptimes };
    struct mixer *m = room();
    struct sim_leg leg[N] = {0}, talker = {.hz = 400, .amplitude = 8000, .speaking = true};
    const struct acodec_params p20 = {.ptime_ms = 20, .channels = 1};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_l16_8000, &p20), 0);
    uint64_t now = 0;
    for (int i = 0; i < N; i++) {
        struct acodec_params p = {.ptime_ms = ptimes[i], .channels = 1};
        sim_run(m, &now, 1 + (unsigned)i % 3);
        cr_assert_eq(sim_leg_add(m, &leg[i], &acodec_l16_8000, &p), 0);
    }
    sim_run(m, &now, 600);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(leg[i].last_ms, ptimes[i]);
        cr_assert_eq(leg[i].gaps, 1);
        cr_assert_eq(leg[i].markers, 1);
        cr_assert_eq(leg[i].last_timestamp % (8 * ptimes[i]), 0);
        double tone = sim_tone(leg[i].heard + leg[i].heard_n - 8000, 8000, 400, 8000);
        cr_assert_float_eq(tone, 8000, 100, "%u ms: %.0f", ptimes[i], tone);
        sim_leg_remove(&leg[i]);
    }
    sim_leg_remove(&talker);
    mixer_destroy(m);
}

Test(mixer_clock, silence_is_comfort_noise_where_the_peer_takes_it)
{
    struct mixer *m = room();
    struct mixer_leg_config cfg = {
        .codec = &acodec_pcmu, .params = {.ptime_ms = 20, .channels = 1}, .comfort_noise = true};
    struct sim_leg talker = {.hz = 500, .amplitude = 8000, .speaking = true}, with = {0},
                   without = {0};
    cr_assert_eq(sim_leg_add_config(m, &talker, cfg), 0);
    cr_assert_eq(sim_leg_add_config(m, &with, cfg), 0);
    cfg.comfort_noise = false;
    cr_assert_eq(sim_leg_add_config(m, &without, cfg), 0);
    uint64_t now = 0;
    sim_run(m, &now, 100);
    unsigned spoken = with.packets, markers = with.markers;
    cr_assert_leq(with.noise_packets, 1);
    talker.speaking = false;
    sim_run(m, &now, 60); /* the hold runs out */
    sim_run(m, &now, 200);
    unsigned noise = with.noise_packets;
    cr_assert_geq(noise, 9, "%u", noise); /* every 400 ms */
    cr_assert_leq(with.packets - spoken, 60 + noise);
    cr_assert_eq(without.packets, 360);
    cr_assert_eq(without.gaps, 1);
    talker.speaking = true;
    sim_run(m, &now, 50);
    cr_assert_eq(with.markers, markers + 1, "one marker when it goes on");
    cr_assert_eq(with.last_timestamp, without.last_timestamp, "the clock went on");
    sim_leg_remove(&talker);
    sim_leg_remove(&with);
    sim_leg_remove(&without);
    mixer_destroy(m);
}

Test(mixer_clock, opus_dtx_stops_sending_and_marks_the_return)
{
    struct mixer *m = room();
    const struct acodec_params dtx = {.ptime_ms = 20, .channels = 1, .dtx = true};
    struct sim_leg talker = {.hz = 500, .amplitude = 8000, .speaking = true}, ear = {0},
                   other = {0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_opus, &dtx), 0);
    cr_assert_eq(sim_leg_add(m, &ear, &acodec_opus, &dtx), 0);
    cr_assert_eq(sim_leg_add(m, &other, &acodec_opus, &dtx), 0);
    uint64_t now = 0;
    sim_run(m, &now, 100);
    cr_assert_eq(ear.gaps, 1);
    unsigned spoken = ear.packets;
    talker.speaking = false;
    sim_run(m, &now, 300);
    cr_assert_lt(ear.packets - spoken, 130, "%u", ear.packets - spoken);
    unsigned markers = ear.markers;
    talker.speaking = true;
    sim_run(m, &now, 50);
    cr_assert_geq(ear.markers, markers + 1);
    cr_assert_eq(ear.last_timestamp, (100 + 300 + 49) * 960);
    sim_leg_remove(&talker);
    sim_leg_remove(&ear);
    sim_leg_remove(&other);
    mixer_destroy(m);
}

Test(mixer_clock, what_cannot_be_is_refused)
{
    struct mixer *m = room();
    struct sim_leg s = {0};
    struct acodec_params p = {.ptime_ms = 25, .channels = 1};
    struct mixer_leg *leg = NULL;
    cr_assert_lt(sim_leg_add(m, &s, &acodec_pcmu, &p), 0);
    p.ptime_ms = 30; /* not one of Opus' durations */
    cr_assert_lt(
        mixer_leg_add(m, &leg, &(struct mixer_leg_config){.codec = &acodec_opus, .params = p}), 0);
    p = (struct acodec_params){.ptime_ms = 20, .channels = 2};
    cr_assert_lt(
        mixer_leg_add(m, &leg, &(struct mixer_leg_config){.codec = &acodec_pcmu, .params = p}), 0);
    cr_assert_lt(mixer_leg_add(m, &leg, &(struct mixer_leg_config){0}), 0);
    cr_assert_null(leg);
    p = (struct acodec_params){.ptime_ms = 20, .channels = 1};
    cr_assert_eq(sim_leg_add(m, &s, &acodec_pcmu, &p), 0);
    p.ptime_ms = 50;
    cr_assert_lt(mixer_leg_set_encoding(s.leg, &acodec_opus, &p, false), 0);
    uint64_t now = 0;
    sim_run(m, &now, 20);
    cr_assert_eq(s.packets, 20, "it goes on as it was");
    sim_leg_remove(&s);
    struct mixer_stats st;
    mixer_stats(m, &st);
    cr_assert_eq(st.legs, 0);
    mixer_destroy(m);
}

Test(mixer_clock, ticks_given_up_are_a_pause_and_no_growing_delay)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){5, 5}, NULL, NULL), 0);
    struct sim_leg talker = {.hz = 440, .amplitude = 4000, .speaking = true}, ear[2] = {{.hz = 0}};
    const struct acodec_params ms20 = {.ptime_ms = 20, .channels = 1};
    const struct acodec_params ms60 = {.ptime_ms = 60, .channels = 1};
    cr_assert_eq(sim_leg_add(m, &talker, NULL, &ms20), 0);
    cr_assert_eq(sim_leg_add(m, &ear[0], &acodec_pcmu, &ms20), 0);
    cr_assert_eq(sim_leg_add(m, &ear[1], &acodec_opus, &ms60), 0);
    uint64_t now = 0;
    sim_run(m, &now, 60);
    uint32_t before[2] = {ear[0].last_timestamp, ear[1].last_timestamp};
    unsigned pulls = talker.pulls;
    for (int i = 0; i < 4; i++) /* 28 ticks: four phases of six, and four that are carried */
        mixer_miss(m, 7);
    now += 28 * MIXER_TICK_MS * 1000;
    cr_expect_eq(talker.skips, 28u);
    sim_run(m, &now, 60);
    cr_expect_eq(talker.pulls, pulls + 60);
    cr_expect_eq(ear[0].last_timestamp - before[0], (60 + 24) * 160u);
    cr_expect_eq(ear[1].last_timestamp - before[1], (60 + 24) * 960u);
    cr_expect_eq(ear[0].gaps, 2u, "one more than the first packet makes");
    cr_expect_eq(ear[0].markers, 2u);
    sim_leg_remove(&talker);
    sim_leg_remove(&ear[0]);
    sim_leg_remove(&ear[1]);
    mixer_destroy(m);
}
