#ifndef MCU_HTTP_HTTP_TLS_H
#define MCU_HTTP_HTTP_TLS_H

/* The TLS side of the HTTP server: its certificate (configured, or self-signed and kept in the
 * state folder) and what is negotiated: TLS 1.2 and 1.3, forward secrecy and AEAD only, no
 * resumption, no renegotiation, no compression. RFC 8446, 5246, 7301, 9325. [control] */

#include <stdbool.h>
#include <stdint.h>

struct config;
struct http_tls;
struct ssl_st;

/* Reads or makes the certificate; cfg is borrowed. 0; -ENOMEM; another negative errno, and *why (a
 * constant) tells what is wrong with which file. */
int http_tls_create(struct http_tls **tp, const struct config *cfg, const char **why);
void http_tls_destroy(struct http_tls *t); /* NULL is a no-op; connections may live on */

/* Reads the certificate again, for connections that come. On an error the old one stays. */
int http_tls_reload(struct http_tls *t, const char **why);
/* Makes a new self-signed certificate when the old one is about to end; logs it. Called often. */
void http_tls_renew(struct http_tls *t, int64_t now_unix);

bool http_tls_self_signed(const struct http_tls *t);
/* Others than their owner may read the configured key's file. */
bool http_tls_key_exposed(const struct http_tls *t);
int64_t http_tls_ends(
    const struct http_tls *t); /* Unix time of the certificate's end; 0: unknown */

/* A server's end of one connection between two memory BIOs, or NULL: no memory. */
struct ssl_st *http_tls_session(struct http_tls *t);

#endif
