#ifndef TESTS_SUPPORT_SRTP_REFERENCE_H
#define TESTS_SUPPORT_SRTP_REFERENCE_H

/* SRTP once more, from the RFCs and OpenSSL's primitives: what net/srtp_session must agree with.
 * RFC 3711 (4.1.1, 4.2, 4.3), RFC 7714 (8, 9). Index and rollover as given; slow. */

#include "net/sdp/sdes.h"

#include <stddef.h>
#include <stdint.h>

enum { SRTP_REFERENCE_AUTH_BYTES = 20 };

struct srtp_reference_keys {
    uint8_t key[32], salt[14], auth[SRTP_REFERENCE_AUTH_BYTES];
};

/* Session keys of RTP (rtcp 0) or RTCP (1) from master key and salt (RFC 3711, 4.3). */
void srtp_reference_derive(
    struct srtp_reference_keys *out, enum sdes_suite suite, const uint8_t *key_salt, int rtcp);

/* Protects an RTP packet (12-byte header, no extension) with rollover counter roc; the length. */
size_t srtp_reference_rtp(enum sdes_suite suite, const struct srtp_reference_keys *k, uint32_t roc,
    const uint8_t *in, size_t len, uint8_t *out);
/* Protects an RTCP packet with that SRTCP index; the length. */
size_t srtp_reference_rtcp(enum sdes_suite suite, const struct srtp_reference_keys *k,
    uint32_t index, const uint8_t *in, size_t len, uint8_t *out);

#endif
