/* The head of an HTTP request, and everything that is asked of it before a handler runs. */

#include "mcu/api/api.h"
#include "mcu/http/http_guard.h"
#include "mcu/http/http_head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void ask(const struct http_head *h)
{
    unsigned count, allowed;
    size_t len = 0;
    const struct http_route *route;
    struct http_params params;
    require(h->path[0] == '/' && http_guard_text(h->path, strlen(h->path)));
    require(!strstr(h->path, "/../") && !strstr(h->path, "/./"));
    for (unsigned i = 0; i < h->query_count; i++)
        require(http_guard_text(h->queries[i], strlen(h->queries[i])));
    for (unsigned i = 0; i < h->field_count; i++) {
        require(!strpbrk(h->fields[i].name, " \t\r\n:") && h->fields[i].name[0]);
        require(!strpbrk(h->fields[i].value, "\r\n"));
    }
    const char *host = http_head_get(h, "host", &count);
    http_guard_host(host, "a.example b.example");
    http_guard_origin(http_head_get(h, "origin", NULL), host, "https://a.example", false);
    http_guard_coding(http_head_get(h, "accept-encoding", NULL), "gzip");
    http_guard_etag(http_head_get(h, "if-none-match", NULL), "\"0123456789abcdef-gzip\"");
    const char *token = http_guard_bearer(http_head_get(h, "authorization", NULL), &len);
    require(!token || len);
    http_guard_type(http_head_get(h, "content-type", NULL), "application/json application/sdp");
    http_guard_accept(http_head_get(h, "accept", NULL), "application/json");
    require(http_guard_length(http_head_get(h, "content-length", NULL)) >= -1);
    http_head_lists(h, "connection", "close");
    int found =
        http_route_find(api_routes, api_route_count, h->method, h->path, &route, &params, &allowed);
    require(found == 0 || (found == -ENOENT && !allowed) || (found == -EPERM && allowed));
    for (unsigned i = 0; !found && i < params.count; i++)
        require(params.values[i][0] && !strchr(params.values[i], '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head h;
    char *bytes = malloc(size + !size);
    require(bytes != NULL);
    memcpy(bytes, data, size);
    int n = http_head_parse(&h, bytes, size);
    require(n <= (int)size && n <= HTTP_HEAD_MAX);
    if (n > 0)
        ask(&h);
    free(bytes);
    return 0;
}
