#include "net/rtp/rtcp_session.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { OURS = 0x11111111, THEIRS = 0x22222222, MS = 1000, S = 1000000 };

static uint64_t ntp_clock;

static uint64_t ntp(void *arg)
{
    (void)arg;
    return ntp_clock;
}

static struct rtcp_session *session(uint32_t ssrc, uint64_t seed, bool xr)
{
    struct rtcp_session *s = NULL;
    const struct rtcp_session_config cfg = {
        .ssrc = ssrc, .clock_hz = 48000, .xr = xr, .seed = seed, .ntp = ntp};
    cr_assert_eq(rtcp_session_create(&s, &cfg, 0), 0);
    return s;
}

static struct rtp_source heard(uint32_t ssrc)
{
    struct rtp_source src;
    rtp_source_init(&src, ssrc, 48000);
    for (unsigned i = 0; i < 100; i++)
        if (i % 10 != 5)
            rtp_source_put(&src, (uint16_t)i, i * 960, 60, i * 20000ull);
    return src;
}

static void read_all(const uint8_t *buf, int len, struct rtcp_packet *packets, unsigned *n)
{
    struct rtcp_reader r;
    cr_assert_gt(len, 0);
    cr_assert_leq(len, RTCP_SESSION_MAX_BYTES);
    cr_assert_eq(rtcp_reader_init(&r, buf, (size_t)len, false), 0);
    for (*n = 0; rtcp_reader_next(&r, &packets[*n]) == 1; ++*n)
        ;
    cr_assert_eq(r.malformed + r.unknown, 0);
}

Test(rtcp_session, intervals_as_rfc_3550_says)
{
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    double sum = 0;
    uint64_t first_min = UINT64_MAX, first_max = 0, min = UINT64_MAX, max = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rtcp_session *s = session(OURS, seed, false);
        uint64_t now = rtcp_session_next_us(s);
        first_min = now < first_min ? now : first_min;
        first_max = now > first_max ? now : first_max;
        cr_assert_not(rtcp_session_due(s, now - 1));
        cr_assert(rtcp_session_due(s, now));
        for (int i = 0; i < 10; i++) {
            cr_assert_gt(rtcp_session_build(s, NULL, NULL, buf, sizeof buf, now), 0);
            uint64_t d = rtcp_session_next_us(s) - now;
            min = d < min ? d : min;
            max = d > max ? d : max;
            sum += (double)d;
            now += d;
        }
        rtcp_session_destroy(s);
    }
    /* 5 s times 0.5 … 1.5 over 1.21828; half of it before the first */
    cr_assert(first_min >= 1026 * MS && first_max <= 3078 * MS);
    cr_assert(min >= 2052 * MS && min < 2300 * MS, "%lu", min);
    cr_assert(max <= 6157 * MS && max > 5900 * MS, "%lu", max);
    cr_assert(sum / 2000 > 3.95 * S && sum / 2000 < 4.25 * S);
}

Test(rtcp_session, little_bandwidth_means_long_intervals)
{
    struct rtcp_session *s = NULL;
    const struct rtcp_session_config cfg = {
        .ssrc = OURS, .clock_hz = 8000, .bandwidth_bps = 4000, .seed = 1, .ntp = ntp};
    cr_assert_eq(rtcp_session_create(&s, &cfg, 0), 0);
    cr_assert_gt(rtcp_session_next_us(s), 4 * S); /* 2 members, 128 bytes, 25 bytes a second */
    rtcp_session_destroy(s);
}

Test(rtcp_session, what_cannot_be_configured)
{
    struct rtcp_session *s = NULL;
    char long_name[300];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    struct rtcp_session_config cfg = {.ssrc = OURS};
    cr_assert_eq(rtcp_session_create(&s, &cfg, 0), -EINVAL);
    cfg.clock_hz = 8000;
    cfg.cname = long_name;
    cr_assert_eq(rtcp_session_create(&s, &cfg, 0), -EINVAL);
    cfg.cname = "";
    cr_assert_eq(rtcp_session_create(&s, &cfg, 0), -EINVAL);
    cr_assert_null(s);
    rtcp_session_destroy(NULL);
}

Test(rtcp_session, names_differ_and_say_nothing)
{
    struct rtcp_session *a = session(OURS, 1, false), *b = session(OURS, 2, false);
    cr_assert_eq(strlen(rtcp_session_cname(a)), 24);
    cr_assert_str_neq(rtcp_session_cname(a), rtcp_session_cname(b));
    rtcp_session_destroy(a);
    rtcp_session_destroy(b);
}

