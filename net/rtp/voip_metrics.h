#ifndef NET_RTP_VOIP_METRICS_H
#define NET_RTP_VOIP_METRICS_H

/* Bursts and gaps of loss for the VoIP metrics block of RFC 3611 4.7 (as 4.7.2 defines them, Gmin
 * 16), and a quality estimate: ITU-T G.107 with its defaults, of loss and delay only (Ie 0, Bpl
 * 25). Pure. [loop] */

#include <stdbool.h>
#include <stdint.h>

enum { VOIP_METRICS_GMIN = 16 };

struct voip_metrics {
    uint32_t packets, lost, discarded;   /* discarded: came, but too late to be played */
    uint32_t run;                        /* received since the last loss, while a cluster is open */
    uint32_t open_lost, open_received;   /* cluster of losses less than Gmin packets apart */
    uint32_t gap_received, gap_lost;     /* outside bursts; a cluster of one loss is no burst */
    uint32_t burst_received, burst_lost; /* within bursts, from first to last loss */
    uint32_t bursts;
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
