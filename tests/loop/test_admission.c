/* The door of a room: who is let in, who waits, who is sent away. */

#include "mcu/access/access.h"
#include "mcu/access/attempts.h"
#include "mcu/admission.h"
#include "mcu/lobby.h"
#include "mcu/moderation.h"
#include "mcu/rooms_internal.h"
#include "tests/support/meeting.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct in6_addr somewhere = {.s6_addr = {0x20, 1}};

static struct grant grant_of(enum grant_kind kind, enum role role, bool admitted)
{
    struct grant g = {
        .role = role, .kind = kind, .via = kind, .room = "test", .admitted = admitted};
    strcpy(g.user, "user");
    if (kind == GRANT_TICKET) {
        g.via = GRANT_GUEST;
        strcpy(g.sub, "ticketticketticke");
        g.sub[GRANT_SUB_LEN] = '\0';
        strcpy(g.user, g.sub);
    }
    return g;
}

/* "in", "waits" or the code of the refusal. */
static const char *knock_with(
    struct meeting *m, const struct room_visit *visit, struct room_admission *out)
{
    struct room_refusal why;
    int err = room_admit(m->room, visit, out, &why);
    cr_assert(!err || why.status >= 400);
    return err ? why.code : out->waiting ? "waits" : "in";
}

static const char *knock(struct meeting *m, const struct grant *g, const char *pin)
{
    struct room_admission out;
    return knock_with(m, &(struct room_visit){.grant = g, .pin = pin, .can_wait = true}, &out);
}

static void set(struct meeting *m, bool locked, bool lobby, const char *pin)
{
    struct room_info info;
    room_info(m->room, &info);
    info.settings.locked = locked;
    info.settings.lobby = lobby;
    strcpy(info.settings.pin, pin);
    cr_assert_eq(room_configure(m->room, &info.settings), 0);
}

/* Every kind of visitor at every kind of door. */
Test(admission, the_door)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    const struct grant jwt = grant_of(GRANT_JWT, ROLE_PARTICIPANT, false),
                       jwt_moderator = grant_of(GRANT_JWT, ROLE_MODERATOR, false),
                       link = grant_of(GRANT_LINK, ROLE_VIEWER, false),
                       ticket = grant_of(GRANT_TICKET, ROLE_PARTICIPANT, true),
                       unadmitted = grant_of(GRANT_TICKET, ROLE_PARTICIPANT, false),
                       admin = {.kind = GRANT_ADMIN, .role = ROLE_ADMIN, .room = "*"};
    struct grant foreign = grant_of(GRANT_JWT, ROLE_MODERATOR, false),
                 any = grant_of(GRANT_JWT, ROLE_PARTICIPANT, false);
    strcpy(foreign.room, "tes");
    strcpy(any.room, "*");
    const struct {
        const char *who;
        const struct grant *grant;
        const char *pin, *open, *locked, *lobby, *with_pin, *all;
    } rows[] = {
        {"guest", NULL, NULL, "in", "locked", "waits", "pin_required", "locked"},
        {"guest, right PIN", NULL, "1234", "in", "locked", "waits", "in", "locked"},
        {"guest, wrong PIN", NULL, "1235", "in", "locked", "waits", "wrong_pin", "locked"},
        {"guest, longer PIN", NULL, "12345", "in", "locked", "waits", "wrong_pin", "locked"},
        {"guest, endless PIN", NULL, "12341234123412341234", "in", "locked", "waits", "wrong_pin",
            "locked"},
        {"JWT", &jwt, NULL, "in", "locked", "waits", "in", "locked"},
        {"JWT, any room", &any, NULL, "in", "locked", "waits", "in", "locked"},
        {"JWT, moderator", &jwt_moderator, NULL, "in", "in", "in", "in", "in"},
        {"JWT, other room", &foreign, NULL, "wrong_room", "wrong_room", "wrong_room", "wrong_room",
            "wrong_room"},
        {"link", &link, NULL, "in", "locked", "waits", "in", "locked"},
        {"ticket", &ticket, NULL, "in", "in", "in", "in", "in"},
        {"ticket of one who waits", &unadmitted, NULL, "in", "locked", "waits", "in", "locked"},
        {"admin", &admin, NULL, "in", "in", "in", "in", "in"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct {
            bool locked, lobby;
            const char *pin, *expected;
        } doors[] = {
            {false, false, "", rows[i].open},
            {true, false, "", rows[i].locked},
            {false, true, "", rows[i].lobby},
            {false, false, "1234", rows[i].with_pin},
            {true, true, "1234", rows[i].all},
        };
        for (size_t d = 0; d < sizeof doors / sizeof *doors; d++) {
            set(&m, doors[d].locked, doors[d].lobby, doors[d].pin);
            const char *got = knock(&m, rows[i].grant, rows[i].pin);
            cr_expect_str_eq(got, doors[d].expected, "%s at door %zu: %s", rows[i].who, d, got);
            lobby_clear(m.room);
        }
    }
    meeting_end(&m);
}

