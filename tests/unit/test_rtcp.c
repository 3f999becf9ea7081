#include "net/rtp/rtcp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

static uint8_t buf[1500];
static struct rtcp_writer w;

static void fresh(void)
{
    rtcp_writer_init(&w, buf, sizeof buf);
}

TestSuite(rtcp, .init = fresh);

static struct rtcp_report_block block(uint32_t ssrc)
{
    return (struct rtcp_report_block){.ssrc = ssrc,
        .fraction_lost = 13,
        .lost = -5,
        .highest_seq = 0x00021234,
        .jitter = 77,
        .lsr = 0xaabbccdd,
        .dlsr = 65536};
}

/* Reads from a copy of exact size, so that AddressSanitizer sees any read past the end. Returns
 * packets read, or the reader's error. */
static int read_exact(
    const uint8_t *p, size_t len, bool reduced, struct rtcp_packet *last, struct rtcp_reader *r)
{
    static uint8_t *held;
    free(held);
    held = malloc(len ? len : 1);
    memcpy(held, p, len);
    int n = 0, err = rtcp_reader_init(r, held, len, reduced);
    if (err != 0)
        return err;
    while (rtcp_reader_next(r, last) == 1)
        n++;
    return n;
}

static void only(struct rtcp_packet *p)
{
    struct rtcp_reader r;
    cr_assert_eq(read_exact(buf, w.len, true, p, &r), 1);
    cr_assert_eq(r.malformed + r.unknown, 0);
}

Test(rtcp, sender_report)
{
    struct rtcp_sender_info info = {UINT64_C(0x0123456789abcdef), 2, 3, 4};
    struct rtcp_report_block blocks[RTCP_MAX_BLOCKS];
    for (unsigned i = 0; i < RTCP_MAX_BLOCKS; i++)
        blocks[i] = block(100 + i);
    cr_assert_eq(rtcp_write_sr(&w, 9, &info, blocks, RTCP_MAX_BLOCKS), 0);
    cr_assert_eq(w.len, 28 + 31 * 24);
    struct rtcp_packet p;
    only(&p);
    cr_assert(p.type == RTCP_SR && p.ssrc == 9 && p.report.n == 31);
    cr_assert_eq(p.report.sender.ntp, info.ntp);
    cr_assert_eq(p.report.sender.rtp_timestamp, 2);
    cr_assert_eq(p.report.sender.packets, 3);
    cr_assert_eq(p.report.sender.bytes, 4);
    uint8_t again[28 + 31 * 24];
    rtcp_writer_init(&w, again, sizeof again);
    cr_assert_eq(rtcp_write_sr(&w, 9, &p.report.sender, p.report.block, p.report.n), 0);
    cr_assert_eq(memcmp(again, buf, sizeof again), 0, "read and written again is the same");
}

Test(rtcp, lost_is_signed_24_bits)
{
    static const int32_t lost[] = {0, 1, -1, 0x7fffff, -0x800000};
    for (size_t i = 0; i < N(lost); i++) {
        struct rtcp_report_block b = block(1);
        struct rtcp_packet p;
        b.lost = lost[i];
        fresh();
        cr_assert_eq(rtcp_write_rr(&w, 9, &b, 1), 0);
        only(&p);
        cr_assert_eq(p.report.block[0].lost, lost[i]);
        cr_assert_eq(p.report.block[0].fraction_lost, 13);
    }
}

Test(rtcp, cname_of_any_length)
{
    char cname[RTCP_MAX_CNAME + 2] = "";
    cr_assert_eq(rtcp_write_sdes(&w, 9, cname), -EINVAL);
    for (size_t len = 1; len <= RTCP_MAX_CNAME; len++) {
        struct rtcp_packet p;
        cname[len - 1] = (char)('a' + len % 26);
        fresh();
        cr_assert_eq(rtcp_write_sdes(&w, 9, cname), 0);
        cr_assert_eq(w.len % 4, 0);
        only(&p);
        cr_assert(p.type == RTCP_SDES && p.ssrc == 9 && p.sdes.cname_len == len);
        cr_assert_eq(memcmp(p.sdes.cname, cname, len), 0);
        cr_assert_eq(buf[w.len - 1], 0, "a null ends the items");
    }
    cname[RTCP_MAX_CNAME] = 'x';
    cr_assert_eq(rtcp_write_sdes(&w, 9, cname), -EINVAL);
}

