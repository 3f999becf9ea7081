#ifndef MCU_HTTP_HTTP_SOCKET_H
#define MCU_HTTP_HTTP_SOCKET_H

/* A WebSocket of the HTTP server: text out by a bounded queue of shared messages, small text
 * messages in. RFC 6455. [control] */

#include <stdbool.h>
#include <stddef.h>

enum {

    HTTP_CLOSE_NORMAL = 1000,
    HTTP_CLOSE_GOING_AWAY = 1001,
    HTTP_CLOSE_PROTOCOL = 1002,
    HTTP_CLOSE_UNACCEPTABLE = 1003,
    HTTP_CLOSE_POLICY = 1008,
    HTTP_CLOSE_TOO_BIG = 1009,
    HTTP_CLOSE_TRY_LATER = 1013,
};

struct grant;
struct http_socket;
struct http_message;

/* arg is the server's http_setup.arg. */
struct http_socket_ops {
    int (*open)(struct http_socket *s, void *arg); /* 0, or negative: it is closed at once */
    void (*message)(struct http_socket *s, const char *text, size_t len, void *arg);
    void (*closed)(struct http_socket *s, void *arg); /* s is freed after it; only if opened */
    const char *queries; /* names that its query may have, separated by spaces */
};

/* The subprotocol we answer with when a client lists it. */
#define HTTP_SOCKET_PROTOCOL "mischpult.events"

/* What its bearer stands for (by header, subprotocol or http_socket_authorize()); NULL: none yet.
 */
const struct grant *http_socket_grant(const struct http_socket *s);
/* Resolves a token that came in a message; failures count against the address. 0 and the grant is
 * set; -ENOTSUP it is not of the kind the route takes; -EBUSY too many failures; else as
 * http_resolve_fn. */
int http_socket_authorize(struct http_socket *s, const char *token, size_t len);
const char *http_socket_param(const struct http_socket *s, const char *name); /* of the path */
const char *http_socket_query(const struct http_socket *s, const char *name); /* or NULL */
void http_socket_set_user(struct http_socket *s, void *user);
void *http_socket_user(const struct http_socket *s);

/* A message with one reference, or NULL. */
struct http_message *http_message_new(const char *text, size_t len);
void http_message_release(struct http_message *m); /* NULL is a no-op */

/* Queues (takes a reference of its own). 0, or -ENOBUFS: the client is too slow; close it. */
int http_socket_send(struct http_socket *s, struct http_message *m);
/* Sends what is queued no more; tells the client the code. closed() is called later. */
void http_socket_close(struct http_socket *s, int code, const char *reason);
/* The same once all that is queued has been sent, if that is soon. */
void http_socket_finish(struct http_socket *s, int code, const char *reason);

#endif
