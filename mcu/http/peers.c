#include "mcu/http/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    struct in6_addr key;
    unsigned count; /* 0: the slot is free */
};

/* Open addressing, never more than half full. */
struct peers {
    uint64_t seed;
    size_t mask;
    struct peer slots[];
};

int peers_create(struct peers **pp, unsigned max, uint64_t seed)
{
    size_t size = 2;
    while (size < 2 * (size_t)max)
        size *= 2;
    struct peers *p = calloc(1, sizeof(*p) + size * sizeof(p->slots[0]));
    if (!p)
        return -ENOMEM;
    p->mask = size - 1;
    p->seed = seed;
    *pp = p;
    return 0;
}

void peers_destroy(struct peers *p)
{
    free(p);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static size_t home_of(const struct peers *p, const struct in6_addr *key)
{
    uint64_t half[2];
    memcpy(half, key, sizeof(half));
    return (size_t)mix(mix(half[0] ^ p->seed) ^ half[1]) & p->mask;
}

/* The slot of key, or the free one where it would be. */
static size_t find(const struct peers *p, const struct in6_addr *key)
{
    size_t at = home_of(p, key);
    while (p->slots[at].count && memcmp(&p->slots[at].key, key, sizeof(*key)))
        at = (at + 1) & p->mask;
    return at;
}

unsigned peers_count(const struct peers *p, const struct in6_addr *key)
{
    return p->slots[find(p, key)].count;
}

void peers_add(struct peers *p, const struct in6_addr *key)
{
    struct peer *peer = &p->slots[find(p, key)];
    peer->key = *key;
    peer->count++;
}

/* Those behind a slot that becomes free move up, or they would not be found any more. */
static void close_gap(struct peers *p, size_t gap)
{
    for (size_t at = (gap + 1) & p->mask; p->slots[at].count; at = (at + 1) & p->mask) {
        size_t home = home_of(p, &p->slots[at].key);
        if (((at - home) & p->mask) < ((at - gap) & p->mask))
            continue; /* its home lies behind the gap */
        p->slots[gap] = p->slots[at];
        p->slots[at].count = 0;
        gap = at;
    }
}

void peers_remove(struct peers *p, const struct in6_addr *key)
{
    size_t at = find(p, key);
    if (p->slots[at].count && !--p->slots[at].count)
        close_gap(p, at);
}
