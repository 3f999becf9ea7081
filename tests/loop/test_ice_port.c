#include "net/ice/ice_port.h"

#include "net/bytes.h"
#include "net/clock.h"
#include "net/ice/ice_internal.h"
#include "net/send_batch.h"
#include "net/udp.h"
#include "tests/support/ice_check.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 20000, PEERS = 3 };

static struct udp_poller *poller;
static struct send_batch *batch;
static struct ice_port *port;
static struct net_addr v4, v6;
static struct ice_credentials client_credentials;

/* A participant: what the server has of it, and its own socket. */
static struct peer {
    struct ice_credentials server;
    struct ice_session *session;
    struct ice_check check;
    int fd; /* UDP, connected to the server */
    unsigned media, dtls, selected;
    size_t last_len;
    uint8_t last;
    uint64_t heard_us; /* told for each packet */
    enum { STAY, CLOSE_ON_MEDIA, CLOSE_ON_DTLS, CLOSE_ON_SELECTED } close;
} peers[PEERS];

static void close_if(struct peer *p, int when)
{
    if ((int)p->close != when)
        return;
    ice_session_close(p->session);
    p->session = NULL;
}

static void on_media(uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    struct peer *p = arg;
    cr_assert_gt(arrival_us, 0u);
    p->media++;
    ice_session_heard(p->session, p->heard_us);
    p->last_len = len;
    p->last = pkt[len - 1];
    memset(pkt, 0, UDP_MAX_DATAGRAM);
    close_if(p, CLOSE_ON_MEDIA);
}

static void on_dtls(const uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    struct peer *p = arg;
    (void)arrival_us;
    p->dtls++;
    if (p->session)
        ice_session_heard(p->session, p->heard_us);
    p->last_len = len;
    p->last = pkt[len - 1];
    close_if(p, CLOSE_ON_DTLS);
}

static void on_selected(void *arg)
{
    struct peer *p = arg;
    p->selected++;
    close_if(p, CLOSE_ON_SELECTED);
}

static const struct ice_session_events events = {
    .media = on_media, .dtls = on_dtls, .selected = on_selected};

