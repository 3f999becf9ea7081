#include "net/rtp/transport_cc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { SSRC = 0x01020304, MEDIA = 0x0a0b0c0d, FCI = 12, TICK = TRANSPORT_CC_TICK_US };

static struct transport_cc cc;

static size_t write_into(uint8_t *buf, size_t cap)
{
    struct rtcp_writer w;
    rtcp_writer_init(&w, buf, cap);
    return transport_cc_write(&cc, &w, SSRC) == 1 ? w.len : 0;
}

/* Reads a message as the program would, from an RTCP packet. */
static struct transport_cc_reader open_message(const uint8_t *buf, size_t len)
{
    struct rtcp_reader r;
    struct rtcp_packet p;
    struct transport_cc_reader reader;
    cr_assert_eq(rtcp_reader_init(&r, buf, len, true), 0);
    cr_assert_eq(rtcp_reader_next(&r, &p), 1);
    cr_assert_eq(p.type, RTCP_RTPFB);
    cr_assert_eq(p.format, RTCP_RTPFB_TWCC);
    cr_assert_eq(p.ssrc, SSRC);
    cr_assert_eq(p.fb.media_ssrc, MEDIA);
    cr_assert_eq(transport_cc_read(&reader, p.fb.fci, p.fb.fci_len), 0);
    return reader;
}

static void put_ms(uint16_t seq, uint64_t ms)
{
    transport_cc_put(&cc, seq, MEDIA, ms * 1000);
}

Test(transport_cc, bytes_of_a_run)
{
    static const uint8_t want[] = {0x8f, 205, 0, 6, 1, 2, 3, 4, 0xa, 0xb, 0xc, 0xd, /* SSRCs */
        0xff, 0xff, 0, 3, 0, 0, 1, 0, /* from 65535, three, 64 ms, the first message */
        0x20, 0x03,                   /* a run of three small deltas */
        4, 40, 40, 0, 0, 0};          /* 1 ms, 10 ms, 10 ms */
    uint8_t buf[64];
    transport_cc_init(&cc, 0);
    put_ms(65535, 65);
    put_ms(0, 75);
    put_ms(1, 85);
    cr_assert_eq(write_into(buf, sizeof buf), sizeof want);
    cr_assert_arr_eq(buf, want, sizeof want);
}

/* Received, lost, received 200 ms later: two bits a symbol. */
Test(transport_cc, bytes_of_a_vector)
{
    static const uint8_t want[] = {0, 10, 0, 3, 0, 0, 0, 0}; /* 10 … 12, 0 ms, first message */
    uint8_t buf[64];
    transport_cc_init(&cc, 0);
    put_ms(10, 1);
    put_ms(12, 201);
    cr_assert_eq(write_into(buf, sizeof buf), 28);
    cr_assert_arr_eq(buf + FCI, want, sizeof want);
    /* 11 | 01 00 10 00 00 00 00 */
    cr_assert_eq(buf[20], 0xd2);
    cr_assert_eq(buf[21], 0x00);
    cr_assert_eq(buf[22], 4);
    cr_assert_eq(buf[23], 800 >> 8);
    cr_assert_eq(buf[24], 800 & 0xff);
}

Test(transport_cc, bytes_of_losses_of_one_bit)
{
    uint8_t buf[64];
    transport_cc_init(&cc, 0);
    for (uint16_t seq = 0; seq < 14; seq++)
        if (seq % 3 != 2)
            put_ms(seq, 1 + seq);
    cr_assert_eq(write_into(buf, sizeof buf), 20 + 2 + 10);
    /* 10 | 11 0 11 0 11 0 11 0 11 */
    cr_assert_eq(buf[20], 0xb6);
    cr_assert_eq(buf[21], 0xdb);
}

/* A run, a vector of one bit, a vector of two bits, as others may choose them. */
Test(transport_cc, reads_all_forms_of_chunks)
{
    static const uint8_t fci[] = {0, 5, 0, 24, 0xff, 0xff, 0xff, 9, /* 5 … 28, -64 ms */
        0x20, 3,                                                    /* 3 small */
        0x9f, 0x1c,                                                 /* 01111100011100 */
        0xc4, 0x90,                                                 /* 00 01 00 10 01 00 00 */
        1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 0xff, 0xfe, 5};         /* the large one is -2 */
    static const char received[] = "111"
                                   "01111100011100"
                                   "0101100";
    struct transport_cc_reader r;
    struct transport_cc_arrival a;
    int64_t last = 0;
    cr_assert_eq(transport_cc_read(&r, fci, sizeof fci), 0);
    cr_assert_eq(r.base_seq, 5);
    cr_assert_eq(r.count, 9);
    cr_assert_eq(r.reference, -1);
    for (uint16_t i = 0; i < 24; i++) {
        cr_assert_eq(transport_cc_next(&r, &a), 1);
        cr_assert_eq(a.seq, 5 + i);
        cr_assert_eq(a.received, received[i] == '1', "%u", i);
        if (a.received)
            last = a.time_us;
    }
    cr_assert_eq(transport_cc_next(&r, &a), 0);
    cr_assert_eq(last, (-256 + 3 * 1 + 5 * 2 + 3 * 3 + 4 - 2 + 5) * TICK);
}

