#include "mcu/admission.h"

#include "mcu/access/access.h"
#include "mcu/access/attempts.h"
#include "mcu/config.h"
#include "mcu/lobby.h"
#include "mcu/names.h"
#include "mcu/random.h"
#include "mcu/rooms_internal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

enum { JOIN_WAIT_MS = 30000 }; /* who has entered joins within it, or the place is another's */

enum outcome {
    ALLOWED,
    KICKED,
    REFUSED,
    WRONG_ROOM,
    BAD_NAME,
    LOCKED,
    TOKEN_REQUIRED,
    PIN_REQUIRED,
    PIN_WRONG,
    PIN_LIMITED,
    LOBBY,
    LOBBY_FULL,
    FULL,
    NO_MEMORY,
};
_Static_assert((int)GRANT_ROOM_MAX == ROOM_NAME_MAX, "a room's name is copied into a grant");
_Static_assert((int)GRANT_NAME_MAX == PARTICIPANT_NAME_MAX, "and so is a person's");

static const struct room_refusal refusals[] = {
    [KICKED] = {403, "kicked", "a moderator has put you out of this meeting", 0},
    [REFUSED] = {403, "refused", "a moderator has not let you in", 0},
    [WRONG_ROOM] = {403, "wrong_room", "the token is for another room", 0},
    [BAD_NAME] = {422, "bad_name", "a name is at most 64 bytes of UTF-8, no control characters", 0},
    [LOCKED] = {423, "locked", "the meeting is locked", 0},
    [TOKEN_REQUIRED] = {401, "token_required", "this server lets nobody in without a token", 0},
    [PIN_REQUIRED] = {401, "pin_required", "the meeting has a PIN; send it", 0},
    [PIN_WRONG] = {403, "wrong_pin", "that is not the meeting's PIN", 0},
    [PIN_LIMITED] = {429, "too_many_attempts", "too many wrong PINs; wait and try again", 0},
    [LOBBY] = {403, "waiting", "a moderator has to let you in; enter and wait there", 0},
    [LOBBY_FULL] = {503, "lobby_full", "too many are waiting already; try again later", 10000},
    [FULL] = {409, "room_full", "the room is full", 0},
    [NO_MEMORY] = {503, "out_of_memory", "try again later", 0},
};

/* --- who comes -------------------------------------------------------------------------------- */
/* Those of before the server's start are believed: it cannot know of which meeting they are. */
static bool of_an_earlier_meeting(const struct room *room, const struct grant *g)
{
    bool of_a_meeting = g->kind == GRANT_TICKET || (g->kind == GRANT_LINK && g->of_meeting);
    return of_a_meeting && g->issued >= room->rooms->started_unix && g->issued < room->since_unix;
}

static enum role guest_role(const struct room *room)
{
    return (enum role)room->rooms->cfg->guest_role;
}

/* What was given in an earlier meeting is worth no more than nothing. */
static void forget_standing(const struct room *room, struct grant *g)
{
    if (g->via == GRANT_LINK)
        *g->user = '\0'; /* which all its guests share */
    g->kind = g->via = GRANT_GUEST;
    g->admitted = false;
    if (g->role > guest_role(room))
        g->role = guest_role(room);
}

static int identify(struct room *room, const struct grant *brought, struct grant *g)
{
    *g = brought ? *brought : (struct grant){.kind = GRANT_GUEST, .via = GRANT_GUEST};
    if (!brought)
        g->role = guest_role(room);
    if (g->kind == GRANT_ADMIN) { /* in a room there is nobody above a moderator */
        g->kind = g->via = GRANT_JWT;
        g->role = ROLE_MODERATOR;
    }
    if (of_an_earlier_meeting(room, g))
        forget_standing(room, g);
    memcpy(g->room, room->name, sizeof(g->room));
    int err = *g->sub ? 0 : random_id(g->sub, GRANT_SUB_LEN);
    if (!*g->user)
        memcpy(g->user, g->sub, sizeof(g->sub));
    return err;
}

static bool holds_for(const struct grant *g, const struct room *room)
{
    return !g || g->kind == GRANT_ADMIN || !strcmp(g->room, "*") || !strcmp(g->room, room->name);
}

/* The link of one who was kicked is closed to newcomers, not to those who came by it before. */
static const char *shared_key(const struct grant *g)
{
    return g->via == GRANT_LINK && g->kind != GRANT_LINK ? "" : g->user;
}

/* What the room remembers of them: of the id, else of the user. */
static struct visitor recall(const struct room *room, const struct grant *g)
{
    struct visitor sum = {.role = ROLE_NONE};
    const char *keys[] = {g->sub, shared_key(g)};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct visitor *v = *keys[i] ? visitors_find(&room->visitors, keys[i]) : NULL;
        if (!v)
            continue;
        sum.kicked |= v->kicked;
        sum.refused |= v->refused;
        sum.admitted |= v->admitted;
        if (!sum.role)
            sum.role = v->role;
    }
    return sum;
}

/* --- the PIN ---------------------------------------------------------------------------------- */
static bool pin_matches(const struct room *room, const char *pin)
{
    char given[ROOM_PIN_MAX + 1] = "", real[ROOM_PIN_MAX + 1] = "";
    if (strlen(pin) > ROOM_PIN_MAX)
        return false;
    strcpy(given, pin);
    strcpy(real, room->settings.pin);
    return !CRYPTO_memcmp(given, real, sizeof(real));
}

