#include "codecs/telephone_event.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { MAX_PACKETS = 4096, MAX_DIGITS = 256 };

struct sent {
    struct telephone_event_packet p[MAX_PACKETS];
    uint64_t at_us[MAX_PACKETS];
    size_t n;
};

struct heard {
    struct telephone_digit d[MAX_DIGITS];
    size_t n;
};

static void send_digits(struct sent *s, const char *digits, unsigned ms, uint32_t clock_hz)
{
    struct telephone_event_tx tx;
    telephone_event_tx_init(&tx, clock_hz);
    cr_assert_eq(telephone_event_tx_queue(&tx, digits, ms), 0);
    s->n = 0;
    uint32_t ts = UINT32_MAX - clock_hz / 5; /* it wraps on the way */
    for (uint64_t tick = 0; telephone_event_tx_busy(&tx); tick++, ts += clock_hz / 50)
        if (telephone_event_tx_tick(&tx, ts, &s->p[s->n])) {
            s->at_us[s->n] = tick * 20000;
            cr_assert_lt(++s->n, MAX_PACKETS);
        }
}

static void hear(struct telephone_event_rx *rx, struct heard *h,
    const struct telephone_event_packet *p, uint64_t at_us)
{
    struct telephone_digit d[2];
    h->n += (size_t)telephone_event_rx_expire(rx, at_us, &h->d[h->n]);
    int n = telephone_event_rx_put(rx, p->payload, sizeof p->payload, p->rtp_timestamp, at_us, d);
    cr_assert(n >= 0 && n <= 2);
    for (int i = 0; i < n; i++) {
        cr_assert_lt(h->n, MAX_DIGITS - 2);
        h->d[h->n++] = d[i];
    }
}

static void finish(struct telephone_event_rx *rx, struct heard *h)
{
    h->n += (size_t)telephone_event_rx_expire(rx, UINT64_MAX, &h->d[h->n]);
}

static void expect_digits(const struct heard *h, const char *want, const char *what)
{
    char got[MAX_DIGITS + 1] = "";
    for (size_t i = 0; i < h->n; i++)
        got[i] = h->d[i].digit;
    cr_expect_str_eq(got, want, "%s: heard %s, not %s", what, got, want);
}

Test(telephone_event, payload_is_that_of_rfc_4733)
{
    struct telephone_event e;
    const uint8_t payload[] = {11, 0x80 | 0x40 | 10, 0x03, 0x20, 99};
    cr_assert_eq(telephone_event_parse(payload, sizeof payload, &e), 0);
    cr_expect(e.event == 11 && e.end && e.volume == 10 && e.duration == 800);
    uint8_t back[4];
    telephone_event_write(&e, back);
    const uint8_t want[] = {11, 0x80 | 10, 0x03, 0x20}; /* the reserved bit is sent as zero */
    cr_expect_arr_eq(back, want, 4);
    for (size_t len = 0; len < 4; len++)
        cr_expect_eq(telephone_event_parse(payload, len, &e), -EINVAL);
}

Test(telephone_event, knows_every_key)
{
    const char keys[] = "0123456789*#ABCD!";
    for (unsigned i = 0; i < 256; i++) {
        char want = i < 17 ? keys[i] : 0;
        cr_expect_eq(telephone_event_digit((uint8_t)i), want, "event %u", i);
        if (want)
            cr_expect_eq(telephone_event_code(want), (int)i);
    }
    cr_expect_eq(telephone_event_code('c'), 14);
    cr_expect_eq(telephone_event_code('E'), -EINVAL);
    cr_expect_eq(telephone_event_code(0), -EINVAL);
}

Test(telephone_event, sender_follows_rfc_4733)
{
    static struct sent s;
    send_digits(&s, "5#", 100, 8000);
    cr_assert_eq(s.n, 2 * (5 + 2), "100 ms: five packets, of them one end; two ends more");
    uint64_t released_us = 0;
    for (size_t i = 0; i < s.n; i++) {
        struct telephone_event e;
        size_t k = i % 7;
        cr_assert_eq(telephone_event_parse(s.p[i].payload, 4, &e), 0);
        cr_expect_eq(e.event, i < 7 ? 5 : 11);
        cr_expect_eq(s.p[i].marker, k == 0);
        cr_expect_eq(e.end, k >= 4);
        cr_expect_eq(e.duration, k < 5 ? 160 * (k + 1) : 800);
        cr_expect_eq(s.p[i].rtp_timestamp, s.p[i - k].rtp_timestamp, "constant within a key");
        if (k == 4)
            released_us = s.at_us[i];
    }
    cr_expect_geq(s.at_us[7] - s.at_us[4], 80000, "a pause between keys");
    cr_expect_eq(s.p[7].rtp_timestamp - s.p[0].rtp_timestamp, (s.at_us[7] - s.at_us[0]) / 125);
    cr_expect_gt(released_us, 0);
}

