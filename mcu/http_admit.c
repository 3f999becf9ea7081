#include "mcu/http_conn.h"

#include "mcu/config.h"
#include "mcu/http_guard.h"
#include "mcu/rate.h"
#include "mcu/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAILURES_A_SECOND = 1, /* wrong tokens of one address */
    FAILURES_AT_ONCE = 10,
    HEADER_MAX = 1024,
};

/* Copies a header; "" when it is absent. False: longer than is read. */
static bool header(struct lws *wsi, enum lws_token_indexes token, char *buf, size_t cap)
{
    *buf = '\0';
    int len = lws_hdr_total_length(wsi, token);
    return !len || (len > 0 && (size_t)len < cap && lws_hdr_copy(wsi, buf, (int)cap, token) >= 0);
}

static int refuse(struct http_request *r, int status, const char *code, const char *message)
{
    r->close = true; /* what may follow on the connection is nothing we would trust */
    http_error(r, status, code, message);
    return -EACCES;
}

static bool method_of(struct lws *wsi, enum http_method *method, bool *head)
{
    static const struct {
        enum lws_token_indexes token;
        enum http_method method;
    } methods[] = {
        {WSI_TOKEN_GET_URI, HTTP_GET},
        {WSI_TOKEN_HEAD_URI, HTTP_GET},
        {WSI_TOKEN_POST_URI, HTTP_POST},
        {WSI_TOKEN_PUT_URI, HTTP_PUT},
        {WSI_TOKEN_PATCH_URI, HTTP_PATCH},
        {WSI_TOKEN_DELETE_URI, HTTP_DELETE},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (lws_hdr_total_length(wsi, methods[i].token)) {
            *method = methods[i].method;
            *head = methods[i].token == WSI_TOKEN_HEAD_URI;
            return true;
        }
    return false;
}

/* RFC 9112: the version must be one we speak. Without it lws may have taken an escaped line end in
 * the path for a real one. */
static int check_version(struct http_conn *c, struct http_request *r)
{
    char version[16], host[HEADER_MAX], origin[HEADER_MAX];
    const struct config *cfg = c->server->setup.cfg;
    if (!header(c->wsi, WSI_TOKEN_HTTP, version, sizeof(version)) ||
        (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0")))
        return refuse(r, 400, "bad_request", "send an HTTP/1.1 request line");
    if (!header(c->wsi, WSI_TOKEN_HOST, host, sizeof(host)) || !*host)
        return refuse(r, 400, "bad_host", "send one Host header");
    if (!http_guard_host(host, cfg->http_names))
        return refuse(r, 403, "host_refused",
            "this Host is not ours: use the address, or add the name to http_names");
    if (!header(c->wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) ||
        !http_guard_origin(origin, host, cfg->http_origins))
        return refuse(
            r, 403, "origin_refused", "pages of this Origin may not come here; see http_origins");
    return 0;
}

static int check_rate(struct http_conn *c, struct http_request *r)
{
    const struct config *cfg = c->server->setup.cfg;
    char seconds[16];
    uint32_t wait =
        rate_take(c->server->rate, &c->key, cfg->api_rate, cfg->api_burst, uv_now(c->server->loop));
    if (!wait)
        return 0;
    c->server->stats.limited++;
    snprintf(seconds, sizeof(seconds), "%u", (wait + 999) / 1000);
    http_header(r, "Retry-After", seconds);
    return refuse(r, 429, "too_many_requests", "slow down; Retry-After says for how long");
}

static int find_route(
    struct http_conn *c, struct http_request *r, const char *path, enum http_method method)
{
    unsigned allowed;
    char allow[64] = "";
    const struct http_setup *setup = &c->server->setup;
    int err = http_route_find(
        setup->routes, setup->route_count, method, path, &r->route, &r->params, &allowed);
    if (err == -ENOENT)
        return refuse(r, 404, "not_found", "there is nothing here; see /api/v1/openapi.json");
    if (!err)
        return 0;
    for (int m = 0; m < HTTP_METHODS; m++)
        if (allowed & 1u << m) {
            strcat(allow, *allow ? ", " : "");
            strcat(allow, http_method_name(m));
            strcat(allow, m == HTTP_GET ? ", HEAD" : "");
        }
    http_header(r, "Allow", allow);
    return refuse(r, 405, "method_not_allowed", "Allow lists the methods this path knows");
}

int http_admit_token(struct http_conn *c, const char *token, size_t len)
{
    struct http_server *s = c->server;
    uint64_t now = uv_now(s->loop);
    if (rate_peek(s->failures, &c->key, FAILURES_A_SECOND, FAILURES_AT_ONCE, now))
        return -EAGAIN;
    if (token_matches(s->setup.token, token, len))
        return 0;
    rate_take(s->failures, &c->key, FAILURES_A_SECOND, FAILURES_AT_ONCE, now);
    return -EACCES;
}

static int unauthorized(struct http_conn *c, struct http_request *r, bool wrong)
{
    c->server->stats.unauthorized++;
    http_header(r, "WWW-Authenticate",
        wrong ? "Bearer realm=\"mischpult\", error=\"invalid_token\""
              : "Bearer realm=\"mischpult\"");
    return refuse(r, 401, "unauthorized",
        wrong ? "the bearer token is not the admin's"
              : "send 'Authorization: Bearer TOKEN' with the admin token");
}

/* A browser's WebSocket cannot send Authorization: its token may come among the subprotocols, as
 * "bearer.TOKEN", or in its first message. */
static const char *presented(
    struct lws *wsi, bool upgrade, char *buf, size_t cap, size_t *len, bool *any)
{
    *any = true;
    if (!header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, buf, cap))
        return NULL;
    if (*buf)
        return http_guard_bearer(buf, len);
    if (upgrade && header(wsi, WSI_TOKEN_PROTOCOL, buf, cap)) {
        const char *token = strstr(buf, "bearer.");
        if (token) {
            token += strlen("bearer.");
            *len = strcspn(token, ", ");
            return token;
        }
    }
    *any = false;
    return NULL;
}

static int check_token(struct http_conn *c, struct http_request *r, bool upgrade)
{
    char buf[HEADER_MAX];
    size_t len = 0;
    bool any;
    enum http_auth auth = r->route->auth;
    if (auth == HTTP_AUTH_NONE || (auth == HTTP_AUTH_LOCAL && c->local))
        return 0;
    const char *token = presented(c->wsi, upgrade, buf, sizeof(buf), &len, &any);
    if (upgrade && !any)
        return 0; /* the socket's first message has it, or the socket is closed */
    if (!token)
        return unauthorized(c, r, any);
    int err = http_admit_token(c, token, len);
    if (err == -EAGAIN) {
        c->server->stats.limited++;
        http_header(r, "Retry-After", "1");
        return refuse(r, 429, "too_many_failures", "too many wrong tokens; wait and try again");
    }
    r->authorized = !err;
    return err ? unauthorized(c, r, true) : 0;
}

static int check_accept(struct http_conn *c, struct http_request *r)
{
    char accept[HEADER_MAX];
    if (!r->route->gives)
        return 0;
    if (!header(c->wsi, WSI_TOKEN_HTTP_ACCEPT, accept, sizeof(accept)))
        return 0; /* too long to be read: whoever lists so much takes anything */
    if (http_guard_accept(accept, r->route->gives))
        return 0;
    return refuse(r, 406, "not_acceptable", "this is not among what Accept lists");
}

/* Body and its framing. Chunked bodies are not read, and with Content-Length beside it the two
 * could be told apart by a proxy in front of us (request smuggling). */
static int check_body(struct http_conn *c, struct http_request *r)
{
    char length[64], coding[64];
    const struct config *cfg = c->server->setup.cfg;
    const struct http_route *route = r->route;
    bool has_length = lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (!header(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, coding, sizeof(coding)) || *coding)
        return refuse(r, has_length ? 400 : 411, has_length ? "bad_request" : "length_required",
            "send the body with Content-Length and without Transfer-Encoding");
    int64_t n = 0;
    if (!header(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length)) ||
        (has_length && (n = http_guard_length(length)) < 0))
        return refuse(r, 400, "bad_request", "Content-Length must be one number");
    if (!route->takes)
        return n ? refuse(r, 400, "unexpected_body", "this request takes no body") : 0;
    if (!has_length)
        return refuse(r, 411, "length_required", "send Content-Length");
    if (n >
        (int64_t)1024 * (route->size == HTTP_BODY_LARGE ? cfg->play_max_kib : cfg->body_max_kib))
        return refuse(r, 413, "too_large", "the body is larger than the server's limit");
    header(c->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, r->content_type, sizeof(r->content_type));
    if (n && !http_guard_type(r->content_type, route->takes))
        return refuse(r, 415, "unsupported_media_type", "see openapi.json for the Content-Type");
    if (!n)
        return refuse(r, 400, "empty_body", "send a body");
    r->body_size = (size_t)n;
    return 0;
}

static int take_queries(struct http_conn *c, struct http_request *r)
{
    char text[HEADER_MAX];
    for (int i = 0;; i++) {
        int len = lws_hdr_copy_fragment(c->wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (len == -1) /* there are no more */
            return 0;
        if (len < 0 || !http_guard_text(text, (size_t)len) ||
            http_request_add_query(r, text, (size_t)len))
            return refuse(r, 400, "bad_query", "the query is malformed, too long or too much");
    }
}

static int check_all(
    struct http_conn *c, struct http_request *r, const char *path, size_t len, bool upgrade)
{
    enum http_method method;
    if (!method_of(c->wsi, &method, &r->head))
        return refuse(r, 400, "bad_request", "send a method this server knows");
    int err = check_version(c, r);
    if (!err)
        err = check_rate(c, r);
    if (!err && (strnlen(path, len) != len || !http_guard_text(path, len)))
        err = refuse(r, 400, "bad_path", "the path holds what no path may hold");
    if (!err)
        err = find_route(c, r, path, method);
    if (!err && upgrade && !r->route->socket)
        err = refuse(r, 400, "no_websocket", "there is no WebSocket here; see /api/v1/events");
    if (!err)
        err = check_token(c, r, upgrade);
    if (!err && !upgrade)
        err = check_accept(c, r);
    if (!err)
        err = check_body(c, r);
    return err ? err : take_queries(c, r);
}

/* curl and others wait for leave before they send a larger body. */
static int invite_body(struct http_conn *c, const struct http_request *r)
{
    char expect[32];
    unsigned char text[LWS_PRE + 32];
    static const char leave[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!r->body_size || !header(c->wsi, WSI_TOKEN_HTTP_EXPECT, expect, sizeof(expect)) ||
        strcasecmp(expect, "100-continue"))
        return 0;
    memcpy(text + LWS_PRE, leave, sizeof(leave) - 1);
    return lws_write(c->wsi, text + LWS_PRE, sizeof(leave) - 1, LWS_WRITE_HTTP) < 0 ? -EPIPE : 0;
}

/* What lws makes of the framing, right or wrong: it decides whether a body is handed up. */
static bool body_follows(struct lws *wsi)
{
    char length[64];
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0)
        return !header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length)) || atoll(length);
    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI);
}

int http_admit(
    struct http_conn *c, const char *path, size_t path_len, bool upgrade, struct http_request **rp)
{
    char connection[64];
    struct http_request *r = http_request_new();
    if (!r)
        return -ENOMEM;
    http_conn_prepare(c, r);
    c->body_follows = body_follows(c->wsi);
    header(c->wsi, WSI_TOKEN_CONNECTION, connection, sizeof(connection));
    char version[16];
    header(c->wsi, WSI_TOKEN_HTTP, version, sizeof(version));
    r->close = strcmp(version, "HTTP/1.1") || !strcasecmp(connection, "close");
    int err = check_all(c, r, path, path_len, upgrade);
    if (err)
        return err;
    err = invite_body(c, r);
    if (err)
        http_request_free(r);
    else
        *rp = r;
    return err;
}
