#include "tests/support/meeting.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* A WAV file of a tone, in every channel; malloc'd. */
static uint8_t *wav(
    uint32_t rate_hz, unsigned channels, double tone_hz, double seconds, size_t *len)
{
    uint32_t frames = (uint32_t)(rate_hz * seconds), bytes = frames * channels * 2;
    uint8_t *file = malloc(44 + bytes);
    cr_assert_not_null(file);
    memcpy(file, "RIFF    WAVEfmt ", 16);
    put(file + 4, 36 + bytes, 4);
    put(file + 16, 16, 4);
    put(file + 20, 1, 2);
    put(file + 22, channels, 2);
    put(file + 24, rate_hz, 4);
    put(file + 28, rate_hz * channels * 2, 4);
    put(file + 32, channels * 2, 2);
    put(file + 34, 16, 2);
    memcpy(file + 36, "data", 4);
    put(file + 40, bytes, 4);
    for (uint32_t i = 0; i < frames; i++)
        for (unsigned c = 0; c < channels; c++) {
            int sample = (int)lrint(6000 * sin(2 * M_PI * tone_hz * i / rate_hz));
            put(file + 44 + (i * channels + c) * 2, (uint32_t)sample, 2);
        }
    *len = 44 + bytes;
    return file;
}

static double hears(struct meeting *m, unsigned peer, double hz)
{
    size_t n;
    const int16_t *pcm = peer_heard(m->peers[peer], &n);
    cr_assert_geq(n, 3200u);
    return tone_dbfs(pcm + n - 3200, 3200, 16000, hz);
}

static void open_room(struct meeting *m)
{
    struct peer_config listens = {.codec = &acodec_l16_16000};
    meeting_start(m);
    meeting_open(m);
    meeting_join(m, &listens);
    meeting_join(m, &listens);
}

static void play(struct meeting *m, uint32_t rate_hz, unsigned channels, double hz, double seconds)
{
    size_t len;
    const char *why = "";
    uint8_t *file = wav(rate_hz, channels, hz, seconds, &len);
    cr_assert_eq(room_play(m->room, file, len, &why), 0, "%s", why);
}

Test(play, everyone_hears_it_and_is_told_of_its_end)
{
    struct meeting m;
    open_room(&m);
    const double db = 20 * log10(6000 / 32768.0);
    play(&m, 8000, 2, 600, 4);
    for (unsigned i = 0; i < 2; i++)
        cr_expect(meeting_hears(&m, i, 600, db - 1.5, db + 1.5));
    for (int i = 0; i < 100 && !m.events[ROOM_EVENT_PLAY_ENDED]; i++)
        meeting_run_ms(&m, 100);
    meeting_run_ms(&m, 400);
    cr_expect_eq(m.events[ROOM_EVENT_PLAY_STARTED], 1u);
    cr_expect_eq(m.events[ROOM_EVENT_PLAY_ENDED], 1u);
    cr_expect_str_eq(m.last_reason, "finished");
    cr_expect_lt(hears(&m, 0, 600), -60);
    meeting_end(&m);
}

Test(play, another_file_takes_its_place_and_it_can_be_stopped)
{
    struct meeting m;
    open_room(&m);
    play(&m, 48000, 1, 600, 30);
    meeting_run_ms(&m, 500);
    play(&m, 44100, 1, 900, 30);
    meeting_run_ms(&m, 700);
    cr_expect_lt(hears(&m, 1, 600), -60);
    cr_expect_gt(hears(&m, 1, 900), -17);
    room_play_stop(m.room);
    meeting_run_ms(&m, 600);
    cr_expect_lt(hears(&m, 1, 900), -60);
    cr_expect_eq(m.events[ROOM_EVENT_PLAY_ENDED], 2u);
    room_play_stop(m.room); /* nothing plays: nothing happens */
    play(&m, 8000, 1, 600, 30);
    meeting_end(&m); /* in mid-play */
}

Test(play, what_is_no_sound_file_is_refused_and_nothing_changes)
{
    struct meeting m;
    open_room(&m);
    static const size_t lengths[] = {0, 20, 44}; /* nothing, half a header, no samples */
    const char *why = NULL;
    size_t len;
    for (int i = 0; i < 3; i++) {
        uint8_t *file = wav(8000, 1, 600, 0.5, &len);
        cr_expect_eq(room_play(m.room, file, lengths[i], &why), -EINVAL);
        cr_expect(why && *why);
    }
    uint8_t *file = wav(8000, 1, 600, 0.5, &len);
    memset(file, 'x', len);
    cr_expect_eq(room_play(m.room, file, len, &why), -EINVAL);
    cr_expect_eq(m.events[ROOM_EVENT_PLAY_STARTED], 0u);
    meeting_run_ms(&m, 200);
    meeting_end(&m);
}
