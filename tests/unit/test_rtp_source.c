#include "net/rtp/rtp_source.h"

#include <criterion/criterion.h>

enum { CLOCK = 8000, STEP = 160, STEP_US = 20000 };

static enum rtp_source_verdict put(struct rtp_source *s, unsigned i)
{
    return rtp_source_put(s, (uint16_t)i, i * STEP, 160, (uint64_t)i * STEP_US);
}

Test(rtp_source, clean_stream)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    cr_assert_eq(rtp_source_expected(&s), 0);
    for (unsigned i = 100; i < 1100; i++)
        cr_assert_eq(put(&s, i), RTP_SOURCE_OK);
    struct rtcp_report_block b;
    rtp_source_report(&s, &b);
    cr_assert_eq(b.ssrc, 7);
    cr_assert_eq(b.lost, 0);
    cr_assert_eq(b.fraction_lost, 0);
    cr_assert_eq(b.highest_seq, 1099);
    cr_assert_eq(b.jitter, 0);
    cr_assert_eq(rtp_source_expected(&s), 1000);
    cr_assert_eq(s.bytes, 160000);
}

Test(rtp_source, sequence_wraps)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 65000; i < 65000 + 3 * 65536; i++)
        cr_assert_eq(put(&s, i), RTP_SOURCE_OK);
    struct rtcp_report_block b;
    rtp_source_report(&s, &b);
    cr_assert_eq(b.lost, 0);
    cr_assert_eq(b.highest_seq, 65000 + 3 * 65536 - 1);
    cr_assert_eq(rtp_source_expected(&s), 3 * 65536);
}

Test(rtp_source, loss_by_interval_and_in_all)
{
    struct rtp_source s;
    struct rtcp_report_block b;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 100; i++)
        if (i % 4 != 1)
            put(&s, i);
    rtp_source_report(&s, &b);
    cr_assert_eq(b.lost, 25);
    cr_assert_eq(b.fraction_lost, 64);
    for (unsigned i = 100; i < 200; i++)
        put(&s, i);
    rtp_source_report(&s, &b);
    cr_assert_eq(b.lost, 25);
    cr_assert_eq(b.fraction_lost, 0, "of the last interval only");
    rtp_source_report(&s, &b);
    cr_assert_eq(b.fraction_lost, 0, "nothing was expected");
}

Test(rtp_source, late_packets_make_up_for_a_loss)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    put(&s, 10);
    put(&s, 13);
    cr_assert_eq(rtp_source_lost(&s), 2);
    cr_assert_eq(put(&s, 11), RTP_SOURCE_REORDERED);
    cr_assert_eq(put(&s, 12), RTP_SOURCE_REORDERED);
    cr_assert_eq(rtp_source_lost(&s), 0);
    cr_assert_eq(put(&s, 12), RTP_SOURCE_DUPLICATE);
    cr_assert_eq(put(&s, 13), RTP_SOURCE_DUPLICATE);
    cr_assert_eq(rtp_source_lost(&s), -2, "duplicates are received packets: RFC 3550, A.3");
    struct rtcp_report_block b;
    rtp_source_report(&s, &b);
    cr_assert_eq(b.fraction_lost, 0);
    cr_assert_eq(s.duplicates, 2);
    cr_assert_eq(s.reordered, 2);
}

Test(rtp_source, older_than_the_window)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 200; i++)
        put(&s, i);
    cr_assert_eq(put(&s, 136), RTP_SOURCE_DUPLICATE);
    cr_assert_eq(put(&s, 110), RTP_SOURCE_REORDERED, "too old to know");
    cr_assert_eq(s.max_seq, 199);
}

/* A.1: one stray packet changes nothing, two in sequence are a sender that started anew. */
Test(rtp_source, jumps)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 50; i++)
        put(&s, i);
    cr_assert_eq(put(&s, 30000), RTP_SOURCE_JUMP);
    cr_assert_eq(put(&s, 50), RTP_SOURCE_OK);
    cr_assert_eq(put(&s, 40000), RTP_SOURCE_JUMP);
    cr_assert_eq(put(&s, 40001), RTP_SOURCE_RESTART);
    cr_assert_eq(put(&s, 40002), RTP_SOURCE_OK);
    cr_assert_eq(s.restarts, 1);
    cr_assert_eq(s.jumps, 2);
    struct rtcp_report_block b;
    rtp_source_report(&s, &b);
    cr_assert_eq(b.lost, 0);
    cr_assert_eq(b.highest_seq, 40002);
}

