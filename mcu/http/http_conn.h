#ifndef MCU_HTTP_HTTP_CONN_H
#define MCU_HTTP_HTTP_CONN_H

/* Inside of the HTTP server: one connection, from accept to close. [control] */

#include "mcu/access/grant.h"
#include "mcu/http/http.h"
#include "mcu/http/http_head.h"
#include "mcu/http/http_request.h"
#include "mcu/http/http_stream.h"

#include <netinet/in.h>

struct peers;
struct rate;
struct http_socket;

/*   accept ─▶ HEAD ─▶ BODY ─▶ WAITING ─▶ ANSWERING ─▶ HEAD (kept alive)
 *               └─ upgrade ─▶ SOCKET           └─▶ LINGERING ─▶ close   */
enum http_conn_state {
    HTTP_CONN_HEAD, /* a request's head is to come, or is coming */
    HTTP_CONN_BODY,
    HTTP_CONN_WAITING, /* for the handler; nothing is read */
    HTTP_CONN_ANSWERING,
    HTTP_CONN_LINGERING, /* answered and half closed; what still comes is thrown away */
    HTTP_CONN_SOCKET,
    HTTP_CONN_CLOSING, /* freed in the handle's close callback */
};

struct http_conn {
    struct http_stream stream;
    struct http_server *server;
    struct http_conn *prev, *next;
    struct in6_addr key; /* of the address, for limits */
    bool local;          /* the peer is on loopback */
    bool proven;         /* has made a request that makes sense; those that have not are listed */
    struct http_conn *elder, *younger; /* of those that are not proven */
    uint64_t since_ms;
    enum http_conn_state state;
    uint64_t deadline_ms;         /* uv_now() at which it ends; 0: none */
    struct http_request *request; /* while its body comes (ours) or it waits (the handler's) */
    uint8_t *out;                 /* being written */
    bool close_after;
    struct http_socket *socket;
    size_t in_len;
    char in[HTTP_HEAD_MAX]; /* read and not yet used */
};

struct http_server {
    struct http_setup setup;
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_timer_t sweeper;
    unsigned handles; /* uv's, not closed yet: listener, sweeper and every connection */
    uint16_t port;
    bool closing;
    struct http_conn *conns;
    struct http_conn *eldest, *youngest; /* of the connections that are not proven */
    unsigned unproven;
    struct peers *peers;
    struct rate *rate, *failures;
    struct http_stats stats;
};

/* http.c: one handle less; the last one frees the server. */
void http_release(struct http_server *s);

/* Takes what waits on the listener. 0, or it is refused (too many, no memory). */
int http_conn_accept(struct http_server *s);
/* Ends it without another word. */
void http_conn_close(struct http_conn *c);
/* It is worth its place: it need not make way for others any more. */
void http_conn_proven(struct http_conn *c);
/* Ends connections whose time is up. Called about twice a second. */
void http_conn_sweep(struct http_server *s, uint64_t now_ms);
/* Ends the connection in so many milliseconds; 0: no longer. */
void http_conn_deadline(struct http_conn *c, uint64_t ms);

/* http_admit.c: looks at a request's head. 0: c->request is it, its body (if any) is to come; else
 * it has been answered (refused). *upgrade: it is to become a WebSocket. */
int http_admit(
    struct http_conn *c, struct http_request *r, const struct http_head *h, bool *upgrade);
/* Answers a head that could not be parsed; err is http_head_parse's. */
void http_admit_malformed(struct http_request *r, int err);
/* Resolves a bearer for a route. 0 and *out; -EBUSY: too many wrong ones came from this address;
 * -ENOTSUP: genuine, but not of the kind the route takes; else as http_resolve_fn. */
int http_admit_bearer(struct http_conn *c, const struct http_route *route, const char *bearer,
    size_t len, struct grant *out);

/* http_socket.c: takes over c and r (answered if it fails, then negative). */
int http_socket_start(struct http_conn *c, struct http_request *r, const struct http_head *h);
void http_socket_input(struct http_conn *c, const uint8_t *bytes, size_t len);
void http_socket_idle(struct http_conn *c, uint64_t now_ms); /* about twice a second */
void http_socket_gone(struct http_conn *c);

#endif
