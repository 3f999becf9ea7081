/* Offers as clients make them, from the corpus of the fuzzer: browsers, libraries, publishers. */

#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/answer/"

/* The offers of a file, each a string; *end is behind the last. */
static char *load(const char *name, const char **end)
{
    char path[256];
    snprintf(path, sizeof path, CORPUS "%s", name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s: tests run in the folder of the sources", path);
    char *text = calloc(1, SDP_MAX_BYTES);
    size_t n = fread(text, 1, SDP_MAX_BYTES - 1, f);
    fclose(f);
    cr_assert_gt(n, 100);
    *end = text + n;
    return text;
}

Test(answer_browsers, first_offers)
{
    static const struct {
        const char *file;
        size_t index;
        uint8_t pt, red_pt;
        enum sdp_direction direction;
        bool audio_level, mid, transport_cc;
        const char *group;
    } cases[] = {
        {"aiortc", 0, 96, 0, SDP_SENDRECV, true, true, false, "0 1"},
        {"chromium-all", 0, 111, 63, SDP_SENDRECV, true, true, true, "0 1"},
        {"chromium-audio", 0, 111, 63, SDP_SENDRECV, true, true, true, "0"},
        {"chromium-data-first", 1, 111, 63, SDP_SENDRECV, true, true, true, "1"},
        {"chromium-max-bundle", 0, 111, 63, SDP_SENDRECV, true, true, true, "0 1"},
        {"chromium-max-compat", 0, 111, 63, SDP_SENDRECV, true, true, true, "0 1"},
        {"chromium-recvonly", 0, 111, 63, SDP_SENDONLY, true, true, true, "0 1"},
        {"chromium-red-first", 0, 111, 63, SDP_SENDRECV, true, true, true, "0"},
        {"chromium-sendonly", 0, 111, 63, SDP_RECVONLY, true, true, true, "0 1"},
        {"chromium-two", 0, 111, 63, SDP_SENDRECV, true, true, true, "0 1 2 3"},
        {"chromium-video-first", 1, 111, 63, SDP_SENDRECV, true, true, true, "0 1"},
        {"firefox-all", 0, 109, 0, SDP_SENDRECV, true, true, true, "0 1"},
        {"firefox-audio", 0, 109, 0, SDP_SENDRECV, true, true, true, "0"},
        {"firefox-max-bundle", 0, 109, 0, SDP_SENDRECV, true, true, true, "0 1"},
        {"firefox-max-compat", 0, 109, 0, SDP_SENDRECV, true, true, true, "0 1"},
        {"firefox-recvonly", 0, 109, 0, SDP_SENDONLY, true, true, true, "0 1"},
        {"node-datachannel", 0, 111, 0, SDP_SENDRECV, false, false, false, "0"},
        {"obs", 0, 111, 0, SDP_RECVONLY, false, false, false, "0 1"},
        {"pion", 0, 111, 0, SDP_SENDONLY, false, false, true, "0 1"},
        {"safari", 0, 111, 63, SDP_SENDRECV, true, true, true, "0 1"},
        {"webrtcbin", 1, 97, 0, SDP_SENDRECV, false, false, false, "video0 audio1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *end, *file = cases[i].file;
        char group[64];
        char *text = load(file, &end);
        struct answer *a = answering(text + 1, answering_webrtc_config(), NULL);
        const struct answer_audio *n = answer_audio(a);
        answering_assert_jsep(a, text + 1);
        cr_assert_eq(n->red_first, !strcmp(file, "chromium-red-first"), "%s", file);
        cr_assert_not_null(answer_transport(a), "%s", file);
        cr_assert_eq(n->index, cases[i].index, "%s", file);
        cr_assert_eq(n->formats[0].pt, cases[i].pt, "%s", file);
        cr_assert_str_eq(n->formats[0].codec->name, "opus", "%s", file);
        cr_assert_eq(n->red_pt, cases[i].red_pt, "%s: %u", file, n->red_pt);
        cr_assert_eq(n->direction, cases[i].direction, "%s", file);
        cr_assert_eq(n->audio_level_id != 0, cases[i].audio_level, "%s", file);
        cr_assert_eq(n->mid_id != 0, cases[i].mid, "%s", file);
        cr_assert_eq(n->transport_cc, cases[i].transport_cc, "%s", file);
        snprintf(group, sizeof group, "a=group:BUNDLE %s", cases[i].group);
        answering_assert_line(a, group);
        answer_destroy(a);
        free(text);
    }
}

/* The second offer restarts ICE, the third brings a video, the fourth takes it away. */
Test(answer_browsers, sessions)
{
    static const char *const files[] = {"chromium-again", "firefox-again"};
    static const char *const groups[] = {
        "a=group:BUNDLE 0", "a=group:BUNDLE 0", "a=group:BUNDLE 0 1", "a=group:BUNDLE 0"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *end;
        char *text = load(files[i], &end);
        struct answer *prev = NULL;
        unsigned n = 0;
        for (const char *offer = text + 1; offer < end; offer += strlen(offer) + 1, n++) {
            struct answer *a = answering(offer, answering_webrtc_config(), prev);
            answering_assert_jsep(a, offer);
            answering_assert_line(a, groups[n]);
            cr_assert_eq(answer_transport(a)->ice_restart, n == 1, "%s %u", files[i], n);
            cr_assert_eq(answer_transport(a)->new_dtls, n == 0, "%s %u", files[i], n);
            answer_destroy(prev);
            prev = a;
        }
        cr_assert_eq(n, 4, "%s", files[i]);
        answer_destroy(prev);
        free(text);
    }
}
