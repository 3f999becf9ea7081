#include "net/udp.h"
#include "tests/support/meeting.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct peer_config talker(const struct acodec *codec, double hz)
{
    return (struct peer_config){.codec = codec, .tone_hz = hz, .amplitude = 8000};
}

static void three_hear_each_other(const struct acodec *codec, enum sdes_suite suite)
{
    static const double hz[] = {440, 880, 1320};
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    for (int i = 0; i < 3; i++) {
        struct peer_config cfg = talker(codec, hz[i]);
        cfg.suite = suite;
        cfg.rtcp_mux = i == 1;
        meeting_join(&m, &cfg);
    }
    meeting_run_ms(&m, 2500);
    for (int i = 0; i < 3; i++) {
        const struct peer_stats *s = peer_stats(m.peers[i]);
        cr_expect_eq(s->bad, 0u);
        for (int j = 0; j < 3; j++)
            if (i == j)
                cr_expect(meeting_hears(&m, i, hz[j], -INFINITY, -45), "peer %d hears itself", i);
            else
                cr_expect(meeting_hears(&m, i, hz[j], -16, -9), "peer %d hears %d", i, j);
        cr_expect_eq(s->timestamp_gaps, 0u);
    }
    meeting_end(&m);
}

Test(rooms, mix_minus_opus)
{
    three_hear_each_other(&acodec_opus, SDES_NONE);
}

Test(rooms, mix_minus_g722)
{
    three_hear_each_other(&acodec_g722, SDES_NONE);
}

Test(rooms, mix_minus_pcma_gcm)
{
    three_hear_each_other(&acodec_pcma, SDES_AEAD_AES_128_GCM);
}

Test(rooms, mix_minus_l16_aes_cm)
{
    three_hear_each_other(&acodec_l16_16000, SDES_AES_CM_128_HMAC_SHA1_80);
}

Test(rooms, listeners_share_an_encoder_and_a_talker_has_their_own)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = talker(&acodec_opus, 440), listens = {.codec = &acodec_opus};
    meeting_join(&m, &talks);
    for (int i = 0; i < 3; i++)
        meeting_join(&m, &listens);
    meeting_run_ms(&m, 1000);
    struct leg_stats t = meeting_stats(&m, 0), l = meeting_stats(&m, 2);
    cr_expect(t.own_encoder && t.talking && t.speaking);
    cr_expect(!l.own_encoder && !l.talking);
    cr_expect_eq(l.group_size, 3u);
    cr_expect_gt(l.packets_out, 30u);
    cr_expect_eq(m.events[ROOM_EVENT_TALKING], 1u);
    meeting_end(&m);
}

Test(rooms, mute_is_not_heard_and_kick_sends_bye)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = talker(&acodec_pcmu, 440), listens = {.codec = &acodec_pcmu};
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    participant_mute(m.participants[0], true, false);
    meeting_run_ms(&m, 1500);
    cr_expect(meeting_hears(&m, 1, 440, -INFINITY, -60));
    participant_mute(m.participants[0], false, false);
    meeting_run_ms(&m, 1500);
    cr_expect(meeting_hears(&m, 1, 440, -16, 0));
    cr_expect_eq(m.events[ROOM_EVENT_MUTED], 2u);
    participant_remove(m.participants[0], "kicked");
    m.sends[0] = false;
    meeting_run_ms(&m, 200);
    cr_expect_eq(peer_stats(m.peers[0])->byes, 1u);
    cr_expect_str_eq(m.last_reason, "kicked");
    meeting_end(&m);
}

