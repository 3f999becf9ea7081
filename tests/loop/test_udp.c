#include "net/udp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uv_loop_t loop;
static struct udp_buffers *bufs;
static struct net_addr any_port;

static void open_loop(void)
{
    cr_assert_eq(uv_loop_init(&loop), 0);
    cr_assert_eq(udp_buffers_create(&bufs), 0);
    cr_assert_eq(net_addr_parse(&any_port, "127.0.0.1", 0), 0);
}

static void close_loop(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&loop), 0, "something is still open");
    udp_buffers_destroy(bufs);
}

TestSuite(udp, .init = open_loop, .fini = close_loop, .timeout = 60);

static int bound(struct net_addr *where)
{
    int fd = udp_bind(&any_port, NULL);
    cr_assert_geq(fd, 0, "%d", fd);
    cr_assert_eq(udp_local(fd, where), 0);
    return fd;
}

static void say(int fd, const struct net_addr *to, const void *data, size_t len)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = net_addr_to_sockaddr(to, &sa);
    cr_assert_eq(sendto(fd, data, len, 0, (struct sockaddr *)&sa, sa_len), (ssize_t)len);
}

/* --- sockets ---------------------------------------------------------------------------------- */
Test(udp, a_port_has_one_owner)
{
    struct net_addr a;
    int fd = bound(&a);
    cr_assert_eq(udp_bind(&a, NULL), -EADDRINUSE);
    close(fd);
    fd = udp_bind(&a, NULL);
    cr_assert_geq(fd, 0, "and is free again at once");
    close(fd);
}

Test(udp, what_cannot_be_bound)
{
    struct net_addr unset = {0}, elsewhere;
    net_addr_parse(&elsewhere, "192.0.2.77", 0);
    cr_assert_eq(udp_bind(&unset, NULL), -EINVAL);
    cr_assert_eq(udp_bind(&elsewhere, NULL), -EADDRNOTAVAIL);
}

Test(udp, options)
{
    const struct udp_options opt = {.rcvbuf_bytes = 65536, .sndbuf_bytes = 65536, .dscp_ef = true};
    int fd = udp_bind(&any_port, &opt), value;
    socklen_t len = sizeof value;
    cr_assert_geq(fd, 0);
    cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert_eq(getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &len), 0);
    cr_assert_eq(value, 46 << 2);
    cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len), 0);
    cr_assert_geq(value, 65536);
    cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, &len), 0);
    cr_assert_eq(value, 0);
    close(fd);
}

/* --- pool ------------------------------------------------------------------------------------- */
/* A pool over n ports that are free now; ports of other programs are stepped over. */
static struct udp_pool *pool_of(unsigned n, uint16_t *first)
{
    struct udp_pool *p = NULL;
    for (uint16_t base = 41000; base < 60000; base = (uint16_t)(base + 100)) {
        unsigned i = 0;
        for (; i < n; i++) {
            struct net_addr a = any_port;
            a.port = (uint16_t)(base + i);
            int fd = udp_bind(&a, NULL);
            if (fd < 0)
                break;
            close(fd);
        }
        if (i < n)
            continue;
        cr_assert_eq(udp_pool_create(&p, &any_port, base, (uint16_t)(base + n - 1), NULL, 7), 0);
        *first = base;
        return p;
    }
    cr_assert_fail("no free ports");
    return NULL;
}

Test(udp, pairs_until_none_is_left)
{
    uint16_t first;
    struct udp_pool *p = pool_of(16, &first);
    struct udp_ports got[8], more;
    bool seen[16] = {false};
    for (unsigned i = 0; i < 8; i++) {
        struct net_addr rtp, rtcp;
        cr_assert_eq(udp_pool_take(p, true, &got[i]), 0);
        cr_assert_eq(udp_local(got[i].rtp_fd, &rtp), 0);
        cr_assert_eq(udp_local(got[i].rtcp_fd, &rtcp), 0);
        cr_assert_eq(rtp.port, got[i].port);
        cr_assert_eq(rtp.port % 2, 0);
        cr_assert_eq(rtcp.port, rtp.port + 1);
        cr_assert_not(seen[rtp.port - first]);
        seen[rtp.port - first] = true;
    }
    cr_assert_eq(udp_pool_in_use(p), 16);
    cr_assert_eq(udp_pool_take(p, true, &more), -ENOBUFS);
    cr_assert_eq(udp_pool_take(p, false, &more), -ENOBUFS);
    udp_pool_give(p, &got[3]);
    cr_assert_eq(got[3].rtp_fd, -1);
    cr_assert_eq(udp_pool_take(p, true, &got[3]), 0);
    for (unsigned i = 0; i < 8; i++)
        udp_pool_give(p, &got[i]);
    cr_assert_eq(udp_pool_in_use(p), 0);
    udp_pool_destroy(p);
}

