#include "net/udp_poller.h"

#include "net/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128 };

struct udp_receiver {
    struct udp_poller *poller;
    struct udp_receiver *next; /* of those closed within a run */
    int fd;
    unsigned max_run;
    udp_recv_fn *recv; /* NULL: closed */
    void *arg;
    struct udp_receiver_stats stats;
};

struct control {
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(struct timespec))];
};

struct udp_poller {
    int fd;
    unsigned n; /* receivers */
    bool running;
    struct udp_receiver *closed;
    struct udp_poller_hook *hooks;
    uint64_t now_us, real_us; /* of the run in hand: CLOCK_MONOTONIC, CLOCK_REALTIME */
    struct epoll_event events[EVENTS];
    struct mmsghdr msg[UDP_BATCH];
    struct iovec iov[UDP_BATCH];
    struct sockaddr_storage from[UDP_BATCH];
    struct control control[UDP_BATCH];
    _Alignas(16) uint8_t data[UDP_BATCH][UDP_MAX_DATAGRAM];
};

static void rearm(struct udp_poller *p, unsigned i)
{
    struct msghdr *h = &p->msg[i].msg_hdr;
    h->msg_namelen = sizeof p->from[i];
    h->msg_controllen = sizeof p->control[i].space;
}

int udp_poller_create(struct udp_poller **pp)
{
    struct udp_poller *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    p->fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->fd < 0) {
        int err = -errno;
        free(p);
        return err;
    }
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        p->iov[i] = (struct iovec){.iov_base = p->data[i], .iov_len = UDP_MAX_DATAGRAM};
        p->msg[i].msg_hdr.msg_iov = &p->iov[i];
        p->msg[i].msg_hdr.msg_iovlen = 1;
        p->msg[i].msg_hdr.msg_name = &p->from[i];
        p->msg[i].msg_hdr.msg_control = p->control[i].space;
        rearm(p, i);
    }
    *pp = p;
    return 0;
}

static void free_closed(struct udp_poller *p)
{
    for (struct udp_receiver *r = p->closed, *next; r; r = next) {
        next = r->next;
        free(r);
    }
    p->closed = NULL;
}

void udp_poller_destroy(struct udp_poller *p)
{
    if (!p)
        return;
    free_closed(p);
    close(p->fd);
    free(p);
}

int udp_poller_fd(const struct udp_poller *p)
{
    return p->fd;
}

/* When the kernel took it in. A clock that was set meanwhile must not send it far away. */
static uint64_t arrival_us(const struct udp_poller *p, struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        struct timespec t;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        uint64_t at_us = clock_timespec_us(&t),
                 age_us = at_us < p->real_us ? p->real_us - at_us : 0;
        return p->now_us - (age_us < UDP_MAX_AGE_US ? age_us : UDP_MAX_AGE_US);
    }
    return p->now_us;
}

static void deliver(struct udp_receiver *r, unsigned i)
{
    struct udp_poller *p = r->poller;
    struct msghdr *h = &p->msg[i].msg_hdr;
    struct net_addr from;
    if (h->msg_flags & MSG_TRUNC) {
        r->stats.truncated++;
    } else if (net_addr_from_sockaddr(&from, (struct sockaddr *)&p->from[i]) == 0) {
        size_t len = p->msg[i].msg_len;
        r->stats.packets++;
        r->stats.bytes += len;
        r->recv(p->data[i], len, &from, arrival_us(p, h), r->arg);
    }
}

