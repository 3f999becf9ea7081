#include "mcu/handshaker.h"

#include "mcu/mailbox.h"
#include "net/clock.h"
#include "net/rtp/srtp_session.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

enum { TICK_MS = DTLS_FIRST_RETRY_MS / 2, HANDSHAKER_NICE = 5 };

struct handshake {
    struct handshaker *h;
    struct media_loop *ml;
    const struct handshake_events *events;
    void *arg;
    atomic_uint waiting; /* datagrams on their way to the thread */

    /* [media loop] */
    bool starting, closed;

    /* [thread] */
    TAILQ_ENTRY(handshake) entry;
    struct dtls *dtls; /* NULL: could not be made */
    enum dtls_state state;
    struct dtls_config cfg;
    struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS];
    uint32_t ssrc;

    /* Each is posted once at most, so that no memory can lack for it. The first three go to the
     * thread, the others to the media loop. */
    struct mail open, start, close, ready, ended, gone;
    /* What the last three carry. */
    struct srtp_session *in, *out;
    const char *suite, *reason;
};

struct handshaker {
    uv_loop_t loop;
    uv_thread_t thread;
    struct mailbox *inbox;
    uv_timer_t timer;
    struct dtls_context *context;
    TAILQ_HEAD(handshakes, handshake) list; /* [thread] */
    struct {
        atomic_uint_fast64_t opened, ready, failed, timeouts, dropped;
    } stats;
};

#define OF(m, member) ((struct handshake *)((char *)(m)-offsetof(struct handshake, member)))

/* --- from the thread to the media loop -------------------------------------------------------- */
struct parcel { /* a datagram, either way */
    struct mail mail;
    struct handshake *hs;
    size_t len;
    uint8_t data[];
};

static void count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static struct parcel *new_parcel(struct handshake *hs, const uint8_t *pkt, size_t len)
{
    struct parcel *p = malloc(sizeof(*p) + len);
    if (!p) {
        count(&hs->h->stats.dropped);
        return NULL;
    }
    p->hs = hs;
    p->len = len;
    memcpy(p->data, pkt, len);
    return p;
}

static void deliver_send(struct mail *m)
{
    struct parcel *p = (struct parcel *)m;
    p->hs->events->send(p->data, p->len, p->hs->arg);
    free(p);
}

/* Without memory it is lost as if on the way: DTLS sends it again. */
static void send_datagram(const uint8_t *pkt, size_t len, void *arg)
{
    struct handshake *hs = arg;
    struct parcel *p = new_parcel(hs, pkt, len);
    if (!p)
        return;
    p->mail.deliver = deliver_send;
    media_loop_post(hs->ml, &p->mail);
}

static void deliver_ready(struct mail *m)
{
    struct handshake *hs = OF(m, ready);
    if (!hs->closed) {
        hs->events->ready(hs->in, hs->out, hs->suite, hs->arg);
        return;
    }
    srtp_session_destroy(hs->in);
    srtp_session_destroy(hs->out);
}

static void deliver_ended(struct mail *m)
{
    struct handshake *hs = OF(m, ended);
    if (!hs->closed)
        hs->events->closed(hs->reason, hs->arg);
}

/* --- [thread] --------------------------------------------------------------------------------- */
static int make_sessions(struct handshake *hs)
{
    struct dtls_keys keys;
    int err = dtls_keys(hs->dtls, &keys);
    if (err)
        return err;
    size_t bytes = sdes_key_bytes(keys.suite);
    err = srtp_session_create_in(&hs->in, keys.suite, keys.in, bytes);
    if (!err)
        err = srtp_session_create_out(&hs->out, keys.suite, keys.out, bytes, &hs->ssrc, 1);
    if (err)
        srtp_session_destroy(hs->in);
    hs->suite = sdes_suite_name(keys.suite);
    explicit_bzero(&keys, sizeof(keys));
    return err;
}

static void become_ready(struct handshake *hs)
{
    count(&hs->h->stats.ready);
    hs->ready.deliver = deliver_ready;
    media_loop_post(hs->ml, &hs->ready);
}

