#include "net/rtp/rtp_source.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEQ_MOD = 1 << 16,
    MAX_DROPOUT = 3000, /* RFC 3550, A.1 */
    MAX_MISORDER = 100,
    NO_BAD_SEQ = SEQ_MOD + 1, /* equals no sequence number */
    WINDOW = 64,
    MAX_TRANSIT_STEP_S = 4, /* more is a jump of the clock, not jitter */

    GATE_RUN = 2,                  /* packets in sequence */
    GATE_RUN_MAX_GAP_US = 1000000, /* between them */
    GATE_SILENCE_US = 60000,
    GATE_LONG_SILENCE_US = 2000000,
    GATE_TOKENS = 4,
    GATE_REFILL_US = 2000000
};

void rtp_source_init(struct rtp_source *s, uint32_t ssrc, uint32_t clock_hz)
{
    memset(s, 0, sizeof *s);
    s->ssrc = ssrc;
    s->clock_hz = clock_hz;
    voip_metrics_init(&s->voip);
}

void rtp_source_set_clock(struct rtp_source *s, uint32_t clock_hz)
{
    if (s->clock_hz == clock_hz)
        return;
    s->clock_hz = clock_hz;
    s->jitter_q4 = 0;
    s->have_transit = false;
}

static void start(struct rtp_source *s, uint16_t seq)
{
    s->started = true;
    s->base_seq = s->max_seq = seq;
    s->cycles = 0;
    s->bad_seq = NO_BAD_SEQ;
    s->window = 1;
    s->window_fill = 1;
    s->received = s->expected_prior = s->received_prior = 0;
    s->have_transit = false;
}

/* max_seq moves on by n; what leaves the window is final. */
static void advance(struct rtp_source *s, uint16_t n)
{
    for (unsigned i = 0; i < n; i++) {
        if (s->window_fill == WINDOW)
            voip_metrics_packet(&s->voip, s->window >> (WINDOW - 1));
        else
            s->window_fill++;
        s->window <<= 1;
    }
    s->window |= 1;
    uint16_t seq = (uint16_t)(s->max_seq + n);
    if (seq < s->max_seq)
        s->cycles += SEQ_MOD;
    s->max_seq = seq;
}

static enum rtp_source_verdict behind(struct rtp_source *s, uint16_t by)
{
    if (by < WINDOW) {
        uint64_t bit = UINT64_C(1) << by;
        if (s->window & bit) {
            s->duplicates++;
            return RTP_SOURCE_DUPLICATE;
        }
        s->window |= bit;
    }
    s->reordered++;
    return RTP_SOURCE_REORDERED;
}

static enum rtp_source_verdict place(struct rtp_source *s, uint16_t seq)
{
    uint16_t ahead = (uint16_t)(seq - s->max_seq);
    if (ahead == 0 || ahead > SEQ_MOD - MAX_MISORDER)
        return behind(s, (uint16_t)-ahead);
    if (ahead < MAX_DROPOUT) {
        advance(s, ahead);
        return RTP_SOURCE_OK;
    }
    if (seq == s->bad_seq) {
        s->restarts++;
        start(s, seq);
        return RTP_SOURCE_RESTART;
    }
    s->bad_seq = (seq + 1) & (SEQ_MOD - 1);
    s->jumps++;
    return RTP_SOURCE_JUMP;
}

static uint32_t in_clock_units(const struct rtp_source *s, uint64_t us)
{
    return (uint32_t)(us / 1000000 * s->clock_hz + us % 1000000 * s->clock_hz / 1000000);
}

/* RFC 3550, A.8. Packets of one timestamp (a telephone-event's) are sent apart on purpose and say
 * nothing. */
static void update_jitter(struct rtp_source *s, uint32_t timestamp, uint64_t arrival_us)
{
    uint32_t transit = in_clock_units(s, arrival_us) - timestamp;
    if (s->have_transit && timestamp == s->timestamp)
        return;
    if (s->have_transit) {
        int64_t d = llabs((int64_t)(int32_t)(transit - s->transit));
        if (d <= (int64_t)MAX_TRANSIT_STEP_S * s->clock_hz)
            s->jitter_q4 = (uint32_t)(s->jitter_q4 + d - ((s->jitter_q4 + 8) >> 4));
    }
    s->have_transit = true;
    s->transit = transit;
    s->timestamp = timestamp;
}

enum rtp_source_verdict rtp_source_put(
    struct rtp_source *s, uint16_t seq, uint32_t timestamp, size_t payload_len, uint64_t arrival_us)
{
    enum rtp_source_verdict verdict = RTP_SOURCE_OK;
    if (s->started)
        verdict = place(s, seq);
    else
        start(s, seq);
    if (verdict == RTP_SOURCE_JUMP)
        return verdict;
    s->received++; /* duplicates and late ones too: A.3 */
    s->bytes += payload_len;
    s->last_arrival_us = arrival_us;
    if (verdict != RTP_SOURCE_DUPLICATE)
        update_jitter(s, timestamp, arrival_us);
    return verdict;
}