/* ATTACKS 14: many calls that come to nothing leave no port behind. */
Test(udp, ten_thousand_calls_leave_nothing)
{
    uint16_t first;
    struct udp_pool *p = pool_of(32, &first);
    int before = open("/dev/null", O_RDONLY);
    close(before);
    for (unsigned i = 0; i < 10000; i++) {
        struct udp_ports ports;
        cr_assert_eq(udp_pool_take(p, i & 1, &ports), 0);
        udp_pool_give(p, &ports);
    }
    int after = open("/dev/null", O_RDONLY);
    close(after);
    cr_assert_eq(udp_pool_in_use(p), 0);
    cr_assert_eq(before, after, "no descriptor is left");
    udp_pool_destroy(p);
}

Test(udp, ports_are_not_foreseeable)
{
    uint16_t first;
    struct udp_pool *p = pool_of(64, &first);
    unsigned in_order = 0;
    uint16_t last = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct udp_ports ports;
        cr_assert_eq(udp_pool_take(p, false, &ports), 0);
        in_order += ports.port == last || ports.port == last + 1;
        last = ports.port;
        udp_pool_give(p, &ports);
    }
    cr_assert_lt(in_order, 50);
    udp_pool_destroy(p);
}

Test(udp, ports_of_others_are_stepped_over)
{
    uint16_t first;
    struct udp_pool *p = pool_of(4, &first);
    struct net_addr theirs = any_port;
    struct udp_ports got, more;
    theirs.port = (uint16_t)(first + 1); /* an RTCP port */
    int fd = udp_bind(&theirs, NULL);
    cr_assert_geq(fd, 0);
    cr_assert_eq(udp_pool_take(p, true, &got), 0);
    cr_assert_eq(got.port, first + 2);
    cr_assert_eq(udp_pool_take(p, true, &more), -ENOBUFS);
    cr_assert_eq(udp_pool_in_use(p), 2, "the half that could be bound was given back");
    cr_assert_eq(udp_pool_take(p, false, &more), 0);
    cr_assert_eq(more.port, first);
    udp_pool_give(p, &got);
    udp_pool_give(p, &more);
    udp_pool_destroy(p);
    close(fd);
}

Test(udp, pools_that_cannot_be)
{
    struct udp_pool *p = NULL;
    struct net_addr unset = {0}, elsewhere;
    struct udp_ports got;
    cr_assert_eq(udp_pool_create(&p, &any_port, 20001, 20000, NULL, 1), -EINVAL);
    cr_assert_eq(udp_pool_create(&p, &any_port, 80, 90, NULL, 1), -EINVAL);
    cr_assert_eq(udp_pool_create(&p, &unset, 20000, 20001, NULL, 1), -EINVAL);
    cr_assert_null(p);
    net_addr_parse(&elsewhere, "192.0.2.77", 0);
    cr_assert_eq(udp_pool_create(&p, &elsewhere, 20000, 20999, NULL, 1), 0);
    cr_assert_eq(udp_pool_take(p, true, &got), -EADDRNOTAVAIL);
    udp_pool_destroy(p);
    udp_pool_destroy(NULL);
}

/* --- receiving -------------------------------------------------------------------------------- */
struct sink {
    struct udp_receiver *receiver;
    unsigned packets, close_after, wrong;
    size_t bytes, last_len;
    struct net_addr from;
    uint64_t last_us;
    const struct sink *rival; /* what we got before its first */
    unsigned ahead;
};

static void count(uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t now_us, void *arg)
{
    struct sink *s = arg;
    s->wrong += (uintptr_t)pkt % 16 != 0 || now_us < s->last_us;
    for (size_t i = 1; i < len; i++)
        s->wrong += pkt[i] != (uint8_t)(pkt[0] + i);
    memset(pkt, 0, UDP_MAX_DATAGRAM); /* it may be changed */
    s->packets++;
    s->bytes += len;
    s->last_len = len;
    s->from = *from;
    s->last_us = now_us;
    if (s->rival && s->rival->packets == 0)
        s->ahead = s->packets;
    if (s->packets == s->close_after)
        udp_receiver_close(s->receiver);
}

static void fill(uint8_t *p, size_t len, unsigned start)
{
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(start + i);
}

static int listening(struct sink *s, struct net_addr *where)
{
    int fd = bound(where);
    cr_assert_eq(udp_receiver_open(&s->receiver, &loop, bufs, fd, count, s), 0);
    return fd;
}

static void run_until(const unsigned *packets, unsigned n)
{
    while (*packets < n)
        uv_run(&loop, UV_RUN_ONCE);
}

Test(udp, packets_of_all_sizes_with_their_sender)
{
    struct sink s = {0};
    struct net_addr to, from;
    static uint8_t data[UDP_MAX_DATAGRAM];
    static const size_t sizes[] = {0, 1, 12, 172, 1500, 1932, UDP_MAX_DATAGRAM};
    int fd = listening(&s, &to), tx = bound(&from);
    for (unsigned i = 0; i < 7; i++) {
        fill(data, sizes[i], i);
        say(tx, &to, data, sizes[i]);
        run_until(&s.packets, i + 1);
        cr_assert_eq(s.last_len, sizes[i]);
        cr_assert(net_addr_equal(&s.from, &from));
    }
    cr_assert_eq(s.wrong, 0);
    udp_receiver_close(s.receiver);
    close(fd);
    close(tx);
}