Test(rtcp, bye)
{
    struct rtcp_packet p;
    cr_assert_eq(rtcp_write_bye(&w, 9, "mixer stops"), 0);
    only(&p);
    cr_assert(p.type == RTCP_BYE && p.bye.n == 1 && p.bye.ssrc[0] == 9);
    cr_assert_eq(p.bye.reason_len, 11);
    cr_assert_eq(memcmp(p.bye.reason, "mixer stops", 11), 0);
    fresh();
    cr_assert_eq(rtcp_write_bye(&w, 9, NULL), 0);
    only(&p);
    cr_assert_eq(p.bye.reason, NULL);
    static const uint8_t nobody[] = {0x80, RTCP_BYE, 0, 0};
    struct rtcp_reader r;
    cr_assert_eq(read_exact(nobody, sizeof nobody, true, &p, &r), 1);
    cr_assert(p.bye.n == 0 && p.ssrc == 0);
}

Test(rtcp, keyframe_requests)
{
    struct rtcp_packet p;
    rtcp_write_pli(&w, 9, 8);
    only(&p);
    cr_assert(p.type == RTCP_PSFB && p.format == RTCP_PSFB_PLI && p.fb.media_ssrc == 8);
    fresh();
    rtcp_write_fir(&w, 9, 8, 200);
    only(&p);
    cr_assert(p.format == RTCP_PSFB_FIR && p.fb.n == 1);
    cr_assert(p.fb.ssrc[0] == 8 && p.fb.fir_seq[0] == 200);
}

Test(rtcp, nack)
{
    static const uint8_t nack[] = {
        0x81, RTCP_RTPFB, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0x12, 0x34, 0x80, 1, 0xff, 0xff, 0, 0};
    struct rtcp_packet p;
    struct rtcp_reader r;
    uint16_t pid, mask;
    cr_assert_eq(read_exact(nack, sizeof nack, true, &p, &r), 1);
    cr_assert_eq(p.fb.n, 2);
    rtcp_nack(&p, 0, &pid, &mask);
    cr_assert(pid == 0x1234 && mask == 0x8001);
    rtcp_nack(&p, 1, &pid, &mask);
    cr_assert(pid == 0xffff && mask == 0);
    cr_assert_eq(read_exact(nack, sizeof nack, false, &p, &r), -EBADMSG, "reduced size: by leave");
}

/* ATTACKS 13: any exponent. */
Test(rtcp, remb_of_any_size)
{
    for (unsigned e = 0; e < 64; e++) {
        const uint8_t remb[] = {0x8f, RTCP_PSFB, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B',
            1, (uint8_t)(e << 2 | 3), 0xff, 0xff, 0, 0, 0, 7};
        struct rtcp_packet p;
        struct rtcp_reader r;
        cr_assert_eq(read_exact(remb, sizeof remb, true, &p, &r), 1);
        cr_assert(p.fb.remb && p.fb.n == 1 && p.fb.ssrc[0] == 7);
        cr_assert_eq(p.fb.remb_bps, e < 46 ? UINT64_C(0x3ffff) << e : UINT64_MAX);
    }
    static const uint8_t zero[] = {
        0x8f, RTCP_PSFB, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 0, 0xfc, 0, 0};
    struct rtcp_packet p;
    struct rtcp_reader r;
    cr_assert_eq(read_exact(zero, sizeof zero, true, &p, &r), 1);
    cr_assert(p.fb.remb && p.fb.remb_bps == 0);
}

Test(rtcp, application_packet)
{
    static const uint8_t app[] = {0x85, RTCP_APP, 0, 3, 0, 0, 0, 1, 'n', 'a', 'm', 'e', 1, 2, 3, 4};
    struct rtcp_packet p;
    struct rtcp_reader r;
    cr_assert_eq(read_exact(app, sizeof app, true, &p, &r), 1);
    cr_assert(p.format == 5 && p.app.len == 4 && memcmp(p.app.name, "name", 4) == 0);
}

