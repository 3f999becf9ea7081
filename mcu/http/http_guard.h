#ifndef MCU_HTTP_HTTP_GUARD_H
#define MCU_HTTP_HTTP_GUARD_H

/* What a request's headers may say: checks of Host, Origin, Authorization, media types and
 * Content-Length. Pure. RFC 9110, 6454, 6750. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page of a foreign site can name any host it controls as us (DNS rebinding), but not an address:
 * a numeric one, "localhost" and the configured names (separated by spaces) are ours. */
bool http_guard_host(const char *host, const char *names);

/* The Origin of a request: none (not a browser), the same host and port as asked for (and by TLS
 * too, if secure), or one of the configured origins. */
bool http_guard_origin(const char *origin, const char *host, const char *origins, bool secure);

/* Whether an Origin is among the configured ones. */
bool http_guard_listed(const char *origin, const char *origins);

/* The token of "Bearer TOKEN" and its length, or NULL. */
const char *http_guard_bearer(const char *authorization, size_t *len);

/* "application/sdp; charset=x" against one or more types separated by spaces. */
bool http_guard_type(const char *content_type, const char *types);

/* Whether an Accept header ("" = anything) lets us answer with this type. */
bool http_guard_accept(const char *accept, const char *type);

/* Whether an Accept-Encoding names this coding. */
bool http_guard_coding(const char *accept_encoding, const char *coding);

/* Whether an If-None-Match lists this tag, its quotes included; weak ones count (RFC 9110, 8.8.3).
 */
bool http_guard_etag(const char *list, const char *etag);

/* The value of a Content-Length, or -1: not a number, or given more than once. */
int64_t http_guard_length(const char *text);

/* UTF-8 (RFC 3629: shortest forms, no surrogates), the second without control characters. */
bool http_guard_utf8(const char *text, size_t len);
bool http_guard_text(const char *text, size_t len);

#endif
