#include "mixer/adapt.h"

#include <criterion/criterion.h>

static const struct acodec_params base = {
    .ptime_ms = 20, .bitrate_bps = 32000, .channels = 1, .fec = true};

struct leg {
    struct adapt a;
    uint64_t now_us;
    int changes;
};

static void begin(struct leg *l, const struct acodec_params *p)
{
    *l = (struct leg){.now_us = 1000000};
    adapt_init(&l->a, p);
}

/* A report a second. */
static struct acodec_params run(struct leg *l, struct adapt_report r, int seconds)
{
    for (; seconds > 0; seconds--, l->now_us += 1000000)
        l->changes += adapt_report(&l->a, &r, l->now_us);
    struct acodec_params p;
    adapt_params(&l->a, &p);
    return p;
}

Test(adapt, a_clean_line_changes_nothing)
{
    struct leg l;
    begin(&l, &base);
    struct acodec_params p = run(&l, (struct adapt_report){0.002f, 30, 0}, 600);
    cr_assert_eq(l.changes, 0);
    cr_assert_eq(p.bitrate_bps, 32000);
    cr_assert_not(p.fec);
    cr_assert_eq(p.loss_percent, 0);
}

Test(adapt, loss_turns_fec_on_in_two_classes)
{
    struct leg l;
    begin(&l, &base);
    struct acodec_params p = run(&l, (struct adapt_report){0.05f, 30, 0}, 5);
    cr_assert(p.fec);
    cr_assert_eq(p.loss_percent, 10);
    p = run(&l, (struct adapt_report){0.13f, 30, 0}, 10);
    cr_assert_eq(p.loss_percent, 25);
    cr_assert_eq(p.bitrate_bps, 32000);
}

Test(adapt, fec_goes_back_one_class_at_a_time_after_ten_calm_seconds)
{
    struct leg l;
    begin(&l, &base);
    run(&l, (struct adapt_report){0.13f, 30, 0}, 10);
    struct acodec_params p = run(&l, (struct adapt_report){0, 30, 0}, 9);
    cr_assert_eq(p.loss_percent, 25);
    p = run(&l, (struct adapt_report){0, 30, 0}, 8);
    cr_assert_eq(p.loss_percent, 10);
    p = run(&l, (struct adapt_report){0, 30, 0}, 25);
    cr_assert_not(p.fec);
}

Test(adapt, loss_around_a_threshold_does_not_wander)
{
    struct leg l;
    begin(&l, &base);
    for (int i = 0; i < 300; i++)
        run(&l, (struct adapt_report){i % 2 ? 0.025f : 0.012f, 30, 0}, 1);
    cr_assert_eq(l.changes, 1);
}

Test(adapt, fec_only_where_the_peer_takes_it)
{
    struct leg l;
    struct acodec_params no_fec = base;
    no_fec.fec = false;
    begin(&l, &no_fec);
    struct acodec_params p = run(&l, (struct adapt_report){0.12f, 30, 0}, 20);
    cr_assert_not(p.fec);
    cr_assert_eq(p.loss_percent, 0);
}

Test(adapt, rate_falls_to_what_the_estimate_carries_at_once)
{
    struct leg l;
    begin(&l, &base);
    struct acodec_params p = run(&l, (struct adapt_report){0, 30, 48000}, 1);
    cr_assert_eq(p.bitrate_bps, 16000); /* and 22.4 kbit/s of headers */
    p = run(&l, (struct adapt_report){0, 30, 20000}, 1);
    cr_assert_eq(p.bitrate_bps, 12000);
    p = run(&l, (struct adapt_report){0, 30, 200000}, 9);
    cr_assert_eq(p.bitrate_bps, 12000);
    p = run(&l, (struct adapt_report){0, 30, 200000}, 60);
    cr_assert_eq(p.bitrate_bps, 32000);
}

Test(adapt, fewer_packets_leave_more_for_the_voice)
{
    struct leg l;
    struct acodec_params slow = base;
    slow.ptime_ms = 60;
    begin(&l, &slow);
    struct acodec_params p = run(&l, (struct adapt_report){0, 30, 48000}, 1);
    cr_assert_eq(p.bitrate_bps, 32000);
}

Test(adapt, heavy_loss_or_a_filling_queue_steps_down)
{
    struct leg l;
    begin(&l, &base);
    struct acodec_params p = run(&l, (struct adapt_report){0.3f, 30, 0}, 3);
    cr_assert_eq(p.bitrate_bps, 24000);
    p = run(&l, (struct adapt_report){0.3f, 30, 0}, 10);
    cr_assert_eq(p.bitrate_bps, 12000);
    p = run(&l, (struct adapt_report){0, 30, 0}, 200);
    cr_assert_eq(p.bitrate_bps, 32000);
    p = run(&l, (struct adapt_report){0, 500, 0}, 2);
    cr_assert_eq(p.bitrate_bps, 24000);
}

Test(adapt, a_route_that_got_longer_is_forgiven)
{
    struct leg l;
    begin(&l, &base);
    run(&l, (struct adapt_report){0, 30, 0}, 10);
    struct acodec_params p = run(&l, (struct adapt_report){0, 500, 0}, 600);
    cr_assert_eq(p.bitrate_bps, 32000);
}

Test(adapt, the_ceiling_is_the_base)
{
    struct leg l;
    struct acodec_params p = base;
    p.bitrate_bps = 20000;
    begin(&l, &p);
    p = run(&l, (struct adapt_report){0, 30, 500000}, 100);
    cr_assert_eq(p.bitrate_bps, 20000);
    p.bitrate_bps = 64000;
    begin(&l, &p);
    p = run(&l, (struct adapt_report){0, 30, 70000}, 1);
    cr_assert_eq(p.bitrate_bps, 24000);
}
