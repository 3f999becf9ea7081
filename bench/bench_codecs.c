/* CPU of every codec for 20 ms of sound: rows "name unit value", the median of several rounds. */

#include "bench/support/micro.h"
#include "codecs/acodec.h"
#include "codecs/comfort_noise.h"
#include "codecs/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, FRAMES = 250, MAX_RATE_HZ = 48000 };

static int16_t speech[FRAMES * MAX_RATE_HZ / 50];

/* Harmonics of a gliding 125 Hz under two formants, in syllables, with some hiss. */
static void make_speech(uint32_t rate_hz)
{
    uint32_t seed = 1;
    double phase = 0;
    for (size_t i = 0; i < FRAMES * rate_hz / 50; i++) {
        double t = (double)i / rate_hz, x = 0;
        double pitch = 125 + 25 * sin(2 * M_PI * 0.7 * t);
        phase += 2 * M_PI * pitch / rate_hz;
        for (int k = 1; k * pitch < 3400; k++) {
            double hz = k * pitch;
            double weight =
                1 / (1 + pow((hz - 600) / 150, 2)) + 0.4 / (1 + pow((hz - 1800) / 250, 2));
            x += weight * sin(k * phase);
        }
        seed = seed * 1664525 + 1013904223;
        x += ((double)(seed >> 8) / (1 << 24) - 0.5) * 0.2;
        speech[i] = (int16_t)lrint(2500 * x * fabs(sin(2 * M_PI * 2 * t)));
    }
}

/* us[]: of one round of all frames each. */
static void row(const char *name, const char *what, double us[static ROUNDS])
{
    qsort(us, ROUNDS, sizeof *us, micro_by_value);
    printf("%s_%s us_per_20ms %.2f\n", name, what, us[ROUNDS / 2] / FRAMES);
}

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_codecs: %s failed\n", what);
        exit(1);
    }
}

struct packets {
    uint8_t data[FRAMES][ACODEC_MAX_PACKET_BYTES];
    size_t len[FRAMES], count;
};

static void bench_encode(
    const char *name, const struct acodec *c, const struct acodec_params *p, struct packets *out)
{
    double us[ROUNDS];
    size_t n = (size_t)c->pcm_rate_hz * p->ptime_ms / 1000;
    out->count = FRAMES * 20 / p->ptime_ms;
    for (int r = 0; r < ROUNDS; r++) {
        struct acodec_enc *e;
        must(c->enc_create(&e, p) == 0, name);
        double start = micro_cpu_us();
        for (size_t i = 0; i < out->count; i++) {
            int len = c->encode(e, speech + i * n, n, out->data[i], sizeof out->data[i]);
            must(len > 0, name);
            out->len[i] = (size_t)len;
        }
        us[r] = micro_cpu_us() - start;
        c->enc_destroy(e);
    }
    row(name, "encode", us);
}

enum doing { DECODE, DECODE_FEC, CONCEAL };

/* FEC and concealment are done on every second packet and counted as if on each. */
static void bench_decode(
    const char *name, const struct acodec *c, const struct packets *in, enum doing doing)
{
    static const char *const what[] = {"decode", "decode_fec", "conceal"};
    static int16_t pcm[ACODEC_MAX_SAMPLES];
    double us[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        struct acodec_dec *d;
        must(c->dec_create(&d) == 0, name);
        us[r] = 0;
        for (size_t i = 0; i < in->count; i++) {
            size_t n = (size_t)c->packet_samples(in->data[i], in->len[i]);
            double start = micro_cpu_us();
            if (doing == CONCEAL && i % 2)
                c->conceal(d, pcm, n);
            else if (doing == DECODE_FEC && i % 2)
                c->decode_fec(d, in->data[i], in->len[i], pcm, n);
            else
                c->decode(d, in->data[i], in->len[i], pcm, ACODEC_MAX_SAMPLES);
            if (doing == DECODE || i % 2)
                us[r] += (micro_cpu_us() - start) * (doing == DECODE ? 1 : 2);
        }
        c->dec_destroy(d);
    }
    row(name, what[doing], us);
}

