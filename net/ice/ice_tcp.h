#ifndef NET_ICE_ICE_TCP_H
#define NET_ICE_ICE_TCP_H

/* Passive ICE-TCP (RFC 6544): listeners and connections that carry packets in the framing of
 * RFC 4571 (two bytes of length, big-endian). Nothing blocks; connections are bounded in number,
 * in time until they are claimed for a session, and in what waits to be sent. Knows nothing of
 * sessions. [loop] */

#include "net/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ICE_TCP_FRAME_HEADER = 2,
    ICE_TCP_UNCLAIMED_MS = 10000, /* a connection nobody claims ends */
    ICE_TCP_UNSENT_MAX = 8192,    /* bytes the kernel has not sent yet: more is dropped, since what
                                     comes out of a longer queue comes too late */
    ICE_TCP_RUN_BYTES = 65536,    /* read from one connection a run */
    ICE_TCP_ACCEPTS_A_RUN = 32
};

/* --- frames: pure ---------------------------------------------------------------------------- */
struct ice_frame_reader; /* of one connection */
/* pkt as udp_recv_fn has it: may be changed, UDP_MAX_DATAGRAM bytes of room, aligned to 16. True:
 * go on; false: read no further. */
typedef bool ice_frame_fn(uint8_t *pkt, size_t len, void *arg);

int ice_frame_reader_create(struct ice_frame_reader **rp); /* 0, or -ENOMEM */
void ice_frame_reader_destroy(struct ice_frame_reader *r);
/* The next bytes of the stream, cut anyhow. Empty frames are passed over, so are those longer than
 * UDP_MAX_DATAGRAM: returns how many of the latter. */
unsigned ice_frame_read(
    struct ice_frame_reader *r, const uint8_t *data, size_t len, ice_frame_fn *fn, void *arg);

/* --- connections ----------------------------------------------------------------------------- */
struct ice_tcp;
struct ice_tcp_conn;

struct ice_tcp_config {
    unsigned max, max_per_host;                     /* connections */
    unsigned max_unclaimed, max_unclaimed_per_host; /* of these */
};

struct ice_tcp_events {
    /* A packet. The connection may be closed from within. */
    void (*packet)(struct ice_tcp_conn *c, uint8_t *pkt, size_t len, uint64_t now_us, void *arg);
    /* The connection has ended by itself and is gone when this returns. Not told after
     * ice_tcp_close. */
    void (*gone)(struct ice_tcp_conn *c, void *arg);
};

struct ice_tcp_stats {
    unsigned connections;
    uint64_t accepted, refused, expired; /* refused: over a bound */
    uint64_t oversize;                   /* frames in */
    uint64_t dropped;                    /* packets out */
};

/* A listening, non-blocking socket, or a negative errno: -EADDRINUSE … [any] */
int ice_tcp_listen(const struct net_addr *local);

/* Takes connections of n listeners; the fds stay the caller's. 0 and a set the caller owns, or
 * -ENOMEM, -EMFILE … ev outlives it. */
int ice_tcp_create(struct ice_tcp **tp, const struct ice_tcp_config *cfg, const int *listeners,
    size_t n, const struct ice_tcp_events *ev, void *arg);
void ice_tcp_destroy(struct ice_tcp *t); /* ends its connections, tells nothing; NULL is a no-op */
/* Accepts, reads, writes what waits, ends what is overdue; without waiting. */
void ice_tcp_run(struct ice_tcp *t, uint64_t now_us);
void ice_tcp_stats(const struct ice_tcp *t, struct ice_tcp_stats *out);

const struct net_addr *ice_tcp_remote(const struct ice_tcp_conn *c);
uint32_t ice_tcp_id(const struct ice_tcp_conn *c); /* never 0, of no other connection */
void ice_tcp_claim(struct ice_tcp_conn *c); /* it belongs to a session: no longer limited in time */
void ice_tcp_close(struct ice_tcp_conn *c); /* NULL is a no-op */
/* One packet as a frame. 0, or -EAGAIN (the peer is slow: dropped as a whole), -EPIPE (it ends),
 * -EINVAL (size). */
int ice_tcp_send(struct ice_tcp_conn *c, const uint8_t *pkt, size_t len);

#endif