static uint32_t extended_max(const struct rtp_source *s)
{
    return s->cycles + s->max_seq;
}

uint64_t rtp_source_expected(const struct rtp_source *s)
{
    return s->started ? (uint64_t)(extended_max(s) - s->base_seq) + 1 : 0;
}

int32_t rtp_source_lost(const struct rtp_source *s)
{
    const int64_t max = 0x7fffff, min = -0x800000;
    int64_t lost = (int64_t)rtp_source_expected(s) - s->received;
    return (int32_t)(lost > max ? max : lost < min ? min : lost);
}

uint32_t rtp_source_jitter(const struct rtp_source *s)
{
    return s->jitter_q4 >> 4;
}

uint32_t rtp_source_jitter_us(const struct rtp_source *s)
{
    return s->clock_hz ? (uint32_t)((uint64_t)(s->jitter_q4 >> 4) * 1000000 / s->clock_hz) : 0;
}

void rtp_source_report(struct rtp_source *s, struct rtcp_report_block *out)
{
    uint32_t expected = (uint32_t)rtp_source_expected(s);
    uint32_t expected_now = expected - s->expected_prior;
    int64_t lost_now = (int64_t)expected_now - (int64_t)(s->received - s->received_prior);
    s->expected_prior = expected;
    s->received_prior = s->received;
    uint64_t fraction = expected_now && lost_now > 0 ? (uint64_t)lost_now * 256 / expected_now : 0;
    *out = (struct rtcp_report_block){
        .ssrc = s->ssrc,
        .fraction_lost = fraction > 255 ? 255 : (uint8_t)fraction,
        .lost = rtp_source_lost(s),
        .highest_seq = extended_max(s),
        .jitter = rtp_source_jitter(s),
    };
}

/* --- gate ------------------------------------------------------------------------------------- */
void rtp_ssrc_gate_init(struct rtp_ssrc_gate *g)
{
    memset(g, 0, sizeof *g);
    g->tokens = GATE_TOKENS;
}

void rtp_ssrc_gate_reset(struct rtp_ssrc_gate *g)
{
    g->have = false;
    g->candidate_run = 0;
}

static void take(struct rtp_ssrc_gate *g, uint32_t ssrc, uint64_t now_us)
{
    g->have = true;
    g->ssrc = ssrc;
    g->last_us = now_us;
    g->candidate_run = 0;
}

static void refill(struct rtp_ssrc_gate *g, uint64_t now_us)
{
    uint64_t n = now_us > g->refill_us ? (now_us - g->refill_us) / GATE_REFILL_US : 0;
    if (g->tokens + n >= GATE_TOKENS) {
        g->tokens = GATE_TOKENS;
        g->refill_us = now_us;
    } else {
        g->tokens = (uint8_t)(g->tokens + n);
        g->refill_us += n * GATE_REFILL_US;
    }
}

static void note_candidate(struct rtp_ssrc_gate *g, uint32_t ssrc, uint16_t seq, uint64_t now_us)
{
    bool next = g->candidate_run > 0 && g->candidate == ssrc &&
                seq == (uint16_t)(g->candidate_seq + 1) &&
                now_us <= g->candidate_us + GATE_RUN_MAX_GAP_US;
    if (!next)
        g->candidate_run = 0;
    if (g->candidate_run < GATE_RUN)
        g->candidate_run++;
    g->candidate = ssrc;
    g->candidate_seq = seq;
    g->candidate_us = now_us;
}

static bool may_change(struct rtp_ssrc_gate *g, uint64_t now_us)
{
    uint64_t silent_us = now_us > g->last_us ? now_us - g->last_us : 0;
    refill(g, now_us);
    if (g->candidate_run < GATE_RUN || silent_us < GATE_SILENCE_US)
        return false;
    return g->tokens > 0 || silent_us >= GATE_LONG_SILENCE_US;
}

enum rtp_ssrc_verdict rtp_ssrc_gate_check(
    struct rtp_ssrc_gate *g, uint32_t ssrc, uint16_t seq, uint64_t now_us)
{
    if (!g->have) {
        take(g, ssrc, now_us);
        return RTP_SSRC_NEW;
    }
    if (ssrc == g->ssrc) {
        g->last_us = now_us;
        return RTP_SSRC_CURRENT;
    }
    note_candidate(g, ssrc, seq, now_us);
    if (!may_change(g, now_us)) {
        g->refused++;
        return RTP_SSRC_REFUSED;
    }
    if (g->tokens > 0)
        g->tokens--;
    g->changes++;
    take(g, ssrc, now_us);
    return RTP_SSRC_NEW;
}
