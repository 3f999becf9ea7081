#include "mixer/jitter/delay_target.h"

#include <criterion/criterion.h>

enum { MS = 1000, PACKET = 20 * MS };

static struct delay_target *t;
static uint64_t now_us;
static uint32_t draw;

static void setup(void)
{
    struct delay_target_config cfg = {0, 200 * MS};
    cr_assert_eq(delay_target_create(&t, &cfg), 0);
    now_us = 1000000;
    draw = 1;
}

static void teardown(void)
{
    delay_target_destroy(t);
}

TestSuite(delay_target, .init = setup, .fini = teardown);

/* One packet each 20 ms with a transit of base and up to jitter more. */
static void packets(unsigned n, int64_t base_us, uint32_t jitter_us)
{
    for (unsigned i = 0; i < n; i++) {
        draw = draw * 1664525u + 1013904223u;
        int64_t transit = base_us + (jitter_us ? (draw >> 8) % jitter_us : 0);
        delay_target_arrival(t, transit, now_us);
        delay_target_outcome(t, false, 1);
        now_us += PACKET;
    }
}

static int steps_by(int64_t deadline_us, uint32_t step_us)
{
    struct delay_target_query q = {
        .deadline_us = deadline_us, .step_us = step_us, .packet_us = PACKET};
    return delay_target_steps(t, &q);
}

static int steps(int64_t deadline_us)
{
    return steps_by(deadline_us, PACKET);
}

Test(delay_target, a_steady_line_asks_for_nothing_between_its_margins)
{
    packets(500, 7 * MS, 1 * MS);
    for (int64_t ms = 11; ms < 34; ms++)
        cr_assert_eq(steps(ms * MS), 0, "deadline %ld ms", (long)ms);
    cr_assert_eq(steps(8 * MS), 1);
    cr_assert_eq(steps(38 * MS), -1);
    cr_assert_eq(steps(98 * MS), -4);
}

Test(delay_target, covers_the_jitter_and_no_more)
{
    packets(500, 0, 60 * MS);
    cr_assert_eq(steps(5 * MS), 3);
    cr_assert_eq(steps(65 * MS), 0);
    cr_assert_eq(steps(85 * MS), 0, "20 ms less would leave too little");
    cr_assert_eq(steps(95 * MS), -1);
    cr_assert_eq(steps_by(10 * MS, 2500), 21, "62.5 ms");
}

Test(delay_target, one_outlier_is_not_worth_its_delay)
{
    packets(95, 0, 2 * MS);
    packets(1, 150 * MS, 0);
    packets(4, 0, 2 * MS);
    cr_assert_eq(steps(10 * MS), 0);
}

Test(delay_target, grows_at_once_and_forgets_within_three_seconds)
{
    packets(500, 0, 4 * MS);
    cr_assert_eq(steps(10 * MS), 0);
    for (int i = 0; i < 12; i++)
        packets(1, (240 - 20 * i) * (int64_t)MS, 0);
    cr_assert_gt(steps(10 * MS), 5);
    packets(75, 0, 4 * MS);
    cr_assert_gt(steps(10 * MS), 5, "it may come again");
    packets(60, 0, 4 * MS);
    cr_assert_eq(steps(10 * MS), 0);
    cr_assert_leq(steps(230 * MS), -10);
}

Test(delay_target, never_aims_above_the_ceiling_or_below_the_floor)
{
    packets(500, 0, 250 * MS);
    cr_assert_eq(steps(0), 10);
    cr_assert_eq(steps(200 * MS), 0);
    cr_assert_eq(steps(260 * MS), -3);
    struct delay_target_config cfg = {80 * MS, 200 * MS};
    delay_target_destroy(t);
    cr_assert_eq(delay_target_create(&t, &cfg), 0);
    packets(100, 0, 0);
    cr_assert_eq(steps(10 * MS), 4);
    cr_assert_eq(steps(95 * MS), 0);
}

