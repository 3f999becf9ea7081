#include "net/rtp/rtcp_session.h"

#include "net/splitmix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DEFAULT_BANDWIDTH_BPS = 64000,
    DEFAULT_INTERVAL_MS = 5000,
    IP_UDP_BYTES = 28,      /* RFC 3550 6.2 counts them */
    FIRST_SIZE_BYTES = 128, /* before anything was sent */
    MEMBERS = 2,
    XR_EVERY = 5,
    SENT_SRS = 8, /* a report may answer any of them */
    UNIX_TO_NTP_S = 2208988800u,
    MAX_RTT_US = 30000000,
    RTT_SLACK_US = 2000, /* DLSR is rounded, and so is our clock */
    VOIP_UNKNOWN = 127,  /* RFC 3611, 4.7.4 and 4.7.5 */
    CNAME_BYTES = 24
};

struct sent_sr {
    uint32_t ntp_middle;
    uint64_t at_us;
};

struct heard { /* an SR or RRTR to be echoed */
    bool have;
    uint32_t ssrc, ntp_middle;
    uint64_t at_us;
};

struct rtcp_session {
    struct rtcp_session_config cfg;
    char cname[RTCP_MAX_CNAME + 1];
    uint64_t random, next_us;
    unsigned avg_size; /* bytes with IP and UDP */
    unsigned reports;  /* built */

    uint32_t packets, bytes; /* sent */
    uint32_t last_timestamp;
    uint64_t last_sent_us;
    bool ever_sent;
    unsigned reports_since_sent;

    struct sent_sr sent[SENT_SRS];
    unsigned sent_at;
    struct heard sr, rrtr;
    struct rtcp_remote remote;
};

uint64_t rtcp_ntp_now(void *arg)
{
    struct timespec ts;
    (void)arg;
    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t fraction = ((uint64_t)ts.tv_nsec << 32) / 1000000000;
    return ((uint64_t)ts.tv_sec + UNIX_TO_NTP_S) << 32 | fraction;
}

static uint32_t ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

static void make_cname(struct rtcp_session *s)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (unsigned i = 0; i < CNAME_BYTES; i++)
        s->cname[i] = digits[splitmix_next(&s->random) >> 59];
    s->cname[CNAME_BYTES] = '\0';
}

/* --- when: RFC 3550, 6.2 and 6.3.1 ------------------------------------------------------------ */
static uint64_t interval_us(struct rtcp_session *s)
{
    const double compensation = 2.71828 - 1.5; /* 6.3.1 */
    double rtcp_bytes_s = s->cfg.bandwidth_bps * 0.05 / 8;
    double t_s = MEMBERS * s->avg_size / rtcp_bytes_s;
    double min_s = s->cfg.min_interval_ms / 1000.0;
    if (s->reports == 0)
        min_s /= 2;
    if (t_s < min_s)
        t_s = min_s;
    double factor = 0.5 + (double)(splitmix_next(&s->random) >> 11) / (double)(UINT64_C(1) << 53);
    return (uint64_t)(t_s * factor / compensation * 1e6);
}

static void note_size(struct rtcp_session *s, size_t bytes)
{
    s->avg_size = (unsigned)((bytes + IP_UDP_BYTES + 15 * (size_t)s->avg_size + 8) / 16);
}

int rtcp_session_create(
    struct rtcp_session **sp, const struct rtcp_session_config *cfg, uint64_t now_us)
{
    if (cfg->clock_hz == 0)
        return -EINVAL;
    if (cfg->cname && (cfg->cname[0] == '\0' || strlen(cfg->cname) > RTCP_MAX_CNAME))
        return -EINVAL;
    struct rtcp_session *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->cfg = *cfg;
    s->cfg.cname = NULL; /* the caller's may go */
    s->random = cfg->seed;
    if (cfg->cname)
        strcpy(s->cname, cfg->cname);
    else
        make_cname(s);
    if (s->cfg.bandwidth_bps == 0)
        s->cfg.bandwidth_bps = DEFAULT_BANDWIDTH_BPS;
    if (s->cfg.min_interval_ms == 0)
        s->cfg.min_interval_ms = DEFAULT_INTERVAL_MS;
    if (!s->cfg.ntp)
        s->cfg.ntp = rtcp_ntp_now;
    s->avg_size = FIRST_SIZE_BYTES;
    s->next_us = now_us + interval_us(s);
    *sp = s;
    return 0;
}

