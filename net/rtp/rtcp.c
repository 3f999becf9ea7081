#include "net/rtp/rtcp.h"

#include "net/bytes.h"

#include <errno.h>
#include <string.h>

enum {
    VERSION = 2,
    HEADER_BYTES = 4,
    SENDER_BYTES = 20,
    BLOCK_BYTES = 24,
    FB_BYTES = 8, /* both SSRCs */
    NACK_BYTES = 4,
    FIR_BYTES = 8,
    REMB_BYTES = 8, /* name, count, rate */
    XR_HEADER_BYTES = 4,
    XR_VOIP_BYTES = 32,
    XR_RRTR_BYTES = 8,
    XR_DLRR_BYTES = 12,
    SDES_END = 0,
    SDES_CNAME = 1
};

/* --- reading ---------------------------------------------------------------------------------- */
static size_t packet_bytes(const uint8_t *p)
{
    return HEADER_BYTES + 4 * (size_t)get16(p + 2);
}

/* The padding count of a packet's last byte, or 0 when it is impossible. */
static size_t padding_bytes(const uint8_t *p, size_t len)
{
    size_t n = p[len - 1];
    return n % 4 == 0 && n <= len - HEADER_BYTES ? n : 0;
}

int rtcp_reader_init(struct rtcp_reader *r, const uint8_t *buf, size_t len, bool reduced_size)
{
    if (len < HEADER_BYTES || (!reduced_size && buf[1] != RTCP_SR && buf[1] != RTCP_RR))
        return -EBADMSG;
    for (size_t at = 0; at < len;) {
        const uint8_t *p = buf + at;
        if (len - at < HEADER_BYTES || p[0] >> 6 != VERSION || packet_bytes(p) > len - at)
            return -EBADMSG;
        size_t n = packet_bytes(p);
        bool last = at + n == len;
        if ((p[0] & 0x20) && (!last || padding_bytes(p, n) == 0))
            return -EBADMSG; /* RFC 3550, 6.4.1: only the last may be padded */
        at += n;
    }
    *r = (struct rtcp_reader){.at = buf, .left = len};
    return 0;
}

static struct rtcp_report_block get_block(const uint8_t *p)
{
    uint32_t lost = get24(p + 5);
    return (struct rtcp_report_block){
        .ssrc = get32(p),
        .fraction_lost = p[4],
        .lost = (int32_t)lost - (lost & 0x800000 ? 0x1000000 : 0),
        .highest_seq = get32(p + 8),
        .jitter = get32(p + 12),
        .lsr = get32(p + 16),
        .dlsr = get32(p + 20),
    };
}

static int parse_report(struct rtcp_packet *o)
{
    size_t before = 4 + (o->type == RTCP_SR ? SENDER_BYTES : 0);
    if (o->body_len < before + o->format * (size_t)BLOCK_BYTES)
        return -EBADMSG;
    const uint8_t *p = o->body + 4;
    memset(&o->report.sender, 0, sizeof o->report.sender);
    if (o->type == RTCP_SR)
        o->report.sender = (struct rtcp_sender_info){
            .ntp = get64(p),
            .rtp_timestamp = get32(p + 8),
            .packets = get32(p + 12),
            .bytes = get32(p + 16),
        };
    o->report.n = o->format;
    for (unsigned i = 0; i < o->report.n; i++)
        o->report.block[i] = get_block(o->body + before + i * (size_t)BLOCK_BYTES);
    return 0;
}

/* The items of one chunk, from *at: moves *at behind the chunk. */
static int parse_chunk(struct rtcp_packet *o, size_t *at)
{
    const uint8_t *b = o->body;
    size_t i = *at + 4;
    if (i > o->body_len)
        return -EBADMSG;
    while (i < o->body_len && b[i] != SDES_END) {
        if (o->body_len - i < 2 || o->body_len - i - 2 < b[i + 1])
            return -EBADMSG;
        if (b[i] == SDES_CNAME && !o->sdes.cname) {
            o->sdes.cname = (const char *)b + i + 2;
            o->sdes.cname_len = b[i + 1];
        }
        i += 2u + b[i + 1];
    }
    if (i == o->body_len)
        return -EBADMSG; /* the ending null is missing */
    *at = (i / 4 + 1) * 4;
    return *at <= o->body_len ? 0 : -EBADMSG;
}

