#ifndef MCU_HTTP_HTTP_REQUEST_H
#define MCU_HTTP_HTTP_REQUEST_H

/* One request and its answer. The handler owns the request from the moment it is called until it
 * responds, once, now or later; the client may have gone meanwhile, which it need not know.
 * [control] */

#include "mcu/access/grant.h"
#include "mcu/http/http_route.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

/* --- for handlers ----------------------------------------------------------------------------- */
const char *http_param(const struct http_request *r, const char *name); /* of the path; or NULL */
const char *http_query(const struct http_request *r, const char *name); /* or NULL; "" has none */
bool http_query_only(const struct http_request *r, const char *names);  /* "a b": no others */
const uint8_t *http_body(const struct http_request *r, size_t *len);
uint8_t *http_body_take(struct http_request *r, size_t *len); /* malloc'd; NULL: empty */
const char *http_content_type(const struct http_request *r);  /* "" = none */

const struct grant *http_grant(const struct http_request *r); /* of the bearer; NULL: none */
/* Of HTTP_AUTH_PIN: the bearer that is no token but may be a PIN; NULL: none. */
const char *http_bearer(const struct http_request *r);
/* The client's address as rate_key() has it, for limits. */
const struct in6_addr *http_peer(const struct http_request *r);
const char *http_host(const struct http_request *r); /* Host, checked to be ours */

/* A header of the request that is among those kept: if-match, if-none-match, accept-encoding,
 * accept-language, origin; one sent twice as "a, b". NULL: it was not sent. */
const char *http_request_header(const struct http_request *r, const char *name);
bool http_secure(const struct http_request *r); /* it came by TLS */

/* A header of the answer; value must hold no line end. Left out when there is no room. */
void http_header(struct http_request *r, const char *name, const char *value);

/* Each of these answers and ends the request. type NULL: no body. */
void http_respond(
    struct http_request *r, int status, const char *type, const void *body, size_t len);
/* {"error":code,"message":message}; the message says what is wrong and what to do. */
void http_error(struct http_request *r, int status, const char *code, const char *message);

/* --- for the server and tests ----------------------------------------------------------------- */
enum {
    HTTP_QUERIES_MAX = 8,
    HTTP_HEADERS_MAX = 2048,
    HTTP_KEPT = 5,
    HTTP_HOST_MAX = 264,
    HTTP_PIN_MAX = 64, /* bytes of a bearer that may be a PIN */
};

/* Takes over the answer: malloc'd bytes; NULL: there was no memory for it. arg is r->arg. */
typedef void http_finish_fn(uint8_t *bytes, size_t len, int status, bool close, void *arg);

struct http_request {
    const struct http_route *route;
    struct http_params params;
    bool head;                     /* HEAD: the answer has no body */
    bool close;                    /* the connection ends with the answer */
    bool secure;                   /* by TLS */
    bool hsts;                     /* browsers shall come by TLS only */
    struct grant grant;            /* of the bearer; GRANT_NONE: there was none */
    char bearer[HTTP_PIN_MAX + 1]; /* that is no token; "" = none */
    struct in6_addr peer;
    char host[HTTP_HOST_MAX];
    char *kept[HTTP_KEPT];
    char content_type[96];
    char *queries[HTTP_QUERIES_MAX]; /* "name=value", decoded */
    unsigned query_count;
    uint8_t *body;
    size_t body_len, body_size; /* size: what Content-Length promises */
    char headers[HTTP_HEADERS_MAX];
    size_t headers_len;
    http_finish_fn *finish;
    void *arg;                    /* NULL: the client has gone */
    struct http_request **anchor; /* the client's pointer to us, cleared when we end; or NULL */
};

struct http_request *http_request_new(void);                          /* or NULL */
int http_request_add_query(struct http_request *r, const char *text); /* 0, -ENOBUFS, -ENOMEM */
/* 0, -EFBIG more than promised, -ENOMEM. */
int http_request_add_body(struct http_request *r, const void *bytes, size_t len);
/* A header that came; those nobody asks for are not kept. 0, -ENOMEM. */
int http_request_keep(struct http_request *r, const char *name, const char *value);
void http_request_free(struct http_request *r); /* NULL is a no-op */

const char *http_status_text(int status);

#endif
