#ifndef CODECS_ACODEC_H
#define CODECS_ACODEC_H

/* The contract of every audio codec: a const table, a typed base struct as first member of the
 * implementation's own. Pure: no I/O, no clock, no log; an instance belongs to one thread.
 * PCM is int16, interleaved if there is more than one channel; counts of samples are per channel.
 * RTP names, clocks and static payload types: RFC 3551; Opus: RFC 7587. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACODEC_PT_DYNAMIC = 255,        /* no static payload type */
    ACODEC_MAX_SAMPLES = 5760,      /* 120 ms at 48 kHz: the longest packet that is decoded */
    ACODEC_MAX_PACKET_BYTES = 4000, /* room for one encoded packet (L16/48000, 40 ms) */
};

/* How to encode for one peer. fmtp_parse narrows it to what the peer can take. */
struct acodec_params {
    uint32_t ptime_ms;        /* duration of a packet: 10, 20, 40 or 60; default 20 */
    uint32_t bitrate_bps;     /* 0: the codec's default; Opus: 24000 */
    uint32_t max_playback_hz; /* what the peer plays at most; 0: no limit */
    uint8_t channels;         /* of the PCM handed in; 1 */
    uint8_t complexity;       /* 0 to 10; meaningful for Opus */
    uint8_t loss_percent;     /* what FEC is tuned for */
    bool fec, dtx, cbr;
};

struct acodec_enc {
    const struct acodec *codec;
};
struct acodec_dec {
    const struct acodec *codec;
};

struct acodec {
    const char *name;      /* SDP encoding name, matched without case */
    uint8_t static_pt;     /* RFC 3551 table 4, or ACODEC_PT_DYNAMIC */
    uint8_t sdp_channels;  /* as written in rtpmap: Opus 2, all others 1 */
    uint32_t rtp_clock_hz; /* G.722: 8000 though it samples at 16000 (RFC 3551, 4.5.2) */
    uint32_t pcm_rate_hz;  /* of what encode takes and decode gives */
    bool long_memory;      /* a decoder that goes over to another encoder takes long to agree with
                              it, as ADPCM does that predicts sample by sample */

    /* Takes the peer's fmtp text (may be "") into p. 0, or -EINVAL and p untouched: the format
     * cannot be used. Unknown parameters are ignored. NULL: the codec has no fmtp. */
    int (*fmtp_parse)(const char *fmtp, struct acodec_params *p);
    /* Writes the fmtp we answer with; returns its length (0: none) or -ENOSPC. NULL: none. */
    int (*fmtp_print)(const struct acodec_params *p, char *buf, size_t cap);

    /* 0 and an encoder the caller owns, or -ENOMEM, -EINVAL with *encp untouched. */
    int (*enc_create)(struct acodec_enc **encp, const struct acodec_params *p);
    /* Encodes exactly ptime_ms of PCM. Bytes written; 0: nothing to send (DTX); < 0: errno. */
    int (*encode)(struct acodec_enc *e, const int16_t *pcm, size_t n, uint8_t *out, size_t cap);
    /* Changes bitrate, loss, FEC, complexity on the fly (ptime and channels are fixed). May be
     * NULL. */
    void (*enc_adapt)(struct acodec_enc *e, const struct acodec_params *p);
    /* Makes `to` continue exactly where `from` is; both made with the same ptime and channels, `to`
     * keeps its own bitrate, loss, FEC, complexity. Allocates nothing. NULL: the codec cannot, or
     * its encoder has no state worth it. */
    void (*enc_copy)(struct acodec_enc *to, const struct acodec_enc *from);
    void (*enc_destroy)(struct acodec_enc *e); /* NULL is a no-op */

    int (*dec_create)(struct acodec_dec **decp);
    /* Samples written, or -EINVAL for a payload that is none of the codec's or holds more than cap
     * or 120 ms. */
    int (*decode)(struct acodec_dec *d, const uint8_t *pkt, size_t len, int16_t *pcm, size_t cap);
    /* Conceals n samples of loss; always writes n. */
    int (*conceal)(struct acodec_dec *d, int16_t *pcm, size_t n);
    /* Decodes from a packet the n samples BEFORE it (in-band FEC). Samples written, or -ENOENT
     * when the packet carries none. NULL: the codec has no FEC. */
    int (*decode_fec)(struct acodec_dec *d, const uint8_t *pkt, size_t len, int16_t *pcm, size_t n);
    void (*dec_destroy)(struct acodec_dec *d); /* NULL is a no-op */

    /* Duration of a packet in PCM samples at pcm_rate_hz without decoding it, or -EINVAL. */
    int (*packet_samples)(const uint8_t *pkt, size_t len);
};

extern const struct acodec acodec_opus, acodec_g722, acodec_pcmu, acodec_pcma;
extern const struct acodec acodec_l16_8000, acodec_l16_16000, acodec_l16_44100, acodec_l16_48000;

/* All of them, best first; ends with NULL. */
extern const struct acodec *const acodecs[];

/* By rtpmap (name without case; channels 0 counts as 1), or NULL. */
const struct acodec *acodec_find(const char *name, uint32_t rtp_clock_hz, unsigned channels);

/* Samples of pcm_rate_hz as ticks of the RTP clock. */
uint32_t acodec_rtp_ticks(const struct acodec *c, uint32_t pcm_samples);

#endif
