#include "mcu/http/http_options.h"

#include "mcu/config.h"
#include "mcu/http/http_guard.h"

#include <stdio.h>
#include <string.h>

#define PREFLIGHT_HEADERS "Authorization, Content-Type, If-Match, If-None-Match"
#define PREFLIGHT_SECONDS "600"
#define EXPOSED           "Location, ETag, Link, Retry-After, Accept-Patch"

enum { METHODS_MAX = 64, TYPES_MAX = 256 };

static void print_methods(char buf[METHODS_MAX], unsigned methods)
{
    size_t n = 0;
    methods |= 1u << HTTP_OPTIONS;
    for (int m = 0; m < HTTP_METHODS; m++)
        if (methods & 1u << m)
            n += (size_t)snprintf(buf + n, METHODS_MAX - n, "%s%s%s", n ? ", " : "",
                http_method_name(m), m == HTTP_GET ? ", HEAD" : "");
}

void http_options_allow(struct http_request *r, unsigned methods)
{
    char allow[METHODS_MAX];
    print_methods(allow, methods);
    http_header(r, "Allow", allow);
}

/* The types that a method of this path takes, as a list with commas. */
static void tell_types(struct http_request *r, const struct http_setup *setup, const char *path,
    enum http_method method, const char *name)
{
    char list[TYPES_MAX];
    size_t n = 0;
    unsigned allowed;
    const struct http_route *route;
    struct http_params params;
    if (http_route_find(
            setup->routes, setup->route_count, method, path, &route, &params, &allowed) ||
        !route->takes)
        return;
    for (const char *c = route->takes; *c && n + 3 < sizeof(list); c++) {
        if (*c == ' ')
            list[n++] = ',';
        list[n++] = *c;
    }
    list[n] = '\0';
    http_header(r, name, list);
}

void http_options_answer(struct http_request *r, const struct http_setup *setup,
    const struct http_head *h, unsigned methods)
{
    char allow[METHODS_MAX];
    const char *origin = http_head_get(h, "origin", NULL);
    tell_types(r, setup, h->path, HTTP_POST, "Accept-Post");
    tell_types(r, setup, h->path, HTTP_PATCH, "Accept-Patch");
    if (http_guard_listed(origin, setup->cfg->http_origins)) {
        print_methods(allow, methods);
        http_header(r, "Access-Control-Allow-Methods", allow);
        http_header(r, "Access-Control-Allow-Headers", PREFLIGHT_HEADERS);
        http_header(r, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
    http_respond(r, 204, NULL, NULL, 0);
}

void http_options_share(struct http_request *r, const struct config *cfg, const struct http_head *h)
{
    const char *origin = http_head_get(h, "origin", NULL);
    if (*cfg->http_origins)
        http_header(r, "Vary", "Origin");
    if (!http_guard_listed(origin, cfg->http_origins))
        return;
    http_header(r, "Access-Control-Allow-Origin", origin);
    http_header(r, "Access-Control-Expose-Headers", EXPOSED);
}
