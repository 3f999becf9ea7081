#include "net/udp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net_addr any_port;

static void set_any_port(void)
{
    cr_assert_eq(net_addr_parse(&any_port, "127.0.0.1", 0), 0);
}

TestSuite(udp, .init = set_any_port, .timeout = 60);

static int bound(struct net_addr *where)
{
    int fd = udp_bind(&any_port, NULL);
    cr_assert_geq(fd, 0, "%d", fd);
    cr_assert_eq(udp_local(fd, where), 0);
    return fd;
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
