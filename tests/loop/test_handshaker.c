#include "mcu/handshaker.h"

#include "net/rtp/srtp_session.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Pairs of our own active and passive sides, each on a media loop of its own, one handshaker for
 * the active and one for the passive ones. What one side sends is taken to the other by mail. */

enum {
    PAIRS = 200,
    SSRC = 0x1234,
    RTP_BYTES = 12 + 20,
    NO_LOSS = 0,
    CLOSE_NEVER = -1,
};

struct side {
    struct world *world;
    struct side *other;
    int number; /* of the pair */
    bool active;
    struct handshake *hs;
    struct srtp_session *in, *out;
    const char *suite, *reason;
    unsigned sent;
    struct mail open, connect, close;
    _Atomic int ready, ended, gone;
};

struct world {
    struct handshaker *handshaker[2];
    struct media_loop *loop[2];
    struct sdp_fingerprint fingerprint[2];
    unsigned lose_each; /* datagram of so many, of either side; 0: none */
    int close_after;    /* datagrams sent, in every third pair */
    bool garbage;       /* comes between the datagrams */
    struct side sides[2][PAIRS];
};

#define SIDE_OF(m, member) ((struct side *)((char *)(m)-offsetof(struct side, member)))

/* --- the line ----------------------------------------------------------------------------------
 */
struct datagram {
    struct mail mail;
    struct side *to;
    size_t len;
    uint8_t data[DTLS_MTU];
};

static void deliver_datagram(struct mail *m)
{
    struct datagram *d = (struct datagram *)m;
    if (d->to->hs)
        handshake_put(d->to->hs, d->data, d->len);
    free(d);
}

static void take_to(struct side *to, const uint8_t *pkt, size_t len)
{
    struct datagram *d = malloc(sizeof(*d));
    cr_assert(d && len <= sizeof(d->data));
    d->mail.deliver = deliver_datagram;
    d->to = to;
    d->len = len;
    memcpy(d->data, pkt, len);
    media_loop_post(to->world->loop[to->active], &d->mail);
}

static void spray_garbage(struct side *to, unsigned seed)
{
    uint8_t pkt[64];
    for (size_t i = 0; i < sizeof(pkt); i++)
        pkt[i] = (uint8_t)((seed + i) * 2654435761u >> 13);
    pkt[0] = (uint8_t)(20 + seed % 44);
    take_to(to, pkt, sizeof(pkt));
    static const uint8_t early[] = {20, 254, 253, 0, 0, 0, 0, 0, 0, 9, 9, 0, 1, 1};
    take_to(to, early, sizeof(early));
}

static void close_side(struct side *s)
{
    struct handshake *hs = s->hs;
    s->hs = NULL;
    handshake_close(hs);
}

static void on_send(const uint8_t *pkt, size_t len, void *arg)
{
    struct side *s = arg;
    struct world *w = s->world;
    s->sent++;
    if (w->garbage)
        spray_garbage(s->other, s->sent * PAIRS + (unsigned)s->number);
    if (!w->lose_each || (s->sent + (unsigned)s->number) % w->lose_each)
        take_to(s->other, pkt, len);
    if (w->close_after >= 0 && s->number % 3 == 0 && s->active && s->hs &&
        (int)s->sent > w->close_after + s->number % 5)
        close_side(s);
}

/* --- events ------------------------------------------------------------------------------------
 */
static void on_ready(
    struct srtp_session *in, struct srtp_session *out, const char *suite, void *arg)
{
    struct side *s = arg;
    s->in = in;
    s->out = out;
    s->suite = suite;
    atomic_fetch_add(&s->ready, 1);
}

static void on_closed(const char *reason, void *arg)
{
    struct side *s = arg;
    s->reason = reason;
    atomic_fetch_add(&s->ended, 1);
}

static void on_gone(void *arg)
{
    struct side *s = arg;
    atomic_fetch_add(&s->gone, 1);
}

static const struct handshake_events events = {
    .send = on_send, .ready = on_ready, .closed = on_closed, .gone = on_gone};

/* --- the sides ---------------------------------------------------------------------------------
 */