Test(admission, guests_are_what_the_configuration_says)
{
    static const struct {
        enum role guest;
        const char *outcome;
    } cases[] = {{ROLE_NONE, "token_required"}, {ROLE_VIEWER, "in"}, {ROLE_PARTICIPANT, "in"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct meeting m;
        struct room_admission out;
        meeting_start(&m);
        m.config.guest_role = cases[i].guest;
        meeting_open(&m);
        const struct room_visit guest = {.name = "\u202e Anna ", .can_wait = true};
        cr_assert_str_eq(knock_with(&m, &guest, &out), cases[i].outcome);
        if (cases[i].guest) {
            cr_assert_eq(out.grant.role, cases[i].guest);
            cr_assert_str_eq(out.grant.name, "Anna");
            cr_assert_eq(strlen(out.grant.sub), (size_t)PARTICIPANT_ID_LEN);
            cr_assert_str_eq(out.grant.user, out.grant.sub);
        }
        meeting_end(&m);
    }
}

Test(admission, names)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    struct grant jwt = grant_of(GRANT_JWT, ROLE_PARTICIPANT, false);
    strcpy(jwt.name, "Bert\u200b");
    knock_with(&m, &(struct room_visit){.grant = &jwt}, &out);
    cr_assert_str_eq(out.grant.name, "Bert");
    knock_with(&m, &(struct room_visit){.grant = &jwt, .name = "B."}, &out);
    cr_assert_str_eq(out.grant.name, "B.");
    struct grant ticket = grant_of(GRANT_TICKET, ROLE_PARTICIPANT, true);
    strcpy(ticket.name, "Anna");
    m.as = &ticket;
    moderation_rename(
        m.participants[meeting_join(&m, &(struct peer_config){.codec = &acodec_pcma})], "Anna M.");
    knock_with(&m, &(struct room_visit){.grant = &ticket}, &out);
    cr_assert_str_eq(out.grant.name, "Anna M.", "whatever the ticket says");
    knock_with(&m, &(struct room_visit){.name = "\u2060"}, &out);
    cr_assert_str_eq(out.grant.name, "Guest");
    cr_assert_str_eq(knock_with(&m, &(struct room_visit){.name = "a\nb"}, &out), "bad_name");
    meeting_end(&m);
}

Test(admission, a_full_room)
{
    struct meeting m;
    struct room_admission out;
    struct room_info info;
    meeting_start(&m);
    meeting_open(&m);
    room_info(m.room, &info);
    info.settings.max_participants = 1;
    cr_assert_eq(room_configure(m.room, &info.settings), 0);
    struct grant ticket = grant_of(GRANT_TICKET, ROLE_PARTICIPANT, true);
    m.as = &ticket;
    meeting_join(&m, &(struct peer_config){.codec = &acodec_pcma});
    cr_expect_str_eq(knock(&m, NULL, NULL), "room_full");
    cr_expect_str_eq(knock(&m, &ticket, NULL), "in", "who is there may come again");
    cr_expect_str_eq(
        knock_with(&m, &(struct room_visit){.grant = &ticket, .listens_only = true}, &out), "in");
    cr_expect_eq(out.grant.role, ROLE_VIEWER);
    meeting_end(&m);
}