/* ATTACKS 8: as large as a datagram can be. */
Test(udp, oversize_datagrams_are_dropped_and_counted)
{
    struct sink s = {0};
    struct net_addr to, from;
    static uint8_t data[65507];
    int fd = listening(&s, &to), tx = bound(&from);
    struct udp_receiver_stats st;
    say(tx, &to, data, UDP_MAX_DATAGRAM + 1);
    say(tx, &to, data, sizeof data);
    fill(data, 100, 3);
    say(tx, &to, data, 100);
    run_until(&s.packets, 1);
    udp_receiver_stats(s.receiver, &st);
    cr_assert_eq(st.truncated, 2);
    cr_assert_eq(st.packets, 1);
    cr_assert_eq(st.bytes, 100);
    udp_receiver_close(s.receiver);
    close(fd);
    close(tx);
}

Test(udp, nothing_is_lost_within_a_burst)
{
    struct sink s = {0};
    struct net_addr to, from;
    uint8_t data[100];
    int fd = listening(&s, &to), tx = bound(&from);
    for (unsigned i = 0; i < 200; i++) {
        fill(data, sizeof data, i);
        say(tx, &to, data, sizeof data);
    }
    run_until(&s.packets, 200);
    cr_assert_eq(s.wrong, 0);
    udp_receiver_close(s.receiver);
    close(fd);
    close(tx);
}

/* ATTACKS 9: a full queue of one leg must not keep another waiting until it is empty. */
Test(udp, a_flood_does_not_starve_others)
{
    struct sink quiet = {0}, flooded = {.rival = &quiet};
    struct net_addr a, b, from;
    uint8_t data[20];
    int fd_a = listening(&flooded, &a), fd_b = listening(&quiet, &b), tx = bound(&from);
    fill(data, sizeof data, 0);
    for (unsigned i = 0; i < 250; i++)
        say(tx, &a, data, sizeof data);
    for (unsigned i = 0; i < 3; i++)
        say(tx, &b, data, sizeof data);
    run_until(&flooded.packets, 250);
    cr_assert_eq(quiet.packets, 3);
    cr_assert_leq(flooded.ahead, 2 * UDP_BATCH);
    udp_receiver_close(flooded.receiver);
    udp_receiver_close(quiet.receiver);
    close(fd_a);
    close(fd_b);
    close(tx);
}

Test(udp, closed_from_within_no_callback_follows)
{
    struct sink s = {.close_after = 5}, other = {0};
    struct net_addr to, to_other, from;
    uint8_t data[20];
    int fd = listening(&s, &to), fd2 = listening(&other, &to_other), tx = bound(&from);
    fill(data, sizeof data, 0);
    for (unsigned i = 0; i < 20; i++) /* one batch */
        say(tx, &to, data, sizeof data);
    run_until(&s.packets, 5);
    close(fd);
    for (unsigned i = 0; i < 20; i++)
        say(tx, &to_other, data, sizeof data);
    run_until(&other.packets, 20); /* the shared buffers are as they should be */
    cr_assert_eq(other.wrong, 0);
    cr_assert(net_addr_equal(&other.from, &from));
    cr_assert_eq(s.packets, 5);
    udp_receiver_close(other.receiver);
    close(fd2);
    close(tx);
}

/* An error of the socket (ICMP, here by connecting to a closed port) must not end the receiving. */
Test(udp, socket_errors_are_passed_over)
{
    struct sink s = {0};
    struct net_addr to, nobody;
    uint8_t data[20];
    struct sockaddr_storage sa;
    int fd = listening(&s, &to), dead = bound(&nobody);
    close(dead);
    socklen_t len = net_addr_to_sockaddr(&nobody, &sa);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
    cr_assert_eq(send(fd, "x", 1, 0), 1); /* comes back as ECONNREFUSED */
    struct udp_receiver_stats st = {0};
    while (st.errors == 0) {
        uv_run(&loop, UV_RUN_ONCE);
        udp_receiver_stats(s.receiver, &st);
    }
    /* now somebody answers there: it is still heard */
    dead = udp_bind(&nobody, NULL);
    cr_assert_geq(dead, 0);
    fill(data, sizeof data, 0);
    say(dead, &to, data, sizeof data);
    run_until(&s.packets, 1);
    udp_receiver_close(s.receiver);
    close(fd);
    close(dead);
}

Test(udp, closing_twice_or_nothing)
{
    udp_receiver_close(NULL);
    struct sink s = {0};
    struct udp_receiver *r = NULL;
    cr_assert_lt(udp_receiver_open(&r, &loop, bufs, -1, count, &s), 0);
    cr_assert_null(r);
}
