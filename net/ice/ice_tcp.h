#ifndef NET_ICE_ICE_TCP_H
#define NET_ICE_ICE_TCP_H

/* Passive ICE-TCP (RFC 6544): listeners, and connections that carry packets as RFC 4571 frames
 * them. Nothing blocks; connections are bounded in number, in time until they are claimed, and in
 * what waits to be sent. Knows nothing of sessions. [loop] */

#include "net/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ICE_TCP_UNCLAIMED_MS = 10000, /* a connection that nobody claims ends */
    ICE_TCP_UNSENT_MAX = 8192,    /* bytes that the kernel has not sent yet; with more, packets are
                                     dropped: out of a longer queue they would come too late */
    ICE_TCP_RUN_BYTES = 65536,    /* read from one connection a run */
    ICE_TCP_ACCEPTS_A_RUN = 32,   /* of a listener */
};

struct ice_tcp;
struct ice_tcp_conn;

/* Connections. A host is an IPv4 address or an IPv6 /64. */
struct ice_tcp_config {
    unsigned max, max_per_host;
    unsigned max_unclaimed, max_unclaimed_per_host; /* among them */
};

struct ice_tcp_events {
    /* A packet, as udp_recv_fn has it. The connection may be closed from within. */
    void (*packet)(struct ice_tcp_conn *c, uint8_t *pkt, size_t len, uint64_t now_us, void *arg);
    /* A claimed connection has ended by itself; it is gone when this returns. */
    void (*gone)(struct ice_tcp_conn *c, void *arg);
};

struct ice_tcp_stats {
    unsigned connections;
    uint64_t accepted;
    uint64_t refused;  /* over a bound */
    uint64_t expired;  /* never claimed */
    uint64_t oversize; /* frames longer than any packet; unclaimed, the connection ends */
    uint64_t dropped;  /* packets out */
};

/* A listening, non-blocking socket, or a negative errno: -EADDRINUSE … only (n_only 0: anybody):
 * see own_host_only(). [any] */
int ice_tcp_listen(const struct net_addr *local, const struct net_addr *only, size_t n_only);

/* Takes the connections of n listeners; their fds stay the caller's. 0 and a set the caller owns,
 * or -ENOMEM, -EMFILE … ev outlives it. [any] */
int ice_tcp_create(struct ice_tcp **tp, const struct ice_tcp_config *cfg, const int *listeners,
    size_t n, const struct ice_tcp_events *ev, void *arg);
void ice_tcp_destroy(
    struct ice_tcp *t); /* ends connections, tells nothing; NULL is a no-op [any] */
/* Accepts, reads, writes what waits, ends what is overdue; without waiting. Not from an event. */
void ice_tcp_run(struct ice_tcp *t, uint64_t now_us);
void ice_tcp_stats(const struct ice_tcp *t, struct ice_tcp_stats *out);

const struct net_addr *ice_tcp_remote(const struct ice_tcp_conn *c);
uint32_t ice_tcp_id(const struct ice_tcp_conn *c); /* above 0x7fffffff; of no other connection */
/* It belongs to somebody now and may last. */
void ice_tcp_claim(struct ice_tcp_conn *c, void *owner);
void *ice_tcp_owner(const struct ice_tcp_conn *c); /* NULL: unclaimed */
void ice_tcp_close(struct ice_tcp_conn *c);        /* no event follows; NULL is a no-op */
/* One packet as a frame. 0, or the packet is dropped: -EAGAIN (the peer is slow), -EPIPE (the
 * connection ends), -EINVAL (size). */
int ice_tcp_send(struct ice_tcp_conn *c, const uint8_t *pkt, size_t len);

#endif
