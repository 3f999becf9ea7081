#include "tests/support/meeting.h"
#include "net/rtp/srtp_session.h"

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void on_event(const struct room_event *e, void *arg)
{
    struct meeting *m = arg;
    m->events[e->type]++;
    if (e->type == ROOM_EVENT_DTMF && strlen(m->digits) + 1 < sizeof(m->digits))
        m->digits[strlen(m->digits)] = e->digit;
    if (e->reason)
        m->last_reason = e->reason;
    if (m->n_seen == MEETING_SEEN_MAX)
        return;
    struct meeting_event *seen = &m->seen[m->n_seen++];
    *seen = (struct meeting_event){
        .type = e->type, .reason = e->reason, .on = e->on, .by_other = e->by_other};
    if (e->participant)
        strcpy(seen->participant, e->participant);
}

const struct meeting_event *meeting_seen(
    const struct meeting *m, enum room_event_type type, const char *participant)
{
    for (unsigned i = m->n_seen; i-- > 0;)
        if (m->seen[i].type == type &&
            !strcmp(m->seen[i].participant, participant ? participant : ""))
            return &m->seen[i];
    return NULL;
}

static void on_tick(uv_timer_t *timer)
{
    struct meeting *m = timer->data;
    for (unsigned i = 0; i < m->n_peers; i++) {
        peer_receive(m->peers[i]);
        if (m->sends[i] && m->ticks_left)
            peer_send(m->peers[i]);
    }
    if (m->ticks_left)
        m->ticks_left--;
    else
        uv_stop(&m->loop);
}

void meeting_start(struct meeting *m)
{
    memset(m, 0, sizeof(*m));
    config_defaults(&m->config);
    m->config.media_loops = 1;
    m->config.webrtc_port = 0;
}

void meeting_open(struct meeting *m)
{
    /* Peers may agree on keys after the server's end: in what they had not read yet. */
    cr_assert_eq(srtp_session_global_init(), 0);
    cr_assert_eq(uv_loop_init(&m->loop), 0);
    cr_assert_eq(uv_timer_init(&m->loop, &m->timer), 0);
    m->timer.data = m;
    char why[WEBRTC_WHY_MAX];
    cr_assert_eq(webrtc_create(&m->webrtc, &m->config, rooms_media_loops(&m->config), why), 0);
    cr_assert_eq(rooms_create(&m->rooms, &m->config, m->webrtc, &m->loop, on_event, m), 0);
    struct room_settings settings;
    rooms_defaults(m->rooms, &settings);
    cr_assert_eq(room_create(m->rooms, "test", &settings, &m->room), 0);
}

unsigned meeting_join(struct meeting *m, const struct peer_config *cfg)
{
    unsigned i = m->n_peers++;
    cr_assert_lt(i, (unsigned)MEETING_PEERS_MAX);
    struct peer *peer = m->peers[i] = peer_create(cfg);
    const char *offer = peer_offer(peer), *why = "";
    char *answer;
    const struct participant_wishes wishes = {.name = m->as ? m->as->name : "",
        .grant = m->as,
        .kind = m->as ? PARTICIPANT_BROWSER : PARTICIPANT_DEVICE};
    int err = participant_join(
        m->room, &wishes, offer, strlen(offer), &m->participants[i], &answer, &why);
    cr_assert_eq(err, 0, "join: %d %s", err, why);
    peer_take_answer(peer, answer);
    free(answer);
    m->sends[i] = cfg->amplitude > 0;
    return i;
}

int meeting_reoffer(
    struct meeting *m, unsigned peer, const char *direction, const struct acodec *codec)
{
    const char *offer = peer_offer_again(m->peers[peer], direction, codec), *why;
    char *answer;
    int err = participant_reoffer(m->participants[peer], offer, strlen(offer), &answer, &why);
    if (err)
        return err;
    peer_take_answer(m->peers[peer], answer);
    free(answer);
    return 0;
}

void meeting_run_ms(struct meeting *m, unsigned ms)
{
    m->ticks_left = ms / 20;
    uv_timer_start(&m->timer, on_tick, 0, 20);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&m->timer);
}

bool meeting_hears(struct meeting *m, unsigned peer, double hz, double least_db, double most_db)
{
    enum { STEP_MS = 200, PATIENCE_MS = 10000 };
    double db = -INFINITY;
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
        if (peer_heard_ms(m->peers[peer]) >= 1000) {
            db = peer_heard_dbfs(m->peers[peer], hz);
            if (db >= least_db && db <= most_db)
                return true;
        }
        meeting_run_ms(m, STEP_MS);
    }
    cr_log_warn("peer %u hears %.0f Hz at %.1f dB", peer, hz, db);
    return false;
}

struct stats_wait {
    struct meeting *m;
    struct leg_stats stats;
    size_t n;
};

static void on_stats(
    const char (*ids)[PARTICIPANT_ID_LEN + 1], const struct leg_stats *stats, size_t n, void *arg)
{
    (void)ids;
    struct stats_wait *w = arg;
    w->n = n;
    if (n)
        w->stats = stats[0];
    uv_stop(&w->m->loop);
}

struct leg_stats meeting_stats(struct meeting *m, unsigned peer)
{
    struct stats_wait w = {.m = m};
    cr_assert_eq(participant_stats(m->participants[peer], on_stats, &w), 0);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    cr_assert_eq(w.n, 1u);
    return w.stats;
}

static void on_closed(void *arg)
{
    struct meeting *m = arg;
    m->closed = true;
}

void meeting_end(struct meeting *m)
{
    rooms_close(m->rooms, on_closed, m);
    uv_close((uv_handle_t *)&m->timer, NULL);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    cr_assert(m->closed);
    webrtc_destroy(m->webrtc);
    for (unsigned i = 0; i < m->n_peers; i++) {
        peer_receive(m->peers[i]);
        peer_destroy(m->peers[i]);
    }
    srtp_session_global_fini();
    cr_assert_eq(uv_loop_close(&m->loop), 0, "handles are left open");
}
