#include "mcu/api/api.h"

#include "mcu/api/embed.h"
#include "mcu/api/health.h"
#include "mcu/api/metrics.h"
#include "mcu/api/whip.h"
#include "mcu/http/http_socket.h"

#include <stdlib.h>
#include <string.h>

#define JSON "application/json"
#define SDP  "application/sdp"
#define FRAG "application/trickle-ice-sdpfrag"
#define SOUNDS                                                                                     \
    "audio/wav audio/x-wav audio/wave audio/vnd.wave audio/flac audio/x-flac audio/ogg "           \
    "audio/opus application/ogg"

static void openapi(struct http_request *r, void *arg)
{
    (void)arg;
    http_respond(r, 200, JSON, embed_openapi, strlen(embed_openapi));
}

static void healthz(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    const char *status = health_status(api->health);
    bool well = !strcmp(status, "ok");
    api_respond_json(r, well ? 200 : 503,
        json_pack("{s:s, s:s, s:i}", "status", status, "version", MCU_VERSION, "media_loops",
            (int)health_loops(api->health)));
}

static void metrics(struct http_request *r, void *arg)
{
    size_t len = 0;
    char *text = metrics_print(arg, &len);
    if (text)
        http_respond(r, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
    else
        api_no_memory(r);
    free(text);
}

static int socket_open(struct http_socket *s, void *arg)
{
    const struct api *api = arg;
    return events_open(api->events, s);
}

static void socket_message(struct http_socket *s, const char *text, size_t len, void *arg)
{
    const struct api *api = arg;
    events_message(api->events, s, text, len);
}

static void socket_closed(struct http_socket *s, void *arg)
{
    const struct api *api = arg;
    events_closed(api->events, s);
}

static const struct http_socket_ops events_socket = {
    socket_open, socket_message, socket_closed, "room"};

/* Reached by those who ask for it as a plain page. */
static void events_upgrade(struct http_request *r, void *arg)
{
    (void)arg;
    if (!http_query_only(r, events_socket.queries)) {
        http_error(r, 400, "bad_query", "the only query is room");
        return;
    }
    http_header(r, "Upgrade", "websocket");
    http_error(r, 426, "upgrade_required", "open this as a WebSocket");
}

#define ROOM        "/api/v1/rooms/{room}"
#define PARTICIPANT ROOM "/participants/{participant}"

const struct http_route api_routes[] = {
    {HTTP_GET, "/", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_index, NULL},
    {HTTP_GET, "/r/{room}", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_index, NULL},
    {HTTP_GET, "/admin", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_admin, NULL},
    {HTTP_GET, "/web/{file}", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_file, NULL},
    {HTTP_GET, "/web/{folder}/{file}", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_file, NULL},
    {HTTP_GET, "/favicon.ico", HTTP_AUTH_NONE, NULL, 0, NULL, api_page_icon, NULL},
    {HTTP_GET, "/healthz", HTTP_AUTH_NONE, NULL, 0, NULL, healthz, NULL},
    {HTTP_GET, "/metrics", HTTP_AUTH_LOCAL, NULL, 0, NULL, metrics, NULL},
    {HTTP_GET, "/api/v1/openapi.json", HTTP_AUTH_NONE, NULL, 0, NULL, openapi, NULL},
    {HTTP_GET, "/api/v1/events", HTTP_AUTH_ADMIN, NULL, 0, NULL, events_upgrade, &events_socket},
    {HTTP_GET, "/api/v1/rooms", HTTP_AUTH_ADMIN, NULL, 0, JSON, api_rooms_list, NULL},
    {HTTP_POST, "/api/v1/rooms", HTTP_AUTH_ADMIN, JSON, 0, JSON, api_rooms_create, NULL},
    {HTTP_GET, ROOM, HTTP_AUTH_BEARER, NULL, 0, JSON, api_room_get, NULL},
    {HTTP_PATCH, ROOM, HTTP_AUTH_BEARER, JSON, 0, JSON, api_room_patch, NULL},
    {HTTP_DELETE, ROOM, HTTP_AUTH_BEARER, NULL, 0, NULL, api_room_delete, NULL},
    {HTTP_GET, ROOM "/entry", HTTP_AUTH_NONE, NULL, 0, JSON, api_entry, NULL},
    {HTTP_POST, ROOM "/enter", HTTP_AUTH_OPTIONAL, JSON, 0, JSON, api_enter, NULL},
    {HTTP_GET, ROOM "/events", HTTP_AUTH_BEARER, NULL, 0, NULL, member_events_upgrade,
        &member_events_socket},
    {HTTP_GET, ROOM "/lobby", HTTP_AUTH_BEARER, NULL, 0, JSON, api_lobby_list, NULL},
    {HTTP_POST, ROOM "/lobby/{participant}", HTTP_AUTH_BEARER, JSON, 0, NULL, api_lobby_decide,
        NULL},
    {HTTP_POST, ROOM "/links", HTTP_AUTH_BEARER, JSON, 0, JSON, api_links_create, NULL},
    {HTTP_POST, ROOM "/play", HTTP_AUTH_ADMIN, JSON " " SOUNDS, HTTP_BODY_LARGE, NULL, api_play,
        NULL},
    {HTTP_DELETE, ROOM "/play", HTTP_AUTH_ADMIN, NULL, 0, NULL, api_play_stop, NULL},
    {HTTP_GET, ROOM "/participants", HTTP_AUTH_BEARER, NULL, 0, JSON, api_participants_list, NULL},
    {HTTP_POST, ROOM "/participants", HTTP_AUTH_ADMIN, SDP, 0, SDP, api_participants_join, NULL},
    {HTTP_GET, PARTICIPANT, HTTP_AUTH_BEARER, NULL, 0, JSON, api_participant_get, NULL},
    {HTTP_PUT, PARTICIPANT, HTTP_AUTH_ADMIN, SDP, 0, SDP, api_participant_put, NULL},
    {HTTP_PATCH, PARTICIPANT, HTTP_AUTH_BEARER, JSON, 0, JSON, api_participant_patch, NULL},
    {HTTP_DELETE, PARTICIPANT, HTTP_AUTH_BEARER, NULL, 0, NULL, api_participant_delete, NULL},
    {HTTP_POST, "/whip/{room}", HTTP_AUTH_PIN, SDP, 0, SDP, whip_join, NULL},
    {HTTP_POST, "/whep/{room}", HTTP_AUTH_PIN, SDP, 0, SDP, whep_join, NULL},
    {HTTP_PATCH, "/whip/{room}/{session}", HTTP_AUTH_NONE, FRAG, 0, FRAG, whip_patch, NULL},
    {HTTP_PATCH, "/whep/{room}/{session}", HTTP_AUTH_NONE, FRAG, 0, FRAG, whip_patch, NULL},
    {HTTP_PUT, "/whip/{room}/{session}", HTTP_AUTH_NONE, SDP, 0, SDP, whip_put, NULL},
    {HTTP_PUT, "/whep/{room}/{session}", HTTP_AUTH_NONE, SDP, 0, SDP, whip_put, NULL},
    {HTTP_DELETE, "/whip/{room}/{session}", HTTP_AUTH_NONE, NULL, 0, NULL, whip_delete, NULL},
    {HTTP_DELETE, "/whep/{room}/{session}", HTTP_AUTH_NONE, NULL, 0, NULL, whip_delete, NULL},
    {HTTP_POST, PARTICIPANT "/dtmf", HTTP_AUTH_ADMIN, JSON, 0, NULL, api_participant_dtmf, NULL},
};
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);

