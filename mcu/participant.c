/* Participants on the control loop: joining by offer and answer, what is told and asked of them. */

#include "mcu/config.h"
#include "mcu/log.h"
#include "mcu/negotiate.h"
#include "mcu/random.h"
#include "mcu/rooms_internal.h"
#include "mcu/webrtc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- news from its leg ----------------------------------------------------------------------- */
static void on_talking(bool on, void *arg)
{
    struct participant *p = arg;
    p->talking = on;
    if (!p->leaving)
        room_emit(p->room,
            &(struct room_event){.type = ROOM_EVENT_TALKING, .participant = p->id, .on = on});
}

static void on_digit(char digit, uint32_t duration_ms, void *arg)
{
    const struct participant *p = arg;
    if (!p->leaving && p->role != ROLE_VIEWER)
        room_emit(p->room, &(struct room_event){.type = ROOM_EVENT_DTMF,
                               .participant = p->id,
                               .digit = digit,
                               .duration_ms = duration_ms});
}

static void on_ended(const char *reason, void *arg)
{
    participant_remove(arg, reason);
}

static void free_participant(struct participant *p)
{
    if (p->ports.rtp_fd >= 0)
        udp_pool_give(p->room->rooms->ports, &p->ports);
    answer_destroy(p->answer);
    free(p);
}

static void on_gone(void *arg)
{
    struct participant *p = arg;
    struct room *room = p->room;
    room->rooms->load[room->media_loop]--;
    free_participant(p);
    room_release(room);
}

static const struct leg_events leg_events = {
    .talking = on_talking, .digit = on_digit, .ended = on_ended, .gone = on_gone};

/* --- joining --------------------------------------------------------------------------------- */
static int make_identity(struct participant *p, const struct participant_wishes *wishes)
{
    const struct grant *g = wishes->grant;
    int err = 0;
    p->role = g ? g->role : ROLE_PARTICIPANT;
    p->kind = wishes->kind;
    p->joined_unix = (uint64_t)time(NULL);
    strncpy(p->name, wishes->name, PARTICIPANT_NAME_MAX);
    if (g) {
        p->via = g->via;
        memcpy(p->user, g->user, sizeof(p->user));
        memcpy(p->id, g->sub, sizeof(p->id));
    } else {
        err = random_id(p->id, PARTICIPANT_ID_LEN);
    }
    if (!err)
        err = random_id(p->cname, sizeof(p->cname) - 1);
    if (!err)
        err = random_id(p->secret, PARTICIPANT_SECRET_LEN);
    if (!err)
        err = random_bytes(&p->ssrc, sizeof(p->ssrc));
    return err;
}

static int answer_offer(struct participant *p, const char *offer, size_t len,
    struct answer **answer, struct leg_media *media, const char **why)
{
    const struct rooms *rooms = p->room->rooms;
    struct ice_credentials fresh;
    struct answer_webrtc webrtc;
    struct negotiate_config cfg = {
        .srtp = rooms->cfg->srtp == CONFIG_SRTP_REQUIRE  ? ANSWER_SRTP_REQUIRE
                : rooms->cfg->srtp == CONFIG_SRTP_PREFER ? ANSWER_SRTP_PREFER
                                                         : ANSWER_SRTP_OFF,
        .local = rooms->local,
        .rtcp_port = p->ports.rtcp_fd >= 0 ? p->ports.port + 1 : 0,
        .own_first = (uint16_t)rooms->cfg->rtp_port_min,
        .own_last = (uint16_t)rooms->cfg->rtp_port_max,
        .ssrc = p->ssrc,
        .cname = p->cname,
        .opus_bitrate_bps = rooms->cfg->opus_bitrate_bps,
        .thin = p->thin,
    };
    cfg.local.port = p->ports.port;
    if (rooms->webrtc && !webrtc_answer(rooms->webrtc, p->room->media_loop, &fresh, &webrtc))
        cfg.webrtc = &webrtc;
    struct sdp_error error = {.text = ""};
    int err = negotiate(offer, len, &cfg, p->answer, answer, media, &error);
    if (err)
        *why = error.text;
    return err;
}

/* WebRTC shares a port with all others; whether an offer is WebRTC only the answer tells for sure.
 * 1: it is, and answered. */
