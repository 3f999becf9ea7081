#ifndef NET_RTP_RTCP_H
#define NET_RTP_RTCP_H

/* RTCP packets, read and written: RFC 3550 6, feedback RFC 4585 and 5104, reduced size RFC 5506,
 * extended reports RFC 3611, REMB and transport-wide feedback passed through. Pure; pointers in a
 * parsed packet point into the buffer. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_APP = 204,
    RTCP_RTPFB = 205,
    RTCP_PSFB = 206,
    RTCP_XR = 207
};
enum { RTCP_RTPFB_NACK = 1, RTCP_RTPFB_TWCC = 15 };
enum { RTCP_PSFB_PLI = 1, RTCP_PSFB_SLI = 2, RTCP_PSFB_FIR = 4, RTCP_PSFB_AFB = 15 };
enum { RTCP_XR_RRTR = 4, RTCP_XR_DLRR = 5, RTCP_XR_VOIP = 7 };
enum {
    RTCP_MAX_BLOCKS = 31,
    RTCP_MAX_CNAME = 255,
    RTCP_MAX_FIR = 16, /* entries kept of one packet; more are ignored */
    RTCP_MAX_REMB = 16,
    RTCP_MAX_XR = 8,
    RTCP_MAX_DLRR = 8
};

struct rtcp_report_block {
    uint32_t ssrc;         /* of whom the report speaks */
    uint8_t fraction_lost; /* 1/256 since the last report */
    int32_t lost;          /* 24 bits, signed */
    uint32_t highest_seq;  /* with cycles */
    uint32_t jitter;       /* clock units */
    uint32_t lsr, dlsr;    /* middle of an NTP time; 1/65536 s */
};

struct rtcp_sender_info {
    uint64_t ntp; /* 32.32 */
    uint32_t rtp_timestamp, packets, bytes;
};

struct rtcp_xr_voip { /* RFC 3611 4.7; 127 or 0x7fff: not known, as the fields there say */
    uint32_t ssrc;
    uint8_t loss_rate, discard_rate, burst_density, gap_density;
    uint16_t burst_ms, gap_ms, round_trip_ms, end_system_ms;
    int8_t signal_dbm, noise_dbm;
    uint8_t rerl, gmin, r_factor, ext_r_factor, mos_lq, mos_cq, rx_config;
    uint16_t jb_nominal_ms, jb_max_ms, jb_abs_max_ms;
};

struct rtcp_dlrr {
    uint32_t ssrc, lrr, dlrr;
};

struct rtcp_xr_block {
    uint8_t type; /* of others than below only data and len are set */
    const uint8_t *data;
    size_t len;
    union {
        uint64_t rrtr_ntp;
        struct {
            unsigned n;
            struct rtcp_dlrr entry[RTCP_MAX_DLRR];
        } dlrr;
        struct rtcp_xr_voip voip;
    };
};

struct rtcp_packet {
    uint8_t type;   /* RTCP_SR … */
    uint8_t format; /* the count or FMT field */
    uint32_t ssrc;  /* sender; SDES and BYE: their first, or 0 */
    const uint8_t *body;
    size_t body_len; /* after the first four bytes, padding taken off */
    union {
        struct { /* SR, RR (sender only in SR) */
            struct rtcp_sender_info sender;
            unsigned n;
            struct rtcp_report_block block[RTCP_MAX_BLOCKS];
        } report;
        struct { /* SDES: the first CNAME found; not terminated */
            const char *cname;
            size_t cname_len;
        } sdes;
        struct { /* BYE */
            unsigned n;
            uint32_t ssrc[RTCP_MAX_BLOCKS];
            const char *reason; /* or NULL; not terminated */
            size_t reason_len;
        } bye;
        struct { /* APP */
            char name[4];
            const uint8_t *data;
            size_t len;
        } app;
        struct { /* RTPFB, PSFB: format says which */
            uint32_t media_ssrc;
            const uint8_t *fci;
            size_t fci_len;
            unsigned n; /* NACK: entries (rtcp_nack); FIR, REMB: entries of ssrc */
            uint32_t ssrc[RTCP_MAX_FIR];
            uint8_t fir_seq[RTCP_MAX_FIR];
            bool remb;
            uint64_t remb_bps;
        } fb;
        struct { /* XR */
            unsigned n;
            struct rtcp_xr_block block[RTCP_MAX_XR];
        } xr;
    };
};

struct rtcp_reader {
    const uint8_t *at;
    size_t left;
    unsigned malformed, unknown; /* packets passed over */
};

/* Checks versions, lengths and padding of the whole compound; unless reduced_size is allowed it
 * must begin with SR or RR. 0, or -EBADMSG. */
int rtcp_reader_init(struct rtcp_reader *r, const uint8_t *buf, size_t len, bool reduced_size);
/* The next packet that is known and well formed: 1, or 0 at the end (out is then undefined). */
int rtcp_reader_next(struct rtcp_reader *r, struct rtcp_packet *out);
/* Entry i < fb.n of a NACK: first lost sequence number and the mask of the 16 that follow. */
void rtcp_nack(const struct rtcp_packet *p, unsigned i, uint16_t *pid, uint16_t *mask);

/* --- writing: packet after packet into one buffer; each is whole or not written --------------- */
struct rtcp_writer {
    uint8_t *buf;
    size_t cap, len;
};
void rtcp_writer_init(struct rtcp_writer *w, uint8_t *buf, size_t cap);
/* All: 0, or -ENOSPC, -EINVAL, the buffer as it was. */
int rtcp_write_sr(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender_info *info,
    const struct rtcp_report_block *blocks, unsigned n);
int rtcp_write_rr(
    struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_report_block *blocks, unsigned n);
int rtcp_write_sdes(struct rtcp_writer *w, uint32_t ssrc, const char *cname);
int rtcp_write_bye(struct rtcp_writer *w, uint32_t ssrc, const char *reason); /* reason or NULL */
int rtcp_write_pli(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc);
int rtcp_write_fir(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t seq);
int rtcp_write_xr_voip(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_xr_voip *v);
int rtcp_write_xr_rrtr(struct rtcp_writer *w, uint32_t ssrc, uint64_t ntp);
int rtcp_write_xr_dlrr(
    struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_dlrr *entries, unsigned n);

#endif
