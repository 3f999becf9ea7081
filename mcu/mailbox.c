#include "mcu/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>

struct mailbox {
    _Atomic(struct mail *) newest; /* a stack: producers push, the owner takes all of it */
    uv_async_t wake;
};

static struct mail *oldest_first(struct mail *newest)
{
    struct mail *head = NULL;
    while (newest) {
        struct mail *older = newest->next;
        newest->next = head;
        head = newest;
        newest = older;
    }
    return head;
}

static void deliver_all(struct mailbox *mb)
{
    struct mail *m =
        oldest_first(atomic_exchange_explicit(&mb->newest, NULL, memory_order_acquire));
    while (m) {
        struct mail *next = m->next;
        m->deliver(m);
        m = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    deliver_all(wake->data);
}

int mailbox_create(struct mailbox **mbp, uv_loop_t *loop)
{
    struct mailbox *mb = calloc(1, sizeof(*mb));
    if (!mb)
        return UV_ENOMEM;
    int err = uv_async_init(loop, &mb->wake, on_wake);
    if (err) {
        free(mb);
        return err;
    }
    mb->wake.data = mb;
    *mbp = mb;
    return 0;
}

void mailbox_post(struct mailbox *mb, struct mail *m)
{
    m->next = atomic_load_explicit(&mb->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &mb->newest, &m->next, m, memory_order_release, memory_order_relaxed))
        ;
    uv_async_send(&mb->wake);
}

static void on_closed(uv_handle_t *wake)
{
    free(wake->data);
}

void mailbox_close(struct mailbox *mb)
{
    if (!mb)
        return;
    deliver_all(mb);
    uv_close((uv_handle_t *)&mb->wake, on_closed);
}
