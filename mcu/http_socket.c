#include "mcu/http_socket.h"

#include "mcu/config.h"
#include "mcu/http_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE_MS = 5000, GOODBYE_MS = 1000, REASON_MAX = 64 };

struct http_message {
    unsigned refs;
    size_t len;
    uint8_t bytes[]; /* LWS_PRE spare ones, which every send writes anew, then the text */
};

struct http_socket {
    struct http_conn *conn;
    const struct http_socket_ops *ops;
    struct http_request *request; /* for its query */
    void *user;
    bool open, authorized;
    int close_code; /* 0: not closing */
    bool said;      /* the close frame is out */
    char reason[REASON_MAX];
    struct http_message **queue; /* ring */
    unsigned queue_size, head, count;
    char text[HTTP_SOCKET_MESSAGE_MAX];
    size_t text_len;
};

struct http_message *http_message_new(const char *text, size_t len)
{
    struct http_message *m = malloc(sizeof(*m) + LWS_PRE + len);
    if (!m)
        return NULL;
    m->refs = 1;
    m->len = len;
    memcpy(m->bytes + LWS_PRE, text, len);
    return m;
}

void http_message_release(struct http_message *m)
{
    if (m && !--m->refs)
        free(m);
}

int http_socket_open(struct http_conn *c, struct http_request *r)
{
    struct http_server *server = c->server;
    struct http_socket *s = NULL;
    if (server->stats.sockets >= server->setup.cfg->event_clients) {
        r->close = true;
        http_header(r, "Retry-After", "10");
        http_error(r, 503, "too_many_sockets", "too many event clients; see event_clients");
        return -EMFILE;
    }
    s = calloc(1, sizeof(*s));
    if (s)
        s->queue = calloc(server->setup.cfg->event_queue, sizeof(struct http_message *));
    if (!s || !s->queue) {
        free(s);
        http_request_free(r);
        return -ENOMEM;
    }
    s->queue_size = server->setup.cfg->event_queue;
    s->conn = c;
    s->ops = r->route->socket;
    s->request = r;
    s->authorized = r->authorized;
    r->arg = NULL; /* from here on lws answers */
    c->socket = s;
    c->deadline_ms = 0;
    server->stats.sockets++;
    return 0;
}

void http_socket_opened(struct http_conn *c)
{
    struct http_socket *s = c->socket;
    if (!s)
        return;
    if (s->ops->open(s, c->server->setup.arg))
        http_socket_close(s, HTTP_CLOSE_TRY_LATER, "no room");
    else
        s->open = true;
}

int http_socket_receive(struct http_conn *c, const char *text, size_t len)
{
    struct http_socket *s = c->socket;
    if (!s || s->close_code)
        return 0;
    if (lws_frame_is_binary(c->wsi)) {
        http_socket_close(s, HTTP_CLOSE_UNACCEPTABLE, "text only");
        return 0;
    }
    if (len > sizeof(s->text) - s->text_len ||
        lws_remaining_packet_payload(c->wsi) > sizeof(s->text)) {
        http_socket_close(s, HTTP_CLOSE_TOO_BIG, "message too big");
        return 0;
    }
    if (len)
        memcpy(s->text + s->text_len, text, len);
    s->text_len += len;
    if (!lws_is_final_fragment(c->wsi) || lws_remaining_packet_payload(c->wsi))
        return 0;
    len = s->text_len;
    s->text_len = 0;
    if (s->open)
        s->ops->message(s, s->text, len, c->server->setup.arg);
    return 0;
}

static struct http_message *dequeue(struct http_socket *s)
{
    struct http_message *m = s->queue[s->head];
    s->head = (s->head + 1) % s->queue_size;
    s->count--;
    return m;
}

/* lws has a way to end with a code, but on libuv it ends before the code is out: so this writes the
 * frame (RFC 6455, 5.5.1). The peer's own Close, its end of the connection or the deadline follow.
 */
static int say_goodbye(struct http_socket *s)
{
    unsigned char bytes[LWS_PRE + 4 + REASON_MAX], *frame = bytes + LWS_PRE;
    size_t len = strlen(s->reason);
    if (s->said)
        return 0;
    s->said = true;
    s->conn->deadline_ms = uv_now(s->conn->server->loop) + GOODBYE_MS;
    frame[0] = 0x88; /* FIN, opcode 8 */
    frame[1] = (unsigned char)(2 + len);
    frame[2] = (unsigned char)(s->close_code >> 8);
    frame[3] = (unsigned char)s->close_code;
    memcpy(frame + 4, s->reason, len);
    return lws_write(s->conn->wsi, frame, 4 + len, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

bool http_socket_closing(const struct http_conn *c)
{
    return c->socket && c->socket->close_code;
}

int http_socket_writable(struct http_conn *c)
{
    struct http_socket *s = c->socket;
    if (!s)
        return -1;
    if (s->close_code)
        return say_goodbye(s);
    if (!s->count)
        return 0;
    struct http_message *m = dequeue(s);
    int n = lws_write(c->wsi, m->bytes + LWS_PRE, m->len, LWS_WRITE_TEXT);
    bool failed = n < (int)m->len;
    http_message_release(m);
    if (!failed && s->count)
        lws_callback_on_writable(c->wsi);
    return failed ? -1 : 0;
}

void http_socket_gone(struct http_conn *c)
{
    struct http_socket *s = c->socket;
    c->socket = NULL;
    c->server->stats.sockets--;
    if (s->open)
        s->ops->closed(s, c->server->setup.arg);
    while (s->count)
        http_message_release(dequeue(s));
    free(s->queue);
    http_request_free(s->request);
    free(s);
}

int http_socket_send(struct http_socket *s, struct http_message *m)
{
    if (s->count == s->queue_size)
        return -ENOBUFS;
    m->refs++;
    s->queue[(s->head + s->count++) % s->queue_size] = m;
    lws_callback_on_writable(s->conn->wsi);
    return 0;
}

/* A client that reads nothing never lets us say why: the connection then ends by its deadline. */
void http_socket_close(struct http_socket *s, int code, const char *reason)
{
    if (s->close_code)
        return;
    s->close_code = code;
    strncpy(s->reason, reason, sizeof(s->reason) - 1);
    s->conn->deadline_ms = uv_now(s->conn->server->loop) + CLOSE_MS;
    lws_callback_on_writable(s->conn->wsi);
}

bool http_socket_authorized(const struct http_socket *s)
{
    return s->authorized;
}

bool http_socket_authorize(struct http_socket *s, const char *token, size_t len)
{
    s->authorized = !http_admit_token(s->conn, token, len);
    return s->authorized;
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
