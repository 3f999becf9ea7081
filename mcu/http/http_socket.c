#include "mcu/http/http_socket.h"

#include "mcu/config.h"
#include "mcu/http/http_conn.h"
#include "mcu/http/ws_frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOSE_MS = 2000,   /* to get our Close out, and the peer's in */
    PING_MS = 30000,   /* of silence, then a ping */
    SILENT_MS = 50000, /* of silence, then it is dead */
    BATCH = 32,        /* messages a write */
    REASON_MAX = 64,
    HANDSHAKE_MAX = 512,
    SEND_BYTES = 64 * 1024, /* of the system's buffer: our queue is where events wait */
};

/* One frame, ready to be sent to any number of clients. */
struct http_message {
    unsigned refs;
    size_t len;
    uint8_t bytes[];
};

struct http_socket {
    struct http_conn *conn; /* NULL: gone; freed when the write it is in ends */
    const struct http_socket_ops *ops;
    struct http_request *request; /* for its query and grant */
    void *user;
    bool open;
    uint64_t heard_ms, pinged_ms;
    struct ws_reader reader;

    struct http_message **queue; /* ring */
    unsigned queue_size, head, count;
    struct http_message *control; /* a ping or pong, to be sent before the queue */
    struct http_message *close;   /* to be sent after what is being written, and nothing after it */
    bool close_last;              /* after what is queued, too */
    bool close_sent;

    struct http_message *writing[BATCH];
    unsigned writing_count;
};

static void write_more(struct http_socket *s);

/* --- messages --------------------------------------------------------------------------------- */
static struct http_message *new_frame(enum ws_opcode opcode, const void *payload, size_t len)
{
    struct http_message *m = malloc(sizeof(*m) + WS_HEAD_MAX + len);
    if (!m)
        return NULL;
    m->refs = 1;
    m->len = ws_write_head(m->bytes, opcode, len);
    if (len)
        memcpy(m->bytes + m->len, payload, len);
    m->len += len;
    return m;
}

struct http_message *http_message_new(const char *text, size_t len)
{
    return new_frame(WS_TEXT, text, len);
}

void http_message_release(struct http_message *m)
{
    if (m && !--m->refs)
        free(m);
}

/* --- the end ---------------------------------------------------------------------------------- */
static void free_socket(struct http_socket *s)
{
    for (unsigned i = 0; i < s->count; i++)
        http_message_release(s->queue[(s->head + i) % s->queue_size]);
    http_message_release(s->control);
    http_message_release(s->close);
    free(s->queue);
    http_request_free(s->request);
    free(s);
}

void http_socket_gone(struct http_conn *c)
{
    struct http_socket *s = c->socket;
    c->socket = NULL;
    c->server->stats.sockets--;
    if (s->open)
        s->ops->closed(s, c->server->setup.arg);
    s->conn = NULL;
    if (!s->writing_count)
        free_socket(s);
}

/* --- output ----------------------------------------------------------------------------------- */
static void on_written(int status, void *arg)
{
    struct http_socket *s = arg;
    for (unsigned i = 0; i < s->writing_count; i++)
        http_message_release(s->writing[i]);
    s->writing_count = 0;
    if (!s->conn)
        free_socket(s);
    else if (status)
        http_conn_close(s->conn);
    else
        write_more(s);
}

static struct http_message *dequeue(struct http_socket *s)
{
    struct http_message *m = s->queue[s->head];
    s->head = (s->head + 1) % s->queue_size;
    s->count--;
    return m;
}

/* What is to be sent next: a pong, else the close, else events. */
static void choose(struct http_socket *s)
{
    if (s->control && !s->close_sent) {
        s->writing[s->writing_count++] = s->control;
        s->control = NULL;
    }
    while (s->close_last && s->count && s->writing_count < BATCH - 1)
        s->writing[s->writing_count++] = dequeue(s);
    if (s->close && (!s->close_last || !s->count)) {
        s->writing[s->writing_count++] = s->close;
        s->close = NULL;
        s->close_sent = true;
    }
    while (!s->close && !s->close_sent && s->count && s->writing_count < BATCH)
        s->writing[s->writing_count++] = dequeue(s);
}

