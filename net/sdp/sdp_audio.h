#ifndef NET_SDP_SDP_AUDIO_H
#define NET_SDP_SDP_AUDIO_H

/* One audio medium of a session description, its attributes understood: payload formats with the
 * static types of RFC 3551 filled in, packet times, direction, RTCP (RFC 3605, 5761), header
 * extensions (RFC 8285), keys (RFC 4568). Texts are views into the struct sdp. [any] */

#include "net/addr.h"
#include "net/sdp/sdes.h"
#include "net/sdp/sdp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDP_AUDIO_LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level" /* RFC 6464 */
#define SDP_MID_URI         "urn:ietf:params:rtp-hdrext:sdes:mid"         /* RFC 9143 */
#define SDP_TRANSPORT_CC_URI                                                                       \
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

enum {
    SDP_AUDIO_MAX_FORMATS = 64, /* more are ignored; so with all below */
    SDP_AUDIO_MAX_CRYPTO = 16,
    SDP_AUDIO_MAX_SSRCS = 8,
};

/* As bits: what the owner of the description does. */
enum sdp_direction { SDP_INACTIVE = 0, SDP_SENDONLY = 1, SDP_RECVONLY = 2, SDP_SENDRECV = 3 };

/* How a profile moves its packets (RFC 3551, 3711, 4585, 5124; DTLS: 5764, 7850). */
enum sdp_profile { SDP_PROFILE_OTHER, SDP_PROFILE_RTP, SDP_PROFILE_SRTP, SDP_PROFILE_DTLS };

struct sdp_format {
    uint8_t pt;
    struct sdp_str name; /* absent: a dynamic type without rtpmap */
    uint32_t clock_hz;
    unsigned channels;   /* 1 unless written */
    struct sdp_str fmtp; /* absent: none */
};

struct sdp_audio {
    enum sdp_profile profile;
    struct sdp_format formats[SDP_AUDIO_MAX_FORMATS]; /* in the order of the m= line, each once */
    size_t n_formats;
    struct net_addr rtp, rtcp; /* rtcp: as a=rtcp says, or rtp with its port plus 1 */
    bool hold_address;         /* c= is 0.0.0.0 or ::, the old way to hold: both unset. With DTLS
                                  they are not read at all: ICE finds them */
    bool rtcp_mux;
    enum sdp_direction direction;
    unsigned ptime_ms, maxptime_ms; /* 0: not said */
    uint32_t max_bps;               /* of b=, RTP payload and headers; 0: not said */
    /* Header extensions, 1 to 255, no two alike; 0: none we may receive. */
    uint16_t audio_level_id, mid_id, transport_cc_id;
    bool fb_nack, fb_transport_cc; /* a=rtcp-fb for any format */
    bool rtcp_rsize;               /* RFC 5506 */
    bool xr_voip_metrics;          /* a=rtcp-xr (RFC 3611) */
    struct sdp_str mid;            /* RFC 5888 */
    uint32_t ssrcs[SDP_AUDIO_MAX_SSRCS];
    size_t n_ssrcs;
    struct sdes_crypto crypto[SDP_AUDIO_MAX_CRYPTO]; /* only those we could use; each tag once */
    size_t n_crypto;
    bool has_crypto; /* there was one, if of no use */
};

/* Reads media[index]. 0; -EINVAL: its address is not a numeric one (names are not looked up) or an
 * attribute it depends on is malformed, *why says which. */
int sdp_audio_read(const struct sdp *s, size_t index, struct sdp_audio *out, struct sdp_error *why);
void sdp_audio_wipe(struct sdp_audio *a); /* its keys */

enum sdp_profile sdp_profile(struct sdp_str proto);
const char *sdp_direction_name(enum sdp_direction d); /* "sendrecv", … */

#endif
