#include "mcu/api/member_text.h"

#include "mcu/lobby.h"

static const char *const kinds[] = {"device", "browser", "phone"};

json_t *member_text_room(const struct room *room)
{
    struct room_info info;
    room_info(room, &info);
    return json_pack("{s:s, s:b, s:b, s:b, s:I}", "name", info.name, "locked", info.settings.locked,
        "lobby", info.settings.lobby, "pin", *info.settings.pin != '\0', "created",
        (json_int_t)info.created_unix);
}

json_t *member_text_participant(const struct participant *p)
{
    struct participant_info info;
    participant_info(p, &info);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:I}", "id", info.id, "name",
        info.name, "role", role_name(info.role), "kind", kinds[info.kind], "muted", info.muted,
        "deaf", info.deaf, "hand", info.hand, "talking", info.talking, "encrypted", info.encrypted,
        "joined", (json_int_t)info.joined_unix);
}

static void add_participant(struct participant *p, void *arg)
{
    json_array_append_new(arg, member_text_participant(p));
}

json_t *member_text_participants(struct room *room)
{
    json_t *list = json_array();
    if (list)
        participants_each(room, add_participant, list);
    return list;
}

json_t *member_text_waiting(const char *id, const char *name)
{
    return json_pack("{s:s, s:s}", "id", id, "name", name);
}

static void add_waiting(const struct lobby_info *info, void *arg)
{
    json_array_append_new(arg, member_text_waiting(info->id, info->name));
}

json_t *member_text_lobby(struct room *room)
{
    json_t *list = json_array();
    if (list)
        lobby_each(room, add_waiting, list);
    return list;
}

/* --- events ----------------------------------------------------------------------------------- */
static json_t *changed(
    const struct room_event *event, const struct participant_info *info, const char *field)
{
    json_t *value = event->type == ROOM_EVENT_ROLE      ? json_string(role_name(info->role))
                    : event->type == ROOM_EVENT_RENAMED ? json_string(info->name)
                                                        : json_boolean(event->on);
    json_t *o =
        json_pack("{s:s, s:s, s:o}", "type", "changed", "participant", info->id, field, value);
    if (o && event->by_other)
        json_object_set_new(o, "by", json_string("moderator"));
    return o;
}

static json_t *of_participant(const struct participant *p, const struct room_event *event)
{
    struct participant_info info;
    participant_info(p, &info);
    switch (event->type) {
    case ROOM_EVENT_JOINED:
        return json_pack("{s:s, s:o}", "type", "joined", "participant", member_text_participant(p));
    case ROOM_EVENT_TALKING:
        return json_pack(
            "{s:s, s:s, s:b}", "type", "talking", "participant", info.id, "on", event->on);
    case ROOM_EVENT_MUTED:
        return changed(event, &info, "muted");
    case ROOM_EVENT_DEAF:
        return changed(event, &info, "deaf");
    case ROOM_EVENT_HAND:
        return changed(event, &info, "hand");
    case ROOM_EVENT_ROLE:
        return changed(event, &info, "role");
    case ROOM_EVENT_RENAMED:
        return changed(event, &info, "name");
    default:
        return NULL;
    }
}

json_t *member_text_event(struct room *room, const struct room_event *event)
{
    if (event->type == ROOM_EVENT_ROOM_CHANGED)
        return json_pack("{s:s, s:o}", "type", "room", "room", member_text_room(room));
    if (event->type == ROOM_EVENT_LEFT)
        return json_pack("{s:s, s:s, s:s}", "type", "left", "participant", event->participant,
            "reason", event->reason);
    const struct participant *p =
        event->participant ? participant_find(room, event->participant) : NULL;
    return p ? of_participant(p, event) : NULL;
}

json_t *member_text_levels(const struct room_level *levels, size_t n)
{
    json_t *o = json_object();
    for (size_t i = 0; o && i < n; i++)
        json_object_set_new(o, levels[i].id, json_integer(levels[i].level));
    return json_pack("{s:s, s:o}", "type", "levels", "levels", o);
}
