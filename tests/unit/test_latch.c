#include "net/rtp/latch.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MS = 1000, S = 1000000 };

static struct latch l;
static struct net_addr peer, other_port, stranger, third;

static struct net_addr addr(const char *ip, uint16_t port)
{
    struct net_addr a;
    cr_assert_eq(net_addr_parse(&a, ip, port), 0);
    return a;
}

static void start(enum latch_mode mode)
{
    struct latch_config cfg = {
        .signalled = peer, .local = addr("192.0.2.200", 20000), .mode = mode};
    latch_init(&l, &cfg, 10 * S);
}

static void fresh(void)
{
    peer = addr("192.0.2.1", 5004);
    other_port = addr("192.0.2.1", 40000);
    stranger = addr("198.51.100.9", 5004);
    third = addr("203.0.113.5", 6000);
    start(LATCH_SIGNALLED);
}

TestSuite(latch, .init = fresh);

/* n packets in sequence, 20 ms apart; how many were taken */
static unsigned feed(
    const struct net_addr *from, uint32_t ssrc, unsigned seq, unsigned n, bool ok, uint64_t at_us)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < n; i++)
        taken +=
            latch_rtp(&l, from, ssrc, (uint16_t)(seq + i), ok, at_us + i * 20000ull) != LATCH_DROP;
    return taken;
}

static bool aims_at(const struct net_addr *a)
{
    const struct net_addr *d = latch_destination(&l);
    return d ? net_addr_equal(d, a) : a == NULL;
}

Test(latch, before_anything_came_sdp_says_where)
{
    cr_assert(aims_at(&peer));
    cr_assert_eq(feed(&peer, 1, 0, 10, false, 10 * S), 10);
    cr_assert(aims_at(&peer));
    cr_assert_eq(l.stats.moves, 0);
}

/* ATTACKS 1 and 2: before, at and during the call, whatever the packets look like. */
Test(latch, a_third_address_is_neither_heard_nor_sent_to)
{
    static const enum latch_mode modes[] = {LATCH_SIGNALLED, LATCH_SYMMETRIC};
    for (unsigned m = 0; m < 2; m++) {
        start(modes[m]);
        cr_assert_eq(feed(&third, 7, 0, 500, false, 10 * S), 0, "before");
        cr_assert(aims_at(&peer));
        cr_assert_eq(feed(&peer, 1, 100, 50, false, 20 * S), 50);
        cr_assert_eq(
            feed(&third, 1, 150, 500, false, 21 * S), 0, "with the right SSRC and sequence");
        cr_assert_eq(feed(&peer, 1, 150, 50, false, 22 * S), 50);
        cr_assert_eq(feed(&third, 1, 200, 500, false, 500ull * S), 0, "after a long silence");
        cr_assert(aims_at(&peer));
        cr_assert_eq(l.stats.moves, 0);
        cr_assert_eq(l.stats.dropped, 1500);
    }
}

Test(latch, a_sender_on_another_port_is_heard_but_not_sent_to)
{
    cr_assert_eq(feed(&other_port, 1, 0, 100, false, 11 * S), 100);
    cr_assert(aims_at(&peer), "it listens where SDP says");
}

Test(latch, symmetric_follows_the_port)
{
    start(LATCH_SYMMETRIC);
    cr_assert_eq(latch_rtp(&l, &other_port, 1, 5, false, 11 * S), LATCH_ACCEPT);
    cr_assert_eq(latch_rtp(&l, &other_port, 1, 6, false, 11 * S + 20 * MS), LATCH_ACCEPT);
    cr_assert(aims_at(&peer));
    cr_assert_eq(latch_rtp(&l, &other_port, 1, 7, false, 11 * S + 40 * MS), LATCH_MOVED);
    cr_assert(aims_at(&other_port));
    cr_assert_eq(latch_rtp(&l, &other_port, 1, 8, false, 11 * S + 60 * MS), LATCH_ACCEPT);
    cr_assert_eq(l.stats.moves, 1);
}

Test(latch, the_latched_port_is_not_taken_over_while_it_talks)
{
    struct net_addr second = addr("192.0.2.1", 41000);
    start(LATCH_SYMMETRIC);
    for (unsigned i = 0; i < 500; i++) {
        uint64_t t = 11 * S + i * 20000ull;
        cr_assert_eq(feed(&other_port, 1, i, 1, false, t), 1);
        cr_assert_eq(feed(&second, 1, 3 * i, 3, false, t + 1), 0);
    }
    cr_assert(aims_at(&other_port));
}

