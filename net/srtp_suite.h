#ifndef NET_SRTP_SUITE_H
#define NET_SRTP_SUITE_H

/* The SRTP suites we speak, best first: names of RFC 4568 and RFC 7714, lengths in bytes. Pure. */

#include <stddef.h>
#include <stdint.h>

enum srtp_suite_id {
    SRTP_SUITE_GCM_128,
    SRTP_SUITE_GCM_256,
    SRTP_SUITE_CM_128_80,
    SRTP_SUITE_CM_128_32,
    SRTP_SUITES
};
enum { SRTP_SUITE_MAX_KEY_SALT = 44 }; /* bytes of master key and salt, any suite */

struct srtp_suite {
    const char *name; /* crypto-suite of an SDP crypto attribute */
    enum srtp_suite_id id;
    uint8_t key_len, salt_len;     /* of the master key */
    uint8_t rtp_extra, rtcp_extra; /* what a protected packet grows by: tag, SRTCP index */
};

extern const struct srtp_suite srtp_suites[SRTP_SUITES]; /* in order of id */

/* By name of len bytes (case as RFC 4568 writes it), or NULL. */
const struct srtp_suite *srtp_suite_find(const char *name, size_t len);

#endif
