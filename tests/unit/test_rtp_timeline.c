#include "mixer/jitter/rtp_timeline.h"

#include <criterion/criterion.h>

static struct rtp_timeline t;
static struct rtp_timeline_place at;

static enum rtp_timeline_verdict put(uint16_t seq, uint32_t timestamp, uint64_t arrival_ms)
{
    struct rtp_timeline_packet p = {
        .seq = seq,
        .timestamp = timestamp,
        .clock_hz = 8000,
        .duration = 960,
        .arrival_us = arrival_ms * 1000,
    };
    return rtp_timeline_put(&t, &p, 5000, &at);
}

static void setup(void)
{
    rtp_timeline_init(&t);
}

TestSuite(rtp_timeline, .init = setup);

Test(rtp_timeline, first_packet_lies_where_its_transit_says)
{
    cr_assert_eq(put(7, 12345, 1000), RTP_TIMELINE_NEW);
    int64_t transit = rtp_timeline_transit(1000000, at.pos);
    cr_assert(transit >= 5000 && transit < 5021, "%ld", (long)transit);
}

Test(rtp_timeline, goes_on_over_both_wraps)
{
    put(65533, UINT32_MAX - 400, 1000);
    int64_t seq = at.seq, pos = at.pos;
    for (int i = 1; i < 200000; i++) {
        cr_assert_eq(put((uint16_t)(65533 + i), UINT32_MAX - 400 + (uint32_t)i * 160,
                         1000 + (uint64_t)i * 20),
            RTP_TIMELINE_FITS);
        cr_assert_eq(at.seq, seq + i);
        cr_assert_eq(at.pos, pos + i * 960);
    }
}

Test(rtp_timeline, places_stragglers_behind)
{
    put(100, 16000, 1000);
    int64_t seq = at.seq, pos = at.pos;
    cr_assert_eq(put(104, 16640, 1080), RTP_TIMELINE_FITS);
    cr_assert_eq(put(98, 15680, 1090), RTP_TIMELINE_FITS);
    cr_assert_eq(at.seq, seq - 2);
    cr_assert_eq(at.pos, pos - 1920);
}

Test(rtp_timeline, a_pause_is_no_jump)
{
    put(100, 16000, 1000);
    int64_t pos = at.pos;
    cr_assert_eq(put(101, 16000 + 8 * 60000, 61000), RTP_TIMELINE_FITS);
    cr_assert_eq(at.pos, pos + 60 * 48000);
}

Test(rtp_timeline, an_outage_is_no_jump)
{
    put(100, 16000, 1000);
    cr_assert_eq(put(1100, 16000 + 1000 * 160, 21000), RTP_TIMELINE_FITS);
    cr_assert_eq(put(1101, 16000 + 1001 * 160, 23500), RTP_TIMELINE_FITS, "late, but next");
}

Test(rtp_timeline, one_stray_packet_changes_nothing)
{
    put(100, 16000, 1000);
    int64_t seq = at.seq;
    cr_assert_eq(put(40000, 99999999, 1010), RTP_TIMELINE_DOUBT);
    cr_assert_eq(put(101, 4000000000u, 1015), RTP_TIMELINE_DOUBT);
    cr_assert_eq(put(101, 16160, 1020), RTP_TIMELINE_FITS);
    cr_assert_eq(at.seq, seq + 1);
    cr_assert_eq(put(40001, 99999999 + 160, 1030), RTP_TIMELINE_DOUBT, "not right after the first");
}

Test(rtp_timeline, two_in_a_row_are_a_new_stream)
{
    put(100, 16000, 1000);
    int64_t seq = at.seq, pos = at.pos;
    cr_assert_eq(put(40000, 99999999, 1020), RTP_TIMELINE_DOUBT);
    cr_assert_eq(put(40001, 99999999 + 160, 1040), RTP_TIMELINE_NEW);
    cr_assert_gt(at.seq, seq + 100);
    cr_assert_eq((uint16_t)at.seq, 40001);
    int64_t by_clock = pos + 40 * 48, off = at.pos - by_clock;
    cr_assert(off > -48 && off < 48, "laid where the old one would be: off by %ld", (long)off);
    cr_assert_eq(put(40002, 99999999 + 320, 1060), RTP_TIMELINE_FITS);
}

Test(rtp_timeline, a_marked_one_is_believed_at_once)
{
    put(100, 16000, 1000);
    struct rtp_timeline_packet p = {101, 77, 8000, 960, 1020000, true};
    cr_assert_eq(rtp_timeline_put(&t, &p, 5000, &at), RTP_TIMELINE_NEW);
}

Test(rtp_timeline, another_clock_is_a_new_stream_at_the_same_place)
{
    put(100, 16000, 1000);
    int64_t pos = at.pos;
    struct rtp_timeline_packet p = {101, 5, 48000, 960, 1020000, false};
    cr_assert_eq(rtp_timeline_put(&t, &p, 5000, &at), RTP_TIMELINE_NEW);
    int64_t off = at.pos - pos - 960;
    cr_assert(off > -48 && off < 48);
    p = (struct rtp_timeline_packet){102, 965, 48000, 960, 1040000, false};
    int64_t before = at.pos;
    cr_assert_eq(rtp_timeline_put(&t, &p, 5000, &at), RTP_TIMELINE_FITS);
    cr_assert_eq(at.pos, before + 960);
}

Test(rtp_timeline, odd_clocks_do_not_drift)
{
    struct rtp_timeline_packet p = {0, 0, 44100, 960, 1000000, false};
    rtp_timeline_put(&t, &p, 0, &at);
    int64_t pos = at.pos;
    for (int i = 1; i <= 180000; i++) {
        p = (struct rtp_timeline_packet){
            (uint16_t)i, (uint32_t)i * 882, 44100, 960, 1000000 + (uint64_t)i * 20000, false};
        cr_assert_eq(rtp_timeline_put(&t, &p, 0, &at), RTP_TIMELINE_FITS);
    }
    cr_assert_eq(at.pos, pos + 180000 * (int64_t)960);
}
