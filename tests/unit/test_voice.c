#include "mixer/voice.h"

#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One voice on its way into the mix. */

static double rms(const float *x)
{
    double sum = 0;
    for (int i = 0; i < MIXER_FRAME_SAMPLES; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum / MIXER_FRAME_SAMPLES);
}

/* A tick with this voice alone; what it adds to the mix. */
static double tick(struct voice *v, uint64_t *now, unsigned max_speakers)
{
    static struct speakers room;
    float acc[MIXER_FRAME_SAMPLES] = {0};
    struct speaker *s = voice_speaker(v);
    voice_listen(v, *now, false);
    speakers_choose(&room, &s, 1, max_speakers);
    voice_settle(v, *now);
    voice_set_ramp(v, voice_wants_in(v));
    if (voice_in_mix(v))
        voice_mix(v, acc);
    *now += 20000;
    return rms(acc);
}

static double after(struct sim_leg *s, bool agc, bool denoise, unsigned ticks)
{
    struct voice *v;
    uint64_t now = 0;
    double sum = 0;
    cr_assert_eq(voice_create(&v, &sim_source, s, agc, denoise), 0);
    for (unsigned i = 0; i < ticks; i++) {
        double x = tick(v, &now, 1);
        if (i >= ticks - 100)
            sum += x * x;
    }
    voice_destroy(v);
    return sqrt(sum / 100);
}

Test(voice, agc_lifts_a_faint_voice_and_leaves_a_good_one)
{
    struct sim_leg faint = {.amplitude = 500, .speaking = true};
    double without = after(&faint, false, false, 500);
    faint.spoken = 0;
    double with = after(&faint, true, false, 500);
    cr_assert_gt(with, 3 * without, "%.0f from %.0f", with, without);
    struct sim_leg loud = {.amplitude = 20000, .speaking = true};
    without = after(&loud, false, false, 500);
    loud.spoken = 0;
    with = after(&loud, true, false, 500);
    cr_assert_lt(with, 2 * without, "%.0f from %.0f", with, without);
}

Test(voice, denoise_takes_steady_noise_down)
{
    enum { N = MIXER_RATE_HZ };
    static int16_t hiss[N];
    srand(4);
    for (int i = 0; i < N; i++)
        hiss[i] = (int16_t)(rand() % 2000 - 1000);
    struct sim_leg s = {.played = hiss, .played_samples = N, .speaking = true};
    double without = after(&s, false, false, 300);
    s.spoken = 0;
    double with = after(&s, false, true, 300);
    cr_assert_gt(without, 500);
    cr_assert_lt(with, without / 3, "%.0f from %.0f", with, without);
}

/* Chosen by its hint, it is pulled at once, but its decoder was asleep: the first frame only wakes
 * it up. */
Test(voice, the_first_frame_after_a_skip_is_not_heard)
{
    struct sim_leg s = {.hz = 500, .amplitude = 8000, .speaking = true};
    struct voice *v;
    uint64_t now = 0;
    cr_assert_eq(voice_create(&v, &sim_source, &s, false, false), 0);
    for (int i = 0; i < 10; i++) {
        voice_hint(v, 90, now);
        cr_assert_eq(tick(v, &now, 1), 0);
    }
    cr_assert_eq(s.pulls, 0);
    cr_assert_eq(s.skips, 10);
    voice_hint(v, 15, now);
    cr_assert_eq(tick(v, &now, 1), 0);
    cr_assert_eq(s.pulls, 1);
    cr_assert_gt(tick(v, &now, 1), 4000);
    cr_assert_eq(s.skips, 10);
    voice_destroy(v);
}

Test(voice, what_ends_within_a_frame_leaves_nothing_behind)
{
    struct sim_leg s = {.hz = 500, .amplitude = 8000, .speaking = true};
    struct voice *v;
    uint64_t now = 0;
    cr_assert_eq(voice_create(&v, &sim_source, &s, false, false), 0);
    for (int i = 0; i < 10; i++)
        tick(v, &now, 1);
    cr_assert(voice_sounding(v));
    s.speaking = false;
    cr_assert_eq(tick(v, &now, 1), 0);
    cr_assert_not(voice_sounding(v));
    for (int i = 0; i < 100; i++)
        tick(v, &now, 1);
    cr_assert(voice_dormant(v));
    voice_destroy(v);
}

Test(voice, mute_and_gain_are_ramps)
{
    struct sim_leg s = {.hz = 500, .amplitude = 8000, .speaking = true};
    struct voice *v;
    uint64_t now = 0;
    cr_assert_eq(voice_create(&v, &sim_source, &s, false, false), 0);
    double full = 0;
    for (int i = 0; i < 10; i++)
        full = tick(v, &now, 1);
    voice_set_gain(v, -20);
    double between = tick(v, &now, 1);
    cr_assert(between > 0.15 * full && between < 0.8 * full, "%.0f", between);
    cr_assert_float_eq(tick(v, &now, 1), full / 10, 2);
    voice_mute(v, true);
    cr_assert_gt(tick(v, &now, 1), 0);
    cr_assert_eq(tick(v, &now, 1), 0);
    cr_assert_eq(voice_level(v), MIXER_LEVEL_SILENT);
    voice_destroy(v);
}
