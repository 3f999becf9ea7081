/* What the mixer costs: CPU time of a tick by size of the room and who speaks, and of its kernels.
 * A row a measurement: name value unit. Sources are made beforehand and cost a copy. */

#include "bench/support/micro.h"
#include "mixer/limiter.h"
#include "mixer/mixer.h"
#include "mixer/pcm.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOP_FRAMES = 150, WARM_TICKS = 100, MOST_LEGS = 1000 };

static int16_t voice[LOOP_FRAMES][MIXER_FRAME_SAMPLES];
static uint64_t tick_now;
static uint64_t packets;

struct person {
    struct mixer_leg *leg;
    unsigned offset;
    bool speaks;
};

static enum mixer_pull pull(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg)
{
    const struct person *p = arg;
    (void)now_us;
    memcpy(pcm, voice[(tick_now + p->offset) % LOOP_FRAMES], sizeof voice[0]);
    return MIXER_PULL_SPEECH;
}

static void skip(uint64_t now_us, void *arg)
{
    (void)now_us;
    (void)arg;
}

static bool idle(uint64_t now_us, void *arg)
{
    (void)now_us;
    return !((const struct person *)arg)->speaks;
}

static const struct mixer_source source = {pull, skip, idle};

static void packet(const struct mixer_packet *p, void *arg)
{
    (void)arg;
    packets += p->len > 0;
}

static void make_voice(void)
{
    for (int i = 0; i < LOOP_FRAMES * MIXER_FRAME_SAMPLES; i++) {
        double t = (double)i / MIXER_RATE_HZ, x = 0;
        for (int k = 1; k <= 20; k++)
            x += sin(2 * M_PI * k * (120 * t + 2 * sin(2 * M_PI * t))) / k;
        voice[i / MIXER_FRAME_SAMPLES][i % MIXER_FRAME_SAMPLES] =
            (int16_t)(4000 * x * (0.1 + fabs(sin(2 * M_PI * 2 * t))));
    }
}

static void ticks(struct mixer *m, struct person *people, unsigned n, bool hints, unsigned count)
{
    for (unsigned t = 0; t < count; t++, tick_now++) {
        for (unsigned i = 0; hints && i < n; i++)
            mixer_leg_level_hint(people[i].leg, (uint8_t)(15 + i % 20), tick_now * 20000);
        mixer_tick(m, tick_now * 20000);
        mixer_prepare(m);
    }
}

static void row(const char *what, const struct acodec *codec, unsigned n, double us, double encodes)
{
    printf("mixer.tick.%s.%s.%u %.1f us\n", what, codec->name, n, us);
    printf("mixer.tick.%s.%s.%u.per_leg %.4f %%core\n", what, codec->name, n, us / n / 200);
    printf("mixer.tick.%s.%s.%u.encodes %.2f per_tick\n", what, codec->name, n, encodes);
}

static void bench_room(const char *what, const struct acodec *codec, unsigned n, unsigned speaking,
    unsigned max_speakers, bool hints, unsigned count)
{
    static struct person people[MOST_LEGS];
    struct mixer *m;
    if (mixer_create(&m, &(struct mixer_config){max_speakers, 5}, NULL, NULL) < 0)
        exit(1);
    for (unsigned i = 0; i < n; i++) {
        people[i] = (struct person){.offset = i * 37, .speaks = i < speaking};
        struct mixer_leg_config cfg = {.source = &source,
            .source_arg = &people[i],
            .codec = codec,
            .params = {.ptime_ms = 20, .channels = 1, .bitrate_bps = 24000},
            .packet = packet,
            .arg = &people[i]};
        if (mixer_leg_add(m, &people[i].leg, &cfg) < 0)
            exit(1);
    }
    ticks(m, people, n, hints, WARM_TICKS);
    struct mixer_stats before, after;
    mixer_stats(m, &before);
    double start = micro_cpu_us();
    ticks(m, people, n, hints, count);
    double us = (micro_cpu_us() - start) / count;
    mixer_stats(m, &after);
    row(what, codec, n, us, (double)(after.encodes - before.encodes) / count);
    for (unsigned i = 0; i < n; i++)
        mixer_leg_remove(people[i].leg);
    mixer_destroy(m);
}