void api_print_routes(FILE *out)
{
    static const char *const auth[] = {"open", "local", "admin", "bearer", "optional", "pin"};
    for (size_t i = 0; i < api_route_count; i++)
        fprintf(out, "%s %s %s\n", http_method_name(api_routes[i].method), api_routes[i].pattern,
            auth[api_routes[i].auth]);
}

void api_no_memory(struct http_request *r)
{
    http_header(r, "Retry-After", "5");
    http_error(r, 503, "out_of_memory", "the server is short of memory; try again later");
}

void api_respond_json(struct http_request *r, int status, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text)
        http_respond(r, status, JSON, text, strlen(text));
    else
        api_no_memory(r);
    free(text);
}

void api_respond_error(struct http_request *r, const struct api_error *e)
{
    http_error(r, e->status, e->code, e->message);
}

bool api_running(struct http_request *r, const struct api *api)
{
    if (api->rooms)
        return true;
    http_error(r, 503, "draining", "the server is ending; use another or wait for its return");
    return false;
}

struct room *api_room(struct http_request *r, const struct api *api)
{
    if (!api_running(r, api))
        return NULL;
    struct room *room = room_find(api->rooms, http_param(r, "room"));
    if (!room)
        http_error(r, 404, "no_room", "there is no such room; GET /api/v1/rooms lists them");
    return room;
}

void api_standing(const struct http_request *r, struct room *room, struct grant *out)
{
    const struct grant *g = http_grant(r);
    *out = (struct grant){0};
    if (g)
        room_standing(room, g, out);
    if (g && g->kind == GRANT_LINK)
        out->role = ROLE_NONE; /* it is good for entering, as someone */
}

bool api_is_self(const struct http_request *r, const char *id)
{
    const struct grant *g = http_grant(r);
    return g && *g->sub && !strcmp(g->sub, id);
}

bool api_may(struct http_request *r, struct room *room, enum action action, const char *id)
{
    struct room_info info;
    struct access_denial why;
    struct grant standing;
    room_info(room, &info);
    api_standing(r, room, &standing);
    if (!access_may(
            http_grant(r) ? &standing : NULL, action, info.name, id && api_is_self(r, id), &why))
        return true;
    http_error(r, why.status, why.code, why.message);
    return false;
}

/* Who may not see who is there does not learn it from what is not found either. */
struct participant *api_participant(
    struct http_request *r, const struct api *api, enum action action)
{
    const char *id = http_param(r, "participant");
    struct room *room = api_room(r, api);
    if (!room || !api_may(r, room, action, id))
        return NULL;
    struct participant *p = participant_find(room, id);
    if (!p)
        http_error(r, 404, "no_participant", "nobody in this room has that id");
    return p;
}