Test(telephone_event, every_key_arrives_once)
{
    static struct sent s;
    const uint32_t clocks[] = {8000, 16000, 48000};
    for (size_t c = 0; c < 3; c++)
        for (unsigned ms = 40; ms < 200; ms += 30) {
            struct telephone_event_rx rx;
            struct heard h = {0};
            telephone_event_rx_init(&rx, clocks[c]);
            send_digits(&s, "1102233*#ABCD!9", ms, clocks[c]);
            for (size_t i = 0; i < s.n; i++)
                hear(&rx, &h, &s.p[i], s.at_us[i]);
            finish(&rx, &h);
            expect_digits(&h, "1102233*#ABCD!9", "clean line");
            for (size_t i = 0; i < h.n; i++)
                cr_expect_eq(h.d[i].duration_ms, ms);
        }
}

/* One key is 7 packets of which any may be lost as long as one is left. */
Test(telephone_event, every_pattern_of_loss)
{
    static struct sent s;
    send_digits(&s, "77", 100, 8000);
    cr_assert_eq(s.n, 14);
    for (unsigned lost = 0; lost < 1U << 14; lost++) {
        struct telephone_event_rx rx;
        struct heard h = {0};
        telephone_event_rx_init(&rx, 8000);
        for (size_t i = 0; i < s.n; i++)
            if (!(lost >> i & 1))
                hear(&rx, &h, &s.p[i], s.at_us[i]);
        finish(&rx, &h);
        size_t want = ((lost & 0x7f) != 0x7f) + (lost >> 7 != 0x7f);
        cr_assert_eq(h.n, want, "lost 0x%x: %zu keys", lost, h.n);
        for (size_t i = 0; i < h.n; i++)
            cr_assert(h.d[i].digit == '7' && h.d[i].duration_ms <= 100);
        if (lost == 0)
            cr_assert_eq(h.d[0].duration_ms, 100);
    }
}

Test(telephone_event, repeated_and_reordered_packets)
{
    static struct sent s;
    send_digits(&s, "123", 100, 8000);
    for (size_t distance = 1; distance < 6; distance++) {
        struct telephone_event_rx rx;
        struct heard h = {0};
        telephone_event_rx_init(&rx, 8000);
        for (size_t i = 0; i < s.n; i++) {
            hear(&rx, &h, &s.p[i], s.at_us[i]);
            hear(&rx, &h, &s.p[i], s.at_us[i]);
            if (i >= distance)
                hear(&rx, &h, &s.p[i - distance], s.at_us[i]);
        }
        finish(&rx, &h);
        expect_digits(&h, "123", "each packet three times, the last late");
        for (size_t i = 0; i < h.n; i++)
            cr_expect_eq(h.d[i].duration_ms, 100);
    }
    struct telephone_event_rx rx;
    struct heard h = {0};
    telephone_event_rx_init(&rx, 8000);
    for (size_t i = 0; i < s.n; i += 2) { /* neighbours swapped */
        if (i + 1 < s.n)
            hear(&rx, &h, &s.p[i + 1], s.at_us[i + 1]);
        hear(&rx, &h, &s.p[i], s.at_us[i + 1 < s.n ? i + 1 : i]);
    }
    finish(&rx, &h);
    cr_expect_eq(h.n, 3, "%zu keys", h.n);
}