Test(rooms, keys_in_and_out)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config cfg = {.codec = &acodec_pcma, .event = true};
    meeting_join(&m, &cfg);
    /* "5": three packets while it is down, the end three times; the first is lost */
    static const uint8_t steps[][2] = {{0x0a, 2}, {0x0a, 3}, {0x8a, 4}, {0x8a, 4}, {0x8a, 4}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        uint8_t pkt[16] = {
            0x80, 101, 0, (uint8_t)i, 0, 0, 0, 77, 0, 0, 0, 9, 5, steps[i][0], steps[i][1], 0x40};
        peer_send_raw(m.peers[0], pkt, sizeof(pkt), false);
    }
    meeting_run_ms(&m, 500);
    cr_expect_str_eq(m.digits, "5");
    cr_expect_eq(participant_dial(m.participants[0], "1x"), -EINVAL);
    cr_expect_eq(participant_dial(m.participants[0], "1#"), 0);
    meeting_run_ms(&m, 1500);
    const struct peer_stats *s = peer_stats(m.peers[0]);
    cr_expect_gt(s->events, 8u);
    cr_expect_eq(s->event_payloads[0][0], 1);
    cr_expect_eq(s->event_payloads[s->events - 1][0], 11);
    cr_expect(s->event_payloads[s->events - 1][1] & 0x80, "the end is marked");
    meeting_end(&m);
}

Test(rooms, a_stranger_is_neither_heard_nor_served)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = talker(&acodec_pcmu, 440), listens = {.codec = &acodec_pcmu};
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    /* From another IP, with a good payload type, to the listener's port. */
    struct net_addr local, to = peer_server(m.peers[1]);
    cr_assert_eq(net_addr_parse(&local, "127.0.0.2", 0), 0);
    int fd = udp_bind(&local, NULL);
    cr_assert_geq(fd, 0);
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(&to, &sa);
    uint8_t pkt[172] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad};
    for (int i = 0; i < 50; i++) {
        pkt[3] = (uint8_t)i;
        sendto(fd, pkt, sizeof(pkt), 0, (struct sockaddr *)&sa, len);
        meeting_run_ms(&m, 20);
    }
    uint8_t got;
    cr_expect_lt(recv(fd, &got, 1, MSG_DONTWAIT), 0, "the stranger was sent something");
    struct leg_stats s = meeting_stats(&m, 1);
    cr_expect_eq(s.packets_in, 0u);
    cr_expect_geq(s.packets_dropped, 50u);
    close(fd);
    meeting_end(&m);
}

Test(rooms, ports_come_back)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    unsigned before = rooms_ports_free(m.rooms);
    struct peer_config cfg = {.codec = &acodec_pcma};
    for (int i = 0; i < 20; i++)
        meeting_join(&m, &cfg);
    cr_expect_eq(rooms_ports_free(m.rooms), before - 40);
    for (int i = 0; i < 20; i++)
        participant_remove(m.participants[i], "kicked");
    meeting_run_ms(&m, 200);
    cr_expect_eq(rooms_ports_free(m.rooms), before);
    meeting_end(&m);
}

Test(rooms, rtcp_mux_of_a_refused_line_is_none)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    unsigned before = rooms_ports_free(m.rooms);
    static const char offer[] =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 0\r\nm=video 40002 RTP/AVP 96\r\na=rtcp-mux\r\n";
    static const struct participant_wishes wishes = {.name = ""};
    struct participant *p;
    char *answer;
    const char *why;
    cr_assert_eq(participant_join(m.room, &wishes, offer, sizeof(offer) - 1, &p, &answer, &why), 0);
    cr_expect_eq(rooms_ports_free(m.rooms), before - 2);
    free(answer);
    meeting_end(&m);
}

Test(rooms, a_listener_whose_machine_refuses_our_packets_has_left, .timeout = 60)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config listens = {.codec = &acodec_pcma, .direction = "recvonly"};
    meeting_join(&m, &listens);
    meeting_join(&m, &listens);
    peer_vanish(m.peers[0]);
    for (int i = 0; i < 40 && !m.events[ROOM_EVENT_LEFT]; i++)
        meeting_run_ms(&m, 500);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 1u);
    cr_expect_str_eq(m.last_reason, "refused");
    struct room_info info;
    room_info(m.room, &info);
    cr_expect_eq(info.participants, 1u, "who listens in silence stays");
    meeting_end(&m);
}