static void write_more(struct http_socket *s)
{
    uv_buf_t bufs[BATCH];
    if (s->writing_count)
        return;
    choose(s);
    if (!s->writing_count)
        return;
    for (unsigned i = 0; i < s->writing_count; i++)
        bufs[i] = uv_buf_init((char *)s->writing[i]->bytes, (unsigned)s->writing[i]->len);
    int err = http_stream_write(&s->conn->stream, bufs, s->writing_count, on_written, s);
    if (!err)
        return;
    for (unsigned i = 0; i < s->writing_count; i++)
        http_message_release(s->writing[i]);
    s->writing_count = 0;
    http_conn_deadline(s->conn, 1); /* not now: the caller may still use s */
}

int http_socket_send(struct http_socket *s, struct http_message *m)
{
    if (s->close || s->close_sent)
        return 0; /* it is told nothing more */
    if (s->count == s->queue_size)
        return -ENOBUFS;
    m->refs++;
    s->queue[(s->head + s->count++) % s->queue_size] = m;
    write_more(s);
    return 0;
}

/* A client that reads nothing never learns why: it ends by its deadline. */
void http_socket_close(struct http_socket *s, int code, const char *reason)
{
    uint8_t payload[2 + REASON_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t len = strnlen(reason, REASON_MAX);
    if (s->close || s->close_sent)
        return;
    memcpy(payload + 2, reason, len);
    s->close = new_frame(WS_CLOSE, payload, 2 + len);
    http_conn_deadline(s->conn, s->close ? CLOSE_MS : 1);
    write_more(s);
}

void http_socket_finish(struct http_socket *s, int code, const char *reason)
{
    s->close_last = !s->close && !s->close_sent;
    http_socket_close(s, code, reason);
}

/* --- input ------------------------------------------------------------------------------------ */
/* False: the rest is not to be read. */
static bool take_event(struct http_conn *c, const struct ws_event *e)
{
    struct http_socket *s = c->socket;
    switch (e->opcode) {
    case WS_TEXT:
        if (!s->close && !s->close_sent)
            s->ops->message(s, (const char *)e->payload, e->len, c->server->setup.arg);
        return true;
    case WS_PING: /* of many the last is answered (RFC 6455, 5.5.3) */
        http_message_release(s->control);
        s->control = new_frame(WS_PONG, e->payload, e->len);
        write_more(s);
        return true;
    case WS_CLOSE:
        if (s->close_sent) {
            http_conn_close(c);
            return false;
        }
        http_socket_close(s, HTTP_CLOSE_NORMAL, "");
        http_conn_deadline(c, 1000);
        return false;
    default:
        return true;
    }
}

void http_socket_input(struct http_conn *c, const uint8_t *bytes, size_t len)
{
    struct http_socket *s = c->socket;
    s->heard_ms = uv_now(c->server->loop);
    while (len) {
        struct ws_event e;
        bool has;
        int n = ws_read(&s->reader, bytes, len, &e, &has);
        if (n < 0) {
            http_socket_close(s, -n, "");
            http_stream_read_stop(&c->stream); /* what follows has lost its frames */
            return;
        }
        bytes += n;
        len -= (size_t)n;
        if (has && !take_event(c, &e))
            return;
    }
}

void http_socket_idle(struct http_conn *c, uint64_t now_ms)
{
    struct http_socket *s = c->socket;
    if (now_ms - s->heard_ms > SILENT_MS) {
        http_conn_close(c);
    } else if (now_ms - s->heard_ms > PING_MS && s->pinged_ms < s->heard_ms && !s->control) {
        s->pinged_ms = now_ms;
        s->control = new_frame(WS_PING, NULL, 0);
        write_more(s);
    }
}

/* --- the start -------------------------------------------------------------------------------- */
static int refuse(struct http_request *r, int status, const char *code, const char *message)
{
    r->close = true;
    http_error(r, status, code, message);
    return -EINVAL;
}

static int check_handshake(
    struct http_request *r, const struct http_head *h, char accept[WS_ACCEPT_MAX])
{
    unsigned keys;
    const char *key = http_head_get(h, "sec-websocket-key", &keys);
    if (strcmp(http_head_get(h, "sec-websocket-version", NULL), "13")) {
        http_header(r, "Sec-WebSocket-Version", "13");
        return refuse(r, 426, "websocket_version", "speak version 13 of WebSocket (RFC 6455)");
    }
    if (h->minor_0 || h->head || !http_head_lists(h, "connection", "upgrade") || keys != 1 ||
        ws_accept(key, accept))
        return refuse(r, 400, "bad_handshake", "this is no WebSocket handshake (RFC 6455, 4.1)");
    if (!http_query_only(r, r->route->socket->queries))
        return refuse(r, 400, "bad_query", "this query is not known here; see openapi.json");
    return 0;
}

static struct http_socket *new_socket(struct http_conn *c, struct http_request *r)
{
    struct http_socket *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->queue_size = c->server->setup.cfg->event_queue;
    s->queue = calloc(s->queue_size, sizeof(struct http_message *));
    if (!s->queue) {
        free(s);
        return NULL;
    }
    s->conn = c;
    s->ops = r->route->socket;
    s->request = r;
    s->heard_ms = uv_now(c->server->loop);
    return s;
}

/* The handshake's answer goes out like a message: first. */
static struct http_message *new_handshake(const struct http_head *h, const char *accept)
{
    struct http_message *m = malloc(sizeof(*m) + HANDSHAKE_MAX);
    if (!m)
        return NULL;
    bool listed = http_head_lists(h, "sec-websocket-protocol", HTTP_SOCKET_PROTOCOL);
    m->refs = 1;
    m->len = (size_t)snprintf((char *)m->bytes, HANDSHAKE_MAX,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n%s\r\n",
        accept, listed ? "Sec-WebSocket-Protocol: " HTTP_SOCKET_PROTOCOL "\r\n" : "");
    return m;
}

int http_socket_start(struct http_conn *c, struct http_request *r, const struct http_head *h)
{
    char accept[WS_ACCEPT_MAX];
    struct http_server *server = c->server;
    int err = check_handshake(r, h, accept);
    if (err)
        return err;
    if (server->stats.sockets >= server->setup.cfg->event_clients) {
        http_header(r, "Retry-After", "10");
        return refuse(r, 503, "too_many_sockets", "too many event clients; see event_clients");
    }
    struct http_message *handshake = new_handshake(h, accept);
    struct http_socket *s = handshake ? new_socket(c, r) : NULL;
    if (!s) {
        http_message_release(handshake);
        return refuse(r, 503, "out_of_memory", "try again later");
    }
    c->request = NULL;
    r->anchor = NULL;
    r->arg = NULL;
    c->socket = s;
    c->state = HTTP_CONN_SOCKET;
    http_conn_proven(c);
    http_conn_deadline(c, 0);
    http_stream_send_buffer(&c->stream, SEND_BYTES);
    server->stats.sockets++;
    s->queue[s->count++] = handshake;
    write_more(s);
    s->open = !s->ops->open(s, server->setup.arg);
    if (!s->open)
        http_socket_close(s, HTTP_CLOSE_TRY_LATER, "no room");
    return 0;
}

/* --- for its user ----------------------------------------------------------------------------- */
const struct grant *http_socket_grant(const struct http_socket *s)
{
    return http_grant(s->request);
}

int http_socket_authorize(struct http_socket *s, const char *token, size_t len)
{
    return http_admit_bearer(s->conn, s->request->route, token, len, &s->request->grant);
}

const char *http_socket_param(const struct http_socket *s, const char *name)
{
    return http_param(s->request, name);
}

const char *http_socket_query(const struct http_socket *s, const char *name)
{
    return http_query(s->request, name);
}

void http_socket_set_user(struct http_socket *s, void *user)
{
    s->user = user;
}

void *http_socket_user(const struct http_socket *s)
{
    return s->user;
}
