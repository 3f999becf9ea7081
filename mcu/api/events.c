#include "mcu/api/events.h"

#include "mcu/api/api_json.h"
#include "mcu/api/event_text.h"
#include "mcu/http/ws_frame.h"
#include "mcu/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_WAIT_MS = 5000, SWEEP_MS = 1000 };

struct events_client {
    struct events_client *prev, *next;
    struct http_socket *socket;
    bool ready;           /* has shown the token */
    uint64_t deadline_ms; /* to show it */
};

struct events {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct events_client *clients;
    struct events_stats stats;
    bool ending; /* the timer is gone: freed with the last client */
};

/* Those who connect and then keep their token to themselves hold no place. */
static void on_timer(uv_timer_t *timer)
{
    struct events *e = timer->data;
    uint64_t now = uv_now(e->loop);
    for (struct events_client *c = e->clients; c; c = c->next)
        if (!c->ready && now >= c->deadline_ms)
            http_socket_close(c->socket, HTTP_CLOSE_POLICY, "no token came");
}

int events_create(struct events **ep, uv_loop_t *loop)
{
    struct events *e = calloc(1, sizeof(*e));
    if (!e)
        return -ENOMEM;
    e->loop = loop;
    e->timer.data = e;
    uv_timer_init(loop, &e->timer);
    uv_timer_start(&e->timer, on_timer, SWEEP_MS, SWEEP_MS);
    *ep = e;
    return 0;
}

static void free_events(uv_handle_t *handle)
{
    struct events *e = handle->data;
    e->ending = true;
    if (!e->clients)
        free(e);
}

void events_destroy(struct events *e)
{
    if (e)
        uv_close((uv_handle_t *)&e->timer, free_events);
}

static void send_to(struct events *e, struct events_client *c, struct http_message *m)
{
    if (!http_socket_send(c->socket, m)) {
        e->stats.sent++;
        return;
    }
    c->ready = false; /* nothing more for it; what it missed it must ask for anew */
    e->stats.dropped_clients++;
    http_socket_close(c->socket, HTTP_CLOSE_TRY_LATER, "too slow");
    LOG_WARN("events", "client_dropped", log_text("reason", "too_slow"));
}

static void greet(struct events *e, struct events_client *c)
{
    struct http_message *m = event_text(json_pack("{s:s}", "type", "hello"));
    c->ready = true;
    if (m)
        send_to(e, c, m);
    http_message_release(m);
}

int events_open(struct events *e, struct http_socket *s)
{
    struct events_client *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->socket = s;
    c->deadline_ms = uv_now(e->loop) + TOKEN_WAIT_MS;
    c->next = e->clients;
    if (c->next)
        c->next->prev = c;
    e->clients = c;
    e->stats.clients++;
    http_socket_set_user(s, c);
    if (http_socket_grant(s))
        greet(e, c);
    return 0;
}

void events_message(struct events *e, struct http_socket *s, const char *text, size_t len)
{
    char token[WS_MESSAGE_MAX];
    struct events_client *c = http_socket_user(s);
    if (c->ready) {
        http_socket_close(s, HTTP_CLOSE_POLICY, "this socket only sends");
        return;
    }
    if (!api_json_token(text, len, token, sizeof(token)) &&
        !http_socket_authorize(s, token, strlen(token)))
        greet(e, c);
    else
        http_socket_close(s, HTTP_CLOSE_POLICY, "wrong token");
}

void events_closed(struct events *e, struct http_socket *s)
{
    struct events_client *c = http_socket_user(s);
    *(c->prev ? &c->prev->next : &e->clients) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    e->stats.clients--;
    free(c);
    if (e->ending && !e->clients)
        free(e);
}

static json_t *describe(const struct room_event *event)
{
    static const char *const types[ROOM_EVENTS] = {"room_created", "room_closed", "room_changed",
        "joined", "left", "talking", "muted", "deaf", "hand", "role", "renamed", "ask_unmute",
        "dtmf", "waiting", "waiting_gone", "play_started", "play_ended"};
    json_t *o = json_pack("{s:s, s:s}", "type", types[event->type], "room", event->room);
    if (!o)
        return NULL;
    int err = event->participant
                  ? json_object_set_new(o, "participant", json_string(event->participant))
                  : 0;
    if (event->reason)
        err |= json_object_set_new(o, "reason", json_string(event->reason));
    if (event->type == ROOM_EVENT_TALKING || event->type == ROOM_EVENT_MUTED ||
        event->type == ROOM_EVENT_DEAF || event->type == ROOM_EVENT_HAND)
        err |= json_object_set_new(o, "on", json_boolean(event->on));
    if (event->type == ROOM_EVENT_DTMF) {
        err |= json_object_set_new(o, "digit", json_stringn(&event->digit, 1));
        err |= json_object_set_new(o, "duration_ms", json_integer(event->duration_ms));
    }
    if (!err)
        return o;
    json_decref(o);
    return NULL;
}

static bool wants(const struct events_client *c, const char *room)
{
    const char *only = http_socket_query(c->socket, "room");
    return c->ready && (!only || !strcmp(only, room));
}

void events_publish(struct events *e, const struct room_event *event)
{
    struct http_message *m = NULL;
    e->stats.published++;
    for (struct events_client *c = e->clients, *next; c; c = next) {
        next = c->next;
        if (!wants(c, event->room))
            continue;
        if (!m)
            m = event_text(describe(event));
        if (!m)
            return;
        send_to(e, c, m);
    }
    http_message_release(m);
}

void events_stats(const struct events *e, struct events_stats *out)
{
    *out = e->stats;
}
