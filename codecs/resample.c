#include "codecs/resample.h"

#include "codecs/polyphase.h"

#include <errno.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_HZ = 4000, MAX_HZ = 192000, PRIME_MS = 20 };

enum how { COPY, POLYPHASE, SWR };

struct resample {
    enum how how;
    uint32_t in_hz, out_hz;
    union {
        struct polyphase polyphase;
        SwrContext *swr;
    };
};

void resample_destroy(struct resample *r)
{
    if (!r)
        return;
    if (r->how == SWR)
        swr_free(&r->swr);
    free(r);
}

static int open_swr(struct resample *r)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int err = swr_alloc_set_opts2(&r->swr, &mono, AV_SAMPLE_FMT_S16, (int)r->out_hz, &mono,
        AV_SAMPLE_FMT_S16, (int)r->in_hz, 0, NULL);
    /* In floats it is faster than in int16, rounds once, and needs less than half the memory. */
    if (err == 0)
        err = av_opt_set_sample_fmt(r->swr, "internal_sample_fmt", AV_SAMPLE_FMT_FLTP, 0);
    /* The default filter falls off from 85 % of the lower band on, which costs 8-kHz speech that is
     * converted there and back some 5 dB. This one is as polyphase.c's. */
    if (err == 0)
        err = av_opt_set_int(r->swr, "filter_size", 2 * RESAMPLE_DELAY_SAMPLES, 0);
    if (err == 0)
        err = av_opt_set_int(r->swr, "filter_type", SWR_FILTER_TYPE_KAISER, 0);
    if (err == 0)
        err = av_opt_set_double(r->swr, "kaiser_beta", 6, 0);
    if (err == 0)
        err = av_opt_set_double(r->swr, "cutoff", 1, 0);
    return err == 0 ? swr_init(r->swr) : err;
}

/* From then on every call gives n * out_hz / in_hz, and has memory for 20 ms. */
static int prime_swr(struct resample *r)
{
    static const int16_t silence[MAX_HZ * PRIME_MS / 1000];
    int16_t discarded[MAX_HZ * PRIME_MS / 1000];
    size_t n = (size_t)r->in_hz * PRIME_MS / 1000, cap = (size_t)r->out_hz * PRIME_MS / 1000 + 1;
    int got = 0;
    for (int i = 0; i < 2 && got >= 0; i++) /* only the second has the first's end before it */
        got = resample_run(r, silence, n, discarded, cap);
    return got < 0 ? got : 0;
}

static int begin(struct resample *r)
{
    r->how = COPY;
    if (r->in_hz == r->out_hz)
        return 0;
    r->how = POLYPHASE;
    if (polyphase_init(&r->polyphase, r->in_hz, r->out_hz))
        return 0;
    r->how = SWR;
    int err = open_swr(r);
    if (err < 0)
        return err == AVERROR(EINVAL) ? -EINVAL : -ENOMEM;
    return prime_swr(r);
}

int resample_create(struct resample **rp, uint32_t in_hz, uint32_t out_hz)
{
    if (in_hz < MIN_HZ || in_hz > MAX_HZ || out_hz < MIN_HZ || out_hz > MAX_HZ)
        return -EINVAL;
    struct resample *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->in_hz = in_hz;
    r->out_hz = out_hz;
    int err = begin(r);
    if (err < 0) {
        resample_destroy(r);
        return err;
    }
    *rp = r;
    return 0;
}

static int run_swr(struct resample *r, const int16_t *in, size_t n, int16_t *out, size_t cap)
{
    const uint8_t *from[1] = {(const uint8_t *)in};
    uint8_t *to[1] = {(uint8_t *)out};
    int got = swr_convert(r->swr, to, (int)cap, from, (int)n);
    return got >= 0 ? got : -ENOMEM;
}

int resample_run(struct resample *r, const int16_t *in, size_t n, int16_t *out, size_t cap)
{
    size_t most = ((uint64_t)n * r->out_hz + r->in_hz - 1) / r->in_hz;
    if (most > cap)
        return -ENOSPC;
    if (r->how == SWR)
        return run_swr(r, in, n, out, cap);
    if (r->how == POLYPHASE) {
        most = polyphase_count(&r->polyphase, n);
        polyphase_run(&r->polyphase, in, n, out);
    } else {
        memcpy(out, in, n * sizeof *in);
    }
    return (int)most;
}
