#include "mixer/jitter/packet_queue.h"

#include "codecs/acodec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NO_CELL = UINT16_MAX };

struct slot {
    struct queued_packet packet;
    uint16_t cell; /* first of its chain */
    bool known;    /* packet.seq came once: a second one is a duplicate */
    bool held;     /* and it is still here */
};

struct packet_queue {
    struct slot slots[PACKET_QUEUE_SLOTS]; /* by sequence number modulo the number of slots */
    int64_t floor;                         /* what is before it is too late */
    int64_t head, newest;                  /* oldest that is held; newest that ever came */
    unsigned count;
    uint32_t samples;
    bool started;
    uint16_t free_cell;
    unsigned free_cells;
    uint16_t next[PACKET_QUEUE_CELLS];
    uint8_t cells[PACKET_QUEUE_CELLS][PACKET_QUEUE_CELL_BYTES];
};

static struct slot *slot_of(const struct packet_queue *q, int64_t seq)
{
    return (struct slot *)&q->slots[(uint64_t)seq % PACKET_QUEUE_SLOTS];
}

static unsigned cells_for(size_t len)
{
    return (unsigned)((len + PACKET_QUEUE_CELL_BYTES - 1) / PACKET_QUEUE_CELL_BYTES);
}

int packet_queue_create(struct packet_queue **qp)
{
    struct packet_queue *q = malloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    packet_queue_clear(q);
    *qp = q;
    return 0;
}

void packet_queue_destroy(struct packet_queue *q)
{
    free(q);
}

void packet_queue_clear(struct packet_queue *q)
{
    memset(q->slots, 0, sizeof q->slots);
    q->count = 0;
    q->samples = 0;
    q->floor = INT64_MIN;
    q->head = q->newest = 0;
    q->started = false;
    for (unsigned i = 0; i < PACKET_QUEUE_CELLS; i++)
        q->next[i] = i + 1 < PACKET_QUEUE_CELLS ? (uint16_t)(i + 1) : NO_CELL;
    q->free_cell = 0;
    q->free_cells = PACKET_QUEUE_CELLS;
}

/* The head moves to the oldest packet that is held. */
static void settle_head(struct packet_queue *q)
{
    while (
        q->count > 0 && !(slot_of(q, q->head)->held && slot_of(q, q->head)->packet.seq == q->head))
        q->head++;
}

const struct queued_packet *packet_queue_first(const struct packet_queue *q)
{
    return q->count > 0 ? &slot_of(q, q->head)->packet : NULL;
}

void packet_queue_pop(struct packet_queue *q)
{
    if (q->count == 0)
        return;
    struct slot *s = slot_of(q, q->head);
    for (unsigned n = cells_for(s->packet.len); n > 0; n--) {
        uint16_t following = q->next[s->cell];
        q->next[s->cell] = q->free_cell;
        q->free_cell = s->cell;
        q->free_cells++;
        s->cell = following;
    }
    s->held = false;
    q->count--;
    q->samples -= s->packet.duration;
    q->floor = ++q->head;
    settle_head(q);
}

size_t packet_queue_payload(const struct packet_queue *q, uint8_t *out, size_t cap)
{
    if (q->count == 0)
        return 0;
    const struct slot *s = slot_of(q, q->head);
    size_t len = s->packet.len < cap ? s->packet.len : cap, done = 0;
    for (uint16_t c = s->cell; done < len; c = q->next[c]) {
        size_t n = len - done < PACKET_QUEUE_CELL_BYTES ? len - done : PACKET_QUEUE_CELL_BYTES;
        memcpy(out + done, q->cells[c], n);
        done += n;
    }
    return len;
}

static uint16_t store_payload(struct packet_queue *q, const uint8_t *payload, size_t len)
{
    uint16_t first = NO_CELL, *link = &first;
    for (size_t done = 0; done < len; done += PACKET_QUEUE_CELL_BYTES) {
        uint16_t c = q->free_cell;
        q->free_cell = q->next[c];
        q->free_cells--;
        size_t n = len - done < PACKET_QUEUE_CELL_BYTES ? len - done : PACKET_QUEUE_CELL_BYTES;
        memcpy(q->cells[c], payload + done, n);
        *link = c;
        link = &q->next[c];
    }
    return first;
}

/* Drops from the old end until p fits, both into the slots and into the cells. */
static int make_room(struct packet_queue *q, const struct queued_packet *p)
{
    int dropped = 0;
    while (q->count > 0 &&
           (p->seq - q->head >= PACKET_QUEUE_SLOTS || q->free_cells < cells_for(p->len))) {
        if (p->seq < q->head)
            return -ETIME;
        packet_queue_pop(q);
        dropped++;
    }
    return dropped;
}

static int refuse(const struct packet_queue *q, const struct queued_packet *p)
{
    const struct slot *s = slot_of(q, p->seq);
    if (p->len > ACODEC_MAX_PACKET_BYTES || cells_for(p->len) > PACKET_QUEUE_CELLS)
        return -EINVAL;
    if (s->known && s->packet.seq == p->seq)
        return -EEXIST;
    if (q->started && (p->seq < q->floor || q->newest - p->seq >= PACKET_QUEUE_SLOTS))
        return -ETIME;
    return 0;
}

int packet_queue_put(struct packet_queue *q, const struct queued_packet *p, const uint8_t *payload)
{
    int e = refuse(q, p);
    if (e < 0)
        return e;
    int dropped = make_room(q, p);
    if (dropped < 0)
        return dropped;
    struct slot *s = slot_of(q, p->seq);
    s->packet = *p;
    s->cell = store_payload(q, payload, p->len);
    s->known = s->held = true;
    if (q->count == 0 || p->seq < q->head)
        q->head = p->seq;
    if (!q->started || p->seq > q->newest)
        q->newest = p->seq;
    q->started = true;
    q->count++;
    q->samples += p->duration;
    return dropped;
}

unsigned packet_queue_count(const struct packet_queue *q)
{
    return q->count;
}

uint32_t packet_queue_samples(const struct packet_queue *q)
{
    return q->samples;
}
