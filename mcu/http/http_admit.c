#include "mcu/http/http_conn.h"

#include "mcu/config.h"
#include "mcu/http/http_guard.h"
#include "mcu/http/http_options.h"
#include "mcu/http/rate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    FAILURES_A_SECOND = 1, /* wrong tokens of one address */
    FAILURES_AT_ONCE = 10,
    ENTRY_COST = 20, /* requests that one counts as which lets somebody new in */
};

static int refuse(struct http_request *r, int status, const char *code, const char *message)
{
    r->close = true; /* what may follow on the connection is nothing we would trust */
    http_error(r, status, code, message);
    return -EACCES;
}

void http_admit_malformed(struct http_request *r, int err)
{
    if (err == -EMSGSIZE)
        refuse(r, 431, "head_too_large", "send fewer and shorter headers, path and query");
    else if (err == -ENOTSUP)
        refuse(r, 501, "unknown_method",
            "this server knows GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    else if (err == -EPROTONOSUPPORT)
        refuse(r, 505, "http_version", "speak HTTP/1.1");
    else
        refuse(r, 400, "bad_request", "this is not a well-formed HTTP/1.1 request");
}

static int check_names(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    const struct config *cfg = c->server->setup.cfg;
    unsigned hosts, origins;
    const char *host = http_head_get(h, "host", &hosts);
    const char *origin = http_head_get(h, "origin", &origins);
    if (hosts != 1 || origins > 1)
        return refuse(r, 400, "bad_host", "send one Host and at most one Origin");
    if (!http_guard_host(host, cfg->http_names))
        return refuse(r, 403, "host_refused",
            "this Host is not ours: use the address, or add the name to http_names");
    if (!http_guard_origin(origin, host, cfg->http_origins, r->secure))
        return refuse(
            r, 403, "origin_refused", "pages of this Origin may not come here; see http_origins");
    snprintf(r->host, sizeof(r->host), "%s", host);
    return 0;
}

/* The request counts as so many. */
static int check_rate(struct http_conn *c, struct http_request *r, unsigned cost)
{
    struct http_server *s = c->server;
    const struct config *cfg = s->setup.cfg;
    char seconds[16];
    uint32_t wait_ms =
        rate_take_many(s->rate, &c->key, cost, cfg->api_rate, cfg->api_burst, uv_now(s->loop));
    if (!wait_ms)
        return 0;
    s->stats.limited++;
    snprintf(seconds, sizeof(seconds), "%u", (wait_ms + 999) / 1000);
    http_header(r, "Retry-After", seconds);
    return refuse(r, 429, "too_many_requests", "slow down; Retry-After says for how long");
}

/* A body is nothing we would read: what follows the head could be taken for a request. */
static int options(
    struct http_request *r, const struct http_setup *setup, const struct http_head *h, unsigned m)
{
    unsigned codings, lengths;
    const char *length = http_head_get(h, "content-length", &lengths);
    http_head_get(h, "transfer-encoding", &codings);
    if (codings || lengths > 1 || (lengths && http_guard_length(length)))
        return refuse(r, 400, "unexpected_body", "this request takes no body");
    http_options_answer(r, setup, h, m);
    return -EALREADY;
}

static int find_route(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    unsigned allowed;
    const struct http_setup *setup = &c->server->setup;
    int err = http_route_find(
        setup->routes, setup->route_count, h->method, h->path, &r->route, &r->params, &allowed);
    if (err == -ENOENT)
        return refuse(r, 404, "not_found", "there is nothing here; see /api/v1/openapi.json");
    if (!err)
        return 0;
    http_options_allow(r, allowed);
    if (h->method == HTTP_OPTIONS)
        return options(r, setup, h, allowed);
    return refuse(r, 405, "method_not_allowed", "Allow lists the methods this path knows");
}

/* --- the bearer ------------------------------------------------------------------------------- */
/* Whoever shows what was once genuine is not guessing. */
static bool is_guess(int err)
{
    return err == -EBADMSG || err == -EACCES;
}

static bool may_be_pin(const struct http_route *route, int err, size_t len)
{
    return route->auth == HTTP_AUTH_PIN && err == -EBADMSG && len <= HTTP_PIN_MAX;
}

int http_admit_bearer(struct http_conn *c, const struct http_route *route, const char *bearer,
    size_t len, struct grant *out)
{
    struct http_server *s = c->server;
    struct grant grant;
    uint64_t now = uv_now(s->loop);
    if (rate_peek(s->failures, &c->key, FAILURES_A_SECOND, FAILURES_AT_ONCE, now))
        return -EBUSY;
    int err = s->setup.resolve(bearer, len, &grant, s->setup.resolve_arg);
    if (is_guess(err) && !may_be_pin(route, err, len))
        rate_take(s->failures, &c->key, FAILURES_A_SECOND, FAILURES_AT_ONCE, now);
    bool admins = route->auth == HTTP_AUTH_ADMIN || route->auth == HTTP_AUTH_LOCAL;
    if (!err && admins && grant.kind != GRANT_ADMIN)
        return -ENOTSUP;
    if (!err)
        *out = grant;
    return err;
}

/* RFC 6750, 3: a request that shows no bearer at all is told no error. */
static int unauthorized(struct http_conn *c, struct http_request *r, int err)
{
    static const struct {
        int err;
        const char *code, *message;
    } answers[] = {
        {0, "token_required", "send 'Authorization: Bearer TOKEN'"},
        {-EKEYEXPIRED, "token_expired", "the bearer token has expired; get a new one"},
        {-EAGAIN, "invalid_token", "the bearer token is not valid yet"},
        {-EKEYREJECTED, "invalid_token", "the bearer token is for another audience or issuer"},
        {-EACCES, "invalid_token", "the bearer token is not signed by a key this server knows"},
        {-EBADMSG, "invalid_token", "the bearer is neither the admin's token nor one of ours"},
    };
    size_t i = sizeof(answers) / sizeof(answers[0]) - 1;
    while (i && answers[i].err != err)
        i--;
    c->server->stats.unauthorized++;
    http_header(r, "WWW-Authenticate",
        err ? "Bearer realm=\"mischpult\", error=\"invalid_token\"" : "Bearer realm=\"mischpult\"");
    return refuse(r, 401, answers[i].code, answers[i].message);
}

static int refuse_bearer(struct http_conn *c, struct http_request *r, int err)
{
    switch (err) {
    case -EBUSY:
        c->server->stats.limited++;
        http_header(r, "Retry-After", "1");
        return refuse(r, 429, "too_many_attempts", "too many wrong tokens; wait and try again");
    case -ENOTSUP:
        return refuse(r, 403, "forbidden", "only the admin's token is taken here");
    case -ENOMEM:
        return refuse(r, 503, "out_of_memory", "try again later");
    default:
        return unauthorized(c, r, err);
    }
}

/* A browser's WebSocket cannot send Authorization: its token may come among the subprotocols, as
 * "bearer.TOKEN", or in its first message. *any: something was presented. */
static const char *presented(const struct http_head *h, bool upgrade, size_t *len, bool *any)
{
    unsigned count;
    const char *text = http_head_get(h, "authorization", &count);
    *any = count > 0;
    if (count)
        return count == 1 ? http_guard_bearer(text, len) : NULL;
    text = upgrade ? strstr(http_head_get(h, "sec-websocket-protocol", NULL), "bearer.") : NULL;
    if (!text)
        return NULL;
    *any = true;
    text += strlen("bearer.");
    *len = strcspn(text, ", \t");
    return text;
}

static int check_bearer(
    struct http_conn *c, struct http_request *r, const struct http_head *h, bool upgrade)
{
    size_t len = 0;
    bool any;
    enum http_auth auth = r->route->auth;
    if (auth == HTTP_AUTH_NONE || (auth == HTTP_AUTH_LOCAL && c->local))
        return 0;
    const char *bearer = presented(h, upgrade, &len, &any);
    if (!any && (upgrade || auth == HTTP_AUTH_OPTIONAL || auth == HTTP_AUTH_PIN))
        return 0; /* a socket's first message may have it, or the socket is closed */
    if (!bearer)
        return unauthorized(c, r, any ? -EBADMSG : 0);
    int err = http_admit_bearer(c, r->route, bearer, len, &r->grant);
    if (may_be_pin(r->route, err, len)) {
        memcpy(r->bearer, bearer, len);
        return 0;
    }
    return err ? refuse_bearer(c, r, err) : 0;
}

/* What anybody may ask for and what stays when it is answered: rooms, tickets, sessions that wait
 * for their handshake. A ticket stands for one person, who has one session however often. */
static int check_entry(struct http_conn *c, struct http_request *r)
{
    enum http_auth auth = r->route->auth;
    bool enters = auth == HTTP_AUTH_OPTIONAL || auth == HTTP_AUTH_PIN;
    unsigned left = c->server->setup.cfg->api_burst - 1; /* so that it is possible at all */
    unsigned cost = left < ENTRY_COST ? left : ENTRY_COST;
    return enters && r->grant.kind != GRANT_TICKET ? check_rate(c, r, cost) : 0;
}

/* --- the body --------------------------------------------------------------------------------- */
/* Chunked bodies are not read; and with Content-Length beside it a proxy in front of us could see
 * another request than we do (request smuggling, RFC 9112, 11.2). */
static int check_framing(struct http_request *r, const struct http_head *h, int64_t *length)
{
    unsigned codings, lengths;
    http_head_get(h, "transfer-encoding", &codings);
    const char *text = http_head_get(h, "content-length", &lengths);
    if (codings)
        return refuse(r, lengths ? 400 : 411, lengths ? "bad_request" : "length_required",
            "send the body with Content-Length and without Transfer-Encoding");
    *length = lengths ? http_guard_length(text) : 0;
    if (lengths > 1 || *length < 0)
        return refuse(r, 400, "bad_request", "Content-Length must be one number");
    if (!lengths && r->route->takes)
        return refuse(r, 411, "length_required", "send Content-Length");
    return 0;
}

static int check_body(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    int64_t length;
    const struct config *cfg = c->server->setup.cfg;
    const struct http_route *route = r->route;
    int err = check_framing(r, h, &length);
    if (err)
        return err;
    if (!route->takes)
        return length ? refuse(r, 400, "unexpected_body", "this request takes no body") : 0;
    uint32_t max_kib = route->size == HTTP_BODY_LARGE ? cfg->play_max_kib : cfg->body_max_kib;
    if (length > (int64_t)max_kib * 1024)
        return refuse(r, 413, "too_large", "the body is larger than the server's limit");
    if (!length)
        return refuse(r, 400, "empty_body", "send a body");
    snprintf(
        r->content_type, sizeof(r->content_type), "%s", http_head_get(h, "content-type", NULL));
    if (!http_guard_type(r->content_type, route->takes))
        return refuse(r, 415, "unsupported_media_type", "see openapi.json for the Content-Type");
    r->body_size = (size_t)length;
    return 0;
}

/* curl and others wait for leave before they send a larger body. */
static void invite_body(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    static const char leave[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (r->body_size && !h->minor_0 && http_head_lists(h, "expect", "100-continue"))
        http_stream_say(&c->stream, leave, sizeof(leave) - 1); /* else it sends after a while */
}

/* --- all of it -------------------------------------------------------------------------------- */
static int keep(struct http_request *r, const struct http_head *h)
{
    int err = 0;
    for (unsigned i = 0; i < h->query_count && !err; i++)
        err = http_request_add_query(r, h->queries[i]);
    for (unsigned i = 0; i < h->field_count && !err; i++)
        err = http_request_keep(r, h->fields[i].name, h->fields[i].value);
    return err ? refuse(r, 503, "out_of_memory", "try again later") : 0;
}

int http_admit(
    struct http_conn *c, struct http_request *r, const struct http_head *h, bool *upgrade)
{
    r->head = h->head;
    r->close = h->minor_0 || http_head_lists(h, "connection", "close");
    r->peer = c->key;
    int err = check_names(c, r, h);
    if (!err)
        http_options_share(r, c->server->setup.cfg, h);
    if (!err)
        err = check_rate(c, r, 1);
    if (!err)
        err = find_route(c, r, h);
    if (err)
        return err;
    *upgrade = r->route->socket && http_head_lists(h, "upgrade", "websocket");
    err = check_bearer(c, r, h, *upgrade);
    if (!err)
        err = check_entry(c, r);
    if (!err && !*upgrade && r->route->gives &&
        !http_guard_accept(http_head_get(h, "accept", NULL), r->route->gives))
        err = refuse(r, 406, "not_acceptable", "this is not among what Accept lists");
    if (!err)
        err = check_body(c, r, h);
    if (!err)
        err = keep(r, h);
    if (!err)
        invite_body(c, r, h);
    return err;
}