static int parse_sdes(struct rtcp_packet *o)
{
    size_t at = 0;
    o->sdes.cname = NULL;
    o->sdes.cname_len = 0;
    for (unsigned i = 0; i < o->format; i++)
        if (parse_chunk(o, &at) != 0)
            return -EBADMSG;
    return 0;
}

static int parse_bye(struct rtcp_packet *o)
{
    size_t list = 4 * (size_t)o->format;
    if (o->body_len < list)
        return -EBADMSG;
    o->bye.n = o->format;
    for (unsigned i = 0; i < o->bye.n; i++)
        o->bye.ssrc[i] = get32(o->body + 4 * (size_t)i);
    o->bye.reason = NULL;
    o->bye.reason_len = 0;
    if (o->body_len > list) {
        o->bye.reason_len = o->body[list];
        if (o->bye.reason_len > o->body_len - list - 1)
            return -EBADMSG;
        o->bye.reason = (const char *)o->body + list + 1;
    }
    return 0;
}

static int parse_app(struct rtcp_packet *o)
{
    if (o->body_len < 8)
        return -EBADMSG;
    memcpy(o->app.name, o->body + 4, 4);
    o->app.data = o->body + 8;
    o->app.len = o->body_len - 8;
    return 0;
}

static int parse_nack(struct rtcp_packet *o)
{
    if (o->fb.fci_len < NACK_BYTES)
        return -EBADMSG;
    o->fb.n = (unsigned)(o->fb.fci_len / NACK_BYTES);
    return 0;
}

static int parse_fir(struct rtcp_packet *o) /* RFC 5104, 4.3.1.1 */
{
    size_t n = o->fb.fci_len / FIR_BYTES;
    if (n == 0)
        return -EBADMSG;
    o->fb.n = n > RTCP_MAX_FIR ? RTCP_MAX_FIR : (unsigned)n;
    for (unsigned i = 0; i < o->fb.n; i++) {
        o->fb.ssrc[i] = get32(o->fb.fci + i * (size_t)FIR_BYTES);
        o->fb.fir_seq[i] = o->fb.fci[i * (size_t)FIR_BYTES + 4];
    }
    return 0;
}

/* draft-alvestrand-rmcat-remb: a rate as 18 bits times a power of two. Other application-layer
 * feedback stays as it is in fci. */
static int parse_afb(struct rtcp_packet *o)
{
    const uint8_t *p = o->fb.fci;
    if (o->fb.fci_len < REMB_BYTES || memcmp(p, "REMB", 4) != 0)
        return 0;
    size_t n = p[4];
    if (o->fb.fci_len - REMB_BYTES < 4 * n)
        return -EBADMSG;
    unsigned shift = p[5] >> 2;
    uint64_t mantissa = get24(p + 5) & 0x3ffff;
    o->fb.remb = true;
    o->fb.remb_bps = shift < 46 || mantissa == 0 ? mantissa << (shift & 63) : UINT64_MAX;
    o->fb.n = n > RTCP_MAX_REMB ? RTCP_MAX_REMB : (unsigned)n;
    for (unsigned i = 0; i < o->fb.n; i++)
        o->fb.ssrc[i] = get32(p + REMB_BYTES + 4 * (size_t)i);
    return 0;
}

static int parse_feedback(struct rtcp_packet *o)
{
    if (o->body_len < FB_BYTES)
        return -EBADMSG;
    o->fb.media_ssrc = get32(o->body + 4);
    o->fb.fci = o->body + FB_BYTES;
    o->fb.fci_len = o->body_len - FB_BYTES;
    o->fb.n = 0;
    o->fb.remb = false;
    o->fb.remb_bps = 0;
    if (o->type == RTCP_RTPFB)
        return o->format == RTCP_RTPFB_NACK ? parse_nack(o) : 0;
    if (o->format == RTCP_PSFB_FIR)
        return parse_fir(o);
    return o->format == RTCP_PSFB_AFB ? parse_afb(o) : 0;
}

