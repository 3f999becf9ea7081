#include "mcu/http/http_guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Host without its port; brackets of an IPv6 address taken off. False: malformed. */
static bool split_host(const char *host, char *name, size_t cap)
{
    const char *end = host + strlen(host), *from = host, *port = NULL;
    if (*host == '[') {
        from++;
        end = strchr(host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        port = end[1] ? end + 2 : NULL;
    } else if ((port = strchr(host, ':'))) {
        end = port++;
    }
    if (port && (strlen(port) > 5 || strspn(port, "0123456789") != strlen(port)))
        return false;
    size_t len = (size_t)(end - from);
    if (!len || len >= cap)
        return false;
    memcpy(name, from, len);
    name[len] = '\0';
    return true;
}

static bool in_list(const char *text, const char *list)
{
    size_t len = strlen(text);
    while (*list) {
        size_t word = strcspn(list, " ");
        if (word == len && !strncasecmp(list, text, len))
            return true;
        list += word;
        list += strspn(list, " ");
    }
    return false;
}

bool http_guard_host(const char *host, const char *names)
{
    char name[256];
    struct in6_addr address;
    if (!split_host(host, name, sizeof(name)))
        return false;
    if (*host == '[')
        return inet_pton(AF_INET6, name, &address) == 1;
    return inet_pton(AF_INET, name, &address) == 1 || !strcasecmp(name, "localhost") ||
           in_list(name, names);
}

bool http_guard_origin(const char *origin, const char *host, const char *origins, bool secure)
{
    if (!*origin || in_list(origin, origins))
        return true;
    const char *authority = strstr(origin, "://");
    if (secure && strncasecmp(origin, "https://", 8))
        return false; /* the same name without TLS is anybody's who sits on the line */
    return authority && !strcasecmp(authority + 3, host);
}

bool http_guard_listed(const char *origin, const char *origins)
{
    return *origin && in_list(origin, origins);
}

const char *http_guard_bearer(const char *authorization, size_t *len)
{
    if (strncasecmp(authorization, "Bearer ", 7))
        return NULL;
    const char *token = authorization + 7;
    token += strspn(token, " ");
    *len = strcspn(token, " \t,");
    return *len && !token[*len] ? token : NULL;
}

bool http_guard_type(const char *content_type, const char *types)
{
    char type[96];
    size_t len = strcspn(content_type, "; \t");
    if (!len || len >= sizeof(type))
        return false;
    memcpy(type, content_type, len);
    type[len] = '\0';
    return in_list(type, types);
}

/* One element of Accept or Accept-Encoding with a weight of 0 means: not this. */
static bool is_refused(const char *element, size_t len)
{
    const char *weight = memchr(element, ';', len);
    while (weight && weight < element + len) {
        weight++;
        weight += strspn(weight, " \t");
        if (!strncasecmp(weight, "q=", 2) && weight[2] == '0' &&
            strspn(weight + 2, "0.") == strcspn(weight + 2, ";, \t"))
            return true;
        weight = memchr(weight, ';', (size_t)(element + len - weight));
    }
    return false;
}

/* One range of Accept (a type, perhaps with wildcards and a weight) against a type. */
static bool range_accepts(const char *range, size_t len, const char *type)
{
    size_t name = strcspn(range, ";, \t");
    if (name > len)
        name = len;
    if (is_refused(range, len))
        return false;
    if (name == 3 && !strncmp(range, "*/*", 3))
        return true;
    size_t major = strcspn(type, "/") + 1;
    if (name == major + 1 && range[major] == '*')
        return !strncasecmp(range, type, major);
    return name == strlen(type) && !strncasecmp(range, type, name);
}

bool http_guard_accept(const char *accept, const char *type)
{
    accept += strspn(accept, " \t,");
    if (!*accept)
        return true;
    while (*accept) {
        size_t len = strcspn(accept, ",");
        if (range_accepts(accept, len, type))
            return true;
        accept += len;
        accept += strspn(accept, " \t,");
    }
    return false;
}

bool http_guard_coding(const char *accept_encoding, const char *coding)
{
    const char *at = accept_encoding + strspn(accept_encoding, " \t,");
    while (*at) {
        size_t len = strcspn(at, ","), name = strcspn(at, ";, \t");
        if (name == strlen(coding) && !strncasecmp(at, coding, name))
            return !is_refused(at, len);
        at += len;
        at += strspn(at, " \t,");
    }
    return false;
}

bool http_guard_etag(const char *list, const char *etag)
{
    size_t len = strlen(etag);
    list += strspn(list, " \t,");
    if (*list == '*')
        return true;
    while (*list) {
        list += strncmp(list, "W/", 2) ? 0 : 2;
        size_t n = strcspn(list, ", \t"); /* in our tags there are none */
        if (n == len && !strncmp(list, etag, len))
            return true;
        list += n;
        list += strspn(list, " \t,");
    }
    return false;
}

int64_t http_guard_length(const char *text)
{
    int64_t n = 0;
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 15 || text[digits])
        return -1;
    for (; *text; text++)
        n = n * 10 + (*text - '0');
    return n;
}

/* Bytes of the character at s, of at most len, and its code; 0: malformed. */
static size_t utf8_char(const unsigned char *s, size_t len, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (!n || n > len)
        return 0;
    *code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < smallest[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

static bool all_chars(const char *text, size_t len, bool controls)
{
    while (len) {
        uint32_t code = 0;
        size_t n = utf8_char((const unsigned char *)text, len, &code);
        if (!n || (!controls && (code < 0x20 || (code >= 0x7f && code <= 0x9f))))
            return false;
        text += n;
        len -= n;
    }
    return true;
}

bool http_guard_utf8(const char *text, size_t len)
{
    return all_chars(text, len, true);
}

bool http_guard_text(const char *text, size_t len)
{
    return all_chars(text, len, false);
}
