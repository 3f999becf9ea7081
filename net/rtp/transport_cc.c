#include "net/rtp/transport_cc.h"

#include "net/bytes.h"

#include <errno.h>
#include <string.h>

/* A message (draft-holmer, 3.1), after the four bytes that all RTCP packets begin with:
 *
 *   SSRC of sender, SSRC of media                        4 + 4
 *   first number, how many                               2 + 2
 *   reference time in 64 ms, count of messages           3 + 1
 *   chunks: a symbol for every number                    2 each
 *   deltas: of every number that was received            1 or 2 each, in ticks
 *   zeros up to a multiple of four */
enum {
    HEADER_BYTES = 4,
    FIXED_BYTES = 20, /* up to the chunks */
    FCI_FIXED_BYTES = 8,
    REFERENCE_TICKS = 256,
};

enum symbol { LOST, SMALL, LARGE, RESERVED };

/* Chunks: a run of one symbol, a vector of symbols of one bit, one of two bits. */
enum {
    RUN_MAX = 0x1fff,
    VECTOR = 0x8000,
    TWO_BITS = 0x4000,
    VECTOR1_SYMBOLS = 14,
    VECTOR2_SYMBOLS = 7,
};

/* --- what arrived ----------------------------------------------------------------------------- */
void transport_cc_init(struct transport_cc *t, uint32_t interval_ms)
{
    memset(t, 0, sizeof *t);
    t->interval_ms = interval_ms ? interval_ms : TRANSPORT_CC_INTERVAL_MS;
}

int transport_cc_seq(const struct rtp_packet *p, uint8_t id, uint16_t *seq)
{
    const uint8_t *data;
    int n = rtp_extension_find(p, id, &data);
    if (n != 2)
        return -ENOENT;
    *seq = get16(data);
    return 0;
}

static uint32_t *slot(struct transport_cc *t, uint16_t seq)
{
    return &t->arrival[seq % TRANSPORT_CC_WINDOW];
}

static void begin(struct transport_cc *t, uint16_t seq)
{
    memset(t->arrival, 0, sizeof t->arrival);
    t->base = t->end = seq;
    t->started = true;
    t->due = false;
}

/* Numbers up to seq are expected from now on; what is older than the window is not told. */
static void extend(struct transport_cc *t, uint16_t seq)
{
    uint16_t end = (uint16_t)(seq + 1);
    while (t->end != end)
        *slot(t, t->end++) = 0;
    if ((uint16_t)(t->end - t->base) > TRANSPORT_CC_WINDOW)
        t->base = (uint16_t)(t->end - TRANSPORT_CC_WINDOW);
}

static bool begins_anew(struct transport_cc *t, uint16_t seq)
{
    int ahead = (int16_t)(seq - t->end);
    bool far_behind = ahead < -TRANSPORT_CC_WINDOW;
    bool again = far_behind && t->strayed && seq == (uint16_t)(t->stray + 1);
    t->strayed = far_behind && !again;
    t->stray = seq;
    return again || ahead >= TRANSPORT_CC_WINDOW;
}

void transport_cc_put(
    struct transport_cc *t, uint16_t seq, uint32_t media_ssrc, uint64_t arrival_us)
{
    uint32_t ticks = (uint32_t)(arrival_us / TRANSPORT_CC_TICK_US);
    bool first = !t->started;
    if (first || begins_anew(t, seq)) {
        t->jumps += !first;
        begin(t, seq);
    }
    int ahead = (int16_t)(seq - t->end);
    if (ahead >= 0)
        extend(t, seq);
    if (ahead < -TRANSPORT_CC_WINDOW || *slot(t, seq)) {
        t->duplicates++;
        return;
    }
    if ((int16_t)(seq - t->base) < 0) {
        t->late++;
        t->base = seq;
    }
    *slot(t, seq) = ticks ? ticks : 1;
    t->media_ssrc = media_ssrc;
    t->packets++;
    if (!t->due)
        t->due_us = arrival_us + t->interval_ms * UINT64_C(1000);
    bool half_full = (uint16_t)(t->end - t->base) >= TRANSPORT_CC_WINDOW / 2;
    if (half_full && arrival_us < t->due_us)
        t->due_us = arrival_us;
    t->due = true;
}

