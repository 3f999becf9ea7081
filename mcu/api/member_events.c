#include "mcu/api/member_events.h"

#include "mcu/api/api.h"
#include "mcu/api/event_text.h"
#include "mcu/api/member_text.h"
#include "mcu/lobby.h"
#include "mcu/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    TICK_MS = 200, /* levels */
    TOKEN_WAIT_MS = 5000,
    ALONE_MS = 60000, /* a socket without media: nobody looks on unseen */
};

enum member_state { MEMBER_UNKNOWN, MEMBER_WAITING, MEMBER_ADMITTED, MEMBER_ENDED };

struct member {
    LIST_ENTRY(member) entry;
    struct member_events *events;
    struct member_room *room; /* NULL: unknown or ended */
    struct http_socket *socket;
    enum member_state state;
    struct grant grant;
    enum role role;       /* in the room, now */
    uint64_t deadline_ms; /* to show its ticket, or to be in the room */
};

LIST_HEAD(member_list, member);

/* Of a room with members; goes with the last of them. */
struct member_room {
    LIST_ENTRY(member_room) entry;
    struct room *room; /* until ROOM_CLOSED */
    char name[ROOM_NAME_MAX + 1];
    struct member_list members;
    bool asked; /* for levels */
};

struct member_events {
    struct api *api;
    uv_timer_t timer;
    LIST_HEAD(member_room_list, member_room) rooms;
    struct member_list strangers; /* unknown or ended */
    unsigned count, asking;
    bool ending; /* the timer is gone: freed with the last socket and answer */
};

static void free_if_done(struct member_events *e)
{
    if (e->ending && !e->count && !e->asking)
        free(e);
}

/* --- saying something ------------------------------------------------------------------------- */
static void send_to(struct member *m, struct http_message *text)
{
    if (!text || !http_socket_send(m->socket, text))
        return;
    http_socket_close(m->socket, HTTP_CLOSE_TRY_LATER, "too slow");
    LOG_WARN("members", "client_dropped", log_text("reason", "too_slow"));
}

static void say(struct member *m, json_t *object)
{
    struct http_message *text = event_text(object);
    send_to(m, text);
    http_message_release(text);
}

/* To all who are in, or only the moderators of them. */
static void say_all(struct member_room *mr, json_t *object, bool moderators)
{
    struct http_message *text = event_text(object);
    struct member *m;
    LIST_FOREACH(m, &mr->members, entry)
    if (m->state == MEMBER_ADMITTED && (!moderators || m->role >= ROLE_MODERATOR))
        send_to(m, text);
    http_message_release(text);
}

/* --- rooms with members ----------------------------------------------------------------------- */
static struct member_room *find_room(struct member_events *e, const char *name)
{
    struct member_room *mr;
    LIST_FOREACH(mr, &e->rooms, entry)
    if (strcmp(mr->name, name) == 0)
        return mr;
    return NULL;
}

static struct member_room *get_room(struct member_events *e, struct room *room)
{
    struct room_info info;
    room_info(room, &info);
    struct member_room *mr = find_room(e, info.name);
    if (mr)
        return mr;
    mr = calloc(1, sizeof(*mr));
    if (!mr)
        return NULL;
    mr->room = room;
    strcpy(mr->name, info.name);
    LIST_INSERT_HEAD(&e->rooms, mr, entry);
    return mr;
}

static void put_room(struct member_room *mr)
{
    if (!LIST_EMPTY(&mr->members))
        return;
    LIST_REMOVE(mr, entry);
    free(mr);
}

static void enlist(struct member *m, struct member_room *mr, enum member_state state)
{
    LIST_REMOVE(m, entry);
    LIST_INSERT_HEAD(&mr->members, m, entry);
    m->room = mr;
    m->state = state;
    if (state == MEMBER_ADMITTED)
        room_hold(mr->room);
}

/* Out of the room; the caller puts it back when it is done with it. */
static void delist(struct member *m)
{
    struct member_room *mr = m->room;
    LIST_REMOVE(m, entry);
    LIST_INSERT_HEAD(&m->events->strangers, m, entry);
    m->room = NULL;
    if (mr->room && m->state == MEMBER_ADMITTED)
        room_unhold(mr->room);
    if (mr->room && m->state == MEMBER_WAITING)
        lobby_release(mr->room, m->grant.sub);
    m->state = MEMBER_ENDED;
}

static void finish(struct member *m, json_t *last)
{
    delist(m);
    say(m, last);
    http_socket_finish(m->socket, HTTP_CLOSE_NORMAL, "");
}

