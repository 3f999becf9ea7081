#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The change between a group's encoder and one of one's own must not be heard. A listener who
 * starts and stops talking fifty times is held against the same listener who keeps silent: both
 * hear exactly the same mix, so what they decode may differ by nothing but coding noise. */

enum {
    TURNS = 50,
    TALK_TICKS = 20,
    PAUSE_TICKS = 150,
    LONG_PAUSE_TICKS = 280, /* packets of 60 ms begin seldom, and seldomer in a pause */
    REST_TICKS = 100,
    SPEECH_SAMPLES = 7 * MIXER_RATE_HZ,
    VOICE_AMPLITUDE = 6000,
};

struct run {
    struct sim_leg talker, ear, others[3];
    struct mixer *m;
    uint64_t now_us;
    unsigned switches;   /* of the ear */
    size_t first_return; /* samples heard until then */
    unsigned rest_ticks; /* at the end of a turn the talker too is silent */
};

static const int16_t *speech(void)
{
    static int16_t pcm[SPEECH_SAMPLES];
    const struct sim_leg voice = {.amplitude = VOICE_AMPLITUDE};
    for (uint64_t at = 0; at < SPEECH_SAMPLES; at += MIXER_FRAME_SAMPLES)
        sim_voice(&voice, at, pcm + at);
    return pcm;
}

static void ticks(struct run *r, unsigned n)
{
    for (; n > 0; n--) {
        struct mixer_leg_stats before, after;
        mixer_leg_stats(r->ear.leg, &before);
        sim_run(r->m, &r->now_us, 1);
        mixer_leg_stats(r->ear.leg, &after);
        r->switches += before.own_encoder != after.own_encoder;
        if (before.own_encoder && !after.own_encoder && r->first_return == 0)
            r->first_return = r->ear.heard_n;
    }
}

static void open_room(struct run *r, const struct acodec *codec, const struct acodec_params *p)
{
    cr_assert_eq(mixer_create(&r->m, &(struct mixer_config){5, 5}, NULL, NULL), 0);
    r->talker.deaf_ears = true;
    cr_assert_eq(sim_leg_add(r->m, &r->talker, codec, p), 0);
    cr_assert_eq(sim_leg_add(r->m, &r->ear, codec, p), 0);
    for (int i = 0; i < 3; i++) {
        r->others[i].deaf_ears = true;
        cr_assert_eq(sim_leg_add(r->m, &r->others[i], codec, p), 0);
    }
}

/* The talker's voice must be set. */
static void run_room(struct run *r, const struct acodec *codec, const struct acodec_params *p,
    unsigned turns, unsigned pause_ticks, bool talks)
{
    r->talker.speaking = true;
    r->ear.hz = 1370;
    r->ear.amplitude = 9000;
    open_room(r, codec, p);
    ticks(r, 50);
    for (unsigned i = 0; i < turns; i++) {
        r->ear.speaking = talks;
        ticks(r, TALK_TICKS + i % 3);
        r->ear.speaking = false;
        ticks(r, pause_ticks);
        r->talker.speaking = false;
        ticks(r, r->rest_ticks);
        r->talker.speaking = true;
        mixer_leg_wake(r->talker.leg);
    }
    cr_assert_eq(r->ear.gaps, 1, "%u gaps", r->ear.gaps - 1);
    cr_assert_eq(r->ear.markers, 1);
    cr_assert_eq(r->ear.heard_n % (p->ptime_ms * codec->pcm_rate_hz / 1000), 0);
}

static void close_room(struct run *r)
{
    sim_leg_remove(&r->talker);
    sim_leg_remove(&r->ear);
    for (int i = 0; i < 3; i++)
        sim_leg_remove(&r->others[i]);
    mixer_destroy(r->m);
}

/* Root mean square of the second difference: a click has much of it, a voice little. */
static double edges(const int16_t *pcm, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double d = pcm[i] - 2 * pcm[i - 1] + pcm[i - 2];
        sum += d * d;
    }
    return sqrt(sum / n);
}

static double difference(const int16_t *a, const int16_t *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / n);
}

/* In no 10 ms does the switching listener hear more edges than the other by 4 dB (of what is above
 * a whisper), or differ by more than a little of the voice. */
