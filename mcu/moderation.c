#include "mcu/moderation.h"

#include "mcu/log.h"
#include "mcu/rooms_internal.h"

#include <errno.h>
#include <string.h>

static void tell(const struct participant *p, enum room_event_type type, bool on, bool by_other)
{
    room_emit(p->room,
        &(struct room_event){.type = type, .participant = p->id, .on = on, .by_other = by_other});
}

int moderation_hand(struct participant *p, bool up, bool by_other)
{
    if (p->role == ROLE_VIEWER)
        return -EPERM;
    if (p->hand == up)
        return 0;
    p->hand = up;
    tell(p, ROOM_EVENT_HAND, up, by_other);
    return 0;
}

/* --- roles ------------------------------------------------------------------------------------ */
static unsigned moderators(const struct room *room)
{
    unsigned n = 0;
    const struct participant *p;
    TAILQ_FOREACH(p, &room->participants, entry)
    n += p->role == ROLE_MODERATOR;
    return n;
}

static void give_role(struct participant *p, enum role role, bool by_other)
{
    struct visitor *v = visitors_note(&p->room->visitors, p->id);
    if (v) /* else it holds until they leave */
        v->role = role;
    if (role == ROLE_VIEWER)
        moderation_hand(p, false, true);
    p->role = role;
    participant_apply_muteness(p);
    if (role == ROLE_MODERATOR)
        p->room->moderated = true;
    tell(p, ROOM_EVENT_ROLE, false, by_other);
}

int moderation_role(struct participant *p, enum role role, bool by_other)
{
    if (role < ROLE_VIEWER || role > ROLE_MODERATOR)
        return -EINVAL;
    if (role == ROLE_MODERATOR && p->kind != PARTICIPANT_BROWSER)
        return -EPERM;
    if (p->role == ROLE_MODERATOR && role < p->role && !by_other && moderators(p->room) == 1)
        return -EPERM;
    if (p->role != role)
        give_role(p, role, by_other);
    return 0;
}

void moderation_someone(struct room *room)
{
    struct participant *p;
    if (!room->settings.first_moderates || room->closing || moderators(room))
        return;
    TAILQ_FOREACH(p, &room->participants, entry)
    if (p->role == ROLE_PARTICIPANT && p->kind == PARTICIPANT_BROWSER) {
        give_role(p, ROLE_MODERATOR, true);
        return;
    }
    room->moderated = false; /* whoever comes next */
}

/* Whoever enters first and stays away has a ticket that says moderator, but is none. */
static void demote_awaited(struct room *room)
{
    struct visitor *v = *room->awaited ? visitors_note(&room->visitors, room->awaited) : NULL;
    if (v && !v->role)
        v->role = ROLE_PARTICIPANT;
    room->awaited[0] = '\0';
}

void moderation_sweep(struct room *room, uint64_t now_ms)
{
    if (!room->awaits_until_ms || now_ms < room->awaits_until_ms)
        return;
    room->awaits_until_ms = 0;
    demote_awaited(room);
    moderation_someone(room);
}

/* --- names, questions ------------------------------------------------------------------------- */
void moderation_rename(struct participant *p, const char *name)
{
    if (strcmp(p->name, name) == 0)
        return;
    strncpy(p->name, name, PARTICIPANT_NAME_MAX);
    tell(p, ROOM_EVENT_RENAMED, false, false);
}

void moderation_ask_unmute(struct participant *p)
{
    tell(p, ROOM_EVENT_ASK_UNMUTE, false, true);
}

/* --- kicks ------------------------------------------------------------------------------------ */
static void refuse_from_now_on(struct room *room, const char *key)
{
    struct visitor *v = *key ? visitors_note(&room->visitors, key) : NULL;
    if (v)
        v->kicked = true;
}

/* Two tabs, or two machines, of one whose token names them. */
static void kick_others_of(struct room *room, const char *user)
{
    struct participant *p, *next;
    lobby_kick(room, user);
    for (p = TAILQ_FIRST(&room->participants); p; p = next) {
        next = TAILQ_NEXT(p, entry);
        if (strcmp(p->user, user) == 0) {
            refuse_from_now_on(room, p->id);
            participant_remove(p, "kicked");
        }
    }
}

void moderation_kick(struct participant *p)
{
    struct room *room = p->room;
    char user[GRANT_USER_LEN + 1];
    bool same_person = p->via == GRANT_JWT;
    memcpy(user, p->user, sizeof(user));
    if (*user)
        refuse_from_now_on(room, p->id);
    refuse_from_now_on(room, user);
    participant_remove(p, "kicked"); /* and with the last one, perhaps the room */
    if (same_person && !room->closing)
        kick_others_of(room, user);
}
