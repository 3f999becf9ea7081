/* The jitter buffer on simulated lines: delay and concealment against what good ones reach. */

#include "mixer/jitter/jitter.h"

#include "tests/support/jitter_sim.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { PHASES = 8 };

static struct jitter_clip *clip;

static void setup(void)
{
    clip = jitter_clip_create(&acodec_opus, 20, true, 30);
}

static void teardown(void)
{
    jitter_clip_destroy(clip);
}

TestSuite(jitter_traces, .init = setup, .fini = teardown, .timeout = 300);

struct mean {
    double delay_ms, concealed_percent, stretched_percent, lost_percent, delay_most_ms;
};

/* The mean over the phases packets may have to the ticks. */
static struct mean over_phases(struct jitter_sim sim)
{
    struct mean m = {0};
    uint32_t seed = sim.path.random;
    for (int i = 0; i < PHASES; i++) {
        struct jitter_sim_result r;
        sim.phase_ms = 0.7 + 20.0 * i / PHASES;
        sim.path.random = seed + 1000u * (uint32_t)i;
        jitter_sim_run(&sim, &r);
        m.delay_ms += r.delay_ms / PHASES;
        m.concealed_percent += r.concealed_percent / PHASES;
        m.stretched_percent += r.stretched_percent / PHASES;
        m.lost_percent += r.lost_percent / PHASES;
        m.delay_most_ms = fmax(m.delay_most_ms, r.delay_most_ms);
        cr_assert_eq(r.stats.resets, 0);
    }
    return m;
}

Test(jitter_traces, as_good_as_the_yardstick_at_no_more_delay)
{
    for (unsigned i = 0; i < jitter_yardstick_count; i++) {
        const struct jitter_yardstick *y = &jitter_yardsticks[i];
        struct mean m =
            over_phases((struct jitter_sim){.clip = clip, .path = y->path, .seconds = 60});
        cr_assert_leq(m.delay_ms, y->delay_ms, "%s: %g ms", y->name, m.delay_ms);
        /* What is not known at the start costs a frame or two. */
        double fair = m.lost_percent > 0 ? 100 * y->path.loss / m.lost_percent : 1;
        cr_assert_leq(m.concealed_percent * fair, 1.03 * y->concealed_percent + 0.07, "%s: %g %%",
            y->name, m.concealed_percent);
    }
}

Test(jitter_traces, a_clean_line_is_held_for_half_a_frame_and_never_stretched)
{
    struct mean m = over_phases((struct jitter_sim){.clip = clip, .seconds = 60});
    cr_assert_leq(m.delay_ms, 18, "%g ms", m.delay_ms);
    cr_assert_leq(m.delay_most_ms, 25.5, "%g ms", m.delay_most_ms);
    cr_assert_eq(m.stretched_percent, 0);
    cr_assert_eq(m.concealed_percent, 0);
}

Test(jitter_traces, late_ticks_and_a_busy_sender_do_not_make_it_swing)
{
    struct mean m = over_phases((struct jitter_sim){
        .clip = clip, .path = {.random = 1, .jitter_ms = 3}, .seconds = 300, .tick_jitter_ms = 4});
    cr_assert_leq(m.delay_ms, 20, "%g ms", m.delay_ms);
    cr_assert_leq(
        m.stretched_percent, 0.01, "%g %%: one frame in five minutes", m.stretched_percent);
    cr_assert_leq(m.concealed_percent, 0.01, "%g %%", m.concealed_percent);
}

Test(jitter_traces, drift_is_absorbed_for_hours)
{
    struct jitter_clip *cheap = jitter_clip_create(&acodec_pcmu, 20, false, 30);
    for (int sign = -1; sign <= 1; sign += 2) {
        struct jitter_sim sim = {.clip = cheap,
            .path = {.random = 5, .jitter_ms = 2},
            .seconds = 2 * 3600,
            .drift_ppm = sign * 300,
            .phase_ms = 9,
            .first_seq = 65000,
            .first_timestamp = 4294000000u};
        struct jitter_sim_result r;
        jitter_sim_run(&sim, &r);
        cr_assert_leq(r.delay_ms, 22, "%+d ppm: %g ms", sign * 300, r.delay_ms);
        cr_assert_leq(r.delay_most_ms, 50, "%+d ppm: %g ms", sign * 300, r.delay_most_ms);
        cr_assert_leq(
            r.concealed_percent, 0.005, "%+d ppm: %g %%", sign * 300, r.concealed_percent);
        cr_assert_leq(r.stretched_percent, 0.06, "0.03 %% it must be: %g", r.stretched_percent);
        cr_assert_eq(r.stats.resets, 0);
    }
    jitter_clip_destroy(cheap);
}

/* --- how soon a delay is given back ----------------------------------------------------------- */
struct recovery {
    double from_s;    /* when the line is good again */
    uint32_t near_ms; /* and how much is near the floor */
    double back_s;    /* when the buffer was below that, for good */
};

