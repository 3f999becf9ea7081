#ifndef CODECS_OPUS_FMTP_H
#define CODECS_OPUS_FMTP_H

/* Opus in SDP (RFC 7587, 6.1 and 7): what a peer's fmtp asks of our encoder, and what we answer
 * with. Pure. */

#include "codecs/acodec.h"

enum {
    OPUS_DEFAULT_BPS = 24000, /* what acodec_params.bitrate_bps = 0 means */
    OPUS_MIN_BPS = 6000,
    OPUS_MAX_BPS = 510000,
};

/* As acodec.fmtp_parse. Parameters with a value that is no number are ignored, numbers are clamped
 * to the RFC's range. -EINVAL: more than 1024 bytes. */
int opus_fmtp_parse(const char *fmtp, struct acodec_params *p);
/* As acodec.fmtp_print. */
int opus_fmtp_print(const struct acodec_params *p, char *buf, size_t cap);

#endif