static struct rtcp_xr_voip get_voip(const uint8_t *p)
{
    return (struct rtcp_xr_voip){
        .ssrc = get32(p),
        .loss_rate = p[4],
        .discard_rate = p[5],
        .burst_density = p[6],
        .gap_density = p[7],
        .burst_ms = get16(p + 8),
        .gap_ms = get16(p + 10),
        .round_trip_ms = get16(p + 12),
        .end_system_ms = get16(p + 14),
        .signal_dbm = (int8_t)p[16],
        .noise_dbm = (int8_t)p[17],
        .rerl = p[18],
        .gmin = p[19],
        .r_factor = p[20],
        .ext_r_factor = p[21],
        .mos_lq = p[22],
        .mos_cq = p[23],
        .rx_config = p[24],
        .jb_nominal_ms = get16(p + 26),
        .jb_max_ms = get16(p + 28),
        .jb_abs_max_ms = get16(p + 30),
    };
}

static int parse_xr_block(struct rtcp_xr_block *b)
{
    if (b->type == RTCP_XR_RRTR) {
        if (b->len < XR_RRTR_BYTES)
            return -EBADMSG;
        b->rrtr_ntp = get64(b->data);
    } else if (b->type == RTCP_XR_DLRR) {
        size_t n = b->len / XR_DLRR_BYTES;
        b->dlrr.n = n > RTCP_MAX_DLRR ? RTCP_MAX_DLRR : (unsigned)n;
        for (unsigned i = 0; i < b->dlrr.n; i++) {
            const uint8_t *p = b->data + i * (size_t)XR_DLRR_BYTES;
            b->dlrr.entry[i] = (struct rtcp_dlrr){get32(p), get32(p + 4), get32(p + 8)};
        }
    } else if (b->type == RTCP_XR_VOIP) {
        if (b->len < XR_VOIP_BYTES)
            return -EBADMSG;
        b->voip = get_voip(b->data);
    }
    return 0;
}

static int parse_xr(struct rtcp_packet *o) /* RFC 3611, 3 */
{
    o->xr.n = 0;
    for (size_t at = 4; at < o->body_len;) {
        if (o->body_len - at < XR_HEADER_BYTES)
            return -EBADMSG;
        const uint8_t *p = o->body + at;
        size_t len = 4 * (size_t)get16(p + 2);
        at += XR_HEADER_BYTES;
        if (o->body_len - at < len)
            return -EBADMSG;
        at += len;
        if (o->xr.n == RTCP_MAX_XR)
            continue;
        struct rtcp_xr_block *b = &o->xr.block[o->xr.n];
        b->type = p[0];
        b->data = p + XR_HEADER_BYTES;
        b->len = len;
        if (parse_xr_block(b) != 0)
            return -EBADMSG;
        o->xr.n++;
    }
    return 0;
}

/* 0, -EBADMSG malformed, -ENOENT a type we do not know. */
static int parse_packet(struct rtcp_packet *o)
{
    bool may_be_empty = o->type == RTCP_SDES || o->type == RTCP_BYE;
    if (o->type < RTCP_SR || o->type > RTCP_XR)
        return -ENOENT;
    if (o->body_len < 4 && !(may_be_empty && o->format == 0))
        return -EBADMSG;
    o->ssrc = o->body_len < 4 ? 0 : get32(o->body);
    switch (o->type) {
    case RTCP_SR:
    case RTCP_RR:
        return parse_report(o);
    case RTCP_SDES:
        return parse_sdes(o);
    case RTCP_BYE:
        return parse_bye(o);
    case RTCP_APP:
        return parse_app(o);
    case RTCP_XR:
        return parse_xr(o);
    default:
        return parse_feedback(o);
    }
}