Test(rtcp_session, receiver_report_until_we_send)
{
    struct rtcp_session *s = session(OURS, 1, false);
    struct rtp_source src = heard(THEIRS);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_packet p[8];
    unsigned n;
    read_all(buf, rtcp_session_build(s, &src, NULL, buf, sizeof buf, 2 * S), p, &n);
    cr_assert_eq(n, 2);
    cr_assert(p[0].type == RTCP_RR && p[0].ssrc == OURS && p[0].report.n == 1);
    cr_assert_eq(p[0].report.block[0].ssrc, THEIRS);
    cr_assert_eq(p[0].report.block[0].lost, 10);
    cr_assert_eq(p[0].report.block[0].lsr, 0);
    cr_assert(p[1].type == RTCP_SDES && p[1].sdes.cname_len == 24);
    cr_assert_eq(memcmp(p[1].sdes.cname, rtcp_session_cname(s), 24), 0);

    for (unsigned i = 0; i < 50; i++)
        rtcp_session_sent(s, 1000 + i * 960, 40, 2 * S + i * 20000ull);
    ntp_clock = UINT64_C(0x1234567800000000);
    /* 480 ms after the last packet left, whose timestamp was 1000 + 49 * 960 */
    read_all(
        buf, rtcp_session_build(s, &src, NULL, buf, sizeof buf, 2 * S + 980000 + 480000), p, &n);
    cr_assert_eq(p[0].type, RTCP_SR);
    cr_assert_eq(p[0].report.sender.ntp, ntp_clock);
    cr_assert_eq(p[0].report.sender.packets, 50);
    cr_assert_eq(p[0].report.sender.bytes, 2000);
    cr_assert_eq(p[0].report.sender.rtp_timestamp, 1000 + 49 * 960 + 480 * 48);
    /* 6.4: a sender is who sent since the last but one report */
    read_all(buf, rtcp_session_build(s, &src, NULL, buf, sizeof buf, 9 * S), p, &n);
    cr_assert_eq(p[0].type, RTCP_SR);
    read_all(buf, rtcp_session_build(s, &src, NULL, buf, sizeof buf, 14 * S), p, &n);
    cr_assert_eq(p[0].type, RTCP_RR);
    rtcp_session_destroy(s);
}

Test(rtcp_session, no_source_no_block)
{
    struct rtcp_session *s = session(OURS, 1, true);
    struct rtp_source src;
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_packet p[8];
    unsigned n;
    rtp_source_init(&src, THEIRS, 8000);
    for (int i = 0; i < 12; i++) {
        read_all(buf, rtcp_session_build(s, i & 1 ? &src : NULL, NULL, buf, sizeof buf, S), p, &n);
        cr_assert(n == 2 && p[0].report.n == 0);
    }
    rtcp_session_destroy(s);
}

/* Two sessions over a line of 30 ms each way; B answers 100 ms after it heard A. */
Test(rtcp_session, round_trip)
{
    struct rtcp_session *a = session(OURS, 1, false), *b = session(THEIRS, 2, false);
    struct rtp_source from_a = heard(OURS);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    struct rtcp_remote remote;
    uint64_t now = 10 * S;
    ntp_clock = UINT64_C(0xe0000000) << 32 | 0x12345678;
    rtcp_session_sent(a, 0, 40, now);
    int len = rtcp_session_build(a, NULL, NULL, buf, sizeof buf, now);
    cr_assert_eq(rtcp_session_receive(b, buf, (size_t)len, &ev, now + 30 * MS), 0);
    cr_assert_not(ev.report, "a sender report without blocks says nothing of us");
    len = rtcp_session_build(b, &from_a, NULL, buf, sizeof buf, now + 130 * MS);
    cr_assert_eq(rtcp_session_receive(a, buf, (size_t)len, &ev, now + 160 * MS), 0);
    cr_assert(ev.report);
    rtcp_session_remote(a, &remote);
    cr_assert(remote.rtt_us > 59 * MS && remote.rtt_us < 61 * MS, "%u", remote.rtt_us);
    cr_assert_eq(remote.lost, 10);
    cr_assert_eq(remote.fraction_lost, 10 * 256 / 100);
    cr_assert_eq(remote.reports, 1);
    cr_assert_eq(remote.last_report_us, now + 160 * MS);
    rtcp_session_destroy(a);
    rtcp_session_destroy(b);
}

