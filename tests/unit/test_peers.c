#include "mcu/http/peers.h"

#include <criterion/criterion.h>
#include <string.h>

static struct in6_addr key(unsigned n)
{
    struct in6_addr k = {0};
    k.s6_addr[10] = k.s6_addr[11] = 0xff;
    memcpy(&k.s6_addr[12], &n, 4);
    return k;
}

Test(peers, counts_each)
{
    struct peers *p;
    struct in6_addr a = key(1), b = key(2);
    cr_assert_eq(peers_create(&p, 4, 7), 0);
    cr_assert_eq(peers_count(p, &a), 0);
    peers_add(p, &a);
    peers_add(p, &a);
    peers_add(p, &b);
    cr_assert_eq(peers_count(p, &a), 2);
    cr_assert_eq(peers_count(p, &b), 1);
    peers_remove(p, &a);
    cr_assert_eq(peers_count(p, &a), 1);
    peers_remove(p, &a);
    peers_remove(p, &a); /* not there: nothing happens */
    cr_assert_eq(peers_count(p, &a), 0);
    cr_assert_eq(peers_count(p, &b), 1);
    peers_destroy(p);
}

/* The same as a plain array would count, with the table as full as it gets. */
Test(peers, as_a_plain_array)
{
    enum { MAX = 64, KEYS = 96, STEPS = 20000 };
    unsigned counts[KEYS] = {0}, total = 0, state = 1;
    struct peers *p;
    cr_assert_eq(peers_create(&p, MAX, 12345), 0);
    for (int i = 0; i < STEPS; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned n = (state >> 8) % KEYS;
        struct in6_addr k = key(n);
        if (counts[n] && (state & 1 || total == MAX)) {
            peers_remove(p, &k);
            counts[n]--;
            total--;
        } else if (total < MAX) {
            peers_add(p, &k);
            counts[n]++;
            total++;
        }
        struct in6_addr other = key((state >> 16) % KEYS);
        cr_assert_eq(peers_count(p, &other), counts[(state >> 16) % KEYS], "%d", i);
        cr_assert_eq(peers_count(p, &k), counts[n], "%d", i);
    }
    peers_destroy(p);
}
