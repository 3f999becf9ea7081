#ifndef NET_ICE_ICE_INTERNAL_H
#define NET_ICE_ICE_INTERNAL_H

/* What ice_port.c (sockets, demultiplexer) and ice_session.c (sessions, the two tables by which
 * packets find them) share. [loop] */

#include "net/ice/ice_port.h"
#include "net/ice/ice_tcp.h"
#include "net/udp_poller.h"

enum { ICE_BUCKETS = 4096 }; /* of each table; a power of two */

struct ice_session;

/* Embedded in sessions: an ufrag, or a UDP path. */
struct ice_node {
    struct ice_node *next, **prev; /* prev NULL: not in the table */
    struct ice_session *session;
};

struct ice_socket {
    struct ice_port *port;
    struct net_addr local;
    uint32_t link; /* its index */
    int fd;
    struct udp_receiver *receiver;
};

struct ice_port {
    struct ice_socket sockets[ICE_PORT_MAX_LOCAL];
    int listeners[ICE_PORT_MAX_LOCAL]; /* -1: none */
    size_t n_sockets;
    struct ice_tcp *tcp;       /* NULL: UDP only */
    struct udp_poller *poller; /* NULL: stopped */
    struct udp_poller_hook hook;
    struct send_batch *batch;
    uint64_t now_us, seed; /* seed of the tables: addresses are chosen by others */
    struct ice_node *by_ufrag[ICE_BUCKETS], *by_path[ICE_BUCKETS];
    struct ice_port_stats stats;
};

struct ice_session {
    struct ice_port *port;
    struct ice_lite agent;
    const struct ice_session_events *ev;
    void *arg;
    struct ice_node now, before; /* ufrags of the agent's generations */
    struct ice_node paths[ICE_PATHS_MAX];
    struct ice_tcp_conn *conns[ICE_PATHS_MAX]; /* of TCP paths */
    int came_by;                               /* slot of the path of the packet in hand */
};

/* A udp_recv_fn: whatever comes to a struct ice_socket. */
void ice_port_datagram(
    uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us, void *arg);

/* ufrag is not terminated. NULL: nobody's. */
struct ice_session *ice_session_by_ufrag(struct ice_port *p, const char *ufrag, size_t len);
struct ice_session *ice_session_by_route(struct ice_port *p, const struct ice_route *r);
/* Of a packet by a connection that the session has claimed. */
void ice_session_came_by(struct ice_session *s, const struct ice_tcp_conn *conn);
/* Whether its peer may still be there: then no other session gets the address. */
bool ice_session_holds(const struct ice_session *s, const struct ice_route *r, uint64_t now_us);
/* After a check: the tables and connections as the agent has it now; tells what has changed. conn:
 * the connection it came by, NULL: UDP. */
void ice_session_follow(
    struct ice_session *s, const struct ice_outcome *o, struct ice_tcp_conn *conn);
void ice_session_lost(struct ice_session *s, const struct ice_tcp_conn *conn);

#endif
