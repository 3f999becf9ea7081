/* What people in a room do to each other. */

#include "mcu/admission.h"
#include "mcu/lobby.h"
#include "mcu/moderation.h"
#include "mcu/rooms_internal.h"
#include "tests/support/meeting.h"
#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct grant person(const char *name, enum role role)
{
    struct grant g = {
        .role = role, .kind = GRANT_TICKET, .via = GRANT_GUEST, .room = "test", .admitted = true};
    snprintf(g.sub, sizeof(g.sub), "%.*s", GRANT_SUB_LEN, name);
    for (size_t i = strlen(g.sub); i < GRANT_SUB_LEN; i++)
        g.sub[i] = '2';
    strcpy(g.user, g.sub);
    strcpy(g.name, name);
    return g;
}

static struct participant *join(struct meeting *m, const struct grant *g, double hz)
{
    m->as = g;
    unsigned i =
        meeting_join(m, &(struct peer_config){
                            .codec = &acodec_pcma, .tone_hz = hz, .amplitude = hz > 0 ? 8000 : 0});
    return m->participants[i];
}

static const char *knock(struct meeting *m, const struct grant *g)
{
    struct room_admission out;
    struct room_refusal why;
    return room_admit(m->room, &(struct room_visit){.grant = g, .can_wait = true}, &out, &why)
               ? why.code
           : out.waiting ? "waits"
                         : "in";
}

/* Of the last half second that the second peer heard. */
static double tone_db(const struct meeting *m)
{
    size_t n;
    const int16_t *pcm = peer_heard(m->peers[1], &n);
    cr_assert_gt(n, 8000u);
    return tone_dbfs(pcm + n - 4000, 4000, 8000, 440);
}

/* Until the tone is there, or gone; a busy machine takes its time. */
static bool becomes(struct meeting *m, bool heard)
{
    for (int i = 0; i < 20; i++) {
        meeting_run_ms(m, 500);
        if (heard ? tone_db(m) > -20 : tone_db(m) < -60)
            return true;
    }
    return false;
}

Test(moderation, a_viewer_is_never_heard, .timeout = 60)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct grant v = person("viewer", ROLE_VIEWER), l = person("listener", ROLE_PARTICIPANT);
    struct participant *viewer = join(&m, &v, 440);
    join(&m, &l, 0);
    meeting_run_ms(&m, 1500);
    cr_expect_lt(tone_db(&m), -60);
    cr_assert_eq(meeting_reoffer(&m, 0, "sendrecv", &acodec_pcmu), 0);
    participant_mute(viewer, false, false);
    meeting_run_ms(&m, 1000);
    cr_expect_lt(tone_db(&m), -60, "nor after a re-offer");
    cr_expect_eq(m.events[ROOM_EVENT_TALKING], 0u);
    cr_expect_eq(moderation_hand(viewer, true, false), -EPERM);
    cr_assert_eq(moderation_role(viewer, ROLE_PARTICIPANT, true), 0);
    cr_expect(becomes(&m, true), "a participant is heard");
    cr_assert_eq(moderation_role(viewer, ROLE_VIEWER, true), 0);
    cr_expect(becomes(&m, false));
    meeting_end(&m);
}

Test(moderation, hands_and_names)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct grant g = person("anna", ROLE_PARTICIPANT);
    struct participant *p = join(&m, &g, 0);
    struct participant_info info;
    cr_assert_eq(moderation_hand(p, true, false), 0);
    cr_assert_eq(moderation_hand(p, true, false), 0);
    cr_expect_eq(m.events[ROOM_EVENT_HAND], 1u, "told once");
    cr_expect(meeting_seen(&m, ROOM_EVENT_HAND, p->id)->on);
    moderation_hand(p, false, true);
    cr_expect(meeting_seen(&m, ROOM_EVENT_HAND, p->id)->by_other);
    moderation_hand(p, true, false);
    moderation_role(p, ROLE_VIEWER, true);
    participant_info(p, &info);
    cr_expect_not(info.hand, "a viewer has no hand");
    moderation_rename(p, "Anna M.");
    moderation_rename(p, "Anna M.");
    cr_expect_eq(m.events[ROOM_EVENT_RENAMED], 1u);
    participant_info(p, &info);
    cr_expect_str_eq(info.name, "Anna M.");
    moderation_ask_unmute(p);
    cr_expect(meeting_seen(&m, ROOM_EVENT_ASK_UNMUTE, p->id));
    meeting_end(&m);
}

