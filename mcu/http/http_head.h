#ifndef MCU_HTTP_HTTP_HEAD_H
#define MCU_HTTP_HTTP_HEAD_H

/* The head of an HTTP/1.1 request: request line and header fields (RFC 9112), read strictly, as
 * what two readers could understand in two ways is how requests are smuggled. Pure. [any] */

#include "mcu/http/http_route.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_HEAD_MAX = 8192, /* bytes of a head */
    HTTP_FIELDS_MAX = 64,
    HTTP_PATH_MAX = 512, /* decoded, with its NUL */
    HTTP_QUERIES = 8,
    HTTP_QUERY_MAX = 512, /* all of it decoded, with a NUL a part */
};

struct http_field {
    const char *name, *value; /* into the parsed bytes, each ended by a NUL put there */
};

struct http_head {
    enum http_method method;
    bool head;                  /* HEAD, which is GET without the body */
    bool minor_0;               /* HTTP/1.0 */
    char path[HTTP_PATH_MAX];   /* decoded; has no "." or ".." segment and no escaped '/' */
    char query[HTTP_QUERY_MAX]; /* "name=value" parts, decoded, each with its NUL */
    const char *queries[HTTP_QUERIES];
    unsigned query_count, field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* Parses the head at the start of bytes and puts NULs into it. Its length; 0: more is to come;
 * -EINVAL malformed; -EMSGSIZE too long or too many fields; -ENOTSUP a method we do not know;
 * -EPROTONOSUPPORT another version of HTTP. */
int http_head_parse(struct http_head *h, char *bytes, size_t len);

/* The value of a field (name in lower case), "" if absent. *count, if not NULL: how many there are;
 * the value is the first one's. */
const char *http_head_get(const struct http_head *h, const char *name, unsigned *count);

/* Whether a comma-separated field holds a token, in any case. */
bool http_head_lists(const struct http_head *h, const char *name, const char *token);

#endif
