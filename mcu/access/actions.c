#include "mcu/access/actions.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOBODY = ROLES, V = ROLE_VIEWER, P = ROLE_PARTICIPANT, M = ROLE_MODERATOR, A = ROLE_ADMIN };

/* The least role that may do it: to oneself, to others (or where there is no other: to the room or
 * the server, in both columns). */
static const struct rule {
    unsigned char self, other;
    bool waiting; /* also while one waits in the lobby, on oneself */
} rules[ACTIONS] = {
    [ACTION_JOIN] = {V, V, false},
    [ACTION_HEAR] = {V, V, false},
    [ACTION_SPEAK] = {P, P, false},
    [ACTION_EVENTS] = {V, V, true},
    [ACTION_PASS_LOBBY] = {M, M, false},
    [ACTION_PASS_LOCK] = {M, M, false},

    [ACTION_PARTICIPANT_SEE] = {V, M, false},
    [ACTION_MUTE] = {P, M, false},
    [ACTION_UNMUTE] = {P, A, false},
    [ACTION_ASK_UNMUTE] = {M, M, false},
    [ACTION_HAND_RAISE] = {P, NOBODY, false},
    [ACTION_HAND_LOWER] = {P, M, false},
    [ACTION_ROLE] = {M, M, false},
    [ACTION_RENAME] = {V, NOBODY, true},
    [ACTION_DEAFEN] = {V, M, false},
    [ACTION_GAIN] = {M, M, false},
    [ACTION_REMOVE] = {V, M, true},
    [ACTION_DIAL] = {A, A, false},
    [ACTION_REOFFER] = {A, A, false},

    [ACTION_ROOM_SEE] = {M, M, false},
    [ACTION_PARTICIPANTS_SEE] = {M, M, false},
    [ACTION_LOCK] = {M, M, false},
    [ACTION_LOBBY] = {M, M, false},
    [ACTION_PIN] = {M, M, false},
    [ACTION_LOBBY_SEE] = {M, M, false},
    [ACTION_ADMIT] = {M, M, false},
    [ACTION_LINK] = {M, M, false},
    [ACTION_ROOM_CLOSE] = {M, M, false},
    [ACTION_ROOM_SETTINGS] = {A, A, false},
    [ACTION_PLAY] = {A, A, false},
    [ACTION_DEVICE_JOIN] = {A, A, false},

    [ACTION_ROOM_CREATE] = {A, A, false},
    [ACTION_ROOMS_SEE] = {A, A, false},
    [ACTION_EVENTS_ALL] = {A, A, false},
    [ACTION_METRICS] = {A, A, false},
};

__attribute__((format(printf, 4, 5))) static int deny(
    struct access_denial *why, int status, const char *code, const char *format, ...)
{
    va_list args;
    if (why) {
        why->status = status;
        why->code = code;
        va_start(args, format);
        vsnprintf(why->message, sizeof(why->message), format, args);
        va_end(args);
    }
    return -EACCES;
}

static int deny_role(
    struct access_denial *why, enum action action, const struct grant *g, unsigned least)
{
    if (action == ACTION_UNMUTE && least == A)
        return deny(why, 403, "only_self_unmutes",
            "nobody is unmuted by another; ask them with \"ask_unmute\"");
    if (least == NOBODY)
        return deny(why, 403, "forbidden", "only they themselves may do this");
    return deny(why, 403, "forbidden", "this takes the role %s; yours is %s",
        role_name((enum role)least), role_name(g->role));
}

static bool covers(const struct grant *g, const char *room)
{
    return g->kind == GRANT_ADMIN || (room && (!strcmp(g->room, "*") || !strcmp(g->room, room)));
}

int access_may(const struct grant *g, enum action action, const char *room, bool on_self,
    struct access_denial *why)
{
    const struct rule *rule = &rules[action];
    if (!g)
        return deny(why, 401, "token_required", "send 'Authorization: Bearer TOKEN'");
    unsigned least = on_self ? rule->self : rule->other;
    if (room && !covers(g, room))
        return deny(why, 403, "wrong_room", "the bearer token is for another room");
    if (g->role < least || !covers(g, room))
        return deny_role(why, action, g, least);
    if (g->kind == GRANT_TICKET && !g->admitted && !(rule->waiting && on_self))
        return deny(why, 403, "waiting", "wait until a moderator lets you in");
    return 0;
}
