#include "mcu/http/http_head.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

/* A copy of exactly len bytes, so that a read past them is seen; kept until the next call. */
static int parse_bytes(struct http_head *h, const char *bytes, size_t len)
{
    static char *held;
    free(held);
    held = malloc(len ? len : 1);
    memcpy(held, bytes, len);
    return http_head_parse(h, held, len);
}

static int parse(struct http_head *h, const char *text)
{
    return parse_bytes(h, text, strlen(text));
}

Test(http_head, a_request_is_read)
{
    static const char text[] = "PATCH /api/v1/rooms/a%C3%A4?x=1%262&y=a+b&&z HTTP/1.1\r\n"
                               "Host: 127.0.0.1:80\r\n"
                               "ACCEPT:\t a/b ,c/d \t\r\n"
                               "X-Empty:\r\n"
                               "Connection: keep-alive, Upgrade\r\n"
                               "connection: close\r\n"
                               "\r\nbody";
    struct http_head h;
    unsigned count;
    cr_assert_eq(parse(&h, text), (int)(strlen(text) - 4));
    cr_assert_eq(h.method, HTTP_PATCH);
    cr_assert(!h.head && !h.minor_0);
    cr_assert_str_eq(h.path, "/api/v1/rooms/a\xc3\xa4");
    cr_assert_eq(h.query_count, 3);
    cr_assert_str_eq(h.queries[0], "x=1&2");
    cr_assert_str_eq(h.queries[1], "y=a b");
    cr_assert_str_eq(h.queries[2], "z");
    cr_assert_str_eq(http_head_get(&h, "host", NULL), "127.0.0.1:80");
    cr_assert_str_eq(http_head_get(&h, "accept", &count), "a/b ,c/d");
    cr_assert_eq(count, 1);
    cr_assert_str_eq(http_head_get(&h, "x-empty", &count), "");
    cr_assert_eq(count, 1);
    cr_assert_str_eq(http_head_get(&h, "x-absent", &count), "");
    cr_assert_eq(count, 0);
    http_head_get(&h, "connection", &count);
    cr_assert_eq(count, 2);
    cr_assert(http_head_lists(&h, "connection", "upgrade"));
    cr_assert(http_head_lists(&h, "connection", "close"));
    cr_assert(!http_head_lists(&h, "connection", "keep"));
}

Test(http_head, methods_and_versions)
{
    static const struct {
        const char *line;
        int result;
    } cases[] = {
        {"GET / HTTP/1.1", 1},
        {"HEAD / HTTP/1.0", 1},
        {"DELETE / HTTP/1.9", 1},
        {"get / HTTP/1.1", -ENOTSUP},
        {"GETS / HTTP/1.1", -ENOTSUP},
        {"TRACE / HTTP/1.1", -ENOTSUP},
        {"GET / HTTP/2.0", -EPROTONOSUPPORT},
        {"GET / HTTP/0.9", -EPROTONOSUPPORT},
        {"GET / HTTP/1.10", -EINVAL},
        {"GET / http/1.1", -EINVAL},
        {"GET / HTTP/1.1 ", -EINVAL},
        {"GET / ", -EINVAL},
        {"GET /", -EINVAL},
        {"GET", -EINVAL},
        {" GET / HTTP/1.1", -EINVAL},
        {"GET  / HTTP/1.1", -EINVAL},
        {"GET /  HTTP/1.1", -EINVAL},
        {"GET\t/ HTTP/1.1", -EINVAL},
        {"G(T / HTTP/1.1", -EINVAL},
        {"", -EINVAL},
    };
    for (size_t i = 0; i < N(cases); i++) {
        char text[128];
        struct http_head h;
        int len = snprintf(text, sizeof text, "%s\r\n\r\n", cases[i].line);
        int result = cases[i].result > 0 ? len : cases[i].result;
        cr_assert_eq(parse(&h, text), result, "%s", cases[i].line);
    }
}

Test(http_head, paths_that_mean_two_things_are_refused)
{
    static const char *const bad[] = {"*", "x", "http://a/", "/%", "/%4", "/%zz", "/%00", "/%0d%0a",
        "/%7f", "/%ff", "/%c0%af", "/%ed%a0%80", "/a%2fb", "/a%2Fb", "/..", "/../a", "/a/..",
        "/a/./b", "/.", "/%2e%2e/", "/%2e", "/\x01", "/\x80", "/?a=%00", "/?%", "/?a=%0a"};
    static const char *const good[] = {
        "/", "//", "/...", "/.a", "/a..b/", "/%41", "/a?b=/../c", "/?", "/?&", "/?a=%2f", "/a//b"};
    struct http_head h;
    char text[128];
    for (size_t i = 0; i < N(bad); i++) {
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n\r\n", bad[i]);
        cr_assert_eq(parse(&h, text), -EINVAL, "%s", bad[i]);
    }
    for (size_t i = 0; i < N(good); i++) {
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n\r\n", good[i]);
        cr_assert_eq(parse(&h, text), (int)strlen(text), "%s", good[i]);
    }
}

Test(http_head, fields_that_mean_two_things_are_refused)
{
    static const char *const bad[] = {"Host : a", " Host: a", "Host", ": a", "Ho st: a",
        "Host: a\rb", "Host: a\nb", "Host: a\n", "Host: a\x01", "Host: a\x7f", "H\x80: a",
        "A: b\r\n c", "A: b\r", "(: a", "Host: a\r\n\tfolded"};
    for (size_t i = 0; i < N(bad); i++) {
        char text[128];
        struct http_head h;
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n\r\n", bad[i]);
        cr_assert_eq(parse(&h, text), -EINVAL, "%s", bad[i]);
    }
    struct http_head h;
    static const char nul[] = "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n";
    cr_assert_eq(parse_bytes(&h, nul, sizeof nul - 1), -EINVAL);
}

Test(http_head, an_unfinished_head_waits)
{
    static const char text[] = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
    struct http_head h;
    for (size_t len = 0; len < sizeof text - 1; len++)
        cr_assert_eq(parse_bytes(&h, text, len), 0, "%zu", len);
    cr_assert_eq(parse(&h, text), (int)sizeof text - 1);
}

Test(http_head, what_is_too_long_is_refused)
{
    static char text[2 * HTTP_HEAD_MAX];
    struct http_head h;
    memset(text, 'x', sizeof text);
    cr_assert_eq(parse_bytes(&h, text, HTTP_HEAD_MAX - 1), 0);
    cr_assert_eq(parse_bytes(&h, text, HTTP_HEAD_MAX), -EMSGSIZE);

    int n = snprintf(text, sizeof text, "GET /");
    memset(text + n, 'a', HTTP_PATH_MAX);
    strcpy(text + n + HTTP_PATH_MAX, " HTTP/1.1\r\n\r\n");
    cr_assert_eq(parse(&h, text), -EMSGSIZE);

    n = snprintf(text, sizeof text, "GET /?");
    for (int i = 0; i <= HTTP_QUERIES; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "a&");
    strcpy(text + n, " HTTP/1.1\r\n\r\n");
    cr_assert_eq(parse(&h, text), -EMSGSIZE);

    n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i <= HTTP_FIELDS_MAX; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "A: b\r\n");
    strcpy(text + n, "\r\n");
    cr_assert_eq(parse(&h, text), -EMSGSIZE);
}
