#include "net/sdp/answer.h"
#include "tests/support/meeting.h"
#include "tests/support/webrtc_side.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HANDSHAKE_PATIENCE = 250 }; /* times 20 ms */

static struct peer_config browser(double hz)
{
    return (struct peer_config){
        .codec = &acodec_opus, .tone_hz = hz, .amplitude = hz > 0 ? 8000 : 0, .webrtc = true};
}

static void wait_until_ready(struct meeting *m, unsigned peer)
{
    for (int i = 0; i < HANDSHAKE_PATIENCE && !peer_ready(m->peers[peer]); i++)
        meeting_run_ms(m, 20);
    cr_assert(peer_ready(m->peers[peer]), "peer %u got no keys", peer);
}

static void join_both(
    struct meeting *m, const struct peer_config *talks, const struct peer_config *listens)
{
    meeting_join(m, talks);
    meeting_join(m, listens);
    wait_until_ready(m, 0);
    wait_until_ready(m, 1);
}

static void expect_heard(struct meeting *m, unsigned peer, double hz, bool expected)
{
    cr_expect(expected ? meeting_hears(m, peer, hz, -16, -9)
                       : meeting_hears(m, peer, hz, -INFINITY, -45));
}

Test(webrtc, browsers_and_a_device_hear_each_other)
{
    static const double hz[] = {440, 880, 1320};
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    for (int i = 0; i < 2; i++) {
        struct peer_config cfg = browser(hz[i]);
        meeting_join(&m, &cfg);
    }
    struct peer_config device = {.codec = &acodec_opus, .tone_hz = hz[2], .amplitude = 8000};
    meeting_join(&m, &device);
    wait_until_ready(&m, 0);
    wait_until_ready(&m, 1);
    meeting_run_ms(&m, 2500);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(peer_stats(m.peers[i])->bad, 0u);
        for (int j = 0; j < 3; j++)
            expect_heard(&m, i, hz[j], i != j);
    }
    struct leg_stats s = meeting_stats(&m, 0);
    cr_expect_str_eq(s.srtp_suite, "AEAD_AES_128_GCM");
    meeting_end(&m);
}

Test(webrtc, a_change_of_address_is_followed)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440), listens = browser(0);
    join_both(&m, &talks, &listens);
    meeting_run_ms(&m, 500);
    peer_move(m.peers[0]);
    peer_move(m.peers[1]);
    meeting_run_ms(&m, 2000);
    expect_heard(&m, 1, 440, true);
    meeting_end(&m);
}

Test(webrtc, ice_restarts_without_new_keys)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440), listens = browser(0);
    join_both(&m, &talks, &listens);
    unsigned answers = webrtc_side_stats(peer_webrtc(m.peers[0]))->answers;
    webrtc_side_restart(peer_webrtc(m.peers[0]));
    cr_assert_eq(meeting_reoffer(&m, 0, "sendrecv", NULL), 0);
    cr_expect_eq(participant_ice_generation(m.participants[0]), 1u);
    meeting_run_ms(&m, 2500);
    cr_expect_gt(webrtc_side_stats(peer_webrtc(m.peers[0]))->answers, answers);
    expect_heard(&m, 1, 440, true);
    meeting_end(&m);
}

Test(webrtc, heavy_loss_is_met_with_redundancy)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440), suffers = browser(0);
    suffers.red = true;
    join_both(&m, &talks, &suffers);
    meeting_run_ms(&m, 500);
    cr_expect_eq(peer_stats(m.peers[1])->redundant, 0u);
    for (int i = 0; i < 20; i++) {
        peer_report_loss(m.peers[1], 77); /* 30 % */
        meeting_run_ms(&m, 100);
    }
    cr_expect_gt(peer_stats(m.peers[1])->redundant, 20u);
    cr_expect_eq(peer_stats(m.peers[1])->bad, 0u);
    expect_heard(&m, 1, 440, true);
    meeting_end(&m);
}

/* A third of the packets is lost, none of them next to another. */
static float concealed_percent(bool repeats)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440);
    talks.red = true;
    talks.repeats = repeats;
    talks.loses_every = 3;
    meeting_join(&m, &talks);
    wait_until_ready(&m, 0);
    meeting_run_ms(&m, 3000);
    float percent = meeting_stats(&m, 0).concealed_percent;
    meeting_end(&m);
    return percent;
}

Test(webrtc, redundancy_of_the_peer_makes_losses_good)
{
    float without = concealed_percent(false), with = concealed_percent(true);
    cr_expect_gt(without, 10);
    /* On a busy machine the peer pauses, and that is concealed too. */
    for (int i = 0; i < 4 && with >= without / 3; i++)
        with = concealed_percent(true);
    cr_expect_lt(with, without / 3);
}

Test(webrtc, arrivals_are_told)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440);
    talks.transport_cc = 3;
    meeting_join(&m, &talks);
    wait_until_ready(&m, 0);
    meeting_run_ms(&m, 1500);
    cr_expect_gt(peer_stats(m.peers[0])->arrivals, 30u);
    cr_expect_eq(peer_stats(m.peers[0])->bad, 0u);
    meeting_end(&m);
}

Test(webrtc, close_notify_is_a_goodbye)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = browser(440);
    meeting_join(&m, &talks);
    wait_until_ready(&m, 0);
    webrtc_side_close(peer_webrtc(m.peers[0]));
    meeting_run_ms(&m, 500);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 1u);
    cr_expect_str_eq(m.last_reason, "bye");
    meeting_end(&m);
}

Test(webrtc, a_kick_says_close_notify)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config listens = browser(0);
    meeting_join(&m, &listens);
    wait_until_ready(&m, 0);
    meeting_run_ms(&m, 200);
    participant_remove(m.participants[0], "kicked");
    meeting_run_ms(&m, 300);
    cr_expect(webrtc_side_stats(peer_webrtc(m.peers[0]))->closed);
    cr_expect_eq(peer_stats(m.peers[0])->byes, 1u);
    meeting_end(&m);
}

/* Each is in another stage of its handshake. */
Test(webrtc, leaving_in_the_middle_of_a_handshake)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    for (unsigned i = 0; i < 20; i++) {
        struct peer_config cfg = browser(0);
        meeting_join(&m, &cfg);
        meeting_run_ms(&m, 20);
        if (i % 2)
            participant_remove(m.participants[i / 2], "kicked");
    }
    meeting_end(&m);
}

Test(webrtc, who_never_comes_is_let_go)
{
    struct meeting m;
    meeting_start(&m);
    m.config.arrival_timeout_s = 1;
    meeting_open(&m);
    struct peer *silent = peer_create(&(struct peer_config){.codec = &acodec_opus, .webrtc = true});
    const char *offer = peer_offer(silent), *why = "";
    const struct participant_wishes wishes = {.name = ""};
    struct participant *p;
    char *answer;
    cr_assert_eq(participant_join(m.room, &wishes, offer, strlen(offer), &p, &answer, &why), 0);
    free(answer);
    for (int i = 0; i < 50 && !m.events[ROOM_EVENT_LEFT]; i++)
        meeting_run_ms(&m, 200);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 1u);
    cr_expect_str_eq(m.last_reason, "timeout");
    peer_destroy(silent);
    meeting_end(&m);
}
