#include "mcu/media_loop.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <unistd.h>

enum { TICKS = 25, TICK_US = 20000 };

struct counter {
    struct ticker ticker; /* first member */
    struct mail add, remove;
    struct media_loop *ml;
    uint64_t first_us, last_us;
    int uneven, afters, ticks, missed;
    _Atomic int seen, removed;
};

static void tick(struct ticker *t, uint64_t slot_us)
{
    struct counter *c = (struct counter *)t;
    if (c->ticks == 0)
        c->first_us = slot_us;
    else
        c->uneven += slot_us != c->last_us + TICK_US;
    c->last_us = slot_us;
    c->ticks++;
}

static void after(struct ticker *t, uint64_t slot_us)
{
    struct counter *c = (struct counter *)t;
    c->afters += slot_us == c->last_us;
    atomic_store(&c->seen, c->ticks);
}

static void miss(struct ticker *t, uint64_t ticks)
{
    ((struct counter *)t)->missed += (int)ticks;
}

static void account(const struct ticker *t, struct media_totals *sums)
{
    sums->encodes += (uint64_t)((const struct counter *)t)->ticks;
}

static void deliver_add(struct mail *m)
{
    struct counter *c = (struct counter *)((char *)m - offsetof(struct counter, add));
    media_loop_add(c->ml, &c->ticker);
}

static void deliver_remove(struct mail *m)
{
    struct counter *c = (struct counter *)((char *)m - offsetof(struct counter, remove));
    struct media_totals before, gone;
    media_loop_totals(c->ml, &before);
    media_loop_remove(c->ml, &c->ticker);
    media_loop_totals(c->ml, &gone);
    cr_expect_eq(before.encodes, (uint64_t)c->ticks);
    cr_expect_eq(gone.encodes, before.encodes, "what it counted is not lost with it");
    atomic_store(&c->removed, 1);
}

static void wait_for(_Atomic int *value, int at_least)
{
    for (int i = 0; i < 3000 && atomic_load(value) < at_least; i++)
        usleep(10000);
    cr_assert_geq(atomic_load(value), at_least);
}

Test(media_loop, ticks_in_slots_of_20_ms)
{
    struct counter c = {
        .ticker = {.tick = tick, .after = after, .miss = miss, .account = account},
        .add.deliver = deliver_add,
        .remove.deliver = deliver_remove,
    };
    cr_assert_eq(media_loop_start(&c.ml, NULL), 0);
    media_loop_post(c.ml, &c.add);
    wait_for(&c.seen, TICKS);
    media_loop_post(c.ml, &c.remove);
    wait_for(&c.removed, 1);
    media_loop_stop(c.ml);
    /* A machine that stops us for long makes us miss slots, and only that may leave a gap. */
    cr_expect_leq(c.uneven, c.missed);
    cr_expect_eq((c.last_us - c.first_us) / TICK_US + 1, (uint64_t)(c.ticks + c.missed));
    cr_expect_eq(c.afters, c.ticks);
}

Test(media_loop, stops_at_once_when_it_has_nothing)
{
    struct media_loop *ml;
    cr_assert_eq(media_loop_start(&ml, NULL), 0);
    media_loop_stop(ml);
    media_loop_stop(NULL);
}
