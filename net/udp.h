#ifndef NET_UDP_H
#define NET_UDP_H

/* UDP sockets of our own (plain fds) and the pool of media ports. */

#include "net/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct udp_options {
    int rcvbuf_bytes; /* 0: UDP_DEFAULT_BUFFER; the kernel may give less */
    int sndbuf_bytes;
    bool dscp_ef; /* mark packets Expedited Forwarding (RFC 3246, 8837) */
};
enum { UDP_DEFAULT_BUFFER = 256 * 1024 };

/* A bound, non-blocking, close-on-exec socket, or a negative errno: -EADDRINUSE when anyone holds
 * the port (no address is ever shared), -EADDRNOTAVAIL, -EMFILE … opt may be NULL. [any] */
int udp_bind(const struct net_addr *local, const struct udp_options *opt);
/* The address an fd is bound to (with the port that was chosen for port 0). 0 or a negative errno.
 * [any] */
int udp_local(int fd, struct net_addr *out);

/* --- ports for SDP peers -----------------------------------------------------------------------
 * A range of ports, handed out from a random place on, each at most once at a time. [any] */
struct udp_pool;

struct udp_ports {
    uint16_t port; /* of RTP: even when there is a pair */
    int rtp_fd;
    int rtcp_fd; /* -1: RTCP comes on the RTP port (RFC 5761) */
};

/* Ports first … last on the IP of local (its port is ignored). 0 and a pool the caller owns, or
 * -EINVAL (empty range, or below 1024), -ENOMEM. seed: of the random start. */
int udp_pool_create(struct udp_pool **pp, const struct net_addr *local, uint16_t first,
    uint16_t last, const struct udp_options *opt, uint64_t seed);
void udp_pool_destroy(struct udp_pool *p); /* all ports must be back; NULL is a no-op */
/* An even port and the odd one above it (pair), or a single one. 0; -ENOBUFS when the range is
 * exhausted; another negative errno (-EMFILE, -EADDRNOTAVAIL …) when the system refuses. */
int udp_pool_take(struct udp_pool *p, bool pair, struct udp_ports *out);
/* Closes the sockets and gives the ports back. Close receivers on them first. */
void udp_pool_give(struct udp_pool *p, struct udp_ports *ports);
unsigned udp_pool_in_use(const struct udp_pool *p); /* ports */

#endif
