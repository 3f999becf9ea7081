#include "net/ice/ice_port.h"

#include "net/ice/ice_internal.h"
#include "net/own_host.h"
#include "net/send_batch.h"
#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 4 << 20,
    TCP_MAX = 1024,
    TCP_MAX_PER_HOST = 256,
    TCP_MAX_UNCLAIMED = 256,
    TCP_MAX_UNCLAIMED_PER_HOST = 64,
    TRIES_FOR_ANY_PORT = 64,
};

/* --- demultiplexing --------------------------------------------------------------------------- */
enum kind { KIND_NONE, KIND_STUN, KIND_DTLS, KIND_RTP };

/* RFC 7983 */
static enum kind kind_of(const uint8_t *pkt, size_t len)
{
    if (len == 0)
        return KIND_NONE;
    if (pkt[0] < 4)
        return KIND_STUN;
    if (pkt[0] >= 20 && pkt[0] < 64)
        return KIND_DTLS;
    return pkt[0] >= 128 && pkt[0] < 192 ? KIND_RTP : KIND_NONE;
}

/* What is neither STUN nor from a stranger. */
static void give(
    struct ice_session *s, enum kind kind, uint8_t *pkt, size_t len, uint64_t arrival_us)
{
    if (kind == KIND_RTP)
        s->ev->media(pkt, len, arrival_us, s->arg);
    else
        s->ev->dtls(pkt, len, arrival_us, s->arg);
}

static void count_verdict(struct ice_port_stats *stats, enum ice_verdict verdict)
{
    stats->checks += verdict == ICE_ANSWERED;
    stats->refused += verdict == ICE_REFUSED;
    stats->excess += verdict == ICE_EXCESS;
}

/* The session of a check, by the first half of its USERNAME. NULL: nothing that is answered. */
static struct ice_session *session_of(
    struct ice_port *p, struct stun_message *m, const uint8_t *pkt, size_t len)
{
    if (stun_parse(m, pkt, len) != 0) {
        p->stats.malformed++;
        return NULL;
    }
    if (m->class != STUN_REQUEST)
        return NULL; /* an indication keeps a NAT open, no more */
    const char *colon = m->username ? memchr(m->username, ':', m->username_len) : NULL;
    struct ice_session *s = NULL;
    if (colon)
        s = ice_session_by_ufrag(p, m->username, (size_t)(colon - m->username));
    p->stats.refused += s == NULL;
    return s;
}

static void on_udp_check(struct ice_socket *sock, uint8_t *pkt, size_t len,
    const struct ice_route *from, uint64_t arrival_us)
{
    struct ice_port *p = sock->port;
    struct stun_message m;
    struct ice_outcome o;
    struct ice_session *s = session_of(p, &m, pkt, len);
    if (!s)
        return;
    const struct ice_session *holder = ice_session_by_route(p, from);
    if (holder && holder != s && ice_session_holds(holder, from, arrival_us)) {
        p->stats.taken++;
        return;
    }
    uint8_t *out = send_batch_reserve(p->batch, STUN_RESPONSE_MAX);
    if (!out)
        return;
    size_t n = ice_lite_check(&s->agent, &m, pkt, len, from, arrival_us, out, &o);
    if (n > 0)
        send_batch_commit(p->batch, sock->fd, &from->remote, n);
    count_verdict(&p->stats, o.verdict);
    ice_session_follow(s, &o, NULL);
}

void ice_port_datagram(
    uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us, void *arg)
{
    struct ice_socket *sock = arg;
    struct ice_port *p = sock->port;
    const struct ice_route route = {.remote = *from, .link = sock->link};
    enum kind kind = kind_of(pkt, len);
    if (kind == KIND_NONE) {
        p->stats.malformed++;
    } else if (kind == KIND_STUN) {
        on_udp_check(sock, pkt, len, &route, arrival_us);
    } else {
        struct ice_session *s = ice_session_by_route(p, &route);
        if (s)
            give(s, kind, pkt, len, arrival_us);
        else
            p->stats.strangers++;
    }
}

