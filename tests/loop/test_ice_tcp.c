#include "net/ice/ice_tcp.h"

#include "net/bytes.h"
#include "net/ice/ice_frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint64_t S = 1000000;

enum { CLIENTS = 12, PATIENCE = 20000 };

static struct ice_tcp *tcp;
static int listener;
static struct net_addr where;
static int client[CLIENTS];
static uint64_t now;

static struct {
    struct ice_tcp_conn *last;
    unsigned packets, gone, wrong;
    size_t last_len;
    bool claim, close;
} heard;

static void on_packet(struct ice_tcp_conn *c, uint8_t *pkt, size_t len, uint64_t now_us, void *arg)
{
    heard.wrong += arg != &heard || now_us != now || (uintptr_t)pkt % 16 != 0;
    heard.last = c;
    heard.packets++;
    heard.last_len = len;
    if (heard.claim)
        ice_tcp_claim(c, &heard);
    if (heard.close)
        ice_tcp_close(c);
}

static void on_gone(struct ice_tcp_conn *c, void *arg)
{
    heard.wrong += arg != &heard || ice_tcp_owner(c) != &heard;
    heard.gone++;
}

static const struct ice_tcp_events events = {.packet = on_packet, .gone = on_gone};

static void open_all(void)
{
    const struct ice_tcp_config cfg = {
        .max = 8, .max_per_host = 7, .max_unclaimed = 6, .max_unclaimed_per_host = 5};
    struct net_addr any;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    cr_assert_eq(net_addr_parse(&any, "127.0.0.1", 0), 0);
    listener = ice_tcp_listen(&any, NULL, 0);
    cr_assert_geq(listener, 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&sa, &len), 0);
    cr_assert_eq(net_addr_from_sockaddr(&where, (struct sockaddr *)&sa), 0);
    cr_assert_eq(ice_tcp_create(&tcp, &cfg, &listener, 1, &events, &heard), 0);
    memset(client, -1, sizeof client);
    now = 100 * S;
}

static void close_all(void)
{
    cr_assert_eq(heard.wrong, 0u);
    for (int i = 0; i < CLIENTS; i++)
        if (client[i] >= 0)
            close(client[i]);
    ice_tcp_destroy(tcp);
    close(listener);
}

TestSuite(ice_tcp, .init = open_all, .fini = close_all, .timeout = 60);

static struct ice_tcp_stats stats(void)
{
    struct ice_tcp_stats s;
    ice_tcp_stats(tcp, &s);
    return s;
}

static void connect_client(int i)
{
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(&where, &sa);
    client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client[i], (struct sockaddr *)&sa, len), 0);
    ice_tcp_run(tcp, now);
}

static void say(int i, const void *data, size_t len)
{
    cr_assert_eq(send(client[i], data, len, MSG_NOSIGNAL), (ssize_t)len);
    ice_tcp_run(tcp, now);
}

static void run_until(const unsigned *count, unsigned n)
{
    for (int i = 0; i < PATIENCE && *count < n; i++) {
        ice_tcp_run(tcp, now);
        usleep(100);
    }
    cr_assert_geq(*count, n);
}

