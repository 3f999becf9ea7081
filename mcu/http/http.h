#ifndef MCU_HTTP_HTTP_H
#define MCU_HTTP_HTTP_H

/* The HTTP/1.1 and WebSocket server on the control loop. What reaches a handler has a known route,
 * method, Host, media type, bounded body, allowed rate and the right to be there. RFC 9110, 9112,
 * 6455. [control] */

#include "mcu/http/http_route.h"

#include <stdint.h>
#include <uv.h>

struct config;
struct grant;
struct http_server;
struct http_tls;

/* Finds out what a bearer stands for: 0 and *out, or access_resolve()'s errors. */
typedef int http_resolve_fn(const char *bearer, size_t len, struct grant *out, void *arg);

struct http_setup {
    const struct config *cfg; /* borrowed; read anew for every connection and request */
    http_resolve_fn *resolve;
    void *resolve_arg;
    struct http_tls *tls; /* borrowed; NULL: plain HTTP */
    const struct http_route *routes;
    size_t route_count;
    void *arg; /* of the handlers */
};

/* Binds and listens. 0; -EADDRINUSE and other errors of bind(2); -ENOMEM. */
int http_create(struct http_server **sp, uv_loop_t *loop, const struct http_setup *setup);
uint16_t http_port(const struct http_server *s); /* the one bound */
/* Where people find us: "https://meet.example:8443", without a '/' at its end. */
void http_url(const struct http_server *s, char *url, size_t cap);
/* Takes no more connections, ends those there are. *s is freed when the loop has run on. */
void http_close(struct http_server *s);

struct http_stats {
    unsigned connections, sockets; /* now */
    uint64_t accepted, refused;    /* connections; refused: too many */
    uint64_t requests[6];          /* answered, by status class: [2] is 2xx */
    uint64_t limited;              /* answered 429 */
    uint64_t unauthorized;         /* answered 401 */
    uint64_t handshakes_failed;    /* of TLS: connections that ended before it was done */
    int64_t certificate_ends;      /* Unix time; 0: there is none, or it does not say */
};
void http_stats(const struct http_server *s, struct http_stats *out);

#endif
