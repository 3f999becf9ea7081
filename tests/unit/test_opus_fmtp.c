#include "codecs/opus_fmtp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct acodec_params ours = {
    .ptime_ms = 20,
    .channels = 1,
    .complexity = 5,
    .fec = true,
};

struct want {
    uint32_t ptime_ms, bitrate_bps, max_playback_hz;
    bool fec, dtx, cbr;
};

Test(opus_fmtp, narrows_to_what_the_peer_takes)
{
    const struct {
        const char *fmtp;
        struct want want;
    } cases[] = {
        {"", {20, 0, 0, false, false, false}},
        {"useinbandfec=1", {20, 0, 0, true, false, false}},
        {"minptime=10;useinbandfec=1", {20, 0, 0, true, false, false}},
        {"useinbandfec=0", {20, 0, 0, false, false, false}},
        {" UseInbandFEC = 1 ; usedtx=1", {20, 0, 0, true, true, false}},
        {"usedtx=0", {20, 0, 0, false, false, false}},
        {"cbr=1", {20, 0, 0, false, false, true}},
        {"cbr=0", {20, 0, 0, false, false, false}},
        {"maxplaybackrate=16000", {20, 0, 16000, false, false, false}},
        {"maxplaybackrate=1", {20, 0, 8000, false, false, false}},
        {"maxplaybackrate=96000", {20, 0, 48000, false, false, false}},
        {"sprop-maxcapturerate=8000; sprop-stereo=1; stereo=1", {20, 0, 0, false, false, false}},
        {"maxaveragebitrate=12000", {20, 12000, 0, false, false, false}},
        {"maxaveragebitrate=64000", {20, 0, 0, false, false, false}},
        {"maxaveragebitrate=1", {20, 6000, 0, false, false, false}},
        {"maxaveragebitrate=99999999999999999999999", {20, 0, 0, false, false, false}},
        {"minptime=3", {20, 0, 0, false, false, false}},
        {"minptime=21", {40, 0, 0, false, false, false}},
        {"minptime=40", {40, 0, 0, false, false, false}},
        {"minptime=60", {60, 0, 0, false, false, false}},
        {"minptime=4294967295", {60, 0, 0, false, false, false}},
        {"useinbandfec=0;useinbandfec=1", {20, 0, 0, true, false, false}},
        {"x-unknown=7;;;=;=1;a=;useinbandfec=1;", {20, 0, 0, true, false, false}},
        {"useinbandfec=yes;cbr=-1;usedtx=0x1", {20, 0, 0, false, false, false}},
        {"useinbandfec=1 1", {20, 0, 0, false, false, false}},
        {"useinbandfe=1;useinbandfecc=1;xuseinbandfec=1", {20, 0, 0, false, false, false}},
        {"maxaveragebitrate=\xff\xfe\x80;cbr=1", {20, 0, 0, false, false, true}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct acodec_params p = ours;
        const struct want *w = &cases[i].want;
        cr_expect_eq(opus_fmtp_parse(cases[i].fmtp, &p), 0, "%s", cases[i].fmtp);
        cr_expect_eq(p.ptime_ms, w->ptime_ms, "%s: ptime %u", cases[i].fmtp, p.ptime_ms);
        cr_expect_eq(p.bitrate_bps, w->bitrate_bps, "%s: %u", cases[i].fmtp, p.bitrate_bps);
        cr_expect_eq(p.max_playback_hz, w->max_playback_hz, "%s", cases[i].fmtp);
        cr_expect_eq(p.fec, w->fec, "%s: fec", cases[i].fmtp);
        cr_expect_eq(p.dtx, w->dtx, "%s: dtx", cases[i].fmtp);
        cr_expect_eq(p.cbr, w->cbr, "%s: cbr", cases[i].fmtp);
        cr_expect_eq(p.channels, 1);
        cr_expect_eq(p.complexity, 5);
    }
}

Test(opus_fmtp, never_widens)
{
    struct acodec_params p = {
        .ptime_ms = 40, .channels = 1, .bitrate_bps = 12000, .max_playback_hz = 16000};
    cr_assert_eq(opus_fmtp_parse("useinbandfec=1;maxaveragebitrate=64000;maxplaybackrate=48000;"
                                 "minptime=10;cbr=0",
                     &p),
        0);
    cr_expect_eq(p.ptime_ms, 40);
    cr_expect_eq(p.bitrate_bps, 12000);
    cr_expect_eq(p.max_playback_hz, 16000);
    cr_expect_not(p.fec, "we did not want it");
}

Test(opus_fmtp, refuses_endless_text)
{
    static char text[70000];
    struct acodec_params p = ours;
    memset(text, ';', sizeof text - 1);
    cr_expect_eq(opus_fmtp_parse(text, &p), -EINVAL);
    cr_expect_eq(memcmp(&p, &ours, sizeof p), 0, "untouched");
    text[1024] = 0;
    cr_expect_eq(opus_fmtp_parse(text, &p), 0);
}

Test(opus_fmtp, prints_what_we_answer_with)
{
    char buf[256];
    struct acodec_params p = ours;
    cr_expect_eq(opus_fmtp_print(&p, buf, sizeof buf), (int)strlen("minptime=10;useinbandfec=1"));
    cr_expect_str_eq(buf, "minptime=10;useinbandfec=1");
    p.cbr = p.dtx = true;
    p.max_playback_hz = 16000;
    int n = opus_fmtp_print(&p, buf, sizeof buf);
    cr_expect_str_eq(buf, "minptime=10;useinbandfec=1;maxplaybackrate=16000;"
                          "sprop-maxcapturerate=16000;usedtx=1;cbr=1");
    cr_expect_eq(n, (int)strlen(buf));
    cr_expect_eq(opus_fmtp_print(&p, buf, (size_t)n), -ENOSPC);
    cr_expect_eq(opus_fmtp_print(&p, buf, (size_t)n + 1), n);
    cr_expect_eq(opus_fmtp_print(&p, buf, 0), -ENOSPC);
    p.bitrate_bps = 12000;
    opus_fmtp_print(&p, buf, sizeof buf);
    cr_expect(strstr(buf, ";maxaveragebitrate=12000;"));
}

Test(opus_fmtp, reads_what_it_prints)
{
    char buf[256];
    struct acodec_params p = ours, back = ours;
    p.dtx = p.cbr = true;
    p.max_playback_hz = 24000;
    cr_assert_gt(opus_fmtp_print(&p, buf, sizeof buf), 0);
    cr_assert_eq(opus_fmtp_parse(buf, &back), 0);
    cr_expect(back.dtx && back.cbr && back.fec && back.max_playback_hz == 24000);
}