void rtcp_session_destroy(struct rtcp_session *s)
{
    free(s);
}

void rtcp_session_sent(
    struct rtcp_session *s, uint32_t rtp_timestamp, size_t payload_len, uint64_t now_us)
{
    s->packets++;
    s->bytes += (uint32_t)payload_len;
    s->last_timestamp = rtp_timestamp;
    s->last_sent_us = now_us;
    s->ever_sent = true;
    s->reports_since_sent = 0;
}

void rtcp_session_set_clock(struct rtcp_session *s, uint32_t clock_hz)
{
    if (clock_hz != 0)
        s->cfg.clock_hz = clock_hz;
}

bool rtcp_session_due(const struct rtcp_session *s, uint64_t now_us)
{
    return now_us >= s->next_us;
}

uint64_t rtcp_session_next_us(const struct rtcp_session *s)
{
    return s->next_us;
}

/* --- what we report --------------------------------------------------------------------------- */
static uint32_t since_65536ths(uint64_t then_us, uint64_t now_us)
{
    uint64_t d = now_us > then_us ? (now_us - then_us) * 65536 / 1000000 : 0;
    return d > UINT32_MAX ? UINT32_MAX : (uint32_t)d;
}

static void fill_block(struct rtcp_session *s, struct rtp_source *src,
    struct rtcp_report_block *block, uint64_t now_us)
{
    rtp_source_report(src, block);
    if (!s->sr.have || s->sr.ssrc != src->ssrc)
        return;
    block->lsr = s->sr.ntp_middle;
    block->dlsr = since_65536ths(s->sr.at_us, now_us);
}

static int write_report(
    struct rtcp_session *s, struct rtcp_writer *w, struct rtp_source *src, uint64_t now_us)
{
    struct rtcp_report_block block;
    unsigned n = src && src->started ? 1 : 0;
    if (n)
        fill_block(s, src, &block, now_us);
    bool sender = s->ever_sent && s->reports_since_sent < 2; /* 6.4: since the last but one */
    s->reports_since_sent++;
    if (!sender)
        return rtcp_write_rr(w, s->cfg.ssrc, &block, n);

    uint64_t ntp = s->cfg.ntp(s->cfg.ntp_arg);
    uint64_t since_us = now_us > s->last_sent_us ? now_us - s->last_sent_us : 0;
    struct rtcp_sender_info info = {
        .ntp = ntp,
        .rtp_timestamp = s->last_timestamp + (uint32_t)(since_us * s->cfg.clock_hz / 1000000),
        .packets = s->packets,
        .bytes = s->bytes,
    };
    s->sent[s->sent_at++ % SENT_SRS] =
        (struct sent_sr){.ntp_middle = ntp_middle(ntp), .at_us = now_us};
    return rtcp_write_sr(w, s->cfg.ssrc, &info, &block, n);
}

