#include "mcu/access/actions.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

/* Who may do what, written out by hand. Each letter is a role: viewer, participant, moderator,
 * admin; a dot: not this one. First to oneself, then to others; then what one who waits in the
 * lobby may do to oneself (y). */
static const struct {
    enum action action;
    const char *name, *self, *other, *waiting;
} matrix[] = {
    {ACTION_JOIN, "join", "vpma", "vpma", "n"},
    {ACTION_HEAR, "hear", "vpma", "vpma", "n"},
    {ACTION_SPEAK, "speak", ".pma", ".pma", "n"},
    {ACTION_EVENTS, "events", "vpma", "vpma", "y"},
    {ACTION_PASS_LOBBY, "pass the lobby", "..ma", "..ma", "n"},
    {ACTION_PASS_LOCK, "pass the lock", "..ma", "..ma", "n"},
    {ACTION_PARTICIPANT_SEE, "see a participant", "vpma", "..ma", "n"},
    {ACTION_MUTE, "mute", ".pma", "..ma", "n"},
    {ACTION_UNMUTE, "unmute", ".pma", "...a", "n"},
    {ACTION_ASK_UNMUTE, "ask to unmute", "..ma", "..ma", "n"},
    {ACTION_HAND_RAISE, "raise a hand", ".pma", "....", "n"},
    {ACTION_HAND_LOWER, "lower a hand", ".pma", "..ma", "n"},
    {ACTION_ROLE, "give a role", "..ma", "..ma", "n"},
    {ACTION_RENAME, "rename", "vpma", "....", "y"},
    {ACTION_DEAFEN, "deafen", "vpma", "..ma", "n"},
    {ACTION_GAIN, "set gain", "..ma", "..ma", "n"},
    {ACTION_REMOVE, "leave, kick", "vpma", "..ma", "y"},
    {ACTION_DIAL, "dial", "...a", "...a", "n"},
    {ACTION_REOFFER, "re-offer", "...a", "...a", "n"},
    {ACTION_ROOM_SEE, "see a room", "..ma", "..ma", "n"},
    {ACTION_PARTICIPANTS_SEE, "see who is in", "..ma", "..ma", "n"},
    {ACTION_LOCK, "lock", "..ma", "..ma", "n"},
    {ACTION_LOBBY, "set the lobby", "..ma", "..ma", "n"},
    {ACTION_PIN, "set the PIN", "..ma", "..ma", "n"},
    {ACTION_LOBBY_SEE, "see who waits", "..ma", "..ma", "n"},
    {ACTION_ADMIT, "admit", "..ma", "..ma", "n"},
    {ACTION_LINK, "make links", "..ma", "..ma", "n"},
    {ACTION_ROOM_CLOSE, "end the meeting", "..ma", "..ma", "n"},
    {ACTION_ROOM_SETTINGS, "set a room", "...a", "...a", "n"},
    {ACTION_PLAY, "play", "...a", "...a", "n"},
    {ACTION_DEVICE_JOIN, "bring a device", "...a", "...a", "n"},
    {ACTION_ROOM_CREATE, "make a room", "...a", "...a", "n"},
    {ACTION_ROOMS_SEE, "see all rooms", "...a", "...a", "n"},
    {ACTION_EVENTS_ALL, "see all events", "...a", "...a", "n"},
    {ACTION_METRICS, "see metrics", "...a", "...a", "n"},
};

static const struct {
    enum role role;
    char letter;
} roles[] = {{ROLE_VIEWER, 'v'}, {ROLE_PARTICIPANT, 'p'}, {ROLE_MODERATOR, 'm'}, {ROLE_ADMIN, 'a'}};

/* In the room "demo". */
static struct grant grant_of(enum role role, enum grant_kind kind)
{
    struct grant g = {.role = role, .kind = role == ROLE_ADMIN ? GRANT_ADMIN : kind};
    g.admitted = true;
    strcpy(g.room, role == ROLE_ADMIN ? "*" : "demo");
    return g;
}

static const char *room_of(enum action action)
{
    return action >= ACTION_ROOM_CREATE ? NULL : "demo";
}

Test(actions, every_action_of_every_role)
{
    static const enum grant_kind kinds[] = {
        GRANT_JWT, GRANT_LINK, GRANT_TICKET, GRANT_PIN, GRANT_GUEST};
    cr_assert_eq(N(matrix), ACTIONS, "an action is missing here");
    for (size_t i = 0; i < ACTIONS; i++) {
        cr_assert_eq(matrix[i].action, i);
        for (size_t r = 0; r < N(roles); r++)
            for (size_t k = 0; k < N(kinds); k++) {
                struct grant g = grant_of(roles[r].role, kinds[k]);
                const char *room = room_of(matrix[i].action);
                cr_assert_eq(access_may(&g, matrix[i].action, room, true, NULL),
                    matrix[i].self[r] == roles[r].letter ? 0 : -EACCES, "%s: %c, oneself",
                    matrix[i].name, roles[r].letter);
                cr_assert_eq(access_may(&g, matrix[i].action, room, false, NULL),
                    matrix[i].other[r] == roles[r].letter ? 0 : -EACCES, "%s: %c, others",
                    matrix[i].name, roles[r].letter);
            }
    }
}

