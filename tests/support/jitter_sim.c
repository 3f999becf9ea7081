#include "tests/support/jitter_sim.h"

#include "tests/support/speech.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 960, FLYING = 512 };

struct jitter_clip {
    const struct acodec *codec;
    uint32_t ticks; /* of the RTP clock, a packet */
    uint32_t ptime_ms;
    unsigned count;
    struct {
        uint16_t len;
        uint8_t *payload;
    } packets[];
};

static void die(const char *what)
{
    fprintf(stderr, "jitter_sim: %s\n", what);
    exit(1);
}

/* --- what is sent --------------------------------------------------------------------------- */
/* Speech at the codec's rate: every so many samples of 48 kHz, the mean of them. */
static void speech_at(struct speech *s, uint32_t rate_hz, int16_t *pcm, size_t n)
{
    size_t factor = 48000 / rate_hz;
    int16_t x[6];
    for (size_t i = 0; i < n; i++) {
        int sum = 0;
        speech_render(s, x, factor);
        for (size_t k = 0; k < factor; k++)
            sum += x[k];
        pcm[i] = (int16_t)(sum / (int)factor);
    }
}

struct jitter_clip *jitter_clip_create(
    const struct acodec *codec, uint32_t ptime_ms, bool fec, unsigned seconds)
{
    struct acodec_params params = {
        .ptime_ms = ptime_ms,
        .bitrate_bps = codec == &acodec_opus ? 24000 : 0,
        .channels = 1,
        .complexity = 5, /* libopus makes no FEC of 24 kbit/s below it */
        .loss_percent = fec ? 10 : 0,
        .fec = fec,
    };
    unsigned count = seconds * 1000 / ptime_ms;
    struct jitter_clip *c = calloc(1, sizeof *c + count * sizeof c->packets[0]);
    struct acodec_enc *enc;
    if (!c || codec->enc_create(&enc, &params) < 0)
        die("no encoder");
    struct speech speech;
    speech_init(&speech, 7);
    size_t n = (size_t)codec->pcm_rate_hz * ptime_ms / 1000;
    c->codec = codec;
    c->ptime_ms = ptime_ms;
    c->ticks = acodec_rtp_ticks(codec, (uint32_t)n);
    c->count = count;
    for (unsigned i = 0; i < count; i++) {
        int16_t pcm[ACODEC_MAX_SAMPLES];
        uint8_t payload[ACODEC_MAX_PACKET_BYTES];
        speech_at(&speech, codec->pcm_rate_hz, pcm, n);
        int len = codec->encode(enc, pcm, n, payload, sizeof payload);
        if (len <= 0 || !(c->packets[i].payload = malloc((size_t)len)))
            die("no packet");
        memcpy(c->packets[i].payload, payload, (size_t)len);
        c->packets[i].len = (uint16_t)len;
    }
    codec->enc_destroy(enc);
    return c;
}

void jitter_clip_destroy(struct jitter_clip *c)
{
    for (unsigned i = 0; c && i < c->count; i++)
        free(c->packets[i].payload);
    free(c);
}

/* --- the path ------------------------------------------------------------------------------- */
static double uniform(struct jitter_path *p)
{
    p->random = p->random * 1664525u + 1013904223u;
    return (double)(p->random >> 8) / (1 << 24);
}

/* When what is sent at t_ms arrives; < 0: never. */
static double arrival_ms(struct jitter_path *p, double t_ms)
{
    double lost = uniform(p), delay = p->jitter_ms * uniform(p), t = t_ms + delay;
    unsigned burst = p->burst > 1 ? p->burst : 1;
    if (p->losing > 0) {
        p->losing--;
        return -1;
    }
    if (lost < p->loss / (burst - p->loss * (burst - 1))) {
        p->losing = burst - 1;
        return -1;
    }
    if (p->step_at_s > 0 && t_ms >= p->step_at_s * 1000 &&
        (p->step_until_s <= 0 || t_ms < p->step_until_s * 1000))
        t += p->step_ms;
    double since = t - p->spike_at_s * 1000;
    if (p->spike_at_s > 0 && since >= 0) {
        double each = p->spike_each_s > 0 ? p->spike_each_s * 1000 : 1e12;
        double into = fmod(since, each);
        if (into < p->spike_ms)
            t += p->spike_ms - into;
    }
    return t;
}

/* --- a run ---------------------------------------------------------------------------------- */
struct flying {
    double arrival_ms;
    uint64_t index;
};

struct run {
    const struct jitter_sim *sim;
    struct jitter_path path;
    struct jitter *jitter;
    struct flying flying[FLYING]; /* sorted, the first to arrive last */
    unsigned count;
    uint64_t sent, lost;
};

