#include "mcu/http/http_head.h"

#include "mcu/http/http_guard.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* A token's characters (RFC 9110, 5.6.2). */
static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* The end of the head, or NULL. */
static char *find_end(char *bytes, size_t len)
{
    char *end = memmem(bytes, len, "\r\n\r\n", 4);
    return end ? end + 4 : NULL;
}

/* --- the request line ------------------------------------------------------------------------- */
static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX (and + if plus) of len bytes into out. The length, or -EINVAL: a broken escape, a
 * control character or malformed UTF-8; -EMSGSIZE no room. */
static int decode(const char *text, size_t len, bool plus, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (i + 2 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
                return -EINVAL;
            c = hex(text[i + 1]) << 4 | hex(text[i + 2]);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (n + 1 >= cap)
            return -EMSGSIZE;
        out[n++] = (char)c;
    }
    if (!http_guard_text(out, n))
        return -EINVAL;
    out[n] = '\0';
    return (int)n;
}

/* Segments that name the folder or its parent, and slashes that only look like text, are how a
 * path comes to mean two things. */
static bool path_is_plain(const char *raw, size_t raw_len, const char *path)
{
    for (size_t i = 0; i + 2 < raw_len; i++)
        if (raw[i] == '%' && raw[i + 1] == '2' && (raw[i + 2] | 0x20) == 'f')
            return false;
    for (const char *at = path; (at = strchr(at, '/'));) {
        size_t len = strcspn(++at, "/");
        if ((len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            return false;
    }
    return true;
}

static int take_query(struct http_head *h, const char *text, size_t len)
{
    size_t used = 0;
    while (len) {
        const char *end = memchr(text, '&', len);
        size_t part = end ? (size_t)(end - text) : len;
        if (part) {
            if (h->query_count == HTTP_QUERIES)
                return -EMSGSIZE;
            int n = decode(text, part, true, h->query + used, sizeof(h->query) - used);
            if (n < 0)
                return n;
            h->queries[h->query_count++] = h->query + used;
            used += (size_t)n + 1;
        }
        text += part + (end != NULL);
        len -= part + (end != NULL);
    }
    return 0;
}

static int take_target(struct http_head *h, const char *target, size_t len)
{
    const char *question = memchr(target, '?', len);
    size_t path_len = question ? (size_t)(question - target) : len;
    if (!len || *target != '/')
        return -EINVAL;
    int n = decode(target, path_len, false, h->path, sizeof(h->path));
    if (n < 0)
        return n;
    if (!path_is_plain(target, path_len, h->path))
        return -EINVAL;
    return question ? take_query(h, question + 1, len - path_len - 1) : 0;
}

static int take_method(struct http_head *h, const char *name, size_t len)
{
    for (int m = 0; m < HTTP_METHODS; m++)
        if (strlen(http_method_name(m)) == len && !memcmp(name, http_method_name(m), len)) {
            h->method = m;
            return 0;
        }
    if (len != 4 || memcmp(name, "HEAD", 4))
        return -ENOTSUP;
    h->method = HTTP_GET;
    h->head = true;
    return 0;
}

static int take_version(struct http_head *h, const char *version, size_t len)
{
    if (len != 8 || memcmp(version, "HTTP/", 5) || version[6] != '.' ||
        !isdigit((unsigned char)version[5]) || !isdigit((unsigned char)version[7]))
        return -EINVAL;
    if (version[5] != '1')
        return -EPROTONOSUPPORT;
    h->minor_0 = version[7] == '0';
    return 0;
}

/* METHOD SP target SP version, with single spaces. */
static int take_request_line(struct http_head *h, const char *line, size_t len)
{
    const char *end = line + len;
    const char *target = memchr(line, ' ', len);
    if (!target || target == line)
        return -EINVAL;
    for (const char *c = line; c < target; c++)
        if (!is_token(*c))
            return -EINVAL;
    target++;
    const char *version = memchr(target, ' ', (size_t)(end - target));
    if (!version)
        return -EINVAL;
    int err = take_version(h, version + 1, (size_t)(end - version - 1));
    if (!err)
        err = take_method(h, line, (size_t)(target - 1 - line));
    return err ? err : take_target(h, target, (size_t)(version - target));
}

/* --- the fields ------------------------------------------------------------------------------- */
/* name ":" OWS value OWS. No folding, no space before the colon (RFC 9112, 5.1 and 5.2). */
static int take_field(struct http_head *h, char *line, size_t len)
{
    char *colon = memchr(line, ':', len), *end = line + len;
    if (!colon || colon == line)
        return -EINVAL;
    if (h->field_count == HTTP_FIELDS_MAX)
        return -EMSGSIZE;
    for (char *c = line; c < colon; c++)
        if (!is_token(*c))
            return -EINVAL;
    char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (char *c = value; c < end; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return -EINVAL;
    *colon = '\0';
    *end = '\0'; /* at most on the CR that ends the line */
    h->fields[h->field_count++] = (struct http_field){line, value};
    return 0;
}

/* The length of the line at `line` without its CRLF, or -EINVAL: a CR or LF of its own. */
static int line_length(const char *line, const char *end)
{
    const char *cr = memchr(line, '\r', (size_t)(end - line));
    if (!cr || cr[1] != '\n' || memchr(line, '\n', (size_t)(cr - line)))
        return -EINVAL;
    return (int)(cr - line);
}

int http_head_parse(struct http_head *h, char *bytes, size_t len)
{
    char *end = find_end(bytes, len);
    if (!end)
        return len >= HTTP_HEAD_MAX ? -EMSGSIZE : 0;
    if (end - bytes > HTTP_HEAD_MAX)
        return -EMSGSIZE;
    memset(h, 0, sizeof(*h));
    int n = line_length(bytes, end);
    int err = n < 0 ? n : take_request_line(h, bytes, (size_t)n);
    for (char *line = bytes + n + 2; !err && line < end - 2; line += n + 2) {
        n = line_length(line, end);
        err = n < 0 ? n : take_field(h, line, (size_t)n);
    }
    return err ? err : (int)(end - bytes);
}

const char *http_head_get(const struct http_head *h, const char *name, unsigned *count)
{
    const char *value = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < h->field_count; i++)
        if (!strcasecmp(h->fields[i].name, name) && !n++)
            value = h->fields[i].value;
    if (count)
        *count = n;
    return value ? value : "";
}

bool http_head_lists(const struct http_head *h, const char *name, const char *token)
{
    size_t token_len = strlen(token);
    for (unsigned i = 0; i < h->field_count; i++) {
        const char *at = strcasecmp(h->fields[i].name, name) ? "" : h->fields[i].value;
        while (*at) {
            at += strspn(at, ", \t");
            size_t len = strcspn(at, ", \t");
            if (len == token_len && !strncasecmp(at, token, len))
                return true;
            at += len;
        }
    }
    return false;
}