Test(admission, pins_are_guessed_slowly)
{
    struct meeting m;
    struct attempts *attempts;
    struct room_admission out;
    struct room_refusal why;
    meeting_start(&m);
    meeting_open(&m);
    cr_assert_eq(attempts_create(&attempts), 0);
    set(&m, false, false, "1234");
    struct room_visit visit = {.pin = "0000", .attempts = attempts, .address = &somewhere};
    unsigned wrong = 0;
    for (int i = 0; i < 20; i++)
        wrong += !strcmp(knock_with(&m, &visit, &out), "wrong_pin");
    cr_expect_eq(wrong, 5u);
    visit.pin = "1234";
    cr_assert_eq(room_admit(m.room, &visit, &out, &why), -EACCES);
    cr_expect_eq(why.status, 429, "nor does the right one tell anything now");
    cr_expect_gt(why.wait_ms, 0u);
    visit.pin = NULL;
    cr_expect_str_eq(knock_with(&m, &visit, &out), "pin_required", "to be asked costs nothing");
    static const struct in6_addr elsewhere = {.s6_addr = {0x20, 2}};
    visit = (struct room_visit){.pin = "1234", .attempts = attempts, .address = &elsewhere};
    cr_expect_str_eq(knock_with(&m, &visit, &out), "in");
    attempts_destroy(attempts);
    meeting_end(&m);
}

Test(admission, the_first_moderates_where_a_join_made_the_room)
{
    struct meeting m;
    struct room_admission first, second;
    meeting_start(&m);
    meeting_open(&m);
    struct room_info info;
    room_info(m.room, &info);
    info.settings.first_moderates = true;
    cr_assert_eq(room_configure(m.room, &info.settings), 0);
    struct grant link = grant_of(GRANT_LINK, ROLE_PARTICIPANT, false);
    struct room_admission out;
    knock_with(&m, &(struct room_visit){.grant = &link}, &out);
    cr_expect_eq(out.grant.role, ROLE_PARTICIPANT, "whom a link names is what it says");
    knock_with(&m, &(struct room_visit){.listens_only = true}, &out);
    cr_expect_eq(out.grant.role, ROLE_VIEWER);
    knock_with(&m, &(struct room_visit){.name = "first"}, &first);
    knock_with(&m, &(struct room_visit){.name = "second"}, &second);
    cr_expect_eq(first.grant.role, ROLE_MODERATOR);
    cr_expect_eq(second.grant.role, ROLE_PARTICIPANT);
    /* The first never joins; the second does, and after a while has the room. */
    m.as = &second.grant;
    meeting_join(&m, &(struct peer_config){.codec = &acodec_pcma});
    m.room->awaits_until_ms = 1;
    meeting_run_ms(&m, 1300);
    cr_expect(meeting_seen(&m, ROOM_EVENT_ROLE, second.grant.sub));
    cr_expect_eq(m.participants[0]->role, ROLE_MODERATOR);
    struct grant late = first.grant, standing;
    late.kind = GRANT_TICKET;
    late.issued = m.room->since_unix;
    room_standing(m.room, &late, &standing);
    cr_expect_eq(
        standing.role, ROLE_PARTICIPANT, "nor has anybody else, whatever their ticket says");
    knock_with(&m, &(struct room_visit){.grant = &late}, &out);
    cr_expect_eq(out.grant.role, ROLE_PARTICIPANT);
    meeting_end(&m);
}

Test(admission, the_moderator_is_waited_for_when_the_server_was_started_anew)
{
    struct meeting m;
    struct room_admission one, two;
    struct room_info info;
    meeting_start(&m);
    meeting_open(&m);
    room_info(m.room, &info);
    info.settings.first_moderates = true;
    cr_assert_eq(room_configure(m.room, &info.settings), 0);
    struct grant ticket = grant_of(GRANT_TICKET, ROLE_PARTICIPANT, true);
    knock_with(&m, &(struct room_visit){.grant = &ticket}, &one);
    knock_with(&m, &(struct room_visit){.name = "new"}, &two);
    cr_expect_eq(one.grant.role, ROLE_PARTICIPANT);
    cr_expect_eq(two.grant.role, ROLE_PARTICIPANT);
    m.as = &two.grant;
    meeting_join(&m, &(struct peer_config){.codec = &acodec_pcma});
    m.as = &one.grant;
    meeting_join(&m, &(struct peer_config){.codec = &acodec_pcma});
    m.room->awaits_until_ms = 1;
    meeting_run_ms(&m, 1300);
    cr_expect_eq(m.participants[0]->role, ROLE_MODERATOR, "not for ever");
    meeting_end(&m);
}

