#include "net/ice/ice_internal.h"
#include "net/send_batch.h"
#include "net/splitmix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Clients check every 2.5 s (libwebrtc) or 5 s (RFC 7675), or send media or RTCP. */
static const uint64_t hold_us = 10000000;

/* --- tables ----------------------------------------------------------------------------------- */
static uint64_t mix(uint64_t state, uint64_t value)
{
    state ^= value;
    return splitmix_next(&state);
}

static struct ice_node **ufrag_bucket(struct ice_port *p, const char *ufrag, size_t len)
{
    uint64_t h = p->seed;
    for (size_t at = 0; at < len; at += 8) {
        uint64_t part = 0;
        memcpy(&part, ufrag + at, len - at < 8 ? len - at : 8);
        h = mix(h, part);
    }
    return &p->by_ufrag[h & (ICE_BUCKETS - 1)];
}

static struct ice_node **route_bucket(struct ice_port *p, const struct ice_route *r)
{
    uint64_t high, low;
    memcpy(&high, r->remote.ip, 8);
    memcpy(&low, r->remote.ip + 8, 8);
    uint64_t h = mix(p->seed, (uint64_t)r->link << 16 | r->remote.port);
    h = mix(mix(h, high), low ^ r->remote.scope);
    return &p->by_path[h & (ICE_BUCKETS - 1)];
}

static void link_node(struct ice_node **bucket, struct ice_node *n, struct ice_session *s)
{
    n->session = s;
    n->next = *bucket;
    n->prev = bucket;
    if (n->next)
        n->next->prev = &n->next;
    *bucket = n;
}

static void unlink_node(struct ice_node *n)
{
    if (!n->prev)
        return;
    *n->prev = n->next;
    if (n->next)
        n->next->prev = n->prev;
    n->prev = NULL;
}

struct ice_session *ice_session_by_ufrag(struct ice_port *p, const char *ufrag, size_t len)
{
    if (len == 0 || len > ICE_UFRAG_MAX)
        return NULL;
    for (struct ice_node *n = *ufrag_bucket(p, ufrag, len); n; n = n->next) {
        struct ice_lite *a = &n->session->agent;
        const char *own = n == &n->session->now ? a->now.ufrag : a->before.ufrag;
        if (strncmp(own, ufrag, len) == 0 && own[len] == '\0')
            return n->session;
    }
    return NULL;
}

static struct ice_path *path_of(const struct ice_node *n)
{
    return &n->session->agent.paths[n - n->session->paths];
}

static struct ice_node *find_path(struct ice_port *p, const struct ice_route *r)
{
    for (struct ice_node *n = *route_bucket(p, r); n; n = n->next) {
        const struct ice_route *own = &path_of(n)->route;
        if (own->link == r->link && net_addr_equal(&own->remote, &r->remote))
            return n;
    }
    return NULL;
}

struct ice_session *ice_session_by_route(struct ice_port *p, const struct ice_route *r)
{
    struct ice_node *n = find_path(p, r);
    if (!n)
        return NULL;
    n->session->came_by = (int)(n - n->session->paths);
    return n->session;
}

bool ice_session_holds(const struct ice_session *s, const struct ice_route *r, uint64_t now_us)
{
    const struct ice_node *n = find_path(s->port, r);
    return n && n->session == s && path_of(n)->heard_us + hold_us > now_us;
}

/* --- paths ------------------------------------------------------------------------------------ */
static void tell_selected(struct ice_session *s)
{
    if (s->ev->selected)
        s->ev->selected(s->arg);
}

static void drop_path(struct ice_session *s, int slot)
{
    struct ice_tcp_conn *c = s->conns[slot];
    unlink_node(&s->paths[slot]);
    s->conns[slot] = NULL;
    ice_tcp_close(c);
}

/* The address was of a session that has not been heard for long: it is so no more. */
static void take_from(struct ice_node *n)
{
    struct ice_session *s = n->session;
    int slot = (int)(n - s->paths);
    drop_path(s, slot);
    if (ice_lite_forget(&s->agent, slot))
        tell_selected(s);
}

static void add_path(struct ice_session *s, int slot, struct ice_tcp_conn *conn)
{
    const struct ice_route *r = &s->agent.paths[slot].route;
    drop_path(s, slot); /* whose slot it was */
    if (conn) {
        ice_tcp_claim(conn, s);
        s->conns[slot] = conn;
        return;
    }
    struct ice_node *other = find_path(s->port, r);
    if (other)
        take_from(other);
    link_node(route_bucket(s->port, r), &s->paths[slot], s);
}

void ice_session_follow(
    struct ice_session *s, const struct ice_outcome *o, struct ice_tcp_conn *conn)
{
    if (o->is_new)
        add_path(s, o->path, conn);
    if (o->confirmed)
        unlink_node(&s->before);
    if (o->selected) {
        s->port->stats.moved++;
        tell_selected(s);
    }
}

