#include "codecs/red.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { MORE = 0x80, PT_MASK = 0x7f, PRIMARY_HEADER_BYTES = 1 };

/* --- in --------------------------------------------------------------------------------------- */
/*  0                   1                    2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |F|   block PT  |  timestamp offset         |   block length    |    F 0: the primary, one byte
 */
static void read_header(const uint8_t *h, uint32_t timestamp, struct red_block *out)
{
    uint32_t word = (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 | h[3];
    out->pt = h[0] & PT_MASK;
    out->timestamp = timestamp - (word >> 10);
    out->len = word & RED_MAX_BYTES;
}

/* Headers of all blocks, without their data: how many, with *used bytes; or -EBADMSG. */
static int read_headers(
    const uint8_t *payload, size_t len, uint32_t timestamp, struct red_block *out, size_t *used)
{
    size_t at = 0;
    int n = 0;
    while (at < len && payload[at] & MORE) {
        if (n == RED_MAX_BLOCKS - 1 || len - at < RED_HEADER_BYTES)
            return -EBADMSG;
        read_header(payload + at, timestamp, &out[n++]);
        at += RED_HEADER_BYTES;
    }
    if (at == len)
        return -EBADMSG;
    out[n++] = (struct red_block){.pt = payload[at], .timestamp = timestamp};
    *used = at + PRIMARY_HEADER_BYTES;
    return n;
}

int red_unpack(const uint8_t *payload, size_t len, uint32_t timestamp,
    struct red_block out[static RED_MAX_BLOCKS])
{
    struct red_block block[RED_MAX_BLOCKS];
    size_t at;
    int n = read_headers(payload, len, timestamp, block, &at), kept = 0;
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++) {
        bool primary = i == n - 1;
        if (primary)
            block[i].len = len - at;
        else if (block[i].len > len - at)
            return -EBADMSG;
        block[i].data = payload + at;
        at += block[i].len;
        if (primary || block[i].len)
            block[kept++] = block[i];
    }
    memcpy(out, block, (size_t)kept * sizeof *out);
    return kept;
}

/* --- out -------------------------------------------------------------------------------------- */
static bool can_repeat(const struct red_block *b, const struct red_block *primary)
{
    uint32_t offset = primary->timestamp - b->timestamp;
    return b->len && b->len <= RED_MAX_BYTES && offset && offset <= RED_MAX_OFFSET &&
           b->pt <= PT_MASK;
}

static uint8_t *write_header(uint8_t *to, const struct red_block *b, uint32_t timestamp)
{
    uint32_t word = (timestamp - b->timestamp) << 10 | (uint32_t)b->len;
    to[0] = MORE | b->pt;
    to[1] = (uint8_t)(word >> 16);
    to[2] = (uint8_t)(word >> 8);
    to[3] = (uint8_t)word;
    return to + RED_HEADER_BYTES;
}

static uint8_t *write_data(uint8_t *to, const struct red_block *b)
{
    if (b->len)
        memcpy(to, b->data, b->len);
    return to + b->len;
}

int red_pack(const struct red_block *blocks, size_t n, uint8_t *out, size_t cap)
{
    const struct red_block *take[RED_MAX_BLOCKS], *primary;
    size_t n_take = 0;
    if (!n || blocks[n - 1].pt > PT_MASK)
        return -EINVAL;
    primary = &blocks[n - 1];
    if (cap < PRIMARY_HEADER_BYTES || cap - PRIMARY_HEADER_BYTES < primary->len)
        return -ENOSPC;
    size_t left = cap - PRIMARY_HEADER_BYTES - primary->len;
    for (size_t i = n - 1; i-- > 0 && n_take < RED_MAX_BLOCKS - 1;) {
        if (!can_repeat(&blocks[i], primary))
            continue;
        if (left < RED_HEADER_BYTES + blocks[i].len)
            break;
        left -= RED_HEADER_BYTES + blocks[i].len;
        take[n_take++] = &blocks[i];
    }

    uint8_t *to = out;
    for (size_t i = n_take; i-- > 0;)
        to = write_header(to, take[i], primary->timestamp);
    *to++ = primary->pt;
    for (size_t i = n_take; i-- > 0;)
        to = write_data(to, take[i]);
    to = write_data(to, primary);
    return (int)(to - out);
}

/* --- what was sent before --------------------------------------------------------------------- */
void red_history_init(struct red_history *h)
{
    h->n = h->newest = 0;
}

int red_history_pack(const struct red_history *h, const struct red_block *primary, unsigned depth,
    uint8_t *out, size_t cap)
{
    struct red_block blocks[RED_HISTORY + 1];
    size_t n = 0;
    unsigned use = depth < h->n ? depth : h->n;
    for (unsigned i = use; i-- > 0;) {
        unsigned k = (h->newest + RED_HISTORY - i) % RED_HISTORY;
        blocks[n++] = (struct red_block){
            h->slot[k].pt, h->slot[k].timestamp, h->slot[k].data, h->slot[k].len};
    }
    blocks[n++] = *primary;
    return red_pack(blocks, n, out, cap);
}

void red_history_add(struct red_history *h, const struct red_block *primary)
{
    h->newest = (h->newest + 1) % RED_HISTORY;
    if (h->n < RED_HISTORY)
        h->n++;
    h->slot[h->newest].pt = primary->pt;
    h->slot[h->newest].timestamp = primary->timestamp;
    h->slot[h->newest].len = (uint16_t)(primary->len <= RED_MAX_BYTES ? primary->len : 0);
    if (h->slot[h->newest].len)
        memcpy(h->slot[h->newest].data, primary->data, primary->len);
}