static void bench_rooms(void)
{
    static const unsigned sizes[] = {50, 150, 500, 1000};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned n = sizes[i];
        bench_room("three_speak", &acodec_opus, n, 3, 5, false, 300);
        bench_room("three_speak", &acodec_pcmu, n, 3, 5, false, 300);
        bench_room("all_speak_hints", &acodec_opus, n, n, 5, true, 300);
        bench_room("all_speak", &acodec_opus, n, n, 5, false, 300);
        bench_room("all_speak_no_limit", &acodec_opus, n, n, 0, false, n > 150 ? 10 : 50);
    }
}

static double heap_kib(void)
{
    struct mallinfo2 i = mallinfo2();
    return (double)(i.uordblks + i.hblkhd) / 1024;
}

/* A room of n: what each leg, and each encoder of a speaker's own, adds to the heap. */
static void bench_memory(const struct acodec *codec)
{
    enum { N = 100, SPEAK = 20 };
    static struct person people[N];
    struct mixer *m;
    if (mixer_create(&m, &(struct mixer_config){0, 5}, NULL, NULL) < 0)
        exit(1);
    double empty = heap_kib();
    for (unsigned i = 0; i < N; i++) {
        people[i] = (struct person){.offset = i * 37};
        struct mixer_leg_config cfg = {.source = &source,
            .source_arg = &people[i],
            .codec = codec,
            .params = {.ptime_ms = 20, .channels = 1, .bitrate_bps = 24000},
            .packet = packet,
            .arg = &people[i]};
        if (mixer_leg_add(m, &people[i].leg, &cfg) < 0)
            exit(1);
    }
    ticks(m, people, N, false, WARM_TICKS);
    double silent = heap_kib();
    for (unsigned i = 0; i < SPEAK; i++)
        people[i].speaks = true;
    ticks(m, people, N, false, WARM_TICKS);
    double speaking = heap_kib();
    printf("mixer.memory.silent_leg.%s %.2f KiB\n", codec->name, (silent - empty) / N);
    printf("mixer.memory.own_encoder.%s %.2f KiB\n", codec->name, (speaking - silent) / SPEAK);
    for (unsigned i = 0; i < N; i++)
        mixer_leg_remove(people[i].leg);
    mixer_destroy(m);
}

enum { KERNEL_RUNS = 100000 };

#define KERNEL(name, call)                                                                         \
    do {                                                                                           \
        double start = micro_cpu_us();                                                             \
        for (int i = 0; i < KERNEL_RUNS; i++) {                                                    \
            call;                                                                                  \
            __asm__ volatile("" ::: "memory");                                                     \
        }                                                                                          \
        printf(                                                                                    \
            "mixer.kernel.%s %.3f us_per_frame\n", name, (micro_cpu_us() - start) / KERNEL_RUNS);  \
    } while (0)

static void bench_kernels(void)
{
    enum { N = MIXER_FRAME_SAMPLES };
    static float acc[N], out[N], loud[N];
    static int16_t pcm[N];
    static volatile float sink;
    const struct pcm_gain flat = {1, 1}, ramp = {0, 1};
    struct limiter quiet, limiting;
    limiter_init(&quiet);
    limiter_init(&limiting);
    for (int i = 0; i < N; i++)
        loud[i] = 4.0f * voice[3][i] + 40000;
    KERNEL("mix", (pcm_mix(acc, voice[0], N, flat)));
    memset(acc, 0, sizeof acc);
    KERNEL("mix_ramp", (pcm_mix(acc, voice[0], N, ramp)));
    memset(acc, 0, sizeof acc);
    KERNEL("unmix", (pcm_unmix(out, acc, voice[0], N, flat)));
    KERNEL("round", (pcm_round(pcm, loud, N)));
    KERNEL("power", (sink = pcm_power(voice[0], N)));
    KERNEL("peak", (sink = pcm_peak(loud, N)));
    KERNEL("limiter_open", (limiter_run(&quiet, acc, pcm, N)));
    KERNEL("limiter_limiting", (limiter_run(&limiting, loud, pcm, N)));
    KERNEL("fade", (pcm_fade(loud, N, flat)));
    (void)sink;
}

int main(void)
{
    make_voice();
    bench_memory(&acodec_opus);
    bench_memory(&acodec_pcmu);
    bench_kernels();
    bench_rooms();
    return packets == 0;
}
