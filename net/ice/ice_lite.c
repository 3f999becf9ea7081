#include "net/ice/ice_lite.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum {
    OUR_UFRAG_CHARS = 8,
    OUR_PWD_CHARS = 24,
    MIN_UFRAG = 4, /* RFC 8839, 5.4 */
    MIN_PWD = 22,
    MS = 1000,
    CHECK_US = 1000000 / ICE_CHECKS_A_SECOND,
    BURST_US = 1000000,
    UNKNOWN_ATTRIBUTE = 420,
    ROLE_CONFLICT = 487,
};

/* --- credentials ------------------------------------------------------------------------------ */
static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ice_credentials_make(struct ice_credentials *c)
{
    uint8_t random[OUR_UFRAG_CHARS + OUR_PWD_CHARS];
    ssize_t n = getrandom(random, sizeof random, 0);
    if (n != (ssize_t)sizeof random)
        return n < 0 ? -errno : -EIO;
    *c = (struct ice_credentials){0};
    for (size_t i = 0; i < OUR_UFRAG_CHARS; i++)
        c->ufrag[i] = ice_chars[random[i] & 63];
    for (size_t i = 0; i < OUR_PWD_CHARS; i++)
        c->pwd[i] = ice_chars[random[OUR_UFRAG_CHARS + i] & 63];
    return 0;
}

static bool is_word(const char *s, size_t cap, size_t min)
{
    size_t len = strnlen(s, cap);
    return len >= min && len < cap && strspn(s, ice_chars) == len;
}

bool ice_credentials_ok(const struct ice_credentials *c)
{
    return is_word(c->ufrag, sizeof c->ufrag, MIN_UFRAG) && is_word(c->pwd, sizeof c->pwd, MIN_PWD);
}

static int make_generation(struct ice_generation *g, const struct ice_credentials *local,
    const struct ice_credentials *remote)
{
    if (!ice_credentials_ok(local) || !ice_credentials_ok(remote))
        return -EINVAL;
    memcpy(g->ufrag, local->ufrag, sizeof g->ufrag);
    memcpy(g->remote_ufrag, remote->ufrag, sizeof g->remote_ufrag);
    stun_key_init(&g->key, local->pwd);
    return 0;
}

int ice_lite_init(struct ice_lite *a, const struct ice_credentials *local,
    const struct ice_credentials *remote, uint64_t now_us)
{
    struct ice_generation g;
    int err = make_generation(&g, local, remote);
    if (err)
        return err;
    *a = (struct ice_lite){.now = g, .selected = -1, .heard_us = now_us};
    return 0;
}

int ice_lite_restart(
    struct ice_lite *a, const struct ice_credentials *local, const struct ice_credentials *remote)
{
    struct ice_generation g;
    if (strcmp(local->ufrag, a->now.ufrag) == 0 ||
        (a->restarting && strcmp(local->ufrag, a->before.ufrag) == 0))
        return -EINVAL;
    int err = make_generation(&g, local, remote);
    if (err)
        return err;
    /* Of several restarts that no check has followed, what the peer still uses is the first. */
    if (!a->restarting)
        a->before = a->now;
    a->now = g;
    a->restarting = true;
    a->stats.restarts++;
    return 0;
}

/* --- who asks --------------------------------------------------------------------------------- */
/* "ours:theirs" (RFC 8445, 7.2.2) */
static bool is_username(const struct ice_generation *g, const struct stun_message *m)
{
    size_t ours = strlen(g->ufrag), theirs = strlen(g->remote_ufrag);
    return m->username_len == ours + 1 + theirs && memcmp(m->username, g->ufrag, ours) == 0 &&
           m->username[ours] == ':' && memcmp(m->username + ours + 1, g->remote_ufrag, theirs) == 0;
}