static void end(struct member *m, const char *reason)
{
    finish(m, json_pack("{s:s, s:s}", "type", "ended", "reason", reason));
}

/* --- who comes -------------------------------------------------------------------------------- */
static void welcome(struct member *m)
{
    struct room *room = m->room->room;
    bool admitted = m->state == MEMBER_ADMITTED;
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "welcome", "id", m->grant.sub,
        "role", role_name(m->role), "state", admitted ? "admitted" : "waiting", "room",
        member_text_room(room));
    if (o && admitted)
        json_object_set_new(o, "participants", member_text_participants(room));
    if (o && admitted && m->role >= ROLE_MODERATOR)
        json_object_set_new(o, "waiting", member_text_lobby(room));
    say(m, o);
}

/* The same person in another tab: the newer socket is theirs. */
static void replace_others(const struct member *one)
{
    struct member *m, *next;
    for (m = LIST_FIRST(&one->room->members); m; m = next) {
        next = LIST_NEXT(m, entry);
        if (m != one && !strcmp(m->grant.sub, one->grant.sub))
            end(m, "replaced");
    }
}

static int refuse(struct member *m, int code, const char *why)
{
    m->state = MEMBER_ENDED;
    http_socket_close(m->socket, code, why);
    return 0;
}

static int shut_out(struct member *m, const char *how)
{
    m->state = MEMBER_ENDED;
    say(m, strcmp(how, "kicked") == 0 ? json_pack("{s:s, s:s}", "type", "ended", "reason", "kicked")
                                      : json_pack("{s:s}", "type", "refused"));
    http_socket_finish(m->socket, HTTP_CLOSE_NORMAL, "");
    return 0;
}

static void arrive(struct member *m, struct member_room *mr, bool admitted)
{
    enlist(m, mr, admitted ? MEMBER_ADMITTED : MEMBER_WAITING);
    if (!admitted)
        lobby_hold(mr->room, m->grant.sub);
    m->deadline_ms = uv_now(m->events->api->loop) + ALONE_MS;
    replace_others(m);
    welcome(m);
}

/* The socket's bearer is known. 0, or negative: no memory. */
static int enter(struct member *m)
{
    const struct api *api = m->events->api;
    struct access_denial why;
    struct grant standing;
    const char *name = http_socket_param(m->socket, "room");
    struct room *room = api->rooms ? room_find(api->rooms, name) : NULL;
    m->grant = *http_socket_grant(m->socket);
    if (m->grant.kind != GRANT_TICKET)
        return refuse(m, HTTP_CLOSE_POLICY, "enter first, and show your ticket");
    if (!room)
        return refuse(m, HTTP_CLOSE_TRY_LATER, "no such room; enter again");
    const char *how = room_shut_out(room, &m->grant);
    if (how)
        return shut_out(m, how);
    room_standing(room, &m->grant, &standing);
    if (access_may(&standing, ACTION_EVENTS, name, true, &why))
        return refuse(m, HTTP_CLOSE_POLICY, why.code);
    if (!standing.admitted && !lobby_find(room, m->grant.sub))
        return refuse(m, HTTP_CLOSE_TRY_LATER, "nobody waits with this ticket; enter again");
    struct member_room *mr = get_room(m->events, room);
    if (!mr)
        return -ENOMEM;
    m->role = standing.role;
    arrive(m, mr, standing.admitted);
    return 0;
}

/* --- the socket ------------------------------------------------------------------------------- */
static int on_open(struct http_socket *s, void *arg)
{
    const struct api *api = arg;
    struct member_events *e = api->members;
    struct member *m = calloc(1, sizeof(*m));
    if (!m)
        return -ENOMEM;
    m->events = e;
    m->socket = s;
    m->deadline_ms = uv_now(api->loop) + TOKEN_WAIT_MS;
    http_socket_set_user(s, m);
    LIST_INSERT_HEAD(&e->strangers, m, entry);
    e->count++;
    if (http_socket_grant(s) && enter(m))
        refuse(m, HTTP_CLOSE_TRY_LATER, "no memory");
    return 0;
}

static void on_message(struct http_socket *s, const char *text, size_t len, void *arg)
{
    (void)arg;
    char token[ACCESS_BEARER_MAX + 1];
    struct member *m = http_socket_user(s);
    if (m->state != MEMBER_UNKNOWN)
        http_socket_close(s, HTTP_CLOSE_POLICY, "this socket only sends");
    else if (api_json_token(text, len, token, sizeof(token)) ||
             http_socket_authorize(s, token, strlen(token)))
        refuse(m, HTTP_CLOSE_POLICY, "wrong token");
    else if (enter(m))
        refuse(m, HTTP_CLOSE_TRY_LATER, "no memory");
}

