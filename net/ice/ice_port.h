#ifndef NET_ICE_ICE_PORT_H
#define NET_ICE_ICE_PORT_H

/* All ICE sessions of a media loop on one port number: UDP on each of a list of addresses, and
 * passive ICE-TCP (RFC 6544) beside it. Packets are told apart by their first byte (RFC 7983):
 *
 *   STUN            finds its session by the ufrag and is answered here, if it proves the password
 *   DTLS, RTP/RTCP  go to the session whose peer has proved, by such a check, to be at the address
 *                   they come from
 *   all else        is dropped and counted; nothing is answered, so nobody can tell we are here
 *
 * Finding a session costs the same whether there is one or thousands. Received in udp_poller_run
 * of the poller it was started with. */

#include "net/addr.h"
#include "net/ice/ice_lite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ice_port;
struct ice_session;
struct send_batch;
struct udp_poller;

enum { ICE_PORT_MAX_LOCAL = 8 };

struct ice_port_config {
    const struct net_addr *local; /* each with the port, the same for all; 0: any free one. Give
                                     the host's addresses rather than 0.0.0.0: then an answer comes
                                     from where the question went */
    size_t n_local;               /* 1 … */
    /* Bound besides, as far as they are free, for this host alone: see net/own_host.h. */
    const struct net_addr *own_host;
    size_t n_own_host;         /* all of them at most ICE_PORT_MAX_LOCAL */
    bool tcp;                  /* listen as well */
    unsigned tcp_max;          /* connections; 0: 1024 */
    unsigned tcp_max_per_host; /* 0: 256, a NAT in front of an office */
    int rcvbuf_bytes;          /* of UDP; 0: 4 MiB, as far as the system allows */
    bool dscp_ef;              /* see udp_options */
};

/* [control] Binds every address, UDP and TCP, or none. 0 and a port the caller owns, or -EINVAL,
 * -ENOMEM, -EADDRINUSE, -EADDRNOTAVAIL … */
int ice_port_bind(struct ice_port **pp, const struct ice_port_config *cfg);
/* [control] Not between start and stop; its sessions are closed. NULL is a no-op. */
void ice_port_destroy(struct ice_port *p);
uint16_t ice_port_number(const struct ice_port *p);                            /* [any] */
const struct net_addr *ice_port_local(const struct ice_port *p, size_t index); /* [any] or NULL */
bool ice_port_has_tcp(const struct ice_port *p);                               /* [any] */

/* --- [loop], all that follows ---------------------------------------------------------------- */
/* Receives and answers from now on; both outlive it. 0, or a negative errno and it is stopped. */
int ice_port_start(struct ice_port *p, struct udp_poller *poller, struct send_batch *batch);
void ice_port_stop(
    struct ice_port *p); /* sends what the batch holds; nothing is received any more */

struct ice_port_stats {
    unsigned sessions, tcp_connections;
    uint64_t checks;      /* answered */
    uint64_t refused;     /* foreign ufrag or wrong password: not answered */
    uint64_t excess;      /* more than ICE_CHECKS_A_SECOND of a session: not answered */
    uint64_t taken;       /* by an address that another live session holds: not answered */
    uint64_t strangers;   /* media and DTLS of addresses that have proved nothing */
    uint64_t malformed;   /* neither STUN nor DTLS nor RTP, or broken STUN */
    uint64_t moved;       /* changes of a session's path */
    uint64_t tcp_refused; /* connections over a bound, or without a check in time */
    uint64_t tcp_dropped; /* packets out: the peer's connection is too slow */
};
void ice_port_stats(const struct ice_port *p, struct ice_port_stats *out);

/* What a session is told. Any of these may close it. */
struct ice_session_events {
    /* RTP or RTCP, still encrypted. pkt may be changed in place: UDP_MAX_DATAGRAM bytes of room,
     * 16-byte aligned, gone when it returns. */
    void (*media)(uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg);
    void (*dtls)(const uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg);
    /* There is a path to send on, another one than before, or (ice_session_ready is false) none
     * any more until the peer's next check. */
    void (*selected)(void *arg);
};

/* 0 and a session the caller owns: -EEXIST (that ufrag is in use), -EINVAL (credentials), -ENOMEM.
 * No system call. ev outlives it. */
int ice_session_open(struct ice_session **sp, struct ice_port *p,
    const struct ice_credentials *local, const struct ice_credentials *remote,
    const struct ice_session_events *ev, void *arg, uint64_t now_us);
/* No event comes after this. Its TCP connections end. NULL is a no-op. */
void ice_session_close(struct ice_session *s);
/* New credentials, see ice_lite_restart. 0, or -EEXIST, -EINVAL and nothing has changed. */
int ice_session_restart(struct ice_session *s, const struct ice_credentials *local,
    const struct ice_credentials *remote);

bool ice_session_ready(const struct ice_session *s);
/* What was built in the buffer of send_batch_reserve goes to the selected path, by UDP in the
 * batch, by TCP framed at once. 0, or -ENOTCONN (no path), -EAGAIN (TCP, the peer is slow),
 * -EINVAL: then the packet is dropped. */
int ice_session_commit(struct ice_session *s, size_t len);
/* The same for a packet that lies elsewhere; it is copied (<= SEND_BATCH_MAX_PACKET bytes). */
int ice_session_send(struct ice_session *s, const uint8_t *pkt, size_t len);
/* The packet in hand has proved to be the peer's (SRTP): within media(), see ice_lite_heard. May
 * tell selected(). */
void ice_session_heard(struct ice_session *s, uint64_t now_us);
/* Whether the peer still consents to be sent to: it was heard within the last 30 s (or it is not
 * yet 30 s since it was opened). False: end the session. */
bool ice_session_alive(const struct ice_session *s, uint64_t now_us);

struct ice_session_stats {
    bool ready, tcp, ipv6; /* of the selected path */
    unsigned paths;
    struct ice_lite_stats agent;
    uint64_t silent_us; /* since the peer was heard, at now_us */
};
void ice_session_stats(const struct ice_session *s, uint64_t now_us, struct ice_session_stats *out);

#endif