static void bench_codec(const char *name, const struct acodec *c, const struct acodec_params *p)
{
    static struct packets packets;
    make_speech(c->pcm_rate_hz);
    bench_encode(name, c, p, &packets);
    bench_decode(name, c, &packets, DECODE);
    bench_decode(name, c, &packets, CONCEAL);
    if (p->fec)
        bench_decode(name, c, &packets, DECODE_FEC);
}

static void bench_resample(uint32_t from_hz, uint32_t to_hz)
{
    char name[64];
    int16_t out[MAX_RATE_HZ / 50];
    double us[ROUNDS];
    size_t n = from_hz / 50, cap = to_hz / 50;
    snprintf(name, sizeof name, "resample_%u", (unsigned)from_hz);
    for (int r = 0; r < ROUNDS; r++) {
        struct resample *s;
        must(resample_create(&s, from_hz, to_hz) == 0, name);
        double start = micro_cpu_us();
        for (size_t i = 0; i < FRAMES; i++)
            must(resample_run(s, speech + i * n, n, out, cap) == (int)cap, name);
        us[r] = micro_cpu_us() - start;
        resample_destroy(s);
    }
    char what[16];
    snprintf(what, sizeof what, "%u", (unsigned)to_hz);
    row(name, what, us);
}

static void bench_comfort_noise(void)
{
    struct comfort_noise_analyser a;
    struct comfort_noise_params p;
    struct comfort_noise_gen g;
    int16_t pcm[960];
    double us[ROUNDS];
    comfort_noise_analyser_init(&a);
    for (int r = 0; r < ROUNDS; r++) {
        double start = micro_cpu_us();
        for (size_t i = 0; i < FRAMES; i++)
            comfort_noise_analyse(&a, speech + i * 160, 160);
        us[r] = micro_cpu_us() - start;
    }
    row("comfort_noise_8000", "analyse", us);
    comfort_noise_result(&a, &p);
    comfort_noise_gen_init(&g, 8000, 48000, 1);
    comfort_noise_gen_set(&g, &p);
    for (int r = 0; r < ROUNDS; r++) {
        double start = micro_cpu_us();
        for (size_t i = 0; i < FRAMES; i++)
            comfort_noise_render(&g, pcm, 960);
        us[r] = micro_cpu_us() - start;
    }
    row("comfort_noise_48000", "render", us);
}

int main(void)
{
    const struct acodec_params plain = {.ptime_ms = 20, .channels = 1};
    for (unsigned complexity = 0; complexity <= 10; complexity += 5) {
        struct acodec_params p = plain;
        char name[64];
        p.complexity = (uint8_t)complexity;
        snprintf(name, sizeof name, "opus_24k_c%u", complexity);
        bench_codec(name, &acodec_opus, &p);
    }
    struct acodec_params fec = plain, low = plain;
    fec.complexity = 5;
    fec.fec = true;
    fec.loss_percent = 10;
    bench_codec("opus_24k_c5_fec", &acodec_opus, &fec);
    low.complexity = 5;
    low.bitrate_bps = 12000;
    low.ptime_ms = 60;
    bench_codec("opus_12k_c5_60ms", &acodec_opus, &low);
    bench_codec("g722", &acodec_g722, &plain);
    bench_codec("pcmu", &acodec_pcmu, &plain);
    bench_codec("pcma", &acodec_pcma, &plain);
    bench_codec("l16_16000", &acodec_l16_16000, &plain);
    bench_codec("l16_48000", &acodec_l16_48000, &plain);
    const uint32_t rates[] = {8000, 16000, 44100};
    for (size_t i = 0; i < 3; i++) {
        bench_resample(rates[i], 48000);
        bench_resample(48000, rates[i]);
    }
    bench_comfort_noise();
    return 0;
}