static void on_tcp_check(
    struct ice_port *p, struct ice_tcp_conn *c, uint8_t *pkt, size_t len, uint64_t now_us)
{
    const struct ice_route from = {
        .remote = *ice_tcp_remote(c), .link = ice_tcp_id(c), .tcp = true};
    struct stun_message m;
    struct ice_outcome o;
    uint8_t out[STUN_RESPONSE_MAX];
    struct ice_session *s = session_of(p, &m, pkt, len);
    if (!s)
        return;
    if (ice_tcp_owner(c) && ice_tcp_owner(c) != s) {
        p->stats.taken++;
        return;
    }
    size_t n = ice_lite_check(&s->agent, &m, pkt, len, &from, now_us, out, &o);
    if (n > 0)
        ice_tcp_send(c, out, n);
    count_verdict(&p->stats, o.verdict);
    ice_session_follow(s, &o, c);
}

static void on_tcp(struct ice_tcp_conn *c, uint8_t *pkt, size_t len, uint64_t now_us, void *arg)
{
    struct ice_port *p = arg;
    struct ice_session *s = ice_tcp_owner(c);
    enum kind kind = kind_of(pkt, len);
    if (kind == KIND_STUN) {
        on_tcp_check(p, c, pkt, len, now_us);
    } else if (!s) {
        p->stats.strangers++;
        ice_tcp_close(c); /* who means ICE begins with a check */
    } else if (kind == KIND_NONE) {
        p->stats.malformed++;
    } else {
        ice_session_came_by(s, c);
        give(s, kind, pkt, len, now_us);
    }
}

static void on_tcp_gone(struct ice_tcp_conn *c, void *arg)
{
    (void)arg;
    ice_session_lost(ice_tcp_owner(c), c);
}

static const struct ice_tcp_events tcp_events = {.packet = on_tcp, .gone = on_tcp_gone};

