#ifndef CODECS_RED_H
#define CODECS_RED_H

/* Redundant audio (RFC 2198): a payload that repeats the one or two before it, so that the loss of
 * a packet is made good by the next. A payload format, hence beside the codecs. Pure; nothing is
 * copied but by the history. [any] */

#include <stddef.h>
#include <stdint.h>

enum {
    RED_MAX_BLOCKS = 8,             /* of one payload, the primary among them */
    RED_MAX_OFFSET = (1 << 14) - 1, /* ticks that a redundant block may be older */
    RED_MAX_BYTES = (1 << 10) - 1,  /* of a redundant block */
    RED_HISTORY = 2,                /* payloads that are repeated at most */
    RED_HEADER_BYTES = 4,           /* of a redundant block; the primary has 1 */
};

struct red_block {
    uint8_t pt;
    uint32_t timestamp; /* of RTP, of its first sample */
    const uint8_t *data;
    size_t len; /* the primary of a received payload may be empty: nothing is said */
};

/* Blocks of a payload, oldest as the sender lists them, the primary last; they point into payload.
 * Empty redundant blocks (what the sender had no more) are left out. How many (1 …
 * RED_MAX_BLOCKS), or -EBADMSG: lengths that pass the end, or more blocks. */
int red_unpack(const uint8_t *payload, size_t len, uint32_t timestamp,
    struct red_block out[static RED_MAX_BLOCKS]);

/* The payload of n >= 1 blocks, the primary last; its timestamp is that of the packet. Redundant
 * ones that cannot be told of (too old, not older than the primary, empty, too long) or do not fit
 * beside the primary are left out, oldest first. Bytes, or -ENOSPC (the primary does not fit),
 * -EINVAL. */
int red_pack(const struct red_block *blocks, size_t n, uint8_t *out, size_t cap);

/* --- what was sent before -------------------------------------------------------------------- */
struct red_history {
    unsigned n, newest;
    struct {
        uint8_t pt;
        uint16_t len;
        uint32_t timestamp;
        uint8_t data[RED_MAX_BYTES];
    } slot[RED_HISTORY];
};

void red_history_init(struct red_history *h);
/* Packs a payload with up to depth (<= RED_HISTORY) of those before it. It is not remembered: as
 * red_pack. */
int red_history_pack(const struct red_history *h, const struct red_block *primary, unsigned depth,
    uint8_t *out, size_t cap);
/* Remembers it, for the packets after it, in place of the oldest. One that is too long to be
 * repeated counts as empty. */
void red_history_add(struct red_history *h, const struct red_block *primary);

#endif
