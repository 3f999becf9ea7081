#ifndef NET_ICE_STUN_H
#define NET_ICE_STUN_H

/* STUN messages as ICE uses them: RFC 8489, the attributes of RFC 8445, and the nomination counter
 * that renominating clients send. Nothing is copied: a parsed message points into the packet.
 * Pure. [any] */

#include "net/addr.h"
#include "net/ice/stun_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUN_HEADER_BYTES = 20,
    STUN_TRANSACTION_BYTES = 12,
    STUN_BINDING = 1,       /* the one method of ICE */
    STUN_MAX_BYTES = 1500,  /* longer messages are refused */
    STUN_MAX_UNKNOWN = 8,   /* unknown attributes that are told */
    STUN_RESPONSE_MAX = 128 /* room for any answer of ours */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

struct stun_message {
    uint16_t method;
    enum stun_class class;
    const uint8_t *transaction;
    const char *username; /* not terminated; NULL: none */
    size_t username_len;
    size_t integrity_at; /* offset of MESSAGE-INTEGRITY; 0: none */
    bool fingerprint;    /* there, and right */
    bool use_candidate;
    bool has_priority, has_nomination, has_controlling, has_controlled, has_mapped;
    uint32_t priority;
    uint32_t nomination;
    uint64_t tie_breaker; /* of ICE-CONTROLLING or ICE-CONTROLLED */
    struct net_addr mapped;
    uint16_t error;                     /* 300 … 699; 0: none */
    uint16_t unknown[STUN_MAX_UNKNOWN]; /* comprehension-required attributes that we do not know */
    unsigned n_unknown;
};

/* Whether the first byte and the magic cookie are STUN's (RFC 7983, 8489). */
bool stun_is(const uint8_t *pkt, size_t len);
/* A whole message. 0, or -EBADMSG and out untouched: not STUN, a length that is not the packet's,
 * an attribute that passes the end or has a size not its own, a wrong FINGERPRINT or one that is
 * not last. Of an attribute that is there twice the first counts; what follows MESSAGE-INTEGRITY
 * is not heeded, except FINGERPRINT (RFC 8489, 14.5). */
int stun_parse(struct stun_message *out, const uint8_t *pkt, size_t len);

/* Whether MESSAGE-INTEGRITY is there and was made with k. In constant time. pkt is the message that
 * m was parsed from; it comes back as it was. */
bool stun_verify(const struct stun_message *m, uint8_t *pkt, const struct stun_key *k);

/* --- building -------------------------------------------------------------------------------- */
struct stun_writer {
    uint8_t *buf;
    size_t cap, len;
    bool full; /* something did not fit: stun_finish says so */
};

void stun_begin(struct stun_writer *w, uint8_t *buf, size_t cap, enum stun_class class,
    const uint8_t transaction[static STUN_TRANSACTION_BYTES]);
void stun_put_username(struct stun_writer *w, const char *username);
void stun_put_priority(struct stun_writer *w, uint32_t priority);
void stun_put_use_candidate(struct stun_writer *w);
void stun_put_nomination(struct stun_writer *w, uint32_t nomination);
void stun_put_controlling(struct stun_writer *w, uint64_t tie_breaker);
void stun_put_controlled(struct stun_writer *w, uint64_t tie_breaker);
void stun_put_xor_mapped(struct stun_writer *w, const struct net_addr *a);
void stun_put_error(struct stun_writer *w, uint16_t code);
void stun_put_unknown(struct stun_writer *w, const uint16_t *types, unsigned n);
/* MESSAGE-INTEGRITY (k NULL: none) and FINGERPRINT. Bytes of the message, or -ENOSPC. */
int stun_finish(struct stun_writer *w, const struct stun_key *k);

#endif
