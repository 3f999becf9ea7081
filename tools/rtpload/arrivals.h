#ifndef TOOLS_RTPLOAD_ARRIVALS_H
#define TOOLS_RTPLOAD_ARRIVALS_H

/* When the packets of one stream came, against the grid its RTP timestamps promise. The grid is
 * anchored at the earliest packet: a packet's lateness is how much more it took than that one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arrivals {
    uint32_t *offset_us; /* arrival minus media time, a packet each */
    size_t count, cap;
    uint64_t bytes, expected, lost, reordered;
    uint32_t clock_hz, ssrc, last_ts;
    uint16_t last_seq;
    int64_t media_ticks; /* unwrapped timestamp since the first packet */
    int64_t origin_us;
    bool begun;
};

/* Takes a packet in; a new SSRC begins a new grid. 0 or -ENOMEM. */
int arrivals_add(
    struct arrivals *a, uint32_t ssrc, uint16_t seq, uint32_t ts, size_t bytes, int64_t now_us);
/* Forgets the packets counted so far, keeps the grid (the end of a warm-up). */
void arrivals_restart(struct arrivals *a);
/* Appends the lateness of every packet, in microseconds, to out; returns their number. */
size_t arrivals_lateness(const struct arrivals *a, uint32_t *out);
void arrivals_fini(struct arrivals *a);

#endif