/* The credentials that it was made with; NULL: with none of ours. */
static const struct ice_generation *authenticate(
    struct ice_lite *a, const struct stun_message *m, uint8_t *pkt)
{
    const struct ice_generation *g = NULL;
    if (!m->username)
        return NULL;
    if (is_username(&a->now, m))
        g = &a->now;
    else if (a->restarting && is_username(&a->before, m))
        g = &a->before;
    return g && stun_verify(m, pkt, &g->key) ? g : NULL;
}

static uint64_t age_us(uint64_t now_us, uint64_t then_us)
{
    return now_us > then_us ? now_us - then_us : 0;
}

/* Those whom nobody knows cannot use up what our own peer may ask. */
static bool is_excess(struct ice_lite *a, bool known, uint64_t now_us)
{
    uint64_t *due_us = &a->due_us[known];
    if (*due_us > now_us + BURST_US)
        return true;
    *due_us = (*due_us > now_us ? *due_us : now_us) + CHECK_US;
    return false;
}

/* --- paths ------------------------------------------------------------------------------------ */
static bool is_path(const struct ice_path *p)
{
    return net_addr_is_set(&p->route.remote);
}

static int find(const struct ice_lite *a, const struct ice_route *r)
{
    for (int i = 0; i < ICE_PATHS_MAX; i++)
        if (is_path(&a->paths[i]) && a->paths[i].route.link == r->link &&
            net_addr_equal(&a->paths[i].route.remote, &r->remote))
            return i;
    return -1;
}

/* A free slot, or that of the path unheard for longest; never the selected one. */
static int find_room(const struct ice_lite *a)
{
    int oldest = -1;
    for (int i = 0; i < ICE_PATHS_MAX; i++) {
        if (!is_path(&a->paths[i]))
            return i;
        if (i != a->selected && (oldest < 0 || a->paths[i].heard_us < a->paths[oldest].heard_us))
            oldest = i;
    }
    return oldest;
}

/* Whether the path of this check is to be sent to from now on. */
static bool is_better(const struct ice_lite *a, const struct ice_path *p, bool nominated,
    bool counted, uint64_t now_us)
{
    if (a->selected < 0)
        return true;
    const struct ice_path *old = &a->paths[a->selected];
    if (age_us(now_us, old->heard_us) >= ICE_FORSAKEN_MS * MS || counted)
        return true;
    if (old->nominated_us == 0)
        return nominated || (old->route.tcp && !p->route.tcp);
    bool held =
        !old->route.tcp && p->route.tcp && age_us(now_us, old->nominated_us) < ICE_UDP_HOLD_MS * MS;
    return nominated && !held;
}

/* The counter of renomination: *counted when it says more than that it still is so. */
static bool is_nominated(struct ice_lite *a, const struct stun_message *m, bool *counted)
{
    *counted = false;
    if (!m->has_nomination || m->nomination == 0)
        return m->use_candidate;
    if (a->has_nomination && m->nomination < a->nomination)
        return false;
    *counted = !a->has_nomination || m->nomination > a->nomination;
    a->has_nomination = true;
    a->nomination = m->nomination;
    return true;
}

static void take_path(struct ice_lite *a, const struct stun_message *m,
    const struct ice_route *from, int slot, uint64_t now_us, struct ice_outcome *o)
{
    bool counted, nominated = is_nominated(a, m, &counted);
    if (slot < 0) {
        slot = find_room(a);
        a->paths[slot] = (struct ice_path){.route = *from};
        o->is_new = true;
    }
    struct ice_path *p = &a->paths[slot];
    o->path = slot;
    if (slot != a->selected && is_better(a, p, nominated, counted, now_us)) {
        a->stats.moves += a->selected >= 0;
        a->selected = slot;
        o->selected = true;
    }
    p->heard_us = now_us;
    if (nominated)
        p->nominated_us = now_us;
    a->heard_us = now_us;
}

/* The first check with new credentials ends the old. */
static void confirm(struct ice_lite *a, const struct ice_generation *g, struct ice_outcome *o)
{
    if (!a->restarting || g != &a->now)
        return;
    a->restarting = false;
    a->has_nomination = false;
    o->confirmed = true;
}

