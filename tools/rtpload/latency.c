#include "tools/rtpload/latency.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE_HZ = 8000,
    WINDOW_SAMPLES = 4000, /* long enough that no two syllables are alike */
    STEP_SAMPLES = 2000,
    LAG_MIN_SAMPLES = -40,
    LAG_MAX_SAMPLES = 8000, /* one second */
};
static const double match_floor = 0.6;

int track_add(struct track *t, const struct peer_packet *packet)
{
    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 1024 : 2 * t->cap;
        void *grown = realloc(t->packets, cap * sizeof *t->packets);
        if (grown == NULL)
            return -ENOMEM;
        t->packets = grown;
        t->cap = cap;
    }
    if (t->used + packet->len > t->size) {
        size_t size = 2 * t->size + packet->len + 65536;
        void *grown = realloc(t->bytes, size);
        if (grown == NULL)
            return -ENOMEM;
        t->bytes = grown;
        t->size = size;
    }
    memcpy(t->bytes + t->used, packet->payload, packet->len);
    t->packets[t->count++] = (struct track_packet){t->used, packet->len, packet->ts, packet->at_us};
    t->used += packet->len;
    return 0;
}

void track_fini(struct track *t)
{
    free(t->packets);
    free(t->bytes);
    *t = (struct track){0};
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t media_us(const struct track *t, uint32_t ts)
{
    return (int64_t)(int32_t)(ts - t->packets[0].ts) * 1000000 / t->codec->rtp_clock_hz;
}

static int track_origin(const struct track *t, int64_t *origin_us)
{
    int64_t *starts = malloc(t->count * sizeof *starts);
    if (starts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        starts[i] = t->packets[i].at_us - media_us(t, t->packets[i].ts);
    qsort(starts, t->count, sizeof *starts, compare_i64);
    *origin_us = starts[t->count / 2];
    free(starts);
    return 0;
}

/* Averages `ratio` samples into one of 8000 Hz, from position `at` of the track on. */
static void put_decimated(
    int16_t *pcm, size_t cap, size_t at, const int16_t *in, size_t n, unsigned ratio)
{
    for (size_t i = 0; i + ratio <= n && at < cap; i += ratio, at++) {
        int32_t sum = 0;
        for (unsigned k = 0; k < ratio; k++)
            sum += in[i + k];
        pcm[at] = (int16_t)(sum / (int32_t)ratio);
    }
}

static void track_render(const struct track *t, struct acodec_dec *dec, int16_t *pcm, size_t cap)
{
    int16_t frame[ACODEC_MAX_SAMPLES];
    unsigned ratio = t->codec->pcm_rate_hz / RATE_HZ;
    for (size_t i = 0; i < t->count; i++) {
        const struct track_packet *p = &t->packets[i];
        int n = t->codec->decode(dec, t->bytes + p->at, p->len, frame, ACODEC_MAX_SAMPLES);
        int64_t at = media_us(t, p->ts) * RATE_HZ / 1000000;
        if (n > 0 && at >= 0)
            put_decimated(pcm, cap, (size_t)at, frame, (size_t)n, ratio);
    }
}

int track_decode(const struct track *t, int16_t **pcm, int64_t *origin_us)
{
    if (t->count == 0 || t->codec == NULL)
        return -ENODATA;
    int64_t last = media_us(t, t->packets[t->count - 1].ts);
    if (last < 0 || last > 600 * (int64_t)1000000)
        return -ENODATA;
    size_t n = (size_t)(last * RATE_HZ / 1000000) + RATE_HZ / 10;
    struct acodec_dec *dec = NULL;
    int16_t *out = calloc(n, sizeof *out);
    int err = out == NULL ? -ENOMEM : t->codec->dec_create(&dec);
    if (err == 0)
        err = track_origin(t, origin_us);
    if (err != 0) {
        t->codec->dec_destroy(dec);
        free(out);
        return err;
    }
    track_render(t, dec, out, n);
    t->codec->dec_destroy(dec);
    *pcm = out;
    return (int)n;
}

static double energy_of(const int16_t *x)
{
    double sum = 0;
    for (int i = 0; i < WINDOW_SAMPLES; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

static double correlate(const int16_t *a, const int16_t *b)
{
    int64_t sum = 0;
    for (int i = 0; i < WINDOW_SAMPLES; i++)
        sum += (int32_t)a[i] * b[i];
    return (double)sum;
}

/* Where in `in` the window is: the start sample, or -1. `from` … `to` is the range of starts. */
static int find_window(const int16_t *window, const int16_t *in, int from, int to)
{
    double own = energy_of(window), best = match_floor;
    int found = -1;
    if (own < WINDOW_SAMPLES * 100.0)
        return -1;
    for (int at = from; at <= to; at++) {
        double energy = energy_of(in + at);
        double match = energy > 0 ? correlate(window, in + at) / sqrt(own * energy) : 0;
        if (match > best) {
            best = match;
            found = at;
        }
    }
    return found;
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct span {
    int16_t *pcm;
    int n;
    int64_t origin_us;
};

/* Latencies of all matched windows into ms (room for out->n / STEP_SAMPLES). */
static void match_windows(
    const struct span *in, const struct span *out, double *ms, struct latency_result *r)
{
    int64_t shift_us = out->origin_us - in->origin_us;
    int shift = (int)(shift_us * RATE_HZ / 1000000);
    for (int at = 0; at + WINDOW_SAMPLES <= out->n; at += STEP_SAMPLES) {
        int from = at + shift - LAG_MAX_SAMPLES, to = at + shift - LAG_MIN_SAMPLES;
        if (from < 0 || to + WINDOW_SAMPLES > in->n)
            continue;
        r->windows++;
        int start = find_window(out->pcm + at, in->pcm, from, to);
        if (start >= 0)
            ms[r->matched++] = (double)(at - start) * 1000 / RATE_HZ + (double)shift_us / 1000;
    }
}

int latency_measure(const struct track *in, const struct track *out, struct latency_result *result)
{
    struct span sent = {0}, heard = {0};
    struct latency_result r = {0};
    double *ms = NULL;
    int err = -ENODATA;
    if ((sent.n = track_decode(in, &sent.pcm, &sent.origin_us)) <= 0 ||
        (heard.n = track_decode(out, &heard.pcm, &heard.origin_us)) <= 0)
        goto out;
    err = -ENOMEM;
    ms = calloc((size_t)heard.n / STEP_SAMPLES + 1, sizeof *ms);
    if (ms == NULL)
        goto out;
    match_windows(&sent, &heard, ms, &r);
    if (r.matched > 0) {
        qsort(ms, r.matched, sizeof *ms, compare_double);
        r.min_ms = ms[0];
        r.median_ms = ms[r.matched / 2];
        r.max_ms = ms[r.matched - 1];
    }
    *result = r;
    err = 0;
out:
    free(sent.pcm);
    free(heard.pcm);
    free(ms);
    return err;
}
