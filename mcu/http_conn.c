#include "mcu/http_conn.h"

#include "mcu/config.h"
#include "mcu/http_socket.h"
#include "mcu/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CHUNK = 16384, /* bytes a write; the rest waits until the socket takes more */
    HANDLER_S = 15,
    LINGER_S = 2,
};

_Static_assert(HTTP_HEADROOM >= LWS_PRE, "lws writes its framing into the headroom");

static void set_deadline(struct http_conn *c, enum http_conn_state state, unsigned seconds)
{
    c->state = state;
    c->deadline_ms = uv_now(c->server->loop) + (uint64_t)seconds * 1000;
}

static int conn_new(struct lws *wsi)
{
    struct http_server *s = lws_context_user(lws_get_context(wsi));
    struct http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return -1;
    c->server = s;
    c->wsi = wsi;
    c->key = rate_key((struct sockaddr *)&s->accepting);
    static const struct in6_addr one = IN6ADDR_LOOPBACK_INIT;
    c->local = (IN6_IS_ADDR_V4MAPPED(&c->key) && c->key.s6_addr[12] == 127) ||
               (s->accepting.ss_family == AF_INET6 &&
                   !memcmp(&((struct sockaddr_in6 *)&s->accepting)->sin6_addr, &one, sizeof(one)));
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    s->stats.connections++;
    lws_set_opaque_user_data(wsi, c);
    set_deadline(c, HTTP_CONN_HEADERS, s->setup.cfg->http_timeout_s);
    return 0;
}

/* The request's body was still coming (it is ours), or its handler is told by arg that nobody
 * waits any more. */
static void drop_request(struct http_conn *c)
{
    struct http_request *r = c->request;
    c->request = NULL;
    if (!r)
        return;
    if (c->state == HTTP_CONN_BODY)
        http_request_free(r);
    else
        r->arg = r->anchor = NULL;
}

