#ifndef MCU_HTTP_RATE_H
#define MCU_HTTP_RATE_H

/* Token buckets by client address, in a table of fixed size: a flood from many addresses forgets
 * the least recent ones and never grows. Pure: time is passed in. [control] */

#include <netinet/in.h>
#include <stdint.h>

struct rate;

/* IPv4 stands as ::ffff:a.b.c.d; of IPv6 the first 64 bits count: one subscriber. */
struct in6_addr rate_key(const struct sockaddr *peer);

int rate_create(struct rate **rp); /* 0 or -ENOMEM */
void rate_destroy(struct rate *r); /* NULL is a no-op */

/* Takes one token of a bucket that holds burst and gains per_s a second. 0: taken; else the
 * milliseconds until there is one. */
uint32_t rate_take(
    struct rate *r, const struct in6_addr *key, uint32_t per_s, uint32_t burst, uint64_t now_ms);
/* n at once, which burst must allow, or none. */
uint32_t rate_take_many(struct rate *r, const struct in6_addr *key, uint32_t n, uint32_t per_s,
    uint32_t burst, uint64_t now_ms);
/* rate_take() without taking. */
uint32_t rate_peek(const struct rate *r, const struct in6_addr *key, uint32_t per_s, uint32_t burst,
    uint64_t now_ms);

#endif
