#include "mcu/access/attempts.h"

#include "mcu/http/rate.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOWER = 10, /* the buckets gain one a second of a clock so much slower than ours */
    ADDRESS_BURST = 5,
    ROOM_BURST = 30,
};

struct attempts {
    struct rate *addresses, *rooms;
};

int attempts_create(struct attempts **ap)
{
    struct attempts *a = calloc(1, sizeof(*a));
    if (!a || rate_create(&a->addresses) || rate_create(&a->rooms)) {
        attempts_destroy(a);
        return -ENOMEM;
    }
    *ap = a;
    return 0;
}

void attempts_destroy(struct attempts *a)
{
    if (a) {
        rate_destroy(a->addresses);
        rate_destroy(a->rooms);
    }
    free(a);
}

/* Nobody finds a name that shares another room's. */
static struct in6_addr room_key(const char *room)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct in6_addr key;
    SHA256((const unsigned char *)room, strlen(room), digest);
    memcpy(&key, digest, sizeof(key));
    return key;
}

uint32_t attempts_wait_ms(
    const struct attempts *a, const struct in6_addr *address, const char *room, uint64_t now_ms)
{
    const struct in6_addr key = room_key(room);
    uint32_t mine = rate_peek(a->addresses, address, 1, ADDRESS_BURST, now_ms / SLOWER);
    uint32_t all = rate_peek(a->rooms, &key, 1, ROOM_BURST, now_ms / SLOWER);
    return (mine > all ? mine : all) * SLOWER;
}

void attempts_failed(
    struct attempts *a, const struct in6_addr *address, const char *room, uint64_t now_ms)
{
    const struct in6_addr key = room_key(room);
    rate_take(a->addresses, address, 1, ADDRESS_BURST, now_ms / SLOWER);
    rate_take(a->rooms, &key, 1, ROOM_BURST, now_ms / SLOWER);
}
