#ifndef NET_SDP_ANSWER_H
#define NET_SDP_ANSWER_H

/* The answer to an SDP offer (RFC 3264). What we can do is handed in as a table. One audio medium
 * is taken.
 *
 *   plain    RTP, or SRTP with keys in the SDP (RFC 4568); every other medium is refused (port 0)
 *   WebRTC   ICE-lite and DTLS-SRTP for all media in one BUNDLE (RFC 9429, 8839, 8842, 9143): an
 *            audio line with a profile of DTLS, or RTP/SAVP(F) with a=fingerprint and no a=crypto.
 *            Further audio and video in the bundle is accepted, but inactive; data channels and
 *            what is outside of the bundle are refused. Always encrypted, so enum answer_srtp does
 *            not apply
 *
 * A session stays what it began as. [any] */

#include "net/sdp/sdes.h"
#include "net/sdp/sdp_audio.h"
#include "net/sdp/sdp_dtls.h"
#include "net/sdp/sdp_ice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ANSWER_MAX_FORMATS = 16,
    ANSWER_MAX_EVENTS = 8,
    ANSWER_MAX_FMTP_BYTES = 512, /* with its NUL; a format with a longer one is not taken */
    ANSWER_MAX_PTIMES = 8,
    ANSWER_MAX_MID_BYTES = 64, /* with its NUL; a medium with a longer one is refused */
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
    /* Our own fmtp, asking for max_bps at most (0: no limit); its length (0: none) or a negative
     * errno. NULL: none. */
    int (*print_fmtp)(char *buf, size_t cap, uint32_t max_bps, const void *impl);
};

enum answer_srtp {
    ANSWER_SRTP_OFF,     /* plain; a=crypto is ignored, RTP/SAVP refused */
    ANSWER_SRTP_PREFER,  /* SRTP if it is offered, else plain */
    ANSWER_SRTP_REQUIRE, /* a plain offer is refused */
};

/* What we can do by WebRTC. Texts must outlive the call, no longer. */
struct answer_webrtc {
    /* New ones for every answer. Used in the first answer and when the peer restarts ICE; else
     * what is in use stays: struct answer_transport says. */
    const struct ice_credentials *credentials;
    const char *fingerprint; /* of our certificate, "sha-256 AB:CD:…" */
    /* In order of preference. The first of UDP stands in m= and c=. */
    struct sdp_ice_candidate candidates[SDP_ICE_MAX_CANDIDATES];
    size_t n_candidates;              /* at least 1 */
    bool transport_cc;                /* we send feedback for packets that carry the extension */
    bool mid_extension;               /* RFC 9143 from the peer is of use */
    bool nack;                        /* we ask for lost audio, and are asked */
    bool red;                         /* RFC 2198 with Opus in it */
    bool video;                       /* accepted as inactive; else refused */
    const char *stream_id, *track_id; /* a=msid of what we send, tokens; NULL: not told */
};

struct answer_config {
    struct net_addr local; /* for o=; plain: for c= and m= */
    uint16_t rtcp_port;
    bool rtcp_mux;                     /* we can; used if offered */
    const struct answer_codec *codecs; /* in order of preference */
    size_t n_codecs;
    bool telephone_event, comfort_noise;
    unsigned ptime_ms;                     /* to send with if the offer does not say; 0: 20 */
    uint16_t ptimes_ms[ANSWER_MAX_PTIMES]; /* allowed to send; ends with 0; none: 10 20 30 40 60 */
    unsigned maxptime_ms;                  /* what we take at most, told to the peer; 0: not told */
    unsigned told_ptime_ms;                /* asked of the peer for what it sends; 0: as we send */
    uint32_t told_max_bps; /* the same, by fmtp: payload bits a second; 0: not told */
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
    void *arg;                          /* of the two above */
    const struct answer_webrtc *webrtc; /* NULL: no WebRTC here, such offers are refused */
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
    struct sdes_crypto remote, local; /* suite SDES_NONE: plain RTP, or WebRTC */
    /* The rest is of WebRTC only; there rtp and rtcp are unset. */
    char mid[ANSWER_MAX_MID_BYTES];
    uint8_t red_pt; /* 0: none */
    bool red_first; /* the peer would rather send it than plain packets, and may */
    uint16_t mid_id, transport_cc_id; /* header extensions; 0: none */
    bool nack, transport_cc;          /* feedback messages that may be sent */
    bool rtcp_rsize;                  /* RFC 5506 */
};

/* The one transport of a WebRTC session. */
struct answer_transport {
    char mid[ANSWER_MAX_MID_BYTES];       /* of the line that speaks for the bundle */
    struct ice_credentials local, remote; /* of the session from this answer on */
    bool ice_restart;           /* both differ from those before; never in the first answer */
    bool trickle, renomination; /* the peer can */
    bool end_of_candidates;
    size_t n_candidates; /* named by the peer: for statistics */
    bool dtls_active;    /* we begin the handshake */
    bool new_dtls;       /* there was no association, or it is to be made anew */
    struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS]; /* the peer's fits one of these */
    size_t n_fingerprints;                                     /* at least 1 */
};

struct answer;

/* Answers an offer; prev is the answer it follows in the same session (NULL: the first), and stays
 * the caller's. A later answer keeps the session id, counts the version up, keeps to the m= line in
 * use, and keeps our key while the peer keeps theirs.
 * 0 and an answer the caller owns. Else *out is untouched and *why says what to tell the peer:
 * -EINVAL malformed; -E2BIG too large; -ENOTSUP nothing in it we can do; -EACCES forbidden by
 * policy (SRTP required, SRTP given up in mid-session, media address not allowed); -ENOMEM; -EIO:
 * no random numbers.
 * WebRTC: a later answer keeps ICE credentials unless the peer has changed both of its own; the
 * peer's fingerprint can change only with them, since packets of two associations cannot be told
 * apart on one path (else -EACCES); the roles of DTLS stay. A peer that is ICE-lite as we are is
 * refused (-ENOTSUP): nobody would send checks. */
int answer_create(const char *offer, size_t len, const struct answer_config *cfg,
    const struct answer *prev, struct answer **out, struct sdp_error *why);
void answer_destroy(struct answer *a); /* wipes its keys. NULL is a no-op */

const char *answer_sdp(const struct answer *a); /* lives as long as the answer */
const struct answer_audio *answer_audio(const struct answer *a);
const struct answer_transport *answer_transport(const struct answer *a); /* NULL: not WebRTC */
/* ICE was restarted beside offer and answer (RFC 9725, 4.3.2): later answers go on from there. The
 * session must be WebRTC's. */
void answer_restart_ice(
    struct answer *a, const struct ice_credentials *local, const struct ice_credentials *remote);

#endif