Test(transport_cc, malformed)
{
    static const struct {
        uint8_t fci[16];
        size_t len;
    } cases[] = {
        {{0}, 0},
        {{0, 0, 0, 1, 0, 0, 0}, 7},
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 10},          /* tells of nothing */
        {{0, 0, 0, 1, 0, 0, 0, 0}, 8},                 /* no chunk */
        {{0, 0, 0, 1, 0, 0, 0, 0, 0x20, 1}, 10},       /* no delta */
        {{0, 0, 0, 1, 0, 0, 0, 0, 0x40, 1, 0}, 11},    /* half a delta */
        {{0, 0, 0, 1, 0, 0, 0, 0, 0x60, 1, 0, 0}, 12}, /* reserved symbol */
        {{0, 0, 0, 1, 0, 0, 0, 0, 0xf0, 0, 0, 0}, 12}, /* the same in a vector */
        {{0, 0, 0, 1, 0, 0, 0, 0, 0x20, 0, 0, 0}, 12}, /* a run of none */
        {{0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x1f, 0xff}, 10},
    };
    struct transport_cc_reader r = {.n = 77};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(transport_cc_read(&r, cases[i].fci, cases[i].len), -EBADMSG, "case %zu", i);
        cr_assert_eq(r.n, 77);
    }
}

Test(transport_cc, due_an_interval_after_the_first)
{
    uint8_t buf[64];
    transport_cc_init(&cc, 250);
    cr_assert_not(transport_cc_due(&cc, UINT64_MAX));
    cr_assert_eq(write_into(buf, sizeof buf), 0);
    put_ms(1, 1000);
    put_ms(2, 1200);
    cr_assert_not(transport_cc_due(&cc, 1249 * 1000));
    cr_assert(transport_cc_due(&cc, 1250 * 1000));
    cr_assert_gt(write_into(buf, sizeof buf), 0);
    cr_assert_not(transport_cc_due(&cc, UINT64_MAX));
    put_ms(3, 1300);
    cr_assert_not(transport_cc_due(&cc, 1549 * 1000));
    cr_assert(transport_cc_due(&cc, 1550 * 1000));
}

Test(transport_cc, due_at_once_when_half_full)
{
    transport_cc_init(&cc, 0);
    for (unsigned i = 0; i < TRANSPORT_CC_WINDOW / 2 - 1; i++)
        put_ms((uint16_t)i, 5);
    cr_assert_not(transport_cc_due(&cc, 5000));
    put_ms(TRANSPORT_CC_WINDOW / 2 - 1, 5);
    cr_assert(transport_cc_due(&cc, 5000));
}

Test(transport_cc, each_number_is_told_once)
{
    uint8_t buf[256];
    struct transport_cc_arrival a;
    transport_cc_init(&cc, 0);
    uint16_t next = 65000;
    for (unsigned message = 0; message < 200; message++) {
        for (unsigned i = 0; i < 5; i++)
            put_ms((uint16_t)(65000 + message * 5 + i), message * 100 + i * 20);
        struct transport_cc_reader r = open_message(buf, write_into(buf, sizeof buf));
        cr_assert_eq(r.count, (uint8_t)message);
        while (transport_cc_next(&r, &a)) {
            cr_assert_eq(a.seq, next++);
            cr_assert(a.received);
        }
        cr_assert_eq(next, (uint16_t)(65000 + (message + 1) * 5));
    }
    cr_assert_eq(cc.messages, 200);
    cr_assert_eq(cc.packets, 1000);
}

Test(transport_cc, one_that_comes_late_is_told_again)
{
    uint8_t buf[256];
    struct transport_cc_arrival a;
    transport_cc_init(&cc, 0);
    put_ms(7, 10);
    put_ms(9, 30);
    cr_assert_gt(write_into(buf, sizeof buf), 0);
    put_ms(10, 40);
    put_ms(8, 50);
    put_ms(8, 51);
    cr_assert_eq(cc.late, 1);
    cr_assert_eq(cc.duplicates, 1);
    struct transport_cc_reader r = open_message(buf, write_into(buf, sizeof buf));
    static const int64_t at_ms[] = {50, 30, 40};
    for (uint16_t i = 0; i < 3; i++) {
        cr_assert_eq(transport_cc_next(&r, &a), 1);
        cr_assert_eq(a.seq, 8 + i);
        cr_assert_eq(a.time_us, at_ms[i] * 1000);
    }
    cr_assert_eq(transport_cc_next(&r, &a), 0);
}

Test(transport_cc, jumps)
{
    uint8_t buf[256];
    transport_cc_init(&cc, 0);
    put_ms(1, 1);
    put_ms(1000, 2);
    cr_assert_eq(cc.jumps, 1);
    struct transport_cc_reader r = open_message(buf, write_into(buf, sizeof buf));
    cr_assert_eq(r.base_seq, 1000);
    cr_assert_eq(r.n, 1);
    put_ms(100, 3);
    cr_assert_eq(cc.jumps, 1);
    cr_assert_eq(write_into(buf, sizeof buf), 0, "one far behind is not believed");
    put_ms(101, 4);
    cr_assert_eq(cc.jumps, 2);
    r = open_message(buf, write_into(buf, sizeof buf));
    cr_assert_eq(r.base_seq, 101);
}

