#include "mixer/level.h"

#include <criterion/criterion.h>
#include <math.h>

enum { N = 960 };

static void tone(int16_t *x, double amplitude)
{
    for (int i = 0; i < N; i++)
        x[i] = (int16_t)lrint(amplitude * sin(2 * M_PI * 1000 * i / 48000));
}

Test(level, is_what_the_rfc_counts)
{
    int16_t x[N] = {0};
    cr_assert_eq(level_of(x, N), 127);
    for (int i = 0; i < N; i++)
        x[i] = i & 1 ? 32767 : -32767;
    cr_assert_eq(level_of(x, N), 0);
    tone(x, 32767);
    cr_assert_eq(level_of(x, N), 3);
    tone(x, 3276.7);
    cr_assert_eq(level_of(x, N), 23);
    tone(x, 32.767);
    cr_assert_eq(level_of(x, N), 63);
}

static bool after(struct level *l, uint8_t level, int frames)
{
    bool voice = false;
    for (int i = 0; i < frames; i++)
        voice = level_voice(l, level);
    return voice;
}

Test(level, a_voice_begins_at_once_and_ends_after_the_hangover)
{
    struct level l;
    level_init(&l);
    cr_assert_not(after(&l, 75, 100));
    cr_assert(level_voice(&l, 30));
    cr_assert(after(&l, 30, 20));
    cr_assert(after(&l, 75, 10));
    cr_assert_not(after(&l, 75, 10));
}

Test(level, a_click_earns_little_hangover)
{
    struct level l;
    level_init(&l);
    after(&l, 75, 100);
    cr_assert(level_voice(&l, 30));
    cr_assert_not(after(&l, 75, 4));
}

Test(level, steady_noise_stops_counting_and_a_voice_over_it_counts)
{
    struct level l;
    level_init(&l);
    after(&l, 52, 1000);
    cr_assert_not(level_voice(&l, 52));
    cr_assert(level_voice(&l, 35));
}

Test(level, a_loud_tone_counts_for_ever)
{
    struct level l;
    level_init(&l);
    for (int i = 0; i < 50 * 600; i++)
        cr_assert(level_voice(&l, 35), "frame %d", i);
}

Test(level, digital_silence_teaches_nothing_about_the_noise)
{
    struct level l;
    level_init(&l);
    after(&l, 55, 1000);
    after(&l, 127, 200);
    cr_assert_not(level_voice(&l, 55));
}

Test(level, a_faint_sound_is_no_voice)
{
    struct level l;
    level_init(&l);
    after(&l, 90, 2000);
    cr_assert_not(level_voice(&l, 70));
    cr_assert(level_voice(&l, 60));
}
