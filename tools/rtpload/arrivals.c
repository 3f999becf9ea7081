#include "tools/rtpload/arrivals.h"

#include <errno.h>
#include <stdlib.h>

/* Offsets are kept from a point this far before the first packet, so that none is negative. */
enum { ORIGIN_MARGIN_US = 10000000 };

static void arrivals_begin(
    struct arrivals *a, uint32_t ssrc, uint16_t seq, uint32_t ts, int64_t now_us)
{
    a->ssrc = ssrc;
    a->last_seq = seq - 1;
    a->last_ts = ts;
    a->media_ticks = 0;
    a->origin_us = now_us - ORIGIN_MARGIN_US;
    a->begun = true;
}

/* Steps past the packets that are missing before seq, or back for one that came late. */
static void arrivals_count(struct arrivals *a, uint16_t seq)
{
    int16_t step = (int16_t)(uint16_t)(seq - a->last_seq);
    if (step > 0) {
        a->expected += (uint64_t)step;
        a->lost += (uint64_t)step - 1;
        a->last_seq = seq;
    } else {
        a->reordered++;
        if (a->lost > 0)
            a->lost--;
    }
}

int arrivals_add(
    struct arrivals *a, uint32_t ssrc, uint16_t seq, uint32_t ts, size_t bytes, int64_t now_us)
{
    if (!a->begun || ssrc != a->ssrc)
        arrivals_begin(a, ssrc, seq, ts, now_us);
    if (a->count == a->cap) {
        size_t cap = a->cap == 0 ? 512 : 2 * a->cap;
        uint32_t *grown = realloc(a->offset_us, cap * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        a->offset_us = grown;
        a->cap = cap;
    }
    arrivals_count(a, seq);
    a->media_ticks += (int32_t)(ts - a->last_ts);
    a->last_ts = ts;
    int64_t offset = now_us - a->origin_us - a->media_ticks * 1000000 / a->clock_hz;
    a->offset_us[a->count++] = offset < 0 ? 0 : (uint32_t)offset;
    a->bytes += bytes;
    return 0;
}

void arrivals_restart(struct arrivals *a)
{
    a->count = 0;
    a->bytes = a->expected = a->lost = a->reordered = 0;
}

size_t arrivals_lateness(const struct arrivals *a, uint32_t *out)
{
    uint32_t earliest = UINT32_MAX;
    for (size_t i = 0; i < a->count; i++) {
        if (a->offset_us[i] < earliest)
            earliest = a->offset_us[i];
    }
    for (size_t i = 0; i < a->count; i++)
        out[i] = a->offset_us[i] - earliest;
    return a->count;
}

void arrivals_fini(struct arrivals *a)
{
    free(a->offset_us);
    *a = (struct arrivals){0};
}