Test(admission, a_ticket_of_an_earlier_meeting_is_worth_none)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    struct grant ticket = grant_of(GRANT_TICKET, ROLE_MODERATOR, true), standing;
    ticket.issued = m.room->since_unix;
    set(&m, false, false, "1234");
    cr_expect_str_eq(knock(&m, &ticket, NULL), "in");
    room_standing(m.room, &ticket, &standing);
    cr_expect_eq(standing.role, ROLE_MODERATOR);
    m.room->since_unix += 10; /* the room has been closed and made anew since */
    cr_expect_str_eq(knock(&m, &ticket, NULL), "pin_required");
    room_standing(m.room, &ticket, &standing);
    cr_expect_eq(standing.role, ROLE_NONE);
    knock_with(&m, &(struct room_visit){.grant = &ticket, .pin = "1234"}, &out);
    cr_expect_eq(out.grant.role, ROLE_PARTICIPANT);
    cr_expect_str_eq(out.grant.sub, ticket.sub);
    ticket.issued = m.rooms->started_unix - 1;
    cr_expect_str_eq(knock(&m, &ticket, NULL), "in", "the server was started anew since");
    meeting_end(&m);
}

/* The meeting goes on when all have dropped out and come again; one that never was does not. */
Test(admission, a_room_that_nobody_joined_was_no_meeting)
{
    struct meeting m;
    struct room_settings settings;
    struct room *room;
    meeting_start(&m);
    meeting_open(&m);
    rooms_defaults(m.rooms, &settings);
    settings.transient = true;
    for (int met = 0; met < 2; met++) {
        cr_assert_eq(room_create(m.rooms, "brief", &settings, &room), 0);
        room->since_unix = 5;
        room->met = met;
        room_close(room);
        cr_assert_eq(room_create(m.rooms, "brief", &settings, &room), 0);
        cr_expect_eq(room->since_unix == 5, met);
        room_close(room);
    }
    meeting_end(&m);
}

Test(admission, a_link_made_with_a_ticket_is_good_for_its_meeting)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    struct grant link = grant_of(GRANT_LINK, ROLE_MODERATOR, true), ticket = link;
    link.issued = ticket.issued = m.room->since_unix;
    ticket.kind = GRANT_TICKET;
    strcpy(ticket.sub, "0123456789abcdef");
    set(&m, true, true, "1234");
    link.of_meeting = true;
    cr_expect_str_eq(knock(&m, &link, NULL), "in");
    m.room->since_unix += 10;
    cr_expect_str_eq(knock(&m, &link, NULL), "locked");
    set(&m, false, false, "1234");
    cr_expect_str_eq(knock(&m, &link, NULL), "pin_required");
    knock_with(&m, &(struct room_visit){.grant = &link, .pin = "1234"}, &out);
    cr_expect_eq(out.grant.role, ROLE_PARTICIPANT);
    cr_expect_str_eq(out.grant.user, out.grant.sub, "who is kicked now is kicked alone");
    knock_with(&m, &(struct room_visit){.grant = &ticket, .pin = "1234"}, &out);
    cr_expect_str_eq(out.grant.user, ticket.sub, "nor does a ticket by such a link share more");
    link.of_meeting = false;
    cr_expect_str_eq(knock(&m, &link, NULL), "in", "the admin's holds as long as it says");
    meeting_end(&m);
}

