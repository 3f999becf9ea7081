#include "mixer/load.h"

#include <criterion/criterion.h>

static void run(struct load *l, float busy, int ticks)
{
    for (; ticks > 0; ticks--)
        load_update(l, busy);
}

Test(load, steps_down_before_the_tick_is_full_and_counts)
{
    struct load l;
    load_init(&l, 5);
    run(&l, 0.3f, 500);
    cr_assert_eq(l.complexity, 5);
    run(&l, 0.8f, 30);
    cr_assert_lt(l.complexity, 5);
    run(&l, 0.8f, 100);
    cr_assert_eq(l.complexity, 0);
    cr_assert_eq(l.steps_down, 5);
}

Test(load, a_single_stall_is_no_load)
{
    struct load l;
    load_init(&l, 5);
    run(&l, 0.2f, 100);
    run(&l, 30, 1);
    run(&l, 0.2f, 100);
    cr_assert_eq(l.complexity, 5);
}

Test(load, comes_back_slowly_and_only_when_calm)
{
    struct load l;
    load_init(&l, 5);
    run(&l, 0.9f, 200);
    cr_assert_eq(l.complexity, 0);
    run(&l, 0.5f, 5000);
    cr_assert_eq(l.complexity, 0, "between the thresholds nothing moves");
    run(&l, 0.2f, 200);
    cr_assert_eq(l.complexity, 0);
    run(&l, 0.2f, 100);
    cr_assert_eq(l.complexity, 1);
    run(&l, 0.2f, 2000);
    cr_assert_eq(l.complexity, 5, "not above the ceiling");
}

Test(load, the_ceiling_moves_it_along)
{
    struct load l;
    load_init(&l, 5);
    load_set_ceiling(&l, 8);
    cr_assert_eq(l.complexity, 8);
    load_set_ceiling(&l, 3);
    cr_assert_eq(l.complexity, 3);
    run(&l, 0.9f, 30);
    uint8_t under_load = l.complexity;
    load_set_ceiling(&l, 9);
    cr_assert_eq(l.complexity, under_load, "a higher ceiling is no reason under load");
}
