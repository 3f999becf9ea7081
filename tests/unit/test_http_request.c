#include "mcu/http/http_request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct heard {
    char *text;
    int status, times;
    bool close;
};

static void hear(uint8_t *bytes, size_t len, int status, bool close, void *arg)
{
    struct heard *h = arg;
    cr_assert_not_null(bytes);
    h->text = strndup((char *)bytes, len);
    h->status = status;
    h->close = close;
    h->times++;
    free(bytes);
}

static struct http_request *request(struct heard *h)
{
    struct http_request *r = http_request_new();
    *h = (struct heard){0};
    r->finish = hear;
    r->arg = h;
    return r;
}

Test(http_request, an_answer_on_the_wire)
{
    struct heard h;
    struct http_request *r = request(&h);
    http_header(r, "Location", "/x");
    http_header(r, "Evil", "a\r\nInjected: b");
    http_respond(r, 201, "text/plain", "body", 4);
    cr_assert_eq(h.times, 1);
    cr_assert_eq(strncmp(h.text, "HTTP/1.1 201 Created\r\n", 22), 0);
    cr_assert_not_null(strstr(h.text, "\r\nContent-Type: text/plain\r\n"));
    cr_assert_not_null(strstr(h.text, "\r\nContent-Length: 4\r\n"));
    cr_assert_not_null(strstr(h.text, "\r\nConnection: keep-alive\r\n"));
    cr_assert_not_null(strstr(h.text, "\r\nLocation: /x\r\n"));
    cr_assert_not_null(strstr(h.text, "\r\nX-Content-Type-Options: nosniff\r\n"));
    cr_assert_not_null(strstr(h.text, "\r\nContent-Security-Policy: default-src 'none'"));
    cr_assert_null(strstr(h.text, "Injected"));
    cr_assert_str_eq(strstr(h.text, "\r\n\r\n"), "\r\n\r\nbody");
    free(h.text);
}

Test(http_request, no_content_and_head_have_no_body)
{
    struct heard h;
    http_respond(request(&h), 204, NULL, NULL, 0);
    cr_assert_null(strstr(h.text, "Content-"
                                  "Length"));
    cr_assert_str_eq(strstr(h.text, "\r\n\r\n"), "\r\n\r\n");
    free(h.text);
    struct http_request *r = request(&h);
    r->head = true;
    r->close = true;
    http_respond(r, 200, "text/plain", "body", 4);
    cr_assert_not_null(strstr(h.text, "Content-Length: 4\r\n"));
    cr_assert_not_null(strstr(h.text, "Connection: close\r\n"));
    cr_assert_str_eq(strstr(h.text, "\r\n\r\n"), "\r\n\r\n");
    cr_assert(h.close);
    free(h.text);
}

Test(http_request, errors_are_json)
{
    struct heard h;
    http_error(request(&h), 422, "bad_thing", "a \"quoted\"\nmessage");
    json_t *o = json_loads(strstr(h.text, "\r\n\r\n") + 4, 0, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(o, "error")), "bad_thing");
    cr_assert_str_eq(json_string_value(json_object_get(o, "message")), "a \"quoted\"\nmessage");
    json_decref(o);
    free(h.text);
}

Test(http_request, a_client_that_has_gone_is_not_written_to)
{
    struct heard h;
    struct http_request *r = request(&h), *anchor = r;
    r->anchor = &anchor;
    r->arg = NULL;
    http_respond(r, 200, NULL, NULL, 0);
    cr_assert_eq(h.times, 0);
    cr_assert_null(anchor);
}

Test(http_request, a_body_is_no_longer_than_promised)
{
    struct heard h;
    struct http_request *r = request(&h);
    size_t len;
    r->body_size = 5;
    cr_assert_eq(http_request_add_body(r, "ab", 2), 0);
    cr_assert_eq(http_request_add_body(r, "cdef", 4), -EFBIG);
    cr_assert_eq(http_request_add_body(r, "cde", 3), 0);
    cr_assert_eq(http_request_add_body(r, "", 0), 0);
    cr_assert_str_eq((const char *)http_body(r, &len), "abcde");
    cr_assert_eq(len, 5);
    uint8_t *taken = http_body_take(r, &len);
    cr_assert_arr_eq(taken, "abcde", 5);
    cr_assert_str_eq((const char *)http_body(r, &len), "");
    free(taken);
    http_request_free(r);
}

Test(http_request, queries)
{
    struct heard h;
    struct http_request *r = request(&h);
    cr_assert_eq(http_request_add_query(r, "name=a=b"), 0);
    cr_assert_eq(http_request_add_query(r, "flag"), 0);
    cr_assert_eq(http_request_add_query(r, "names=x"), 0);
    cr_assert_str_eq(http_query(r, "name"), "a=b");
    cr_assert_str_eq(http_query(r, "flag"), "");
    cr_assert_null(http_query(r, "nam"));
    cr_assert(http_query_only(r, "names flag name"));
    cr_assert(!http_query_only(r, "name flag"));
    cr_assert_eq(http_request_add_query(r, "name=again"), 0);
    cr_assert(!http_query_only(r, "names flag name"));
    for (int i = 4; i < HTTP_QUERIES_MAX; i++)
        cr_assert_eq(http_request_add_query(r, "x"), 0);
    cr_assert_eq(http_request_add_query(r, "x"), -ENOBUFS);
    http_request_free(r);
}

Test(http_request, headers_that_are_asked_for_are_kept)
{
    struct heard h;
    struct http_request *r = request(&h);
    cr_assert_null(http_request_header(r, "if-match"));
    cr_assert_eq(http_request_keep(r, "If-Match", "\"a\""), 0);
    cr_assert_eq(http_request_keep(r, "X-Other", "b"), 0);
    cr_assert_str_eq(http_request_header(r, "if-match"), "\"a\"");
    cr_assert_eq(http_request_keep(r, "IF-MATCH", "\"c\""), 0);
    cr_assert_str_eq(http_request_header(r, "if-match"), "\"a\", \"c\"");
    cr_assert_null(http_request_header(r, "x-other"));
    cr_assert_null(http_request_header(r, "if-none-match"));
    http_request_free(r);
}
