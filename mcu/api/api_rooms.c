#include "mcu/api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEFAULT = 1000, LIST_MAX = 10000 };

static json_t *describe(struct room *room)
{
    struct room_info info;
    room_info(room, &info);
    return json_pack("{s:s, s:i, s:i, s:b, s:b, s:b, s:b, s:I, s:b, s:i, s:i, s:i, s:i, s:b, s:b}",
        "name", info.name, "participants", (int)info.participants, "waiting", (int)info.waiting,
        "locked", info.settings.locked, "lobby", info.settings.lobby, "pin",
        *info.settings.pin != '\0', "first_moderates", info.settings.first_moderates, "created",
        (json_int_t)info.created_unix, "transient", info.settings.transient, "media_loop",
        (int)info.media_loop, "max_participants", (int)info.settings.max_participants,
        "max_speakers", (int)info.settings.max_speakers, "jitter_max_ms",
        (int)info.settings.jitter_max_ms, "agc", info.settings.agc, "denoise",
        info.settings.denoise);
}

struct listing {
    json_t *rooms;
    unsigned long skip, left;
};

static void list_room(struct room *room, void *arg)
{
    struct listing *l = arg;
    if (l->skip) {
        l->skip--;
    } else if (l->left) {
        l->left--;
        json_array_append_new(l->rooms, describe(room));
    }
}

/* A whole number up to max, or -EINVAL; absent: fallback. */
static long query_number(const struct http_request *r, const char *name, long fallback, long max)
{
    const char *text = http_query(r, name);
    if (!text)
        return fallback;
    size_t len = strlen(text);
    if (!len || len > 9 || strspn(text, "0123456789") != len || atol(text) > max)
        return -EINVAL;
    return atol(text);
}

void api_rooms_list(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    long skip = query_number(r, "offset", 0, 999999999);
    long limit = query_number(r, "limit", LIST_DEFAULT, LIST_MAX);
    if (!api_running(r, api))
        return;
    if (skip < 0 || limit < 0 || !http_query_only(r, "offset limit")) {
        http_error(r, 400, "bad_query", "offset and limit (at most 10000) must be whole numbers");
        return;
    }
    struct listing l = {json_array(), (unsigned long)skip, (unsigned long)limit};
    if (l.rooms)
        rooms_each(api->rooms, list_room, &l);
    api_respond_json(
        r, 200, json_pack("{s:i, s:o}", "total", (int)rooms_count(api->rooms), "rooms", l.rooms));
}

static void created(struct http_request *r, struct room *room, const char *name)
{
    char location[ROOM_NAME_MAX + 32];
    snprintf(location, sizeof(location), "/api/v1/rooms/%s", name);
    http_header(r, "Location", location);
    api_respond_json(r, 201, describe(room));
}

void api_rooms_create(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    char name[ROOM_NAME_MAX + 1];
    struct room_settings settings;
    struct api_room_fields given;
    struct api_error e;
    struct room *room;
    size_t len;
    if (!api_running(r, api))
        return;
    rooms_defaults(api->rooms, &settings);
    const uint8_t *body = http_body(r, &len);
    if (api_json_room(body, len, name, &settings, &given, &e)) {
        api_respond_error(r, &e);
        return;
    }
    switch (room_create(api->rooms, name, &settings, &room)) {
    case 0:
        created(r, room, name);
        break;
    case -EEXIST:
        http_error(r, 409, "room_exists", "a room of this name exists; PATCH changes it");
        break;
    case -EINVAL:
        http_error(r, 422, "bad_room", "the name or a setting is out of range");
        break;
    case -EMFILE:
        http_error(r, 503, "too_many_rooms", "close a room, or raise max_rooms");
        break;
    default:
        api_no_memory(r);
    }
}

void api_room_get(struct http_request *r, void *arg)
{
    struct room *room = api_room(r, arg);
    if (room && api_may(r, room, ACTION_ROOM_SEE, NULL))
        api_respond_json(r, 200, describe(room));
}

static bool may_change(
    struct http_request *r, struct room *room, const struct api_room_fields *given)
{
    return (!given->locked || api_may(r, room, ACTION_LOCK, NULL)) &&
           (!given->lobby || api_may(r, room, ACTION_LOBBY, NULL)) &&
           (!given->pin || api_may(r, room, ACTION_PIN, NULL)) &&
           (!given->other || api_may(r, room, ACTION_ROOM_SETTINGS, NULL));
}

void api_room_patch(struct http_request *r, void *arg)
{
    struct room_info info;
    struct api_room_fields given;
    struct api_error e;
    size_t len;
    struct room *room = api_room(r, arg);
    if (!room || !api_may(r, room, ACTION_ROOM_SEE, NULL))
        return;
    const uint8_t *body = http_body(r, &len);
    room_info(room, &info);
    if (api_json_room(body, len, NULL, &info.settings, &given, &e)) {
        api_respond_error(r, &e);
        return;
    }
    if (!may_change(r, room, &given))
        return;
    int err = room_configure(room, &info.settings);
    if (!err)
        api_respond_json(r, 200, describe(room));
    else if (err == -EINVAL)
        http_error(r, 422, "bad_room", "a setting is out of range");
    else
        api_no_memory(r);
}

void api_room_delete(struct http_request *r, void *arg)
{
    struct room *room = api_room(r, arg);
    if (!room || !api_may(r, room, ACTION_ROOM_CLOSE, NULL))
        return;
    room_close(room);
    http_respond(r, 204, NULL, NULL, 0);
}
