#include "mcu/media_loop.h"

#include "net/clock.h"
#include "net/ice/ice_port.h"
#include "net/send_batch.h"
#include "net/udp_poller.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    TICK_US = 20000,
    TICKS_A_SECOND = 50,
    LATE_US = 5000,
    CATCH_UP_MAX = 5, /* ticks made up in one go; what lies further back is missed */
    MEDIA_NICE = -11,
    HURRY_MS = 4,
    BATCH_PACKETS = 512,
    BATCH_BYTES = 256 * 1024,
};

struct media_loop {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_thread_t self; /* the same, as the thread itself knows it */
    struct mailbox *inbox;
    struct send_batch *batch;
    struct udp_poller *poller;
    struct ice_port *ice;
    struct ticker *tickers;

    uv_timer_t hurry;
    unsigned in_a_hurry;

    int tick_fd;
    uv_poll_t tick_poll;
    uint64_t slot_us; /* of the tick in hand */
    float busy;       /* share of its 20 ms the last tick took */

    struct media_totals totals; /* of the loop itself, and of tickers that have gone */
    uint32_t longest_tick_us;   /* of the second in hand */
    uint64_t cpu_us;            /* of the thread at the start of that second */
};

static void measure(struct media_loop *ml, uint32_t took_us)
{
    ml->busy = (float)took_us / TICK_US;
    if (took_us > ml->longest_tick_us)
        ml->longest_tick_us = took_us;
    if (++ml->totals.ticks % TICKS_A_SECOND)
        return;
    uint64_t cpu_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    ml->totals.busy = (float)(cpu_us - ml->cpu_us) / 1e6f;
    ml->totals.longest_tick_us = ml->longest_tick_us;
    struct send_batch_stats sent;
    send_batch_stats(ml->batch, &sent);
    ml->totals.send_errors = sent.refused + sent.full + sent.errors;
    ml->cpu_us = cpu_us;
    ml->longest_tick_us = 0;
}

static void run_tick(struct media_loop *ml)
{
    uint64_t start_us = clock_us(CLOCK_MONOTONIC);
    if (start_us > ml->slot_us + LATE_US)
        ml->totals.late_ticks++;
    for (struct ticker *t = ml->tickers; t; t = t->next)
        t->tick(t, ml->slot_us);
    send_batch_flush(ml->batch);
    uint64_t end_us = clock_us(CLOCK_MONOTONIC);
    for (struct ticker *t = ml->tickers, *next; t; t = next) {
        next = t->next;
        t->after(t, ml->slot_us);
    }
    send_batch_flush(ml->batch);
    measure(ml, (uint32_t)(end_us - start_us));
}

/* The machine did not let us run for long: that time is gone, for everyone alike. */
static void miss_ticks(struct media_loop *ml, uint64_t n)
{
    ml->totals.missed_ticks += n;
    ml->slot_us += n * TICK_US;
    for (struct ticker *t = ml->tickers; t; t = t->next)
        t->miss(t, n);
}

static void on_tick(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct media_loop *ml = poll->data;
    uint64_t due;
    if (read(ml->tick_fd, &due, sizeof(due)) != sizeof(due))
        return;
    udp_poller_run(ml->poller);
    if (due > CATCH_UP_MAX) {
        miss_ticks(ml, due - CATCH_UP_MAX);
        due = CATCH_UP_MAX;
    }
    while (due--) {
        ml->slot_us += TICK_US;
        run_tick(ml);
    }
}

static void on_hurry(uv_timer_t *timer)
{
    struct media_loop *ml = timer->data;
    udp_poller_run(ml->poller);
    send_batch_flush(ml->batch);
}

void media_loop_hurry(struct media_loop *ml, bool on)
{
    assert(media_loop_here(ml) && (on || ml->in_a_hurry));
    ml->in_a_hurry += on ? 1 : -1;
    if (!ml->in_a_hurry)
        uv_timer_stop(&ml->hurry);
    else if (on && ml->in_a_hurry == 1)
        uv_timer_start(&ml->hurry, on_hurry, HURRY_MS, HURRY_MS);
}

static int start_ticking(struct media_loop *ml)
{
    ml->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (ml->tick_fd < 0)
        return -errno;
    ml->slot_us = clock_us(CLOCK_MONOTONIC);
    uint64_t first_us = ml->slot_us + TICK_US;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(first_us / 1000000), .tv_nsec = first_us % 1000000 * 1000},
        .it_interval = {.tv_nsec = TICK_US * 1000},
    };
    if (timerfd_settime(ml->tick_fd, TFD_TIMER_ABSTIME, &when, NULL))
        goto fail;
    int err = uv_poll_init(&ml->loop, &ml->tick_poll, ml->tick_fd);
    if (err) {
        close(ml->tick_fd);
        return err;
    }
    ml->tick_poll.data = ml;
    return uv_poll_start(&ml->tick_poll, UV_READABLE, on_tick);

fail:
    err = -errno;
    close(ml->tick_fd);
    return err;
}

/* Audio before all else on the machine, as far as the system allows (it does for root, or by
 * LimitNICE of systemd). */
