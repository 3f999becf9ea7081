#ifndef MCU_HTTP_HTTP_ROUTE_H
#define MCU_HTTP_HTTP_ROUTE_H

/* Which handler answers a method and a path. A pattern is a path whose {name} segments take any
 * text without '/'. Pure. [any] */

#include <stddef.h>

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS, /* answered from the table unless a route has it */
    HTTP_METHODS
};

enum http_auth {
    HTTP_AUTH_NONE,
    HTTP_AUTH_LOCAL,    /* from loopback, or with the admin's token */
    HTTP_AUTH_ADMIN,    /* the admin's token */
    HTTP_AUTH_BEARER,   /* any bearer that resolves; the handler asks access_may() */
    HTTP_AUTH_OPTIONAL, /* none, or one that resolves */
    HTTP_AUTH_PIN,      /* none, one that resolves, or a text that is no token: http_bearer() */
};

enum http_size { HTTP_BODY_SMALL, HTTP_BODY_LARGE }; /* body_max_kib, play_max_kib */

struct http_request;
struct http_socket_ops;

struct http_route {
    enum http_method method;
    const char *pattern;
    enum http_auth auth;
    const char *takes; /* media types of the body, separated by spaces; NULL: there is none */
    enum http_size size;
    const char *gives;                                 /* media type of the answer; NULL: no body */
    void (*handle)(struct http_request *r, void *arg); /* must respond, now or later */
    const struct http_socket_ops *socket;              /* a WebSocket instead, see http_socket.h */
};

enum { HTTP_PARAMS = 3, HTTP_PARAM_MAX = 128 };

struct http_params {
    unsigned count;
    const char *names[HTTP_PARAMS]; /* into the pattern, ends with '}' */
    char values[HTTP_PARAMS][HTTP_PARAM_MAX];
};

/* 0 and *out, *params; -ENOENT: no such path; -EPERM: not with this method, *allowed holds the
 * others as bits 1 << method. */
int http_route_find(const struct http_route *routes, size_t count, enum http_method method,
    const char *path, const struct http_route **out, struct http_params *params, unsigned *allowed);

/* The value of {name}, or NULL. */
const char *http_params_get(const struct http_params *params, const char *name);

const char *http_method_name(enum http_method method);

#endif
