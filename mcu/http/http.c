#include "mcu/http/http.h"

#include "mcu/config.h"
#include "mcu/http/http_conn.h"
#include "mcu/http/http_socket.h"
#include "mcu/http/http_tls.h"
#include "mcu/http/own_names.h"
#include "mcu/http/peers.h"
#include "mcu/http/rate.h"
#include "mcu/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BACKLOG = 256, SWEEP_MS = 500 };

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;
    if (!status)
        http_conn_accept(s);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    http_conn_sweep(s, uv_now(s->loop));
    if (s->setup.tls)
        http_tls_renew(s->setup.tls, time(NULL));
}

void http_release(struct http_server *s)
{
    if (--s->handles)
        return;
    rate_destroy(s->rate);
    rate_destroy(s->failures);
    peers_destroy(s->peers);
    free(s);
}

static void on_closed(uv_handle_t *handle)
{
    http_release(handle->data);
}

void http_close(struct http_server *s)
{
    s->closing = true;
    while (s->conns)
        http_conn_close(s->conns);
    uv_close((uv_handle_t *)&s->listener, on_closed);
    uv_close((uv_handle_t *)&s->sweeper, on_closed);
}

/* uv binds with SO_REUSEADDR, which on TCP skips TIME_WAIT only: of two listeners on a port the
 * second fails, when it listens. */
static int listen_on(struct http_server *s, const char *address, uint16_t port)
{
    struct sockaddr_storage bound = {0};
    int len = sizeof(bound);
    int err = uv_ip4_addr(address, port, (struct sockaddr_in *)&bound);
    if (err)
        err = uv_ip6_addr(address, port, (struct sockaddr_in6 *)&bound);
    if (!err)
        err = uv_tcp_bind(&s->listener, (struct sockaddr *)&bound, 0);
    if (!err)
        err = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
    if (!err)
        err = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&bound, &len);
    if (!err)
        s->port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                                   : ((struct sockaddr_in6 *)&bound)->sin6_port);
    return err;
}

int http_create(struct http_server **sp, uv_loop_t *loop, const struct http_setup *setup)
{
    uint64_t seed;
    struct http_server *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->setup = *setup;
    s->loop = loop;
    uv_tcp_init(loop, &s->listener);
    uv_timer_init(loop, &s->sweeper);
    s->listener.data = s->sweeper.data = s;
    s->handles = 2;
    int err = rate_create(&s->rate);
    if (!err)
        err = rate_create(&s->failures);
    if (!err)
        err = random_bytes(&seed, sizeof(seed));
    if (!err)
        err = peers_create(&s->peers, setup->cfg->http_connections, seed);
    if (!err)
        err = listen_on(s, setup->cfg->http_address,
            (uint16_t)(setup->tls ? setup->cfg->https_port : setup->cfg->http_port));
    if (!err)
        err = uv_timer_start(&s->sweeper, on_sweep, SWEEP_MS, SWEEP_MS);
    if (err)
        http_close(s);
    else
        *sp = s;
    return err;
}

uint16_t http_port(const struct http_server *s)
{
    return s->port;
}

void http_url(const struct http_server *s, char *url, size_t cap)
{
    char host[CONFIG_TEXT_MAX];
    bool tls = s->setup.tls;
    own_name(host, sizeof(host), s->setup.cfg);
    bool v6 = strchr(host, ':');
    int n =
        snprintf(url, cap, "http%s://%s%s%s", tls ? "s" : "", v6 ? "[" : "", host, v6 ? "]" : "");
    if (s->port != (tls ? 443 : 80) && n > 0 && (size_t)n < cap)
        snprintf(url + n, cap - (size_t)n, ":%u", s->port);
}

void http_stats(const struct http_server *s, struct http_stats *out)
{
    *out = s->stats;
    out->certificate_ends = s->setup.tls ? http_tls_ends(s->setup.tls) : 0;
}
