#ifndef NET_UDP_POLLER_H
#define NET_UDP_POLLER_H

/* Receiving from many UDP sockets when the media loop says so, once before each tick, instead of
 * whenever a packet comes: nothing is heard before the next tick anyway, and a thread that is not
 * woken for every packet costs a fraction. Arrival times are the kernel's, so they are exact
 * whenever a packet is read. One a media loop. [loop] */

#include "net/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
    UDP_BATCH = 32,            /* datagrams a recvmmsg */
    UDP_MAX_RUN = 64,          /* datagrams of one socket a run: a flood waits, and is dropped, in
                                  the socket's own buffer and costs nobody else */
    UDP_MAX_RUN_SHARED = 2048, /* of a socket that carries many peers */
    UDP_MAX_DATAGRAM = 4352,   /* bytes received; longer ones are dropped. L16/48000, 40 ms fits */
    UDP_MAX_AGE_US = 1000000,  /* arrival is never told to be longer ago */
};

struct udp_poller;
struct udp_receiver;

/* One datagram. pkt may be changed in place, has UDP_MAX_DATAGRAM bytes of room, starts at a
 * multiple of 16 and is gone when the callback returns. arrival_us is CLOCK_MONOTONIC. Receivers
 * may be closed from within. */
typedef void udp_recv_fn(
    uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us, void *arg);

struct udp_receiver_stats {
    uint64_t packets, bytes, truncated;
    uint64_t errors; /* of the socket; above all ICMP saying that nobody listens where we send */
};

/* 0 and a poller the caller owns, or -ENOMEM, -EMFILE … */
int udp_poller_create(struct udp_poller **pp);
void udp_poller_destroy(struct udp_poller *p); /* after its receivers; NULL is a no-op */
/* Takes what has come, without waiting. Not to be called from a callback. */
void udp_poller_run(struct udp_poller *p);
/* Becomes readable when a run would find something. */
int udp_poller_fd(const struct udp_poller *p);

/* Receives from fd until closed. The fd stays the caller's. 0 or a negative errno. */
int udp_receiver_open(
    struct udp_receiver **rp, struct udp_poller *p, int fd, udp_recv_fn *recv, void *arg);
/* The same for a socket that many peers are sent to by: it may have more to receive, and is not
 * told of ICMP errors, since the kernel would fail the next packet to whomever for them. */
int udp_receiver_open_shared(
    struct udp_receiver **rp, struct udp_poller *p, int fd, udp_recv_fn *recv, void *arg);
/* No callback comes after this; the fd may be closed. NULL is a no-op. */
void udp_receiver_close(struct udp_receiver *r);
void udp_receiver_stats(const struct udp_receiver *r, struct udp_receiver_stats *out);

/* What else is to be looked at whenever the poller runs, after its sockets. Embedded in its owner,
 * who sets run and arg; it may remove itself from within. */
struct udp_poller_hook {
    struct udp_poller_hook *next, **prev;
    void (*run)(uint64_t now_us, void *arg);
    void *arg;
};
void udp_poller_hook_add(struct udp_poller *p, struct udp_poller_hook *h);
void udp_poller_hook_remove(struct udp_poller_hook *h); /* once more is a no-op */

#endif
