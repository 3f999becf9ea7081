#ifndef MIXER_JITTER_PACKET_QUEUE_H
#define MIXER_JITTER_PACKET_QUEUE_H

/* The encoded packets of one stream that wait for their playout, in order of sequence whatever
 * their order of arrival. Fixed memory (about 27 KiB), nothing allocated after create: payloads lie
 * in chained cells, so that a few large or many small packets fit. Pure; one thread an instance.
 * Sequence numbers are extended (see rtp_timeline.h), so there is no wrap here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PACKET_QUEUE_SLOTS = 128, /* sequence numbers between oldest and newest, at most */
    PACKET_QUEUE_CELLS = 176,
    PACKET_QUEUE_CELL_BYTES = 128, /* 176 of them hold 230 ms of L16/48000 */
};

struct packet_queue;

struct queued_packet {
    int64_t seq;         /* extended */
    int64_t pos;         /* of its first sample, on the stream's time line at 48 kHz */
    uint64_t arrival_us; /* monotonic */
    uint32_t duration;   /* samples at 48 kHz; 0 for comfort noise */
    uint16_t len;        /* of the payload, bytes */
    bool noise;          /* RFC 3389 payload instead of the codec's */
};

/* 0 and an empty queue the caller owns, or -ENOMEM. */
int packet_queue_create(struct packet_queue **qp);
void packet_queue_destroy(struct packet_queue *q); /* NULL is a no-op */

/* Copies p and its payload. 0; -EEXIST: had that one already, also when it was taken since; -ETIME:
 * older than what was taken; -EINVAL: longer than ACODEC_MAX_PACKET_BYTES or all cells. Or the
 * number of older packets (> 0) that were dropped to make room: p is stored then too. */
int packet_queue_put(struct packet_queue *q, const struct queued_packet *p, const uint8_t *payload);

/* The oldest, or NULL; valid until the queue is changed. */
const struct queued_packet *packet_queue_first(const struct packet_queue *q);
/* Copies the oldest one's payload; returns its length. */
size_t packet_queue_payload(const struct packet_queue *q, uint8_t *out, size_t cap);
/* Takes the oldest away; from now on it and all before it are too late. */
void packet_queue_pop(struct packet_queue *q);
/* Forgets everything, also what came before. */
void packet_queue_clear(struct packet_queue *q);

unsigned packet_queue_count(const struct packet_queue *q);
/* Sum of the durations that wait, samples at 48 kHz. */
uint32_t packet_queue_samples(const struct packet_queue *q);

#endif