static void prefer_me(void)
{
    setpriority(PRIO_PROCESS, (id_t)gettid(), MEDIA_NICE);
}

static void run(void *arg)
{
    struct media_loop *ml = arg;
    ml->self = uv_thread_self();
    prefer_me();
    ml->cpu_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    uv_run(&ml->loop, UV_RUN_DEFAULT);
}

static void on_tick_closed(uv_handle_t *h)
{
    struct media_loop *ml = h->data;
    close(ml->tick_fd);
}

static void close_handles(struct media_loop *ml)
{
    uv_close((uv_handle_t *)&ml->tick_poll, on_tick_closed);
    uv_close((uv_handle_t *)&ml->hurry, NULL);
    mailbox_close(ml->inbox);
}

static void stop_ice(struct media_loop *ml)
{
    if (ml->ice)
        ice_port_stop(ml->ice);
}

int media_loop_start(struct media_loop **mlp, struct ice_port *ice)
{
    struct media_loop *ml = calloc(1, sizeof(*ml));
    if (!ml)
        return -ENOMEM;
    ml->totals.loops = 1;
    ml->ice = ice;
    int err = uv_loop_init(&ml->loop);
    if (err)
        goto fail;
    err = send_batch_create(&ml->batch, BATCH_PACKETS, BATCH_BYTES);
    if (err)
        goto fail_loop;
    err = udp_poller_create(&ml->poller);
    if (err)
        goto fail_loop;
    err = mailbox_create(&ml->inbox, &ml->loop);
    if (err)
        goto fail_loop;
    err = start_ticking(ml);
    if (err) {
        mailbox_close(ml->inbox);
        goto fail_loop;
    }
    uv_timer_init(&ml->loop, &ml->hurry);
    ml->hurry.data = ml;
    err = ice ? ice_port_start(ice, ml->poller, ml->batch) : 0;
    if (err) {
        close_handles(ml);
        goto fail_loop;
    }
    err = uv_thread_create(&ml->thread, run, ml);
    if (err) {
        stop_ice(ml);
        close_handles(ml);
        goto fail_loop;
    }
    *mlp = ml;
    return 0;

fail_loop:
    uv_run(&ml->loop, UV_RUN_DEFAULT);
    uv_loop_close(&ml->loop);
    udp_poller_destroy(ml->poller);
    send_batch_destroy(ml->batch);
fail:
    free(ml);
    return err;
}

struct stop_mail {
    struct mail mail;
    struct media_loop *ml;
};

static void deliver_stop(struct mail *m)
{
    struct media_loop *ml = ((struct stop_mail *)m)->ml;
    assert(media_loop_here(ml) && !ml->tickers);
    stop_ice(ml);
    close_handles(ml);
}

void media_loop_stop(struct media_loop *ml)
{
    if (!ml)
        return;
    struct stop_mail stop = {.mail.deliver = deliver_stop, .ml = ml};
    mailbox_post(ml->inbox, &stop.mail);
    uv_thread_join(&ml->thread);
    uv_loop_close(&ml->loop);
    udp_poller_destroy(ml->poller);
    send_batch_destroy(ml->batch);
    free(ml);
}

void media_loop_post(struct media_loop *ml, struct mail *m)
{
    mailbox_post(ml->inbox, m);
}

bool media_loop_here(const struct media_loop *ml)
{
    uv_thread_t caller = uv_thread_self();
    return uv_thread_equal(&caller, &ml->self);
}

struct send_batch *media_loop_batch(struct media_loop *ml)
{
    return ml->batch;
}

struct udp_poller *media_loop_poller(struct media_loop *ml)
{
    return ml->poller;
}

struct ice_port *media_loop_ice_port(struct media_loop *ml)
{
    return ml->ice;
}

uint64_t media_loop_slot_us(const struct media_loop *ml)
{
    return ml->slot_us;
}

float media_loop_busy(const struct media_loop *ml)
{
    return ml->busy;
}

void media_loop_add(struct media_loop *ml, struct ticker *t)
{
    assert(media_loop_here(ml));
    t->next = ml->tickers;
    t->prev = &ml->tickers;
    if (t->next)
        t->next->prev = &t->next;
    ml->tickers = t;
}

void media_loop_remove(struct media_loop *ml, struct ticker *t)
{
    assert(media_loop_here(ml));
    t->account(t, &ml->totals);
    media_totals_retire(&ml->totals);
    *t->prev = t->next;
    if (t->next)
        t->next->prev = t->prev;
}

void media_loop_totals(const struct media_loop *ml, struct media_totals *out)
{
    *out = ml->totals;
    for (const struct ticker *t = ml->tickers; t; t = t->next)
        t->account(t, out);
    if (!ml->ice)
        return;
    struct ice_port_stats ice;
    ice_port_stats(ml->ice, &ice);
    out->ice_checks = ice.checks;
    out->ice_refused = ice.refused + ice.excess;
    out->strangers = ice.strangers + ice.malformed;
    out->webrtc_sessions = ice.sessions;
    out->webrtc_tcp = ice.tcp_connections;
}