Test(rtcp, voip_metrics_as_bytes)
{
    const struct rtcp_xr_voip v = {0x01020304, 5, 6, 7, 8, 0x090a, 0x0b0c, 0x0d0e, 0x0f10, 17, -2,
        19, 20, 21, 22, 23, 24, 25, 0x1b1c, 0x1d1e, 0x1f20};
    static const uint8_t want[] = {0x80, 207, 0, 10, 0, 0, 0, 9, 7, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8,
        9, 10, 11, 12, 13, 14, 15, 16, 17, 0xfe, 19, 20, 21, 22, 23, 24, 25, 0, 27, 28, 29, 30, 31,
        32};
    cr_assert_eq(rtcp_write_xr_voip(&w, 9, &v), 0);
    cr_assert_eq(w.len, sizeof want);
    cr_assert_eq(memcmp(buf, want, sizeof want), 0);
    struct rtcp_packet p;
    only(&p);
    cr_assert(p.type == RTCP_XR && p.xr.n == 1 && p.xr.block[0].type == RTCP_XR_VOIP);
    fresh();
    rtcp_write_xr_voip(&w, 9, &p.xr.block[0].voip);
    cr_assert_eq(memcmp(buf, want, sizeof want), 0, "read and written again is the same");
}

Test(rtcp, reference_times)
{
    struct rtcp_packet p;
    rtcp_write_xr_rrtr(&w, 9, UINT64_C(0x0123456789abcdef));
    only(&p);
    cr_assert_eq(p.xr.block[0].rrtr_ntp, UINT64_C(0x0123456789abcdef));
    const struct rtcp_dlrr d[] = {{1, 2, 3}, {4, 5, 6}};
    fresh();
    cr_assert_eq(rtcp_write_xr_dlrr(&w, 9, d, 2), 0);
    only(&p);
    cr_assert_eq(p.xr.block[0].dlrr.n, 2);
    cr_assert_eq(memcmp(p.xr.block[0].dlrr.entry, d, sizeof d), 0);
    cr_assert_eq(rtcp_write_xr_dlrr(&w, 9, d, 0), -EINVAL);
}

static void whole_compound(void)
{
    struct rtcp_sender_info info = {1, 2, 3, 4};
    struct rtcp_report_block b = block(1);
    struct rtcp_xr_voip v = {.ssrc = 1};
    const struct rtcp_dlrr d = {1, 2, 3};
    rtcp_write_sr(&w, 9, &info, &b, 1);
    rtcp_write_sdes(&w, 9, "cname");
    rtcp_write_xr_voip(&w, 9, &v);
    rtcp_write_xr_dlrr(&w, 9, &d, 1);
    rtcp_write_fir(&w, 9, 8, 1);
    rtcp_write_pli(&w, 9, 8);
    rtcp_write_bye(&w, 9, "reason");
}

Test(rtcp, compound_in_order)
{
    static const uint8_t types[] = {
        RTCP_SR, RTCP_SDES, RTCP_XR, RTCP_XR, RTCP_PSFB, RTCP_PSFB, RTCP_BYE};
    struct rtcp_reader r;
    struct rtcp_packet p;
    whole_compound();
    cr_assert_eq(rtcp_reader_init(&r, buf, w.len, false), 0);
    for (size_t i = 0; i < N(types); i++) {
        cr_assert_eq(rtcp_reader_next(&r, &p), 1);
        cr_assert_eq(p.type, types[i]);
    }
    cr_assert_eq(rtcp_reader_next(&r, &p), 0);
    cr_assert_eq(rtcp_reader_next(&r, &p), 0);
}