Test(moderation, roles)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct grant a = person("anna", ROLE_MODERATOR), b = person("bert", ROLE_PARTICIPANT), standing;
    struct participant *anna = join(&m, &a, 0), *bert = join(&m, &b, 0),
                       *device = join(&m, NULL, 0);
    cr_expect_eq(moderation_role(anna, ROLE_PARTICIPANT, false), -EPERM, "the last one");
    cr_expect_eq(moderation_role(device, ROLE_MODERATOR, true), -EPERM);
    cr_expect_eq(moderation_role(bert, ROLE_ADMIN, true), -EINVAL);
    cr_expect_eq(moderation_role(bert, ROLE_MODERATOR, true), 0);
    cr_expect_eq(moderation_role(anna, ROLE_PARTICIPANT, false), 0);
    room_standing(m.room, &a, &standing);
    cr_expect_eq(standing.role, ROLE_PARTICIPANT, "whatever the ticket says");
    room_standing(m.room, &b, &standing);
    cr_expect_eq(standing.role, ROLE_MODERATOR);
    participant_remove(anna, "left");
    room_standing(m.room, &a, &standing);
    cr_expect_eq(standing.role, ROLE_PARTICIPANT, "also while away");
    struct room_admission again;
    struct room_refusal why;
    cr_assert_eq(room_admit(m.room, &(struct room_visit){.grant = &a}, &again, &why), 0);
    cr_expect_eq(again.grant.role, ROLE_PARTICIPANT, "and on return");
    meeting_end(&m);
}

Test(moderation, someone_moderates_when_the_last_moderator_leaves)
{
    struct meeting m;
    struct room_info info;
    meeting_start(&m);
    meeting_open(&m);
    room_info(m.room, &info);
    info.settings.first_moderates = true;
    cr_assert_eq(room_configure(m.room, &info.settings), 0);
    struct grant v = person("viewer", ROLE_VIEWER), a = person("anna", ROLE_MODERATOR),
                 b = person("bert", ROLE_PARTICIPANT), c = person("clara", ROLE_PARTICIPANT);
    struct participant *device = join(&m, NULL, 0);
    join(&m, &v, 0);
    struct participant *anna = join(&m, &a, 0), *bert = join(&m, &b, 0);
    join(&m, &c, 0);
    participant_remove(anna, "left");
    cr_expect_eq(bert->role, ROLE_MODERATOR, "who is there the longest, neither device nor viewer");
    cr_expect_eq(device->role, ROLE_PARTICIPANT);
    cr_expect_eq(m.events[ROOM_EVENT_ROLE], 1u);
    room_info(m.room, &info);
    info.settings.first_moderates = false;
    room_configure(m.room, &info.settings);
    participant_remove(bert, "left");
    cr_expect_eq(m.events[ROOM_EVENT_ROLE], 1u, "elsewhere roles are given");
    meeting_end(&m);
}

Test(moderation, who_comes_again_takes_their_place)
{
    struct meeting m;
    struct room_info info;
    meeting_start(&m);
    meeting_open(&m);
    room_info(m.room, &info);
    info.settings.transient = info.settings.first_moderates = true;
    info.settings.max_participants = 1;
    cr_assert_eq(room_configure(m.room, &info.settings), 0);
    struct grant a = person("anna", ROLE_MODERATOR);
    struct participant *before = join(&m, &a, 0);
    participant_mute(before, true, true);
    moderation_hand(before, true, false);
    struct participant *after = join(&m, &a, 0);
    cr_expect_neq(after, before);
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_LEFT, after->id)->reason, "replaced");
    cr_expect(after->muted && after->hand && after->role == ROLE_MODERATOR);
    cr_expect_eq(participant_find(m.room, a.sub), after);
    room_info(m.room, &info);
    cr_expect_eq(info.participants, 1u);
    cr_expect_eq(m.events[ROOM_EVENT_ROOM_CLOSED], 0u);
    meeting_run_ms(&m, 200);
    cr_expect_eq(peer_stats(m.peers[0])->byes, 1u);
    cr_expect_eq(peer_stats(m.peers[1])->byes, 0u);
    meeting_end(&m);
}

