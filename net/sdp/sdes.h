#ifndef NET_SDP_SDES_H
#define NET_SDP_SDES_H

/* SRTP keys in SDP: the value of a=crypto (RFC 4568; with GCM, RFC 7714). [any] */

#include "net/sdp/sdp_str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As good as they come first. */
enum sdes_suite {
    SDES_NONE,
    SDES_AEAD_AES_128_GCM,
    SDES_AEAD_AES_256_GCM,
    SDES_AES_CM_128_HMAC_SHA1_80,
    SDES_AES_CM_128_HMAC_SHA1_32,
    SDES_N_SUITES,
};

enum {
    SDES_MAX_KEY_BYTES = 44,  /* AES-256-GCM: 32 of key, 12 of salt */
    SDES_MAX_TAG = 999999999, /* 9 digits */
    SDES_MAX_TEXT_BYTES = 128,
};

struct sdes_crypto {
    uint32_t tag;
    enum sdes_suite suite;
    uint8_t key[SDES_MAX_KEY_BYTES]; /* master key, then master salt: sdes_key_bytes(suite) of it */
};

const char *sdes_suite_name(enum sdes_suite suite);   /* as written in SDP; "" for SDES_NONE */
enum sdes_suite sdes_suite_find(struct sdp_str name); /* SDES_NONE: unknown */
size_t sdes_key_bytes(enum sdes_suite suite);         /* master key and salt together */
/* Same suite, same key and salt, whatever the tag. */
bool sdes_same_key(const struct sdes_crypto *a, const struct sdes_crypto *b);

/* Parses what follows "a=crypto:". 0; or, *out untouched, -EINVAL: malformed; -ENOTSUP:
 * well-formed, but a suite or a parameter we must refuse (RFC 4568, 6.3): several keys, an MKI,
 * encryption or authentication switched off, FEC, key derivation, an unknown one that is mandatory.
 * A key's lifetime and a window size hint bind only the one who offers them and are accepted. */
int sdes_parse(struct sdp_str value, struct sdes_crypto *out);

/* Writes what follows "a=crypto:". Its length; or -ENOSPC (SDES_MAX_TEXT_BYTES always suffices),
 * -EINVAL: no suite. */
int sdes_print(const struct sdes_crypto *c, char *buf, size_t cap);

#endif
