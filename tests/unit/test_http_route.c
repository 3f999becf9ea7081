#include "mcu/api/api.h"
#include "mcu/http/http_route.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct http_route routes[] = {
    {HTTP_GET, "/", 0, NULL, 0, NULL, NULL, NULL},
    {HTTP_GET, "/a/{x}", 0, NULL, 0, NULL, NULL, NULL},
    {HTTP_DELETE, "/a/{x}", 0, NULL, 0, NULL, NULL, NULL},
    {HTTP_GET, "/a/{x}/b/{y}", 0, NULL, 0, NULL, NULL, NULL},
    {HTTP_POST, "/a/{x}/b", 0, NULL, 0, NULL, NULL, NULL},
    {HTTP_OPTIONS, "/o", 0, NULL, 0, NULL, NULL, NULL},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static const struct http_route *route;
static struct http_params params;
static unsigned allowed;

static int find(enum http_method method, const char *path)
{
    return http_route_find(routes, ROUTES, method, path, &route, &params, &allowed);
}

Test(http_route, paths_find_their_route)
{
    cr_assert_eq(find(HTTP_GET, "/"), 0);
    cr_assert_eq(route, &routes[0]);
    cr_assert_eq(find(HTTP_GET, "/a/one"), 0);
    cr_assert_eq(route, &routes[1]);
    cr_assert_str_eq(http_params_get(&params, "x"), "one");
    cr_assert_null(http_params_get(&params, "y"));
    cr_assert_eq(find(HTTP_DELETE, "/a/one"), 0);
    cr_assert_eq(route, &routes[2]);
    cr_assert_eq(find(HTTP_GET, "/a/one/b/two"), 0);
    cr_assert_str_eq(http_params_get(&params, "x"), "one");
    cr_assert_str_eq(http_params_get(&params, "y"), "two");
    cr_assert_eq(find(HTTP_OPTIONS, "/o"), 0);
    cr_assert_eq(find(HTTP_OPTIONS, "/a/one/b"), -EPERM);
    cr_assert_eq(allowed, 1u << HTTP_POST);
}

Test(http_route, other_paths_and_methods_do_not)
{
    static const char *const absent[] = {
        "", "/a", "/a/", "//", "/a/one/", "/a/one/c", "/a/one/b/", "/a/one/b/two/", "/A/one", "/b"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        cr_assert_eq(find(HTTP_GET, absent[i]), -ENOENT, "%s", absent[i]);
    cr_assert_eq(find(HTTP_PUT, "/a/one"), -EPERM);
    cr_assert_eq(allowed, 1u << HTTP_GET | 1u << HTTP_DELETE);
    cr_assert_eq(find(HTTP_GET, "/a/one/b"), -EPERM);
    cr_assert_eq(allowed, 1u << HTTP_POST);
}

Test(http_route, a_parameter_has_its_bounds)
{
    char path[HTTP_PARAM_MAX + 8] = "/a/";
    memset(path + 3, 'x', HTTP_PARAM_MAX - 1);
    cr_assert_eq(find(HTTP_GET, path), 0);
    cr_assert_eq(strlen(http_params_get(&params, "x")), HTTP_PARAM_MAX - 1);
    path[3 + HTTP_PARAM_MAX - 1] = 'x';
    cr_assert_eq(find(HTTP_GET, path), -ENOENT);
}

#define ROOM "/api/v1/rooms/{room}"

static enum http_auth meant_for(const struct http_route *r)
{
    static const struct {
        const char *pattern;
        enum http_auth auth;
    } others[] = {
        {"/", HTTP_AUTH_NONE},
        {"/r/{room}", HTTP_AUTH_NONE},
        {"/admin", HTTP_AUTH_NONE},
        {"/web/{file}", HTTP_AUTH_NONE},
        {"/web/{folder}/{file}", HTTP_AUTH_NONE},
        {"/favicon.ico", HTTP_AUTH_NONE},
        {"/healthz", HTTP_AUTH_NONE},
        {"/api/v1/openapi.json", HTTP_AUTH_NONE},
        {"/metrics", HTTP_AUTH_LOCAL},
        {"/whip/{room}", HTTP_AUTH_PIN},
        {"/whep/{room}", HTTP_AUTH_PIN},
        {"/whip/{room}/{session}", HTTP_AUTH_NONE},
        {"/whep/{room}/{session}", HTTP_AUTH_NONE},
        {ROOM "/entry", HTTP_AUTH_NONE},
        {ROOM "/enter", HTTP_AUTH_OPTIONAL},
        {ROOM, HTTP_AUTH_BEARER},
        {ROOM "/links", HTTP_AUTH_BEARER},
        {ROOM "/events", HTTP_AUTH_BEARER},
        {ROOM "/lobby", HTTP_AUTH_BEARER},
        {ROOM "/lobby/{participant}", HTTP_AUTH_BEARER},
        {ROOM "/participants", HTTP_AUTH_BEARER},
        {ROOM "/participants/{participant}", HTTP_AUTH_BEARER},
    };
    bool of_devices = strstr(r->pattern, "/participants") && r->takes && strstr(r->takes, "sdp");
    for (size_t i = 0; i < sizeof others / sizeof *others && !of_devices; i++)
        if (!strcmp(r->pattern, others[i].pattern))
            return others[i].auth;
    return HTTP_AUTH_ADMIN;
}

/* Everything but what is meant for others wants the admin's token. */
Test(http_route, the_api_is_the_admins)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *r = &api_routes[i];
        cr_assert_eq(r->auth, meant_for(r), "%s", r->pattern);
        cr_assert(r->method == HTTP_POST || r->method == HTTP_PUT || r->method == HTTP_PATCH
                      ? r->takes != NULL
                      : r->takes == NULL,
            "%s", r->pattern);
    }
}
