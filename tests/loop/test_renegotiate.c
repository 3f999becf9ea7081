#include "tests/support/meeting.h"

#include <criterion/criterion.h>
#include <errno.h>

/* Of the last 400 ms. */
static double hears(struct meeting *m, unsigned peer, const struct acodec *codec, double hz)
{
    size_t n, piece = codec->pcm_rate_hz * 4 / 10;
    const int16_t *pcm = peer_heard(m->peers[peer], &n);
    cr_assert_geq(n, piece);
    return tone_dbfs(pcm + n - piece, piece, codec->pcm_rate_hz, hz);
}

static void open_with_talker_and_listener(struct meeting *m, enum sdes_suite suite)
{
    meeting_start(m);
    meeting_open(m);
    struct peer_config cfg = {
        .codec = &acodec_pcma, .tone_hz = 500, .amplitude = 8000, .suite = suite};
    meeting_join(m, &cfg);
    cfg.amplitude = 0;
    meeting_join(m, &cfg);
    meeting_run_ms(m, 800);
    cr_assert_gt(hears(m, 1, &acodec_pcma, 500), -20);
}

Test(renegotiate, hold_stops_what_is_sent_and_resume_brings_it_back)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_NONE);
    cr_assert_eq(meeting_reoffer(&m, 1, "sendonly", NULL), 0);
    meeting_run_ms(&m, 200);
    unsigned packets = peer_stats(m.peers[1])->packets;
    meeting_run_ms(&m, 400);
    cr_expect_eq(peer_stats(m.peers[1])->packets, packets);
    struct participant_info info;
    participant_info(m.participants[1], &info);
    cr_expect(info.held);
    cr_assert_eq(meeting_reoffer(&m, 1, "sendrecv", NULL), 0);
    meeting_run_ms(&m, 800);
    cr_expect_gt(peer_stats(m.peers[1])->packets, packets + 20);
    cr_expect_gt(hears(&m, 1, &acodec_pcma, 500), -20);
    meeting_end(&m);
}

Test(renegotiate, codecs_change_on_both_sides)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_NONE);
    cr_assert_eq(meeting_reoffer(&m, 1, "sendrecv", &acodec_opus), 0);
    meeting_run_ms(&m, 1000);
    cr_expect_gt(hears(&m, 1, &acodec_opus, 500), -20);
    cr_assert_eq(meeting_reoffer(&m, 0, "sendrecv", &acodec_g722), 0);
    meeting_run_ms(&m, 1000);
    cr_expect_gt(hears(&m, 1, &acodec_opus, 500), -20);
    meeting_end(&m);
}

Test(renegotiate, srtp_goes_on_under_the_same_keys)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_AEAD_AES_256_GCM);
    cr_assert_eq(meeting_reoffer(&m, 1, "inactive", NULL), 0);
    meeting_run_ms(&m, 200);
    cr_assert_eq(meeting_reoffer(&m, 1, "sendrecv", NULL), 0);
    meeting_run_ms(&m, 800);
    cr_expect_gt(hears(&m, 1, &acodec_pcma, 500), -20);
    cr_expect_eq(peer_stats(m.peers[1])->bad, 0u);
    meeting_end(&m);
}

Test(renegotiate, a_bad_offer_changes_nothing)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_NONE);
    char *answer;
    const char *why;
    cr_expect_eq(participant_reoffer(m.participants[1], "v=0\r\nx", 6, &answer, &why), -EINVAL);
    static const char video[] = "v=0\r\no=- 1 9 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                                "t=0 0\r\nm=video 4000 RTP/AVP 96\r\n";
    cr_expect_lt(
        participant_reoffer(m.participants[1], video, sizeof(video) - 1, &answer, &why), 0);
    cr_expect(*why);
    meeting_run_ms(&m, 500);
    cr_expect_gt(hears(&m, 1, &acodec_pcma, 500), -20);
    meeting_end(&m);
}

Test(renegotiate, a_new_ssrc_in_mid_stream_is_heard_on)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_NONE);
    meeting_run_ms(&m, 200);
    m.sends[0] = false; /* a transfer takes a moment */
    meeting_run_ms(&m, 500);
    peer_new_ssrc(m.peers[0]);
    m.sends[0] = true;
    meeting_run_ms(&m, 1500);
    cr_expect_gt(hears(&m, 1, &acodec_pcma, 500), -20);
    meeting_end(&m);
}

Test(renegotiate, forged_srtp_neither_kills_nor_moves_a_leg)
{
    struct meeting m;
    open_with_talker_and_listener(&m, SDES_AEAD_AES_128_GCM);
    uint8_t forged[200] = {0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0x10, 1};
    for (int i = 0; i < 2000; i++) {
        forged[3] = (uint8_t)i;
        peer_send_raw(m.peers[0], forged, sizeof(forged), false);
    }
    meeting_run_ms(&m, 800);
    cr_expect_gt(hears(&m, 1, &acodec_pcma, 500), -20);
    struct leg_stats s = meeting_stats(&m, 0);
    cr_expect_gt(s.packets_dropped, 0u);
    meeting_end(&m);
}
