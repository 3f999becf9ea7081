#include "net/own_host.h"

#include "net/udp.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_to(int fd, const struct net_addr *to)
{
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(to, &sa);
    cr_assert_eq(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, len), 1);
}

static bool came(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_DONTWAIT) == 1;
}

/* Addresses of loopback stand for those of a host and of strangers: 127.0.0.0/8 is all there. */
Test(own_host, takes_from_those_named_and_nobody_else)
{
    struct net_addr own[OWN_HOST_MAX], stranger, local;
    const char *ips[OWN_HOST_MAX] = {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"};
    int senders[OWN_HOST_MAX];
    for (int i = 0; i < OWN_HOST_MAX; i++) {
        cr_assert_eq(net_addr_parse(&own[i], ips[i], 0), 0);
        senders[i] = udp_bind(&own[i], NULL);
        cr_assert_geq(senders[i], 0);
    }
    cr_assert_eq(net_addr_parse(&stranger, "127.0.0.9", 0), 0);
    int other = udp_bind(&stranger, NULL), fd = udp_bind(&own[0], NULL);
    cr_assert_eq(udp_local(fd, &local), 0);
    for (size_t n = 0; n <= OWN_HOST_MAX; n++) {
        cr_assert_eq(own_host_only(fd, own, n), 0);
        for (size_t i = 0; i < OWN_HOST_MAX; i++) {
            send_to(senders[i], &local);
            cr_expect_eq(came(fd), i < n, "%zu of %zu", i, n);
        }
        send_to(other, &local);
        cr_expect_not(came(fd));
    }
    for (int i = 0; i < OWN_HOST_MAX; i++)
        close(senders[i]);
    close(other);
    close(fd);
}

Test(own_host, no_loopback_among_its_addresses)
{
    struct net_addr own[OWN_HOST_MAX];
    size_t n = own_host_addresses(own);
    for (size_t i = 0; i < n; i++) {
        cr_expect_not(net_addr_is_loopback(&own[i]));
        cr_expect_eq(own[i].port, 0);
        int fd = udp_bind(&own[i], NULL);
        cr_expect_geq(fd, 0, "it is an address of this host");
        close(fd);
    }
}
