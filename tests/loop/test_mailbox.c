#include "mcu/mailbox.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SENDERS = 4, LETTERS = 5000 };

struct letter {
    struct mail mail;
    struct post *post;
    int sender, number;
};

struct post {
    uv_loop_t loop;
    struct mailbox *box;
    int expected[SENDERS];
    int delivered, out_of_order;
};

struct sender {
    struct post *post;
    int index;
};

static void deliver(struct mail *m)
{
    struct letter *l = (struct letter *)m;
    struct post *post = l->post;
    post->out_of_order += l->number != post->expected[l->sender]++;
    if (++post->delivered == SENDERS * LETTERS)
        mailbox_close(post->box);
    free(l);
}

static void send_letters(void *arg)
{
    const struct sender *s = arg;
    for (int i = 0; i < LETTERS; i++) {
        struct letter *l = malloc(sizeof(*l));
        *l = (struct letter){
            .mail.deliver = deliver, .post = s->post, .sender = s->index, .number = i};
        mailbox_post(s->post->box, &l->mail);
    }
}

Test(mailbox, keeps_each_senders_order_and_loses_nothing)
{
    struct post post = {0};
    struct sender senders[SENDERS];
    uv_thread_t threads[SENDERS];
    cr_assert_eq(uv_loop_init(&post.loop), 0);
    cr_assert_eq(mailbox_create(&post.box, &post.loop), 0);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.post = &post, .index = i};
        cr_assert_eq(uv_thread_create(&threads[i], send_letters, &senders[i]), 0);
    }
    uv_run(&post.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < SENDERS; i++)
        uv_thread_join(&threads[i]);
    cr_expect_eq(post.delivered, SENDERS * LETTERS);
    cr_expect_eq(post.out_of_order, 0);
    cr_assert_eq(uv_loop_close(&post.loop), 0);
}

Test(mailbox, delivers_what_waits_when_it_closes)
{
    struct post post = {0};
    cr_assert_eq(uv_loop_init(&post.loop), 0);
    cr_assert_eq(mailbox_create(&post.box, &post.loop), 0);
    struct sender sender = {.post = &post};
    struct letter *l = malloc(sizeof(*l));
    *l = (struct letter){.mail.deliver = deliver, .post = &post};
    mailbox_post(sender.post->box, &l->mail);
    mailbox_close(post.box);
    cr_expect_eq(post.delivered, 1);
    uv_run(&post.loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&post.loop), 0);
}
