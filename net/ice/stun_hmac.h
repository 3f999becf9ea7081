#ifndef NET_ICE_STUN_HMAC_H
#define NET_ICE_STUN_HMAC_H

/* MESSAGE-INTEGRITY of STUN: HMAC-SHA1 (RFC 2104; RFC 8489, 14.5) over many short messages with
 * many keys. One digest is used again for all: nothing is allocated after create. One a thread.
 * [any] */

#include <stddef.h>
#include <stdint.h>

enum { STUN_SHA1_BYTES = 20 };

struct stun_hmac;
int stun_hmac_create(struct stun_hmac **hp); /* 0, or -ENOMEM */
void stun_hmac_destroy(struct stun_hmac *h); /* NULL is a no-op */

/* A short-term password, ready for use. */
struct stun_key {
    uint8_t inner[64], outer[64];
};
/* 0, or -EIO. */
int stun_key_init(struct stun_key *k, struct stun_hmac *h, const char *password);

/* The digest of data. 0, or -EIO. */
int stun_hmac_sign(struct stun_hmac *h, const struct stun_key *k, const uint8_t *data, size_t len,
    uint8_t out[static STUN_SHA1_BYTES]);

#endif
