#include "net/ice/ice_tcp.h"

#include "net/own_host.h"

#include "net/bytes.h"
#include "net/ice/ice_frame.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    BACKLOG = 128,
    EVENTS = 64,
    READ_BYTES = 16384,
    MAX_LISTENERS = 16,
    KEEPALIVE_S = 30,
    FRAME_MAX = ICE_FRAME_HEADER + UDP_MAX_DATAGRAM,
};

static const uint32_t first_id = 0x80000000;

struct ice_tcp_conn {
    struct ice_tcp *tcp;
    struct ice_tcp_conn *next, **prev; /* in the list of its kind */
    int fd;                            /* -1: closed */
    uint32_t id;
    struct net_addr remote;
    void *owner;
    uint64_t since_us;
    bool broken;            /* nothing more can be sent */
    size_t waiting;         /* rest of a frame that the kernel took in part */
    uint8_t out[FRAME_MAX]; /* that rest */
    struct ice_frame_reader in;
};

struct list {
    struct ice_tcp_conn *first, **end;
};

struct ice_tcp {
    struct ice_tcp_config cfg;
    const struct ice_tcp_events *ev;
    void *arg;
    int epoll_fd;
    int listeners[MAX_LISTENERS];
    size_t n_listeners;
    struct list unclaimed, claimed; /* unclaimed: the oldest first */
    struct ice_tcp_conn *closed;    /* to be freed after the run */
    unsigned n_unclaimed;
    uint32_t last_id;
    uint64_t now_us;
    bool running;
    struct ice_tcp_stats stats;
    uint8_t data[READ_BYTES];
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_append(struct list *l, struct ice_tcp_conn *c)
{
    c->next = NULL;
    c->prev = l->end;
    *l->end = c;
    l->end = &c->next;
}

static void list_remove(struct list *l, struct ice_tcp_conn *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        l->end = c->prev;
}

/* --- life ------------------------------------------------------------------------------------- */
int ice_tcp_listen(const struct net_addr *local, const struct net_addr *only, size_t n_only)
{
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(local, &sa);
    int on = 1;
    if (len == 0)
        return -EINVAL;
    int fd = socket(local->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* Old connections in TIME_WAIT do not keep us from the port; another listener does. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (local->family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, (struct sockaddr *)&sa, len) != 0 ||
        (n_only && own_host_only(fd, only, n_only) != 0) || listen(fd, BACKLOG) != 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static int watch_listeners(struct ice_tcp *t)
{
    for (size_t i = 0; i < t->n_listeners; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &t->listeners[i]};
        if (epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->listeners[i], &ev) != 0)
            return -errno;
    }
    return 0;
}

int ice_tcp_create(struct ice_tcp **tp, const struct ice_tcp_config *cfg, const int *listeners,
    size_t n, const struct ice_tcp_events *ev, void *arg)
{
    if (n > MAX_LISTENERS)
        return -EINVAL;
    struct ice_tcp *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->cfg = *cfg;
    t->ev = ev;
    t->arg = arg;
    t->n_listeners = n;
    memcpy(t->listeners, listeners, n * sizeof *listeners);
    list_init(&t->unclaimed);
    list_init(&t->claimed);
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int err = t->epoll_fd < 0 ? -errno : watch_listeners(t);
    if (err) {
        ice_tcp_destroy(t);
        return err;
    }
    *tp = t;
    return 0;
}

static void free_closed(struct ice_tcp *t)
{
    for (struct ice_tcp_conn *c = t->closed, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    t->closed = NULL;
}

void ice_tcp_close(struct ice_tcp_conn *c)
{
    if (!c || c->fd < 0)
        return;
    struct ice_tcp *t = c->tcp;
    close(c->fd); /* which takes it off epoll, since nobody else holds it */
    c->fd = -1;
    list_remove(c->owner ? &t->claimed : &t->unclaimed, c);
    t->n_unclaimed -= c->owner == NULL;
    t->stats.connections--;
    c->next = t->closed;
    t->closed = c;
    if (!t->running)
        free_closed(t);
}

void ice_tcp_destroy(struct ice_tcp *t)
{
    if (!t)
        return;
    while (t->unclaimed.first)
        ice_tcp_close(t->unclaimed.first);
    while (t->claimed.first)
        ice_tcp_close(t->claimed.first);
    free_closed(t);
    if (t->epoll_fd >= 0)
        close(t->epoll_fd);
    free(t);
}

/* --- accepting -------------------------------------------------------------------------------- */
static bool same_host(const struct net_addr *a, const struct net_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, a->family == AF_INET ? 4 : 8) == 0;
}

static unsigned count_host(const struct list *l, const struct net_addr *a)
{
    unsigned n = 0;
    for (const struct ice_tcp_conn *c = l->first; c; c = c->next)
        n += same_host(&c->remote, a);
    return n;
}

static bool has_room(const struct ice_tcp *t, const struct net_addr *from)
{
    if (t->stats.connections >= t->cfg.max || t->n_unclaimed >= t->cfg.max_unclaimed)
        return false;
    unsigned unclaimed = count_host(&t->unclaimed, from);
    return unclaimed < t->cfg.max_unclaimed_per_host &&
           unclaimed + count_host(&t->claimed, from) < t->cfg.max_per_host;
}

/* Wishes: a connection without them works. */
static void set_options(int fd)
{
    int on = 1, idle_s = KEEPALIVE_S;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
}

static void take(struct ice_tcp *t, int fd, const struct sockaddr_storage *sa)
{
    struct net_addr remote;
    struct ice_tcp_conn *c = NULL;
    if (net_addr_from_sockaddr(&remote, (const struct sockaddr *)sa) == 0 && has_room(t, &remote))
        c = calloc(1, sizeof *c);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    if (!c || epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        t->stats.refused++;
        close(fd);
        free(c);
        return;
    }
    set_options(fd);
    c->tcp = t;
    c->fd = fd;
    c->id = first_id | ++t->last_id;
    c->remote = remote;
    c->since_us = t->now_us;
    list_append(&t->unclaimed, c);
    t->n_unclaimed++;
    t->stats.connections++;
    t->stats.accepted++;
}

static void accept_from(struct ice_tcp *t, int listener)
{
    for (int i = 0; i < ICE_TCP_ACCEPTS_A_RUN; i++) {
        struct sockaddr_storage sa;
        socklen_t len = sizeof sa;
        int fd = accept4(listener, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            take(t, fd, &sa);
        else if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

/* --- sending ---------------------------------------------------------------------------------- */
static void want_to_write(struct ice_tcp_conn *c, bool wanted)
{
    struct epoll_event ev = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(c->tcp->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

/* Bytes taken; 0: none for now; or -EPIPE. */
static ssize_t write_some(struct ice_tcp_conn *c, struct iovec *iov, size_t n)
{
    struct msghdr h = {.msg_iov = iov, .msg_iovlen = n};
    ssize_t sent = sendmsg(c->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM)
        return 0;
    c->broken = true; /* the next run finds that it has ended */
    return -EPIPE;
}

static void write_waiting(struct ice_tcp_conn *c)
{
    struct iovec iov = {.iov_base = c->out, .iov_len = c->waiting};
    ssize_t n = c->broken ? -EPIPE : write_some(c, &iov, 1);
    if (n <= 0)
        return;
    c->waiting -= (size_t)n;
    memmove(c->out, c->out + n, c->waiting);
    if (c->waiting == 0)
        want_to_write(c, false);
}

/* What of a frame the kernel did not take must follow before all else. */
static void keep_rest(struct ice_tcp_conn *c, const struct iovec iov[2], size_t sent)
{
    for (int i = 0; i < 2; i++) {
        size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len, rest = iov[i].iov_len - skip;
        memcpy(c->out + c->waiting, (const uint8_t *)iov[i].iov_base + skip, rest);
        c->waiting += rest;
        sent -= skip;
    }
    if (c->waiting)
        want_to_write(c, true);
}

static bool is_slow(struct ice_tcp_conn *c)
{
    int unsent = 0;
    if (c->waiting)
        write_waiting(c);
    return c->waiting || (ioctl(c->fd, SIOCOUTQNSD, &unsent) == 0 && unsent > ICE_TCP_UNSENT_MAX);
}

int ice_tcp_send(struct ice_tcp_conn *c, const uint8_t *pkt, size_t len)
{
    uint8_t header[ICE_FRAME_HEADER];
    struct iovec iov[2] = {
        {.iov_base = header, .iov_len = sizeof header}, {.iov_base = (void *)pkt, .iov_len = len}};
    if (len == 0 || len > UDP_MAX_DATAGRAM)
        return -EINVAL;
    if (c->fd < 0 || c->broken)
        return -EPIPE;
    put16(header, (uint16_t)len);
    ssize_t n = is_slow(c) ? 0 : write_some(c, iov, 2);
    if (n > 0) {
        keep_rest(c, iov, (size_t)n);
        return 0;
    }
    c->tcp->stats.dropped++;
    return n < 0 ? (int)n : -EAGAIN;
}

/* --- receiving -------------------------------------------------------------------------------- */
static bool on_frame(uint8_t *pkt, size_t len, void *arg)
{
    struct ice_tcp_conn *c = arg;
    c->tcp->ev->packet(c, pkt, len, c->tcp->now_us, c->tcp->arg);
    return c->fd >= 0;
}

static void end(struct ice_tcp_conn *c)
{
    if (c->owner)
        c->tcp->ev->gone(c, c->tcp->arg);
    ice_tcp_close(c);
}

static void read_from(struct ice_tcp_conn *c)
{
    struct ice_tcp *t = c->tcp;
    for (size_t got = 0; got < ICE_TCP_RUN_BYTES;) {
        ssize_t n = recv(c->fd, t->data, sizeof t->data, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            end(c);
            return;
        }
        unsigned oversize = ice_frame_read(&c->in, t->data, (size_t)n, on_frame, c);
        t->stats.oversize += oversize;
        if (oversize && !c->owner)
            ice_tcp_close(c);
        if (c->fd < 0 || (size_t)n < sizeof t->data)
            return;
        got += (size_t)n;
    }
}

static bool is_listener(const struct ice_tcp *t, const void *source)
{
    return source >= (const void *)t->listeners &&
           source < (const void *)(t->listeners + MAX_LISTENERS);
}

static void handle(struct ice_tcp *t, const struct epoll_event *e)
{
    if (is_listener(t, e->data.ptr)) {
        accept_from(t, *(const int *)e->data.ptr);
        return;
    }
    struct ice_tcp_conn *c = e->data.ptr;
    if (c->fd >= 0 && e->events & EPOLLOUT)
        write_waiting(c);
    if (c->fd >= 0 && e->events & ~(uint32_t)EPOLLOUT)
        read_from(c);
}

static void expire(struct ice_tcp *t)
{
    while (t->unclaimed.first &&
           t->now_us - t->unclaimed.first->since_us > ICE_TCP_UNCLAIMED_MS * UINT64_C(1000)) {
        t->stats.expired++;
        ice_tcp_close(t->unclaimed.first);
    }
}

void ice_tcp_run(struct ice_tcp *t, uint64_t now_us)
{
    struct epoll_event events[EVENTS];
    t->now_us = now_us;
    t->running = true;
    /* What is not emptied is ready again at once: each gets one turn. */
    for (unsigned turns = t->stats.connections / EVENTS + 1; turns > 0; turns--) {
        int n = epoll_wait(t->epoll_fd, events, EVENTS, 0);
        for (int i = 0; i < n; i++)
            handle(t, &events[i]);
        if (n < EVENTS)
            break;
    }
    expire(t);
    t->running = false;
    free_closed(t);
}

/* --- what a connection is --------------------------------------------------------------------- */
const struct net_addr *ice_tcp_remote(const struct ice_tcp_conn *c)
{
    return &c->remote;
}

uint32_t ice_tcp_id(const struct ice_tcp_conn *c)
{
    return c->id;
}

void ice_tcp_claim(struct ice_tcp_conn *c, void *owner)
{
    struct ice_tcp *t = c->tcp;
    if (c->fd < 0 || c->owner)
        return;
    list_remove(&t->unclaimed, c);
    t->n_unclaimed--;
    c->owner = owner;
    list_append(&t->claimed, c);
}

void *ice_tcp_owner(const struct ice_tcp_conn *c)
{
    return c->owner;
}

void ice_tcp_stats(const struct ice_tcp *t, struct ice_tcp_stats *out)
{
    *out = t->stats;
}