static bool has_ipv6(void)
{
    int fd = udp_bind(&v6, NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void open_port(void)
{
    cr_assert_eq(net_addr_parse(&v4, "127.0.0.1", 0), 0);
    cr_assert_eq(net_addr_parse(&v6, "::1", 0), 0);
    const struct net_addr local[] = {v4, v6};
    const struct ice_port_config cfg = {.local = local, .n_local = has_ipv6() ? 2 : 1, .tcp = true};
    cr_assert_eq(udp_poller_create(&poller), 0);
    cr_assert_eq(send_batch_create(&batch, 64, 65536), 0);
    cr_assert_eq(ice_port_bind(&port, &cfg), 0);
    cr_assert_eq(ice_port_start(port, poller, batch), 0);
    client_credentials = ice_check_credentials('c');
    for (int i = 0; i < PEERS; i++) {
        peers[i].server = ice_check_credentials((char)('0' + i));
        peers[i].check =
            (struct ice_check){.server = &peers[i].server, .client = &client_credentials};
        peers[i].fd = -1;
    }
}

static void close_port(void)
{
    for (int i = 0; i < PEERS; i++) {
        ice_session_close(peers[i].session);
        if (peers[i].fd >= 0)
            close(peers[i].fd);
    }
    struct ice_port_stats st;
    ice_port_stats(port, &st);
    cr_assert_eq(st.sessions, 0u);
    cr_assert_eq(st.tcp_connections, 0u);
    ice_port_stop(port);
    ice_port_destroy(port);
    send_batch_destroy(batch);
    udp_poller_destroy(poller);
}

TestSuite(ice_port, .init = open_port, .fini = close_port);

static struct ice_port_stats stats(void)
{
    struct ice_port_stats s;
    ice_port_stats(port, &s);
    return s;
}

static void open_session(int i)
{
    cr_assert_eq(ice_session_open(&peers[i].session, port, &peers[i].server, &client_credentials,
                     &events, &peers[i], clock_us(CLOCK_MONOTONIC)),
        0);
}

/* --- a client --------------------------------------------------------------------------------- */
static int connected(int type, size_t local)
{
    struct net_addr to = *ice_port_local(port, local);
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(&to, &sa);
    int fd = socket(to.family, type | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

static void say(int fd, const void *data, size_t len)
{
    cr_assert_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void run(void)
{
    udp_poller_run(poller);
    send_batch_flush(batch);
}

static ssize_t hear(int fd, uint8_t *buf, size_t cap)
{
    for (int i = 0; i < PATIENCE; i++) {
        run();
        ssize_t n = recv(fd, buf, cap, MSG_DONTWAIT);
        if (n >= 0)
            return n;
        usleep(100);
    }
    return -1;
}

static void run_until(const unsigned *count, unsigned n)
{
    for (int i = 0; i < PATIENCE && *count < n; i++) {
        run();
        usleep(100);
    }
    cr_assert_geq(*count, n);
}

/* Sends a packet of the server's own to have seen everything that was sent before it. */
static bool hears_nothing(int fd)
{
    uint8_t c;
    uint64_t before = stats().malformed;
    int probe = connected(SOCK_DGRAM, 0);
    say(probe, "\x50", 1);
    for (int i = 0; i < PATIENCE && stats().malformed == before; i++) {
        run();
        usleep(100);
    }
    close(probe);
    cr_assert_gt(stats().malformed, before);
    return recv(fd, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static bool ask(struct peer *p, int fd)
{
    uint8_t pkt[ICE_CHECK_MAX], reply[1500];
    struct stun_message m;
    p->check.number++;
    say(fd, pkt, ice_check_build(&p->check, pkt));
    ssize_t n = hear(fd, reply, sizeof reply);
    return n > 0 && ice_check_answered(&p->check, reply, (size_t)n, &m) && m.error == 0;
}

static void join(int i, size_t local)
{
    open_session(i);
    peers[i].fd = connected(SOCK_DGRAM, local);
    cr_assert(ask(&peers[i], peers[i].fd));
}

static const uint8_t rtp[20] = {0x80, 111, [19] = 7}, dtls[20] = {22, 254, 253, [19] = 8};

static void both_ways(size_t local)
{
    uint8_t buf[100];
    join(0, local);
    cr_assert(ice_session_ready(peers[0].session));
    cr_assert_eq(peers[0].selected, 1u);
    say(peers[0].fd, rtp, sizeof rtp);
    run_until(&peers[0].media, 1);
    cr_assert_eq(peers[0].last_len, sizeof rtp);
    cr_assert_eq(peers[0].last, 7);
    say(peers[0].fd, dtls, sizeof dtls);
    run_until(&peers[0].dtls, 1);
    cr_assert_eq(peers[0].last, 8);

    uint8_t *out = send_batch_reserve(batch, 100);
    memcpy(out, rtp, sizeof rtp);
    cr_assert_eq(ice_session_commit(peers[0].session, sizeof rtp), 0);
    cr_assert_eq(hear(peers[0].fd, buf, sizeof buf), (ssize_t)sizeof rtp);
    cr_assert_eq(memcmp(buf, rtp, sizeof rtp), 0);
    cr_assert_eq(ice_session_send(peers[0].session, dtls, sizeof dtls), 0);
    cr_assert_eq(hear(peers[0].fd, buf, sizeof buf), (ssize_t)sizeof dtls);
    cr_assert_eq(memcmp(buf, dtls, sizeof dtls), 0);

    struct ice_session_stats st;
    ice_session_stats(peers[0].session, clock_us(CLOCK_MONOTONIC), &st);
    cr_assert(st.ready && !st.tcp && st.ipv6 == (local == 1));
    cr_assert_eq(st.paths, 1u);
    cr_assert_eq(st.agent.checks, 1u);
}

Test(ice_port, ipv4_both_ways)
{
    both_ways(0);
}

Test(ice_port, ipv6_both_ways)
{
    if (!has_ipv6())
        cr_skip_test("no IPv6 here");
    both_ways(1);
}

/* --- strangers: ATTACKS 16, 21-23 ------------------------------------------------------------- */
Test(ice_port, nothing_is_answered_or_taken_before_a_check)
{
    uint8_t pkt[ICE_CHECK_MAX];
    struct peer *p = &peers[0];
    open_session(0);
    p->fd = connected(SOCK_DGRAM, 0);
    say(p->fd, dtls, sizeof dtls);
    say(p->fd, rtp, sizeof rtp);
    say(p->fd, "", 0);
    say(p->fd, "GET / HTTP/1.1\r\n\r\n", 18);
    p->check.password = "nonononononononononononono";
    say(p->fd, pkt, ice_check_build(&p->check, pkt));
    p->check.password = NULL;
    p->check.server = &peers[1].server; /* nobody's */
    say(p->fd, pkt, ice_check_build(&p->check, pkt));
    size_t len = ice_check_build(&p->check, pkt);
    pkt[len - 1] ^= 1;
    say(p->fd, pkt, len);
    cr_assert(hears_nothing(p->fd));
    cr_assert_eq(p->media + p->dtls + p->selected, 0u);
    cr_assert_eq(stats().strangers, 2u);
    cr_assert_eq(stats().refused, 2u);
    cr_assert_eq(stats().malformed, 4u);
    cr_assert_eq(stats().checks, 0u);
    cr_assert_eq(ice_session_send(p->session, dtls, sizeof dtls), -ENOTCONN);
    cr_assert_eq(ice_session_commit(p->session, 1), -ENOTCONN);
}

Test(ice_port, the_neighbour_of_a_peer_is_a_stranger)
{
    join(0, 0);
    int other = connected(SOCK_DGRAM, 0);
    say(other, dtls, sizeof dtls);
    say(other, rtp, sizeof rtp);
    cr_assert(hears_nothing(other));
    cr_assert_eq(peers[0].media + peers[0].dtls, 0u);
    cr_assert_eq(stats().strangers, 2u);
    close(other);
}

Test(ice_port, a_flood_of_foreign_checks_is_silent)
{
    uint8_t pkt[ICE_CHECK_MAX];
    join(0, 0);
    int other = connected(SOCK_DGRAM, 0);
    peers[1].check.use_candidate = true;
    size_t len = ice_check_build(&peers[1].check, pkt);
    for (int i = 0; i < 10000; i++) {
        say(other, pkt, len);
        if (i % 100 == 0)
            run();
    }
    cr_assert(hears_nothing(other));
    cr_assert_eq(stats().checks, 1u);
    cr_assert(ask(&peers[0], peers[0].fd));
    close(other);
}

/* --- more than one ---------------------------------------------------------------------------- */
Test(ice_port, each_is_given_its_own)
{
    for (int i = 0; i < PEERS; i++)
        join(i, 0);
    for (int i = 0; i < PEERS; i++)
        for (int n = 0; n <= i; n++)
            say(peers[i].fd, rtp, sizeof rtp);
    for (int i = 0; i < PEERS; i++)
        run_until(&peers[i].media, (unsigned)i + 1);
    cr_assert(hears_nothing(peers[0].fd));
    for (int i = 0; i < PEERS; i++)
        cr_assert_eq(peers[i].media, (unsigned)i + 1);
    ice_session_close(peers[1].session);
    peers[1].session = NULL;
    say(peers[1].fd, rtp, sizeof rtp);
    cr_assert(hears_nothing(peers[1].fd));
    cr_assert_eq(stats().strangers, 1u);
    cr_assert_eq(stats().sessions, (unsigned)PEERS - 1);
}

Test(ice_port, a_peer_may_speak_from_any_of_its_addresses_and_move)
{
    uint8_t buf[100];
    join(0, 0);
    int wifi = connected(SOCK_DGRAM, 0);
    peers[0].check.use_candidate = true;
    cr_assert(ask(&peers[0], wifi));
    cr_assert_eq(peers[0].selected, 2u);
    cr_assert_eq(stats().moved, 2u);
    say(peers[0].fd, rtp, sizeof rtp);
    say(wifi, rtp, sizeof rtp);
    run_until(&peers[0].media, 2);
    cr_assert_eq(ice_session_send(peers[0].session, dtls, sizeof dtls), 0);
    cr_assert_eq(hear(wifi, buf, sizeof buf), (ssize_t)sizeof dtls);
    cr_assert(hears_nothing(peers[0].fd));
    close(wifi);
}

/* The check of one session from the address of another, which only that one's peer, or somebody
 * who writes false sender addresses, can send. */
Test(ice_port, an_address_belongs_to_who_was_there_first)
{
    uint8_t pkt[ICE_CHECK_MAX];
    join(0, 0);
    open_session(1);
    say(peers[0].fd, pkt, ice_check_build(&peers[1].check, pkt));
    cr_assert(hears_nothing(peers[0].fd));
    cr_assert_eq(stats().taken, 1u);
    cr_assert(!ice_session_ready(peers[1].session));
    say(peers[0].fd, rtp, sizeof rtp);
    run_until(&peers[0].media, 1);

    peers[0].session->agent.paths[0].heard_us -= 11000000; /* not heard since */
    cr_assert(ask(&peers[1], peers[0].fd));
    cr_assert(ice_session_ready(peers[1].session) && !ice_session_ready(peers[0].session));
    cr_assert_eq(peers[0].selected, 2u, "it is told that it has lost it");
    say(peers[0].fd, rtp, sizeof rtp);
    run_until(&peers[1].media, 1);

    ice_session_close(peers[1].session); /* a page that is loaded again */
    peers[1].session = NULL;
    cr_assert(ask(&peers[0], peers[0].fd));
}

Test(ice_port, a_thousand_sessions)
{
    enum { N = 1000 };
    static struct ice_session *many[N];
    struct ice_credentials server = ice_check_credentials('x');
    for (int i = 0; i < N; i++) {
        snprintf(server.ufrag, sizeof server.ufrag, "many%d", i);
        cr_assert_eq(ice_session_open(&many[i], port, &server, &client_credentials, &events,
                         &peers[0], clock_us(CLOCK_MONOTONIC)),
            0);
    }
    struct ice_session *again = NULL;
    cr_assert_eq(
        ice_session_open(&again, port, &server, &client_credentials, &events, &peers[0], 0),
        -EEXIST);
    cr_assert_null(again);
    for (int i = 0; i < N; i++) {
        snprintf(server.ufrag, sizeof server.ufrag, "many%d", i);
        cr_assert_eq(ice_session_by_ufrag(port, server.ufrag, strlen(server.ufrag)), many[i]);
    }
    peers[1].check.server = &server;
    peers[1].fd = connected(SOCK_DGRAM, 0);
    cr_assert(ask(&peers[1], peers[1].fd));
    cr_assert(ice_session_ready(many[N - 1]));
    for (int i = 0; i < N; i++)
        ice_session_close(many[i]);
}

/* ICMP tells of a peer that has gone, but not whose packets to stop. */
Test(ice_port, a_peer_that_has_gone_costs_the_others_nothing)
{
    uint8_t buf[100];
    join(0, 0);
    join(1, 0);
    close(peers[0].fd);
    peers[0].fd = -1;
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(ice_session_send(peers[0].session, rtp, sizeof rtp), 0);
        run();
        cr_assert_eq(ice_session_send(peers[1].session, rtp, sizeof rtp), 0);
        run();
        cr_assert_eq(recv(peers[1].fd, buf, sizeof buf, 0), (ssize_t)sizeof rtp);
    }
}

Test(ice_port, sessions_may_be_closed_from_within)
{
    join(0, 0);
    peers[0].close = CLOSE_ON_MEDIA;
    say(peers[0].fd, rtp, sizeof rtp);
    say(peers[0].fd, rtp, sizeof rtp);
    run_until(&peers[0].media, 1);
    join(1, 0);
    peers[1].close = CLOSE_ON_DTLS;
    say(peers[1].fd, dtls, sizeof dtls);
    say(peers[1].fd, dtls, sizeof dtls);
    run_until(&peers[1].dtls, 1);
    peers[2].close = CLOSE_ON_SELECTED;
    join(2, 0);
    cr_assert(hears_nothing(peers[0].fd));
    cr_assert_eq(peers[0].media, 1u);
    cr_assert_eq(peers[1].dtls, 1u);
    cr_assert_eq(peers[2].selected, 1u);
    cr_assert_eq(stats().sessions, 0u);
}

/* --- restart ---------------------------------------------------------------------------------- */
Test(ice_port, after_a_restart_both_names_lead_to_the_session_until_one_is_used)
{
    struct ice_credentials server2 = ice_check_credentials('z');
    uint8_t pkt[ICE_CHECK_MAX];
    join(0, 0);
    open_session(1);
    cr_assert_eq(
        ice_session_restart(peers[0].session, &peers[1].server, &client_credentials), -EEXIST);
    cr_assert_eq(
        ice_session_restart(peers[0].session, &peers[0].server, &client_credentials), -EEXIST);
    cr_assert_eq(ice_session_restart(peers[0].session, &server2, &client_credentials), 0);
    cr_assert(ask(&peers[0], peers[0].fd));
    struct ice_credentials server1 = peers[0].server;
    peers[0].server = server2;
    cr_assert(ask(&peers[0], peers[0].fd));
    peers[0].server = server1;
    say(peers[0].fd, pkt, ice_check_build(&peers[0].check, pkt));
    cr_assert(hears_nothing(peers[0].fd));
    struct ice_session *s = NULL; /* the old name is free */
    cr_assert_eq(
        ice_session_open(&s, port, &server1, &client_credentials, &events, &peers[2], 0), 0);
    ice_session_close(s);
}

/* --- TCP -------------------------------------------------------------------------------------- */
static void say_framed(int fd, const uint8_t *pkt, size_t len)
{
    uint8_t frame[1500];
    put16(frame, (uint16_t)len);
    memcpy(frame + 2, pkt, len);
    say(fd, frame, len + 2);
}

static ssize_t hear_framed(int fd, uint8_t *buf, size_t cap)
{
    uint8_t header[2];
    for (size_t have = 0; have < 2; have++)
        if (hear(fd, header + have, 1) != 1)
            return -1;
    size_t len = get16(header);
    cr_assert_leq(len, cap);
    for (size_t have = 0; have < len; have++)
        if (hear(fd, buf + have, 1) != 1)
            return -1;
    return (ssize_t)len;
}

static bool ask_by_tcp(struct peer *p, int fd)
{
    uint8_t pkt[ICE_CHECK_MAX], reply[1500];
    struct stun_message m;
    p->check.number++;
    say_framed(fd, pkt, ice_check_build(&p->check, pkt));
    ssize_t n = hear_framed(fd, reply, sizeof reply);
    return n > 0 && ice_check_answered(&p->check, reply, (size_t)n, &m) && m.error == 0;
}

Test(ice_port, tcp_both_ways)
{
    uint8_t buf[100];
    struct peer *p = &peers[0];
    open_session(0);
    p->fd = connected(SOCK_STREAM, 0);
    cr_assert(ask_by_tcp(p, p->fd));
    say_framed(p->fd, rtp, sizeof rtp);
    run_until(&p->media, 1);
    say_framed(p->fd, dtls, sizeof dtls);
    run_until(&p->dtls, 1);
    say_framed(p->fd, (const uint8_t *)"\x50", 1);
    uint8_t *out = send_batch_reserve(batch, 100);
    memcpy(out, rtp, sizeof rtp);
    cr_assert_eq(ice_session_commit(p->session, sizeof rtp), 0);
    cr_assert_eq(hear_framed(p->fd, buf, sizeof buf), (ssize_t)sizeof rtp);
    cr_assert_eq(memcmp(buf, rtp, sizeof rtp), 0);
    cr_assert_eq(ice_session_send(p->session, dtls, sizeof dtls), 0);
    cr_assert_eq(hear_framed(p->fd, buf, sizeof buf), (ssize_t)sizeof dtls);
    struct ice_session_stats st;
    ice_session_stats(p->session, clock_us(CLOCK_MONOTONIC), &st);
    cr_assert(st.ready && st.tcp);
    cr_assert_eq(stats().tcp_connections, 1u);
}

Test(ice_port, a_tcp_connection_that_ends_is_no_path_any_more)
{
    struct peer *p = &peers[0];
    join(0, 0);
    int tcp = connected(SOCK_STREAM, 0);
    p->session->agent.paths[0].nominated_us = 0;
    p->check.use_candidate = true;
    cr_assert(ask_by_tcp(p, tcp));
    cr_assert_eq(p->selected, 2u);
    close(tcp);
    run_until(&p->selected, 3);
    cr_assert(ice_session_ready(p->session), "UDP is there");

    close(p->fd);
    ice_session_close(p->session);
    p->check.use_candidate = false;
    open_session(0);
    p->fd = connected(SOCK_STREAM, 0);
    cr_assert(ask_by_tcp(p, p->fd));
    close(p->fd);
    p->fd = -1;
    run_until(&p->selected, 5);
    cr_assert(!ice_session_ready(p->session));
}

Test(ice_port, tcp_connections_of_a_session_are_bounded_and_end_with_it)
{
    enum { N = ICE_PATHS_MAX + 2 };
    int fd[N];
    uint8_t c;
    open_session(0);
    for (int i = 0; i < N; i++) {
        fd[i] = connected(SOCK_STREAM, 0);
        cr_assert(ask_by_tcp(&peers[0], fd[i]));
    }
    cr_assert_eq(stats().tcp_connections, (unsigned)ICE_PATHS_MAX);
    ice_session_close(peers[0].session);
    peers[0].session = NULL;
    for (int i = 0; i < N; i++) {
        cr_assert_eq(hear(fd[i], &c, 1), 0);
        close(fd[i]);
    }
}

Test(ice_port, a_stranger_by_tcp_is_shown_out)
{
    uint8_t c, pkt[ICE_CHECK_MAX];
    int fd = connected(SOCK_STREAM, 0);
    say_framed(fd, dtls, sizeof dtls);
    cr_assert_eq(hear(fd, &c, 1), 0);
    close(fd);
    cr_assert_eq(stats().strangers, 1u);

    open_session(0);
    open_session(1);
    fd = connected(SOCK_STREAM, 0); /* a connection is one session's */
    cr_assert(ask_by_tcp(&peers[0], fd));
    say_framed(fd, pkt, ice_check_build(&peers[1].check, pkt));
    say_framed(fd, rtp, sizeof rtp);
    run_until(&peers[0].media, 1);
    cr_assert_eq(stats().taken, 1u);
    cr_assert(!ice_session_ready(peers[1].session));
    ice_session_close(peers[0].session);
    peers[0].session = NULL;
    close(fd);
}

Test(ice_port, sessions_may_be_closed_from_within_by_tcp)
{
    static const int when[] = {CLOSE_ON_MEDIA, CLOSE_ON_DTLS, CLOSE_ON_SELECTED};
    uint8_t c;
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &peers[i];
        int fd = connected(SOCK_STREAM, 0);
        open_session(i);
        p->close = when[i];
        cr_assert(ask_by_tcp(p, fd));
        if (p->session) {
            say_framed(fd, rtp, sizeof rtp);
            say_framed(fd, dtls, sizeof dtls);
            say_framed(fd, dtls, sizeof dtls);
        }
        cr_assert_eq(hear(fd, &c, 1), 0);
        cr_assert_null(p->session);
        close(fd);
    }
    cr_assert_eq(peers[0].media + peers[0].dtls, 1u);
    cr_assert_eq(peers[1].media + peers[1].dtls, 2u);
}

Test(ice_port, packets_are_signs_of_life_of_the_path_they_came_by)
{
    struct peer *p = &peers[0];
    join(0, 0);
    int tcp = connected(SOCK_STREAM, 0);
    cr_assert(ask_by_tcp(p, tcp));
    const struct ice_path *path = p->session->agent.paths;
    cr_assert(!path[0].route.tcp && path[1].route.tcp);
    p->heard_us = clock_us(CLOCK_MONOTONIC) + 60000000;
    say_framed(tcp, rtp, sizeof rtp);
    run_until(&p->media, 1);
    cr_assert_eq(path[1].heard_us, p->heard_us);
    cr_assert_lt(path[0].heard_us, p->heard_us);
    cr_assert(ice_session_alive(p->session, p->heard_us + 30000000));
    p->heard_us++;
    say(p->fd, rtp, sizeof rtp);
    run_until(&p->media, 2);
    cr_assert_eq(path[0].heard_us, p->heard_us);
    cr_assert_lt(path[1].heard_us, p->heard_us);
    close(tcp);
}

Test(ice_port, indications_are_nothing)
{
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    uint8_t pkt[100];
    struct stun_writer w;
    join(0, 0);
    stun_begin(&w, pkt, sizeof pkt, STUN_INDICATION, id);
    say(peers[0].fd, pkt, (size_t)stun_finish(&w, NULL));
    cr_assert(hears_nothing(peers[0].fd));
    cr_assert_eq(stats().refused, 0u);
}

/* --- the port itself -------------------------------------------------------------------------- */
Test(ice_port, all_addresses_or_none)
{
    struct net_addr taken = *ice_port_local(port, 0), other = taken, list[2];
    struct ice_port *p = NULL;
    struct ice_port_config cfg = {.local = list, .n_local = 2};
    cr_assert_eq(net_addr_parse(&other, "127.0.0.2", taken.port), 0);
    list[0] = other;
    list[1] = taken;
    cr_assert_eq(ice_port_bind(&p, &cfg), -EADDRINUSE);
    cr_assert_null(p);
    int fd = udp_bind(&other, NULL);
    cr_assert_geq(fd, 0, "the first is free again");
    close(fd);
    cfg.n_local = 0;
    cr_assert_eq(ice_port_bind(&p, &cfg), -EINVAL);
    cfg.n_local = ICE_PORT_MAX_LOCAL + 1;
    cr_assert_eq(ice_port_bind(&p, &cfg), -EINVAL);
}

Test(ice_port, a_tcp_port_in_use_is_an_error)
{
    struct net_addr local;
    struct ice_port *p = NULL;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int fd = ice_tcp_listen(&v4, NULL, 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    cr_assert_eq(net_addr_from_sockaddr(&local, (struct sockaddr *)&sa), 0);
    const struct ice_port_config cfg = {.local = &local, .n_local = 1, .tcp = true};
    cr_assert_eq(ice_port_bind(&p, &cfg), -EADDRINUSE);
    close(fd);
}

Test(ice_port, stopped_it_neither_hears_nor_speaks)
{
    uint8_t pkt[ICE_CHECK_MAX];
    join(0, 0);
    ice_port_stop(port);
    say(peers[0].fd, pkt, ice_check_build(&peers[0].check, pkt));
    run();
    cr_assert_eq(stats().checks, 1u);
    cr_assert(!ice_session_ready(peers[0].session));
    cr_assert_eq(ice_session_send(peers[0].session, rtp, sizeof rtp), -ENOTCONN);
    cr_assert_eq(ice_port_start(port, poller, batch), 0);
    cr_assert_gt(hear(peers[0].fd, pkt, sizeof pkt), 0);
}

Test(ice_port, packets_and_checks_ask_for_no_memory)
{
    uint8_t pkt[ICE_CHECK_MAX];
    join(0, 0);
    size_t len = ice_check_build(&peers[0].check, pkt);
    for (int i = 0; i < 20; i++) {
        say(peers[0].fd, pkt, len);
        say(peers[0].fd, rtp, sizeof rtp);
    }
    malloc_count_begin();
    run();
    ice_session_send(peers[0].session, rtp, sizeof rtp);
    run();
    unsigned long n = malloc_count_end();
    run_until(&peers[0].media, 20);
    cr_assert_eq(n, 0ul);
}

Test(ice_port, memory_that_runs_out)
{
    const struct ice_port_config cfg = {.local = &v4, .n_local = 1, .tcp = true};
    for (unsigned long n = 0; n < 5; n++) {
        struct ice_port *p = NULL;
        struct ice_session *s = NULL;
        malloc_fail_after(n);
        int err = ice_port_bind(&p, &cfg);
        if (!err)
            err = ice_session_open(&s, p, &peers[0].server, &client_credentials, &events, NULL, 0);
        malloc_fail_end();
        cr_assert(err == 0 || err == -ENOMEM);
        cr_assert(n > 0 || err == -ENOMEM);
        ice_session_close(s);
        ice_port_destroy(p);
    }
}