Test(telephone_event, a_key_without_an_end_is_released_by_time)
{
    static struct sent s;
    struct telephone_event_rx rx;
    struct heard h = {0};
    struct telephone_digit d;
    telephone_event_rx_init(&rx, 8000);
    send_digits(&s, "8", 200, 8000);
    for (size_t i = 0; i < 5; i++)
        hear(&rx, &h, &s.p[i], s.at_us[i]);
    cr_expect_eq(h.n, 0);
    uint64_t last_us = s.at_us[4];
    cr_expect_eq(telephone_event_rx_expire(&rx, last_us + 199999, &d), 0);
    cr_expect_eq(telephone_event_rx_expire(&rx, last_us - 1, &d), 0, "time that runs backwards");
    cr_expect_eq(telephone_event_rx_expire(&rx, last_us + 200000, &d), 1);
    cr_expect(d.digit == '8' && d.duration_ms == 100);
    cr_expect_eq(telephone_event_rx_expire(&rx, last_us + 900000, &d), 0, "once");
    hear(&rx, &h, &s.p[11], last_us + 900000);
    finish(&rx, &h);
    cr_expect_eq(h.n, 0, "its late end is not a second key");
}

Test(telephone_event, a_long_press_is_one_key)
{
    static struct sent s;
    const struct {
        uint32_t clock_hz;
        unsigned ms, lost_every;
    } cases[] = {
        {8000, 10000, 0}, {48000, 5000, 0}, {48000, 10000, 0}, {48000, 10000, 7}, {48000, 4000, 2}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct telephone_event_rx rx;
        struct heard h = {0};
        telephone_event_rx_init(&rx, cases[c].clock_hz);
        send_digits(&s, "4", cases[c].ms, cases[c].clock_hz);
        unsigned markers = 0;
        for (size_t i = 0; i < s.n; i++) {
            markers += s.p[i].marker;
            if (!cases[c].lost_every || i % cases[c].lost_every != 0)
                hear(&rx, &h, &s.p[i], s.at_us[i]);
        }
        finish(&rx, &h);
        cr_expect_eq(markers, 1, "segments carry no marker");
        expect_digits(&h, "4", "long press");
        cr_expect_eq(h.d[0].duration_ms, cases[c].ms, "%u", h.d[0].duration_ms);
    }
}

/* Some senders keep the timestamp and let the duration wrap. */
Test(telephone_event, a_duration_that_wraps_goes_on)
{
    struct telephone_event_rx rx;
    struct heard h = {0};
    telephone_event_rx_init(&rx, 48000);
    for (uint32_t ticks = 960; ticks <= 48000 * 4; ticks += 960) {
        struct telephone_event_packet p = {.rtp_timestamp = 12345};
        struct telephone_event e = {
            .event = 3, .duration = (uint16_t)ticks, .end = ticks == 48000 * 4};
        telephone_event_write(&e, p.payload);
        hear(&rx, &h, &p, ticks / 48 * 1000);
    }
    cr_assert_eq(h.n, 1);
    cr_expect_eq(h.d[0].duration_ms, 4000);
}

Test(telephone_event, other_events_and_short_payloads_are_no_keys)
{
    struct telephone_event_rx rx;
    struct telephone_digit d[2];
    telephone_event_rx_init(&rx, 0);
    for (unsigned event = 17; event < 256; event++) {
        const uint8_t payload[] = {(uint8_t)event, 0x80, 1, 0};
        cr_expect_eq(telephone_event_rx_put(&rx, payload, 4, event * 1000, 0, d), 0);
    }
    cr_expect_eq(telephone_event_rx_put(&rx, (const uint8_t *)"\1\2\3", 3, 0, 0, d), -EINVAL);
    cr_expect_eq(telephone_event_rx_expire(&rx, UINT64_MAX, d), 0);
}

Test(telephone_event, sender_bounds_its_queue)
{
    struct telephone_event_tx tx;
    struct telephone_event_packet p;
    char text[TELEPHONE_EVENT_QUEUE + 2];
    telephone_event_tx_init(&tx, 0);
    cr_expect_eq(telephone_event_tx_queue(&tx, "12x", 0), -EINVAL);
    cr_expect_not(telephone_event_tx_busy(&tx), "nothing of it was queued");
    cr_expect_eq(telephone_event_tx_tick(&tx, 0, &p), 0);
    memset(text, '1', sizeof text);
    text[TELEPHONE_EVENT_QUEUE + 1] = 0;
    cr_expect_eq(telephone_event_tx_queue(&tx, text, 0), -ENOBUFS);
    text[TELEPHONE_EVENT_QUEUE] = 0;
    cr_expect_eq(telephone_event_tx_queue(&tx, text, 0), 0);
    cr_expect_eq(telephone_event_tx_queue(&tx, "1", 0), -ENOBUFS);
}