static void end(struct handshake *hs)
{
    hs->reason = "failed";
    if (hs->state == DTLS_CLOSED)
        hs->reason = "bye";
    if (hs->state == DTLS_TIMED_OUT)
        hs->reason = "timeout";
    if (hs->state == DTLS_TIMED_OUT)
        count(&hs->h->stats.timeouts);
    if (hs->state == DTLS_FAILED)
        count(&hs->h->stats.failed);
    hs->ended.deliver = deliver_ended;
    media_loop_post(hs->ml, &hs->ended);
}

/* Once it is neither handshaking nor ready it stays as it is: is_open() is asked before. */
static void follow(struct handshake *hs, enum dtls_state state)
{
    if (state == hs->state)
        return;
    hs->state = state;
    if (state == DTLS_READY && make_sessions(hs))
        hs->state = DTLS_FAILED;
    if (hs->state == DTLS_READY)
        become_ready(hs);
    else
        end(hs);
}

static bool is_open(const struct handshake *hs)
{
    return hs->dtls && (hs->state == DTLS_HANDSHAKING || hs->state == DTLS_READY);
}

static void on_timer(uv_timer_t *timer)
{
    struct handshaker *h = timer->data;
    uint64_t now_us = clock_us(CLOCK_MONOTONIC);
    bool pending = false;
    for (struct handshake *hs = TAILQ_FIRST(&h->list); hs; hs = TAILQ_NEXT(hs, entry)) {
        if (is_open(hs))
            follow(hs, dtls_tick(hs->dtls, now_us));
        pending |= is_open(hs) && hs->state == DTLS_HANDSHAKING;
    }
    if (!pending)
        uv_timer_stop(timer);
}

static void deliver_open(struct mail *m)
{
    struct handshake *hs = OF(m, open);
    struct handshaker *h = hs->h;
    count(&h->stats.opened);
    TAILQ_INSERT_TAIL(&h->list, hs, entry);
    hs->cfg.fingerprints = hs->fingerprints;
    if (dtls_create(&hs->dtls, h->context, &hs->cfg, send_datagram, hs, clock_us(CLOCK_MONOTONIC)))
        follow(hs, DTLS_FAILED);
    else if (!uv_is_active((uv_handle_t *)&h->timer))
        uv_timer_start(&h->timer, on_timer, TICK_MS, TICK_MS);
}

static void deliver_start(struct mail *m)
{
    struct handshake *hs = OF(m, start);
    if (is_open(hs))
        follow(hs, dtls_start(hs->dtls));
}

static void deliver_put(struct mail *m)
{
    struct parcel *p = (struct parcel *)m;
    struct handshake *hs = p->hs;
    if (is_open(hs))
        follow(hs, dtls_receive(hs->dtls, p->data, p->len));
    atomic_fetch_sub_explicit(&hs->waiting, 1, memory_order_relaxed);
    free(p);
}

static void deliver_gone(struct mail *m)
{
    struct handshake *hs = OF(m, gone);
    const struct handshake_events *events = hs->events;
    void *arg = hs->arg;
    free(hs);
    events->gone(arg);
}

static void deliver_close(struct mail *m)
{
    struct handshake *hs = OF(m, close);
    if (hs->dtls)
        dtls_close(hs->dtls);
    dtls_destroy(hs->dtls);
    TAILQ_REMOVE(&hs->h->list, hs, entry);
    hs->gone.deliver = deliver_gone;
    media_loop_post(hs->ml, &hs->gone);
}

/* --- [media loop] ----------------------------------------------------------------------------- */
int handshake_open(struct handshake **hsp, struct handshaker *h, struct media_loop *ml,
    const struct handshake_config *cfg, const struct handshake_events *events, void *arg)
{
    if (!cfg->dtls.n_fingerprints || cfg->dtls.n_fingerprints > SDP_MAX_FINGERPRINTS)
        return -EINVAL;
    struct handshake *hs = calloc(1, sizeof(*hs));
    if (!hs)
        return -ENOMEM;
    hs->h = h;
    hs->ml = ml;
    hs->events = events;
    hs->arg = arg;
    hs->ssrc = cfg->ssrc;
    hs->cfg = cfg->dtls;
    memcpy(hs->fingerprints, cfg->dtls.fingerprints,
        cfg->dtls.n_fingerprints * sizeof(hs->fingerprints[0]));
    hs->open.deliver = deliver_open;
    *hsp = hs;
    mailbox_post(h->inbox, &hs->open);
    return 0;
}

