/* A session on the loop's ICE port. The handshake runs on the handshaker's thread; until it has
 * brought keys nothing is sent and nothing taken. */

#include "mcu/handshaker.h"
#include "mcu/media_loop.h"
#include "mcu/transport_internal.h"
#include "net/ice/ice_port.h"
#include "net/sdp/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct webrtc_transport {
    struct transport base; /* first member */
    struct answer_transport *terms;
    struct handshaker *handshaker;
    struct ice_session *ice;
    struct handshake *handshake;
    unsigned handshakes; /* that are not gone yet */
    uint32_t ssrc, arrival_timeout_s;
    bool hurrying; /* the loop looks for packets more often than once a tick */
    bool stopping;
};

static struct webrtc_transport *webrtc_of(struct transport *t)
{
    return (struct webrtc_transport *)t;
}

static void hurry(struct webrtc_transport *w, bool on)
{
    if (w->hurrying != on)
        media_loop_hurry(w->base.ml, on);
    w->hurrying = on;
}

/* --- DTLS ------------------------------------------------------------------------------------- */
static void on_handshake_send(const uint8_t *pkt, size_t len, void *arg)
{
    const struct webrtc_transport *w = arg;
    if (w->ice)
        ice_session_send(w->ice, pkt, len);
}

static void on_handshake_ready(
    struct srtp_session *in, struct srtp_session *out, const char *suite, void *arg)
{
    struct webrtc_transport *w = arg;
    transport_set_keys(&w->base, in, out, suite);
    hurry(w, false);
}

static void on_handshake_closed(const char *reason, void *arg)
{
    struct webrtc_transport *w = arg;
    hurry(w, false);
    if (!w->stopping)
        w->base.events->ended(reason, w->base.events_arg);
}

/* The session stayed open for the last words of the handshake. */
static void stopped(struct webrtc_transport *w)
{
    ice_session_close(w->ice);
    w->ice = NULL;
    w->base.events->stopped(w->base.events_arg);
}

static void on_handshake_gone(void *arg)
{
    struct webrtc_transport *w = arg;
    if (--w->handshakes == 0 && w->stopping)
        stopped(w);
}

static const struct handshake_events handshake_events = {
    .send = on_handshake_send,
    .ready = on_handshake_ready,
    .closed = on_handshake_closed,
    .gone = on_handshake_gone,
};

static int start_handshake(struct webrtc_transport *w)
{
    const struct handshake_config cfg = {
        .dtls =
            {
                .role = w->terms->dtls_active ? DTLS_ACTIVE : DTLS_PASSIVE,
                .fingerprints = w->terms->fingerprints,
                .n_fingerprints = w->terms->n_fingerprints,
                .give_up_ms = w->arrival_timeout_s * 1000,
            },
        .ssrc = w->ssrc,
    };
    int err = handshake_open(&w->handshake, w->handshaker, w->base.ml, &cfg, &handshake_events, w);
    if (err)
        return err;
    w->handshakes++;
    hurry(w, true);
    return 0;
}

/* --- ICE ------------------------------------------------------------------------------------- */
static void on_media(uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    struct webrtc_transport *w = arg;
    if (w->stopping)
        return;
    if (rtp_is_rtcp(pkt, len))
        transport_take_rtcp(&w->base, pkt, len, NULL, arrival_us);
    else
        transport_take_rtp(&w->base, pkt, len, NULL, arrival_us);
}

static void on_dtls(const uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    struct webrtc_transport *w = arg;
    (void)arrival_us;
    if (w->handshake)
        handshake_put(w->handshake, pkt, len);
}

static void on_selected(void *arg)
{
    struct webrtc_transport *w = arg;
    if (w->handshake && ice_session_ready(w->ice))
        handshake_connected(w->handshake);
}

static const struct ice_session_events ice_events = {
    .media = on_media, .dtls = on_dtls, .selected = on_selected};