static void deliver_open(struct mail *m)
{
    struct side *s = SIDE_OF(m, open);
    struct world *w = s->world;
    const struct handshake_config cfg = {
        .dtls = {.role = s->active ? DTLS_ACTIVE : DTLS_PASSIVE,
            .fingerprints = &w->fingerprint[!s->active],
            .n_fingerprints = 1},
        .ssrc = SSRC,
    };
    cr_assert_eq(
        handshake_open(&s->hs, w->handshaker[s->active], w->loop[s->active], &cfg, &events, s), 0);
}

static void deliver_connect(struct mail *m)
{
    struct side *s = SIDE_OF(m, connect);
    handshake_connected(s->hs);
    handshake_connected(s->hs);
}

static void deliver_close(struct mail *m)
{
    struct side *s = SIDE_OF(m, close);
    if (s->hs)
        close_side(s);
}

static void wait_for(_Atomic int *value)
{
    for (int i = 0; i < 6000 && !atomic_load(value); i++)
        usleep(10000);
    cr_assert_eq(atomic_load(value), 1);
}

static void world_start(struct world *w, int n)
{
    for (int a = 0; a < 2; a++) {
        cr_assert_eq(handshaker_start(&w->handshaker[a]), 0);
        cr_assert_eq(media_loop_start(&w->loop[a], NULL), 0);
        const char *text = handshaker_fingerprint(w->handshaker[a]);
        cr_assert_eq(sdp_fingerprint_parse(sdp_str(text), &w->fingerprint[a]), 0);
    }
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 2; a++) {
            struct side *s = &w->sides[a][i];
            s->world = w;
            s->other = &w->sides[!a][i];
            s->number = i;
            s->active = a;
            s->open.deliver = deliver_open;
            s->connect.deliver = deliver_connect;
            s->close.deliver = deliver_close;
        }
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 2; a++)
            media_loop_post(w->loop[a], &w->sides[a][i].open);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 2; a++)
            media_loop_post(w->loop[a], &w->sides[a][i].connect);
}

static void world_close(struct world *w, int n)
{
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < n; i++)
            media_loop_post(w->loop[a], &w->sides[a][i].close);
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < n; i++)
            wait_for(&w->sides[a][i].gone);
}

static void world_stop(struct world *w, int n)
{
    for (int a = 0; a < 2; a++)
        media_loop_stop(w->loop[a]);
    for (int a = 0; a < 2; a++)
        handshaker_stop(w->handshaker[a]);
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < n; i++) {
            srtp_session_destroy(w->sides[a][i].in);
            srtp_session_destroy(w->sides[a][i].out);
        }
}

/* --- what they came for ------------------------------------------------------------------------
 */
static void expect_heard(struct side *from, struct side *to)
{
    static const uint8_t packet[RTP_BYTES] = {0x80, 111, 0, 1, 0, 0, 0, 0, SSRC >> 24,
        SSRC >> 16 & 0xff, SSRC >> 8 & 0xff, SSRC & 0xff, 7};
    _Alignas(16) uint8_t buf[RTP_BYTES + SRTP_SESSION_MAX_EXTRA];
    memcpy(buf, packet, sizeof(packet));
    int n = srtp_session_protect(from->out, buf, RTP_BYTES, sizeof(buf));
    cr_assert_gt(n, RTP_BYTES);
    cr_assert_eq(srtp_session_unprotect(to->in, buf, (size_t)n, 1), RTP_BYTES);
    cr_expect_eq(memcmp(buf, packet, RTP_BYTES), 0);
}

static void expect_all_ready(struct world *w, int n)
{
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 2; a++)
            wait_for(&w->sides[a][i].ready);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 2; a++) {
            cr_expect_str_eq(w->sides[a][i].suite, "AEAD_AES_128_GCM");
            expect_heard(&w->sides[a][i], &w->sides[!a][i]);
        }
}

static void shake_hands(unsigned lose_each, bool garbage, int n)
{
    struct world *w = calloc(1, sizeof(*w));
    cr_assert_not_null(w);
    w->lose_each = lose_each;
    w->garbage = garbage;
    w->close_after = CLOSE_NEVER;
    world_start(w, n);
    expect_all_ready(w, n);
    world_close(w, n);
    for (int a = 0; a < 2; a++) {
        struct handshaker_stats stats;
        handshaker_stats(w->handshaker[a], &stats);
        cr_expect_eq(stats.opened, (uint64_t)n);
        cr_expect_eq(stats.ready, (uint64_t)n);
        cr_expect_eq(stats.timeouts, 0u);
    }
    world_stop(w, n);
    free(w);
}