void handshake_put(struct handshake *hs, const uint8_t *pkt, size_t len)
{
    if (dtls_is_data(pkt, len))
        return;
    if (atomic_load_explicit(&hs->waiting, memory_order_relaxed) >= HANDSHAKE_QUEUE) {
        count(&hs->h->stats.dropped);
        return;
    }
    struct parcel *p = new_parcel(hs, pkt, len);
    if (!p)
        return;
    atomic_fetch_add_explicit(&hs->waiting, 1, memory_order_relaxed);
    p->mail.deliver = deliver_put;
    mailbox_post(hs->h->inbox, &p->mail);
}

void handshake_connected(struct handshake *hs)
{
    if (hs->starting || hs->cfg.role != DTLS_ACTIVE)
        return;
    hs->starting = true;
    hs->start.deliver = deliver_start;
    mailbox_post(hs->h->inbox, &hs->start);
}

void handshake_close(struct handshake *hs)
{
    if (!hs)
        return;
    hs->closed = true;
    hs->close.deliver = deliver_close;
    mailbox_post(hs->h->inbox, &hs->close);
}

/* --- [control] -------------------------------------------------------------------------------- */
static void run(void *arg)
{
    struct handshaker *h = arg;
    setpriority(
        PRIO_PROCESS, (id_t)gettid(), HANDSHAKER_NICE); /* who joins can wait, talk cannot */
    uv_run(&h->loop, UV_RUN_DEFAULT);
}

static void close_handles(struct handshaker *h)
{
    uv_close((uv_handle_t *)&h->timer, NULL);
    mailbox_close(h->inbox);
}

int handshaker_start(struct handshaker **hp)
{
    struct handshaker *h = calloc(1, sizeof(*h));
    if (!h)
        return -ENOMEM;
    TAILQ_INIT(&h->list);
    int err = srtp_session_global_init();
    if (err)
        goto fail_srtp;
    err = dtls_context_create(&h->context);
    if (err)
        goto fail;
    err = uv_loop_init(&h->loop);
    if (err)
        goto fail;
    err = mailbox_create(&h->inbox, &h->loop);
    if (err)
        goto fail_loop;
    uv_timer_init(&h->loop, &h->timer);
    h->timer.data = h;
    err = uv_thread_create(&h->thread, run, h);
    if (err) {
        close_handles(h);
        goto fail_loop;
    }
    *hp = h;
    return 0;

fail_loop:
    uv_run(&h->loop, UV_RUN_DEFAULT);
    uv_loop_close(&h->loop);
fail:
    dtls_context_destroy(h->context);
    srtp_session_global_fini();
fail_srtp:
    free(h);
    return err;
}

struct stop_mail {
    struct mail mail;
    struct handshaker *h;
};

static void deliver_stop(struct mail *m)
{
    struct handshaker *h = ((struct stop_mail *)m)->h;
    assert(TAILQ_EMPTY(&h->list));
    close_handles(h);
}

void handshaker_stop(struct handshaker *h)
{
    if (!h)
        return;
    struct stop_mail stop = {.mail.deliver = deliver_stop, .h = h};
    mailbox_post(h->inbox, &stop.mail);
    uv_thread_join(&h->thread);
    uv_loop_close(&h->loop);
    dtls_context_destroy(h->context);
    srtp_session_global_fini();
    free(h);
}

const char *handshaker_fingerprint(const struct handshaker *h)
{
    return dtls_context_fingerprint(h->context);
}

void handshaker_stats(const struct handshaker *h, struct handshaker_stats *out)
{
    out->opened = atomic_load_explicit(&h->stats.opened, memory_order_relaxed);
    out->ready = atomic_load_explicit(&h->stats.ready, memory_order_relaxed);
    out->failed = atomic_load_explicit(&h->stats.failed, memory_order_relaxed);
    out->timeouts = atomic_load_explicit(&h->stats.timeouts, memory_order_relaxed);
    out->dropped = atomic_load_explicit(&h->stats.dropped, memory_order_relaxed);
}
