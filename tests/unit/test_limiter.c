#include "mixer/limiter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 960, FRAMES = 100, ALL = N * FRAMES };

static void run(const float *in, int16_t *out)
{
    struct limiter l;
    limiter_init(&l);
    for (int f = 0; f < FRAMES; f++)
        limiter_run(&l, in + f * N, out + f * N, N);
}

Test(limiter, below_the_threshold_it_is_a_delay_bit_for_bit)
{
    static float in[ALL];
    static int16_t out[ALL];
    srand(7);
    for (int i = 0; i < ALL; i++)
        in[i] = (float)(rand() % 65536 - 32768);
    run(in, out);
    for (int i = 0; i < LIMITER_DELAY_SAMPLES; i++)
        cr_assert_eq(out[i], 0);
    for (int i = LIMITER_DELAY_SAMPLES; i < ALL; i++)
        cr_assert_eq(out[i], (int16_t)in[i - LIMITER_DELAY_SAMPLES]);
}

/* Twenty at full scale, each a tone: a crack would be a step far larger than the limited sum of
 * tones below 1 kHz can make. */
Test(limiter, twenty_loud_talkers_neither_wrap_nor_crack)
{
    static float in[ALL];
    static int16_t out[ALL];
    for (int t = 0; t < 20; t++)
        for (int i = 0; i < ALL; i++)
            in[i] += 32767 * sinf(6.2831853f * (float)((i * (101 + 41 * t)) % 48000) / 48000);
    run(in, out);
    int peak = 0, step = 0;
    double same_sign = 0, opposite = 0;
    for (int i = LIMITER_DELAY_SAMPLES + 1; i < ALL; i++) {
        peak = abs(out[i]) > peak ? abs(out[i]) : peak;
        int d = abs(out[i] - out[i - 1]);
        step = d > step ? d : step;
        double product = (double)out[i] * in[i - LIMITER_DELAY_SAMPLES];
        *(product >= 0 ? &same_sign : &opposite) += fabs(product);
    }
    cr_assert_leq(peak, 32000);
    cr_assert_gt(peak, 25000);
    cr_assert_leq(step, 4500, "step %d", step);
    cr_assert_lt(opposite, same_sign * 1e-6, "it wrapped");
}

Test(limiter, gain_is_smooth_and_comes_back_to_exactness)
{
    static float in[ALL];
    static int16_t out[ALL];
    for (int i = 0; i < ALL; i++)
        in[i] = 10000;
    for (int i = 5 * N + 100; i < 5 * N + 160; i++)
        in[i] = 100000; /* a burst in the middle of a constant: out / 10000 is the gain */
    run(in, out);
    int least = 10000, most_down = 0, most_up = 0;
    for (int i = LIMITER_DELAY_SAMPLES + 1; i < ALL; i++) {
        bool burst =
            in[i - LIMITER_DELAY_SAMPLES] > 10000 || in[i - LIMITER_DELAY_SAMPLES - 1] > 10000;
        cr_assert_leq(out[i], 32000);
        if (burst)
            continue;
        int d = out[i] - out[i - 1];
        least = out[i] < least ? out[i] : least;
        most_down = -d > most_down ? -d : most_down;
        most_up = d > most_up ? d : most_up;
    }
    cr_assert_lt(least, 3300, "the gain went down only to %d", least);
    cr_assert_lt(most_down, 150, "gain fell by %d of 10000 in a sample", most_down);
    cr_assert_lt(most_up, 4, "gain rose by %d of 10000 in a sample", most_up);
    for (int i = ALL - N; i < ALL; i++)
        cr_assert_eq(out[i], 10000);
}

Test(limiter, a_copy_continues_and_rest_is_known)
{
    struct limiter a, b;
    float x[N];
    int16_t from_a[N], from_b[N];
    limiter_init(&a);
    cr_assert(limiter_at_rest(&a));
    for (int i = 0; i < N; i++)
        x[i] = (float)((i * 7919) % 90000 - 45000);
    limiter_run(&a, x, from_a, N);
    cr_assert_not(limiter_at_rest(&a));
    b = a;
    limiter_run(&a, x, from_a, N);
    limiter_run(&b, x, from_b, N);
    cr_assert_eq(memcmp(from_a, from_b, sizeof from_a), 0);
    memset(x, 0, sizeof x);
    for (int i = 0; i < 100; i++)
        limiter_run(&a, x, from_a, N);
    cr_assert(limiter_at_rest(&a));
}
