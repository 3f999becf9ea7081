#include "net/udp.h"
#include "net/udp_poller.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct udp_poller *poller;
static struct net_addr any_port;

static void open_poller(void)
{
    cr_assert_eq(udp_poller_create(&poller), 0);
    cr_assert_eq(net_addr_parse(&any_port, "127.0.0.1", 0), 0);
}

static void close_poller(void)
{
    udp_poller_destroy(poller);
}

TestSuite(udp_poller, .init = open_poller, .fini = close_poller);

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
    cr_assert_eq(udp_receiver_open(&s->receiver, poller, fd, count, s), 0);
    usleep(200000); /* the kernel begins to take the time a moment after it was asked to */
    return fd;
}

static void run_until(const unsigned *packets, unsigned n)
{
    struct pollfd ready = {.fd = udp_poller_fd(poller), .events = POLLIN};
    while (*packets < n && poll(&ready, 1, 20000) > 0)
        udp_poller_run(poller);
    cr_assert_geq(*packets, n);
}

Test(udp_poller, packets_of_all_sizes_with_their_sender)
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
Test(udp_poller, oversize_datagrams_are_dropped_and_counted)
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

Test(udp_poller, nothing_is_lost_within_a_burst)
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
Test(udp_poller, a_flood_does_not_starve_others)
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

Test(udp_poller, closed_from_within_no_callback_follows)
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
Test(udp_poller, socket_errors_are_passed_over)
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
        udp_poller_run(poller);
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

static void hears_that_nobody_is_there(const char *ip)
{
    struct sink s = {0};
    struct net_addr local, nobody;
    cr_assert_eq(net_addr_parse(&local, ip, 0), 0);
    int fd = udp_bind(&local, NULL), dead = udp_bind(&local, NULL);
    if (fd < 0 && local.family == AF_INET6)
        cr_skip_test("no IPv6 here");
    cr_assert(fd >= 0 && dead >= 0);
    cr_assert_eq(udp_local(dead, &nobody), 0);
    close(dead);
    cr_assert_eq(udp_receiver_open(&s.receiver, poller, fd, count, &s), 0);
    say(fd, &nobody, "x", 1);
    struct udp_receiver_stats st = {0};
    for (int i = 0; i < 1000 && st.errors == 0; i++) {
        usleep(1000);
        udp_poller_run(poller);
        udp_receiver_stats(s.receiver, &st);
    }
    cr_expect_gt(st.errors, 0u);
    udp_receiver_close(s.receiver);
    close(fd);
}

Test(udp_poller, an_ipv4_socket_hears_that_nobody_is_there)
{
    hears_that_nobody_is_there("127.0.0.1");
}

Test(udp_poller, an_ipv6_socket_hears_that_nobody_is_there)
{
    hears_that_nobody_is_there("::1");
}

Test(udp_poller, closing_twice_or_nothing)
{
    udp_receiver_close(NULL);
    struct sink s = {0};
    struct udp_receiver *r = NULL;
    cr_assert_lt(udp_receiver_open(&r, poller, -1, count, &s), 0);
    cr_assert_null(r);
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

Test(udp_poller, arrival_is_told_by_the_kernel_however_late_it_is_read)
{
    struct sink s = {0};
    struct net_addr to, from;
    uint8_t data[20];
    int fd = listening(&s, &to), tx = bound(&from);
    fill(data, sizeof data, 0);
    uint64_t sent_us = now_us();
    say(tx, &to, data, sizeof data);
    usleep(200000);
    uint64_t read_us = now_us();
    run_until(&s.packets, 1);
    cr_assert_geq(s.last_us + 1000, sent_us);
    cr_assert_lt(s.last_us, sent_us + (read_us - sent_us) / 2, "nearer to the sending");
    udp_receiver_close(s.receiver);
    close(fd);
    close(tx);
}