Test(delay_target, a_step_of_the_path_moves_it)
{
    packets(500, 0, 4 * MS);
    packets(150, 90 * MS, 4 * MS);
    cr_assert_eq(steps(100 * MS), 0);
    cr_assert_eq(delay_target_least_us(t) / MS, 90);
    packets(150, 0, 4 * MS);
    cr_assert_leq(steps(100 * MS), -4);
    packets(100, -1000 * MS, 4 * MS);
    cr_assert_eq(delay_target_least_us(t) / MS, -1000, "out of the histogram's range");
}

Test(delay_target, waits_for_fec_where_it_mends)
{
    delay_target_fec_possible(t, true);
    for (int i = 0; i < 40; i++) {
        packets(19, 0, 2 * MS);
        delay_target_outcome(t, true, 1);
        delay_target_fec(t, true);
    }
    cr_assert_eq(steps(10 * MS), 1);
    cr_assert_eq(steps(30 * MS), 0);
    for (int i = 0; i < 100; i++)
        delay_target_fec(t, false);
    cr_assert_eq(steps(10 * MS), 0, "there is none");
    delay_target_fec_possible(t, false);
    cr_assert_eq(steps(10 * MS), 0);
}

Test(delay_target, does_not_wait_for_fec_when_little_is_lost)
{
    delay_target_fec_possible(t, true);
    for (int i = 0; i < 10; i++) {
        packets(600, 0, 2 * MS);
        delay_target_outcome(t, true, 1);
        delay_target_fec(t, true);
    }
    packets(100, 0, 2 * MS);
    cr_assert_eq(steps(10 * MS), 0);
}

Test(delay_target, late_ones_are_no_losses)
{
    delay_target_fec_possible(t, true);
    for (int i = 0; i < 40; i++) {
        packets(19, 0, 2 * MS);
        delay_target_outcome(t, true, 1);
        delay_target_late(t);
    }
    cr_assert_eq(steps(10 * MS), 0);
}

Test(delay_target, remembers_longer_after_a_regret)
{
    packets(500, 0, 4 * MS);
    packets(10, 100 * MS, 4 * MS);
    packets(120, 0, 4 * MS);
    cr_assert_eq(steps(10 * MS), 0, "forgotten");
    delay_target_shrunk(t, 110 * MS, now_us);
    packets(10, 100 * MS, 4 * MS);
    delay_target_grown(t, 110 * MS, now_us);
    packets(120, 0, 4 * MS);
    cr_assert_gt(steps(10 * MS), 2, "not again");
    packets(2000, 0, 4 * MS);
    delay_target_shrunk(t, 110 * MS, now_us);
    packets(10, 100 * MS, 4 * MS);
    packets(120, 0, 4 * MS);
    cr_assert_eq(steps(10 * MS), 0, "all was calm since");
}

Test(delay_target, does_not_regret_what_would_not_have_helped)
{
    packets(500, 0, 4 * MS);
    delay_target_shrunk(t, 30 * MS, now_us);
    packets(10, 100 * MS, 4 * MS);
    delay_target_grown(t, 110 * MS, now_us);
    packets(120, 0, 4 * MS);
    cr_assert_eq(steps(10 * MS), 0);
}

Test(delay_target, median_is_in_the_middle)
{
    packets(500, 10 * MS, 60 * MS);
    int64_t ms = delay_target_median_us(t) / MS;
    cr_assert(ms > 30 && ms < 50, "%ld", (long)ms);
}

Test(delay_target, takes_any_transit_and_any_deadline)
{
    static const int64_t odd[] = {0, INT32_MAX, INT32_MIN, (int64_t)1 << 48, -((int64_t)1 << 48)};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++) {
            delay_target_arrival(t, odd[i], now_us += PACKET);
            int n = steps_by(odd[k], 2500);
            cr_assert(n > -40000 && n < 40000);
        }
}