static void compare(const struct run *quiet, const struct run *busy, double most_difference)
{
    unsigned rate = busy->ear.codec->pcm_rate_hz;
    int n = (int)rate / 100;
    cr_assert_eq(quiet->switches, 0);
    cr_assert_geq(busy->switches, 2 * TURNS * 8 / 10);
    cr_assert_eq(quiet->ear.heard_n, busy->ear.heard_n);
    for (size_t at = rate / 2; at + (size_t)n <= busy->ear.heard_n; at += (size_t)n) {
        const int16_t *q = quiet->ear.heard + at, *b = busy->ear.heard + at;
        double more_db = 20 * log10((edges(b, n) + 10) / (edges(q, n) + 10));
        double d = difference(q, b, n);
        cr_assert_lt(more_db, 4, "%.1f dB more at %.2f s", more_db, (double)at / rate);
        cr_assert_lt(d, most_difference, "%.0f off at %.2f s", d, (double)at / rate);
    }
}

static void seam(const struct acodec *codec, struct acodec_params p, double most_difference)
{
    static struct run quiet, busy;
    quiet.rest_ticks = busy.rest_ticks = codec->long_memory ? REST_TICKS : 0;
    quiet.talker.played = busy.talker.played = speech();
    quiet.talker.played_samples = busy.talker.played_samples = SPEECH_SAMPLES;
    unsigned pause = p.ptime_ms > 20 ? LONG_PAUSE_TICKS : PAUSE_TICKS;
    run_room(&quiet, codec, &p, TURNS, pause, false);
    run_room(&busy, codec, &p, TURNS, pause, true);
    compare(&quiet, &busy, most_difference);
    /* Entering is exact: the own encoder continues the group's. */
    cr_assert_gt(busy.first_return, 0);
    cr_assert_eq(memcmp(quiet.ear.heard, busy.ear.heard, busy.first_return * sizeof(int16_t)), 0);
    close_room(&quiet);
    close_room(&busy);
}

Test(mixer_seam, opus_20_ms)
{
    seam(&acodec_opus, (struct acodec_params){.ptime_ms = 20, .channels = 1, .bitrate_bps = 24000},
        VOICE_AMPLITUDE / 8);
}

Test(mixer_seam, opus_60_ms)
{
    seam(&acodec_opus, (struct acodec_params){.ptime_ms = 60, .channels = 1, .bitrate_bps = 12000},
        VOICE_AMPLITUDE / 8);
}

/* Goes back only when both encoders have come to rest, after all were silent. */
Test(mixer_seam, g722)
{
    seam(&acodec_g722, (struct acodec_params){.ptime_ms = 20, .channels = 1}, VOICE_AMPLITUDE / 40);
}

Test(mixer_seam, pcmu_is_the_same_to_the_bit)
{
    seam(&acodec_pcmu, (struct acodec_params){.ptime_ms = 20, .channels = 1}, 0.001);
}

Test(mixer_seam, l16_in_30_ms_is_the_same_to_the_bit)
{
    seam(&acodec_l16_16000, (struct acodec_params){.ptime_ms = 30, .channels = 1}, 0.001);
}

/* The hardest case: a tone that never pauses. What a change leaves outside the tone stays 20 dB
 * under it, and little of that: the mean is that of a listener who never changes. */
Test(mixer_seam, a_tone_without_a_pause)
{
    enum { HZ = 400, UNTIL_FORCED = 620, FEW = 12, N = MIXER_RATE_HZ / 50 };
    static struct run run[2];
    const struct acodec_params p = {.ptime_ms = 20, .channels = 1, .bitrate_bps = 24000};
    double worst[2] = {0}, power[2] = {0};
    for (int k = 0; k < 2; k++) {
        struct run *r = &run[k];
        r->talker.hz = HZ;
        r->talker.amplitude = VOICE_AMPLITUDE;
        run_room(r, &acodec_opus, &p, FEW, UNTIL_FORCED, k == 1);
        for (size_t at = MIXER_RATE_HZ; at + N <= r->ear.heard_n; at += N / 2) {
            double x = sim_residual(r->ear.heard + at, N, HZ, MIXER_RATE_HZ);
            worst[k] = fmax(worst[k], x);
            power[k] += x * x;
        }
    }
    cr_assert_eq(run[1].switches, 2 * FEW);
    cr_assert_lt(worst[1], VOICE_AMPLITUDE / 10, "%.0f, without changes %.0f", worst[1], worst[0]);
    cr_assert_lt(power[1], 1.2 * power[0]);
    close_room(&run[0]);
    close_room(&run[1]);
}