int rtcp_reader_next(struct rtcp_reader *r, struct rtcp_packet *out)
{
    while (r->left > 0) {
        const uint8_t *p = r->at;
        size_t n = packet_bytes(p); /* fits: rtcp_reader_init */
        r->at += n;
        r->left -= n;
        out->type = p[1];
        out->format = p[0] & 0x1f;
        out->body = p + HEADER_BYTES;
        out->body_len = n - HEADER_BYTES - (p[0] & 0x20 ? padding_bytes(p, n) : 0);
        int err = parse_packet(out);
        if (err == 0)
            return 1;
        if (err == -ENOENT)
            r->unknown++;
        else
            r->malformed++;
    }
    return 0;
}

void rtcp_nack(const struct rtcp_packet *p, unsigned i, uint16_t *pid, uint16_t *mask)
{
    const uint8_t *entry = p->fb.fci + i * (size_t)NACK_BYTES;
    *pid = get16(entry);
    *mask = get16(entry + 2);
}

/* --- writing ---------------------------------------------------------------------------------- */
void rtcp_writer_init(struct rtcp_writer *w, uint8_t *buf, size_t cap)
{
    *w = (struct rtcp_writer){.buf = buf, .cap = cap};
}

/* A packet of `bytes` (a multiple of 4), zeroed, with header and first SSRC; NULL: no room. */
static uint8_t *begin(
    struct rtcp_writer *w, uint8_t type, unsigned format, uint32_t ssrc, size_t bytes)
{
    if (w->cap - w->len < bytes)
        return NULL;
    uint8_t *p = w->buf + w->len;
    memset(p, 0, bytes);
    p[0] = (uint8_t)(VERSION << 6 | format);
    p[1] = type;
    put16(p + 2, (uint16_t)(bytes / 4 - 1));
    put32(p + 4, ssrc);
    w->len += bytes;
    return p;
}

static void put_blocks(uint8_t *p, const struct rtcp_report_block *blocks, unsigned n)
{
    for (unsigned i = 0; i < n; i++, p += BLOCK_BYTES) {
        put32(p, blocks[i].ssrc);
        p[4] = blocks[i].fraction_lost;
        put24(p + 5, (uint32_t)blocks[i].lost & 0xffffff);
        put32(p + 8, blocks[i].highest_seq);
        put32(p + 12, blocks[i].jitter);
        put32(p + 16, blocks[i].lsr);
        put32(p + 20, blocks[i].dlsr);
    }
}

int rtcp_write_sr(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender_info *info,
    const struct rtcp_report_block *blocks, unsigned n)
{
    if (n > RTCP_MAX_BLOCKS)
        return -EINVAL;
    uint8_t *p = begin(w, RTCP_SR, n, ssrc, 8 + SENDER_BYTES + n * (size_t)BLOCK_BYTES);
    if (!p)
        return -ENOSPC;
    put64(p + 8, info->ntp);
    put32(p + 16, info->rtp_timestamp);
    put32(p + 20, info->packets);
    put32(p + 24, info->bytes);
    put_blocks(p + 8 + SENDER_BYTES, blocks, n);
    return 0;
}

int rtcp_write_rr(
    struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_report_block *blocks, unsigned n)
{
    if (n > RTCP_MAX_BLOCKS)
        return -EINVAL;
    uint8_t *p = begin(w, RTCP_RR, n, ssrc, 8 + n * (size_t)BLOCK_BYTES);
    if (!p)
        return -ENOSPC;
    put_blocks(p + 8, blocks, n);
    return 0;
}

int rtcp_write_sdes(struct rtcp_writer *w, uint32_t ssrc, const char *cname)
{
    size_t len = strlen(cname);
    if (len == 0 || len > RTCP_MAX_CNAME)
        return -EINVAL;
    size_t chunk = (4 + 2 + len) / 4 * 4 + 4; /* at least one null ends the items */
    uint8_t *p = begin(w, RTCP_SDES, 1, ssrc, HEADER_BYTES + chunk);
    if (!p)
        return -ENOSPC;
    p[8] = SDES_CNAME;
    p[9] = (uint8_t)len;
    memcpy(p + 10, cname, len);
    return 0;
}