static int answer_webrtc(struct participant *p, const char *offer, size_t len,
    struct answer **answer, struct leg_media *media, const char **why)
{
    static const char sign[] = "a=fingerprint";
    if (!p->room->rooms->webrtc || !memmem(offer, len, sign, sizeof(sign) - 1))
        return 0;
    int err = answer_offer(p, offer, len, answer, media, why);
    if (err)
        return err;
    if (media->transport.webrtc)
        return 1;
    transport_terms_drop(&media->transport);
    answer_destroy(*answer);
    *answer = NULL;
    return 0;
}

/* One port where the offer seems to allow RTCP on it (RFC 5761), a pair where not; when a closer
 * look shows otherwise, a pair after all. */
static int take_ports_and_answer(struct participant *p, const char *offer, size_t len,
    struct answer **answer, struct leg_media *media, const char **why)
{
    static const char mux[] = "a=rtcp-mux";
    bool pair = !memmem(offer, len, mux, sizeof(mux) - 1);
    int done = answer_webrtc(p, offer, len, answer, media, why);
    if (done)
        return done < 0 ? done : 0;
    for (;; pair = true) {
        *why = "no media port is free; try again later";
        int err = udp_pool_take(p->room->rooms->ports, pair, &p->ports);
        if (err)
            return err;
        err = answer_offer(p, offer, len, answer, media, why);
        if (!err && (media->transport.rtcp_mux || pair))
            return 0;
        udp_pool_give(p->room->rooms->ports, &p->ports);
        if (err)
            return err;
        transport_terms_drop(&media->transport);
        answer_destroy(*answer);
        *answer = NULL; /* it was none that the next could follow */
    }
}

static bool granted(enum wish wish, bool by_default)
{
    return wish == WISH_NONE ? by_default : wish == WISH_YES;
}

static int open_leg(
    struct participant *p, const struct leg_media *media, const struct participant_wishes *wishes)
{
    const struct rooms *rooms = p->room->rooms;
    const struct room_settings *settings = &p->room->settings;
    struct leg_setup setup = {
        .media = *media,
        .transport =
            {
                .ssrc = p->ssrc,
                .ports = p->ports,
                .local = rooms->local,
                .latch = (enum latch_mode)rooms->cfg->symmetric_rtp,
                .handshaker = rooms->webrtc ? webrtc_handshaker(rooms->webrtc) : NULL,
                .arrival_timeout_s = rooms->cfg->arrival_timeout_s,
            },
        .jitter_max_ms = settings->jitter_max_ms,
        .agc = granted(wishes->agc, settings->agc),
        .denoise = granted(wishes->denoise, settings->denoise),
        .muted = p->role == ROLE_VIEWER,
        .sender_timeout_s = rooms->cfg->participant_timeout_s,
        .listener_timeout_s = rooms->cfg->listener_timeout_s,
    };
    memcpy(setup.cname, p->cname, sizeof(setup.cname));
    int err = random_bytes(&setup.seed, sizeof(setup.seed));
    if (!err)
        return leg_open(&p->leg, p->room->media, &setup, &leg_events, p);
    transport_terms_drop(&setup.media.transport);
    return err;
}

/* Who comes again takes the place they had, and is muted if they were. */
static void replace(struct participant *before, struct participant *p)
{
    p->muted = before->muted;
    p->deaf = before->deaf;
    p->hand = before->hand;
    if (p->deaf)
        leg_deafen(p->leg, true);
    participant_gain(p, before->gain_db);
    participant_remove(before, "replaced");
}

static bool is_encrypted(const struct answer *a)
{
    return answer_transport(a) || answer_audio(a)->local.suite != SDES_NONE;
}

static void list(struct participant *p, struct participant *before)
{
    struct room *room = p->room;
    TAILQ_INSERT_TAIL(&room->participants, p, entry);
    room->n_participants++;
    room->n_pending++;
    room->rooms->load[room->media_loop]++;
    room->met = true;
    if (!strcmp(room->awaited, p->id))
        room->awaited[0] = '\0';
    if (before)
        replace(before, p);
    participant_apply_muteness(p);
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_JOINED, .participant = p->id});
    LOG_INFO("participant", "joined", log_text("id", p->id),
        log_text("codec", answer_audio(p->answer)->formats[0].codec->name));
}