Test(latch, it_is_after_a_silence)
{
    struct net_addr second = addr("192.0.2.1", 41000);
    start(LATCH_SYMMETRIC);
    feed(&other_port, 1, 0, 10, false, 11 * S);
    uint64_t last = 11 * S + 180 * MS;
    cr_assert_eq(feed(&second, 2, 0, 1, false, last + 2999 * MS), 0);
    cr_assert_eq(feed(&second, 2, 1, 4, false, last + 3000 * MS), 4);
    cr_assert(aims_at(&second));
    cr_assert_eq(feed(&other_port, 1, 10, 5, false, last + 3200 * MS), 0);
}

/* Who was there first on another port does not keep the signalled address out. */
Test(latch, the_signalled_address_always_comes_first)
{
    start(LATCH_SYMMETRIC);
    feed(&other_port, 1, 0, 100, false, 11 * S);
    cr_assert(aims_at(&other_port));
    cr_assert_eq(latch_rtp(&l, &peer, 2, 0, false, 12 * S), LATCH_MOVED);
    cr_assert(aims_at(&peer));
    cr_assert_eq(feed(&other_port, 1, 100, 10, false, 12 * S + 20 * MS), 0);
}

/* ATTACKS 3: what failed authentication never gets here; what passed may come from anywhere. */
Test(latch, authenticated_packets_may_move)
{
    feed(&peer, 1, 0, 10, true, 11 * S);
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 10, true, 12 * S), LATCH_ACCEPT);
    cr_assert(aims_at(&peer), "one packet may have been caught and sent on by another");
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 11, true, 12 * S + 20 * MS), LATCH_ACCEPT);
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 12, true, 12 * S + 40 * MS), LATCH_MOVED);
    cr_assert(aims_at(&stranger));
    cr_assert_eq(feed(&third, 1, 13, 10, false, 13 * S), 0);
}

Test(latch, authenticated_sender_on_the_signalled_host)
{
    cr_assert_eq(feed(&other_port, 1, 0, 100, true, 11 * S), 100);
    cr_assert(aims_at(&peer), "it still listens where SDP says");
}

Test(latch, nat_learns_a_run_at_the_start)
{
    start(LATCH_NAT);
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 0, false, 11 * S), LATCH_DROP);
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 1, false, 11 * S + 20 * MS), LATCH_DROP);
    cr_assert(aims_at(&peer));
    cr_assert_eq(latch_rtp(&l, &stranger, 1, 2, false, 11 * S + 40 * MS), LATCH_MOVED);
    cr_assert(aims_at(&stranger));
    cr_assert_eq(feed(&third, 1, 3, 500, false, 12 * S), 0, "the first one only");
    cr_assert_eq(feed(&stranger, 1, 3, 10, false, 12 * S), 10);
    cr_assert(aims_at(&stranger));
}

Test(latch, nat_learns_nothing_from_noise)
{
    start(LATCH_NAT);
    cr_assert_eq(feed(&stranger, 1, 0, 2, false, 11 * S), 0);
    cr_assert_eq(feed(&stranger, 2, 2, 2, false, 11 * S + 40 * MS), 0, "another SSRC");
    cr_assert_eq(feed(&stranger, 2, 9, 2, false, 11 * S + 80 * MS), 0, "a gap");
    cr_assert_eq(feed(&third, 2, 11, 2, false, 11 * S + 120 * MS), 0, "another address");
    cr_assert_eq(feed(&third, 2, 13, 1, false, 12 * S), 0, "too late for a run");
    cr_assert(aims_at(&peer));
}

Test(latch, nat_learns_nothing_after_its_window)
{
    start(LATCH_NAT);
    cr_assert_eq(feed(&stranger, 1, 0, 500, false, 15 * S), 0);
    cr_assert(aims_at(&peer));
    cr_assert_eq(feed(&peer, 1, 0, 5, false, 30 * S), 5);
}

Test(latch, nat_prefers_the_signalled_host)
{
    start(LATCH_NAT);
    feed(&stranger, 1, 0, 2, false, 11 * S);
    cr_assert_eq(feed(&other_port, 2, 0, 1, false, 11 * S + 30 * MS), 1);
    cr_assert_eq(feed(&stranger, 1, 2, 100, false, 11 * S + 40 * MS), 0);
}