int rtcp_write_bye(struct rtcp_writer *w, uint32_t ssrc, const char *reason)
{
    size_t len = reason ? strlen(reason) : 0;
    if (len > 255)
        return -EINVAL;
    size_t text = len ? (1 + len + 3) / 4 * 4 : 0;
    uint8_t *p = begin(w, RTCP_BYE, 1, ssrc, 8 + text);
    if (!p)
        return -ENOSPC;
    if (len) {
        p[8] = (uint8_t)len;
        memcpy(p + 9, reason, len);
    }
    return 0;
}

int rtcp_write_pli(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc)
{
    uint8_t *p = begin(w, RTCP_PSFB, RTCP_PSFB_PLI, ssrc, HEADER_BYTES + FB_BYTES);
    if (!p)
        return -ENOSPC;
    put32(p + 8, media_ssrc);
    return 0;
}

int rtcp_write_fir(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t seq)
{
    uint8_t *p = begin(w, RTCP_PSFB, RTCP_PSFB_FIR, ssrc, HEADER_BYTES + FB_BYTES + FIR_BYTES);
    if (!p)
        return -ENOSPC;
    put32(p + 12, media_ssrc); /* the packet's own media SSRC is 0: RFC 5104, 4.3.1.2 */
    p[16] = seq;
    return 0;
}

/* An XR packet with one block of `bytes`; returns where its contents go. */
static uint8_t *begin_xr(
    struct rtcp_writer *w, uint32_t ssrc, uint8_t type, uint8_t specific, size_t bytes)
{
    uint8_t *p = begin(w, RTCP_XR, 0, ssrc, 8 + XR_HEADER_BYTES + bytes);
    if (!p)
        return NULL;
    p[8] = type;
    p[9] = specific;
    put16(p + 10, (uint16_t)(bytes / 4));
    return p + 8 + XR_HEADER_BYTES;
}

int rtcp_write_xr_voip(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_xr_voip *v)
{
    uint8_t *p = begin_xr(w, ssrc, RTCP_XR_VOIP, 0, XR_VOIP_BYTES);
    if (!p)
        return -ENOSPC;
    put32(p, v->ssrc);
    p[4] = v->loss_rate;
    p[5] = v->discard_rate;
    p[6] = v->burst_density;
    p[7] = v->gap_density;
    put16(p + 8, v->burst_ms);
    put16(p + 10, v->gap_ms);
    put16(p + 12, v->round_trip_ms);
    put16(p + 14, v->end_system_ms);
    p[16] = (uint8_t)v->signal_dbm;
    p[17] = (uint8_t)v->noise_dbm;
    p[18] = v->rerl;
    p[19] = v->gmin;
    p[20] = v->r_factor;
    p[21] = v->ext_r_factor;
    p[22] = v->mos_lq;
    p[23] = v->mos_cq;
    p[24] = v->rx_config;
    put16(p + 26, v->jb_nominal_ms);
    put16(p + 28, v->jb_max_ms);
    put16(p + 30, v->jb_abs_max_ms);
    return 0;
}

int rtcp_write_xr_rrtr(struct rtcp_writer *w, uint32_t ssrc, uint64_t ntp)
{
    uint8_t *p = begin_xr(w, ssrc, RTCP_XR_RRTR, 0, XR_RRTR_BYTES);
    if (!p)
        return -ENOSPC;
    put64(p, ntp);
    return 0;
}

int rtcp_write_xr_dlrr(
    struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_dlrr *entries, unsigned n)
{
    if (n == 0 || n > RTCP_MAX_DLRR)
        return -EINVAL;
    uint8_t *p = begin_xr(w, ssrc, RTCP_XR_DLRR, 0, n * (size_t)XR_DLRR_BYTES);
    if (!p)
        return -ENOSPC;
    for (unsigned i = 0; i < n; i++, p += XR_DLRR_BYTES) {
        put32(p, entries[i].ssrc);
        put32(p + 4, entries[i].lrr);
        put32(p + 8, entries[i].dlrr);
    }
    return 0;
}