int participant_join(struct room *room, const struct participant_wishes *wishes, const char *offer,
    size_t len, struct participant **out, char **answer, const char **why)
{
    *why = "the server is shutting down";
    if (room->rooms->closing || room->closing)
        return -ESHUTDOWN;
    *why = "the room is full";
    struct participant *before = wishes->grant ? participant_find(room, wishes->grant->sub) : NULL;
    if (room->n_participants - !!before >= room->settings.max_participants)
        return -EMFILE;
    *why = "the server is out of memory";
    struct participant *p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->room = room;
    p->ports = (struct udp_ports){.rtp_fd = -1, .rtcp_fd = -1};
    p->thin = wishes->thin;
    struct leg_media media;
    char *text = NULL;
    int err = make_identity(p, wishes);
    if (!err)
        err = take_ports_and_answer(p, offer, len, &p->answer, &media, why);
    if (err) {
        free(p);
        return err;
    }
    *why = "the server is out of memory";
    text = strdup(answer_sdp(p->answer));
    err = text ? open_leg(p, &media, wishes) : -ENOMEM;
    if (err)
        goto fail;
    p->encrypted = is_encrypted(p->answer);
    list(p, before);
    *out = p;
    *answer = text;
    return 0;

fail:
    if (!text)
        transport_terms_drop(&media.transport);
    free(text);
    free_participant(p);
    return err;
}

int participant_reoffer(
    struct participant *p, const char *offer, size_t len, char **answer, const char **why)
{
    struct answer *next;
    struct leg_media media;
    int err = answer_offer(p, offer, len, &next, &media, why);
    if (err)
        return err;
    if (!media.transport.webrtc && media.transport.rtcp_mux != (p->ports.rtcp_fd < 0)) {
        *why = "rtcp-mux cannot change within a session";
        err = -ENOTSUP;
        goto fail;
    }
    *why = "the server is out of memory";
    char *text = strdup(answer_sdp(next));
    err = text ? leg_renegotiate(p->leg, &media) : -ENOMEM;
    if (err) {
        free(text);
        goto fail;
    }
    answer_destroy(p->answer);
    p->answer = next;
    if (answer_transport(next) && answer_transport(next)->ice_restart)
        p->ice_generation++;
    p->held = media.held;
    p->encrypted = is_encrypted(p->answer);
    *answer = text;
    return 0;

fail:
    transport_terms_drop(&media.transport);
    answer_destroy(next);
    return err;
}

/* --- leaving --------------------------------------------------------------------------------- */
void participant_remove(struct participant *p, const char *reason)
{
    struct room *room = p->room;
    if (p->leaving)
        return;
    p->leaving = true;
    TAILQ_REMOVE(&room->participants, p, entry);
    room->n_participants--;
    leg_close(p->leg, reason);
    LOG_INFO("participant", "left", log_text("id", p->id), log_text("reason", reason));
    room_emit(room,
        &(struct room_event){.type = ROOM_EVENT_LEFT, .participant = p->id, .reason = reason});
    if (p->role == ROLE_MODERATOR)
        moderation_someone(room);
    if (room->settings.transient && !room->n_participants && !room->closing && !room->n_holds &&
        room_now_ms(room) >= room->kept_until_ms)
        room_close(room);
}

/* --- asked and told -------------------------------------------------------------------------- */
struct participant *participant_find(struct room *room, const char *id)
{
    struct participant *p;
    TAILQ_FOREACH(p, &room->participants, entry)
    if (strcmp(p->id, id) == 0)
        return p;
    return NULL;
}

void participant_info(const struct participant *p, struct participant_info *out)
{
    *out = (struct participant_info){
        .id = p->id,
        .name = p->name,
        .role = p->role,
        .kind = p->kind,
        .hand = p->hand,
        .talking = p->talking,
        .encrypted = p->encrypted,
        .muted = p->muted,
        .deaf = p->deaf,
        .held = p->held,
        .gain_db = p->gain_db,
        .joined_unix = p->joined_unix,
    };
}

/* Whatever a viewer sends is not heard. */
int participant_apply_muteness(struct participant *p)
{
    return leg_mute(p->leg, p->muted || p->role == ROLE_VIEWER);
}

void participant_mute(struct participant *p, bool muted, bool by_other)
{
    bool before = p->muted;
    p->muted = muted;
    if (muted == before)
        return;
    if (participant_apply_muteness(p)) {
        p->muted = before;
        return;
    }
    room_emit(p->room,
        &(struct room_event){
            .type = ROOM_EVENT_MUTED, .participant = p->id, .on = muted, .by_other = by_other});
}

