#include "mcu/rooms.h"

#include "mcu/config.h"
#include "mcu/handshaker.h"
#include "mcu/lobby.h"
#include "mcu/log.h"
#include "mcu/player.h"
#include "mcu/random.h"
#include "mcu/rooms_internal.h"
#include "mcu/webrtc.h"
#include "net/rtp/srtp_session.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    COLLECT_MS = 1000,
    MEDIA_LOOPS_MAX = 256,
    ROOM_PARTICIPANTS_MAX = 10000,
    ROOM_JITTER_MIN_MS = 20,
    ROOM_JITTER_MAX_MS = 2000,
};

void room_emit(const struct room *room, const struct room_event *event)
{
    struct room_event e = *event;
    e.room = room->name;
    room->rooms->on_event(&e, room->rooms->event_arg);
}

/* --- sums over the media loops --------------------------------------------------------------- */
struct collection {
    struct mail mail;
    struct rooms *rooms;
    struct media_loop *ml;
    unsigned index; /* of ml, which may have gone when the sums arrive */
    struct media_totals totals;
};

static void deliver_totals(struct mail *m)
{
    struct collection *c = (struct collection *)m;
    struct rooms *r = c->rooms;
    if (c->totals.ticks != r->totals[c->index].ticks)
        r->alive_ms[c->index] = uv_now(r->loop);
    r->totals[c->index] = c->totals;
    free(c);
}

static void deliver_collect(struct mail *m)
{
    struct collection *c = (struct collection *)m;
    media_loop_totals(c->ml, &c->totals);
    c->mail.deliver = deliver_totals;
    mailbox_post(c->rooms->inbox, &c->mail);
}

static void collect(struct rooms *r)
{
    for (unsigned i = 0; i < r->n_media_loops; i++) {
        struct collection *c = calloc(1, sizeof(*c));
        if (!c)
            return;
        c->mail.deliver = deliver_collect;
        c->rooms = r;
        c->ml = r->media_loops[i];
        c->index = i;
        media_loop_post(c->ml, &c->mail);
    }
}

/* A transient room goes when nobody is in it, watches it or is about to join. */
static bool deserted(const struct room *room, uint64_t now_ms)
{
    return room->settings.transient && !room->n_participants && !room->n_holds &&
           now_ms >= room->kept_until_ms;
}

static void sweep(struct rooms *r)
{
    uint64_t now_ms = uv_now(r->loop);
    struct room *room, *next;
    for (room = TAILQ_FIRST(&r->list); room; room = next) {
        next = TAILQ_NEXT(room, entry);
        lobby_sweep(room, now_ms);
        moderation_sweep(room, now_ms);
        if (deserted(room, now_ms))
            room_close(room);
    }
}

static void on_timer(uv_timer_t *timer)
{
    sweep(timer->data);
    collect(timer->data);
}

void rooms_totals(const struct rooms *r, struct media_totals *out)
{
    *out = (struct media_totals){0};
    for (unsigned i = 0; i < r->n_media_loops; i++)
        media_totals_add(out, &r->totals[i]);
}

uint64_t rooms_silent_ms(const struct rooms *r)
{
    uint64_t longest = 0, now_ms = uv_now(r->loop);
    for (unsigned i = 0; i < r->n_media_loops; i++)
        if (now_ms - r->alive_ms[i] > longest)
            longest = now_ms - r->alive_ms[i];
    return longest;
}

void rooms_handshakes(const struct rooms *r, struct handshaker_stats *out)
{
    *out = (struct handshaker_stats){0};
    if (r->webrtc)
        handshaker_stats(webrtc_handshaker(r->webrtc), out);
}

unsigned rooms_ports_free(const struct rooms *r)
{
    return r->cfg->rtp_port_max - r->cfg->rtp_port_min + 1 - udp_pool_in_use(r->ports);
}

static void close_for(struct room *room, const char *reason);