Test(handshaker, two_hundred_at_once, .timeout = 300)
{
    shake_hands(NO_LOSS, false, PAIRS);
}

Test(handshaker, loss_only_delays, .timeout = 300)
{
    shake_hands(4, false, 50);
}

Test(handshaker, garbage_is_passed_over, .timeout = 300)
{
    shake_hands(NO_LOSS, true, 50);
}

/* In every third pair one side goes away after some of its datagrams: before, in and after the
 * handshake, with mail of every kind on its way. */
Test(handshaker, closing_in_the_middle, .timeout = 300)
{
    for (int after = 0; after < 3; after++) {
        struct world *w = calloc(1, sizeof(*w));
        cr_assert_not_null(w);
        w->close_after = after;
        world_start(w, PAIRS);
        for (int i = 0; i < PAIRS; i++)
            if (i % 3)
                wait_for(&w->sides[0][i].ready);
        world_close(w, PAIRS);
        for (int a = 0; a < 2; a++)
            for (int i = 0; i < PAIRS; i++) {
                cr_expect_leq(w->sides[a][i].ready, 1);
                cr_expect_leq(w->sides[a][i].ended, 1);
            }
        world_stop(w, PAIRS);
        free(w);
    }
}

Test(handshaker, closed_at_once, .timeout = 300)
{
    struct world *w = calloc(1, sizeof(*w));
    cr_assert_not_null(w);
    w->close_after = CLOSE_NEVER;
    world_start(w, PAIRS);
    world_close(w, PAIRS);
    world_stop(w, PAIRS);
    free(w);
}

Test(handshaker, the_other_one_hears_the_goodbye, .timeout = 300)
{
    struct world *w = calloc(1, sizeof(*w));
    cr_assert_not_null(w);
    w->close_after = CLOSE_NEVER;
    world_start(w, 2);
    expect_all_ready(w, 2);
    media_loop_post(w->loop[1], &w->sides[1][0].close);
    media_loop_post(w->loop[0], &w->sides[0][1].close);
    wait_for(&w->sides[0][0].ended);
    wait_for(&w->sides[1][1].ended);
    cr_expect_str_eq(w->sides[0][0].reason, "bye");
    cr_expect_str_eq(w->sides[1][1].reason, "bye");
    wait_for(&w->sides[1][0].gone);
    wait_for(&w->sides[0][1].gone);
    /* The two that are left. */
    media_loop_post(w->loop[0], &w->sides[0][0].close);
    media_loop_post(w->loop[1], &w->sides[1][1].close);
    wait_for(&w->sides[0][0].gone);
    wait_for(&w->sides[1][1].gone);
    world_stop(w, 2);
    free(w);
}

static uint64_t dropped(const struct handshaker *h)
{
    struct handshaker_stats stats;
    handshaker_stats(h, &stats);
    return stats.dropped;
}

/* To put a datagram takes less time than to look at it. */
static void deliver_flood(struct mail *m)
{
    static const uint8_t record[1024] = {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 3, 243, 9};
    struct side *s = SIDE_OF(m, connect);
    const struct handshaker *h = s->world->handshaker[0];
    for (int i = 0; i < 10000 && !dropped(h); i++)
        for (int j = 0; j < 2 * HANDSHAKE_QUEUE; j++)
            handshake_put(s->hs, record, sizeof(record));
}

Test(handshaker, a_flood_is_dropped, .timeout = 300)
{
    struct world *w = calloc(1, sizeof(*w));
    cr_assert_not_null(w);
    world_start(w, 0);
    struct side *s = &w->sides[0][0];
    *s = (struct side){.world = w, .other = s};
    s->open.deliver = deliver_open;
    s->connect.deliver = deliver_flood;
    s->close.deliver = deliver_close;
    media_loop_post(w->loop[0], &s->open);
    media_loop_post(w->loop[0], &s->connect);
    media_loop_post(w->loop[0], &s->close);
    wait_for(&s->gone);
    cr_expect_gt(dropped(w->handshaker[0]), 0u);
    cr_expect_eq(s->ready, 0);
    world_stop(w, 0);
    free(w);
}

Test(handshaker, starts_and_stops)
{
    struct handshaker *h;
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(handshaker_start(&h), 0);
        handshaker_stop(h);
    }
    handshaker_stop(NULL);
}