static void conn_free(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (c->socket)
        http_socket_gone(c);
    drop_request(c);
    free(c->out);
    *(c->prev ? &c->prev->next : &s->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->stats.connections--;
    lws_set_opaque_user_data(c->wsi, NULL);
    free(c);
}

/* The request's finish: takes over the answer and asks to be called when it can be written. */
static void answer(uint8_t *bytes, size_t len, int status, bool close, void *arg)
{
    struct http_conn *c = arg;
    c->request = NULL;
    c->out = bytes;
    c->out_len = len;
    c->out_at = 0;
    c->close_after = close;
    c->server->stats.requests[status / 100 % 6]++;
    set_deadline(c, HTTP_CONN_ANSWERING, c->server->setup.cfg->http_timeout_s);
    lws_rx_flow_control(c->wsi, 1); /* lws writes nothing while it may not read */
    lws_callback_on_writable(c->wsi);
}

static void hand_over(struct http_conn *c)
{
    struct http_request *r = c->request;
    set_deadline(c, HTTP_CONN_WAITING, HANDLER_S);
    r->route->handle(r, c->server->setup.arg);
    if (c->state == HTTP_CONN_WAITING) /* nothing is read meanwhile: no spinning, no hoarding */
        lws_rx_flow_control(c->wsi, 0);
}

static int on_headers(struct http_conn *c, const char *path, size_t len)
{
    struct http_request *r = NULL;
    if (c->state != HTTP_CONN_HEADERS)
        return -1;
    int err = http_admit(c, path, len, false, &r);
    if (err)
        return err == -EACCES ? 0 : -1;
    c->request = r;
    r->anchor = &c->request;
    if (r->body_size)
        set_deadline(c, HTTP_CONN_BODY, c->server->setup.cfg->http_timeout_s);
    else
        hand_over(c);
    return 0;
}

static int on_body(struct http_conn *c, const void *bytes, size_t len)
{
    if (c->state != HTTP_CONN_BODY)
        return 0; /* of a request that was refused */
    return http_request_add_body(c->request, bytes, len) ? -1 : 0;
}

static int on_body_end(struct http_conn *c)
{
    if (c->state == HTTP_CONN_LINGERING)
        return -1;
    if (c->state == HTTP_CONN_BODY)
        hand_over(c);
    return 0;
}

/* Data that is still unread would turn our close into a reset that destroys the answer on its way:
 * only our half is closed, and what remains of a body is read and thrown away for a while. */
static int linger(struct http_conn *c)
{
    char waste[4096];
    int fd = lws_get_socket_fd(c->wsi);
    shutdown(fd, SHUT_WR);
    if (c->body_follows) {
        set_deadline(c, HTTP_CONN_LINGERING, LINGER_S);
        return 0;
    }
    for (int i = 0; i < 16 && recv(fd, waste, sizeof(waste), MSG_DONTWAIT) > 0; i++)
        ;
    return -1;
}

static int end_transaction(struct http_conn *c)
{
    free(c->out);
    c->out = NULL;
    if (c->close_after)
        return linger(c);
    set_deadline(c, HTTP_CONN_HEADERS, c->server->setup.cfg->http_idle_s);
    return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

static int on_writable(struct http_conn *c)
{
    if (c->state != HTTP_CONN_ANSWERING)
        return 0;
    if (!c->out)
        return -1;
    if (c->out_at < c->out_len) {
        size_t n = c->out_len - c->out_at;
        if (n > CHUNK)
            n = CHUNK;
        if (lws_write(c->wsi, c->out + HTTP_HEADROOM + c->out_at, n, LWS_WRITE_HTTP) < (int)n)
            return -1;
        c->out_at += n;
    }
    if (c->out_at < c->out_len || lws_partial_buffered(c->wsi)) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    return end_transaction(c);
}

/* 0: lws makes it a WebSocket; -1: refused, and the refusal is on its way in full. */
static int on_upgrade(struct http_conn *c, const char *to)
{
    char *path = NULL;
    int len = 0;
    struct http_request *r = NULL;
    if (c->state != HTTP_CONN_HEADERS || strcasecmp(to, "websocket") ||
        lws_http_get_uri_and_method(c->wsi, &path, &len) < 0 || !path)
        return -1;
    int err = http_admit(c, path, (size_t)len, true, &r);
    if (!err)
        err = http_socket_open(c, r);
    if (c->out) { /* lws ends this connection next, so it must be written now */
        lws_write(c->wsi, c->out + HTTP_HEADROOM, c->out_len, LWS_WRITE_HTTP);
        free(c->out);
        c->out = NULL;
    }
    if (!err)
        c->state = HTTP_CONN_SOCKET;
    return err ? -1 : 0;
}

int http_conn_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct http_conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    (void)user;
    if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED)
        return conn_new(wsi);
    if (!c)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_WSI_DESTROY:
        conn_free(c);
        return 0;
    case LWS_CALLBACK_HTTP:
        return on_headers(c, in, len);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(c, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return on_body_end(c);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writable(c);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(c, in);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return c->socket ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        http_socket_opened(c);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return http_socket_receive(c, in, len);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: /* an echo of ours needs no other */
        return http_socket_closing(c) ? -1 : 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return http_socket_writable(c);
    default:
        return 0;
    }
}

/* True: the connection is to end now. */
static bool time_is_up(struct http_conn *c)
{
    struct http_request *r = c->request;
    if (c->state == HTTP_CONN_WAITING && r) {
        /* The handler still owns r; its late answer goes nowhere. */
        struct http_request *stand_in = http_request_new();
        drop_request(c);
        if (!stand_in)
            return true;
        stand_in->finish = answer;
        stand_in->arg = c;
        stand_in->close = true;
        http_error(stand_in, 503, "timeout", "the server did not finish in time; try again");
        return false;
    }
    return true;
}

void http_conn_sweep(struct http_server *s, uint64_t now_ms)
{
    for (struct http_conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        if (!c->deadline_ms || now_ms < c->deadline_ms || !time_is_up(c))
            continue;
        c->deadline_ms = 0; /* c goes with its handle, in a later turn of the loop */
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    }
}

void http_conn_prepare(struct http_conn *c, struct http_request *r)
{
    r->finish = answer;
    r->arg = c;
}
