#include "mcu/http.h"

#include "mcu/config.h"
#include "mcu/http_conn.h"
#include "mcu/http_socket.h"
#include "mcu/log.h"
#include "mcu/rate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 256,
    SWEEP_MS = 500,
    CLOSING_MS = 2,
    ACCEPTS_A_TURN = 32, /* so that a flood of connections leaves the loop time for others */
    HEADER_BYTES = 8192, /* of one request, all together */
    LWS_TIMEOUT_S = 60,  /* ours strike first; theirs are a second net */
    SEND_BYTES =
        256 * 1024, /* an answer rarely waits for its client: lws polls in vain meanwhile */
    LWS_SPARE_FDS = 32,
    SOCKET_CHUNK = 1024, /* bytes of a message that are handed up at once */
    PING_S = 30,
    PING_GRACE_S = 15,
};

static const struct lws_protocols protocols[] = {
    {"http", http_conn_callback, 0, SOCKET_CHUNK, 0, NULL, 0},
    {HTTP_SOCKET_PROTOCOL, http_conn_callback, 0, SOCKET_CHUNK, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static int open_listener(struct http_server *s, const char *address, uint16_t port)
{
    struct sockaddr_storage bound = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&bound;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&bound;
    socklen_t len = sizeof(*v4);
    const int on = 1;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        len = sizeof(*v6);
    } else {
        return -EINVAL;
    }
    s->listen_fd = socket(bound.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listen_fd < 0)
        return -errno;
    /* Skips TIME_WAIT only: a second listener on the port still fails. */
    setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(s->listen_fd, (struct sockaddr *)&bound, len) || listen(s->listen_fd, BACKLOG) ||
        getsockname(s->listen_fd, (struct sockaddr *)&bound, &len))
        return -errno;
    s->port = ntohs(bound.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return 0;
}

static bool too_many(const struct http_server *s, const struct in6_addr *key)
{
    const struct config *cfg = s->setup.cfg;
    unsigned same = 0;
    for (const struct http_conn *c = s->conns; c; c = c->next)
        same += !memcmp(&c->key, key, sizeof(*key));
    return s->stats.connections >= cfg->http_connections || same >= cfg->http_connections_address;
}

/* With no descriptor left the connection would wait in the backlog and wake us for ever: a spare
 * one lets us take and drop it. */
static void shed(struct http_server *s)
{
    close(s->spare_fd);
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    s->stats.refused++;
}

static void on_listener(uv_poll_t *handle, int status, int events)
{
    struct http_server *s = handle->data;
    const int on = 1, send_bytes = SEND_BYTES;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        socklen_t len = sizeof(s->accepting);
        int fd = accept4(
            s->listen_fd, (struct sockaddr *)&s->accepting, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            shed(s);
        if (fd < 0)
            return;
        struct in6_addr key = rate_key((struct sockaddr *)&s->accepting);
        if (too_many(s, &key)) {
            s->stats.refused++;
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
        if (lws_adopt_socket_vhost(s->vhost, fd)) /* closes fd if it fails */
            s->stats.accepted++;
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    http_conn_sweep(s, uv_now(s->loop));
}

/* What lws has to say is of use to whoever debugs it, and may quote what clients sent. */
static void on_lws_log(int level, const char *line)
{
    (void)level;
    LOG_DEBUG("http", "lws", log_text("line", line));
}

static int create_lws(struct http_server *s)
{
    static const lws_retry_bo_t keepalive = {
        .secs_since_valid_ping = PING_S, .secs_since_valid_hangup = PING_S + PING_GRACE_S};
    const struct config *cfg = s->setup.cfg;
    void *loops[] = {s->loop};
    struct lws_context_creation_info info = {0};
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = loops;
    info.pcontext = &s->lws;
    info.user = s;
    info.gid = info.uid = (unsigned)-1;
    info.fd_limit_per_thread = cfg->http_connections + LWS_SPARE_FDS;
    info.max_http_header_data = HEADER_BYTES;
    info.max_http_header_pool = (unsigned short)cfg->http_connections;
    info.timeout_secs = LWS_TIMEOUT_S;
    info.keepalive_timeout = (int)cfg->http_idle_s + LWS_TIMEOUT_S;
    info.retry_and_idle_policy = &keepalive;
    s->lws = lws_create_context(&info);
    if (!s->lws)
        return -ENOSYS;
    s->vhost = lws_create_vhost(s->lws, &info);
    return s->vhost ? 0 : -ENOSYS;
}

static void server_free(struct http_server *s)
{
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->spare_fd >= 0)
        close(s->spare_fd);
    rate_destroy(s->rate);
    rate_destroy(s->failures);
    free(s);
}

static void free_when_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    if (!--s->uv_handles)
        server_free(s);
}

struct owner {
    const void *lws;
    bool found;
};

static void look_for_owner(uv_handle_t *handle, void *arg)
{
    struct owner *owner = arg;
    owner->found |= handle->data == owner->lws;
}

/* lws closes its sockets' handles, after the last of them those of its own (whose data it is), and
 * on a loop that is not its own it wants to be told when they are gone. */
static void on_closing(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    struct owner owner = {s->lws, false};
    if (s->lws)
        uv_walk(s->loop, look_for_owner, &owner);
    if (s->lws && !owner.found)
        lws_context_destroy(s->lws); /* clears s->lws */
    if (s->lws)
        return;
    uv_close((uv_handle_t *)&s->listener, free_when_closed);
    uv_close((uv_handle_t *)&s->sweeper, free_when_closed);
}

void http_close(struct http_server *s)
{
    s->closing = true;
    uv_poll_stop(&s->listener);
    if (s->lws)
        lws_context_destroy(s->lws);
    uv_timer_start(&s->sweeper, on_closing, 0, CLOSING_MS);
}

static int start(struct http_server *s)
{
    int err = uv_poll_init(s->loop, &s->listener, s->listen_fd);
    if (err)
        return err;
    uv_timer_init(s->loop, &s->sweeper);
    s->uv_handles = 2;
    s->listener.data = s->sweeper.data = s;
    err = create_lws(s);
    if (!err)
        err = uv_timer_start(&s->sweeper, on_sweep, SWEEP_MS, SWEEP_MS);
    if (!err)
        err = uv_poll_start(&s->listener, UV_READABLE, on_listener);
    return err;
}

int http_create(struct http_server **sp, uv_loop_t *loop, const struct http_setup *setup)
{
    struct http_server *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->setup = *setup;
    s->loop = loop;
    s->listen_fd = -1;
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int err = rate_create(&s->rate);
    if (!err)
        err = rate_create(&s->failures);
    if (!err)
        err = open_listener(s, setup->cfg->http_address, (uint16_t)setup->cfg->http_port);
    if (!err)
        err = start(s);
    if (!err)
        *sp = s;
    else if (s->uv_handles)
        http_close(s); /* its memory goes once the loop has run on */
    else
        server_free(s);
    return err;
}

uint16_t http_port(const struct http_server *s)
{
    return s->port;
}

void http_stats(const struct http_server *s, struct http_stats *out)
{
    *out = s->stats;
}