/* --- sockets ---------------------------------------------------------------------------------- */
static void enlarge(int fd, int bytes)
{
    /* Beyond the system's limit only root may go. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static void close_sockets(struct ice_port *p)
{
    for (size_t i = 0; i < p->n_sockets; i++) {
        close(p->sockets[i].fd);
        if (p->listeners[i] >= 0)
            close(p->listeners[i]);
    }
    p->n_sockets = 0;
}

/* UDP, and TCP on the number that UDP has got. */
static int bind_one(
    struct ice_port *p, const struct ice_port_config *cfg, struct net_addr local, size_t n_only)
{
    const struct udp_options opt = {.sndbuf_bytes = BUFFER_BYTES, .dscp_ef = cfg->dscp_ef};
    struct ice_socket *sock = &p->sockets[p->n_sockets];
    int fd = udp_bind(&local, &opt), listener = -1;
    if (fd < 0)
        return fd;
    enlarge(fd, cfg->rcvbuf_bytes ? cfg->rcvbuf_bytes : BUFFER_BYTES);
    int err = udp_local(fd, &local);
    if (!err && n_only)
        err = own_host_only(fd, cfg->own_host, n_only);
    if (!err && cfg->tcp) {
        listener = ice_tcp_listen(&local, cfg->own_host, n_only);
        err = listener < 0 ? listener : 0;
    }
    if (err) {
        close(fd);
        return err;
    }
    *sock =
        (struct ice_socket){.port = p, .local = local, .link = (uint32_t)p->n_sockets, .fd = fd};
    p->listeners[p->n_sockets++] = listener;
    return 0;
}

static int bind_all(struct ice_port *p, const struct ice_port_config *cfg)
{
    int err = 0;
    for (size_t i = 0; i < cfg->n_local && !err; i++) {
        struct net_addr local = cfg->local[i];
        if (i > 0)
            local.port = p->sockets[0].local.port;
        err = bind_one(p, cfg, local, 0);
    }
    for (size_t i = 0; i < cfg->n_own_host && !err; i++) {
        struct net_addr own = cfg->own_host[i];
        own.port = p->sockets[0].local.port;
        bind_one(p, cfg, own, cfg->n_own_host);
    }
    if (err)
        close_sockets(p);
    return err;
}

/* Any free port may be taken by somebody else for TCP, or on another address. */
static int bind_somewhere(struct ice_port *p, const struct ice_port_config *cfg)
{
    int err = bind_all(p, cfg);
    for (int i = 0; err == -EADDRINUSE && cfg->local[0].port == 0 && i < TRIES_FOR_ANY_PORT; i++)
        err = bind_all(p, cfg);
    return err;
}

static int create_tcp(struct ice_port *p, const struct ice_port_config *cfg)
{
    const struct ice_tcp_config tcp = {
        .max = cfg->tcp_max ? cfg->tcp_max : TCP_MAX,
        .max_per_host = cfg->tcp_max_per_host ? cfg->tcp_max_per_host : TCP_MAX_PER_HOST,
        .max_unclaimed = TCP_MAX_UNCLAIMED,
        .max_unclaimed_per_host = TCP_MAX_UNCLAIMED_PER_HOST,
    };
    return ice_tcp_create(&p->tcp, &tcp, p->listeners, p->n_sockets, &tcp_events, p);
}

/* --- life ------------------------------------------------------------------------------------- */
int ice_port_bind(struct ice_port **pp, const struct ice_port_config *cfg)
{
    if (cfg->n_local == 0 || cfg->n_local + cfg->n_own_host > ICE_PORT_MAX_LOCAL)
        return -EINVAL;
    struct ice_port *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    int err = getrandom(&p->seed, sizeof p->seed, 0) == sizeof p->seed ? 0 : -EIO;
    if (!err)
        err = bind_somewhere(p, cfg);
    if (!err && cfg->tcp)
        err = create_tcp(p, cfg);
    if (err) {
        ice_port_destroy(p);
        return err;
    }
    *pp = p;
    return 0;
}

void ice_port_destroy(struct ice_port *p)
{
    if (!p)
        return;
    ice_tcp_destroy(p->tcp);
    close_sockets(p);
    free(p);
}

static void run_tcp(uint64_t now_us, void *arg)
{
    struct ice_port *p = arg;
    ice_tcp_run(p->tcp, now_us);
}

int ice_port_start(struct ice_port *p, struct udp_poller *poller, struct send_batch *batch)
{
    p->poller = poller;
    p->batch = batch;
    for (size_t i = 0; i < p->n_sockets; i++) {
        struct ice_socket *sock = &p->sockets[i];
        int err =
            udp_receiver_open_shared(&sock->receiver, poller, sock->fd, ice_port_datagram, sock);
        if (err) {
            ice_port_stop(p);
            return err;
        }
    }
    p->hook = (struct udp_poller_hook){.run = run_tcp, .arg = p};
    if (p->tcp)
        udp_poller_hook_add(poller, &p->hook);
    return 0;
}

void ice_port_stop(struct ice_port *p)
{
    if (p->batch)
        send_batch_flush(p->batch);
    udp_poller_hook_remove(&p->hook);
    for (size_t i = 0; i < p->n_sockets; i++) {
        udp_receiver_close(p->sockets[i].receiver);
        p->sockets[i].receiver = NULL;
    }
    p->poller = NULL;
    p->batch = NULL;
}

uint16_t ice_port_number(const struct ice_port *p)
{
    return p->sockets[0].local.port;
}

const struct net_addr *ice_port_local(const struct ice_port *p, size_t index)
{
    return index < p->n_sockets ? &p->sockets[index].local : NULL;
}

bool ice_port_has_tcp(const struct ice_port *p)
{
    return p->tcp != NULL;
}

void ice_port_stats(const struct ice_port *p, struct ice_port_stats *out)
{
    *out = p->stats;
    if (!p->tcp)
        return;
    struct ice_tcp_stats tcp;
    ice_tcp_stats(p->tcp, &tcp);
    out->tcp_connections = tcp.connections;
    out->tcp_refused = tcp.refused + tcp.expired;
    out->tcp_dropped = tcp.dropped;
}