Test(rtp_source, a_restart_across_the_wrap)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    put(&s, 20000);
    cr_assert_eq(put(&s, 65535), RTP_SOURCE_JUMP);
    cr_assert_eq(put(&s, 0), RTP_SOURCE_RESTART);
}

/* Every sequence number there is, in every state: verdicts are sane and nothing overflows. */
Test(rtp_source, any_sequence)
{
    struct rtp_source s;
    uint32_t seed = 5;
    rtp_source_init(&s, 7, 48000);
    for (int i = 0; i < 500000; i++) {
        seed = seed * 1664525 + 1013904223;
        rtp_source_put(&s, (uint16_t)(seed >> 16), seed, seed >> 20, seed);
        struct rtcp_report_block b;
        if (i % 1000 == 0)
            rtp_source_report(&s, &b);
        cr_assert(rtp_source_lost(&s) <= 0x7fffff && rtp_source_lost(&s) >= -0x800000);
    }
}

Test(rtp_source, lost_is_clamped_to_24_bits)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    uint32_t seq = 0;
    for (int i = 0; i < 4000; i++, seq += 2999)
        rtp_source_put(&s, (uint16_t)seq, 0, 0, 0);
    cr_assert_eq(rtp_source_lost(&s), 0x7fffff);
    rtp_source_init(&s, 7, CLOCK);
    for (int i = 0; i < 0x800100; i++)
        rtp_source_put(&s, 5, 0, 0, 0);
    cr_assert_eq(rtp_source_lost(&s), -0x800000);
}

/* A.8: packets alternately 5 ms early and late differ by 10 ms: 80 units at 8 kHz. */
Test(rtp_source, jitter_in_clock_units)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 1000; i++)
        rtp_source_put(&s, (uint16_t)i, i * STEP, 160, 100000 + i * 20000ull + (i & 1 ? 5000 : 0));
    cr_assert(
        rtp_source_jitter(&s) >= 38 && rtp_source_jitter(&s) <= 42, "%u", rtp_source_jitter(&s));
    cr_assert(rtp_source_jitter_us(&s) >= 4700 && rtp_source_jitter_us(&s) <= 5300);
}

Test(rtp_source, jitter_ignores_what_is_none)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 10; i++)
        put(&s, i);
    /* a telephone event: its packets have one timestamp */
    for (unsigned i = 10; i < 30; i++)
        rtp_source_put(&s, (uint16_t)i, 10 * STEP, 4, (uint64_t)i * STEP_US);
    for (unsigned i = 30; i < 40; i++)
        put(&s, i);
    cr_assert_eq(rtp_source_jitter(&s), 0);
    /* the sender's clock jumps by an hour */
    for (unsigned i = 40; i < 60; i++)
        rtp_source_put(&s, (uint16_t)i, i * STEP + 3600u * CLOCK, 160, (uint64_t)i * STEP_US);
    cr_assert_eq(rtp_source_jitter(&s), 0);
    /* another clock */
    rtp_source_set_clock(&s, 48000);
    for (unsigned i = 60; i < 80; i++)
        rtp_source_put(&s, (uint16_t)i, i * 960, 160, (uint64_t)i * STEP_US);
    cr_assert_eq(rtp_source_jitter(&s), 0);
    cr_assert_eq(rtp_source_expected(&s), 80);
}

Test(rtp_source, bursts_reach_the_voip_metrics)
{
    struct rtp_source s;
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 400; i++)
        if (i < 100 || i >= 105) /* one burst of five */
            put(&s, i);
    struct voip_metrics_result r;
    voip_metrics_result(&s.voip, 20, 0, &r);
    cr_assert_eq(s.voip.lost, 5);
    cr_assert_eq(r.burst_ms, 100);
    cr_assert_eq(r.burst_density, 255);
    /* reordered packets are no loss */
    rtp_source_init(&s, 7, CLOCK);
    for (unsigned i = 0; i < 400; i++)
        put(&s, i ^ 1);
    cr_assert_eq(s.voip.lost, 0);
}

