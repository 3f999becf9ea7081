#include "net/sdp/sdp_str.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct sdp_str sdp_str(const char *text)
{
    return (struct sdp_str){text, text ? strlen(text) : 0};
}

bool sdp_str_eq(struct sdp_str s, const char *text)
{
    size_t n = strlen(text);
    return s.p && s.n == n && !memcmp(s.p, text, n);
}

bool sdp_str_ieq(struct sdp_str s, const char *text)
{
    size_t n = strlen(text);
    return s.p && s.n == n && !strncasecmp(s.p, text, n);
}

struct sdp_str sdp_str_word(struct sdp_str *rest)
{
    size_t from = 0;
    while (from < rest->n && is_blank(rest->p[from]))
        from++;
    size_t to = from;
    while (to < rest->n && !is_blank(rest->p[to]))
        to++;
    struct sdp_str word = {NULL, 0};
    if (to > from)
        word = (struct sdp_str){rest->p + from, to - from};
    if (rest->p)
        rest->p += to;
    rest->n -= to;
    return word;
}

struct sdp_str sdp_str_cut(struct sdp_str *rest, char sep)
{
    struct sdp_str head = *rest;
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (!at) {
        *rest = (struct sdp_str){NULL, 0};
        return head;
    }
    head.n = (size_t)(at - head.p);
    *rest = (struct sdp_str){at + 1, rest->n - head.n - 1};
    return head;
}

struct sdp_str sdp_str_trim(struct sdp_str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

int sdp_str_number(struct sdp_str s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!s.n)
        return -EINVAL;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -EINVAL;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (digit > max || v > (max - digit) / 10)
            return -EINVAL;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

int sdp_str_copy(struct sdp_str s, char *buf, size_t cap)
{
    if (s.n >= cap)
        return -ENOSPC;
    if (s.n)
        memcpy(buf, s.p, s.n);
    buf[s.n] = '\0';
    return 0;
}