/* Only packets of a peer that knows the ICE password get here, and SRTP vouches for each. */
static bool takes(
    struct transport *t, const struct net_addr *from, const struct rtp_packet *p, uint64_t now_us)
{
    (void)from, (void)p;
    ice_session_heard(webrtc_of(t)->ice, now_us);
    return true;
}

static bool connected(const struct transport *t, bool rtcp)
{
    const struct webrtc_transport *w = (const struct webrtc_transport *)t;
    (void)rtcp;
    return w->ice && t->out && ice_session_ready(w->ice);
}

static int commit(struct transport *t, bool rtcp, size_t len)
{
    (void)rtcp;
    return ice_session_commit(webrtc_of(t)->ice, len);
}

/* --- life ------------------------------------------------------------------------------------ */
static int start(struct transport *t, uint64_t now_us)
{
    struct webrtc_transport *w = webrtc_of(t);
    int err = ice_session_open(&w->ice, media_loop_ice_port(t->ml), &w->terms->local,
        &w->terms->remote, &ice_events, w, now_us);
    return err ? err : start_handshake(w);
}

static void stop(struct transport *t)
{
    struct webrtc_transport *w = webrtc_of(t);
    w->stopping = true;
    hurry(w, false);
    if (w->handshake)
        handshake_close(w->handshake);
    w->handshake = NULL;
    if (!w->handshakes)
        stopped(w);
}

/* Another certificate is another association (RFC 8842, 4); the keys of before hold until it has
 * brought new ones. */
static void shake_hands_again(struct webrtc_transport *w)
{
    handshake_close(w->handshake);
    w->handshake = NULL;
    if (start_handshake(w))
        w->base.events->ended("failed", w->base.events_arg);
    else
        on_selected(w);
}

static void renegotiate(struct transport *t, const struct transport_terms *terms, uint64_t now_us)
{
    struct webrtc_transport *w = webrtc_of(t);
    struct transport_terms before = {.webrtc = w->terms};
    (void)now_us;
    if (!terms->webrtc || !w->ice) { /* it could not be started, and is about to be stopped */
        struct transport_terms unused = *terms;
        transport_terms_drop(&unused);
        return;
    }
    w->terms = terms->webrtc;
    if (w->terms->ice_restart && ice_session_restart(w->ice, &w->terms->local, &w->terms->remote))
        t->events->ended("failed", t->events_arg);
    if (w->terms->new_dtls)
        shake_hands_again(w);
    transport_terms_drop(&before);
}

static void every_second(struct transport *t, uint64_t now_us)
{
    const struct webrtc_transport *w = webrtc_of(t);
    if (!ice_session_alive(w->ice, now_us))
        t->events->ended("timeout", t->events_arg);
}

static void stats(const struct transport *t, struct transport_stats *out)
{
    const struct webrtc_transport *w = (const struct webrtc_transport *)t;
    struct ice_session_stats ice = {0};
    if (w->ice)
        ice_session_stats(w->ice, 0, &ice);
    out->path = !ice.ready ? "ice" : ice.tcp ? "ice-tcp" : "ice-udp";
}

static void destroy(struct transport *t)
{
    struct webrtc_transport *w = webrtc_of(t);
    struct transport_terms terms = {.webrtc = w->terms};
    transport_terms_drop(&terms);
    free(w);
}

static const struct transport_kind_ops ops = {
    .start = start,
    .stop = stop,
    .renegotiate = renegotiate,
    .connected = connected,
    .commit = commit,
    .takes = takes,
    .every_second = every_second,
    .stats = stats,
    .destroy = destroy,
};

int transport_webrtc_create(
    struct transport **tp, const struct transport_setup *setup, const struct transport_terms *terms)
{
    struct webrtc_transport *w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->base.ops = &ops;
    w->base.encrypted = true;
    w->terms = terms->webrtc;
    w->handshaker = setup->handshaker;
    w->ssrc = setup->ssrc;
    w->arrival_timeout_s = setup->arrival_timeout_s;
    *tp = &w->base;
    return 0;
}