static int report_of(uint8_t *buf, size_t cap, struct rtcp_report_block b)
{
    struct rtcp_writer w;
    rtcp_writer_init(&w, buf, cap);
    cr_assert_eq(rtcp_write_rr(&w, THEIRS, &b, 1), 0);
    return (int)w.len;
}

Test(rtcp_session, round_trips_that_are_made_up)
{
    struct rtcp_session *s = session(OURS, 1, false);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    struct rtcp_remote remote;
    ntp_clock = UINT64_C(0xe0000000) << 32 | 0x12345678;
    rtcp_session_sent(s, 0, 40, S);
    rtcp_session_build(s, NULL, NULL, buf, sizeof buf, S);
    const uint32_t lsr = (uint32_t)(ntp_clock >> 16);
    const struct rtcp_report_block cases[] = {
        {.ssrc = OURS, .lsr = lsr + 1, .dlsr = 0},     /* no report of ours */
        {.ssrc = OURS, .lsr = lsr, .dlsr = 65536 * 3}, /* held longer than it was away */
        {.ssrc = OURS, .lsr = lsr, .dlsr = UINT32_MAX}, {.ssrc = OURS, .lsr = 0, .dlsr = 0},
        {.ssrc = OURS + 1, .lsr = lsr, .dlsr = 0}, /* not about us */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int len = report_of(buf, sizeof buf, cases[i]);
        cr_assert_eq(rtcp_session_receive(s, buf, (size_t)len, &ev, 2 * S), 0);
        rtcp_session_remote(s, &remote);
        cr_assert_eq(remote.rtt_us, 0, "case %zu", i);
    }
    cr_assert_eq(remote.reports, 4);
    int len = report_of(buf, sizeof buf, (struct rtcp_report_block){.ssrc = OURS, .lsr = lsr});
    rtcp_session_receive(s, buf, (size_t)len, &ev, 2 * S);
    rtcp_session_remote(s, &remote);
    cr_assert_eq(remote.rtt_us, S);
    rtcp_session_receive(s, buf, (size_t)len, &ev, 60ull * S);
    rtcp_session_remote(s, &remote);
    cr_assert_eq(remote.rtt_us, S, "an old report again is no round trip");
    rtcp_session_destroy(s);
}

Test(rtcp_session, voip_metrics_every_fifth)
{
    struct rtcp_session *a = session(OURS, 1, true), *b = session(THEIRS, 2, false);
    struct rtp_source src = heard(THEIRS);
    const struct rtcp_local local = {
        .ptime_ms = 20, .jb_now_ms = 40, .jb_max_ms = 200, .discarded = 1};
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_packet p[8];
    unsigned n, voip = 0;
    for (unsigned i = 0; i < 20; i++) {
        int len = rtcp_session_build(a, &src, &local, buf, sizeof buf, (i + 1) * (uint64_t)S);
        read_all(buf, len, p, &n);
        cr_assert_eq(n, i % 5 == 4 ? 3 : 2);
        if (n < 3)
            continue;
        const struct rtcp_xr_voip *v = &p[2].xr.block[0].voip;
        cr_assert(p[2].type == RTCP_XR && v->ssrc == THEIRS && v->gmin == 16);
        cr_assert(v->jb_nominal_ms == 40 && v->jb_max_ms == 200 && v->end_system_ms == 60);
        cr_assert(v->loss_rate > 0 && v->discard_rate > 0 && v->r_factor > 0);
        cr_assert(v->mos_lq >= 10 && v->mos_lq <= 50 && v->ext_r_factor == 127);
        voip++;
    }
    cr_assert_eq(voip, 4);
    cr_assert_eq(src.voip.discarded, 20);
    rtcp_session_destroy(a);
    rtcp_session_destroy(b);
}

