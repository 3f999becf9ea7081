#include "net/rtp/voip_metrics.h"

#include <string.h>

void voip_metrics_init(struct voip_metrics *m)
{
    memset(m, 0, sizeof *m);
}

/* Gmin packets in a row came, or the call is being judged: the cluster was a burst, or a loss on
 * its own that belongs to the gap. */
static void close_cluster(struct voip_metrics *m)
{
    if (m->open_lost == 1) {
        m->gap_lost++;
    } else if (m->open_lost > 1) {
        m->bursts++;
        m->burst_lost += m->open_lost;
        m->burst_received += m->open_received;
    }
    m->gap_received += m->run;
    m->run = m->open_lost = m->open_received = 0;
}

void voip_metrics_packet(struct voip_metrics *m, bool received)
{
    m->packets++;
    if (!received) {
        m->lost++;
        m->open_lost++;
        m->open_received += m->run;
        m->run = 0;
    } else if (m->open_lost == 0) {
        m->gap_received++;
    } else if (++m->run == VOIP_METRICS_GMIN) {
        close_cluster(m);
    }
}

void voip_metrics_discard(struct voip_metrics *m, uint32_t packets)
{
    m->discarded += packets;
}

static uint8_t per_256(uint32_t part, uint32_t whole)
{
    if (whole == 0)
        return 0;
    uint64_t v = (uint64_t)part * 256 / whole;
    return v > 255 ? 255 : (uint8_t)v;
}

static uint16_t mean_ms(uint32_t packets, uint32_t periods, uint32_t ptime_ms)
{
    uint64_t v = periods ? (uint64_t)packets * ptime_ms / periods : 0;
    return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

/* G.107, annex B: R to mean opinion score, times 10 and rounded. */
static uint8_t mos_x10(double r)
{
    if (r <= 0)
        return 10;
    double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
    return mos < 1 ? 10 : (uint8_t)(mos * 10 + 0.5);
}

static void quality(
    const struct voip_metrics *m, uint32_t one_way_ms, struct voip_metrics_result *out)
{
    const double best = 93.2, bpl = 25, knee_ms = 177.3;
    double gone = (double)m->lost + m->discarded;
    double ppl = m->packets ? 100 * gone / m->packets : 0;
    if (ppl > 100)
        ppl = 100;
    double listening = best - 95 * ppl / (ppl + bpl);
    double delay = one_way_ms, talking = listening - 0.024 * delay;
    if (delay > knee_ms)
        talking -= 0.11 * (delay - knee_ms);
    out->mos_lq = mos_x10(listening);
    out->mos_cq = mos_x10(talking);
    out->r_factor = talking > 0 ? (uint8_t)(talking + 0.5) : 0;
}

void voip_metrics_result(const struct voip_metrics *m, uint32_t ptime_ms, uint32_t one_way_ms,
    struct voip_metrics_result *out)
{
    struct voip_metrics now = *m;
    close_cluster(&now);
    uint32_t gap = now.gap_received + now.gap_lost, burst = now.burst_received + now.burst_lost;
    *out = (struct voip_metrics_result){
        .loss_rate = per_256(now.lost, now.packets),
        .discard_rate = per_256(now.discarded, now.packets),
        .burst_density = per_256(now.burst_lost, burst),
        .gap_density = per_256(now.gap_lost, gap),
        .burst_ms = mean_ms(burst, now.bursts, ptime_ms),
        .gap_ms = mean_ms(gap, now.bursts + 1, ptime_ms),
    };
    quality(&now, one_way_ms, out);
}
