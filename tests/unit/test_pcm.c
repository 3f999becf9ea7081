#include "mixer/pcm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 960 };
static const struct pcm_gain unity = {1, 1};

static void noise(int16_t *x, unsigned seed)
{
    srand(seed);
    for (int i = 0; i < N; i++)
        x[i] = (int16_t)(rand() % 65536 - 32768);
}

Test(pcm, unity_is_exact_through_mix_unmix_and_round)
{
    int16_t a[N], b[N], out[N];
    float acc[N] = {0}, heard[N];
    noise(a, 1);
    noise(b, 2);
    pcm_mix(acc, a, N, unity);
    pcm_round(out, acc, N);
    cr_assert_eq(memcmp(out, a, sizeof a), 0);
    pcm_mix(acc, b, N, unity);
    pcm_unmix(heard, acc, a, N, unity);
    pcm_round(out, heard, N);
    cr_assert_eq(memcmp(out, b, sizeof b), 0);
}

Test(pcm, own_voice_is_gone_exactly_at_any_ramp)
{
    int16_t a[N];
    float acc[N] = {0}, heard[N];
    noise(a, 3);
    struct pcm_gain ramp = {0.3f, 1.7f};
    pcm_mix(acc, a, N, ramp);
    pcm_unmix(heard, acc, a, N, ramp);
    for (int i = 0; i < N; i++)
        cr_assert_eq(heard[i], 0.0f, "sample %d: %g", i, heard[i]);
}

Test(pcm, a_ramp_is_straight_and_then_stays)
{
    int16_t one[N];
    float acc[N] = {0};
    for (int i = 0; i < N; i++)
        one[i] = 1000;
    pcm_mix(acc, one, N, (struct pcm_gain){0, 2});
    for (int i = 0; i < N; i++) {
        float want = i < PCM_RAMP_SAMPLES ? 2000.0f * (float)(i + 1) / PCM_RAMP_SAMPLES : 2000;
        cr_assert_float_eq(acc[i], want, 0.01f, "sample %d: %g", i, acc[i]);
    }
    for (int i = 0; i < N; i++)
        acc[i] = 100;
    pcm_fade(acc, N, (struct pcm_gain){1, 0});
    cr_assert_float_eq(acc[PCM_RAMP_SAMPLES / 2 - 1], 50, 0.01f);
    for (int i = PCM_RAMP_SAMPLES - 1; i < N; i++)
        cr_assert_float_eq(acc[i], 0, 0.001f);
}

Test(pcm, rounds_to_the_nearest_and_saturates)
{
    static const struct {
        float in;
        int16_t out;
    } cases[] = {{0.49f, 0}, {0.5f, 1}, {-0.5f, 0}, {-0.51f, -1}, {32766.6f, 32767},
        {32767.9f, 32767}, {1e9f, 32767}, {-32768.4f, -32768}, {-1e9f, -32768}, {-32767, -32767}};
    float in[PCM_BLOCK] = {0};
    int16_t out[PCM_BLOCK];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        in[i] = cases[i].in;
    pcm_round(out, in, PCM_BLOCK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(out[i], cases[i].out, "%g gave %d", in[i], out[i]);
}

Test(pcm, peak_and_power)
{
    float x[N] = {0};
    x[17] = 30000;
    x[900] = -32768;
    cr_assert_eq(pcm_peak(x, N), 32767);
    x[900] = -40000;
    cr_assert_eq(pcm_peak(x, N), 39999);
    x[901] = 50000;
    cr_assert_eq(pcm_peak(x, N), 50000);
    int16_t square[N];
    for (int i = 0; i < N; i++)
        square[i] = i % 2 ? 1000 : -1000;
    cr_assert_float_eq(pcm_power(square, N), 1e6f, 1);
}
