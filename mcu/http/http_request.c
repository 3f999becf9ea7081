#include "mcu/http/http_request.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HEAD_MAX = 2048 }; /* bytes of a head without what handlers add */

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}

struct http_request *http_request_new(void)
{
    return calloc(1, sizeof(struct http_request));
}

void http_request_free(struct http_request *r)
{
    if (!r)
        return;
    if (r->anchor)
        *r->anchor = NULL;
    for (unsigned i = 0; i < r->query_count; i++)
        free(r->queries[i]);
    for (unsigned i = 0; i < HTTP_KEPT; i++)
        free(r->kept[i]);
    free(r->body);
    free(r);
}

int http_request_add_query(struct http_request *r, const char *text)
{
    if (r->query_count == HTTP_QUERIES_MAX)
        return -ENOBUFS;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    r->queries[r->query_count++] = copy;
    return 0;
}

int http_request_add_body(struct http_request *r, const void *bytes, size_t len)
{
    if (!len)
        return 0;
    if (len > r->body_size - r->body_len)
        return -EFBIG;
    if (!r->body) {
        r->body = malloc(r->body_size + 1); /* and a NUL, so that text can be read as such */
        if (!r->body)
            return -ENOMEM;
    }
    memcpy(r->body + r->body_len, bytes, len);
    r->body_len += len;
    r->body[r->body_len] = '\0';
    return 0;
}

const char *http_param(const struct http_request *r, const char *name)
{
    return http_params_get(&r->params, name);
}

const char *http_query(const struct http_request *r, const char *name)
{
    size_t len = strlen(name);
    for (unsigned i = 0; i < r->query_count; i++)
        if (!strncmp(r->queries[i], name, len)) {
            if (r->queries[i][len] == '=')
                return r->queries[i] + len + 1;
            if (!r->queries[i][len])
                return "";
        }
    return NULL;
}

bool http_query_only(const struct http_request *r, const char *names)
{
    for (unsigned i = 0; i < r->query_count; i++) {
        size_t len = strcspn(r->queries[i], "=");
        const char *at = names;
        while (*at && (strcspn(at, " ") != len || strncmp(at, r->queries[i], len))) {
            at += strcspn(at, " ");
            at += strspn(at, " ");
        }
        if (!*at)
            return false;
        for (unsigned j = 0; j < i; j++) /* given twice: which one counts? */
            if (!strncmp(r->queries[j], r->queries[i], len) && strcspn(r->queries[j], "=") == len)
                return false;
    }
    return true;
}

const uint8_t *http_body(const struct http_request *r, size_t *len)
{
    *len = r->body_len;
    return r->body ? r->body : (const uint8_t *)"";
}

uint8_t *http_body_take(struct http_request *r, size_t *len)
{
    uint8_t *body = r->body;
    *len = r->body_len;
    r->body = NULL;
    r->body_len = r->body_size = 0;
    return body;
}

/* --- headers of the request ------------------------------------------------------------------- */
static const char *const kept_names[HTTP_KEPT] = {
    "if-match", "if-none-match", "accept-encoding", "accept-language", "origin"};

/* A header given again continues a list (RFC 9110, 5.3). */
int http_request_keep(struct http_request *r, const char *name, const char *value)
{
    char *joined = NULL;
    unsigned i = 0;
    while (i < HTTP_KEPT && strcasecmp(name, kept_names[i]))
        i++;
    if (i == HTTP_KEPT)
        return 0;
    if (asprintf(&joined, "%s%s%s", r->kept[i] ? r->kept[i] : "", r->kept[i] ? ", " : "", value) <
        0)
        return -ENOMEM;
    free(r->kept[i]);
    r->kept[i] = joined;
    return 0;
}

const char *http_request_header(const struct http_request *r, const char *name)
{
    for (unsigned i = 0; i < HTTP_KEPT; i++)
        if (!strcmp(name, kept_names[i]))
            return r->kept[i];
    return NULL;
}

bool http_secure(const struct http_request *r)
{
    return r->secure;
}

const char *http_content_type(const struct http_request *r)
{
    return r->content_type;
}

const struct grant *http_grant(const struct http_request *r)
{
    return r->grant.kind ? &r->grant : NULL;
}

const char *http_bearer(const struct http_request *r)
{
    return *r->bearer ? r->bearer : NULL;
}

const struct in6_addr *http_peer(const struct http_request *r)
{
    return &r->peer;
}

const char *http_host(const struct http_request *r)
{
    return r->host;
}

void http_header(struct http_request *r, const char *name, const char *value)
{
    size_t room = sizeof(r->headers) - r->headers_len;
    if (strpbrk(value, "\r\n"))
        return;
    int n = snprintf(r->headers + r->headers_len, room, "%s: %s\r\n", name, value);
    if (n > 0 && (size_t)n < room)
        r->headers_len += (size_t)n;
    r->headers[r->headers_len] = '\0';
}

/* Ours unless the handler has set another. */
static const char *unless_set(const struct http_request *r, const char *name, const char *line)
{
    size_t len = strlen(name);
    for (const char *at = r->headers; *at; at = strchr(at, '\n') + 1)
        if (!strncasecmp(at, name, len) && at[len] == ':')
            return "";
    return line;
}

/* Answers are nobody's to keep, to frame or to take for something else; what is no page of ours
 * runs and loads nothing. */
static int print_head(
    const struct http_request *r, char *buf, size_t cap, int status, const char *type, size_t len)
{
    char date[40], length[64] = "";
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    if (status != 204 && status != 304)
        snprintf(length, sizeof(length), "Content-Length: %zu\r\n", len);
    return snprintf(buf, cap,
        "HTTP/1.1 %d %s\r\n"
        "Date: %s\r\n"
        "%s%s%s%s"
        "Connection: %s\r\n"
        "%s%s%s"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "%s\r\n",
        status, http_status_text(status), date, type ? "Content-Type: " : "", type ? type : "",
        type ? "\r\n" : "", length, r->close ? "close" : "keep-alive",
        unless_set(r, "Cache-Control", "Cache-Control: no-store\r\n"),
        unless_set(r, "Content-Security-Policy",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"),
        r->hsts ? "Strict-Transport-Security: max-age=31536000\r\n" : "", r->headers);
}

void http_respond(
    struct http_request *r, int status, const char *type, const void *body, size_t len)
{
    char head[HEAD_MAX + HTTP_HEADERS_MAX];
    int head_len = print_head(r, head, sizeof(head), status, type, len);
    size_t body_len = r->head ? 0 : len;
    if (r->arg) {
        uint8_t *bytes = malloc((size_t)head_len + body_len);
        size_t total = bytes ? (size_t)head_len + body_len : 0;
        if (bytes) {
            memcpy(bytes, head, (size_t)head_len);
            if (body_len)
                memcpy(bytes + head_len, body, body_len);
        }
        r->finish(bytes, total, status, r->close || !bytes, r->arg);
    }
    http_request_free(r);
}

void http_error(struct http_request *r, int status, const char *code, const char *message)
{
    char fallback[] = "{\"error\":\"out_of_memory\",\"message\":\"try again later\"}\n";
    json_t *error = json_pack("{s:s, s:s}", "error", code, "message", message);
    char *text = error ? json_dumps(error, JSON_COMPACT) : NULL;
    const char *body = text ? text : fallback;
    json_decref(error);
    http_respond(r, status, "application/json", body, strlen(body));
    free(text);
}