/* When the i-th packet leaves, and would arrive on a path without jitter. */
static double sent_ms(const struct run *r, uint64_t i)
{
    double ptime_ms = r->sim->clip->ptime_ms / (1 + r->sim->drift_ppm / 1e6);
    return 1000 + r->sim->phase_ms + (double)i * ptime_ms;
}

/* All packets that leave before t_ms are on their way. */
static void send_until(struct run *r, double t_ms)
{
    for (double t; (t = sent_ms(r, r->sent)) < t_ms; r->sent++) {
        double a = arrival_ms(&r->path, t);
        if (a < 0) {
            r->lost++;
            continue;
        }
        if (r->count == FLYING)
            die("too many packets under way");
        unsigned k = r->count++;
        for (; k > 0 && r->flying[k - 1].arrival_ms < a; k--)
            r->flying[k] = r->flying[k - 1];
        r->flying[k] = (struct flying){a, r->sent};
    }
}

static void deliver_until(struct run *r, double t_ms)
{
    const struct jitter_clip *c = r->sim->clip;
    while (r->count > 0 && r->flying[r->count - 1].arrival_ms < t_ms) {
        struct flying f = r->flying[--r->count];
        struct jitter_packet p = {
            .seq = (uint16_t)(r->sim->first_seq + f.index),
            .timestamp = r->sim->first_timestamp + (uint32_t)(f.index * c->ticks),
            .codec = c->codec,
            .payload = c->packets[f.index % c->count].payload,
            .len = c->packets[f.index % c->count].len,
            .arrival_us = (uint64_t)(f.arrival_ms * 1000),
        };
        jitter_put(r->jitter, &p);
    }
}

struct second {
    uint64_t sum, played;
};

static double mean_since(struct second *last, const struct jitter_stats *s)
{
    uint64_t sum = s->delay_sum_ms_samples - last->sum, played = s->played_samples - last->played;
    *last = (struct second){s->delay_sum_ms_samples, s->played_samples};
    return played > 0 ? (double)sum / (double)played : 0;
}

void jitter_sim_run(const struct jitter_sim *sim, struct jitter_sim_result *out)
{
    struct run r = {.sim = sim, .path = sim->path};
    struct second last = {0, 0}, all = {0, 0};
    memset(out, 0, sizeof *out);
    if (jitter_create(&r.jitter, &sim->config) < 0)
        die("no jitter buffer");
    uint64_t ticks = (uint64_t)sim->seconds * 50;
    for (uint64_t k = 0; k < ticks; k++) {
        int16_t pcm[FRAME];
        double nominal = 1000 + (double)k * 20, t = nominal;
        t += sim->tick_jitter_ms * uniform(&r.path);
        send_until(&r, t);
        deliver_until(&r, t);
        enum jitter_kind kind = jitter_pull(r.jitter, (uint64_t)(t * 1000), pcm);
        jitter_stats(r.jitter, &out->stats);
        if (sim->frame)
            sim->frame((double)k / 50, kind, pcm, &out->stats, sim->arg);
        if (k % 50 == 49)
            out->delay_most_ms = fmax(out->delay_most_ms, mean_since(&last, &out->stats));
    }
    double samples = (double)ticks * FRAME;
    const struct jitter_stats *s = &out->stats;
    out->delay_ms = mean_since(&all, s);
    out->concealed_percent = 100 * (double)s->concealed_samples / samples;
    out->stretched_percent = 100 * (double)(s->inserted_samples + s->removed_samples) / samples;
    out->lost_percent = 100 * (double)r.lost / (double)r.sent;
    jitter_destroy(r.jitter);
}

/* --- the yardstick -------------------------------------------------------------------------- */
const struct jitter_yardstick jitter_yardsticks[] = {
    {"clean", {.random = 1}, 30, 0},
    {"loss_5", {.random = 2, .loss = 0.05}, 35, 1.9},
    {"jitter_60", {.random = 3, .jitter_ms = 60}, 53, 0},
    {"jitter_60_loss_5", {.random = 4, .jitter_ms = 60, .loss = 0.05}, 65, 1.6},
    {"loss_10_burst_3", {.random = 5, .loss = 0.10, .burst = 3}, 36, 7},
    {"spike_240", {.random = 6, .jitter_ms = 8, .spike_at_s = 20, .spike_ms = 240}, 210, 0.6},
};
const unsigned jitter_yardstick_count = sizeof jitter_yardsticks / sizeof jitter_yardsticks[0];
