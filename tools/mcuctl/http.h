#ifndef TOOLS_MCUCTL_HTTP_H
#define TOOLS_MCUCTL_HTTP_H

/* Requests to the server's API, one after the other, over one kept connection. */

#include <jansson.h>
#include <stddef.h>

struct http;

struct http_body {
    const char *type; /* content type; NULL: no body */
    const void *data;
    size_t len;
};

/* base: the server's URL; token: NULL for none; ca: a file of certificates to trust when those the
 * system knows do not do, which need not exist. NULL when memory is short. */
struct http *http_open(const char *base, const char *token, const char *ca);
/* Sends METHOD base/api/v1 + path. Returns the HTTP status, or -1 when the server cannot be reached
 * (http_error says why). *reply is the JSON body, NULL when there is none; the caller owns it. */
long http_call(struct http *h, const char *method, const char *path, const struct http_body *body,
    json_t **reply);
const char *http_error(const struct http *h);
/* text made fit for a path segment; the caller frees it. NULL when memory is short. */
char *http_escape(struct http *h, const char *text);
void http_close(struct http *h); /* NULL is a no-op */

#endif