Test(moderation, a_kick_holds)
{
    struct meeting m;
    struct grant standing;
    meeting_start(&m);
    meeting_open(&m);
    struct grant guest = person("guest", ROLE_PARTICIPANT), linked = person("linked", ROLE_VIEWER),
                 other = person("other", ROLE_VIEWER),
                 link = {.kind = GRANT_LINK,
                     .via = GRANT_LINK,
                     .role = ROLE_VIEWER,
                     .room = "test",
                     .user = "link"};
    linked.via = other.via = GRANT_LINK;
    strcpy(linked.user, "link");
    strcpy(other.user, "link");
    moderation_kick(join(&m, &guest, 0));
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_LEFT, guest.sub)->reason, "kicked");
    cr_expect_str_eq(knock(&m, &guest), "kicked");
    room_standing(m.room, &guest, &standing);
    cr_expect_eq(standing.role, ROLE_NONE);
    struct participant *stays = join(&m, &other, 0);
    moderation_kick(join(&m, &linked, 0));
    cr_expect_str_eq(knock(&m, &linked), "kicked");
    cr_expect_str_eq(knock(&m, &link), "kicked", "the link, too");
    cr_expect_str_eq(knock(&m, &other), "in", "but not who came by it before");
    cr_expect_eq(participant_find(m.room, other.sub), stays);
    moderation_kick(join(&m, NULL, 0)); /* a device: nothing to remember */
    cr_expect_str_eq(knock(&m, NULL), "in");
    meeting_end(&m);
}

Test(moderation, a_kick_reaches_all_of_one_who_is_known)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct grant laptop = person("laptop", ROLE_PARTICIPANT),
                 phone = person("phone", ROLE_PARTICIPANT),
                 waits = person("waits", ROLE_PARTICIPANT),
                 jwt = {.kind = GRANT_JWT,
                     .via = GRANT_JWT,
                     .role = ROLE_PARTICIPANT,
                     .room = "test",
                     .user = "anna"};
    laptop.via = phone.via = waits.via = GRANT_JWT;
    waits.admitted = false;
    strcpy(laptop.user, "anna");
    strcpy(phone.user, "anna");
    strcpy(waits.user, "anna");
    struct participant *one = join(&m, &laptop, 0);
    join(&m, &phone, 0);
    cr_assert_eq(lobby_knock(m.room, &waits), 0);
    moderation_kick(one);
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_LEFT, phone.sub)->reason, "kicked");
    cr_expect_str_eq(meeting_seen(&m, ROOM_EVENT_WAITING_GONE, waits.sub)->reason, "kicked");
    cr_expect_str_eq(knock(&m, &jwt), "kicked");
    cr_expect_str_eq(knock(&m, &phone), "kicked");
    struct room_info info;
    room_info(m.room, &info);
    cr_expect_eq(info.participants + info.waiting, 0u);
    meeting_end(&m);
}

static void keep(const struct room_level *levels, size_t n, void *arg)
{
    struct room_level *out = arg;
    if (n)
        *out = levels[0];
    out->id[PARTICIPANT_ID_LEN] = (char)n; /* borrowed for the count */
}

Test(moderation, levels_are_of_those_who_sound, .timeout = 60)
{
    struct meeting m;
    struct room_level level = {.level = 255};
    meeting_start(&m);
    meeting_open(&m);
    struct grant a = person("anna", ROLE_PARTICIPANT), b = person("bert", ROLE_PARTICIPANT);
    join(&m, &a, 440);
    join(&m, &b, 0);
    cr_expect_not(room_talking(m.room));
    for (int i = 0; i < 100 && (!room_talking(m.room) || level.id[PARTICIPANT_ID_LEN] != 1); i++) {
        cr_assert_eq(room_levels(m.room, keep, &level), 0);
        meeting_run_ms(&m, 100);
    }
    cr_expect(room_talking(m.room));
    cr_expect_eq(level.id[PARTICIPANT_ID_LEN], 1);
    cr_expect_eq(memcmp(level.id, a.sub, GRANT_SUB_LEN), 0);
    cr_expect(level.level > 5 && level.level < 40, "%u", level.level);
    meeting_end(&m);
}
