#include "mcu/access/attempts.h"
#include "mcu/http/rate.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>

static struct attempts *a;
static const uint64_t start = 1000000;

static void setup(void)
{
    cr_assert_eq(attempts_create(&a), 0);
}

static void teardown(void)
{
    attempts_destroy(a);
}

TestSuite(attempts, .init = setup, .fini = teardown);

static struct in6_addr address(unsigned n)
{
    char text[32];
    struct sockaddr_in peer = {.sin_family = AF_INET};
    snprintf(text, sizeof text, "10.1.%u.%u", n / 256, n % 256);
    cr_assert_eq(inet_pton(AF_INET, text, &peer.sin_addr), 1);
    return rate_key((const struct sockaddr *)&peer);
}

static unsigned fail_until_limited(unsigned from, const char *room, uint64_t now_ms)
{
    const struct in6_addr peer = address(from);
    unsigned n = 0;
    while (n < 1000 && !attempts_wait_ms(a, &peer, room, now_ms)) {
        attempts_failed(a, &peer, room, now_ms);
        n++;
    }
    return n;
}

Test(attempts, five_at_once_then_one_in_ten_seconds)
{
    const struct in6_addr peer = address(1);
    cr_assert_eq(fail_until_limited(1, "demo", start), 5);
    cr_assert_eq(attempts_wait_ms(a, &peer, "demo", start), 10000);
    cr_assert_eq(attempts_wait_ms(a, &peer, "demo", start + 4000), 6000);
    cr_assert_gt(attempts_wait_ms(a, &peer, "demo", start + 9990), 0);
    cr_assert_eq(fail_until_limited(1, "demo", start + 10000), 1);
    cr_assert_eq(fail_until_limited(1, "demo", start + 15000), 0);
    cr_assert_eq(fail_until_limited(1, "demo", start + 20000), 1);
    cr_assert_eq(fail_until_limited(1, "demo", start + 3600000), 5);
}

Test(attempts, asking_costs_nothing)
{
    const struct in6_addr peer = address(1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(attempts_wait_ms(a, &peer, "demo", start), 0);
}

Test(attempts, another_room_does_not_help_the_one_who_guesses)
{
    cr_assert_eq(fail_until_limited(1, "demo", start), 5);
    cr_assert_eq(fail_until_limited(1, "other", start), 0);
    cr_assert_eq(fail_until_limited(2, "demo", start), 5);
}

/* One address that never stops leaves the room open to others. */
Test(attempts, one_address_does_not_close_a_room)
{
    const struct in6_addr other = address(2);
    unsigned guesses = 0;
    for (uint64_t t = 0; t < 24 * 3600; t++) {
        guesses += fail_until_limited(1, "demo", start + t * 1000);
        cr_assert_eq(attempts_wait_ms(a, &other, "demo", start + t * 1000), 0);
    }
    cr_assert(guesses >= 8640 && guesses <= 8645, "%u in a day", guesses);
}

/* Many addresses together: thirty at once, then one in ten seconds. */
Test(attempts, many_addresses_share_a_rooms_limit)
{
    unsigned guesses = 0;
    for (unsigned from = 0; from < 400; from++)
        guesses += fail_until_limited(from, "demo", start);
    cr_assert_eq(guesses, 30);
    for (uint64_t t = 1; t <= 600; t++)
        for (unsigned from = 0; from < 400; from += 7)
            guesses += fail_until_limited(from, "demo", start + t * 1000);
    cr_assert(guesses >= 89 && guesses <= 90, "%u in ten minutes", guesses);
    cr_assert_eq(fail_until_limited(4000, "other", start), 5);
}
