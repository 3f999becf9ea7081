#include "mcu/http/http_guard.h"

#include <criterion/criterion.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

Test(http_guard, our_hosts_and_others)
{
    static const char *const ours[] = {"127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1",
        "[::1]", "[::1]:8080", "192.0.2.7:80", "meet.example", "Meet.Example:8443", "b.example",
        "localhost:"};
    static const char *const others[] = {"", "evil.example", "localhost.evil.example",
        "127.0.0.1.evil.example", "meet.example.evil", "eet.example", "::1", "[::1", "[::1]x",
        "[evil]", "localhost:x", "localhost:123456", "127.0.0.1:80:80", "127.1", "0x7f.1",
        " localhost", "localhost ", "user@localhost", "meet.example b.example"};
    for (size_t i = 0; i < N(ours); i++)
        cr_assert(http_guard_host(ours[i], "meet.example  b.example"), "%s", ours[i]);
    for (size_t i = 0; i < N(others); i++)
        cr_assert(!http_guard_host(others[i], "meet.example b.example"), "%s", others[i]);
    char name[400];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cr_assert(!http_guard_host(name, ""));
}

Test(http_guard, origins)
{
    static const struct {
        const char *origin, *host, *list;
        bool taken, secure;
    } cases[] = {
        {"https://a.example:8443", "a.example:8443", "", true, true},
        {"http://a.example:8443", "a.example:8443", "", false, true},
        {"http://b.example", "a.example", "http://b.example", true, true},
        {"", "127.0.0.1", "", true, true},
        {"", "127.0.0.1", "", true, false},
        {"http://127.0.0.1:8080", "127.0.0.1:8080", "", true, false},
        {"http://127.0.0.1:8081", "127.0.0.1:8080", "", false, false},
        {"https://evil.example", "127.0.0.1", "", false, false},
        {"https://a.example", "127.0.0.1", "https://b.example https://a.example", true, false},
        {"https://a.example.evil", "127.0.0.1", "https://a.example", false, false},
        {"http://a.example", "127.0.0.1", "https://a.example", false, false},
        {"null", "127.0.0.1", "", false, false},
        {"127.0.0.1", "127.0.0.1", "", false, false},
        {"http://127.0.0.1/x", "127.0.0.1", "", false, false},
    };
    for (size_t i = 0; i < N(cases); i++)
        cr_assert_eq(
            http_guard_origin(cases[i].origin, cases[i].host, cases[i].list, cases[i].secure),
            cases[i].taken, "%s", cases[i].origin);
}

Test(http_guard, bearer_tokens)
{
    size_t len;
    const char *token = http_guard_bearer("Bearer abc.def", &len);
    cr_assert_not_null(token);
    cr_assert_eq(len, 7);
    cr_assert_arr_eq(token, "abc.def", 7);
    cr_assert_not_null(http_guard_bearer("bearer  x", &len));
    static const char *const bad[] = {
        "", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,b", "BearerX a", "Bearer a "};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_null(http_guard_bearer(bad[i], &len), "%s", bad[i]);
}

Test(http_guard, media_types)
{
    cr_assert(http_guard_type("application/sdp", "application/json application/sdp"));
    cr_assert(http_guard_type("Application/SDP; charset=utf-8", "application/sdp"));
    cr_assert(!http_guard_type("application/sdpx", "application/sdp"));
    cr_assert(!http_guard_type("", "application/sdp"));
    cr_assert(!http_guard_type("application/json application/sdp", "application/sdp"));

    static const struct {
        const char *accept;
        bool taken;
    } cases[] = {
        {"", true},
        {"*/*", true},
        {"application/*", true},
        {"application/json", true},
        {"text/html, application/json;q=0.5", true},
        {"text/html,*/*;q=0.1", true},
        {"APPLICATION/JSON", true},
        {"text/html", false},
        {"text/*", false},
        {"application/jso", false},
        {"application/json;q=0", false},
        {"application/json; q=0.000", false},
        {"application/json;q=0.001", true},
        {"app/*", false},
        {",,,", true},
        {"*", false},
    };
    for (size_t i = 0; i < N(cases); i++)
        cr_assert_eq(http_guard_accept(cases[i].accept, "application/json"), cases[i].taken, "%s",
            cases[i].accept);
}

Test(http_guard, lengths)
{
    cr_assert_eq(http_guard_length("0"), 0);
    cr_assert_eq(http_guard_length("0010"), 10);
    cr_assert_eq(http_guard_length("999999999999999"), 999999999999999);
    static const char *const bad[] = {
        "", "-1", "+1", "1 1", "1, 1", "0x1", "1.0", " 1", "9999999999999999", "1\t"};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_eq(http_guard_length(bad[i]), -1, "%s", bad[i]);
}

Test(http_guard, text_is_utf8_without_controls)
{
    static const char *const good[] = {
        "", "abc", "J\xc3\xbcrgen", "\xe4\xb8\xad", "\xf0\x9f\x8e\x9b", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\xff", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf",
        "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\x80", "a\xe4\xb8"};
    static const char *const controls[] = {"\x01", "a\n", "\x1f", "\x7f", "\xc2\x80", "\xc2\x9f"};
    for (size_t i = 0; i < N(good); i++)
        cr_assert(http_guard_text(good[i], strlen(good[i])), "%zu", i);
    for (size_t i = 0; i < N(bad); i++) {
        cr_assert(!http_guard_text(bad[i], strlen(bad[i])), "%zu", i);
        cr_assert(!http_guard_utf8(bad[i], strlen(bad[i])), "%zu", i);
    }
    for (size_t i = 0; i < N(controls); i++) {
        cr_assert(!http_guard_text(controls[i], strlen(controls[i])), "%zu", i);
        cr_assert(http_guard_utf8(controls[i], strlen(controls[i])), "%zu", i);
    }
    cr_assert(!http_guard_text("a\0b", 3));
}

Test(http_guard, codings)
{
    static const struct {
        const char *list;
        bool taken;
    } cases[] = {
        {"gzip", true},
        {"deflate, gzip;q=0.5, br", true},
        {"GZIP", true},
        {"br,gzip", true},
        {"", false},
        {"br", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000, br", false},
        {"gzipx", false},
        {"xgzip", false},
        {"*", false},
    };
    for (size_t i = 0; i < N(cases); i++)
        cr_assert_eq(http_guard_coding(cases[i].list, "gzip"), cases[i].taken, "%s", cases[i].list);
}

Test(http_guard, etags)
{
    static const char *const match[] = {
        "\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\" , \"c\"", "*", " , \"a\""};
    static const char *const others[] = {
        "", "\"b\"", "a", "\"a", "\"aa\"", "w/\"a\"", "\"A\"", ","};
    for (size_t i = 0; i < N(match); i++)
        cr_assert(http_guard_etag(match[i], "\"a\""), "%s", match[i]);
    for (size_t i = 0; i < N(others); i++)
        cr_assert(!http_guard_etag(others[i], "\"a\""), "%s", others[i]);
}
