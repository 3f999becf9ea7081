/* What people in a room do to each other and to themselves, by role. */

#include "mcu/api/api.h"

#include "mcu/lobby.h"
#include "mcu/moderation.h"

#include <errno.h>
#include <string.h>

/* --- a participant ---------------------------------------------------------------------------- */
/* Nobody's microphone is opened by another; a device has nobody to ask. */
static bool may_unmute(struct http_request *r, struct room *room, const struct participant *p)
{
    struct participant_info info;
    participant_info(p, &info);
    if (!api_may(r, room, ACTION_UNMUTE, info.id))
        return false;
    if (api_is_self(r, info.id) || info.kind == PARTICIPANT_DEVICE)
        return true;
    http_error(r, 403, "only_self_unmutes", "people unmute themselves; send ask_unmute");
    return false;
}

static bool may_change(struct http_request *r, struct room *room, const struct participant *p,
    const struct api_change *c)
{
    const char *id = http_param(r, "participant");
    if (c->has_muted && !c->muted && !may_unmute(r, room, p))
        return false;
    const struct {
        bool asked;
        enum action action;
    } wants[] = {
        {c->has_muted && c->muted, ACTION_MUTE},
        {c->has_deaf, ACTION_DEAFEN},
        {c->has_gain, ACTION_GAIN},
        {c->has_hand && c->hand, ACTION_HAND_RAISE},
        {c->has_hand && !c->hand, ACTION_HAND_LOWER},
        {c->ask_unmute, ACTION_ASK_UNMUTE},
        {c->role != ROLE_NONE, ACTION_ROLE},
        {*c->name != '\0', ACTION_RENAME},
    };
    for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
        if (wants[i].asked && !api_may(r, room, wants[i].action, id))
            return false;
    return true;
}

/* The one change that may be refused for what the room is like goes first. */
static bool change_role(struct http_request *r, struct participant *p, enum role role, bool other)
{
    struct participant_info info;
    participant_info(p, &info);
    if (!role || !moderation_role(p, role, other))
        return true;
    if (info.kind == PARTICIPANT_BROWSER)
        http_error(r, 409, "last_moderator", "make somebody else moderator first");
    else
        http_error(r, 409, "no_person", "a device or telephone cannot moderate");
    return false;
}

static void change(struct participant *p, const struct api_change *c, bool other)
{
    if (c->has_gain)
        participant_gain(p, c->gain_db);
    if (c->has_muted)
        participant_mute(p, c->muted, other);
    if (c->has_deaf)
        participant_deafen(p, c->deaf, other);
    if (c->has_hand)
        moderation_hand(p, c->hand, other);
    if (*c->name)
        moderation_rename(p, c->name);
    if (c->ask_unmute)
        moderation_ask_unmute(p);
}

void api_participant_patch(struct http_request *r, void *arg)
{
    struct api_change wanted;
    struct api_error e;
    size_t len;
    struct participant *p = api_participant(r, arg, ACTION_PARTICIPANT_SEE);
    if (!p)
        return;
    struct room *room = api_room(r, arg);
    const uint8_t *body = http_body(r, &len);
    bool other = !api_is_self(r, http_param(r, "participant"));
    if (api_json_change(body, len, &wanted, &e)) {
        api_respond_error(r, &e);
        return;
    }
    if (!may_change(r, room, p, &wanted) || !change_role(r, p, wanted.role, other))
        return;
    change(p, &wanted, other);
    api_respond_json(r, 200, api_describe_participant(p));
}

/* Whoever waits may give up. */
static bool give_up(struct http_request *r, struct room *room, const char *id)
{
    if (!api_is_self(r, id) || !lobby_find(room, id) || !api_may(r, room, ACTION_REMOVE, id))
        return false;
    lobby_leave(room, id);
    http_respond(r, 204, NULL, NULL, 0);
    return true;
}

void api_participant_delete(struct http_request *r, void *arg)
{
    const char *id = http_param(r, "participant");
    struct room *room = api_room(r, arg);
    if (!room || give_up(r, room, id))
        return;
    struct participant *p = api_participant(r, arg, ACTION_REMOVE);
    if (!p)
        return;
    if (api_is_self(r, id))
        participant_remove(p, "left");
    else
        moderation_kick(p);
    http_respond(r, 204, NULL, NULL, 0);
}

/* --- the lobby -------------------------------------------------------------------------------- */
static void list_waiting(const struct lobby_info *info, void *arg)
{
    json_array_append_new(arg, json_pack("{s:s, s:s}", "id", info->id, "name", info->name));
}

void api_lobby_list(struct http_request *r, void *arg)
{
    struct room *room = api_room(r, arg);
    if (!room || !api_may(r, room, ACTION_LOBBY_SEE, NULL))
        return;
    json_t *list = json_array();
    if (list)
        lobby_each(room, list_waiting, list);
    api_respond_json(r, 200, json_pack("{s:o}", "waiting", list));
}

void api_lobby_decide(struct http_request *r, void *arg)
{
    struct api_error e;
    bool admit;
    size_t len;
    const char *id = http_param(r, "participant");
    struct room *room = api_room(r, arg);
    if (!room || !api_may(r, room, ACTION_ADMIT, NULL))
        return;
    const uint8_t *body = http_body(r, &len);
    if (api_json_admit(body, len, &admit, &e))
        api_respond_error(r, &e);
    else if (admit ? lobby_admit(room, id) : lobby_refuse(room, id))
        http_error(r, 404, "nobody_waits", "nobody of that id waits (any more)");
    else
        http_respond(r, 204, NULL, NULL, 0);
}