/* --- gate ------------------------------------------------------------------------------------- */
Test(rtp_ssrc_gate, a_new_ssrc_when_the_old_one_ends)
{
    struct rtp_ssrc_gate g;
    rtp_ssrc_gate_init(&g);
    uint64_t t = 1000000;
    cr_assert_eq(rtp_ssrc_gate_check(&g, 1, 0, t), RTP_SSRC_NEW);
    for (uint16_t i = 1; i < 50; i++)
        cr_assert_eq(rtp_ssrc_gate_check(&g, 1, i, t += 20000), RTP_SSRC_CURRENT);
    unsigned refused = 0;
    uint16_t seq = 500;
    while (rtp_ssrc_gate_check(&g, 2, seq++, t += 20000) != RTP_SSRC_NEW)
        refused++;
    cr_assert_leq(refused, 2, "at most 40 ms are lost");
    cr_assert_eq(rtp_ssrc_gate_check(&g, 2, seq, t += 20000), RTP_SSRC_CURRENT);
}

Test(rtp_ssrc_gate, a_second_stream_does_not_get_in)
{
    struct rtp_ssrc_gate g;
    rtp_ssrc_gate_init(&g);
    uint64_t t = 1000000;
    rtp_ssrc_gate_check(&g, 1, 0, t);
    for (uint16_t i = 1; i < 5000; i++) {
        t += 20000;
        cr_assert_eq(rtp_ssrc_gate_check(&g, 1, i, t), RTP_SSRC_CURRENT);
        for (unsigned k = 0; k < 10; k++) /* ten times the rate */
            cr_assert_eq(rtp_ssrc_gate_check(&g, 2, (uint16_t)(i * 10 + k), t + 1000 + k * 1900),
                RTP_SSRC_REFUSED);
    }
    cr_assert_eq(g.changes, 0);
    cr_assert_eq(g.refused, 49990);
}

/* ATTACKS 9: a thousand new SSRCs a second, with and without runs, beside a live stream. */
Test(rtp_ssrc_gate, a_flood_of_ssrcs)
{
    struct rtp_ssrc_gate g;
    rtp_ssrc_gate_init(&g);
    uint64_t t = 1000000;
    rtp_ssrc_gate_check(&g, 1, 0, t);
    unsigned heard = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        t += 1000;
        rtp_ssrc_gate_check(&g, 1000 + i, 5, t);
        rtp_ssrc_gate_check(&g, 1000 + i, 6, t);
        if (i % 20 == 0)
            heard += rtp_ssrc_gate_check(&g, 1, (uint16_t)(1 + i / 20), t) == RTP_SSRC_CURRENT;
    }
    cr_assert_eq(heard, 1000);
    cr_assert_eq(g.changes, 0);
}

/* The same when the real stream pauses (DTX): the changes are rationed. */
Test(rtp_ssrc_gate, changes_are_rationed)
{
    struct rtp_ssrc_gate g;
    rtp_ssrc_gate_init(&g);
    uint64_t t = 1000000;
    rtp_ssrc_gate_check(&g, 1, 0, t);
    unsigned changes = 0;
    for (uint32_t i = 0; i < 60000; i++) { /* a minute */
        t += 1000;
        rtp_ssrc_gate_check(&g, 1000 + i, 5, t);
        changes += rtp_ssrc_gate_check(&g, 1000 + i, 6, t) == RTP_SSRC_NEW;
    }
    cr_assert_leq(changes, 4 + 30);
    cr_assert_geq(changes, 4, "but a change is never shut out for ever");
}

Test(rtp_ssrc_gate, reset_takes_the_next_at_once)
{
    struct rtp_ssrc_gate g;
    rtp_ssrc_gate_init(&g);
    rtp_ssrc_gate_check(&g, 1, 0, 1000);
    cr_assert_eq(rtp_ssrc_gate_check(&g, 2, 0, 1000), RTP_SSRC_REFUSED);
    rtp_ssrc_gate_reset(&g);
    cr_assert_eq(rtp_ssrc_gate_check(&g, 2, 1, 1000), RTP_SSRC_NEW);
    cr_assert_eq(rtp_ssrc_gate_check(&g, 2, 2, 1000), RTP_SSRC_CURRENT);
}