static enum outcome check_pin(
    struct room *room, const struct room_visit *visit, const struct grant *g, uint32_t *wait_ms)
{
    bool counted = visit->attempts && visit->address;
    if (!*room->settings.pin || access_skips_pin(g))
        return ALLOWED;
    if (!visit->pin || !*visit->pin)
        return PIN_REQUIRED;
    if (counted)
        *wait_ms = attempts_wait_ms(visit->attempts, visit->address, room->name, room_now_ms(room));
    if (*wait_ms)
        return PIN_LIMITED;
    if (pin_matches(room, visit->pin))
        return ALLOWED;
    if (counted)
        attempts_failed(visit->attempts, visit->address, room->name, room_now_ms(room));
    return PIN_WRONG;
}

/* --- the door --------------------------------------------------------------------------------- */
/* Who comes first to a room that a join made, and says no more of themselves than others, has it.
 * Not one with a ticket: the server was started anew, and the moderator will be back as well. */
static bool becomes_moderator(
    const struct room *room, const struct room_visit *visit, const struct grant *g)
{
    return room->settings.first_moderates && !room->moderated && !visit->listens_only &&
           g->kind == GRANT_GUEST && g->role == ROLE_PARTICIPANT;
}

static bool has_place(const struct room *room, const struct grant *g)
{
    return room->n_participants < room->settings.max_participants ||
           participant_find((struct room *)room, g->sub);
}

static enum outcome check(struct room *room, const struct room_visit *visit, struct grant *g,
    bool *waiting, uint32_t *wait_ms)
{
    struct visitor known = recall(room, g);
    bool returns = g->kind == GRANT_TICKET && (g->admitted || known.admitted);
    if (known.kicked || known.refused)
        return known.kicked ? KICKED : REFUSED;
    if (known.role)
        g->role = known.role;
    if (becomes_moderator(room, visit, g))
        g->role = ROLE_MODERATOR;
    if (room->settings.locked && g->role < ROLE_MODERATOR && !returns)
        return LOCKED;
    if (g->role == ROLE_NONE)
        return TOKEN_REQUIRED;
    enum outcome pin = returns ? ALLOWED : check_pin(room, visit, g, wait_ms);
    if (pin)
        return pin;
    *waiting = room->settings.lobby && g->role < ROLE_MODERATOR && !returns && !known.admitted;
    if (*waiting)
        return visit->can_wait ? ALLOWED : LOBBY;
    return has_place(room, g) ? ALLOWED : FULL;
}

static enum outcome let_in(struct room *room, const struct grant *g, bool waiting)
{
    if (waiting) {
        int err = lobby_knock(room, g);
        return !err ? ALLOWED : err == -ENOSPC ? LOBBY_FULL : NO_MEMORY;
    }
    uint64_t until_ms = room_now_ms(room) + JOIN_WAIT_MS;
    room->kept_until_ms = until_ms;
    bool one_is_due = room->settings.first_moderates && g->kind == GRANT_TICKET;
    if ((g->role == ROLE_MODERATOR || one_is_due) && !room->moderated) {
        room->moderated = true;
        room->awaits_until_ms = until_ms;
        bool as_first = g->via == GRANT_GUEST && g->role > guest_role(room);
        strcpy(room->awaited, as_first ? g->sub : "");
    }
    return ALLOWED;
}

/* Who is there and comes again is called as they are now. */
static bool choose_name(struct room *room, const struct room_visit *visit, struct grant *g)
{
    const struct participant *before = participant_find(room, g->sub);
    if (before)
        strcpy(g->name, before->name);
    if (visit->name && *visit->name && !names_clean(visit->name, g->name))
        return false;
    char name[PARTICIPANT_NAME_MAX + 1];
    if (!names_clean(g->name, name) || !*name)
        strcpy(name, NAMES_DEFAULT);
    strcpy(g->name, name);
    return true;
}

static enum outcome admit(struct room *room, const struct room_visit *visit,
    struct room_admission *out, uint32_t *wait_ms)
{
    struct grant g;
    bool waiting = false;
    if (!holds_for(visit->grant, room))
        return WRONG_ROOM;
    if (identify(room, visit->grant, &g))
        return NO_MEMORY;
    if (!choose_name(room, visit, &g))
        return BAD_NAME;
    enum outcome outcome = check(room, visit, &g, &waiting, wait_ms);
    if (!outcome) {
        g.admitted = !waiting;
        if (visit->listens_only)
            g.role = ROLE_VIEWER;
        outcome = let_in(room, &g, waiting);
    }
    if (!outcome)
        *out = (struct room_admission){.grant = g, .waiting = waiting};
    return outcome;
}

int room_admit(struct room *room, const struct room_visit *visit, struct room_admission *out,
    struct room_refusal *why)
{
    uint32_t wait_ms = 0;
    enum outcome outcome = admit(room, visit, out, &wait_ms);
    if (!outcome)
        return 0;
    *why = refusals[outcome];
    if (wait_ms)
        why->wait_ms = wait_ms;
    return outcome == NO_MEMORY ? -ENOMEM : -EACCES;
}

/* --- those who are in ------------------------------------------------------------------------- */
void room_standing(struct room *room, const struct grant *g, struct grant *out)
{
    *out = *g;
    if (g->kind == GRANT_ADMIN || !holds_for(g, room))
        return;
    struct visitor known = recall(room, g);
    const struct participant *p = *g->sub ? participant_find(room, g->sub) : NULL;
    if (known.role)
        out->role = known.role;
    if (p)
        out->role = p->role;
    if (known.admitted || p)
        out->admitted = true;
    if (g->kind == GRANT_TICKET && lobby_find(room, g->sub))
        out->admitted = false;
    if (known.kicked || known.refused || of_an_earlier_meeting(room, g))
        out->role = ROLE_NONE;
}

const char *room_shut_out(const struct room *room, const struct grant *g)
{
    struct visitor known = recall(room, g);
    return known.kicked ? "kicked" : known.refused ? "refused" : NULL;
}
