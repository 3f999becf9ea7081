#ifndef NET_SEND_BATCH_H
#define NET_SEND_BATCH_H

/* The packets of a tick, sent with as few system calls as possible: runs of one fd by sendmmsg.
 * Nothing is allocated after create; nothing blocks; a packet the kernel does not take is counted
 * and forgotten (the next tick brings a fresher one). One a media loop. [loop] */

#include "net/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SEND_BATCH_MAX_HEADER = 64, /* RTP header with extensions */
    SEND_BATCH_MAX_PACKET = 4352
};

struct send_batch;

struct send_batch_stats {
    uint64_t packets, bytes; /* taken by the kernel */
    uint64_t syscalls;
    uint64_t refused; /* ECONNREFUSED, EHOSTUNREACH, ENETUNREACH … */
    uint64_t full;    /* dropped: socket or system buffers full */
    uint64_t errors;  /* any other */
};

/* Room for `packets` packets and `bytes` of owned packets (>= SEND_BATCH_MAX_PACKET). When either
 * is full the batch flushes by itself. 0 and a batch the caller owns, or -EINVAL, -ENOMEM. */
int send_batch_create(struct send_batch **bp, size_t packets, size_t bytes);
void send_batch_destroy(struct send_batch *b); /* sends nothing; NULL is a no-op */

/* Header (copied, <= SEND_BATCH_MAX_HEADER) and payload (by reference: it must stay as it is
 * until the next send_batch_flush returns). 0, or -EINVAL (sizes, fd, unset address). */
int send_batch_add(struct send_batch *b, int fd, const struct net_addr *to, const uint8_t *header,
    size_t header_len, const uint8_t *payload, size_t payload_len);

/* A buffer of `cap` bytes (<= SEND_BATCH_MAX_PACKET), 16-byte aligned, to build one packet in
 * (SRTP, RTCP); NULL when cap is too much. Then either commit its first len bytes, or do nothing
 * to drop it. One reservation at a time. */
uint8_t *send_batch_reserve(struct send_batch *b, size_t cap);
int send_batch_commit(struct send_batch *b, int fd, const struct net_addr *to, size_t len);
/* The open reservation, for whoever sends it by other means; NULL: none, or it is smaller. */
const uint8_t *send_batch_reserved(const struct send_batch *b, size_t len);

/* Sends everything, in the order added for each fd: to be called before one of them is closed.
 * Returns the packets the kernel took. */
size_t send_batch_flush(struct send_batch *b);
void send_batch_stats(const struct send_batch *b, struct send_batch_stats *out);

#endif
