#ifndef MCU_ACCESS_JWT_H
#define MCU_ACCESS_JWT_H

/* JSON Web Tokens in compact form, signed with HS256, RS256 or ES256: verified, their times
 * checked, and issued (HS256). RFC 7515, 7518, 7519, 8725.
 *
 * On OpenSSL and jansson rather than libjwt 1.10 (Debian 12), which lets the token choose the
 * algorithm, takes names that stand twice, ignores "crit" and checks no times: what would have to
 * be built around it is this file less one call. Here a key has ONE algorithm, by its type. [any]
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jwt_keys;

enum {
    JWT_TEXT_MAX = 8192, /* bytes of a token */
    JWT_DEPTH = 8,       /* of its JSON */
    JWT_KEYS_MAX = 9,
    JWT_SECRET_MIN = 32, /* bytes (RFC 7518, 3.2) */
    JWT_LEEWAY_S = 30,   /* clocks differ */
};

int jwt_keys_create(struct jwt_keys **kp);    /* 0 or -ENOMEM */
void jwt_keys_destroy(struct jwt_keys *keys); /* NULL is a no-op; wipes secrets */

/* Adds a key of HS256. Its index; -EINVAL: shorter than JWT_SECRET_MIN; -ENOSPC, -ENOMEM. */
int jwt_keys_add_secret(struct jwt_keys *keys, const char *secret, size_t len);
/* Adds every public key of a PEM text: RSA of 2048 to 8192 bits for RS256, P-256 for ES256. The
 * number added; -EINVAL: holds none, or something else; -ENOTSUP: another kind or size of key;
 * -ENOSPC, -ENOMEM. */
int jwt_keys_add_pem(struct jwt_keys *keys, const char *pem, size_t len);

/* The index of the key that signed it, and *claims (the caller releases them); of several keys of
 * an algorithm each is tried. -EBADMSG: no such token; -EACCES: not signed by any of the keys with
 * its own algorithm; -ENOMEM. */
int jwt_verify(const struct jwt_keys *keys, const char *text, size_t len, json_t **claims);

/* Signs with a key of HS256. The length of what is in out, with a NUL after it; -ENOBUFS, -EINVAL,
 * -ENOMEM. */
int jwt_sign(
    const struct jwt_keys *keys, unsigned key, const json_t *claims, char *out, size_t cap);

/* Checks exp, which must be there, and nbf, with JWT_LEEWAY_S. 0 and *expires (Unix time);
 * -EKEYEXPIRED; -EAGAIN: not yet; -EBADMSG: no exp, or times that are none. */
int jwt_times(const json_t *claims, uint64_t now_unix, uint64_t *expires);
uint64_t jwt_issued(const json_t *claims); /* iat; 0: none that makes sense */
/* Whether aud is it, or lists it. */
bool jwt_audience(const json_t *claims, const char *audience);

#endif