/* --- the whole ------------------------------------------------------------------------------- */
unsigned rooms_media_loops(const struct config *cfg)
{
    unsigned n = cfg->media_loops ? cfg->media_loops : uv_available_parallelism();
    return n < MEDIA_LOOPS_MAX ? n : MEDIA_LOOPS_MAX;
}

static int start_media_loops(struct rooms *r)
{
    unsigned n = rooms_media_loops(r->cfg);
    r->media_loops = calloc(n, sizeof(struct media_loop *));
    r->totals = calloc(n, sizeof(*r->totals));
    r->load = calloc(n, sizeof(*r->load));
    r->alive_ms = calloc(n, sizeof(*r->alive_ms));
    if (!r->media_loops || !r->totals || !r->load || !r->alive_ms)
        return -ENOMEM;
    for (; r->n_media_loops < n; r->n_media_loops++) {
        struct ice_port *ice = r->webrtc ? webrtc_ice_port(r->webrtc, r->n_media_loops) : NULL;
        int err = media_loop_start(&r->media_loops[r->n_media_loops], ice);
        if (err)
            return err;
        r->totals[r->n_media_loops].loops = 1;
        r->alive_ms[r->n_media_loops] = uv_now(r->loop);
    }
    return 0;
}

static void stop_media_loops(struct rooms *r)
{
    for (unsigned i = 0; i < r->n_media_loops; i++)
        media_loop_stop(r->media_loops[i]);
}

static void free_tables(struct rooms *r)
{
    free(r->media_loops);
    free(r->totals);
    free(r->load);
    free(r->alive_ms);
}

static int make_ports(struct rooms *r)
{
    uint64_t seed;
    int err = random_bytes(&seed, sizeof(seed));
    if (!err)
        err = net_addr_parse(&r->local, r->cfg->media_address, 0);
    if (err)
        return err;
    int probe = udp_bind(&r->local, NULL); /* better told at the start than at every join */
    if (probe < 0)
        return probe;
    close(probe);
    const struct udp_options options = {.dscp_ef = true};
    return udp_pool_create(&r->ports, &r->local, (uint16_t)r->cfg->rtp_port_min,
        (uint16_t)r->cfg->rtp_port_max, &options, seed);
}

int rooms_create(struct rooms **rp, const struct config *cfg, struct webrtc *webrtc,
    uv_loop_t *control, room_event_fn *on_event, void *arg)
{
    struct rooms *r = calloc(1, sizeof(*r));
    if (!r)
        return -ENOMEM;
    r->cfg = cfg;
    r->webrtc = webrtc;
    r->loop = control;
    r->on_event = on_event;
    r->event_arg = arg;
    r->started_unix = (uint64_t)time(NULL);
    TAILQ_INIT(&r->list);
    int err = srtp_session_global_init();
    if (err)
        goto fail;
    err = make_ports(r);
    if (err)
        goto fail_srtp;
    err = mailbox_create(&r->inbox, control);
    if (err)
        goto fail_srtp;
    err = start_media_loops(r);
    if (err)
        goto fail_loops;
    uv_timer_init(control, &r->timer);
    r->timer.data = r;
    uv_timer_start(&r->timer, on_timer, 0, COLLECT_MS);
    *rp = r;
    return 0;

fail_loops:
    stop_media_loops(r);
    mailbox_close(r->inbox);
    free_tables(r);
fail_srtp:
    udp_pool_destroy(r->ports);
    srtp_session_global_fini();
fail:
    free(r);
    return err;
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct rooms *r = timer->data;
    rooms_closed_fn *done = r->on_closed;
    void *arg = r->closed_arg;
    stop_media_loops(r);
    mailbox_close(r->inbox); /* their last sums may still be in it */
    free_tables(r);
    udp_pool_destroy(r->ports);
    srtp_session_global_fini();
    free(r);
    done(arg);
}

static void finish_if_empty(struct rooms *r)
{
    if (r->closing && !r->n_rooms && !r->n_closing && !uv_is_closing((uv_handle_t *)&r->timer))
        uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}

