#ifndef MCU_ACCESS_BASE64URL_H
#define MCU_ACCESS_BASE64URL_H

/* base64url without padding (RFC 4648, 5; RFC 7515, 2). Read strictly: bytes have one spelling
 * only, so that a token cannot be altered and stay valid. Pure. [any] */

#include <stddef.h>
#include <stdint.h>

/* Characters n bytes take, without a NUL. */
size_t base64url_length(size_t n);
/* Writes base64url_length(n) characters. */
void base64url_encode(const uint8_t *bytes, size_t n, char *out);
/* The number of bytes; -EINVAL: not base64url; -ENOBUFS: more than cap. */
int base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap);

#endif