static void on_closed(struct http_socket *s, void *arg)
{
    (void)arg;
    struct member *m = http_socket_user(s);
    struct member_events *e = m->events;
    struct member_room *mr = m->room;
    if (mr) {
        delist(m);
        put_room(mr);
    }
    LIST_REMOVE(m, entry);
    free(m);
    e->count--;
    free_if_done(e);
}

const struct http_socket_ops member_events_socket = {on_open, on_message, on_closed, ""};

/* Reached by those who ask for it as a plain page. */
void member_events_upgrade(struct http_request *r, void *arg)
{
    (void)arg;
    if (!http_query_only(r, member_events_socket.queries)) {
        http_error(r, 400, "bad_query", "there is no query here");
        return;
    }
    http_header(r, "Upgrade", "websocket");
    http_error(r, 426, "upgrade_required", "open this as a WebSocket");
}

/* --- what happens ----------------------------------------------------------------------------- */
/* Why they have to go, in the words members are told. */
static const char *reason_of(const char *reason)
{
    static const char *const known[] = {"kicked", "closed", "timeout", "shutdown"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(reason, known[i]))
            return known[i];
    return !strcmp(reason, "left") || !strcmp(reason, "bye") ? "left" : "timeout";
}

static void end_sockets_of(struct member_room *mr, const char *id, const char *reason)
{
    struct member *m, *next;
    for (m = LIST_FIRST(&mr->members); m; m = next) {
        next = LIST_NEXT(m, entry);
        if (!strcmp(m->grant.sub, id))
            end(m, reason);
    }
}

/* Also those of a kicked one that have no media. */
static void end_kicked(struct member_room *mr)
{
    struct member *m, *next;
    for (m = LIST_FIRST(&mr->members); m; m = next) {
        next = LIST_NEXT(m, entry);
        const char *how = room_shut_out(mr->room, &m->grant);
        if (how && !strcmp(how, "kicked"))
            end(m, "kicked");
    }
}

static void on_left(struct member_room *mr, const struct room_event *event)
{
    if (!strcmp(event->reason, "replaced"))
        return; /* by themselves */
    end_sockets_of(mr, event->participant, reason_of(event->reason));
    if (!strcmp(event->reason, "kicked"))
        end_kicked(mr);
}

static json_t *waiting(const char *id, const char *name)
{
    return json_pack("{s:s, s:o}", "type", "waiting", "waiting", member_text_waiting(id, name));
}

static void say_waiting(const struct lobby_info *info, void *m)
{
    say(m, waiting(info->id, info->name));
}

static void take_role(struct member_room *mr, const char *id)
{
    struct participant_info info;
    struct member *m;
    const struct participant *p = participant_find(mr->room, id);
    if (!p)
        return;
    participant_info(p, &info);
    LIST_FOREACH(m, &mr->members, entry)
    if (m->state == MEMBER_ADMITTED && !strcmp(m->grant.sub, id)) {
        bool risen = m->role < ROLE_MODERATOR && info.role == ROLE_MODERATOR;
        m->role = info.role;
        if (risen) /* and so learns who waits */
            lobby_each(mr->room, say_waiting, m);
    }
}

static void on_waiting(struct member_room *mr, const struct room_event *event)
{
    const struct grant *g = lobby_find(mr->room, event->participant);
    if (g)
        say_all(mr, waiting(g->sub, g->name), true);
}

static void let_in(struct member *m, const struct grant *g)
{
    char ticket[ACCESS_TOKEN_MAX];
    struct grant admitted = *g;
    admitted.admitted = true;
    if (access_ticket(m->events->api->access, &admitted, ticket, sizeof(ticket), NULL)) {
        end(m, "timeout"); /* who enters again is let in */
        return;
    }
    m->state = MEMBER_ADMITTED;
    m->grant.admitted = true;
    m->role = g->role;
    m->deadline_ms = uv_now(m->events->api->loop) + ALONE_MS;
    room_hold(m->room->room);
    say(m, json_pack("{s:s, s:s}", "type", "admitted", "ticket", ticket));
    welcome(m);
}

static void on_waiting_gone(struct member_room *mr, const struct room_event *event)
{
    struct member *m, *next;
    const struct grant *g = lobby_find(mr->room, event->participant);
    say_all(mr, json_pack("{s:s, s:s}", "type", "waiting_gone", "id", event->participant), true);
    for (m = LIST_FIRST(&mr->members); m; m = next) {
        next = LIST_NEXT(m, entry);
        if (m->state != MEMBER_WAITING || strcmp(m->grant.sub, event->participant) != 0)
            continue;
        if (!strcmp(event->reason, "admitted") && g)
            let_in(m, g);
        else if (!strcmp(event->reason, "refused"))
            finish(m, json_pack("{s:s}", "type", "refused"));
        else
            end(m, reason_of(event->reason));
    }
}

