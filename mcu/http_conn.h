#ifndef MCU_HTTP_CONN_H
#define MCU_HTTP_CONN_H

/* Inside of the HTTP server: one connection, from accept to close. [control] */

#include "mcu/http.h"
#include "mcu/http_request.h"

#include <libwebsockets.h>
#include <netinet/in.h>

struct rate;
struct http_socket;

enum http_conn_state {
    HTTP_CONN_HEADERS, /* a request's headers are to come, or are coming */
    HTTP_CONN_BODY,
    HTTP_CONN_WAITING, /* for the handler */
    HTTP_CONN_ANSWERING,
    HTTP_CONN_LINGERING, /* answered and closing; what still comes is thrown away */
    HTTP_CONN_SOCKET,
};

struct http_conn {
    struct http_server *server;
    struct http_conn *prev, *next;
    struct lws *wsi;
    struct in6_addr key; /* of the address, for limits */
    bool local;          /* the peer is on loopback */
    enum http_conn_state state;
    uint64_t deadline_ms;
    struct http_request *request; /* while its body comes (ours) or it waits (the handler's) */
    uint8_t *out;
    size_t out_len, out_at;
    bool close_after;
    bool body_follows; /* lws hands up a body after these headers */
    struct http_socket *socket;
};

struct http_server {
    struct http_setup setup;
    uv_loop_t *loop;
    uv_poll_t listener;
    uv_timer_t sweeper;
    unsigned uv_handles; /* not closed yet */
    int listen_fd, spare_fd;
    uint16_t port;
    bool closing;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct http_conn *conns;
    struct sockaddr_storage accepting; /* the peer of the socket being handed to lws */
    struct rate *rate, *failures;
    struct http_stats stats;
};

/* The callback of both protocols lws knows. */
int http_conn_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* Lets r be answered on c. */
void http_conn_prepare(struct http_conn *c, struct http_request *r);

/* Ends connections whose time is up. Called about twice a second. */
void http_conn_sweep(struct http_server *s, uint64_t now_ms);

/* http_admit.c: looks at the headers of wsi's request. 0 and *rp, a request whose body is to come
 * (if any); else the request is answered already (refused). -ENOMEM: hang up. */
int http_admit(
    struct http_conn *c, const char *path, size_t path_len, bool upgrade, struct http_request **rp);
/* Whether that token is the admin's; a wrong one counts against the address. -EAGAIN: too many. */
int http_admit_token(struct http_conn *c, const char *token, size_t len);

/* http_socket.c */
int http_socket_open(struct http_conn *c, struct http_request *r);
void http_socket_opened(struct http_conn *c);
int http_socket_receive(struct http_conn *c, const char *text, size_t len);
int http_socket_writable(struct http_conn *c);
bool http_socket_closing(const struct http_conn *c);
void http_socket_gone(struct http_conn *c);

#endif
