#include "tests/support/meeting.h"

#include <criterion/criterion.h>

/* Compounds that have broken other servers: from the peer itself, with good keys where there are
 * keys, so that they reach the parser. */

#define RR 0x80, 201, 0, 1, 0, 0, 0x10, 1

static const struct {
    const char *what;
    uint8_t bytes[40];
    size_t len;
} hostile[] = {
    {"BYE whose reason passes its end", {RR, 0x81, 203, 0, 2, 0, 0, 0x10, 1, 255, 'x'}, 20},
    {"BYE of 31 sources in one word", {RR, 0x9f, 203, 0, 0}, 12},
    {"BYE of somebody else", {RR, 0x81, 203, 0, 1, 0xde, 0xad, 0xbe, 0xef}, 16},
    {"length past the end", {0x80, 201, 0xff, 0xff, 0, 0, 0x10, 1}, 8},
    {"RR with 31 blocks in none", {0x9f, 201, 0, 1, 0, 0, 0x10, 1}, 8},
    {"SR too short", {0x80, 200, 0, 1, 0, 0, 0x10, 1}, 8},
    {"header alone", {0x80, 201, 0, 0}, 4},
    {"three bytes", {0x80, 201, 0}, 3},
    {"SDES item that passes its end", {RR, 0x81, 202, 0, 2, 0, 0, 0x10, 1, 1, 200, 'c', 0}, 20},
    {"XR block of 65535 words", {RR, 0x80, 207, 0, 2, 0, 0, 0x10, 1, 7, 0, 0xff, 0xff}, 20},
    {"XR VoIP block of no words", {RR, 0x80, 207, 0, 2, 0, 0, 0x10, 1, 7, 0, 0, 0}, 20},
    {"RPSI whose padding is longer than it",
        {RR, 0x83, 206, 0, 3, 0, 0, 0x10, 1, 0, 0, 0, 1, 255, 96, 0, 0}, 24},
    {"REMB of 2^63 times 2^17",
        {RR, 0x8f, 206, 0, 5, 0, 0, 0x10, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0xff, 0xff, 0xff, 0,
            0, 0, 1},
        32},
    {"REMB of nothing",
        {RR, 0x8f, 206, 0, 5, 0, 0, 0x10, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0, 0, 0, 0, 0, 0,
            1},
        32},
    {"padding longer than the packet", {0xa0, 201, 0, 1, 0, 0, 0x10, 255}, 8},
    {"version 1", {0x40, 201, 0, 1, 0, 0, 0x10, 1}, 8},
};
enum { HOSTILE = sizeof(hostile) / sizeof(hostile[0]), FLOOD = 300 };

static void attack(enum sdes_suite suite, bool mux)
{
    struct meeting m;
    struct peer_config cfg = {
        .codec = &acodec_pcma, .tone_hz = 500, .amplitude = 8000, .suite = suite, .rtcp_mux = mux};
    meeting_start(&m);
    meeting_open(&m);
    meeting_join(&m, &cfg);
    cfg.tone_hz = 900;
    meeting_join(&m, &cfg);
    meeting_run_ms(&m, 600);
    for (int i = 0; i < HOSTILE; i++)
        peer_send_rtcp(m.peers[0], hostile[i].bytes, hostile[i].len, 1);
    meeting_run_ms(&m, 200);
    peer_send_rtcp(m.peers[0], (const uint8_t[]){RR}, 8, FLOOD); /* a replay, under SRTP */
    meeting_run_ms(&m, 1000);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 0u, "nobody was thrown out");
    cr_expect(meeting_hears(&m, 0, 900, -16, 0));
    cr_expect(meeting_hears(&m, 1, 500, -16, 0));
    struct leg_stats s = meeting_stats(&m, 0);
    cr_expect_geq(s.packets_dropped, 3u, "what is no compound at all");
    if (suite != SDES_NONE)
        cr_expect_geq(s.packets_dropped, FLOOD - 1u, "the replays are dropped");
    peer_send_rtcp(
        m.peers[0], (const uint8_t[]){RR, 0x81, 203, 0, 1, 0, 0, 0, 0}, 16, 1); /* BYE of nobody */
    meeting_run_ms(&m, 100);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 0u);
    meeting_end(&m);
}

Test(rtcp_attacks, plain)
{
    attack(SDES_NONE, false);
}

Test(rtcp_attacks, plain_on_the_rtp_port)
{
    attack(SDES_NONE, true);
}

Test(rtcp_attacks, encrypted_with_the_right_keys)
{
    attack(SDES_AEAD_AES_128_GCM, false);
}

Test(rtcp_attacks, encrypted_on_the_rtp_port)
{
    attack(SDES_AES_CM_128_HMAC_SHA1_80, true);
}