Test(rtcp_session, extended_reports_from_the_peer)
{
    struct rtcp_session *s = session(OURS, 1, false);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_writer w;
    struct rtcp_event ev;
    struct rtcp_packet p[8];
    struct rtcp_remote remote;
    unsigned n;
    rtcp_writer_init(&w, buf, sizeof buf);
    rtcp_write_rr(&w, THEIRS, NULL, 0);
    rtcp_write_xr_rrtr(&w, THEIRS, UINT64_C(0x0000123456780000));
    rtcp_write_xr_voip(&w, THEIRS, &(struct rtcp_xr_voip){.ssrc = OURS, .mos_lq = 41});
    cr_assert_eq(rtcp_session_receive(s, buf, w.len, &ev, 5 * S), 0);
    rtcp_session_remote(s, &remote);
    cr_assert(remote.have_voip && remote.voip.mos_lq == 41);
    /* the reference time comes back, once, with how long we held it */
    read_all(buf, rtcp_session_build(s, NULL, NULL, buf, sizeof buf, 7 * S), p, &n);
    cr_assert_eq(n, 3);
    const struct rtcp_xr_block *d = &p[2].xr.block[0];
    cr_assert(d->type == RTCP_XR_DLRR && d->dlrr.n == 1);
    cr_assert_eq(d->dlrr.entry[0].ssrc, THEIRS);
    cr_assert_eq(d->dlrr.entry[0].lrr, 0x12345678);
    cr_assert_eq(d->dlrr.entry[0].dlrr, 2 * 65536);
    read_all(buf, rtcp_session_build(s, NULL, NULL, buf, sizeof buf, 9 * S), p, &n);
    cr_assert_eq(n, 2);
    rtcp_session_destroy(s);
}

Test(rtcp_session, goodbyes)
{
    struct rtcp_session *a = session(OURS, 1, false), *b = session(THEIRS, 2, false);
    struct rtp_source src = heard(THEIRS);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    struct rtcp_remote remote;
    int len = rtcp_session_build_bye(a, &src, "ends", buf, sizeof buf, S);
    cr_assert_gt(len, 0);
    cr_assert_eq(rtcp_session_receive(b, buf, (size_t)len, &ev, S), 0);
    cr_assert(ev.bye && ev.bye_ssrc == OURS);
    rtcp_session_remote(b, &remote);
    cr_assert(remote.bye);
    cr_assert_eq(rtcp_session_build_bye(a, &src, NULL, buf, 20, S), -ENOSPC);
    rtcp_session_destroy(a);
    rtcp_session_destroy(b);
}

Test(rtcp_session, feedback_about_us_only)
{
    struct rtcp_session *s = session(OURS, 1, false);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    for (unsigned i = 0; i < 4; i++) {
        struct rtcp_writer w;
        rtcp_writer_init(&w, buf, sizeof buf);
        rtcp_write_rr(&w, THEIRS, NULL, 0);
        uint32_t whom = i & 1 ? OURS : OURS + 1;
        if (i < 2)
            rtcp_write_pli(&w, THEIRS, whom);
        else
            rtcp_write_fir(&w, THEIRS, whom, 1);
        cr_assert_eq(rtcp_session_receive(s, buf, w.len, &ev, S), 0);
        cr_assert_eq(ev.keyframe, i & 1);
    }
    rtcp_session_destroy(s);
}

Test(rtcp_session, our_own_packets_come_back)
{
    struct rtcp_session *s = session(OURS, 1, false);
    uint8_t buf[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    struct rtcp_remote remote;
    int len = rtcp_session_build_bye(s, NULL, NULL, buf, sizeof buf, S);
    cr_assert_eq(rtcp_session_receive(s, buf, (size_t)len, &ev, S), 0);
    rtcp_session_remote(s, &remote);
    cr_assert(!ev.bye && !remote.bye);
    rtcp_session_destroy(s);
}

Test(rtcp_session, garbage_is_counted)
{
    struct rtcp_session *s = session(OURS, 1, false);
    struct rtcp_remote remote;
    struct rtcp_event ev = {.remb_bps = 77};
    static const uint8_t bad[] = {0x80, 201, 0, 9, 0, 0, 0, 1};
    static const uint8_t lying[] = {0x81, 201, 0, 1, 0, 0, 0, 1};
    cr_assert_eq(rtcp_session_receive(s, bad, sizeof bad, &ev, S), -EBADMSG);
    cr_assert_eq(ev.remb_bps, 77, "untouched on error");
    cr_assert_eq(rtcp_session_receive(s, lying, sizeof lying, &ev, S), 0);
    rtcp_session_remote(s, &remote);
    cr_assert_eq(remote.malformed, 2);
    rtcp_session_destroy(s);
}

Test(rtcp_session, wall_clock)
{
    uint64_t a = rtcp_ntp_now(NULL), b = rtcp_ntp_now(NULL);
    cr_assert_geq(b, a);
    cr_assert_gt(a >> 32, 3900000000u, "after 2023");
}