static uint16_t clamp16(uint64_t v)
{
    return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static int write_voip(struct rtcp_session *s, struct rtcp_writer *w, const struct rtp_source *src,
    const struct rtcp_local *local)
{
    static const struct rtcp_local nothing = {.ptime_ms = 20};
    const uint8_t adaptive_plc =
        3 << 6 | 3 << 4; /* RFC 3611, 4.7.6: enhanced PLC, adaptive buffer */
    const struct rtcp_local *l = local ? local : &nothing;
    struct voip_metrics_result m;
    uint32_t one_way_ms = s->remote.rtt_us / 2000 + l->jb_now_ms + 2 * l->ptime_ms;
    voip_metrics_result(&src->voip, l->ptime_ms, one_way_ms, &m);
    struct rtcp_xr_voip v = {
        .ssrc = src->ssrc,
        .loss_rate = m.loss_rate,
        .discard_rate = m.discard_rate,
        .burst_density = m.burst_density,
        .gap_density = m.gap_density,
        .burst_ms = m.burst_ms,
        .gap_ms = m.gap_ms,
        .round_trip_ms = clamp16(s->remote.rtt_us / 1000),
        .end_system_ms = clamp16(l->jb_now_ms + (uint64_t)l->ptime_ms),
        .signal_dbm = VOIP_UNKNOWN,
        .noise_dbm = VOIP_UNKNOWN,
        .rerl = VOIP_UNKNOWN,
        .gmin = VOIP_METRICS_GMIN,
        .r_factor = m.r_factor,
        .ext_r_factor = VOIP_UNKNOWN,
        .mos_lq = m.mos_lq,
        .mos_cq = m.mos_cq,
        .rx_config = adaptive_plc,
        .jb_nominal_ms = clamp16(l->jb_now_ms),
        .jb_max_ms = clamp16(l->jb_max_ms),
        .jb_abs_max_ms = clamp16(l->jb_max_ms),
    };
    return rtcp_write_xr_voip(w, s->cfg.ssrc, &v);
}

static int write_dlrr(struct rtcp_session *s, struct rtcp_writer *w, uint64_t now_us)
{
    struct rtcp_dlrr d = {s->rrtr.ssrc, s->rrtr.ntp_middle, since_65536ths(s->rrtr.at_us, now_us)};
    s->rrtr.have = false;
    return rtcp_write_xr_dlrr(w, s->cfg.ssrc, &d, 1);
}

static int write_compound(struct rtcp_session *s, struct rtcp_writer *w, struct rtp_source *src,
    const struct rtcp_local *local, uint64_t now_us)
{
    bool receiving = src && src->started;
    if (receiving && local)
        voip_metrics_discard(&src->voip, local->discarded);
    int err = write_report(s, w, src, now_us);
    if (err == 0)
        err = rtcp_write_sdes(w, s->cfg.ssrc, s->cname);
    if (err == 0 && s->rrtr.have)
        err = write_dlrr(s, w, now_us);
    if (err == 0 && s->cfg.xr && receiving && s->reports % XR_EVERY == XR_EVERY - 1)
        err = write_voip(s, w, src, local);
    return err;
}

static int finish(struct rtcp_session *s, const struct rtcp_writer *w, int err, uint64_t now_us)
{
    if (err != 0)
        return err;
    s->reports++;
    note_size(s, w->len);
    s->next_us = now_us + interval_us(s);
    return (int)w->len;
}

int rtcp_session_build(struct rtcp_session *s, struct rtp_source *src,
    const struct rtcp_local *local, uint8_t *buf, size_t cap, uint64_t now_us)
{
    struct rtcp_writer w;
    rtcp_writer_init(&w, buf, cap);
    return finish(s, &w, write_compound(s, &w, src, local, now_us), now_us);
}

int rtcp_session_build_bye(struct rtcp_session *s, struct rtp_source *src, const char *reason,
    uint8_t *buf, size_t cap, uint64_t now_us)
{
    struct rtcp_writer w;
    rtcp_writer_init(&w, buf, cap);
    int err = write_compound(s, &w, src, NULL, now_us);
    if (err == 0)
        err = rtcp_write_bye(&w, s->cfg.ssrc, reason);
    return finish(s, &w, err, now_us);
}

/* --- what the peer reports -------------------------------------------------------------------- */
/* Round trip of one of our SRs, by our own clock; a report that answers none of them says nothing:
 * it is stale or made up. */
static void take_rtt(struct rtcp_session *s, uint32_t lsr, uint32_t dlsr, uint64_t now_us)
{
    uint64_t held_us = (uint64_t)dlsr * 1000000 / 65536;
    for (unsigned i = 0; lsr != 0 && i < SENT_SRS; i++) {
        const struct sent_sr *sr = &s->sent[i];
        if (sr->ntp_middle != lsr || sr->at_us > now_us)
            continue;
        uint64_t away_us = now_us - sr->at_us;
        if (held_us > away_us + RTT_SLACK_US)
            return;
        uint64_t rtt_us = away_us > held_us ? away_us - held_us : 1;
        if (rtt_us <= MAX_RTT_US)
            s->remote.rtt_us = (uint32_t)rtt_us;
        return;
    }
}

static void take_block(struct rtcp_session *s, const struct rtcp_report_block *b,
    struct rtcp_event *ev, uint64_t now_us)
{
    if (b->ssrc != s->cfg.ssrc)
        return;
    s->remote.reports++;
    s->remote.last_report_us = now_us;
    s->remote.fraction_lost = b->fraction_lost;
    s->remote.lost = b->lost;
    uint64_t jitter_us = (uint64_t)b->jitter * 1000000 / s->cfg.clock_hz;
    s->remote.jitter_us = jitter_us > UINT32_MAX ? UINT32_MAX : (uint32_t)jitter_us;
    take_rtt(s, b->lsr, b->dlsr, now_us);
    ev->report = true;
}

static void take_report(
    struct rtcp_session *s, const struct rtcp_packet *p, struct rtcp_event *ev, uint64_t now_us)
{
    if (p->type == RTCP_SR)
        s->sr = (struct heard){true, p->ssrc, ntp_middle(p->report.sender.ntp), now_us};
    for (unsigned i = 0; i < p->report.n; i++)
        take_block(s, &p->report.block[i], ev, now_us);
}

static void take_xr(struct rtcp_session *s, const struct rtcp_packet *p, uint64_t now_us)
{
    for (unsigned i = 0; i < p->xr.n; i++) {
        const struct rtcp_xr_block *b = &p->xr.block[i];
        if (b->type == RTCP_XR_RRTR) {
            s->rrtr = (struct heard){true, p->ssrc, ntp_middle(b->rrtr_ntp), now_us};
        } else if (b->type == RTCP_XR_VOIP && b->voip.ssrc == s->cfg.ssrc) {
            s->remote.have_voip = true;
            s->remote.voip = b->voip;
        }
    }
}

static void take_payload_feedback(
    struct rtcp_session *s, const struct rtcp_packet *p, struct rtcp_event *ev)
{
    if (p->format == RTCP_PSFB_PLI && p->fb.media_ssrc == s->cfg.ssrc)
        ev->keyframe = true;
    for (unsigned i = 0; p->format == RTCP_PSFB_FIR && i < p->fb.n; i++)
        if (p->fb.ssrc[i] == s->cfg.ssrc)
            ev->keyframe = true;
    if (p->fb.remb)
        ev->remb_bps = p->fb.remb_bps;
}

static void take_packet(
    struct rtcp_session *s, const struct rtcp_packet *p, struct rtcp_event *ev, uint64_t now_us)
{
    switch (p->type) {
    case RTCP_SR:
    case RTCP_RR:
        take_report(s, p, ev, now_us);
        break;
    case RTCP_BYE:
        s->remote.bye = ev->bye = true;
        ev->bye_ssrc = p->bye.n ? p->bye.ssrc[0] : 0;
        break;
    case RTCP_PSFB:
        take_payload_feedback(s, p, ev);
        break;
    case RTCP_XR:
        take_xr(s, p, now_us);
        break;
    default:
        break;
    }
}

int rtcp_session_receive(
    struct rtcp_session *s, const uint8_t *buf, size_t len, struct rtcp_event *ev, uint64_t now_us)
{
    struct rtcp_reader r;
    struct rtcp_packet p;
    if (rtcp_reader_init(&r, buf, len, s->cfg.reduced_size) != 0) {
        s->remote.malformed++;
        return -EBADMSG;
    }
    struct rtcp_event e = {0};
    while (rtcp_reader_next(&r, &p) == 1)
        if (p.ssrc != s->cfg.ssrc) /* our own, come back */
            take_packet(s, &p, &e, now_us);
    s->remote.malformed += r.malformed;
    s->remote.last_packet_us = now_us;
    note_size(s, len);
    *ev = e;
    return 0;
}

void rtcp_session_remote(const struct rtcp_session *s, struct rtcp_remote *out)
{
    *out = s->remote;
}

const char *rtcp_session_cname(const struct rtcp_session *s)
{
    return s->cname;
}