static void on_room_closed(struct member_room *mr, const struct room_event *event)
{
    mr->room = NULL;
    while (!LIST_EMPTY(&mr->members))
        end(LIST_FIRST(&mr->members), reason_of(event->reason));
}

static void ask_unmute(struct member_room *mr, const char *id)
{
    struct member *m;
    LIST_FOREACH(m, &mr->members, entry)
    if (m->state == MEMBER_ADMITTED && !strcmp(m->grant.sub, id))
        say(m, json_pack("{s:s}", "type", "ask_unmute"));
}

void member_events_publish(struct member_events *e, const struct room_event *event)
{
    struct member_room *mr = find_room(e, event->room);
    if (!mr)
        return;
    json_t *for_all = member_text_event(mr->room, event);
    if (for_all)
        say_all(mr, for_all, false);
    switch (event->type) {
    case ROOM_EVENT_JOINED:
    case ROOM_EVENT_ROLE:
        take_role(mr, event->participant);
        break;
    case ROOM_EVENT_LEFT:
        on_left(mr, event);
        break;
    case ROOM_EVENT_WAITING:
        on_waiting(mr, event);
        break;
    case ROOM_EVENT_WAITING_GONE:
        on_waiting_gone(mr, event);
        break;
    case ROOM_EVENT_ASK_UNMUTE:
        ask_unmute(mr, event->participant);
        break;
    case ROOM_EVENT_ROOM_CLOSED:
        on_room_closed(mr, event);
        break;
    default:
        break;
    }
    put_room(mr);
}

/* --- what time brings ------------------------------------------------------------------------- */
struct levels_asking {
    struct member_events *events;
    char room[ROOM_NAME_MAX + 1];
};

static void on_levels(const struct room_level *levels, size_t n, void *arg)
{
    struct levels_asking *a = arg;
    struct member_events *e = a->events;
    struct member_room *mr = find_room(e, a->room);
    e->asking--;
    if (mr)
        mr->asked = false;
    if (mr && n)
        say_all(mr, member_text_levels(levels, n), false);
    free(a);
    free_if_done(e);
}

static void ask_levels(struct member_events *e, struct member_room *mr)
{
    if (mr->asked || !room_talking(mr->room))
        return;
    struct levels_asking *a = calloc(1, sizeof(*a));
    if (!a)
        return;
    a->events = e;
    strcpy(a->room, mr->name);
    if (room_levels(mr->room, on_levels, a)) {
        free(a);
        return;
    }
    mr->asked = true;
    e->asking++;
}

static void end_onlookers(struct member_room *mr, uint64_t now_ms)
{
    struct member *m, *next;
    for (m = LIST_FIRST(&mr->members); m; m = next) {
        next = LIST_NEXT(m, entry);
        if (now_ms < m->deadline_ms)
            continue; /* finding them takes a walk through the room */
        if (m->state == MEMBER_WAITING || participant_find(mr->room, m->grant.sub))
            m->deadline_ms = now_ms + ALONE_MS;
        else
            end(m, "timeout");
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct member_events *e = timer->data;
    struct member_room *mr, *next;
    struct member *m;
    uint64_t now_ms = uv_now(timer->loop);
    for (mr = LIST_FIRST(&e->rooms); mr; mr = next) {
        next = LIST_NEXT(mr, entry);
        ask_levels(e, mr);
        end_onlookers(mr, now_ms);
        put_room(mr);
    }
    LIST_FOREACH(m, &e->strangers, entry)
    if (m->state == MEMBER_UNKNOWN && now_ms >= m->deadline_ms)
        refuse(m, HTTP_CLOSE_POLICY, "no token came");
}

/* --- life ------------------------------------------------------------------------------------- */
int member_events_create(struct member_events **ep, struct api *api)
{
    struct member_events *e = calloc(1, sizeof(*e));
    if (!e)
        return -ENOMEM;
    e->api = api;
    e->timer.data = e;
    uv_timer_init(api->loop, &e->timer);
    uv_timer_start(&e->timer, on_timer, TICK_MS, TICK_MS);
    *ep = e;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct member_events *e = handle->data;
    e->ending = true;
    free_if_done(e);
}

void member_events_destroy(struct member_events *e)
{
    if (e)
        uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}