Test(latch, never_aims_where_media_must_not_go)
{
    static const char *const bad[] = {"127.0.0.1", "0.0.0.0", "224.1.1.1", "169.254.169.254"};
    for (unsigned i = 0; i < 4; i++) {
        struct net_addr a = addr(bad[i], 5004);
        struct latch_config cfg = {
            .signalled = a, .local = addr("192.0.2.200", 20000), .mode = LATCH_SYMMETRIC};
        latch_init(&l, &cfg, 10 * S);
        cr_assert_null(latch_destination(&l), "%s", bad[i]);
        feed(&a, 1, 0, 10, true, 11 * S);
        cr_assert_null(latch_destination(&l), "%s", bad[i]);
    }
    struct net_addr low = addr("192.0.2.1", 53);
    start(LATCH_SYMMETRIC);
    cr_assert_eq(feed(&low, 1, 0, 10, false, 11 * S), 10);
    cr_assert(aims_at(&peer));
}

Test(latch, nothing_signalled)
{
    struct latch_config cfg = {.local = addr("192.0.2.200", 20000)};
    latch_init(&l, &cfg, 10 * S);
    cr_assert_null(latch_destination(&l));
    cr_assert_eq(feed(&stranger, 1, 0, 50, false, 11 * S), 0);
    cr_assert_null(latch_destination(&l));
    cr_assert_eq(feed(&stranger, 1, 0, 3, true, 12 * S), 3);
    cr_assert(aims_at(&stranger));
}

Test(latch, rtcp_moves_nothing)
{
    cr_assert_eq(latch_rtcp(&l, &peer, false, 11 * S), LATCH_ACCEPT);
    cr_assert_eq(latch_rtcp(&l, &other_port, false, 11 * S), LATCH_ACCEPT);
    cr_assert_eq(latch_rtcp(&l, &third, false, 11 * S), LATCH_DROP);
    cr_assert_eq(latch_rtcp(&l, &third, true, 11 * S), LATCH_ACCEPT);
    feed(&peer, 1, 0, 10, false, 12 * S);
    cr_assert_eq(latch_rtcp(&l, &other_port, false, 12 * S), LATCH_DROP, "a latched leg has one");
    cr_assert_eq(latch_rtcp(&l, &peer, false, 12 * S), LATCH_ACCEPT);
    cr_assert(aims_at(&peer));
    cr_assert_eq(l.stats.moves, 0);
}

Test(latch, rtcp_follows_rtp)
{
    struct net_addr rtcp_peer = addr("192.0.2.1", 5005), moved = addr("198.51.100.9", 5005);
    struct latch_config cfg = {.signalled = rtcp_peer, .local = addr("192.0.2.200", 20001)};
    struct latch rtcp;
    latch_init(&rtcp, &cfg, 10 * S);
    feed(&stranger, 1, 0, 3, true, 11 * S);
    latch_follow(&rtcp, &l);
    cr_assert(net_addr_equal(latch_destination(&rtcp), &moved));
    cr_assert_eq(latch_rtcp(&rtcp, &moved, false, 12 * S), LATCH_ACCEPT);
    cr_assert_eq(latch_rtcp(&rtcp, &third, false, 12 * S), LATCH_DROP);
    cr_assert_eq(feed(&peer, 1, 3, 1, true, 13 * S), 1);
    latch_follow(&rtcp, &l);
    cr_assert(net_addr_equal(latch_destination(&rtcp), &rtcp_peer), "as SDP says again");
    cr_assert(net_addr_equal(&rtcp.cfg.signalled, &rtcp_peer));
}

/* Random packets from a few addresses, every mode: without authentication and out of NAT's window
 * the destination never leaves the signalled host. */
Test(latch, property_plain_rtp_stays_on_the_signalled_host)
{
    uint32_t seed = 3;
    for (int round = 0; round < 300; round++) {
        static const enum latch_mode modes[] = {LATCH_SIGNALLED, LATCH_SYMMETRIC, LATCH_NAT};
        uint64_t t = 20 * S;
        start(modes[round % 3]);
        for (int i = 0; i < 500; i++) {
            const struct net_addr *from[] = {&peer, &other_port, &stranger, &third};
            seed = seed * 1664525 + 1013904223;
            t += seed >> 12 & 0xffff;
            t += (seed >> 28) == 0 ? 5 * S : 0;
            const struct net_addr *f = from[seed >> 8 & 3];
            enum latch_verdict v = latch_rtp(&l, f, 1 + (seed >> 30 & 1), (uint16_t)i, false, t);
            cr_assert(v == LATCH_DROP || net_addr_same_ip(f, &peer));
            cr_assert(net_addr_same_ip(latch_destination(&l), &peer));
            if (modes[round % 3] == LATCH_SIGNALLED)
                cr_assert(aims_at(&peer));
        }
    }
}
