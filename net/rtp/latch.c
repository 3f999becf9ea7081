#include "net/rtp/latch.h"

#include <string.h>

enum {
    DEFAULT_SILENCE_MS = 3000,
    DEFAULT_LEARN_MS = 5000,
    RUN = 3, /* packets in sequence before an address is sent to, or a stranger is learned */
    RUN_MAX_GAP_US = 500000
};

/* A signalled destination is as little to be trusted as a learned one. */
static void aim(struct latch *l, const struct net_addr *to)
{
    if (net_addr_media_ok(to, &l->cfg.local))
        l->destination = *to;
}

void latch_init(struct latch *l, const struct latch_config *cfg, uint64_t now_us)
{
    memset(l, 0, sizeof *l);
    l->cfg = *cfg;
    l->start_us = now_us;
    if (l->cfg.silence_ms == 0)
        l->cfg.silence_ms = DEFAULT_SILENCE_MS;
    if (l->cfg.learn_ms == 0)
        l->cfg.learn_ms = DEFAULT_LEARN_MS;
    aim(l, &l->cfg.signalled);
}

/* How long the packets of one SSRC from one address are in sequence; one candidate is watched. */
static unsigned count_run(
    struct latch *l, const struct net_addr *from, uint32_t ssrc, uint16_t seq, uint64_t now_us)
{
    bool next = l->candidate_run > 0 && net_addr_equal(from, &l->candidate) &&
                ssrc == l->candidate_ssrc && seq == (uint16_t)(l->candidate_seq + 1) &&
                now_us <= l->candidate_us + RUN_MAX_GAP_US;
    if (!next)
        l->candidate_run = 0;
    if (l->candidate_run < RUN)
        l->candidate_run++;
    l->candidate = *from;
    l->candidate_ssrc = ssrc;
    l->candidate_seq = seq;
    l->candidate_us = now_us;
    return l->candidate_run;
}

static enum latch_verdict drop(struct latch *l)
{
    l->stats.dropped++;
    return LATCH_DROP;
}

static enum latch_verdict admit(struct latch *l, const struct net_addr *from, uint64_t now_us)
{
    l->source = *from;
    l->last_us = now_us;
    l->stats.accepted++;
    return LATCH_ACCEPT;
}

static bool is_signalled(const struct latch *l, const struct net_addr *from)
{
    return net_addr_is_set(&l->cfg.signalled) && net_addr_equal(from, &l->cfg.signalled);
}

static bool on_signalled_host(const struct latch *l, const struct net_addr *from)
{
    return net_addr_is_set(&l->cfg.signalled) && net_addr_same_ip(from, &l->cfg.signalled);
}

static bool is_latched(const struct latch *l, const struct net_addr *from)
{
    return net_addr_is_set(&l->source) && net_addr_equal(from, &l->source);
}

/* Nothing is latched, or what is has been silent for long. */
static bool vacant(const struct latch *l, uint64_t now_us)
{
    return !net_addr_is_set(&l->source) ||
           now_us >= l->last_us + (uint64_t)l->cfg.silence_ms * 1000;
}

static bool learning(const struct latch *l, uint64_t now_us)
{
    return l->cfg.mode == LATCH_NAT && !net_addr_is_set(&l->source) &&
           now_us < l->start_us + (uint64_t)l->cfg.learn_ms * 1000;
}

/* Whether what comes from here is sent to as well, once it has shown a run. On the signalled host
 * SDP says where, unless the port is to be learned. */
static bool may_aim(const struct latch *l, const struct net_addr *from)
{
    if (net_addr_equal(from, &l->destination) || !net_addr_media_ok(from, &l->cfg.local))
        return false;
    return l->cfg.mode != LATCH_SIGNALLED || !on_signalled_host(l, from);
}

/* Whether a packet that is neither from the latched nor from the signalled address is taken. */
static bool may_enter(const struct latch *l, const struct net_addr *from, bool authenticated,
    unsigned run, uint64_t now_us)
{
    if (authenticated)
        return true;
    if (on_signalled_host(l, from))
        return vacant(l, now_us);
    return learning(l, now_us) && run >= RUN;
}

static enum latch_verdict move(struct latch *l, const struct net_addr *to)
{
    l->destination = *to;
    l->stats.moves++;
    return LATCH_MOVED;
}

enum latch_verdict latch_rtp(struct latch *l, const struct net_addr *from, uint32_t ssrc,
    uint16_t seq, bool authenticated, uint64_t now_us)
{
    if (is_signalled(l, from)) {
        admit(l, from, now_us);
        bool back =
            !net_addr_equal(from, &l->destination) && net_addr_media_ok(from, &l->cfg.local);
        return back ? move(l, from) : LATCH_ACCEPT;
    }
    bool latched = is_latched(l, from);
    if (latched && !may_aim(l, from))
        return admit(l, from, now_us); /* nearly every packet ends here */

    /* A packet that could not enter anyhow must not disturb the run of one that can. */
    bool counts = latched || authenticated || learning(l, now_us) ||
                  (on_signalled_host(l, from) && vacant(l, now_us));
    unsigned run = counts ? count_run(l, from, ssrc, seq, now_us) : 0;
    if (!latched && !may_enter(l, from, authenticated, run, now_us))
        return drop(l);
    admit(l, from, now_us);
    return run >= RUN && may_aim(l, from) ? move(l, from) : LATCH_ACCEPT;
}

enum latch_verdict latch_rtcp(
    struct latch *l, const struct net_addr *from, bool authenticated, uint64_t now_us)
{
    bool host_vacant = on_signalled_host(l, from) && vacant(l, now_us);
    if (!is_signalled(l, from) && !is_latched(l, from) && !authenticated && !host_vacant)
        return drop(l);
    l->stats.accepted++;
    return LATCH_ACCEPT;
}

void latch_follow(struct latch *rtcp, const struct latch *rtp)
{
    struct net_addr next = rtp->destination;
    if (!net_addr_is_set(&next) || next.port == UINT16_MAX)
        return;
    next.port++;
    if (is_signalled(rtp, &rtp->destination))
        next = rtcp->cfg.signalled;
    rtcp->source = next;
    aim(rtcp, &next);
}

const struct net_addr *latch_destination(const struct latch *l)
{
    return net_addr_is_set(&l->destination) ? &l->destination : NULL;
}
