#include "codecs/plc.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_RATE_HZ = 8000,
    MAX_RATE_HZ = 48000,
    COARSE_HZ = 4000,                                       /* of the first pitch search */
    MAX_LAG_MS = 20,                                        /* 50 Hz */
    COARSE_MAX = 2 * MAX_LAG_MS * COARSE_HZ / 1000 * 3 / 2, /* history there; rate / D is inexact */
};

struct plc {
    size_t rate_khz, max_lag, min_lag;
    size_t join;      /* length of the cross-fade out of a loss */
    size_t join_left; /* of it still to do */
    size_t lost;      /* samples made up in this loss */
    size_t period;    /* length of loop[] in use */
    size_t pos;       /* in loop[] */
    size_t bend;      /* samples in which jump is faded out */
    float jump;       /* between what was heard last and what loop[] would have before its start */
    bool losing;
    int16_t *loop;     /* what is repeated; room for max_lag */
    int16_t history[]; /* the last 2 * max_lag samples heard */
};

int plc_create(struct plc **pp, uint32_t rate_hz)
{
    if (rate_hz < MIN_RATE_HZ || rate_hz > MAX_RATE_HZ)
        return -EINVAL;
    size_t max_lag = (size_t)rate_hz * MAX_LAG_MS / 1000;
    struct plc *p = calloc(1, sizeof *p + 3 * max_lag * sizeof(int16_t));
    if (!p)
        return -ENOMEM;
    p->rate_khz = rate_hz / 1000;
    p->max_lag = max_lag;
    p->min_lag = max_lag / 8;
    p->join = p->rate_khz * PLC_JOIN_MS;
    p->loop = p->history + 2 * max_lag;
    *pp = p;
    return 0;
}

void plc_destroy(struct plc *p)
{
    free(p);
}

static void remember(struct plc *p, const int16_t *pcm, size_t n)
{
    size_t len = 2 * p->max_lag;
    if (n < len) {
        memmove(p->history, p->history + n, (len - n) * sizeof *pcm);
        memcpy(p->history + len - n, pcm, n * sizeof *pcm);
    } else {
        memcpy(p->history, pcm + n - len, len * sizeof *pcm);
    }
}

/* Normalized correlation of the last n samples before end with those lag earlier. */
static float correlation(const int16_t *end, size_t n, size_t lag)
{
    int64_t cross = 0, now = 0, then = 0;
    const int16_t *x = end - n, *y = x - lag;
    for (size_t i = 0; i < n; i++) {
        cross += x[i] * y[i];
        now += x[i] * x[i];
        then += y[i] * y[i];
    }
    if (cross <= 0 || now == 0 || then == 0)
        return 0;
    return (float)cross / sqrtf((float)now * (float)then);
}

static size_t best_lag(
    const int16_t *end, size_t n, size_t from, size_t to, float *scorep, float dislike)
{
    size_t best = to;
    float best_score = 0;
    for (size_t lag = from; lag <= to; lag++) {
        float score = correlation(end, n, lag) * (1 - dislike * (float)lag / (float)to);
        if (score > best_score) {
            best_score = score;
            best = lag;
        }
    }
    *scorep = best_score;
    return best;
}

/* The pitch period in samples: coarsely at about 4 kHz, then around that at the full rate. What has
 * no pitch is repeated in the longest piece there is, so that it does not hum. */
static size_t find_period(const struct plc *p)
{
    int16_t coarse[COARSE_MAX];
    size_t step = p->rate_khz * 1000 / COARSE_HZ;
    size_t n = 2 * p->max_lag / step;
    const int16_t *first = p->history + 2 * p->max_lag - n * step;
    for (size_t i = 0; i < n; i++) {
        int sum = 0;
        for (size_t j = 0; j < step; j++)
            sum += first[i * step + j];
        coarse[i] = (int16_t)(sum / (int)step);
    }
    float score;
    size_t lag = best_lag(coarse + n, n / 4, n / 16, n / 2, &score, 0.1F) * step;
    size_t from = lag - step, to = lag + step;
    if (from < p->min_lag)
        from = p->min_lag;
    if (to > p->max_lag)
        to = p->max_lag;
    lag = best_lag(p->history + 2 * p->max_lag, p->max_lag / 2, from, to, &score, 0);
    return score < 0.3F ? p->max_lag : lag;
}

/* Makes loop[] out of the last period; its end leans towards the period before it, so that end and
 * beginning meet. */
static void begin_loss(struct plc *p)
{
    const int16_t *end = p->history + 2 * p->max_lag;
    size_t period = find_period(p), lean = period / 4;
    const int16_t *last = end - period, *before = last - period;
    memcpy(p->loop, last, period * sizeof *p->loop);
    for (size_t i = 0; i < lean; i++) {
        size_t at = period - lean + i;
        float w = (float)(i + 1) / (float)(lean + 1);
        p->loop[at] = (int16_t)lrintf(last[at] * (1 - w) + before[at] * w);
    }
    p->period = period;
    p->pos = 0;
    p->lost = 0;
    p->jump = (float)(end[-1] - before[period - 1]);
    p->bend = lean;
    p->losing = true;
}

static float fade(const struct plc *p)
{
    size_t hold = p->rate_khz * PLC_HOLD_MS, length = p->rate_khz * PLC_FADE_MS;
    if (p->lost <= hold)
        return 1;
    return p->lost >= hold + length ? 0 : 1 - (float)(p->lost - hold) / (float)length;
}

static int16_t next_made_up(struct plc *p)
{
    float x = p->loop[p->pos];
    if (p->lost < p->bend)
        x += p->jump * (1 - (float)(p->lost + 1) / (float)(p->bend + 1));
    x *= fade(p);
    p->pos = p->pos + 1 == p->period ? 0 : p->pos + 1;
    p->lost++;
    return (int16_t)lrintf(fminf(fmaxf(x, INT16_MIN), INT16_MAX));
}

void plc_conceal(struct plc *p, int16_t *pcm, size_t n)
{
    if (!p->losing)
        begin_loss(p);
    for (size_t i = 0; i < n; i++)
        pcm[i] = next_made_up(p);
    p->join_left = p->join;
    remember(p, pcm, n);
}

void plc_good(struct plc *p, int16_t *pcm, size_t n)
{
    p->losing = false;
    for (size_t i = 0; i < n && p->join_left > 0; i++, p->join_left--) {
        float w = 1 - (float)p->join_left / (float)(p->join + 1);
        float x = next_made_up(p) * (1 - w) + pcm[i] * w;
        pcm[i] = (int16_t)lrintf(x);
    }
    remember(p, pcm, n);
}
