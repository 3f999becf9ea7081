#include "tests/support/sim_leg.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Something like a voice: harmonics of a wandering pitch under a moving formant, in syllables. */
static double speech_like(uint64_t at)
{
    double t = (double)at / MIXER_RATE_HZ;
    double phase = 2 * M_PI * (120 * t - 3 * cos(2 * M_PI * 0.7 * t));
    double formant = 700 + 400 * sin(2 * M_PI * 1.3 * t);
    double x = 0;
    for (int k = 1; k <= 20; k++) {
        double off = (120.0 * k - formant) / 300;
        x += sin(k * phase) / (1 + off * off);
    }
    double syllable = sin(M_PI * fmod(t * 4, 1));
    return 0.2 * x * (0.1 + 0.9 * syllable);
}

void sim_voice(const struct sim_leg *s, uint64_t at, int16_t pcm[static MIXER_FRAME_SAMPLES])
{
    for (int i = 0; i < MIXER_FRAME_SAMPLES; i++) {
        uint64_t n = at + (uint64_t)i;
        double x;
        if (s->played)
            x = s->played[n % s->played_samples];
        else if (s->hz > 0)
            x = s->amplitude * sin(2 * M_PI * s->hz * (double)(n % MIXER_RATE_HZ) / MIXER_RATE_HZ);
        else
            x = s->amplitude * speech_like(n);
        pcm[i] = (int16_t)lrint(fmax(-32768, fmin(32767, x)));
    }
}

static enum mixer_pull pull(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg)
{
    struct sim_leg *s = arg;
    (void)now_us;
    s->pulls++;
    if (!s->speaking)
        memset(pcm, 0, MIXER_FRAME_SAMPLES * sizeof *pcm);
    else
        sim_voice(s, s->spoken, pcm);
    s->spoken += MIXER_FRAME_SAMPLES;
    return MIXER_PULL_SPEECH;
}

static void skip(uint64_t now_us, void *arg)
{
    struct sim_leg *s = arg;
    (void)now_us;
    s->skips++;
    s->spoken += MIXER_FRAME_SAMPLES;
}

static bool idle(uint64_t now_us, void *arg)
{
    const struct sim_leg *s = arg;
    (void)now_us;
    return !s->speaking && !s->sends_silence;
}

const struct mixer_source sim_source = {pull, skip, idle};

static void hear(struct sim_leg *s, const struct mixer_packet *p)
{
    int16_t pcm[ACODEC_MAX_SAMPLES];
    int n = s->codec->decode(s->dec, p->payload, p->len, pcm, ACODEC_MAX_SAMPLES);
    cr_assert_eq(n, s->codec->packet_samples(p->payload, p->len));
    if (s->heard_n + (size_t)n > s->heard_cap) {
        s->heard_cap = s->heard_cap ? 2 * s->heard_cap : 1 << 16;
        s->heard = realloc(s->heard, s->heard_cap * sizeof *s->heard);
        cr_assert_not_null(s->heard);
    }
    memcpy(s->heard + s->heard_n, pcm, (size_t)n * sizeof *pcm);
    s->heard_n += (size_t)n;
}

static void packet(const struct mixer_packet *p, void *arg)
{
    struct sim_leg *s = arg;
    s->gaps += s->packets == 0 || p->timestamp != s->next_timestamp;
    s->packets++;
    s->markers += p->marker;
    s->last_timestamp = s->next_timestamp = p->timestamp;
    if (p->comfort_noise) {
        s->noise_packets++;
        return;
    }
    int n = s->codec->packet_samples(p->payload, p->len);
    cr_assert_gt(n, 0);
    s->next_timestamp += acodec_rtp_ticks(s->codec, (uint32_t)n);
    s->last_ms = (unsigned)n * 1000 / s->codec->pcm_rate_hz;
    if (!s->deaf_ears)
        hear(s, p);
}

int sim_leg_add_config(struct mixer *m, struct sim_leg *s, struct mixer_leg_config cfg)
{
    s->codec = cfg.codec;
    if (cfg.codec && !s->dec)
        cr_assert_eq(cfg.codec->dec_create(&s->dec), 0);
    cfg.source = &sim_source;
    cfg.source_arg = s;
    cfg.packet = packet;
    cfg.arg = s;
    return mixer_leg_add(m, &s->leg, &cfg);
}

int sim_leg_add(struct mixer *m, struct sim_leg *s, const struct acodec *codec,
    const struct acodec_params *params)
{
    return sim_leg_add_config(m, s, (struct mixer_leg_config){.codec = codec, .params = *params});
}

void sim_leg_remove(struct sim_leg *s)
{
    mixer_leg_remove(s->leg);
    if (s->codec)
        s->codec->dec_destroy(s->dec);
    free(s->heard);
    s->leg = NULL;
    s->dec = NULL;
    s->heard = NULL;
    s->heard_n = s->heard_cap = 0;
}

void sim_run(struct mixer *m, uint64_t *now_us, unsigned ticks)
{
    for (; ticks > 0; ticks--) {
        mixer_tick(m, *now_us);
        mixer_prepare(m);
        *now_us += 1000 * MIXER_TICK_MS;
    }
}

static void correlate(const int16_t *pcm, size_t n, double hz, double rate_hz, double *c, double *s)
{
    *c = *s = 0;
    for (size_t i = 0; i < n; i++) {
        double w = 2 * M_PI * hz * (double)i / rate_hz;
        *c += 2 * cos(w) * pcm[i] / (double)n;
        *s += 2 * sin(w) * pcm[i] / (double)n;
    }
}

double sim_tone(const int16_t *pcm, size_t n, double hz, double rate_hz)
{
    double c, s;
    correlate(pcm, n, hz, rate_hz, &c, &s);
    return sqrt(c * c + s * s);
}

double sim_residual(const int16_t *pcm, size_t n, double hz, double rate_hz)
{
    double c, s, mean = 0, sum = 0;
    correlate(pcm, n, hz, rate_hz, &c, &s);
    for (size_t i = 0; i < n; i++)
        mean += pcm[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double w = 2 * M_PI * hz * (double)i / rate_hz;
        double left = pcm[i] - mean - c * cos(w) - s * sin(w);
        sum += left * left;
    }
    return sqrt(sum / (double)n);
}