/* A packet that does not fit leaves the buffer as it was. */
Test(rtcp, no_room)
{
    struct rtcp_report_block b = block(1);
    struct rtcp_sender_info info = {0};
    struct rtcp_xr_voip v = {0};
    const struct rtcp_dlrr d = {0};
    uint8_t small[64], before[64];
    memset(small, 0x55, sizeof small);
    memcpy(before, small, sizeof small);
    rtcp_writer_init(&w, small, 15);
    cr_assert_eq(rtcp_write_rr(&w, 9, &b, 1), -ENOSPC);
    cr_assert_eq(rtcp_write_sr(&w, 9, &info, NULL, 0), -ENOSPC);
    cr_assert_eq(rtcp_write_sdes(&w, 9, "cname"), -ENOSPC);
    cr_assert_eq(rtcp_write_bye(&w, 9, "eight ch"), -ENOSPC);
    cr_assert_eq(rtcp_write_fir(&w, 9, 1, 1), -ENOSPC);
    cr_assert_eq(rtcp_write_xr_voip(&w, 9, &v), -ENOSPC);
    cr_assert_eq(rtcp_write_xr_rrtr(&w, 9, 1), -ENOSPC);
    cr_assert_eq(rtcp_write_xr_dlrr(&w, 9, &d, 1), -ENOSPC);
    cr_assert_eq(w.len, 0);
    cr_assert_eq(memcmp(small, before, sizeof small), 0);
    cr_assert_eq(rtcp_write_pli(&w, 9, 1), 0);
    cr_assert_eq(rtcp_write_rr(&w, 9, &b, RTCP_MAX_BLOCKS + 1), -EINVAL);
}

Test(rtcp, padding)
{
    uint8_t p4[] = {0xa0, RTCP_RR, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4};
    struct rtcp_packet p;
    struct rtcp_reader r;
    cr_assert_eq(read_exact(p4, sizeof p4, false, &p, &r), 1);
    cr_assert_eq(p.body_len, 4);
    static const uint8_t bad[] = {0, 1, 3, 5, 12, 255};
    for (size_t i = 0; i < N(bad); i++) {
        p4[11] = bad[i];
        cr_assert_eq(read_exact(p4, sizeof p4, false, &p, &r), -EBADMSG, "padding %u", bad[i]);
    }
    p4[11] = 8; /* leaves no sender */
    cr_assert_eq(read_exact(p4, sizeof p4, false, &p, &r), 0);
    cr_assert_eq(r.malformed, 1);
    uint8_t first_padded[] = {0xa0, RTCP_RR, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4, 0x80, RTCP_BYE, 0, 0};
    cr_assert_eq(read_exact(first_padded, sizeof first_padded, false, &p, &r), -EBADMSG);
}

/* ATTACKS 7: what has crashed others. The compound is sound, the packet within it lies. */
Test(rtcp, packets_that_lie)
{
    static const struct {
        const char *what;
        uint8_t p[24];
        size_t len;
    } cases[] = {
        {"SR without sender info", {0x80, 200, 0, 1, 0, 0, 0, 1}, 8},
        {"SR, 31 blocks announced", {0x9f, 200, 0, 5, 0, 0, 0, 1}, 24},
        {"RR, one block announced", {0x81, 201, 0, 1, 0, 0, 0, 1}, 8},
        {"RR of nobody", {0x80, 201, 0, 0}, 4},
        {"SDES, chunk missing", {0x81, 202, 0, 0}, 4},
        {"SDES, second chunk missing", {0x82, 202, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0}, 12},
        {"SDES, item past the end", {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 200, 'a', 'b'}, 12},
        {"SDES, length missing", {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 1, 'a', 1}, 12},
        {"SDES, no ending null", {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, 'a', 'b'}, 12},
        {"BYE, 31 sources announced", {0x9f, 203, 0, 1, 0, 0, 0, 1}, 8},
        {"BYE, reason past the end", {0x81, 203, 0, 2, 0, 0, 0, 1, 4, 'a', 'b', 'c'}, 12},
        {"BYE, reason 255", {0x81, 203, 0, 2, 0, 0, 0, 1, 255, 'a', 'b', 'c'}, 12},
        {"APP without a name", {0x80, 204, 0, 1, 0, 0, 0, 1}, 8},
        {"PLI without media SSRC", {0x81, 206, 0, 1, 0, 0, 0, 1}, 8},
        {"NACK without entries", {0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}, 12},
        {"FIR without entries", {0x84, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4}, 16},
        {"REMB, 255 SSRCs",
            {0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 255, 0, 0, 1}, 20},
        {"XR, block past the end", {0x80, 207, 0, 2, 0, 0, 0, 1, 4, 0, 0xff, 0xff}, 12},
        {"XR, short RRTR", {0x80, 207, 0, 3, 0, 0, 0, 1, 4, 0, 0, 1, 1, 2, 3, 4}, 16},
        {"XR, short VoIP metrics", {0x80, 207, 0, 3, 0, 0, 0, 1, 7, 0, 0, 1, 1, 2, 3, 4}, 16},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct rtcp_packet p;
        struct rtcp_reader r;
        int n = read_exact(cases[i].p, cases[i].len, true, &p, &r);
        cr_assert_eq(n, 0, "%s: %d", cases[i].what, n);
        cr_assert_eq(r.malformed, 1, "%s", cases[i].what);
        /* the next packet is read all the same */
        uint8_t two[40];
        static const uint8_t bye[] = {0x81, 203, 0, 1, 0, 0, 0, 5};
        memcpy(two, cases[i].p, cases[i].len);
        memcpy(two + cases[i].len, bye, sizeof bye);
        cr_assert_eq(read_exact(two, cases[i].len + sizeof bye, true, &p, &r), 1);
        cr_assert(p.type == RTCP_BYE && p.ssrc == 5, "%s", cases[i].what);
    }
}

