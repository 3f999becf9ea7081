#ifndef NET_ICE_STUN_KEY_H
#define NET_ICE_STUN_KEY_H

/* The key of MESSAGE-INTEGRITY: HMAC-SHA1 (RFC 2104; RFC 8489, 14.5) over many short messages.
 * Allocates nothing. Pure. [any] */

#include <stddef.h>
#include <stdint.h>

enum { STUN_SHA1_BYTES = 20, STUN_SHA1_BLOCK = 64 };

/* A short-term password, ready for use. */
struct stun_key {
    uint8_t inner[STUN_SHA1_BLOCK], outer[STUN_SHA1_BLOCK];
};

void stun_key_init(struct stun_key *k, const char *password);
void stun_key_sign(
    const struct stun_key *k, const uint8_t *data, size_t len, uint8_t out[static STUN_SHA1_BYTES]);

#endif
