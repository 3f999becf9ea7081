#include "codecs/polyphase.h"

#include "tests/support/signals.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

static const uint32_t rates[][2] = {
    {8000, 16000},
    {16000, 48000},
    {12000, 48000},
    {9600, 48000},
    {8000, 48000},
    {44100, 48000},
    {16000, 8000},
    {48000, 16000},
    {48000, 12000},
    {48000, 9600},
    {48000, 8000},
    {48000, 44100},
};
enum { RATES = sizeof rates / sizeof *rates, SECOND = 48000 };

/* A second of noise; returns how many samples it became. */
static size_t convert(const uint32_t hz[2], const int16_t *in, int16_t *out)
{
    struct polyphase p;
    cr_assert(polyphase_init(&p, hz[0], hz[1]));
    size_t n = polyphase_count(&p, hz[0]);
    polyphase_run(&p, in, hz[0], out);
    return n;
}

Test(polyphase, gives_the_same_whatever_the_pieces)
{
    static int16_t in[SECOND], whole[SECOND], pieces[SECOND];
    const size_t sizes[] = {1, 160, 7, 0, 960, 33, 961, 2000, 5};
    signal_noise(in, SECOND, 9000, 7);
    for (size_t k = 0; k < RATES; k++) {
        struct polyphase p;
        size_t n = convert(rates[k], in, whole), done = 0;
        cr_assert_eq(n, rates[k][1]);
        cr_assert(polyphase_init(&p, rates[k][0], rates[k][1]));
        for (size_t i = 0, at = 0; at < rates[k][0]; i++) {
            size_t some = sizes[i % (sizeof sizes / sizeof *sizes)];
            some = some < rates[k][0] - at ? some : rates[k][0] - at;
            size_t made = polyphase_count(&p, some);
            polyphase_run(&p, in + at, some, pieces + done);
            at += some;
            done += made;
        }
        cr_assert_eq(done, n);
        cr_assert_arr_eq(pieces, whole, n * sizeof *whole, "%u to %u Hz", rates[k][0], rates[k][1]);
    }
}

Test(polyphase, going_up_keeps_the_samples_that_were_there)
{
    static int16_t in[8000], out[48000];
    signal_noise(in, 8000, 9000, 3);
    convert((uint32_t[2]){8000, 48000}, in, out);
    for (size_t i = 0; i + POLYPHASE_DELAY < 8000; i++)
        cr_assert_eq(out[6 * (i + POLYPHASE_DELAY)], in[i], "sample %zu", i);
}

/* Levels that do not change pass exactly, also the most that there can be. */
Test(polyphase, keeps_a_constant)
{
    static int16_t in[SECOND], out[SECOND];
    const int16_t levels[] = {INT16_MIN, INT16_MAX, 1000, -1, 0};
    for (size_t k = 0; k < RATES; k++)
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            for (size_t i = 0; i < SECOND; i++)
                in[i] = levels[l];
            size_t n = convert(rates[k], in, out);
            for (size_t i = 300; i < n; i++)
                cr_assert_eq(out[i], levels[l], "%u to %u Hz: %d, not %d", rates[k][0], rates[k][1],
                    out[i], levels[l]);
        }
}

/* What overshoots full scale is cut there and does not wrap: amid a square wave's halves, as far
 * from its edges as can be, there is its sign. */
Test(polyphase, full_scale_does_not_wrap)
{
    static int16_t in[SECOND], out[SECOND];
    for (size_t k = 0; k < RATES; k++) {
        const size_t low = rates[k][0] < rates[k][1] ? rates[k][0] : rates[k][1];
        const size_t half_in = 40 * rates[k][0] / low, half_out = 40 * rates[k][1] / low;
        if (rates[k][0] % low != 0 || rates[k][1] % low != 0)
            continue;
        for (size_t i = 0; i < SECOND; i++)
            in[i] = i / half_in % 2 ? INT16_MIN : INT16_MAX;
        size_t n = convert(rates[k], in, out), late = POLYPHASE_DELAY * rates[k][1] / low;
        for (size_t i = 2 * half_out; i < n; i++) {
            size_t at = i - late, in_half = at % half_out, edge = 2 * rates[k][1] / low;
            if (in_half < edge || in_half >= half_out - edge)
                continue;
            int sign = at / half_out % 2 ? -1 : 1;
            cr_assert_gt(
                sign * out[i], 25000, "%u to %u Hz, sample %zu", rates[k][0], rates[k][1], i);
        }
    }
}

static const int16_t *shared_in;

static void *convert_in_thread(void *out)
{
    convert((uint32_t[2]){44100, 48000}, shared_in, out);
    convert((uint32_t[2]){48000, 8000}, shared_in, (int16_t *)out + SECOND);
    return NULL;
}

Test(polyphase, threads_share_the_filters)
{
    enum { THREADS = 8 };
    static int16_t in[SECOND], out[THREADS][2 * SECOND];
    pthread_t threads[THREADS];
    signal_noise(in, SECOND, 9000, 5);
    shared_in = in;
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, convert_in_thread, out[i]), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_expect_gt(signal_rms(out[0], SECOND), 4000);
    for (int i = 1; i < THREADS; i++)
        cr_expect_arr_eq(out[i], out[0], sizeof out[0]);
}

Test(polyphase, knows_its_ratios)
{
    struct polyphase p = {.due = 77};
    cr_expect_not(polyphase_init(&p, 8000, 8000));
    cr_expect_not(polyphase_init(&p, 32000, 48000));
    cr_expect_not(polyphase_init(&p, 11025, 48000));
    cr_expect_not(polyphase_init(&p, 4000, 28000));
    cr_expect_not(polyphase_init(&p, 0, 48000));
    cr_expect_not(polyphase_init(&p, 48000, 0));
    cr_expect_eq(p.due, 77);
}