Test(transport_cc, a_loss_of_nearly_the_window_is_told)
{
    uint8_t buf[256];
    struct transport_cc_arrival a;
    unsigned lost = 0, received = 0;
    transport_cc_init(&cc, 0);
    put_ms(0, 1);
    put_ms(400, 2);
    struct transport_cc_reader r = open_message(buf, write_into(buf, sizeof buf));
    cr_assert_eq(r.n, 401);
    while (transport_cc_next(&r, &a))
        *(a.received ? &received : &lost) += 1;
    cr_assert_eq(received, 2);
    cr_assert_eq(lost, 399);
}

Test(transport_cc, a_pause_too_long_for_a_delta_begins_another_message)
{
    uint8_t buf[256];
    struct transport_cc_arrival a;
    transport_cc_init(&cc, 0);
    put_ms(1, 0);
    put_ms(2, 9000);
    struct transport_cc_reader r = open_message(buf, write_into(buf, sizeof buf));
    cr_assert_eq(r.n, 1);
    cr_assert(transport_cc_due(&cc, 9000 * 1000), "the rest follows at once");
    r = open_message(buf, write_into(buf, sizeof buf));
    cr_assert_eq(transport_cc_next(&r, &a), 1);
    cr_assert_eq(a.seq, 2);
    cr_assert_eq(a.time_us, 9000 * 1000);
}

Test(transport_cc, room_that_is_short)
{
    uint8_t buf[256];
    struct rtcp_writer w;
    unsigned told = 0, messages = 0;
    transport_cc_init(&cc, 0);
    for (uint16_t i = 0; i < 100; i++)
        put_ms(i, 1000 - i * 5); /* every delta is a large one */
    rtcp_writer_init(&w, buf, 20);
    cr_assert_eq(transport_cc_write(&cc, &w, SSRC), -ENOSPC);
    cr_assert_eq(w.len, 0);
    while (transport_cc_due(&cc, UINT64_MAX)) {
        size_t n = write_into(buf, 64);
        cr_assert(n > 0 && n <= 64);
        told += open_message(buf, n).n;
        messages++;
    }
    cr_assert_eq(told, 100);
    cr_assert_gt(messages, 3);
}

/* Packets of a bad line: what is read is what was put in, message after message. */
Test(transport_cc, round_trip_of_a_bad_line)
{
    static int64_t sent_at[65536];
    static bool told[65536];
    uint32_t seed = 1, sent = 0;
    uint64_t now_us = (UINT64_C(1) << 32) * TICK - 3000000; /* ticks wrap on the way */
    uint8_t buf[TRANSPORT_CC_MAX_BYTES];
    unsigned wrong = 0, tellings = 0;
    transport_cc_init(&cc, 0);
    memset(sent_at, -1, sizeof sent_at);
    for (; sent < 60000; sent++, now_us += 200) {
        seed = seed * 1664525 + 1013904223;
        uint16_t seq = (uint16_t)(sent ^ (seed >> 30)); /* disorder within four */
        if (seed % 100 >= 5) {
            uint64_t at = now_us + (seed >> 16) % 5000;
            if (sent_at[seq] < 0)
                sent_at[seq] = (int64_t)(at / TICK);
            transport_cc_put(&cc, seq, MEDIA, at);
        }
        while (transport_cc_due(&cc, now_us)) {
            size_t n = write_into(buf, sizeof buf);
            struct transport_cc_reader r = open_message(buf, n);
            struct transport_cc_arrival a;
            while (transport_cc_next(&r, &a)) {
                tellings += a.received;
                told[a.seq] |= a.received;
                int64_t ticks = (a.time_us / TICK - sent_at[a.seq]) & 0xffffffff;
                if (a.received && ticks > 1 && ticks < 0xffffffff)
                    wrong++; /* 1: there is no tick 0 */
            }
        }
    }
    unsigned missed = 0;
    for (uint32_t i = 0; i < sent - 1000; i++)
        missed += sent_at[i] >= 0 && !told[i];
    cr_assert_eq(wrong, 0);
    cr_assert_eq(missed, 0);
    cr_assert_gt(tellings, 35000);
}

Test(transport_cc, number_of_a_packet)
{
    static const uint8_t pkt[] = {0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 2, /**/
        0x31, 0x12, 0x34, 0x10, 0x7f, 0, 0, 0};
    struct rtp_packet p;
    uint16_t seq = 9;
    cr_assert_eq(rtp_parse(&p, pkt, sizeof pkt), 0);
    cr_assert_eq(transport_cc_seq(&p, 1, &seq), -ENOENT, "one byte is no number");
    cr_assert_eq(transport_cc_seq(&p, 2, &seq), -ENOENT);
    cr_assert_eq(seq, 9);
    cr_assert_eq(transport_cc_seq(&p, 3, &seq), 0);
    cr_assert_eq(seq, 0x1234);
}
