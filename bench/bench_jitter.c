/* What the jitter buffer costs and what it gives: CPU per put and per frame, and the yardstick's
 * lines. Rows of `key=value`, one a measurement. */

#include "bench/support/micro.h"
#include "tests/support/jitter_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAME = 960, PHASES = 8, RUNS = 5000 };

/* --- CPU -------------------------------------------------------------------------------------- */
struct cost {
    double put_us, frame_us;
};

static struct cost measure(const struct acodec *codec, bool heard)
{
    struct acodec_params params = {.ptime_ms = 20, .channels = 1};
    struct jitter_config cfg = {0, 0};
    struct acodec_enc *enc;
    struct jitter *j;
    uint8_t payload[ACODEC_MAX_PACKET_BYTES];
    int16_t pcm[FRAME];
    struct cost c = {0, 0};
    if (codec->enc_create(&enc, &params) < 0 || jitter_create(&j, &cfg) < 0)
        exit(1);
    size_t n = codec->pcm_rate_hz / 50;
    for (unsigned k = 0; k < RUNS; k++) {
        uint64_t now = 1000000 + (uint64_t)k * 20000;
        for (size_t i = 0; i < n; i++)
            pcm[i] = (int16_t)(8000 * sin((double)(k * n + i) * 0.05));
        int len = codec->encode(enc, pcm, n, payload, sizeof payload);
        struct jitter_packet p = {(uint16_t)k, k * acodec_rtp_ticks(codec, (uint32_t)n), codec,
            payload, (size_t)(len > 0 ? len : 0), now - 7000, false};
        double a = micro_cpu_us();
        jitter_put(j, &p);
        double b = micro_cpu_us();
        if (heard)
            jitter_pull(j, now, pcm);
        else
            jitter_skip(j, now);
        double z = micro_cpu_us();
        c.put_us += k > 0 ? (b - a) / (RUNS - 1) : 0;
        c.frame_us += k > 0 ? (z - b) / (RUNS - 1) : 0;
    }
    jitter_destroy(j);
    codec->enc_destroy(enc);
    return c;
}

static void print_costs(void)
{
    static const struct acodec *const codecs[] = {
        &acodec_opus, &acodec_g722, &acodec_pcmu, &acodec_l16_48000};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        for (int heard = 1; heard >= 0; heard--) {
            struct cost c = measure(codecs[i], heard);
            printf("bench=jitter_cpu codec=%s frame=%s put_us=%.2f frame_us=%.2f\n",
                codecs[i]->name, heard ? "pull" : "skip", c.put_us, c.frame_us);
        }
}

/* --- delay and concealment -------------------------------------------------------------------- */
struct recovery {
    double from_s, back_s;
};

static void watch(
    double t_s, enum jitter_kind kind, const int16_t *pcm, const struct jitter_stats *s, void *arg)
{
    struct recovery *r = arg;
    (void)kind;
    (void)pcm;
    if (t_s >= r->from_s && s->delay_ms > 40)
        r->back_s = t_s - r->from_s;
}

static void print_yardstick(const struct jitter_clip *clip, const struct jitter_yardstick *y)
{
    double delay = 0, lost = 0, concealed = 0, stretched = 0, back = 0, cpu = 0;
    for (int i = 0; i < PHASES; i++) {
        struct recovery rec = {y->path.spike_at_s + y->path.spike_ms / 1000, 0};
        struct jitter_sim sim = {.clip = clip,
            .path = y->path,
            .seconds = 60,
            .phase_ms = 0.7 + 20.0 * i / PHASES,
            .frame = y->path.spike_at_s > 0 ? watch : NULL,
            .arg = &rec};
        struct jitter_sim_result r;
        sim.path.random += 1000u * (uint32_t)i;
        double start = micro_cpu_us();
        jitter_sim_run(&sim, &r);
        cpu += (micro_cpu_us() - start) / (60 * 50 * PHASES);
        delay += r.delay_ms / PHASES;
        lost += r.lost_percent / PHASES;
        concealed += r.concealed_percent / PHASES;
        stretched += r.stretched_percent / PHASES;
        back = fmax(back, rec.back_s);
    }
    printf("bench=jitter_yardstick scenario=%s delay_ms=%.1f yardstick_delay_ms=%.0f "
           "lost_percent=%.2f concealed_percent=%.2f yardstick_concealed_percent=%.1f "
           "stretched_percent=%.2f "
           "recovery_s=%.1f cpu_us_per_frame=%.1f\n",
        y->name, delay, y->delay_ms, lost, concealed, y->concealed_percent, stretched, back, cpu);
}

int main(void)
{
    struct jitter_clip *clip = jitter_clip_create(&acodec_opus, 20, true, 60);
    print_costs();
    for (unsigned i = 0; i < jitter_yardstick_count; i++)
        print_yardstick(clip, &jitter_yardsticks[i]);
    jitter_clip_destroy(clip);
    return 0;
}