bool transport_cc_due(const struct transport_cc *t, uint64_t now_us)
{
    return t->due && now_us >= t->due_us;
}

/* --- a message -------------------------------------------------------------------------------- */
struct message {
    unsigned n;         /* numbers */
    uint32_t reference; /* ticks */
    uint8_t symbol[TRANSPORT_CC_WINDOW];
    int16_t delta[TRANSPORT_CC_WINDOW];
};

static unsigned chunks_for(unsigned n)
{
    return (n + VECTOR2_SYMBOLS - 1) / VECTOR2_SYMBOLS; /* at most */
}

/* Takes as many numbers as fit for certain and have deltas that can be written. */
static void collect(struct transport_cc *t, size_t cap, struct message *m)
{
    unsigned total = (uint16_t)(t->end - t->base);
    size_t delta_bytes = 0;
    uint32_t last = 0;
    bool any = false;
    for (m->n = 0; m->n < total; m->n++) {
        uint32_t ticks = *slot(t, (uint16_t)(t->base + m->n));
        int32_t delta = 0;
        if (ticks && !any)
            last = m->reference = ticks - ticks % REFERENCE_TICKS;
        if (ticks)
            delta = (int32_t)(ticks - last);
        if (delta < INT16_MIN || delta > INT16_MAX)
            return;
        size_t bytes = !ticks ? 0 : delta < 0 || delta > UINT8_MAX ? 2 : 1;
        size_t whole = FIXED_BYTES + 2 * (size_t)chunks_for(m->n + 1) + delta_bytes + bytes;
        if ((whole + 3) / 4 * 4 > cap)
            return;
        m->symbol[m->n] = (uint8_t)bytes; /* LOST, SMALL, LARGE are 0, 1, 2 */
        m->delta[m->n] = (int16_t)delta;
        delta_bytes += bytes;
        any |= ticks != 0;
        last = ticks ? ticks : last;
    }
}

static unsigned run_length(const uint8_t *symbol, unsigned n)
{
    unsigned run = 1;
    while (run < n && run < RUN_MAX && symbol[run] == symbol[0])
        run++;
    return run;
}

/* What a vector of one bit tells: all of its symbols, or it cannot be used. */
static unsigned one_bit_length(const uint8_t *symbol, unsigned n)
{
    unsigned want = n < VECTOR1_SYMBOLS ? n : VECTOR1_SYMBOLS;
    return memchr(symbol, LARGE, want) ? 0 : want;
}

/* The chunk that says most of what is ahead. */
static uint16_t make_chunk(const uint8_t *symbol, unsigned n, unsigned *told)
{
    unsigned run = run_length(symbol, n), one = one_bit_length(symbol, n);
    unsigned two = n < VECTOR2_SYMBOLS ? n : VECTOR2_SYMBOLS;
    unsigned chunk = VECTOR;
    if (run >= one && run >= two) {
        *told = run;
        return (uint16_t)(symbol[0] << 13 | run);
    }
    *told = one >= two ? one : two;
    for (unsigned i = 0; i < *told; i++)
        chunk |= one >= two ? (unsigned)symbol[i] << (VECTOR1_SYMBOLS - 1 - i)
                            : (unsigned)symbol[i] << 2 * (VECTOR2_SYMBOLS - 1 - i);
    return (uint16_t)(one >= two ? chunk : chunk | TWO_BITS);
}

static uint8_t *put_symbols(uint8_t *p, const struct message *m)
{
    for (unsigned i = 0, told; i < m->n; i += told, p += 2)
        put16(p, make_chunk(m->symbol + i, m->n - i, &told));
    for (unsigned i = 0; i < m->n; i++) {
        if (m->symbol[i] == SMALL)
            *p++ = (uint8_t)m->delta[i];
        if (m->symbol[i] != LARGE)
            continue;
        put16(p, (uint16_t)m->delta[i]);
        p += 2;
    }
    return p;
}