/* --- the lobby -------------------------------------------------------------------------------- */
Test(lobby, admit_and_refuse)
{
    struct meeting m;
    struct room_admission one, two;
    meeting_start(&m);
    meeting_open(&m);
    set(&m, false, true, "");
    cr_assert_str_eq(
        knock_with(&m, &(struct room_visit){.name = "one", .can_wait = true}, &one), "waits");
    knock_with(&m, &(struct room_visit){.name = "two", .can_wait = true}, &two);
    cr_expect_not(one.grant.admitted);
    cr_expect_str_eq(lobby_find(m.room, one.grant.sub)->name, "one");
    cr_expect_eq(lobby_admit(m.room, "nobody"), -ENOENT);
    cr_expect_eq(lobby_admit(m.room, one.grant.sub), 0);
    cr_expect_eq(lobby_admit(m.room, one.grant.sub), -ENOENT, "once");
    cr_expect_eq(lobby_refuse(m.room, two.grant.sub), 0);
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_WAITING_GONE, one.grant.sub)->reason, "admitted");
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_WAITING_GONE, two.grant.sub)->reason, "refused");
    one.grant.kind = two.grant.kind = GRANT_TICKET; /* the tickets they got */
    cr_expect_str_eq(knock(&m, &one.grant, NULL), "in");
    cr_expect_str_eq(knock(&m, &two.grant, NULL), "refused");
    set(&m, true, true, "1234");
    cr_expect_str_eq(knock(&m, &one.grant, NULL), "in", "and past lock and PIN");
    meeting_end(&m);
}

Test(lobby, a_device_does_not_wait_in_it)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    set(&m, false, true, "");
    cr_expect_str_eq(knock_with(&m, &(struct room_visit){.name = "x"}, &out), "waiting");
    cr_expect_eq(m.room->n_waiting, 0u);
    meeting_end(&m);
}

Test(lobby, is_bounded_and_empties_by_itself)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    set(&m, false, true, "");
    for (int i = 0; i < 1000; i++) {
        cr_expect_str_eq(knock_with(&m, &(struct room_visit){.can_wait = true}, &out), "waits");
        cr_expect_leq(m.room->n_waiting, (unsigned)LOBBY_MAX);
    }
    cr_expect_str_eq(lobby_find(m.room, out.grant.sub)->sub, out.grant.sub, "the latest is there");
    struct knock *one;
    TAILQ_FOREACH(one, &m.room->lobby, entry)
    lobby_hold(m.room, one->grant.sub);
    cr_expect_str_eq(knock(&m, NULL, NULL), "lobby_full", "nobody is driven out who listens");
    TAILQ_FOREACH(one, &m.room->lobby, entry)
    lobby_release(m.room, one->grant.sub);
    struct knock *k, *held = TAILQ_FIRST(&m.room->lobby);
    cr_assert(lobby_hold(m.room, held->grant.sub));
    TAILQ_FOREACH(k, &m.room->lobby, entry)
    k->until_ms = 0;
    meeting_run_ms(&m, 1300);
    cr_expect_eq(m.room->n_waiting, 1u, "who holds a socket waits on");
    lobby_release(m.room, held->grant.sub);
    cr_expect(lobby_find(m.room, held->grant.sub), "and a while beyond");
    held->until_ms = 0;
    meeting_run_ms(&m, 1300);
    cr_expect_eq(m.room->n_waiting, 0u);
    meeting_end(&m);
}

Test(lobby, opening_the_door_lets_all_in)
{
    struct meeting m;
    struct room_admission one;
    meeting_start(&m);
    meeting_open(&m);
    set(&m, false, true, "");
    knock_with(&m, &(struct room_visit){.can_wait = true}, &one);
    set(&m, false, false, "");
    cr_expect_eq(m.room->n_waiting, 0u);
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_WAITING_GONE, one.grant.sub)->reason, "admitted");
    cr_expect_eq(m.events[ROOM_EVENT_ROOM_CHANGED], 2u);
    meeting_end(&m);
}

Test(lobby, a_user_with_a_token_is_let_in_once)
{
    struct meeting m;
    struct room_admission out;
    meeting_start(&m);
    meeting_open(&m);
    set(&m, false, true, "");
    struct grant jwt = grant_of(GRANT_JWT, ROLE_PARTICIPANT, false),
                 link = grant_of(GRANT_LINK, ROLE_PARTICIPANT, false);
    strcpy(link.user, "link");
    knock_with(&m, &(struct room_visit){.grant = &jwt, .can_wait = true}, &out);
    lobby_admit(m.room, out.grant.sub);
    cr_expect_str_eq(knock(&m, &jwt, NULL), "in", "the same user without the ticket");
    knock_with(&m, &(struct room_visit){.grant = &link, .can_wait = true}, &out);
    lobby_admit(m.room, out.grant.sub);
    cr_expect_str_eq(knock(&m, &link, NULL), "waits", "another guest of the link");
    meeting_end(&m);
}
