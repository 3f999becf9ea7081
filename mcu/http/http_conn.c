#include "mcu/http/http_conn.h"

#include "mcu/config.h"
#include "mcu/http/http_tls.h"
#include "mcu/http/peers.h"
#include "mcu/http/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HANDLER_MS = 15000,
    LINGER_MS = 2000,
    UNPROVEN_PART = 4,
    YIELD_MS = 1000, /* that a connection has to itself before it may have to make way */
};

static void process(struct http_conn *c);
static struct http_request *new_request(struct http_conn *c);

void http_conn_deadline(struct http_conn *c, uint64_t ms)
{
    c->deadline_ms = ms ? uv_now(c->server->loop) + ms : 0;
}

/* --- the end ---------------------------------------------------------------------------------- */
static void free_conn(void *arg)
{
    struct http_conn *c = arg;
    struct http_server *s = c->server;
    free(c->out);
    free(c);
    http_release(s);
}

/* A request whose body was still coming is ours; a handler that has one learns that nobody waits
 * any more when it answers. */
static void drop_request(struct http_conn *c)
{
    struct http_request *r = c->request;
    c->request = NULL;
    if (!r)
        return;
    r->anchor = NULL;
    r->arg = NULL;
    if (c->state == HTTP_CONN_BODY)
        http_request_free(r);
}

void http_conn_close(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (c->state == HTTP_CONN_CLOSING)
        return;
    drop_request(c);
    c->state = HTTP_CONN_CLOSING;
    if (c->socket)
        http_socket_gone(c);
    *(c->prev ? &c->prev->next : &s->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    http_conn_proven(c);
    peers_remove(s->peers, &c->key);
    s->stats.connections--;
    s->stats.handshakes_failed += !http_stream_greeted(&c->stream);
    http_stream_close(&c->stream, free_conn);
}

/* --- input ------------------------------------------------------------------------------------ */
static void room(uv_buf_t *buf, void *arg)
{
    struct http_conn *c = arg;
    *buf = uv_buf_init(c->in + c->in_len, (unsigned)(sizeof(c->in) - c->in_len));
}

/* Who forgot the s of https:// is told, as TLS would only confuse them. */
static void answer_plain_peer(struct http_conn *c)
{
    struct http_request *r = new_request(c);
    if (!r) {
        http_conn_close(c);
        return;
    }
    r->close = true;
    http_error(r, 400, "speak_https", "this port speaks HTTPS: ask again with https://");
}

static void came(ssize_t n, void *arg)
{
    struct http_conn *c = arg;
    if (n == HTTP_STREAM_PLAIN) {
        answer_plain_peer(c);
    } else if (n < 0) {
        http_conn_close(c);
    } else {
        c->in_len += (size_t)n;
        process(c);
    }
}

static const struct http_stream_ops stream_ops = {room, came};

static void consume(struct http_conn *c, size_t n)
{
    c->in_len -= n;
    memmove(c->in, c->in + n, c->in_len);
}

/* --- output ----------------------------------------------------------------------------------- */
static void on_half_closed(int status, void *arg)
{
    if (status < 0)
        http_conn_close(arg);
}

/* Data left unread would turn our close into a reset that destroys the answer on its way: only our
 * half is closed, and the client has a moment to close the other. */
static void linger(struct http_conn *c)
{
    c->state = HTTP_CONN_LINGERING;
    http_conn_deadline(c, LINGER_MS);
    if (http_stream_shutdown(&c->stream, on_half_closed) || http_stream_read_start(&c->stream))
        http_conn_close(c);
    else
        c->in_len = 0;
}

static void on_answered(int status, void *arg)
{
    struct http_conn *c = arg;
    free(c->out);
    c->out = NULL;
    if (c->state == HTTP_CONN_CLOSING)
        return;
    if (status) {
        http_conn_close(c);
    } else if (c->close_after || c->server->closing) {
        linger(c);
    } else {
        c->state = HTTP_CONN_HEAD;
        http_conn_deadline(c, (uint64_t)c->server->setup.cfg->http_idle_s * 1000);
        if (http_stream_read_start(&c->stream))
            http_conn_close(c);
        else
            process(c); /* the next request may be here already */
    }
}

/* The request's finish. */
static void answer(uint8_t *bytes, size_t len, int status, bool close, void *arg)
{
    struct http_conn *c = arg;
    const uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)len);
    c->request = NULL;
    c->out = bytes;
    c->close_after = close;
    c->server->stats.requests[status / 100 % 6]++;
    http_conn_proven(c);
    c->state = HTTP_CONN_ANSWERING;
    http_conn_deadline(c, (uint64_t)c->server->setup.cfg->http_timeout_s * 1000);
    http_stream_read_stop(&c->stream);
    if (!bytes || http_stream_write(&c->stream, &buf, 1, on_answered, c))
        http_conn_close(c);
}

/* --- requests --------------------------------------------------------------------------------- */
static struct http_request *new_request(struct http_conn *c)
{
    struct http_request *r = http_request_new();
    if (!r)
        return NULL;
    r->finish = answer;
    r->arg = c;
    r->anchor = &c->request;
    r->secure = http_stream_secure(&c->stream);
    r->hsts = r->secure && !http_tls_self_signed(c->server->setup.tls);
    c->request = r;
    return r;
}

static void hand_over(struct http_conn *c)
{
    struct http_request *r = c->request;
    c->state = HTTP_CONN_WAITING;
    http_conn_deadline(c, HANDLER_MS);
    http_stream_read_stop(&c->stream);
    r->route->handle(r, c->server->setup.arg);
}

