#ifndef MCU_ACCESS_ATTEMPTS_H
#define MCU_ACCESS_ATTEMPTS_H

/* Slows down guessing of PINs: an address may fail 5 times at once, then once in 10 s. A room's
 * failures from all addresses are counted too, 30 at once and then one in 10 s: one address alone
 * never closes a room to others, many together get no further than one. Pure: time is passed in.
 * [control] */

#include <netinet/in.h>
#include <stdint.h>

struct attempts;

int attempts_create(struct attempts **ap); /* 0 or -ENOMEM */
void attempts_destroy(struct attempts *a); /* NULL is a no-op */

/* Before a PIN is compared: 0, or the milliseconds until this address may try again at this room,
 * and until then it must not learn whether the PIN was right. address is http_peer()'s. */
uint32_t attempts_wait_ms(
    const struct attempts *a, const struct in6_addr *address, const char *room, uint64_t now_ms);
/* After a PIN was wrong. */
void attempts_failed(
    struct attempts *a, const struct in6_addr *address, const char *room, uint64_t now_ms);

#endif
