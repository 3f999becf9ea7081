#include "net/udp.h"

#include "net/splitmix.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DSCP_EF_TOS = 46 << 2, /* RFC 3246, as the TOS byte has it */
    MIN_POOL_PORT = 1024,
};

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

static void set_options(int fd, const struct net_addr *local, const struct udp_options *opt)
{
    /* Each of these is a wish: a socket without it still works. */
    set_int(fd, SOL_SOCKET, SO_RCVBUF, opt->rcvbuf_bytes ? opt->rcvbuf_bytes : UDP_DEFAULT_BUFFER);
    set_int(fd, SOL_SOCKET, SO_SNDBUF, opt->sndbuf_bytes ? opt->sndbuf_bytes : UDP_DEFAULT_BUFFER);
    if (!opt->dscp_ef)
        return;
    if (local->family == AF_INET6)
        set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_EF_TOS);
    else
        set_int(fd, IPPROTO_IP, IP_TOS, DSCP_EF_TOS);
}

int udp_bind(const struct net_addr *local, const struct udp_options *opt)
{
    static const struct udp_options defaults;
    struct sockaddr_storage sa;
    socklen_t sa_len = net_addr_to_sockaddr(local, &sa);
    if (sa_len == 0)
        return -EINVAL;
    int fd = socket(local->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_options(fd, local, opt ? opt : &defaults);
    /* An IPv6 socket that also took IPv4 would share the port with an IPv4 one unnoticed. */
    if (local->family == AF_INET6 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
        goto fail;
    if (bind(fd, (struct sockaddr *)&sa, sa_len) != 0)
        goto fail;
    return fd;
fail:;
    int err = -errno;
    close(fd);
    return err;
}

int udp_local(int fd, struct net_addr *out)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return -errno;
    return net_addr_from_sockaddr(out, (struct sockaddr *)&sa);
}

/* --- pool ------------------------------------------------------------------------------------- */
struct udp_pool {
    pthread_mutex_t lock; /* taken on the control loop, given back from any */
    struct net_addr local;
    struct udp_options opt;
    uint64_t random;
    uint16_t first;
    unsigned n, in_use;
    bool taken[];
};

int udp_pool_create(struct udp_pool **pp, const struct net_addr *local, uint16_t first,
    uint16_t last, const struct udp_options *opt, uint64_t seed)
{
    if (first < MIN_POOL_PORT || last < first || !net_addr_is_set(local))
        return -EINVAL;
    unsigned n = (unsigned)last - first + 1;
    struct udp_pool *p = calloc(1, sizeof *p + n * sizeof p->taken[0]);
    if (!p)
        return -ENOMEM;
    pthread_mutex_init(&p->lock, NULL);
    p->local = *local;
    if (opt)
        p->opt = *opt;
    p->random = seed;
    p->first = first;
    p->n = n;
    *pp = p;
    return 0;
}

void udp_pool_destroy(struct udp_pool *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static int bind_port(const struct udp_pool *p, unsigned index)
{
    struct net_addr a = p->local;
    a.port = (uint16_t)(p->first + index);
    return udp_bind(&a, &p->opt);
}

/* 0, or -EADDRINUSE when somebody else has one of the two, or another errno. */
static int try_ports(struct udp_pool *p, unsigned index, bool pair, struct udp_ports *out)
{
    int rtp = bind_port(p, index), rtcp = -1;
    if (rtp < 0)
        return rtp;
    if (pair && (rtcp = bind_port(p, index + 1)) < 0) {
        close(rtp);
        return rtcp;
    }
    p->taken[index] = true;
    p->in_use++;
    if (pair) {
        p->taken[index + 1] = true;
        p->in_use++;
    }
    *out = (struct udp_ports){.port = (uint16_t)(p->first + index), .rtp_fd = rtp, .rtcp_fd = rtcp};
    return 0;
}

static bool is_free(const struct udp_pool *p, unsigned index, bool pair)
{
    if (p->taken[index])
        return false;
    if (!pair)
        return true;
    return (p->first + index) % 2 == 0 && index + 1 < p->n && !p->taken[index + 1];
}

int udp_pool_take(struct udp_pool *p, bool pair, struct udp_ports *out)
{
    int err = -ENOBUFS;
    pthread_mutex_lock(&p->lock);
    unsigned start = (unsigned)(splitmix_next(&p->random) % p->n);
    for (unsigned i = 0; i < p->n && p->in_use < p->n; i++) {
        unsigned index = (start + i) % p->n;
        if (!is_free(p, index, pair))
            continue;
        int r = try_ports(p, index, pair, out);
        if (r == -EADDRINUSE)
            continue; /* another program's */
        err = r;
        break;
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

void udp_pool_give(struct udp_pool *p, struct udp_ports *ports)
{
    bool pair = ports->rtcp_fd >= 0;
    close(ports->rtp_fd);
    if (pair)
        close(ports->rtcp_fd);
    ports->rtp_fd = ports->rtcp_fd = -1;

    pthread_mutex_lock(&p->lock);
    unsigned index = (unsigned)ports->port - p->first;
    p->taken[index] = false;
    if (pair)
        p->taken[index + 1] = false;
    p->in_use -= pair ? 2 : 1;
    pthread_mutex_unlock(&p->lock);
}

unsigned udp_pool_in_use(const struct udp_pool *p)
{
    struct udp_pool *m = (struct udp_pool *)p; /* the lock is not part of the value */
    pthread_mutex_lock(&m->lock);
    unsigned n = m->in_use;
    pthread_mutex_unlock(&m->lock);
    return n;
}