Test(actions, nobody_may_anything)
{
    for (int i = 0; i < ACTIONS; i++) {
        struct access_denial why;
        struct grant none = grant_of(ROLE_NONE, GRANT_TICKET);
        cr_assert_eq(access_may(&none, (enum action)i, "demo", true, NULL), -EACCES);
        cr_assert_eq(access_may(NULL, (enum action)i, "demo", true, &why), -EACCES);
        cr_assert_eq(why.status, 401);
        cr_assert_str_eq(why.code, "token_required");
    }
}

Test(actions, other_rooms_are_closed_to_all_but_the_admin)
{
    static const char *const others[] = {"demo2", "dem", "Demo", "", "*"};
    for (size_t i = 0; i < ACTIONS; i++) {
        struct grant moderator = grant_of(ROLE_MODERATOR, GRANT_JWT);
        struct grant admin = grant_of(ROLE_ADMIN, GRANT_ADMIN);
        for (size_t o = 0; o < N(others); o++) {
            struct access_denial why;
            cr_assert_eq(access_may(&moderator, matrix[i].action, others[o], true, &why), -EACCES);
            cr_assert_eq(why.status, 403);
            cr_assert_str_eq(why.code, "wrong_room");
            cr_assert_eq(access_may(&admin, matrix[i].action, others[o], true, NULL), 0);
        }
        cr_assert_eq(access_may(&moderator, matrix[i].action, NULL, true, NULL), -EACCES,
            "%s on the whole server", matrix[i].name);
    }
}

Test(actions, a_star_is_any_room_and_not_the_server)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        struct grant g = grant_of(ROLE_MODERATOR, GRANT_JWT);
        strcpy(g.room, "*");
        cr_assert_eq(access_may(&g, matrix[i].action, "any", false, NULL),
            matrix[i].other[2] == 'm' ? 0 : -EACCES, "%s", matrix[i].name);
        cr_assert_eq(access_may(&g, matrix[i].action, NULL, false, NULL), -EACCES);
    }
}

Test(actions, one_who_waits_may_leave_and_listen_for_the_answer)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        struct access_denial why;
        struct grant g = grant_of(ROLE_MODERATOR, GRANT_TICKET);
        g.admitted = false;
        const char *room = room_of(matrix[i].action);
        int err = access_may(&g, matrix[i].action, room, true, &why);
        cr_assert_eq(err, matrix[i].waiting[0] == 'y' ? 0 : -EACCES, "%s", matrix[i].name);
        if (err && matrix[i].self[2] == 'm')
            cr_assert_str_eq(why.code, "waiting");
        cr_assert_eq(access_may(&g, matrix[i].action, room, false, NULL), -EACCES);
    }
}

Test(actions, the_reason_names_the_role)
{
    struct access_denial why;
    struct grant viewer = grant_of(ROLE_VIEWER, GRANT_LINK);
    struct grant moderator = grant_of(ROLE_MODERATOR, GRANT_TICKET);
    access_may(&viewer, ACTION_LOCK, "demo", false, &why);
    cr_assert_eq(why.status, 403);
    cr_assert_str_eq(why.code, "forbidden");
    cr_assert_str_eq(why.message, "this takes the role moderator; yours is viewer");
    access_may(&moderator, ACTION_UNMUTE, "demo", false, &why);
    cr_assert_str_eq(why.code, "only_self_unmutes");
    access_may(&moderator, ACTION_RENAME, "demo", false, &why);
    cr_assert_str_eq(why.code, "forbidden");
    cr_assert_str_eq(why.message, "only they themselves may do this");
    access_may(&viewer, ACTION_UNMUTE, "demo", true, &why);
    cr_assert_str_eq(why.message, "this takes the role participant; yours is viewer");
}

Test(actions, roles_by_name)
{
    for (int role = ROLE_VIEWER; role <= ROLE_MODERATOR; role++)
        cr_assert_eq((int)role_parse(role_name((enum role)role)), role);
    static const char *const none[] = {"admin", "none", "", "Viewer", "moderators"};
    for (size_t i = 0; i < N(none); i++)
        cr_assert_eq(role_parse(none[i]), ROLE_NONE);
}