Test(rtcp, compounds_that_are_none)
{
    static const struct {
        const char *what;
        uint8_t p[12];
        size_t len;
    } cases[] = {
        {"nothing", {0}, 0},
        {"three bytes", {0x80, 201, 0}, 3},
        {"version 1", {0x40, 201, 0, 1, 0, 0, 0, 1}, 8},
        {"longer than it is", {0x80, 201, 0, 2, 0, 0, 0, 1}, 8},
        {"65535 words", {0x80, 201, 0xff, 0xff, 0, 0, 0, 1}, 8},
        {"a stray byte after it", {0x80, 201, 0, 1, 0, 0, 0, 1, 0x80}, 9},
        {"a second of version 0", {0x80, 201, 0, 1, 0, 0, 0, 1, 0, 203, 0, 0}, 12},
        {"begins with SDES", {0x80, 202, 0, 0}, 4},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct rtcp_packet p;
        struct rtcp_reader r;
        cr_assert_eq(
            read_exact(cases[i].p, cases[i].len, false, &p, &r), -EBADMSG, "%s", cases[i].what);
    }
    static const uint8_t unknown[] = {0x80, 192, 0, 0, 0x80, 250, 0, 0};
    struct rtcp_packet p;
    struct rtcp_reader r;
    cr_assert_eq(read_exact(unknown, sizeof unknown, true, &p, &r), 0);
    cr_assert(r.unknown == 2 && r.malformed == 0);
}

Test(rtcp, more_than_is_kept)
{
    uint8_t xr[8 + 4 * 20] = {0x80, RTCP_XR, 0, 1 + 20, [7] = 1};
    for (size_t i = 0; i < 20; i++)
        xr[8 + 4 * i] = 99;
    struct rtcp_packet p;
    struct rtcp_reader r;
    cr_assert_eq(read_exact(xr, sizeof xr, true, &p, &r), 1);
    cr_assert_eq(p.xr.n, RTCP_MAX_XR);
    uint8_t fir[12 + 8 * 40] = {0x84, RTCP_PSFB, 0, 2 + 80};
    cr_assert_eq(read_exact(fir, sizeof fir, true, &p, &r), 1);
    cr_assert_eq(p.fb.n, RTCP_MAX_FIR);
    uint8_t dlrr[12 + 12 * 40] = {0x80, RTCP_XR, 0, 2 + 120, 0, 0, 0, 1, RTCP_XR_DLRR, 0, 0, 120};
    cr_assert_eq(read_exact(dlrr, sizeof dlrr, true, &p, &r), 1);
    cr_assert_eq(p.xr.block[0].dlrr.n, RTCP_MAX_DLRR);
}

/* Every byte of a good compound changed, every length cut: pointers stay in the packet. */
Test(rtcp, mutations_stay_in_bounds)
{
    static const uint8_t values[] = {0, 1, 2, 4, 0x1f, 0x7f, 0x80, 0x9f, 0xa0, 0xff};
    whole_compound();
    for (size_t at = 0; at < w.len; at++) {
        for (size_t v = 0; v < N(values); v++) {
            uint8_t copy[sizeof buf];
            struct rtcp_packet p;
            struct rtcp_reader r;
            memcpy(copy, buf, w.len);
            copy[at] = values[v];
            read_exact(copy, w.len, true, &p, &r);
            read_exact(copy, at, true, &p, &r);
        }
    }
}