void rooms_close(struct rooms *r, rooms_closed_fn *done, void *arg)
{
    r->closing = true;
    r->on_closed = done;
    r->closed_arg = arg;
    struct room *room, *next;
    for (room = TAILQ_FIRST(&r->list); room; room = next) {
        next = TAILQ_NEXT(room, entry);
        close_for(room, "shutdown");
    }
    finish_if_empty(r);
}

void rooms_configure(struct rooms *r, const struct config *cfg)
{
    r->cfg = cfg;
}

void rooms_defaults(const struct rooms *r, struct room_settings *out)
{
    *out = (struct room_settings){
        .max_participants = r->cfg->max_participants,
        .max_speakers = r->cfg->max_speakers,
        .jitter_max_ms = r->cfg->jitter_max_ms,
        .agc = r->cfg->agc,
        .denoise = r->cfg->denoise,
    };
}

void rooms_each(struct rooms *r, room_each_fn *fn, void *arg)
{
    struct room *room, *next;
    for (room = TAILQ_FIRST(&r->list); room; room = next) {
        next = TAILQ_NEXT(room, entry);
        fn(room, arg);
    }
}

unsigned rooms_count(const struct rooms *r)
{
    return r->n_rooms;
}

/* --- a room ---------------------------------------------------------------------------------- */
bool room_name_ok(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    /* "." and ".." would be folders in a path */
    return len > 0 && len <= ROOM_NAME_MAX && name[len] == '\0' && strspn(name, ".") < len;
}

bool room_pin_ok(const char *pin)
{
    size_t len = strspn(pin, "0123456789");
    return len >= ROOM_PIN_MIN && len <= ROOM_PIN_MAX && !pin[len];
}

static bool settings_ok(const struct room_settings *s)
{
    return s->max_participants > 0 && s->max_participants <= ROOM_PARTICIPANTS_MAX &&
           s->jitter_max_ms >= ROOM_JITTER_MIN_MS && s->jitter_max_ms <= ROOM_JITTER_MAX_MS &&
           (!*s->pin || room_pin_ok(s->pin));
}

static unsigned least_loaded(const struct rooms *r)
{
    unsigned best = 0;
    for (unsigned i = 1; i < r->n_media_loops; i++)
        if (r->load[i] < r->load[best])
            best = i;
    return best;
}

static struct mixer_config mixer_config_of(const struct room *room)
{
    return (struct mixer_config){
        .max_speakers = room->settings.max_speakers,
        .complexity = (uint8_t)room->rooms->cfg->opus_complexity,
    };
}

int room_create(
    struct rooms *r, const char *name, const struct room_settings *settings, struct room **out)
{
    if (!room_name_ok(name) || !settings_ok(settings))
        return -EINVAL;
    if (r->closing)
        return -ESHUTDOWN;
    if (room_find(r, name))
        return -EEXIST;
    if (r->n_rooms >= r->cfg->max_rooms)
        return -EMFILE;
    struct room *room = calloc(1, sizeof(*room));
    if (!room)
        return -ENOMEM;
    room->rooms = r;
    room->settings = *settings;
    room->created_unix = (uint64_t)time(NULL);
    room->since_unix = recent_rooms_take(&r->recent, name, uv_now(r->loop));
    if (!room->since_unix)
        room->since_unix = room->created_unix;
    room->media_loop = least_loaded(r);
    strncpy(room->name, name, ROOM_NAME_MAX);
    TAILQ_INIT(&room->participants);
    TAILQ_INIT(&room->lobby);
    visitors_init(&room->visitors);
    struct mixer_config mix = mixer_config_of(room);
    int err = room_media_open(&room->media, r->media_loops[room->media_loop], r->inbox, &mix);
    if (err) {
        free(room);
        return err;
    }
    r->load[room->media_loop]++;
    TAILQ_INSERT_TAIL(&r->list, room, entry);
    r->n_rooms++;
    LOG_INFO("room", "created", log_int("media_loop", room->media_loop));
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_ROOM_CREATED});
    *out = room;
    return 0;
}

