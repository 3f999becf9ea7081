#include "mixer/jitter/playout_stretch.h"

#include "mixer/jitter/rtp_timeline.h"
#include "mixer/jitter/time_stretch.h"

enum {
    QUIET_MOST = 960, /* samples of quiet cut or added at once */
    QUIET_LEAST = 48, /* less is not worth it */
    MUCH = 2880,
    MORE = 5760, /* surplus samples from which speech is cut more often */
};

static const float QUIET_POWER = 1e5f;   /* -40 dBFS: never quiet above, */
static const float SILENCE_POWER = 400;  /* -64 dBFS: always quiet below, */
static const float QUIET_OVER_FLOOR = 4; /* and between if at most 6 dB above the background */
static const float FLOOR_RISE = 1.005f;  /* of the background's estimate, a frame */

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

uint32_t playout_step(uint32_t packet_samples)
{
    uint32_t step = gcd(PLAYOUT_FRAME, packet_samples);
    return step < TIME_STRETCH_MIN_LAG ? TIME_STRETCH_MIN_LAG : step;
}

/* Samples that are held for nothing: the deadline is the same without them. */
static size_t slack(const struct playout *p)
{
    return p->sync.len % playout_step(p->packet_samples);
}

size_t playout_stretch_need(const struct playout *p)
{
    if (p->steps >= 0)
        return 0;
    return TIME_STRETCH_MAX_LAG;
}

static void learn_background(struct playout *p, float power)
{
    p->floor_power = (p->floor_power < 1 ? 1 : p->floor_power) * FLOOR_RISE;
    p->floor_power = power < p->floor_power ? power : p->floor_power;
}

static bool is_quiet(const struct playout *p, const int16_t *x, size_t n)
{
    float power = time_stretch_power(x, n);
    return power < SILENCE_POWER ||
           (power < QUIET_POWER && power < QUIET_OVER_FLOOR * p->floor_power);
}

static void cut(struct playout *p, size_t lag, size_t overlap)
{
    if (p->deaf)
        p->sync.len -= lag;
    else
        p->sync.len = time_stretch_cut(sync_buffer_future(&p->sync), p->sync.len, lag, overlap);
    p->stats->removed_samples += p->deaf ? 0 : lag;
    p->since_stretch = p->patience = 0;
}

static void repeat(struct playout *p, size_t lag, size_t overlap)
{
    if (p->deaf)
        p->sync.len += lag;
    else
        p->sync.len = time_stretch_repeat(sync_buffer_future(&p->sync), p->sync.len, lag, overlap);
    p->stats->inserted_samples += p->deaf ? 0 : lag;
    p->since_stretch = p->patience = 0;
}

/* The longer it was wanted in vain, the less alike the pieces must be. */
static bool alike_enough(const struct playout *p, float similarity, float first, float relax)
{
    return similarity >= first - relax * (float)p->patience;
}

/* Frames between two cuts through speech: the more there is to give back, the fewer. */
static unsigned interval(size_t surplus, bool gainful)
{
    if (!gainful)
        return 10;
    return surplus >= MORE ? 1 : surplus >= MUCH ? 2 : 3;
}

/* Cuts at most surplus samples; gainful: it is more than what is held for nothing. */
static void shorten(struct playout *p, size_t surplus, bool gainful)
{
    int16_t *x = sync_buffer_future(&p->sync);
    size_t spare = p->sync.len - PLAYOUT_FRAME;
    size_t most = surplus < spare ? surplus : spare;
    size_t quiet = most < QUIET_MOST ? most : QUIET_MOST;
    if (quiet >= QUIET_LEAST && (p->deaf || is_quiet(p, x, quiet + TIME_STRETCH_OVERLAP))) {
        cut(p, quiet, TIME_STRETCH_OVERLAP);
        return;
    }
    if (p->since_stretch < interval(surplus, gainful) || most < TIME_STRETCH_MIN_LAG)
        return;
    struct time_stretch_match match = time_stretch_find_cut(x, p->sync.len, most);
    if (match.lag > 0 && alike_enough(p, match.similarity, 0.85f, gainful ? 0.02f : 0))
        cut(p, match.lag, match.lag);
    else
        p->patience++;
}

static void lengthen(struct playout *p, size_t missing)
{
    int16_t *x = sync_buffer_future(&p->sync);
    size_t quiet = missing < QUIET_MOST ? missing : QUIET_MOST;
    if (p->sync.len + QUIET_MOST > SYNC_BUFFER_FUTURE)
        return;
    if (p->deaf || (is_quiet(p, x - quiet, quiet) && is_quiet(p, x, TIME_STRETCH_OVERLAP))) {
        repeat(p, quiet, TIME_STRETCH_OVERLAP);
        return;
    }
    size_t look = p->sync.len < SYNC_BUFFER_PAST ? p->sync.len : SYNC_BUFFER_PAST;
    struct time_stretch_match match = time_stretch_find_repeat(x, SYNC_BUFFER_PAST, look);
    if (match.lag > 0 && alike_enough(p, match.similarity, 0.8f, 0.1f))
        repeat(p, match.lag, match.lag);
    else
        p->patience++;
}

void playout_stretch(struct playout *p)
{
    size_t step = playout_step(p->packet_samples), idle = slack(p);
    if (!p->deaf)
        learn_background(p, time_stretch_power(sync_buffer_future(&p->sync), PLAYOUT_FRAME));
    p->since_stretch++;
    int64_t deadline_us = playout_deadline_us(p, p->next_pos);
    if (p->steps < 0) {
        shorten(p, (size_t)-p->steps * step + idle, true);
        if (p->since_stretch == 0)
            delay_target_shrunk(p->target, deadline_us, p->now_us);
    } else if (p->steps > 0) {
        lengthen(p, (size_t)p->steps * step - idle);
        delay_target_grown(p->target, deadline_us + rtp_timeline_us((int64_t)step), p->now_us);
    } else if (idle > 0) {
        shorten(p, idle, false);
    }
}
