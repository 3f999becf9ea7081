#ifndef NET_SDES_H
#define NET_SDES_H

/* SRTP keys in SDP: the value of a=crypto (RFC 4568; with GCM, RFC 7714). [any] */

#include "net/sdp_str.h"
#include "net/srtp_suite.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SDES_MAX_TAG = 999999999, /* 9 digits */
    SDES_MAX_TEXT_BYTES = 128,
};

struct sdes_crypto {
    uint32_t tag;
    const struct srtp_suite *suite;            /* NULL: no key */
    uint8_t key_salt[SRTP_SUITE_MAX_KEY_SALT]; /* sdes_key_bytes(suite) of it */
};

size_t sdes_key_bytes(const struct srtp_suite *suite); /* master key and salt together */

/* Parses what follows "a=crypto:". 0; or, *out untouched, -EINVAL: malformed; -ENOTSUP:
 * well-formed, but a suite or a parameter we must refuse (RFC 4568, 6.3): several keys, an MKI,
 * encryption or authentication switched off, FEC, key derivation, an unknown one that is mandatory.
 * A key's lifetime and a window size hint bind only the one who offers them and are accepted. */
int sdes_parse(struct sdp_str value, struct sdes_crypto *out);

/* Writes what follows "a=crypto:". Its length; or -ENOSPC (SDES_MAX_TEXT_BYTES always suffices),
 * -EINVAL: no suite. */
int sdes_print(const struct sdes_crypto *c, char *buf, size_t cap);

#endif
