#include "mcu/http/rate.h"

#include "mcu/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETS = 512, /* a power of two */
    WAYS = 8,
    MILLI = 1000, /* tokens are counted in thousandths */
};

struct bucket {
    struct in6_addr key;
    uint64_t seen_ms; /* 0: free */
    uint64_t millitokens;
};
struct rate {
    uint64_t salt; /* so that nobody can choose addresses that share a set */
    struct bucket buckets[SETS][WAYS];
};

int rate_create(struct rate **rp)
{
    struct rate *r = calloc(1, sizeof(*r));
    if (!r)
        return -ENOMEM;
    if (random_bytes(&r->salt, sizeof(r->salt)))
        r->salt = (uintptr_t)r;
    *rp = r;
    return 0;
}

void rate_destroy(struct rate *r)
{
    free(r);
}

struct in6_addr rate_key(const struct sockaddr *peer)
{
    struct in6_addr key = {0};
    if (peer->sa_family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)peer)->sin6_addr;
        memcpy(&key, a, IN6_IS_ADDR_V4MAPPED(a) ? sizeof(key) : sizeof(key) / 2);
    } else if (peer->sa_family == AF_INET) {
        key.s6_addr[10] = key.s6_addr[11] = 0xff;
        memcpy(key.s6_addr + 12, &((const struct sockaddr_in *)peer)->sin_addr, 4);
    }
    return key;
}

static const struct bucket *set_of(const struct rate *r, const struct in6_addr *key)
{
    uint64_t halves[2];
    memcpy(halves, key, sizeof(halves));
    uint64_t h = r->salt;
    for (int i = 0; i < 2; i++) {
        h = (h ^ halves[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return r->buckets[h % SETS];
}

/* The key's bucket, or the one to forget for it. */
static const struct bucket *find(const struct rate *r, const struct in6_addr *key)
{
    const struct bucket *set = set_of(r, key), *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].seen_ms && !memcmp(&set[i].key, key, sizeof(*key)))
            return &set[i];
        if (set[i].seen_ms < oldest->seen_ms)
            oldest = &set[i];
    }
    return oldest;
}

static uint64_t filled(const struct bucket *b, const struct in6_addr *key, uint32_t per_s,
    uint32_t burst, uint64_t now_ms)
{
    uint64_t full = (uint64_t)burst * MILLI;
    if (!b->seen_ms || memcmp(&b->key, key, sizeof(*key)) || now_ms < b->seen_ms)
        return full;
    uint64_t elapsed_ms = now_ms - b->seen_ms;
    if (elapsed_ms > 86400000)
        return full;
    uint64_t tokens = b->millitokens + elapsed_ms * per_s;
    return tokens < full ? tokens : full;
}

static uint32_t wait_ms(uint64_t millitokens, uint32_t n, uint32_t per_s)
{
    uint64_t need = (uint64_t)n * MILLI;
    return millitokens >= need ? 0 : (uint32_t)((need - millitokens + per_s - 1) / per_s);
}

uint32_t rate_peek(const struct rate *r, const struct in6_addr *key, uint32_t per_s, uint32_t burst,
    uint64_t now_ms)
{
    return wait_ms(filled(find(r, key), key, per_s, burst, now_ms), 1, per_s);
}

uint32_t rate_take_many(struct rate *r, const struct in6_addr *key, uint32_t n, uint32_t per_s,
    uint32_t burst, uint64_t now_ms)
{
    struct bucket *b = (struct bucket *)find(r, key);
    uint64_t tokens = filled(b, key, per_s, burst, now_ms);
    uint32_t wait = wait_ms(tokens, n, per_s);
    b->key = *key;
    b->seen_ms = now_ms ? now_ms : 1;
    b->millitokens = wait ? tokens : tokens - (uint64_t)n * MILLI;
    return wait;
}

uint32_t rate_take(
    struct rate *r, const struct in6_addr *key, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
    return rate_take_many(r, key, 1, per_s, burst, now_ms);
}
