/* The open requests: what one must know before entering a room, and entering it. */

#include "mcu/api/api.h"

#include "mcu/config.h"

#include <errno.h>
#include <string.h>

/* --- refusals --------------------------------------------------------------------------------- */
static void refuse(struct http_request *r, const struct room_refusal *why)
{
    char seconds[16];
    if (why->wait_ms) {
        snprintf(seconds, sizeof(seconds), "%u", (why->wait_ms + 999) / 1000);
        http_header(r, "Retry-After", seconds);
    }
    if (why->status == 401)
        http_header(r, "WWW-Authenticate", "Bearer realm=\"mischpult\"");
    http_error(r, why->status, why->code, why->message);
}

static void no_room(struct http_request *r, int err)
{
    if (err == -ENOENT)
        http_error(r, 404, "no_room", "there is no such room");
    else if (err == -EINVAL)
        http_error(r, 422, "bad_name", "a room's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (err == -EMFILE)
        http_error(r, 503, "too_many_rooms", "close a room, or raise max_rooms");
    else
        api_no_memory(r);
}

/* --- the room, made if need be ---------------------------------------------------------------- */
static int make_room(const struct api *api, const char *name, struct room **room)
{
    struct room_settings settings;
    if (!room_name_ok(name))
        return -EINVAL;
    if (!config_auto_create(api->cfg))
        return -ENOENT;
    rooms_defaults(api->rooms, &settings);
    settings.transient = true;
    settings.first_moderates = config_first_moderates(api->cfg);
    return room_create(api->rooms, name, &settings, room);
}

struct room *api_room_to_join(struct http_request *r, const struct api *api, bool *made)
{
    const char *name = http_param(r, "room");
    struct room *room = room_find(api->rooms, name);
    *made = !room;
    if (room)
        return room;
    int err = make_room(api, name, &room);
    if (!err)
        return room;
    no_room(r, err);
    return NULL;
}

/* Whoever will not be let in need not have a room made for them. */
static bool may_have_a_room(struct http_request *r, const struct api *api)
{
    const char *name = http_param(r, "room");
    const struct grant *g = http_grant(r);
    struct access_denial denial;
    if (room_find(api->rooms, name))
        return true;
    if (!g && !api->cfg->guest_role) {
        refuse(r, &(struct room_refusal){
                      401, "token_required", "this server lets nobody in without a token", 0});
        return false;
    }
    if (!g || !room_name_ok(name) || !access_may(g, ACTION_EVENTS, name, true, &denial))
        return true;
    http_error(r, denial.status, denial.code, denial.message);
    return false;
}

struct room *api_enter_room(struct http_request *r, const struct api *api, const char *name,
    const char *pin, bool listens_only, bool can_wait, struct api_entrance *out)
{
    struct room_refusal why;
    const struct room_visit visit = {
        .grant = http_grant(r),
        .name = name,
        .pin = pin,
        .listens_only = listens_only,
        .can_wait = can_wait,
        .attempts = api->attempts,
        .address = http_peer(r),
    };
    if (!api_running(r, api) || !may_have_a_room(r, api))
        return NULL;
    struct room *room = api_room_to_join(r, api, &out->made);
    if (!room)
        return NULL;
    if (!room_admit(room, &visit, &out->admission, &why))
        return room;
    api_enter_undo(room, out);
    refuse(r, &why);
    return NULL;
}

void api_enter_undo(struct room *room, const struct api_entrance *e)
{
    if (e->made)
        room_close(room);
}

/* --- GET entry -------------------------------------------------------------------------------- */
void api_entry(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    struct room_settings s = {0};
    const char *name = http_param(r, "room");
    if (!api_running(r, api))
        return;
    struct room *room = room_find(api->rooms, name);
    if (!room_name_ok(name) || (!room && !config_auto_create(api->cfg))) {
        no_room(r, room_name_ok(name) ? -ENOENT : -EINVAL);
        return;
    }
    if (room) {
        struct room_info info;
        room_info(room, &info);
        s = info.settings;
    }
    http_header(r, "Cache-Control", "no-store");
    api_respond_json(r, 200,
        json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s}", "room", name, "exists",
            room != NULL, "pin", *s.pin != '\0', "lobby", s.lobby, "locked", s.locked,
            "token_required", api->cfg->guest_role == ROLE_NONE, "video", false, "operator",
            api->cfg->operator_name, "privacy_url", api->cfg->privacy_url));
}

/* --- POST enter ------------------------------------------------------------------------------- */
static void entered(
    struct http_request *r, const struct api *api, struct room *room, const struct api_entrance *e)
{
    char ticket[ACCESS_TOKEN_MAX];
    uint64_t expires;
    const struct grant *g = &e->admission.grant;
    if (access_ticket(api->access, g, ticket, sizeof(ticket), &expires)) {
        api_enter_undo(room, e);
        api_no_memory(r);
        return;
    }
    http_header(r, "Cache-Control", "no-store");
    api_respond_json(r, 200,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "state",
            e->admission.waiting ? "waiting" : "admitted", "ticket", ticket, "id", g->sub, "role",
            role_name(g->role), "name", g->name, "room", g->room, "expires", (json_int_t)expires));
}

void api_enter(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    struct api_arrival arrival;
    struct api_entrance entrance;
    struct api_error e;
    size_t len;
    const uint8_t *body = http_body(r, &len);
    if (api_json_arrival(body, len, &arrival, &e)) {
        api_respond_error(r, &e);
        return;
    }
    struct room *room = api_enter_room(r, api, arrival.name, arrival.pin, false, true, &entrance);
    if (room)
        entered(r, api, room, &entrance);
}