static void watch(
    double t_s, enum jitter_kind kind, const int16_t *pcm, const struct jitter_stats *s, void *arg)
{
    struct recovery *r = arg;
    (void)kind;
    (void)pcm;
    if (t_s >= r->from_s && s->delay_ms > r->near_ms)
        r->back_s = t_s - r->from_s;
}

static double recovery_s(struct jitter_path path, double from_s)
{
    double worst = 0;
    for (int i = 0; i < PHASES; i++) {
        struct recovery rec = {.from_s = from_s, .near_ms = 40};
        struct jitter_sim sim = {.clip = clip,
            .path = path,
            .seconds = 60,
            .phase_ms = 0.7 + 20.0 * i / PHASES,
            .frame = watch,
            .arg = &rec};
        struct jitter_sim_result r;
        sim.path.random += 77u * (uint32_t)i;
        jitter_sim_run(&sim, &r);
        worst = fmax(worst, rec.back_s);
    }
    return worst;
}

Test(jitter_traces, a_spike_is_given_back_within_five_seconds)
{
    struct jitter_path spike = {.random = 6, .jitter_ms = 8, .spike_at_s = 20, .spike_ms = 240};
    double s = recovery_s(spike, 20.24);
    cr_assert_leq(s, 5, "%g s", s);
    cr_assert_gt(s, 1, "it is held for a while, lest it comes again");
}

Test(jitter_traces, ten_slow_seconds_are_given_back_within_five_seconds)
{
    double s = recovery_s(
        (struct jitter_path){
            .random = 8, .jitter_ms = 4, .step_at_s = 20, .step_ms = 120, .step_until_s = 30},
        30);
    cr_assert_leq(s, 5, "%g s", s);
}

Test(jitter_traces, a_step_of_the_path_costs_its_length_once)
{
    struct mean m = over_phases((struct jitter_sim){.clip = clip,
        .path = {.random = 3, .jitter_ms = 8, .step_at_s = 20, .step_ms = 80},
        .seconds = 60});
    cr_assert_leq(
        m.concealed_percent, 0.25, "100 ms of 60 s are 0.17 %%, not %g", m.concealed_percent);
    cr_assert_leq(m.delay_ms, 25, "%g", m.delay_ms);
}

Test(jitter_traces, spikes_that_come_again_are_waited_for)
{
    struct mean m = over_phases((struct jitter_sim){.clip = clip,
        .path = {.random = 3, .jitter_ms = 8, .spike_at_s = 5, .spike_ms = 100, .spike_each_s = 5},
        .seconds = 60});
    cr_assert_leq(
        m.concealed_percent, 0.7, "of 1.8 %% if each came unexpected: %g", m.concealed_percent);
}

/* --- heavy weather ---------------------------------------------------------------------------- */
Test(jitter_traces, a_fifth_lost_is_mostly_mended)
{
    struct mean m = over_phases(
        (struct jitter_sim){.clip = clip, .path = {.random = 4, .loss = 0.2}, .seconds = 60});
    cr_assert_leq(m.concealed_percent, 8, "%g %%", m.concealed_percent);
    cr_assert_leq(m.delay_ms, 40, "%g ms", m.delay_ms);
}

Test(jitter_traces, jitter_beyond_the_ceiling_keeps_to_the_ceiling)
{
    struct mean m = over_phases(
        (struct jitter_sim){.clip = clip, .path = {.random = 4, .jitter_ms = 180}, .seconds = 60});
    cr_assert_leq(m.delay_ms, 125, "%g ms", m.delay_ms);
    cr_assert_leq(m.concealed_percent, 3, "%g %%", m.concealed_percent);
    struct jitter_sim low = {.clip = clip,
        .path = {.random = 4, .jitter_ms = 180},
        .config = {.max_delay_ms = 60},
        .seconds = 60,
        .phase_ms = 3};
    struct jitter_sim_result r;
    jitter_sim_run(&low, &r);
    cr_assert_leq(r.delay_most_ms, 60, "%g ms", r.delay_most_ms);
}

Test(jitter_traces, other_durations_are_held_no_longer)
{
    static const unsigned durations[] = {10, 40, 60};
    for (unsigned i = 0; i < 3; i++) {
        struct jitter_clip *other = jitter_clip_create(&acodec_opus, durations[i], true, 30);
        struct mean m = over_phases((struct jitter_sim){
            .clip = other, .path = {.random = 9, .jitter_ms = 2}, .seconds = 60});
        cr_assert_leq(m.delay_ms, 22, "%u ms: %g ms", durations[i], m.delay_ms);
        cr_assert_leq(m.concealed_percent, 0.01, "%u ms: %g %%", durations[i], m.concealed_percent);
        cr_assert_leq(m.stretched_percent, 0.05, "%u ms: %g %%", durations[i], m.stretched_percent);
        jitter_clip_destroy(other);
    }
}

Test(jitter_traces, the_same_seed_gives_the_same_run)
{
    struct jitter_sim sim = {
        .clip = clip, .path = {.random = 11, .jitter_ms = 60, .loss = 0.05}, .seconds = 20};
    struct jitter_sim_result a, b;
    jitter_sim_run(&sim, &a);
    jitter_sim_run(&sim, &b);
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
}
