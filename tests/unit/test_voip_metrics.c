#include "net/rtp/voip_metrics.h"

#include <criterion/criterion.h>

/* '.' received, 'x' lost */
static struct voip_metrics_result result(const char *pattern, unsigned times)
{
    struct voip_metrics m;
    struct voip_metrics_result r;
    voip_metrics_init(&m);
    for (unsigned t = 0; t < times; t++)
        for (const char *c = pattern; *c; c++)
            voip_metrics_packet(&m, *c == '.');
    voip_metrics_result(&m, 20, 50, &r);
    return r;
}

Test(voip_metrics, clean_call)
{
    struct voip_metrics_result r = result("....................", 10);
    cr_assert_eq(r.loss_rate, 0);
    cr_assert_eq(r.burst_density, 0);
    cr_assert_eq(r.burst_ms, 0);
    cr_assert_eq(r.gap_ms, 200 * 20);
    cr_assert_eq(r.r_factor, 92);
    cr_assert_eq(r.mos_lq, 44);
}

/* RFC 3611 4.7.2: losses with Gmin packets between them are no burst. */
Test(voip_metrics, losses_far_apart_belong_to_the_gap)
{
    struct voip_metrics_result r = result("................x", 10);
    cr_assert_eq(r.burst_ms, 0);
    cr_assert_eq(r.burst_density, 0);
    cr_assert_eq(r.gap_density, 256 / 17);
    cr_assert_eq(r.loss_rate, 256 / 17);
}

Test(voip_metrics, losses_closer_than_gmin_are_a_burst)
{
    /* 15 received between two losses: a burst of 17 packets, 2 of them lost */
    struct voip_metrics_result r =
        result("....................x...............x....................", 1);
    cr_assert_eq(r.burst_ms, 17 * 20);
    cr_assert_eq(r.burst_density, 2 * 256 / 17);
    cr_assert_eq(r.gap_density, 0);
    cr_assert_eq(r.gap_ms, 40 * 20 / 2);
}

Test(voip_metrics, a_burst_still_open_counts)
{
    struct voip_metrics_result r = result("....................xxxx", 1);
    cr_assert_eq(r.burst_ms, 4 * 20);
    cr_assert_eq(r.burst_density, 255);
}

Test(voip_metrics, quality_falls_with_loss_and_delay)
{
    struct voip_metrics m;
    struct voip_metrics_result r;
    uint8_t last_r = 101, last_mos = 50;
    for (unsigned loss = 0; loss <= 100; loss += 5) {
        voip_metrics_init(&m);
        for (unsigned i = 0; i < 1000; i++)
            voip_metrics_packet(&m, i % 100 >= loss);
        voip_metrics_result(&m, 20, 0, &r);
        cr_assert(r.r_factor < last_r && r.mos_lq <= last_mos && r.mos_lq >= 10);
        last_r = r.r_factor;
        last_mos = r.mos_lq;
    }
    voip_metrics_init(&m);
    voip_metrics_packet(&m, true);
    struct voip_metrics_result near, far;
    voip_metrics_result(&m, 20, 50, &near);
    voip_metrics_result(&m, 20, 1000, &far);
    cr_assert(far.r_factor < near.r_factor && far.mos_cq < near.mos_cq);
    cr_assert_eq(far.mos_lq, near.mos_lq, "listening quality knows no delay");
    voip_metrics_result(&m, UINT32_MAX, UINT32_MAX, &far);
    cr_assert_eq(far.r_factor, 0);
    cr_assert_eq(far.mos_cq, 10);
    cr_assert_eq(far.gap_ms, UINT16_MAX);
}

Test(voip_metrics, discarded_packets)
{
    struct voip_metrics m;
    struct voip_metrics_result r;
    voip_metrics_init(&m);
    for (unsigned i = 0; i < 100; i++)
        voip_metrics_packet(&m, true);
    voip_metrics_discard(&m, 25);
    voip_metrics_result(&m, 20, 0, &r);
    cr_assert_eq(r.discard_rate, 64);
    cr_assert_eq(r.loss_rate, 0);
    cr_assert_lt(r.r_factor, 60);
    voip_metrics_discard(&m, 1000);
    voip_metrics_result(&m, 20, 0, &r);
    cr_assert_eq(r.discard_rate, 255);
}

Test(voip_metrics, nothing_came)
{
    struct voip_metrics m;
    struct voip_metrics_result r;
    voip_metrics_init(&m);
    voip_metrics_result(&m, 20, 0, &r);
    cr_assert(r.loss_rate == 0 && r.gap_ms == 0 && r.r_factor == 93);
}
