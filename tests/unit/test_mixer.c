#include "mixer/mixer.h"

#include "codecs/resample.h"
#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What legs hear of each other. */

static const struct acodec_params ms20 = {.ptime_ms = 20, .channels = 1};
static const struct acodec_params ms10 = {.ptime_ms = 10, .channels = 1};

static struct mixer *room(unsigned max_speakers)
{
    struct mixer *m;
    cr_assert_eq(mixer_create(&m, &(struct mixer_config){max_speakers, 5}, NULL, NULL), 0);
    return m;
}

static const struct acodec_params *params_for(const struct acodec *c)
{
    return c == &acodec_l16_48000 || c == &acodec_l16_44100 ? &ms10 : &ms20;
}

/* Last second of what it heard. */
static double hears(const struct sim_leg *s, double hz)
{
    size_t n = s->codec->pcm_rate_hz;
    cr_assert_geq(s->heard_n, n);
    return sim_tone(s->heard + s->heard_n - n, n, hz, n);
}

static void each_hears_the_others(const struct acodec *a, const struct acodec *b)
{
    struct mixer *m = room(5);
    const struct acodec *codec[4] = {a, b, a, b};
    struct sim_leg leg[4] = {{.hz = 400, .amplitude = 4000, .speaking = true},
        {.hz = 700, .amplitude = 4000, .speaking = true},
        {.hz = 1100, .amplitude = 4000, .speaking = true}, {.hz = 0}};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(sim_leg_add(m, &leg[i], codec[i], params_for(codec[i])), 0);
    uint64_t now = 0;
    sim_run(m, &now, 150);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++) {
            double db = 20 * log10(hears(&leg[i], leg[j].hz) / 4000 + 1e-9);
            if (i == j)
                cr_assert_lt(db, -30, "%s: leg %d hears itself at %.1f dB", codec[i]->name, i, db);
            else
                cr_assert_float_eq(
                    db, 0, 1.5, "%s: leg %d hears %d at %.1f dB", codec[i]->name, i, j, db);
        }
    }
    for (int i = 0; i < 4; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

Test(mixer, each_hears_the_others_and_not_itself_in_every_pair_of_codecs)
{
    for (int i = 0; acodecs[i]; i++)
        for (int j = i; acodecs[j]; j++)
            each_hears_the_others(acodecs[i], acodecs[j]);
}

/* Where in `heard` the samples of `said` begin, or -1. */
static long find(const int16_t *heard, size_t n, const int16_t *said, size_t said_n)
{
    for (size_t at = 0; at + said_n <= n; at++)
        if (memcmp(heard + at, said, said_n * sizeof *said) == 0)
            return (long)at;
    return -1;
}

Test(mixer, one_talker_is_heard_bit_for_bit)
{
    enum { SAID = 48000 };
    static int16_t said[SAID];
    srand(11);
    for (int i = 0; i < SAID; i++)
        said[i] = (int16_t)(rand() % 65536 - 32768);
    struct mixer *m = room(5);
    struct sim_leg talker = {.played = said, .played_samples = SAID};
    struct sim_leg a = {.hz = 0}, b = {.hz = 0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &a, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &b, &acodec_l16_48000, &ms20), 0);
    uint64_t now = 0;
    sim_run(m, &now, 2);
    talker.speaking = true;
    sim_run(m, &now, 60);
    long at = find(a.heard, a.heard_n, said + 960, 40000);
    cr_assert_geq(at, 0);
    cr_assert_eq(at, 3 * 960 + 48, "it came %ld samples late", at - 3 * 960);
    cr_assert_eq(find(b.heard, b.heard_n, said + 960, 40000), at);
    for (size_t i = 0; i < talker.heard_n; i++)
        cr_assert_eq(talker.heard[i], 0, "the talker hears itself");
    sim_leg_remove(&talker);
    sim_leg_remove(&a);
    sim_leg_remove(&b);
    mixer_destroy(m);
}

/* Signal to error of heard against said, at the best delay and gain 1. */
static double snr_db(const int16_t *heard, const int16_t *said, size_t n, size_t most_delay)
{
    double best = -100;
    for (size_t delay = 0; delay < most_delay; delay++) {
        double signal = 0, error = 0;
        for (size_t i = 0; i < n; i++) {
            double d = heard[delay + i] - said[i];
            signal += (double)said[i] * said[i];
            error += d * d;
        }
        best = fmax(best, 10 * log10(signal / (error + 1e-9)));
    }
    return best;
}

