#include "mcu/http/rate.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

static struct in6_addr address(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return rate_key((struct sockaddr *)&v4);
    cr_assert_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return rate_key((struct sockaddr *)&v6);
}

static struct rate *r;

static void setup(void)
{
    cr_assert_eq(rate_create(&r), 0);
}
static void teardown(void)
{
    rate_destroy(r);
}
TestSuite(rate, .init = setup, .fini = teardown);

Test(rate, a_burst_then_a_rate)
{
    struct in6_addr a = address("192.0.2.1"), b = address("192.0.2.2");
    for (int i = 0; i < 5; i++)
        cr_assert_eq(rate_take(r, &a, 2, 5, 1000), 0);
    cr_assert_eq(rate_take(r, &a, 2, 5, 1000), 500);
    cr_assert_eq(rate_peek(r, &a, 2, 5, 1250), 250);
    cr_assert_eq(rate_take(r, &b, 2, 5, 1000), 0);
    cr_assert_eq(rate_take(r, &a, 2, 5, 1500), 0);
    cr_assert_eq(rate_take(r, &a, 2, 5, 1500), 500);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(rate_take(r, &a, 2, 5, 100000), 0);
    cr_assert_neq(rate_take(r, &a, 2, 5, 100000), 0);
}

Test(rate, refused_requests_do_not_lengthen_the_wait)
{
    struct in6_addr a = address("192.0.2.1");
    cr_assert_eq(rate_take(r, &a, 1, 1, 5000), 0);
    for (uint32_t ms = 1; ms < 1000; ms++)
        cr_assert_eq(rate_take(r, &a, 1, 1, 5000 + ms), 1000 - ms);
    cr_assert_eq(rate_take(r, &a, 1, 1, 6000), 0);
}

Test(rate, many_are_taken_together_or_none)
{
    struct in6_addr a = address("192.0.2.1");
    cr_assert_eq(rate_take_many(r, &a, 8, 1, 10, 5000), 0);
    cr_assert_eq(rate_take_many(r, &a, 8, 1, 10, 5000), 6000);
    cr_assert_eq(rate_take_many(r, &a, 2, 1, 10, 5000), 0, "who was refused has lost nothing");
    cr_assert_eq(rate_take_many(r, &a, 0, 1, 10, 5000), 0);
    cr_assert_eq(rate_take_many(r, &a, 8, 1, 10, 13000), 0);
}

Test(rate, a_network_of_ipv6_is_one_address)
{
    struct in6_addr a = address("2001:db8:1:2:3::4"), b = address("2001:db8:1:2:ffff::9");
    struct in6_addr other = address("2001:db8:1:3::4"), mapped = address("::ffff:192.0.2.1");
    struct in6_addr v4 = address("192.0.2.1");
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
    cr_assert_neq(memcmp(&a, &other, sizeof a), 0);
    cr_assert_eq(memcmp(&mapped, &v4, sizeof v4), 0);
}

/* A flood from a million addresses stays in its memory and still holds the loudest back. */
Test(rate, many_addresses)
{
    struct in6_addr loud = address("192.0.2.1");
    unsigned held = 0;
    for (uint32_t i = 0; i < 1000000; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000 + i)}};
        struct in6_addr key = rate_key((struct sockaddr *)&v4);
        rate_take(r, &key, 1, 1, 1000 + i / 1000);
        if (i % 100 == 0)
            held += rate_take(r, &loud, 1, 1, 1000 + i / 1000) != 0;
    }
    cr_assert_gt(held, 9000);
}