/* Whether the server has ended the connection. */
static bool has_ended(int i)
{
    char c;
    return recv(client[i], &c, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* ATTACKS 28: one byte at a time. */
Test(ice_tcp, a_frame_in_pieces)
{
    const uint8_t frame[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd'};
    connect_client(0);
    for (size_t i = 0; i < sizeof frame; i++)
        say(0, frame + i, 1);
    run_until(&heard.packets, 2);
    cr_assert_eq(heard.last_len, 1u);
    cr_assert_eq(stats().connections, 1u);
    cr_assert_gt(ice_tcp_id(heard.last), 0x7fffffffu);
    cr_assert(net_addr_is_loopback(ice_tcp_remote(heard.last)));
}

Test(ice_tcp, what_is_sent_is_framed)
{
    uint8_t got[5];
    heard.claim = true;
    connect_client(0);
    say(0, "\0\1x", 3);
    run_until(&heard.packets, 1);
    cr_assert_eq(ice_tcp_send(heard.last, (const uint8_t *)"abc", 3), 0);
    cr_assert_eq(recv(client[0], got, 5, MSG_WAITALL), 5);
    cr_assert_eq(memcmp(got, "\0\3abc", 5), 0);
    cr_assert_eq(ice_tcp_send(heard.last, got, 0), -EINVAL);
    cr_assert_eq(ice_tcp_send(heard.last, got, UDP_MAX_DATAGRAM + 1), -EINVAL);
}

Test(ice_tcp, who_is_not_claimed_in_time_ends)
{
    connect_client(0);
    heard.claim = true;
    connect_client(1);
    say(1, "\0\1x", 3);
    run_until(&heard.packets, 1);
    now += 9 * S;
    ice_tcp_run(tcp, now);
    cr_assert_eq(stats().connections, 2u);
    now += 2 * S;
    ice_tcp_run(tcp, now);
    cr_assert_eq(stats().connections, 1u);
    cr_assert_eq(stats().expired, 1u);
    cr_assert(has_ended(0) && !has_ended(1));
    cr_assert_eq(heard.gone, 0u);
}

Test(ice_tcp, connections_are_bounded)
{
    for (int i = 0; i < 6; i++)
        connect_client(i);
    run_until(&(unsigned){(unsigned)stats().accepted}, 5);
    for (int i = 0; i < PATIENCE && stats().refused < 1; i++) {
        ice_tcp_run(tcp, now);
        usleep(100);
    }
    cr_assert_eq(stats().connections, 5u, "unclaimed ones of a host");
    cr_assert_eq(stats().refused, 1u);
    cr_assert(has_ended(5));

    heard.claim = true;
    for (int i = 0; i < 5; i++)
        say(i, "\0\1x", 3);
    run_until(&heard.packets, 5);
    for (int i = 6; i < 10; i++)
        connect_client(i);
    for (int i = 0; i < PATIENCE && stats().refused < 3; i++) {
        ice_tcp_run(tcp, now);
        usleep(100);
    }
    cr_assert_eq(stats().connections, 7u, "of a host");
    cr_assert_eq(stats().refused, 3u);
    say(0, "\0\1x", 3);
    run_until(&heard.packets, 6);
}

Test(ice_tcp, a_claimed_connection_that_ends_is_told)
{
    heard.claim = true;
    connect_client(0);
    say(0, "\0\1x\0", 4);
    run_until(&heard.packets, 1);
    close(client[0]);
    client[0] = -1;
    run_until(&heard.gone, 1);
    cr_assert_eq(stats().connections, 0u);
    connect_client(0); /* one that nobody claimed is not */
    close(client[0]);
    client[0] = -1;
    ice_tcp_run(tcp, now);
    cr_assert_eq(heard.gone, 1u);
}

Test(ice_tcp, closed_from_within_no_packet_follows)
{
    heard.close = true;
    connect_client(0);
    say(0, "\0\1x\0\1y\0\1z", 9);
    run_until(&heard.packets, 1);
    ice_tcp_run(tcp, now);
    cr_assert_eq(heard.packets, 1u);
    cr_assert_eq(stats().connections, 0u);
    cr_assert_eq(heard.gone, 0u);
}

Test(ice_tcp, who_speaks_http_is_shown_out)
{
    connect_client(0);
    say(0, "GET / HTTP/1.1\r\n\r\n", 18);
    for (int i = 0; i < PATIENCE && stats().connections; i++) {
        usleep(100);
        ice_tcp_run(tcp, now);
    }
    cr_assert_eq(stats().connections, 0u);
    cr_assert_eq(stats().oversize, 1u);
    cr_assert_eq(heard.packets, 0u);
}

Test(ice_tcp, a_claimed_one_may_send_empty_and_huge_frames)
{
    static uint8_t junk[70000]; /* zeros: empty frames */
    heard.claim = true;
    connect_client(0);
    say(0, "\0\1x", 3);
    say(0, "\xff\xff", 2);
    say(0, junk, 65535);
    say(0, junk, sizeof junk);
    say(0, "\0\2yz", 4);
    run_until(&heard.packets, 2);
    cr_assert_eq(heard.last_len, 2u);
    cr_assert_eq(stats().oversize, 1u);
}

/* Frame for frame what was sent, while the server goes on running; returns how many. */
static unsigned read_frames(int fd, size_t len, unsigned *wrong)
{
    static uint8_t frame[ICE_FRAME_HEADER + UDP_MAX_DATAGRAM];
    unsigned n = 0;
    size_t have = 0;
    for (int idle = 0; idle < 500;) {
        ssize_t r = recv(fd, frame + have, ICE_FRAME_HEADER + len - have, MSG_DONTWAIT);
        ice_tcp_run(tcp, now);
        if (r <= 0) {
            idle++;
            usleep(1000);
            continue;
        }
        idle = 0;
        have += (size_t)r;
        if (have < ICE_FRAME_HEADER + len)
            continue;
        have = 0;
        n++;
        *wrong += get16(frame) != len;
        for (size_t i = 1; i < len; i++)
            *wrong += frame[ICE_FRAME_HEADER + i] != frame[ICE_FRAME_HEADER];
    }
    *wrong += have != 0;
    return n;
}

Test(ice_tcp, for_a_slow_peer_whole_packets_are_dropped)
{
    uint8_t pkt[1000];
    int small = 4096;
    unsigned sent = 0, dropped = 0, wrong = 0;
    heard.claim = true;
    connect_client(0);
    setsockopt(client[0], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(0, "\0\1x", 3);
    run_until(&heard.packets, 1);
    for (unsigned i = 0; i < 20000; i++) {
        memset(pkt, (int)i, sizeof pkt);
        int err = ice_tcp_send(heard.last, pkt, sizeof pkt);
        cr_assert(err == 0 || err == -EAGAIN);
        sent += err == 0;
        dropped += err != 0;
    }
    cr_assert_gt(dropped, 0u);
    cr_assert_eq(stats().dropped, dropped);
    cr_assert_eq(read_frames(client[0], sizeof pkt, &wrong), sent);
    cr_assert_eq(wrong, 0u);
    cr_assert_eq(ice_tcp_send(heard.last, pkt, sizeof pkt), 0, "and then it is served again");
}

Test(ice_tcp, who_has_gone_cannot_be_sent_to)
{
    const struct linger at_once = {.l_onoff = 1};
    int err = 0;
    heard.claim = true;
    connect_client(0);
    say(0, "\0\1x", 3);
    run_until(&heard.packets, 1);
    setsockopt(client[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client[0]);
    client[0] = -1;
    for (int i = 0; i < PATIENCE && err != -EPIPE; i++)
        err = ice_tcp_send(heard.last, (const uint8_t *)"abc", 3);
    cr_assert_eq(err, -EPIPE);
    run_until(&heard.gone, 1);
}

Test(ice_tcp, one_listener_a_port)
{
    cr_assert_eq(ice_tcp_listen(&where, NULL, 0), -EADDRINUSE);
}
