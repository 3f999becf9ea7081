#ifndef NET_RTP_SRTP_SESSION_H
#define NET_RTP_SRTP_SESSION_H

/* One direction of SRTP and SRTCP over libsrtp2: RFC 3711, RFC 7714. A session may be created on
 * one thread (it costs most of a millisecond) and then used on one other. [any, one at a time] */

#include "net/sdp/sdes.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SRTP_SESSION_MAX_EXTRA = 20, /* what protect may add */
    SRTP_SESSION_MAX_SSRCS = 16, /* outbound, named at creation */
    SRTP_SESSION_MAX_LIVE = 16   /* inbound SSRCs held at once; the oldest makes room */
};

struct srtp_session;

struct srtp_session_stats {
    uint64_t ok, auth_failed, replayed, malformed, refused; /* refused: too many SSRCs */
    unsigned ssrcs;                                         /* inbound, held now */
};

/* Once a process, before any session; counted. 0 or -EIO. [control] */
int srtp_session_global_init(void);
void srtp_session_global_fini(void);

/* Both creators: key_salt is the master key followed by the salt, exactly sdes_key_bytes(suite)
 * bytes, not kept beyond what libsrtp derives from it. 0 and a session the caller owns, or -EINVAL,
 * -ENOMEM, -EIO.
 * Receives: any SSRC. Only authenticated packets cost memory; how many SSRCs are held, how fast
 * new ones come and how many come in all is bounded. */
int srtp_session_create_in(
    struct srtp_session **sp, enum sdes_suite suite, const uint8_t *key_salt, size_t key_salt_len);
/* Sends: these SSRCs (1 … SRTP_SESSION_MAX_SSRCS). */
int srtp_session_create_out(struct srtp_session **sp, enum sdes_suite suite,
    const uint8_t *key_salt, size_t key_salt_len, const uint32_t *ssrcs, size_t n);
/* Keys are wiped. NULL is a no-op. */
void srtp_session_destroy(struct srtp_session *s);

/* In place. buf is 4-byte aligned and holds cap bytes. The new length, or: -ENOSPC (no room for
 * tag and index), -EBADMSG (no RTP or RTCP packet), -ENOKEY (an SSRC not named), -EALREADY
 * (sequence number used before), -EKEYEXPIRED (2^48 packets), -EIO. */
int srtp_session_protect(struct srtp_session *s, uint8_t *buf, size_t len, size_t cap);
int srtp_session_protect_rtcp(struct srtp_session *s, uint8_t *buf, size_t len, size_t cap);

/* In place. The new length, or: -EBADMSG (malformed), -EPERM (authentication failed), -EALREADY
 * (replayed, or older than the window), -ENOBUFS (too many SSRCs), -EIO. Any error: drop it; what
 * buf holds is then undefined. */
int srtp_session_unprotect(struct srtp_session *s, uint8_t *buf, size_t len, uint64_t now_us);
int srtp_session_unprotect_rtcp(struct srtp_session *s, uint8_t *buf, size_t len, uint64_t now_us);

void srtp_session_stats(const struct srtp_session *s, struct srtp_session_stats *out);

#endif
