#include "mcu/transport.h"

#include "mcu/media_loop.h"
#include "mcu/transport_internal.h"
#include "net/rtp/srtp_session.h"
#include "net/sdp/answer.h"
#include "net/send_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void transport_terms_drop(struct transport_terms *terms)
{
    srtp_session_destroy(terms->in);
    srtp_session_destroy(terms->out);
    terms->in = terms->out = NULL;
    if (terms->webrtc)
        explicit_bzero(terms->webrtc, sizeof(*terms->webrtc));
    free(terms->webrtc);
    terms->webrtc = NULL;
}

/* --- in -------------------------------------------------------------------------------------- */
static void count(struct transport *t, size_t len, bool taken)
{
    if (!taken) {
        t->packets_dropped++;
        return;
    }
    t->packets_in++;
    t->bytes_in += len;
}

static bool take_rtp(
    struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us)
{
    struct rtp_packet p;
    if (t->encrypted) {
        int n = t->in ? srtp_session_unprotect(t->in, pkt, len, arrival_us) : -ENOKEY;
        if (n < 0)
            return false;
        len = (size_t)n;
    }
    return rtp_parse(&p, pkt, len) == 0 && t->ops->takes(t, from, &p, arrival_us) &&
           t->events->rtp(&p, arrival_us, t->events_arg);
}

void transport_take_rtp(
    struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us)
{
    count(t, len, take_rtp(t, pkt, len, from, arrival_us));
}

static bool take_rtcp(
    struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us)
{
    if (t->encrypted) {
        int n = t->in ? srtp_session_unprotect_rtcp(t->in, pkt, len, arrival_us) : -ENOKEY;
        if (n < 0)
            return false;
        len = (size_t)n;
    }
    return t->ops->takes(t, from, NULL, arrival_us) &&
           t->events->rtcp(pkt, len, arrival_us, t->events_arg);
}

void transport_take_rtcp(
    struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t arrival_us)
{
    count(t, len, take_rtcp(t, pkt, len, from, arrival_us));
}

/* --- out ------------------------------------------------------------------------------------- */
static int send_encrypted(
    struct transport *t, const uint8_t *header, const uint8_t *payload, size_t payload_len)
{
    size_t len = RTP_HEADER_BYTES + payload_len, cap = len + SRTP_SESSION_MAX_EXTRA;
    uint8_t *buf = t->out ? send_batch_reserve(media_loop_batch(t->ml), cap) : NULL;
    if (!buf)
        return t->out ? -ENOBUFS : -ENOTCONN;
    memcpy(buf, header, RTP_HEADER_BYTES);
    memcpy(buf + RTP_HEADER_BYTES, payload, payload_len);
    int n = srtp_session_protect(t->out, buf, len, cap);
    return n < 0 ? n : t->ops->commit(t, false, (size_t)n);
}

int transport_send_rtp(struct transport *t, const uint8_t header[RTP_HEADER_BYTES],
    const uint8_t *payload, size_t payload_len)
{
    if (!t->ops->connected(t, false))
        return -ENOTCONN;
    return t->encrypted ? send_encrypted(t, header, payload, payload_len)
                        : t->ops->send_plain(t, header, payload, payload_len);
}

uint8_t *transport_reserve_rtcp(struct transport *t, size_t cap)
{
    if (!t->ops->connected(t, true) || (t->encrypted && !t->out))
        return NULL;
    return send_batch_reserve(media_loop_batch(t->ml), cap + SRTP_SESSION_MAX_EXTRA);
}

int transport_send_rtcp(struct transport *t, uint8_t *compound, size_t len, size_t cap)
{
    if (t->encrypted) {
        int n = srtp_session_protect_rtcp(t->out, compound, len, cap + SRTP_SESSION_MAX_EXTRA);
        if (n < 0)
            return n;
        len = (size_t)n;
    }
    return t->ops->commit(t, true, len);
}

/* --- life ------------------------------------------------------------------------------------ */
void transport_set_keys(
    struct transport *t, struct srtp_session *in, struct srtp_session *out, const char *suite)
{
    srtp_session_destroy(t->in);
    srtp_session_destroy(t->out);
    t->in = in;
    t->out = out;
    t->srtp_suite = suite;
}

int transport_create(struct transport **tp, struct media_loop *ml,
    const struct transport_setup *setup, const struct transport_terms *terms,
    const struct transport_events *events, void *arg)
{
    struct transport *t;
    int err = terms->webrtc ? transport_webrtc_create(&t, setup, terms)
                            : transport_device_create(&t, setup, terms);
    if (err) {
        struct transport_terms unused = *terms;
        transport_terms_drop(&unused);
        return err;
    }
    t->ml = ml;
    t->events = events;
    t->events_arg = arg;
    *tp = t;
    return 0;
}

void transport_destroy(struct transport *t)
{
    if (!t)
        return;
    srtp_session_destroy(t->in);
    srtp_session_destroy(t->out);
    t->ops->destroy(t);
}

int transport_start(struct transport *t, uint64_t now_us)
{
    return t->ops->start(t, now_us);
}

void transport_stop(struct transport *t)
{
    t->ops->stop(t);
}

void transport_renegotiate(
    struct transport *t, const struct transport_terms *terms, uint64_t now_us)
{
    t->ops->renegotiate(t, terms, now_us);
}

void transport_every_second(struct transport *t, uint64_t now_us)
{
    if (t->ops->every_second)
        t->ops->every_second(t, now_us);
}

void transport_stats(const struct transport *t, struct transport_stats *out)
{
    *out = (struct transport_stats){
        .srtp_suite = t->srtp_suite,
        .packets_in = t->packets_in,
        .bytes_in = t->bytes_in,
        .packets_dropped = t->packets_dropped,
    };
    t->ops->stats(t, out);
}