/* A telephone's voice: speech-like, 8 kHz, and as its decoder gives it. Taken up to 48 kHz by
 * the same resampling that the way in uses. */
Test(mixer, telephone_to_telephone_keeps_35_db)
{
    enum { SECONDS = 2, N8 = 8000 * SECONDS, N48 = 48000 * SECONDS };
    static int16_t tone[N48], at8[N8], at48[N48];
    for (int i = 0; i < N8; i++)
        at8[i] = (int16_t)(5000 * sin(i * 0.31) + 4000 * sin(i * 0.83) + 3000 * sin(i * 1.57));
    uint8_t wire[160];
    struct acodec_enc *enc;
    struct acodec_dec *dec;
    cr_assert_eq(acodec_pcmu.enc_create(&enc, &ms20), 0);
    cr_assert_eq(acodec_pcmu.dec_create(&dec), 0);
    for (int i = 0; i < N8; i += 160) {
        cr_assert_eq(acodec_pcmu.encode(enc, at8 + i, 160, wire, sizeof wire), 160);
        cr_assert_eq(acodec_pcmu.decode(dec, wire, 160, at8 + i, 160), 160);
    }
    struct resample *up;
    cr_assert_eq(resample_create(&up, 8000, 48000), 0);
    for (int i = 0; i < N8; i += 160)
        cr_assert_eq(resample_run(up, at8 + i, 160, at48 + 6 * i, 960), 960);
    memcpy(tone, at48, sizeof tone);
    struct mixer *m = room(5);
    struct sim_leg talker = {.played = tone, .played_samples = N48, .speaking = true}, ear = {0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_pcmu, &ms20), 0);
    cr_assert_eq(sim_leg_add(m, &ear, &acodec_pcmu, &ms20), 0);
    uint64_t now = 0;
    sim_run(m, &now, 95);
    double snr = snr_db(ear.heard + 1600, at8 + 1600, 8000, 400);
    cr_assert_gt(snr, 35, "%.1f dB", snr);
    acodec_pcmu.enc_destroy(enc);
    acodec_pcmu.dec_destroy(dec);
    resample_destroy(up);
    sim_leg_remove(&talker);
    sim_leg_remove(&ear);
    mixer_destroy(m);
}

Test(mixer, twenty_loud_talkers_neither_wrap_nor_crack)
{
    enum { N = 20 };
    struct mixer *m = room(0);
    static struct sim_leg leg[N + 1];
    for (int i = 0; i <= N; i++) {
        leg[i] = (struct sim_leg){
            .hz = 101 + 37 * i + i * i % 13, .amplitude = 32767, .speaking = i < N};
        cr_assert_eq(sim_leg_add(m, &leg[i], &acodec_l16_48000, &ms10), 0);
    }
    uint64_t now = 0;
    sim_run(m, &now, 150);
    for (int i = 0; i <= N; i++) {
        int peak = 0, step = 0;
        for (size_t k = leg[i].heard_n - 96000; k < leg[i].heard_n; k++) {
            int d = abs(leg[i].heard[k] - leg[i].heard[k - 1]);
            peak = abs(leg[i].heard[k]) > peak ? abs(leg[i].heard[k]) : peak;
            step = d > step ? d : step;
        }
        cr_assert_lt(peak, 32767);
        cr_assert_gt(peak, 20000);
        cr_assert_lt(step, 5000, "leg %d: a step of %d", i, step);
        double others = 0;
        for (int j = 0; j < N; j++)
            others += j == i ? 0 : hears(&leg[i], leg[j].hz) / (N - 1);
        if (i < N)
            cr_assert_lt(hears(&leg[i], leg[i].hz), others / 8);
    }
    for (int i = 0; i <= N; i++)
        sim_leg_remove(&leg[i]);
    mixer_destroy(m);
}