static void take_body(struct http_conn *c)
{
    struct http_request *r = c->request;
    size_t missing = r->body_size - r->body_len;
    size_t n = c->in_len < missing ? c->in_len : missing;
    if (http_request_add_body(r, c->in, n)) {
        http_conn_close(c);
        return;
    }
    consume(c, n);
    if (r->body_len == r->body_size)
        hand_over(c);
}

static void take_request(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    bool upgrade = false;
    if (http_admit(c, r, h, &upgrade))
        return;
    http_conn_proven(c);
    if (upgrade) {
        http_socket_start(c, r, h);
        return;
    }
    c->state = HTTP_CONN_BODY;
    http_conn_deadline(c, (uint64_t)c->server->setup.cfg->http_timeout_s * 1000);
    if (!r->body_size)
        hand_over(c);
}

/* False: the head is not whole yet. */
static bool take_head(struct http_conn *c)
{
    struct http_head h;
    while (c->in_len >= 2 && c->in[0] == '\r' && c->in[1] == '\n') /* RFC 9112, 2.2 */
        consume(c, 2);
    int n = http_head_parse(&h, c->in, c->in_len);
    if (!n)
        return false;
    struct http_request *r = new_request(c);
    if (!r) {
        http_conn_close(c);
    } else if (n < 0) {
        http_admit_malformed(r, n);
    } else {
        take_request(c, r, &h);
        if (c->state != HTTP_CONN_CLOSING)
            consume(c, (size_t)n); /* h pointed into it until now */
    }
    return true;
}

/* Uses what has been read, until it is used up or the state says to wait. */
static void process(struct http_conn *c)
{
    for (bool more = true; more && c->in_len;) {
        switch (c->state) {
        case HTTP_CONN_HEAD:
            more = take_head(c);
            break;
        case HTTP_CONN_BODY:
            take_body(c);
            break;
        case HTTP_CONN_SOCKET: {
            size_t n = c->in_len;
            c->in_len = 0; /* uv reads no more of it until this returns */
            http_socket_input(c, (const uint8_t *)c->in, n);
            break;
        }
        case HTTP_CONN_LINGERING:
            c->in_len = 0;
            break;
        default:
            more = false;
        }
    }
}

/* --- the start -------------------------------------------------------------------------------- */
void http_conn_proven(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (c->proven)
        return;
    c->proven = true;
    s->unproven--;
    *(c->elder ? &c->elder->younger : &s->eldest) = c->younger;
    *(c->younger ? &c->younger->elder : &s->youngest) = c->elder;
}

static bool is_full(const struct http_server *s)
{
    unsigned max = s->setup.cfg->http_connections;
    return s->stats.connections >= max || s->unproven > max / UNPROVEN_PART;
}

/* Those who only hold a place (half-open handshakes, heads that never end) get a part of the
 * places, and make way for others. A handshake costs us more than its client: they count as
 * requests do. */
static bool too_many(struct http_server *s, const struct in6_addr *key)
{
    const struct config *cfg = s->setup.cfg;
    uint64_t now = uv_now(s->loop);
    if (peers_count(s->peers, key) >= cfg->http_connections_address ||
        (s->setup.tls && rate_take(s->rate, key, cfg->api_rate, cfg->api_burst, now)))
        return true;
    if (is_full(s) && s->eldest && now - s->eldest->since_ms >= YIELD_MS)
        http_conn_close(s->eldest);
    return is_full(s);
}

/* The peer's address: loopback or not, and its key. */
static int look_at_peer(struct http_conn *c)
{
    struct sockaddr_storage peer;
    int err = http_stream_peer(&c->stream, &peer);
    if (err)
        return err;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&peer;
    c->key = rate_key((const struct sockaddr *)&peer);
    c->local = IN6_IS_ADDR_V4MAPPED(&c->key)
                   ? c->key.s6_addr[12] == 127
                   : peer.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return 0;
}

static void link_conn(struct http_conn *c)
{
    struct http_server *s = c->server;
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    c->since_ms = uv_now(s->loop);
    c->elder = s->youngest;
    *(c->elder ? &c->elder->younger : &s->eldest) = c;
    s->youngest = c;
    s->unproven++;
    peers_add(s->peers, &c->key);
    s->stats.connections++;
    s->stats.accepted++;
}

int http_conn_accept(struct http_server *s)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->server = s;
    s->handles++;
    int err =
        http_stream_accept(&c->stream, (uv_stream_t *)&s->listener, s->setup.tls, &stream_ops, c);
    if (!err)
        err = look_at_peer(c);
    if (!err && too_many(s, &c->key))
        err = -EMFILE;
    if (!err)
        err = http_stream_read_start(&c->stream);
    if (err) {
        s->stats.refused++;
        c->state = HTTP_CONN_CLOSING;
        http_stream_close(&c->stream, free_conn);
        return err;
    }
    link_conn(c);
    http_conn_deadline(c, (uint64_t)s->setup.cfg->http_timeout_s * 1000);
    return 0;
}

/* --- time ------------------------------------------------------------------------------------- */
/* The handler keeps its request and may answer it to nobody; the client is told now. */
static void give_up_waiting(struct http_conn *c)
{
    drop_request(c);
    struct http_request *r = new_request(c);
    if (!r) {
        http_conn_close(c);
        return;
    }
    r->close = true;
    http_error(r, 503, "timeout", "the server did not finish in time; try again");
}

void http_conn_sweep(struct http_server *s, uint64_t now_ms)
{
    for (struct http_conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        if (c->deadline_ms && now_ms >= c->deadline_ms) {
            if (c->state == HTTP_CONN_WAITING)
                give_up_waiting(c);
            else
                http_conn_close(c);
        } else if (c->socket) {
            http_socket_idle(c, now_ms);
        }
    }
}
