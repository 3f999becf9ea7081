#include "net/send_batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum { ALIGNMENT = 16, MAX_PACKETS = 1024 /* the kernel's limit of one sendmmsg */ };

struct entry {
    int fd;
    struct sockaddr_storage to;
    struct iovec iov[2];
    uint8_t header[SEND_BATCH_MAX_HEADER];
};

struct send_batch {
    size_t cap, n;          /* packets */
    size_t arena_cap, used; /* bytes of owned packets */
    size_t reserved;        /* size of the open reservation, 0: none */
    struct entry *entries;  /* parallel to msgs */
    struct mmsghdr *msgs;
    uint8_t *arena;
    struct send_batch_stats stats;
};

int send_batch_create(struct send_batch **bp, size_t packets, size_t bytes)
{
    if (packets == 0 || packets > MAX_PACKETS || bytes < SEND_BATCH_MAX_PACKET)
        return -EINVAL;
    struct send_batch *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    b->cap = packets;
    b->arena_cap = bytes / ALIGNMENT * ALIGNMENT;
    b->entries = calloc(packets, sizeof *b->entries);
    b->msgs = calloc(packets, sizeof *b->msgs);
    b->arena = aligned_alloc(ALIGNMENT, b->arena_cap);
    if (!b->entries || !b->msgs || !b->arena) {
        send_batch_destroy(b);
        return -ENOMEM;
    }
    for (size_t i = 0; i < packets; i++) {
        b->msgs[i].msg_hdr.msg_name = &b->entries[i].to;
        b->msgs[i].msg_hdr.msg_iov = b->entries[i].iov;
    }
    *bp = b;
    return 0;
}

void send_batch_destroy(struct send_batch *b)
{
    if (!b)
        return;
    free(b->entries);
    free(b->msgs);
    free(b->arena);
    free(b);
}

/* The next entry with its address set, or NULL. */
static struct entry *append(struct send_batch *b, int fd, const struct net_addr *to)
{
    if (b->n == b->cap)
        send_batch_flush(b);
    struct entry *e = &b->entries[b->n];
    socklen_t len = net_addr_to_sockaddr(to, &e->to);
    if (fd < 0 || len == 0)
        return NULL;
    e->fd = fd;
    b->msgs[b->n].msg_hdr.msg_namelen = len;
    b->n++;
    return e;
}

int send_batch_add(struct send_batch *b, int fd, const struct net_addr *to, const uint8_t *header,
    size_t header_len, const uint8_t *payload, size_t payload_len)
{
    if (header_len > SEND_BATCH_MAX_HEADER || header_len + payload_len > SEND_BATCH_MAX_PACKET)
        return -EINVAL;
    struct entry *e = append(b, fd, to);
    if (!e)
        return -EINVAL;
    memcpy(e->header, header, header_len);
    e->iov[0] = (struct iovec){.iov_base = e->header, .iov_len = header_len};
    e->iov[1] = (struct iovec){.iov_base = (void *)payload, .iov_len = payload_len};
    b->msgs[b->n - 1].msg_hdr.msg_iovlen = 2;
    return 0;
}

uint8_t *send_batch_reserve(struct send_batch *b, size_t cap)
{
    size_t need = (cap + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (cap == 0 || cap > SEND_BATCH_MAX_PACKET)
        return NULL;
    /* Both kinds of room are made now: a flush at commit would give the arena away. */
    if (need > b->arena_cap - b->used || b->n == b->cap)
        send_batch_flush(b);
    b->reserved = cap;
    return b->arena + b->used;
}

int send_batch_commit(struct send_batch *b, int fd, const struct net_addr *to, size_t len)
{
    if (len == 0 || len > b->reserved)
        return -EINVAL;
    uint8_t *data = b->arena + b->used;
    b->reserved = 0;
    struct entry *e = append(b, fd, to);
    if (!e)
        return -EINVAL;
    e->iov[0] = (struct iovec){.iov_base = data, .iov_len = len};
    b->msgs[b->n - 1].msg_hdr.msg_iovlen = 1;
    b->used += (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return 0;
}

const uint8_t *send_batch_reserved(const struct send_batch *b, size_t len)
{
    return len > 0 && len <= b->reserved ? b->arena + b->used : NULL;
}

static void count_sent(struct send_batch *b, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        b->stats.bytes += b->msgs[i].msg_len;
    b->stats.packets += n;
}

/* Counts the failure of the first of `left` packets of a run; returns how many to pass over. */
static size_t count_error(struct send_batch *b, int err, size_t left)
{
    switch (err) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM: /* the rest of the run would find the same */
        b->stats.full += left;
        return left;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        b->stats.refused++;
        return 1;
    default:
        b->stats.errors++;
        return 1;
    }
}

/* Sends packets from … from+n, all of one fd. */
static size_t send_run(struct send_batch *b, size_t from, size_t n)
{
    size_t taken = 0, end = from + n;
    int fd = b->entries[from].fd, interrupted = 0;
    while (from < end) {
        int r = sendmmsg(fd, &b->msgs[from], (unsigned)(end - from), MSG_DONTWAIT);
        b->stats.syscalls++;
        if (r > 0) {
            count_sent(b, from, (size_t)r);
            taken += (size_t)r;
            from += (size_t)r;
        } else if (r < 0 && errno == EINTR && interrupted++ == 0) {
            continue; /* nothing was tried yet */
        } else {
            from += count_error(b, errno, end - from);
        }
    }
    return taken;
}

size_t send_batch_flush(struct send_batch *b)
{
    size_t taken = 0;
    for (size_t i = 0; i < b->n;) {
        size_t run = 1;
        while (i + run < b->n && b->entries[i + run].fd == b->entries[i].fd)
            run++;
        taken += send_run(b, i, run);
        i += run;
    }
    b->n = b->used = b->reserved = 0;
    return taken;
}

void send_batch_stats(const struct send_batch *b, struct send_batch_stats *out)
{
    *out = b->stats;
}