Test(mixer, mute_gain_and_deafness)
{
    struct mixer *m = room(5);
    struct sim_leg talker = {.hz = 500, .amplitude = 8000, .speaking = true}, a = {0}, b = {0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &a, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &b, &acodec_l16_48000, &ms10), 0);
    uint64_t now = 0;
    sim_run(m, &now, 60);
    cr_assert_float_eq(hears(&a, 500), 8000, 10);
    mixer_leg_gain(talker.leg, -6);
    mixer_leg_deafen(b.leg, true);
    sim_run(m, &now, 60);
    cr_assert_float_eq(hears(&a, 500), 8000 * pow(10, -0.3), 10);
    cr_assert_lt(hears(&b, 500), 1);
    mixer_leg_mute(talker.leg, true);
    sim_run(m, &now, 60);
    cr_assert_lt(hears(&a, 500), 1);
    mixer_leg_mute(talker.leg, false);
    mixer_leg_gain(talker.leg, 0);
    mixer_leg_deafen(b.leg, false);
    sim_run(m, &now, 600); /* a tone never pauses: it takes long to go back */
    cr_assert_float_eq(hears(&a, 500), 8000, 10);
    cr_assert_float_eq(hears(&b, 500), 8000, 10);
    cr_assert_eq(a.gaps, 1);
    cr_assert_eq(b.gaps, 1);
    struct mixer_leg_stats s;
    mixer_leg_stats(b.leg, &s);
    cr_assert_not(s.own_encoder);
    cr_assert_eq(s.group_size, 2);
    sim_leg_remove(&talker);
    sim_leg_remove(&a);
    sim_leg_remove(&b);
    mixer_destroy(m);
}

/* All that changes level abruptly; 500 Hz at 8000 makes steps of at most 524. */
Test(mixer, no_change_clicks)
{
    struct mixer *m = room(2);
    struct sim_leg t[3] = {{.hz = 500, .amplitude = 8000}, {.hz = 300, .amplitude = 3000},
        {.hz = 200, .amplitude = 9000}};
    struct sim_leg a = {0}, b = {0};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(sim_leg_add(m, &t[i], &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &a, &acodec_l16_48000, &ms10), 0);
    cr_assert_eq(sim_leg_add(m, &b, &acodec_l16_48000, &ms10), 0);
    uint64_t now = 0;
    t[0].spoken = 24; /* begins at its peak */
    t[0].speaking = t[1].speaking = true;
    sim_run(m, &now, 41);
    t[2].speaking = true; /* displaces the second */
    t[2].spoken = 60;
    sim_run(m, &now, 43);
    mixer_leg_gain(t[0].leg, -20);
    sim_run(m, &now, 7);
    mixer_leg_gain(t[0].leg, 0);
    mixer_leg_deafen(a.leg, true);
    sim_run(m, &now, 33);
    mixer_leg_deafen(a.leg, false);
    mixer_leg_mute(t[2].leg, true);
    sim_run(m, &now, 31);
    mixer_leg_mute(t[2].leg, false);
    sim_run(m, &now, 40);
    sim_leg_remove(&t[2]);
    sim_leg_remove(&t[0]);
    sim_run(m, &now, 20);
    const struct sim_leg *ears[] = {&a, &b};
    for (int e = 0; e < 2; e++)
        for (size_t i = 1; i < ears[e]->heard_n; i++) {
            int d = abs(ears[e]->heard[i] - ears[e]->heard[i - 1]);
            cr_assert_lt(d, 900, "a step of %d at %.3f s", d, (double)i / 48000);
        }
    sim_leg_remove(&t[1]);
    sim_leg_remove(&a);
    sim_leg_remove(&b);
    mixer_destroy(m);
}

Test(mixer, an_announcement_is_heard_besides_the_speakers_however_faint)
{
    struct mixer *m = room(1);
    struct sim_leg talker = {.hz = 400, .amplitude = 8000, .speaking = true};
    struct sim_leg voice = {.hz = 700, .amplitude = 60, .speaking = true}, ear = {.hz = 0};
    cr_assert_eq(sim_leg_add(m, &talker, &acodec_l16_16000, &ms20), 0);
    cr_assert_eq(sim_leg_add_config(m, &voice, (struct mixer_leg_config){.announces = true}), 0);
    cr_assert_eq(sim_leg_add(m, &ear, &acodec_l16_16000, &ms20), 0);
    uint64_t now = 0;
    sim_run(m, &now, 100);
    cr_expect_float_eq(hears(&ear, 400), 8000, 200);
    cr_expect_float_eq(hears(&ear, 700), 60, 6);
    cr_expect_float_eq(hears(&talker, 700), 60, 6);
    voice.speaking = false;
    sim_run(m, &now, 100);
    cr_expect_lt(hears(&ear, 700), 6);
    sim_leg_remove(&talker);
    sim_leg_remove(&voice);
    sim_leg_remove(&ear);
    mixer_destroy(m);
}