struct room *room_find(struct rooms *r, const char *name)
{
    struct room *room;
    TAILQ_FOREACH(room, &r->list, entry)
    if (strcmp(room->name, name) == 0)
        return room;
    return NULL;
}

void room_info(const struct room *room, struct room_info *out)
{
    *out = (struct room_info){
        .name = room->name,
        .settings = room->settings,
        .participants = room->n_participants,
        .waiting = room->n_waiting,
        .media_loop = room->media_loop,
        .created_unix = room->created_unix,
    };
}

int room_configure(struct room *room, const struct room_settings *settings)
{
    if (!settings_ok(settings))
        return -EINVAL;
    struct room_settings before = room->settings;
    room->settings = *settings;
    struct mixer_config mix = mixer_config_of(room);
    int err = room_media_configure(room->media, &mix);
    if (err) {
        room->settings = before;
        return err;
    }
    if (before.locked != settings->locked || before.lobby != settings->lobby ||
        strcmp(before.pin, settings->pin))
        room_emit(room, &(struct room_event){.type = ROOM_EVENT_ROOM_CHANGED});
    if (!settings->lobby)
        lobby_admit_all(room);
    return 0;
}

void room_hold(struct room *room)
{
    room->n_holds++;
}

void room_unhold(struct room *room)
{
    room->n_holds--;
}

uint64_t room_now_ms(const struct room *room)
{
    return uv_now(room->rooms->loop);
}

static void on_room_gone(void *arg)
{
    struct room *room = arg;
    struct rooms *r = room->rooms;
    r->load[room->media_loop]--;
    r->n_closing--;
    free(room);
    finish_if_empty(r);
}

static void close_media_if_empty(struct room *room)
{
    if (room->closing && !room->n_pending)
        room_media_close(room->media, on_room_gone, room);
}

void room_release(struct room *room)
{
    room->n_pending--;
    close_media_if_empty(room);
}

/* Everybody dropped out, and may be back in a moment. */
static void remember_recent(const struct room *room)
{
    struct rooms *r = room->rooms;
    if (room->settings.transient && room->met && !room->n_participants)
        recent_rooms_note(&r->recent, room->name, room->since_unix, uv_now(r->loop));
}

static void close_for(struct room *room, const char *reason)
{
    struct rooms *r = room->rooms;
    room->closing = true;
    remember_recent(room);
    TAILQ_REMOVE(&r->list, room, entry);
    r->n_rooms--;
    r->n_closing++;
    struct participant *p, *next;
    for (p = TAILQ_FIRST(&room->participants); p; p = next) {
        next = TAILQ_NEXT(p, entry);
        participant_remove(p, reason);
    }
    lobby_clear(room);
    visitors_fini(&room->visitors);
    OPENSSL_cleanse(room->settings.pin, sizeof(room->settings.pin));
    room_play_stop(room);
    LOG_INFO("room", "closed", log_text("reason", reason), log_int("rooms", r->n_rooms));
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_ROOM_CLOSED, .reason = reason});
    close_media_if_empty(room);
}

void room_close(struct room *room)
{
    close_for(room, "closed");
}

/* --- a file played into it ------------------------------------------------------------------- */
static void on_play_ended(const char *reason, void *arg)
{
    struct room *room = arg;
    room->player = NULL;
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_PLAY_ENDED, .reason = reason});
}

static void on_player_gone(void *arg)
{
    room_release(arg);
}

int room_play(struct room *room, uint8_t *file, size_t len, const char **why)
{
    static const struct player_events events = {.ended = on_play_ended, .gone = on_player_gone};
    struct player *player;
    int err = player_open(&player, room->media, file, len, &events, room, why);
    if (err) {
        free(file);
        return err;
    }
    room_play_stop(room);
    room->player = player;
    room->n_pending++;
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_PLAY_STARTED});
    return 0;
}

void room_play_stop(struct room *room)
{
    if (room->player)
        player_stop(room->player);
}