/* --- answers ---------------------------------------------------------------------------------- */
static size_t answer(const struct stun_message *m, const struct ice_generation *g,
    const struct ice_route *from, uint16_t error, uint8_t *out)
{
    struct stun_writer w;
    stun_begin(&w, out, STUN_RESPONSE_MAX, error ? STUN_ERROR : STUN_SUCCESS, m->transaction);
    if (error)
        stun_put_error(&w, error);
    else
        stun_put_xor_mapped(&w, &from->remote);
    if (error == UNKNOWN_ATTRIBUTE)
        stun_put_unknown(&w, m->unknown, m->n_unknown);
    int len = stun_finish(&w, &g->key);
    return len > 0 ? (size_t)len : 0;
}

/* What is wrong with a request that proves to be our peer's; 0: nothing. */
static uint16_t judge(struct ice_lite *a, const struct stun_message *m)
{
    if (m->n_unknown) {
        a->stats.unknown++;
        return UNKNOWN_ATTRIBUTE;
    }
    if (m->has_controlled) {
        a->stats.conflicts++;
        return ROLE_CONFLICT;
    }
    return 0;
}

size_t ice_lite_check(struct ice_lite *a, const struct stun_message *m, uint8_t *pkt, size_t len,
    const struct ice_route *from, uint64_t now_us, uint8_t out[static STUN_RESPONSE_MAX],
    struct ice_outcome *outcome)
{
    *outcome = (struct ice_outcome){.path = -1};
    if (m->method != STUN_BINDING || m->class != STUN_REQUEST)
        return 0;
    int slot = find(a, from);
    if (is_excess(a, slot >= 0, now_us)) {
        a->stats.excess++;
        outcome->verdict = ICE_EXCESS;
        return 0;
    }
    const struct ice_generation *g = authenticate(a, m, pkt);
    if (!g) {
        a->stats.refused++;
        outcome->verdict = ICE_REFUSED;
        return 0;
    }
    uint16_t error = judge(a, m);
    size_t n = answer(m, g, from, error, out);
    if (n == 0 || n > len)
        return 0;
    outcome->verdict = ICE_ANSWERED;
    if (!error) {
        confirm(a, g, outcome);
        take_path(a, m, from, slot, now_us, outcome);
        a->stats.checks++;
    }
    return n;
}

bool ice_lite_forget(struct ice_lite *a, int path)
{
    a->paths[path] = (struct ice_path){0};
    if (a->selected != path)
        return false;
    a->selected = -1;
    for (int i = 0; i < ICE_PATHS_MAX; i++) {
        const struct ice_path *p = &a->paths[i],
                              *best = &a->paths[a->selected < 0 ? i : a->selected];
        if (is_path(p) &&
            (p->nominated_us > best->nominated_us ||
                (p->nominated_us == best->nominated_us && p->heard_us >= best->heard_us)))
            a->selected = i;
    }
    a->stats.moves += a->selected >= 0;
    return true;
}

const struct ice_path *ice_lite_selected(const struct ice_lite *a)
{
    return a->selected >= 0 ? &a->paths[a->selected] : NULL;
}

bool ice_lite_heard(struct ice_lite *a, int path, uint64_t now_us)
{
    struct ice_path *p = &a->paths[path];
    if (!is_path(p))
        return false;
    bool moved = path != a->selected && a->selected >= 0 &&
                 age_us(now_us, a->paths[a->selected].heard_us) >= ICE_FOLLOW_MS * MS;
    if (moved) {
        a->selected = path;
        a->stats.moves++;
    }
    if (now_us > p->heard_us)
        p->heard_us = now_us;
    if (now_us > a->heard_us)
        a->heard_us = now_us;
    return moved;
}

bool ice_lite_alive(const struct ice_lite *a, uint64_t now_us)
{
    return age_us(now_us, a->heard_us) <= (uint64_t)ICE_CONSENT_MS * MS;
}
