#ifndef NET_SDP_ANSWER_H
#define NET_SDP_ANSWER_H

/* The answer to an SDP offer (RFC 3264): one audio medium is taken, all others refused with port 0.
 * What we can do is handed in as a table. Plain RTP, or SRTP with keys in the SDP (RFC 4568). No
 * DTLS, no ICE: such attributes are ignored. [any] */

#include "net/sdp/sdes.h"
#include "net/sdp/sdp_audio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ANSWER_MAX_FORMATS = 16,
    ANSWER_MAX_EVENTS = 8,
    ANSWER_MAX_FMTP_BYTES = 512, /* with its NUL; a format with a longer one is not taken */
    ANSWER_MAX_PTIMES = 8,
};

/* A codec we can do. Lives as long as the answers made with it. */
struct answer_codec {
    const char *name; /* SDP encoding name */
    uint32_t clock_hz;
    unsigned channels;     /* as in rtpmap; 0 counts as 1 */
    unsigned max_ptime_ms; /* 0: no limit of its own */
    const void *impl;      /* passed back */
    /* Whether a format with this fmtp ("" when there was none) can be used. NULL: always. */
    bool (*accepts)(const char *fmtp, const void *impl);
    /* Our own fmtp; its length (0: none) or a negative errno. NULL: none. */
    int (*print_fmtp)(char *buf, size_t cap, const void *impl);
};

enum answer_srtp {
    ANSWER_SRTP_OFF,     /* plain; a=crypto is ignored, RTP/SAVP refused */
    ANSWER_SRTP_PREFER,  /* SRTP if it is offered, else plain */
    ANSWER_SRTP_REQUIRE, /* a plain offer is refused */
};

struct answer_config {
    struct net_addr local; /* for o=, c= and m= */
    uint16_t rtcp_port;
    bool rtcp_mux;                     /* we can; used if offered */
    const struct answer_codec *codecs; /* in order of preference */
    size_t n_codecs;
    bool telephone_event, comfort_noise;
    unsigned ptime_ms;                     /* to send with if the offer does not say; 0: 20 */
    uint16_t ptimes_ms[ANSWER_MAX_PTIMES]; /* allowed to send; ends with 0; none: 10 20 30 40 60 */
    unsigned maxptime_ms;                  /* what we take at most, told to the peer; 0: not told */
    enum answer_srtp srtp;
    /* In order of preference, ends with SDES_NONE; none: as they stand in enum sdes_suite. */
    enum sdes_suite suites[SDES_N_SUITES];
    bool audio_level;         /* RFC 6464 from the peer is of use */
    bool xr_voip_metrics;     /* we send RFC 3611 VoIP metrics: told if offered */
    const char *session_name; /* NULL: "-" */
    uint32_t ssrc;            /* ours, told with cname; not told if cname is NULL */
    const char *cname;
    /* Whether media may be sent to this address. NULL: net_addr_media_ok for local. */
    bool (*media_ok)(const struct net_addr *a, void *arg);
    /* Fills buf from a CSPRNG: 0 or a negative errno. NULL: getrandom(2). */
    int (*random)(void *buf, size_t n, void *arg);
    void *arg; /* of the two above */
};

struct answer_format {
    uint8_t pt;
    const struct answer_codec *codec;
    char fmtp[ANSWER_MAX_FMTP_BYTES]; /* the peer's; "" when there was none */
};

/* A payload type of telephone-event (RFC 4733) or CN (RFC 3389). */
struct answer_event {
    uint8_t pt;
    uint32_t clock_hz;
};

/* What was agreed. */
struct answer_audio {
    size_t index;                                     /* of the m= line */
    struct answer_format formats[ANSWER_MAX_FORMATS]; /* may be sent by both; we send [0] */
    size_t n_formats;                                 /* at least 1 */
    struct answer_event events[ANSWER_MAX_EVENTS], noises[ANSWER_MAX_EVENTS];
    size_t n_events, n_noises;
    unsigned ptime_ms;            /* of what we send */
    unsigned maxptime_ms;         /* what the peer takes at most; 0: not said */
    uint32_t max_bps;             /* what the peer takes at most; 0: not said */
    enum sdp_direction direction; /* ours */
    bool hold;                    /* the peer does not listen */
    struct net_addr rtp, rtcp;    /* the peer's; unset on hold by c=0.0.0.0 */
    bool rtcp_mux;
    uint16_t audio_level_id; /* RFC 6464; 0: none */
    bool xr_voip_metrics;
    uint32_t ssrcs[SDP_AUDIO_MAX_SSRCS]; /* declared by the peer */
    size_t n_ssrcs;
    struct sdes_crypto remote, local; /* suite SDES_NONE: plain RTP */
};

struct answer;

/* Answers an offer; prev is the answer it follows in the same session (NULL: the first), and stays
 * the caller's. A later answer keeps the session id, counts the version up, keeps to the m= line in
 * use, and keeps our key while the peer keeps theirs.
 * 0 and an answer the caller owns. Else *out is untouched and *why says what to tell the peer:
 * -EINVAL malformed; -E2BIG too large; -ENOTSUP nothing in it we can do; -EACCES forbidden by
 * policy (SRTP required, SRTP given up in mid-session, media address not allowed); -ENOMEM; -EIO:
 * no random numbers. */
int answer_create(const char *offer, size_t len, const struct answer_config *cfg,
    const struct answer *prev, struct answer **out, struct sdp_error *why);
void answer_destroy(struct answer *a); /* wipes its keys. NULL is a no-op */

const char *answer_sdp(const struct answer *a); /* lives as long as the answer */
const struct answer_audio *answer_audio(const struct answer *a);

#endif
