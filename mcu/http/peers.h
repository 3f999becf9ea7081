#ifndef MCU_HTTP_PEERS_H
#define MCU_HTTP_PEERS_H

/* How many connections each address has, however many addresses there are. Pure. [control] */

#include <netinet/in.h>
#include <stdint.h>

struct peers;

/* For at most max connections at once; seed is random, so that nobody can choose addresses that
 * fall together. 0 or -ENOMEM. */
int peers_create(struct peers **pp, unsigned max, uint64_t seed);
void peers_destroy(struct peers *p); /* NULL is a no-op */

unsigned peers_count(const struct peers *p, const struct in6_addr *key);
/* key is rate_key()'s. At most max may be added and not yet removed. */
void peers_add(struct peers *p, const struct in6_addr *key);
void peers_remove(struct peers *p, const struct in6_addr *key); /* one that was added */

#endif
