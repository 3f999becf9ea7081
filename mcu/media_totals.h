#ifndef MCU_MEDIA_TOTALS_H
#define MCU_MEDIA_TOTALS_H

/* Sums over media loops, for metrics: a copy, free of pointers into the loops. [any] */

#include <stdint.h>

struct media_totals {
    uint64_t ticks, late_ticks,
        missed_ticks;          /* late: began > 5 ms after its slot; missed: never run */
    uint32_t longest_tick_us;  /* of the last second, of all loops */
    float busy;                /* threads' CPU in cores, last second */
    uint64_t complexity_steps; /* times the load lowered the encoders' complexity */
    uint64_t packets_in, packets_out, packets_dropped, send_errors;
    uint64_t encodes, decodes, switches;
    uint64_t concealed_samples, played_samples;
    uint64_t ice_checks, ice_refused;     /* refused: forged, foreign or too many */
    uint64_t strangers;                   /* packets to an ICE port from who has proved nothing */
    unsigned webrtc_sessions, webrtc_tcp; /* now; connections */
    unsigned loops;
    unsigned legs, groups, speakers; /* now */
};

void media_totals_add(struct media_totals *sum, const struct media_totals *part);
/* What was added of a room or leg that goes: its counts stay, what it was just now does not. */
void media_totals_retire(struct media_totals *sum);

#endif
