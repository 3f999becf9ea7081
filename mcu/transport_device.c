/* UDP ports of a leg's own: whatever SDP without ICE names. Symmetric RTP by a latch that cannot be
 * stolen (net/rtp/latch.h). */

#include "mcu/media_loop.h"
#include "mcu/transport_internal.h"
#include "net/send_batch.h"
#include "net/udp_poller.h"

#include <errno.h>
#include <stdlib.h>

struct device {
    struct transport base; /* first member */
    struct udp_ports ports;
    struct latch_config latch;
    struct net_addr rtp, rtcp; /* signalled */
    struct udp_receiver *rtp_receiver, *rtcp_receiver;
    struct latch rtp_latch, rtcp_latch;
};

static struct device *device_of(struct transport *t)
{
    return (struct device *)t;
}

/* --- in -------------------------------------------------------------------------------------- */
static bool has_rtcp_port(const struct device *d)
{
    return d->ports.rtcp_fd >= 0;
}

static const struct latch *rtcp_latch(const struct device *d)
{
    return has_rtcp_port(d) ? &d->rtcp_latch : &d->rtp_latch;
}

static bool takes(
    struct transport *t, const struct net_addr *from, const struct rtp_packet *p, uint64_t now_us)
{
    struct device *d = device_of(t);
    if (!p)
        return latch_rtcp((struct latch *)rtcp_latch(d), from, t->encrypted, now_us) != LATCH_DROP;
    switch (latch_rtp(&d->rtp_latch, from, p->h.ssrc, p->h.seq, t->encrypted, now_us)) {
    case LATCH_DROP:
        return false;
    case LATCH_MOVED:
        latch_follow(&d->rtcp_latch, &d->rtp_latch);
        break;
    case LATCH_ACCEPT:
        break;
    }
    return true;
}

static void on_rtp(
    uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us, void *arg)
{
    struct device *d = arg;
    if (!rtp_is_rtcp(pkt, len))
        transport_take_rtp(&d->base, pkt, len, from, arrival_us);
    else if (!has_rtcp_port(d))
        transport_take_rtcp(&d->base, pkt, len, from, arrival_us);
    else
        d->base.packets_dropped++;
}

static void on_rtcp(
    uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us, void *arg)
{
    struct device *d = arg;
    transport_take_rtcp(&d->base, pkt, len, from, arrival_us);
}

/* --- out ------------------------------------------------------------------------------------- */
static const struct net_addr *destination(const struct device *d, bool rtcp)
{
    return latch_destination(rtcp ? rtcp_latch(d) : &d->rtp_latch);
}

static bool connected(const struct transport *t, bool rtcp)
{
    return destination((const struct device *)t, rtcp) != NULL;
}

static int commit(struct transport *t, bool rtcp, size_t len)
{
    const struct device *d = device_of(t);
    int fd = rtcp && has_rtcp_port(d) ? d->ports.rtcp_fd : d->ports.rtp_fd;
    return send_batch_commit(media_loop_batch(t->ml), fd, destination(d, rtcp), len);
}

static int send_plain(
    struct transport *t, const uint8_t *header, const uint8_t *payload, size_t payload_len)
{
    const struct device *d = device_of(t);
    return send_batch_add(media_loop_batch(t->ml), d->ports.rtp_fd, destination(d, false), header,
        RTP_HEADER_BYTES, payload, payload_len);
}

/* --- life ------------------------------------------------------------------------------------ */
static void start_latches(struct device *d, uint64_t now_us)
{
    d->latch.signalled = d->rtp;
    latch_init(&d->rtp_latch, &d->latch, now_us);
    d->latch.signalled = d->rtcp;
    latch_init(&d->rtcp_latch, &d->latch, now_us);
}

static int start(struct transport *t, uint64_t now_us)
{
    struct device *d = device_of(t);
    struct udp_poller *poller = media_loop_poller(t->ml);
    start_latches(d, now_us);
    int err = udp_receiver_open(&d->rtp_receiver, poller, d->ports.rtp_fd, on_rtp, d);
    if (!err && has_rtcp_port(d))
        err = udp_receiver_open(&d->rtcp_receiver, poller, d->ports.rtcp_fd, on_rtcp, d);
    return err;
}

static void stop(struct transport *t)
{
    struct device *d = device_of(t);
    udp_receiver_close(d->rtp_receiver);
    udp_receiver_close(d->rtcp_receiver);
    d->rtp_receiver = d->rtcp_receiver = NULL;
    t->events->stopped(t->events_arg);
}

static void renegotiate(struct transport *t, const struct transport_terms *terms, uint64_t now_us)
{
    struct device *d = device_of(t);
    if (terms->new_keys) {
        transport_set_keys(t, terms->in, terms->out, terms->srtp_suite);
        t->encrypted = terms->in != NULL;
    }
    if (net_addr_equal(&d->rtp, &terms->rtp) && net_addr_equal(&d->rtcp, &terms->rtcp))
        return;
    d->rtp = terms->rtp;
    d->rtcp = terms->rtcp;
    start_latches(d, now_us);
}

static void stats(const struct transport *t, struct transport_stats *out)
{
    const struct device *d = (const struct device *)t;
    struct udp_receiver_stats rtp = {0}, rtcp = {0};
    if (d->rtp_receiver)
        udp_receiver_stats(d->rtp_receiver, &rtp);
    if (d->rtcp_receiver)
        udp_receiver_stats(d->rtcp_receiver, &rtcp);
    out->path = "udp";
    out->refusals = rtp.errors + rtcp.errors;
}

static void destroy(struct transport *t)
{
    free(device_of(t));
}

static const struct transport_kind_ops ops = {
    .start = start,
    .stop = stop,
    .renegotiate = renegotiate,
    .connected = connected,
    .commit = commit,
    .send_plain = send_plain,
    .takes = takes,
    .stats = stats,
    .destroy = destroy,
};

int transport_device_create(
    struct transport **tp, const struct transport_setup *setup, const struct transport_terms *terms)
{
    struct device *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    d->base.ops = &ops;
    d->base.encrypted = terms->in != NULL;
    transport_set_keys(&d->base, terms->in, terms->out, terms->srtp_suite);
    d->ports = setup->ports;
    d->latch = (struct latch_config){.local = setup->local, .mode = setup->latch};
    d->rtp = terms->rtp;
    d->rtcp = terms->rtcp;
    *tp = &d->base;
    return 0;
}
