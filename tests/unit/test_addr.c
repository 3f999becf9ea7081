#include "net/addr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

static struct net_addr addr(const char *ip, uint16_t port)
{
    struct net_addr a;
    cr_assert_eq(net_addr_parse(&a, ip, port), 0, "%s", ip);
    return a;
}

Test(addr, text_there_and_back)
{
    static const struct {
        const char *in, *ip, *full;
    } cases[] = {
        {"192.0.2.17", "192.0.2.17", "192.0.2.17:5004"},
        {"2001:db8::1", "2001:db8::1", "[2001:db8::1]:5004"},
        {"[2001:DB8:0::1]", "2001:db8::1", "[2001:db8::1]:5004"},
        {"::ffff:192.0.2.17", "192.0.2.17", "192.0.2.17:5004"},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct net_addr a = addr(cases[i].in, 5004);
        char buf[NET_ADDR_TEXT_MAX];
        cr_assert_str_eq(net_addr_format_ip(&a, buf, sizeof buf), cases[i].ip);
        cr_assert_str_eq(net_addr_format(&a, buf, sizeof buf), cases[i].full);
    }
}

Test(addr, text_that_is_no_address)
{
    static const char *const ips[] = {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "localhost",
        "[1.2.3.4]", "[::1", "::1]", "[]", ":::", "1.2.3.4 ", " 1.2.3.4", "fe80::1%eth0",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
        "0000000000000000000000000000000000000000000000000000000000000000001.2.3.4"};
    struct net_addr a = {.family = 77}, before = a;
    for (size_t i = 0; i < N(ips); i++)
        cr_assert_eq(net_addr_parse(&a, ips[i], 1), -EINVAL, "'%s'", ips[i]);
    cr_assert_eq(memcmp(&a, &before, sizeof a), 0, "out is untouched on error");
}

Test(addr, equality)
{
    struct net_addr a = addr("192.0.2.1", 5004), port = addr("192.0.2.1", 5006),
                    ip = addr("192.0.2.2", 5004), v6 = addr("2001:db8::1", 5004), unset = {0};
    cr_assert(net_addr_equal(&a, &a) && !net_addr_equal(&a, &port) && net_addr_same_ip(&a, &port));
    cr_assert(!net_addr_same_ip(&a, &ip) && !net_addr_same_ip(&a, &v6));
    cr_assert(net_addr_is_set(&a) && !net_addr_is_set(&unset) && !net_addr_same_ip(&a, &unset));
    struct net_addr any = addr("0.0.0.0", 0), any6 = addr("::", 0);
    cr_assert(net_addr_is_any(&any) && net_addr_is_any(&any6) && !net_addr_is_any(&a));
    cr_assert(!net_addr_is_any(&unset));
}

Test(addr, sockaddr_there_and_back)
{
    static const char *const ips[] = {"192.0.2.1", "2001:db8::7"};
    for (size_t i = 0; i < N(ips); i++) {
        struct net_addr a = addr(ips[i], 40000), b;
        struct sockaddr_storage sa;
        socklen_t len = net_addr_to_sockaddr(&a, &sa);
        cr_assert_eq(len, i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
        cr_assert_eq(net_addr_from_sockaddr(&b, (struct sockaddr *)&sa), 0);
        cr_assert(net_addr_equal(&a, &b));
    }
    struct net_addr unset = {0}, out;
    struct sockaddr_storage sa = {.ss_family = AF_UNIX};
    cr_assert_eq(net_addr_to_sockaddr(&unset, &sa), 0);
    cr_assert_eq(net_addr_from_sockaddr(&out, (struct sockaddr *)&sa), -EAFNOSUPPORT);
}

Test(addr, mapped_addresses_compare_equal)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(99)};
    memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
    struct net_addr a, b = addr("192.0.2.1", 99);
    cr_assert_eq(net_addr_from_sockaddr(&a, (struct sockaddr *)&in6), 0);
    cr_assert(net_addr_equal(&a, &b));
}

/* A server must not be made a relay into its own host or network. */
Test(addr, where_media_may_go)
{
    static const char *const good[] = {"192.0.2.1", "10.1.2.3", "192.168.1.9", "172.16.0.1",
        "223.255.255.254", "2001:db8::1", "fd00::1", "64:ff9b::c000:201", "2002:c000:201::1"};
    static const char *const bad[] = {"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "0.1.2.3",
        "::", "169.254.169.254", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a9fe:a9fe::1",
        "::127.0.0.1", "::169.254.169.254", "2002:e000:1::1"};
    struct net_addr local = addr("192.0.2.200", 5060);
    for (size_t i = 0; i < N(good); i++) {
        struct net_addr a = addr(good[i], 5004);
        cr_assert(net_addr_media_ok(&a, &local), "%s", good[i]);
        a.port = 1024;
        cr_assert(net_addr_media_ok(&a, &local), "%s", good[i]);
        a.port = 1023;
        cr_assert_not(net_addr_media_ok(&a, &local), "%s", good[i]);
        a.port = 0;
        cr_assert_not(net_addr_media_ok(&a, &local), "%s", good[i]);
    }
    for (size_t i = 0; i < N(bad); i++) {
        struct net_addr a = addr(bad[i], 5004);
        cr_assert_not(net_addr_media_ok(&a, &local), "%s", bad[i]);
    }
    struct net_addr unset = {0};
    cr_assert_not(net_addr_media_ok(&unset, &local));
}

Test(addr, loopback_only_from_loopback)
{
    static const char *const locals[] = {"127.0.0.1", "::1", "0.0.0.0", "::", "192.0.2.1"};
    for (size_t i = 0; i < N(locals); i++) {
        struct net_addr local = addr(locals[i], 1), lo = addr("127.0.0.1", 5004),
                        lo6 = addr("::1", 5004), meta = addr("169.254.169.254", 5004);
        cr_assert_eq(net_addr_media_ok(&lo, &local), i < 2, "%s", locals[i]);
        cr_assert_eq(net_addr_media_ok(&lo6, &local), i < 2, "%s", locals[i]);
        cr_assert_not(net_addr_media_ok(&meta, &local));
    }
}
