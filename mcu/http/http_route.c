#include "mcu/http/http_route.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    return names[method];
}

static bool take_param(struct http_params *params, const char *name, const char *value, size_t len)
{
    if (!len || len >= HTTP_PARAM_MAX || params->count == HTTP_PARAMS)
        return false;
    params->names[params->count] = name;
    memcpy(params->values[params->count], value, len);
    params->values[params->count][len] = '\0';
    params->count++;
    return true;
}

static bool matches(const char *pattern, const char *path, struct http_params *params)
{
    params->count = 0;
    while (*pattern) {
        if (*pattern == '{') {
            size_t len = strcspn(path, "/");
            if (!take_param(params, pattern + 1, path, len))
                return false;
            path += len;
            pattern = strchr(pattern, '}') + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

int http_route_find(const struct http_route *routes, size_t count, enum http_method method,
    const char *path, const struct http_route **out, struct http_params *params, unsigned *allowed)
{
    *allowed = 0;
    for (size_t i = 0; i < count; i++) {
        struct http_params found;
        if (!matches(routes[i].pattern, path, &found))
            continue;
        if (routes[i].method == method) {
            *out = &routes[i];
            *params = found;
            return 0;
        }
        *allowed |= 1u << routes[i].method;
    }
    return *allowed ? -EPERM : -ENOENT;
}

const char *http_params_get(const struct http_params *params, const char *name)
{
    size_t len = strlen(name);
    for (unsigned i = 0; i < params->count; i++)
        if (!strncmp(params->names[i], name, len) && params->names[i][len] == '}')
            return params->values[i];
    return NULL;
}