static int slot_of(const struct ice_session *s, const struct ice_tcp_conn *conn)
{
    int slot = 0;
    while (slot < ICE_PATHS_MAX - 1 && s->conns[slot] != conn)
        slot++;
    return slot;
}

void ice_session_came_by(struct ice_session *s, const struct ice_tcp_conn *conn)
{
    s->came_by = slot_of(s, conn);
}

void ice_session_lost(struct ice_session *s, const struct ice_tcp_conn *conn)
{
    int slot = slot_of(s, conn);
    s->conns[slot] = NULL;
    if (ice_lite_forget(&s->agent, slot))
        tell_selected(s);
}

/* --- life ------------------------------------------------------------------------------------- */
static bool is_used(struct ice_port *p, const struct ice_credentials *c)
{
    return ice_session_by_ufrag(p, c->ufrag, strnlen(c->ufrag, sizeof c->ufrag)) != NULL;
}

static void list_ufrags(struct ice_session *s)
{
    struct ice_lite *a = &s->agent;
    unlink_node(&s->now);
    unlink_node(&s->before);
    link_node(ufrag_bucket(s->port, a->now.ufrag, strlen(a->now.ufrag)), &s->now, s);
    if (a->restarting)
        link_node(ufrag_bucket(s->port, a->before.ufrag, strlen(a->before.ufrag)), &s->before, s);
}

int ice_session_open(struct ice_session **sp, struct ice_port *p,
    const struct ice_credentials *local, const struct ice_credentials *remote,
    const struct ice_session_events *ev, void *arg, uint64_t now_us)
{
    if (is_used(p, local))
        return -EEXIST;
    struct ice_session *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    int err = ice_lite_init(&s->agent, local, remote, now_us);
    if (err) {
        free(s);
        return err;
    }
    s->port = p;
    s->ev = ev;
    s->arg = arg;
    list_ufrags(s);
    p->stats.sessions++;
    *sp = s;
    return 0;
}

void ice_session_close(struct ice_session *s)
{
    if (!s)
        return;
    unlink_node(&s->now);
    unlink_node(&s->before);
    for (int i = 0; i < ICE_PATHS_MAX; i++)
        drop_path(s, i);
    s->port->stats.sessions--;
    free(s);
}

int ice_session_restart(struct ice_session *s, const struct ice_credentials *local,
    const struct ice_credentials *remote)
{
    if (is_used(s->port, local))
        return -EEXIST;
    int err = ice_lite_restart(&s->agent, local, remote);
    if (!err)
        list_ufrags(s);
    return err;
}

/* --- sending ---------------------------------------------------------------------------------- */
bool ice_session_ready(const struct ice_session *s)
{
    return s->port->batch && ice_lite_selected(&s->agent);
}

int ice_session_commit(struct ice_session *s, size_t len)
{
    struct ice_port *p = s->port;
    const struct ice_path *path = ice_lite_selected(&s->agent);
    if (!p->batch || !path)
        return -ENOTCONN;
    if (!path->route.tcp)
        return send_batch_commit(
            p->batch, p->sockets[path->route.link].fd, &path->route.remote, len);
    const uint8_t *pkt = send_batch_reserved(p->batch, len);
    return pkt ? ice_tcp_send(s->conns[s->agent.selected], pkt, len) : -EINVAL;
}

int ice_session_send(struct ice_session *s, const uint8_t *pkt, size_t len)
{
    if (!ice_session_ready(s))
        return -ENOTCONN;
    uint8_t *buf = send_batch_reserve(s->port->batch, len);
    if (!buf)
        return -EINVAL;
    memcpy(buf, pkt, len);
    return ice_session_commit(s, len);
}

/* --- state ------------------------------------------------------------------------------------ */
void ice_session_heard(struct ice_session *s, uint64_t now_us)
{
    if (!ice_lite_heard(&s->agent, s->came_by, now_us))
        return;
    s->port->stats.moved++;
    tell_selected(s);
}

bool ice_session_alive(const struct ice_session *s, uint64_t now_us)
{
    return ice_lite_alive(&s->agent, now_us);
}

void ice_session_stats(const struct ice_session *s, uint64_t now_us, struct ice_session_stats *out)
{
    const struct ice_lite *a = &s->agent;
    const struct ice_path *path = ice_lite_selected(a);
    *out = (struct ice_session_stats){
        .ready = path != NULL,
        .tcp = path && path->route.tcp,
        .ipv6 = path && path->route.remote.family == AF_INET6,
        .agent = a->stats,
        .silent_us = now_us > a->heard_us ? now_us - a->heard_us : 0,
    };
    for (int i = 0; i < ICE_PATHS_MAX; i++)
        out->paths += net_addr_is_set(&a->paths[i].route.remote);
}