static size_t put_message(
    struct transport_cc *t, const struct message *m, uint32_t ssrc, uint8_t *p)
{
    uint8_t *end = put_symbols(p + FIXED_BYTES, m);
    while ((end - p) % 4)
        *end++ = 0;
    p[0] = 2 << 6 | RTCP_RTPFB_TWCC;
    p[1] = RTCP_RTPFB;
    put16(p + 2, (uint16_t)((end - p) / 4 - 1));
    put32(p + 4, ssrc);
    put32(p + 8, t->media_ssrc);
    put16(p + 12, t->base);
    put16(p + 14, (uint16_t)m->n);
    put24(p + 16, m->reference / REFERENCE_TICKS);
    p[19] = t->count++;
    return (size_t)(end - p);
}

int transport_cc_write(struct transport_cc *t, struct rtcp_writer *w, uint32_t ssrc)
{
    size_t cap = w->cap - w->len;
    struct message m = {.n = 0};
    if (!t->due)
        return 0;
    collect(t, cap < TRANSPORT_CC_MAX_BYTES ? cap : TRANSPORT_CC_MAX_BYTES, &m);
    if (!m.n)
        return -ENOSPC;
    w->len += put_message(t, &m, ssrc, w->buf + w->len);
    t->base = (uint16_t)(t->base + m.n);
    t->due = t->base != t->end;
    t->due_us = 0;
    t->messages++;
    return 1;
}

/* --- reader ----------------------------------------------------------------------------------- */
static enum symbol next_symbol(struct transport_cc_reader *r)
{
    if (!r->chunk_left) {
        r->chunk_bits = get16(r->chunk);
        r->chunk += 2;
        r->chunk_left = r->chunk_bits & RUN_MAX;
        if (r->chunk_bits & VECTOR)
            r->chunk_left = r->chunk_bits & TWO_BITS ? VECTOR2_SYMBOLS : VECTOR1_SYMBOLS;
    }
    unsigned left = --r->chunk_left;
    if (!(r->chunk_bits & VECTOR))
        return r->chunk_bits >> 13;
    if (r->chunk_bits & TWO_BITS)
        return r->chunk_bits >> 2 * left & 3;
    return r->chunk_bits >> left & 1;
}

/* Walks all symbols: bytes of the deltas, r->chunk after the last chunk. -EBADMSG: they pass the
 * end, or one that is none. */
static int walk(struct transport_cc_reader *r, const uint8_t *end)
{
    int bytes = 0;
    for (unsigned i = 0; i < r->n; i++) {
        if (!r->chunk_left && (end - r->chunk < 2 || !(get16(r->chunk) & (VECTOR | RUN_MAX))))
            return -EBADMSG;
        enum symbol symbol = next_symbol(r);
        if (symbol == RESERVED)
            return -EBADMSG;
        bytes += (int)symbol;
    }
    return end - r->chunk < bytes ? -EBADMSG : bytes;
}

int transport_cc_read(struct transport_cc_reader *out, const uint8_t *fci, size_t len)
{
    if (len < FCI_FIXED_BYTES)
        return -EBADMSG;
    struct transport_cc_reader r = {
        .base_seq = get16(fci),
        .n = get16(fci + 2),
        .reference = (int32_t)((get24(fci + 4) ^ 0x800000) - 0x800000),
        .count = fci[7],
        .chunk = fci + FCI_FIXED_BYTES,
    };
    r.left = r.n;
    r.ticks = (int64_t)r.reference * REFERENCE_TICKS;
    struct transport_cc_reader ahead = r;
    if (!r.n || walk(&ahead, fci + len) < 0)
        return -EBADMSG;
    r.delta = ahead.chunk;
    *out = r;
    return 0;
}

int transport_cc_next(struct transport_cc_reader *r, struct transport_cc_arrival *out)
{
    if (!r->left)
        return 0;
    enum symbol symbol = next_symbol(r);
    if (symbol == SMALL)
        r->ticks += *r->delta++;
    if (symbol == LARGE) {
        r->ticks += (int16_t)get16(r->delta);
        r->delta += 2;
    }
    *out = (struct transport_cc_arrival){
        .seq = (uint16_t)(r->base_seq + (r->n - r->left)),
        .received = symbol != LOST,
        .time_us = r->ticks * TRANSPORT_CC_TICK_US,
    };
    r->left--;
    return 1;
}