/* Packets of one recvmmsg, 0 when the socket is empty. */
static unsigned receive_batch(struct udp_receiver *r)
{
    struct udp_poller *p = r->poller;
    int n = recvmmsg(r->fd, p->msg, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (n < 0) {
        /* An error of the socket (ICMP) is thereby taken off; it goes on receiving. */
        if (errno != EAGAIN && errno != EINTR)
            r->stats.errors++;
        return 0;
    }
    for (unsigned i = 0; i < (unsigned)n; i++) {
        if (r->recv)
            deliver(r, i);
        rearm(p, i);
    }
    return (unsigned)n;
}

/* What ICMP said of packets we sent. */
static void take_errors(struct udp_receiver *r)
{
    struct msghdr h = {0};
    for (unsigned i = 0; i < UDP_MAX_RUN; i++) {
        if (recvmsg(r->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
        r->stats.errors++;
    }
}

static void empty(struct udp_receiver *r)
{
    for (unsigned got = 0; got < r->max_run && r->recv; got += UDP_BATCH)
        if (receive_batch(r) < UDP_BATCH)
            return;
}

static void run_hooks(struct udp_poller *p)
{
    for (struct udp_poller_hook *h = p->hooks, *next; h; h = next) {
        next = h->next;
        h->run(p->now_us, h->arg);
    }
}

void udp_poller_run(struct udp_poller *p)
{
    p->running = true;
    p->now_us = clock_us(CLOCK_MONOTONIC);
    p->real_us = clock_us(CLOCK_REALTIME);
    /* A socket that is not emptied is ready again at once: each gets one turn. */
    for (unsigned turns = p->n / EVENTS + 1; turns > 0; turns--) {
        int n = epoll_wait(p->fd, p->events, EVENTS, 0);
        for (int i = 0; i < n; i++) {
            struct udp_receiver *r = p->events[i].data.ptr;
            if (r->recv && p->events[i].events & EPOLLERR)
                take_errors(r);
            empty(r);
        }
        if (n < EVENTS)
            break;
    }
    run_hooks(p);
    p->running = false;
    free_closed(p);
}

/* An unconnected socket hears of ICMP errors only if it asks to. */
static int ask_for_errors(int fd)
{
    int on = 1; /* an IPv6 socket takes both options and heeds its own, so that is tried first */
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on) == 0)
        return 0;
    return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
}

static int open_receiver(struct udp_receiver **rp, const struct udp_receiver *proto, bool errors)
{
    struct udp_receiver *r = malloc(sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = *proto;
    int on = 1;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = r};
    if (setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
        (errors && ask_for_errors(r->fd) != 0) ||
        epoll_ctl(r->poller->fd, EPOLL_CTL_ADD, r->fd, &ev) != 0) {
        int err = -errno;
        free(r);
        return err;
    }
    r->poller->n++;
    *rp = r;
    return 0;
}

int udp_receiver_open(
    struct udp_receiver **rp, struct udp_poller *p, int fd, udp_recv_fn *recv, void *arg)
{
    const struct udp_receiver r = {
        .poller = p, .fd = fd, .max_run = UDP_MAX_RUN, .recv = recv, .arg = arg};
    return open_receiver(rp, &r, true);
}

int udp_receiver_open_shared(
    struct udp_receiver **rp, struct udp_poller *p, int fd, udp_recv_fn *recv, void *arg)
{
    const struct udp_receiver r = {
        .poller = p, .fd = fd, .max_run = UDP_MAX_RUN_SHARED, .recv = recv, .arg = arg};
    return open_receiver(rp, &r, false);
}

void udp_receiver_close(struct udp_receiver *r)
{
    if (!r || !r->recv)
        return;
    struct udp_poller *p = r->poller;
    epoll_ctl(p->fd, EPOLL_CTL_DEL, r->fd, NULL);
    r->recv = NULL;
    p->n--;
    r->next = p->closed;
    p->closed = r;
    if (!p->running)
        free_closed(p);
}

void udp_receiver_stats(const struct udp_receiver *r, struct udp_receiver_stats *out)
{
    *out = r->stats;
}

void udp_poller_hook_add(struct udp_poller *p, struct udp_poller_hook *h)
{
    h->next = p->hooks;
    h->prev = &p->hooks;
    if (h->next)
        h->next->prev = &h->next;
    p->hooks = h;
}

void udp_poller_hook_remove(struct udp_poller_hook *h)
{
    if (!h->prev)
        return;
    *h->prev = h->next;
    if (h->next)
        h->next->prev = h->prev;
    h->prev = NULL;
}