void participant_deafen(struct participant *p, bool deaf, bool by_other)
{
    if (p->deaf == deaf || leg_deafen(p->leg, deaf))
        return;
    p->deaf = deaf;
    room_emit(p->room,
        &(struct room_event){
            .type = ROOM_EVENT_DEAF, .participant = p->id, .on = deaf, .by_other = by_other});
}

int participant_gain(struct participant *p, float gain_db)
{
    if (!(gain_db >= PARTICIPANT_GAIN_MIN_DB && gain_db <= PARTICIPANT_GAIN_MAX_DB))
        return -ERANGE;
    int err = leg_gain(p->leg, gain_db);
    if (!err)
        p->gain_db = gain_db;
    return err;
}

int participant_dial(struct participant *p, const char *digits)
{
    size_t n = strlen(digits);
    if (n == 0 || n > PARTICIPANT_DIGITS_MAX || strspn(digits, "0123456789ABCDabcd*#") != n)
        return -EINVAL;
    if (answer_audio(p->answer)->n_events == 0)
        return -ENOTSUP;
    return leg_dial(p->leg, digits);
}

/* --- statistics ------------------------------------------------------------------------------ */
struct stats_query {
    participant_stats_fn *fn;
    void *arg;
    char only[PARTICIPANT_ID_LEN + 1]; /* "": all */
};

/* Legs that have left the list meanwhile are passed over. */
static void on_stats(void *const *participants, const struct leg_stats *stats, size_t n, void *arg)
{
    struct stats_query *q = arg;
    char(*ids)[PARTICIPANT_ID_LEN + 1] = calloc(n + 1, sizeof(*ids));
    struct leg_stats *known = calloc(n + 1, sizeof(*known));
    size_t found = 0;
    for (size_t i = 0; i < n && ids && known; i++) {
        const struct participant *p = participants[i];
        if (p->leaving || (q->only[0] && strcmp(q->only, p->id) != 0))
            continue;
        memcpy(ids[found], p->id, sizeof(p->id));
        known[found++] = stats[i];
    }
    q->fn((const char(*)[PARTICIPANT_ID_LEN + 1]) ids, known, found, q->arg);
    free(ids);
    free(known);
    free(q);
}

static int query(struct room *room, const char *only, participant_stats_fn *fn, void *arg)
{
    struct stats_query *q = calloc(1, sizeof(*q));
    if (!q)
        return -ENOMEM;
    q->fn = fn;
    q->arg = arg;
    strncpy(q->only, only, PARTICIPANT_ID_LEN);
    int err = room_media_stats(room->media, on_stats, q);
    if (err)
        free(q);
    return err;
}

int room_stats(struct room *room, participant_stats_fn *fn, void *arg)
{
    return query(room, "", fn, arg);
}

int participant_stats(struct participant *p, participant_stats_fn *fn, void *arg)
{
    return query(p->room, p->id, fn, arg);
}

/* --- levels ---------------------------------------------------------------------------------- */
enum { LEVELS_MAX = 64 }; /* more voices at once are a noise */

struct levels_query {
    room_levels_fn *fn;
    void *arg;
};

static void on_levels(const struct room_media_level *levels, size_t n, void *arg)
{
    struct levels_query *q = arg;
    struct room_level known[LEVELS_MAX];
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct participant *p = levels[i].owner;
        if (p->leaving)
            continue;
        memcpy(known[found].id, p->id, sizeof(p->id));
        known[found++].level = levels[i].level;
    }
    q->fn(known, found, q->arg);
    free(q);
}

int room_levels(struct room *room, room_levels_fn *fn, void *arg)
{
    struct levels_query *q = malloc(sizeof(*q));
    if (!q)
        return -ENOMEM;
    *q = (struct levels_query){fn, arg};
    int err = room_media_levels(room->media, LEVELS_MAX, on_levels, q);
    if (err)
        free(q);
    return err;
}

bool room_talking(const struct room *room)
{
    const struct participant *p;
    TAILQ_FOREACH(p, &room->participants, entry)
    if (p->talking)
        return true;
    return false;
}

void participants_each(struct room *room, participant_each_fn *fn, void *arg)
{
    struct participant *p;
    for (p = TAILQ_FIRST(&room->participants); p; p = TAILQ_NEXT(p, entry))
        fn(p, arg);
}