Test(rooms, sums_forget_who_spoke_in_a_room_that_is_gone)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct media_totals sums;
    struct peer_config talks = talker(&acodec_pcma, 440);
    meeting_join(&m, &talks);
    meeting_join(&m, &talks);
    meeting_run_ms(&m, 2500);
    rooms_totals(m.rooms, &sums);
    cr_expect_eq(sums.speakers, 2u);
    room_close(m.room);
    meeting_run_ms(&m, 2500);
    rooms_totals(m.rooms, &sums);
    cr_expect_eq(sums.legs + sums.groups + sums.speakers, 0u);
    cr_expect_gt(sums.packets_in, 200u);
    meeting_end(&m);
}

Test(rooms, nobody_can_make_us_talk_to_ourselves)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct participant *p;
    char *answer, offer[256];
    const char *why;
    static const struct participant_wishes wishes = {.name = ""};
    static const unsigned ports[] = {20000, 25001, 29999};
    for (int i = 0; i < 3; i++) {
        int n = snprintf(offer, sizeof(offer),
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            "m=audio %u RTP/AVP 0\r\n",
            ports[i]);
        cr_expect_eq(
            participant_join(m.room, &wishes, offer, (size_t)n, &p, &answer, &why), -EACCES);
    }
    meeting_end(&m);
}

Test(rooms, reported_loss_turns_on_fec_for_that_listener_alone)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config cfg = {.codec = &acodec_opus, .attributes = "a=fmtp:96 useinbandfec=1\r\n"};
    struct peer_config talks = talker(&acodec_opus, 440);
    meeting_join(&m, &talks);
    meeting_join(&m, &cfg);
    meeting_join(&m, &cfg);
    meeting_run_ms(&m, 500);
    cr_expect(!meeting_stats(&m, 1).fec);
    for (int i = 0; i < 3; i++) {
        peer_report_loss(m.peers[1], 40); /* 16 % */
        meeting_run_ms(&m, 200);
    }
    struct leg_stats lossy = meeting_stats(&m, 1), clean = meeting_stats(&m, 2);
    cr_expect(lossy.fec);
    cr_expect_float_eq(lossy.remote_loss_percent, 15.6, 0.1);
    cr_expect(!clean.fec);
    cr_expect_eq(lossy.group_size, 1u, "the two are encoded for apart");
    meeting_run_ms(&m, 1000);
    cr_expect(meeting_hears(&m, 1, 440, -20, 0));
    cr_expect_eq(peer_stats(m.peers[1])->timestamp_gaps, 0u);
    meeting_end(&m);
}

Test(rooms, packets_are_as_long_as_agreed_from_the_first_on)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = talker(&acodec_opus, 440), listens = {.codec = &acodec_opus};
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    listens.attributes = "a=ptime:60\r\n";
    meeting_join(&m, &listens);
    meeting_run_ms(&m, 1000);
    unsigned often = peer_stats(m.peers[1])->packets, seldom = peer_stats(m.peers[2])->packets;
    cr_expect_gt(seldom, 5u);
    cr_expect_lt(seldom * 2, often, "%u of 60 ms, %u of 20 ms", seldom, often);
    meeting_end(&m);
}

Test(rooms, nothing_is_encoded_for_who_only_sends)
{
    struct meeting m;
    meeting_start(&m);
    meeting_open(&m);
    struct peer_config talks = talker(&acodec_opus, 440), listens = {.codec = &acodec_opus};
    talks.direction = "sendonly";
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    meeting_run_ms(&m, 1500);
    cr_expect(!meeting_stats(&m, 0).own_encoder);
    cr_expect(meeting_hears(&m, 1, 440, -20, 0));
    cr_expect_eq(peer_stats(m.peers[0])->packets, 0u);
    meeting_end(&m);
}
