#ifndef NET_VOIP_METRICS_H
#define NET_VOIP_METRICS_H

/* Bursts and gaps of loss for the VoIP metrics block of RFC 3611 4.7 (counting of its appendix
 * A.2, Gmin 16), and the quality estimate from them (ITU-T G.107, no codec impairment but loss).
 * Pure. [loop] */

#include <stdbool.h>
#include <stdint.h>

enum { VOIP_METRICS_GMIN = 16 };

struct voip_metrics {
    uint32_t packets, lost, discarded;         /* discarded: came, but too late to be played */
    uint32_t run;                              /* received since the last loss */
    uint32_t burst_loss;                       /* losses of the burst that may be going on */
    uint32_t gap_received, gap_lost, isolated; /* packets of gaps; losses within them */
    uint32_t burst_received, burst_lost;       /* packets of bursts */
    uint32_t bursts, pending_lost;
};

struct voip_metrics_result {
    uint8_t loss_rate, discard_rate;    /* 1/256 */
    uint8_t burst_density, gap_density; /* 1/256 */
    uint16_t burst_ms, gap_ms;          /* mean durations */
    uint8_t r_factor;                   /* 0 … 100 */
    uint8_t mos_lq, mos_cq;             /* times 10 */
};

void voip_metrics_init(struct voip_metrics *m);
void voip_metrics_packet(struct voip_metrics *m, bool received); /* in order of sequence */
void voip_metrics_discard(struct voip_metrics *m, uint32_t packets);
/* ptime_ms: of a packet; one_way_ms: network and end system, mouth to ear. */
void voip_metrics_result(const struct voip_metrics *m, uint32_t ptime_ms, uint32_t one_way_ms,
    struct voip_metrics_result *out);

#endif
