#include "mcu/access/access.h"
#include "mcu/access/actions.h"
#include "mcu/api/api.h"
#include "mcu/config.h"

#include <string.h>
#include <time.h>

enum { URL_MAX = CONFIG_TEXT_MAX + HTTP_HOST_MAX + ROOM_NAME_MAX + ACCESS_TOKEN_MAX };
enum { MODERATOR_MAX_S = 7 * 86400 };

/* The token stands in the fragment, which no browser sends and no server logs. */
static void print_url(char url[URL_MAX], const struct http_request *r, const struct config *cfg,
    const char *room, const char *token)
{
    size_t len = strlen(cfg->public_url);
    while (len && cfg->public_url[len - 1] == '/')
        len--;
    if (len)
        snprintf(url, URL_MAX, "%.*s/r/%s#t=%s", (int)len, cfg->public_url, room, token);
    else
        snprintf(url, URL_MAX, "%s://%s/r/%s#t=%s", http_secure(r) ? "https" : "http", http_host(r),
            room, token);
}

/* A ticket is worth something in a meeting only; others invite to meetings that are to come too. */
static bool may_invite(struct http_request *r, const struct api *api, const char *name)
{
    struct access_denial why;
    const struct grant *g = http_grant(r);
    struct room *room = room_find(api->rooms, name);
    bool of_a_meeting = g->kind == GRANT_TICKET || g->kind == GRANT_LINK;
    if (room)
        return api_may(r, room, ACTION_LINK, NULL);
    if (!access_may(g, of_a_meeting ? ACTION_EVENTS : ACTION_LINK, name, true, &why))
        return !of_a_meeting || api_room(r, api);
    http_error(r, why.status, why.code, why.message);
    return false;
}

/* Who moderates for an hour does not let people in for a year. */
static bool lasts_too_long(struct http_request *r, const struct api_link *link)
{
    if (http_grant(r)->kind == GRANT_ADMIN || link->expires_s <= MODERATOR_MAX_S)
        return false;
    http_error(r, 422, "out_of_range", "a moderator's link lasts a week at most");
    return true;
}

void api_links_create(struct http_request *r, void *arg)
{
    const struct api *api = arg;
    const char *room = http_param(r, "room");
    char token[ACCESS_TOKEN_MAX], url[URL_MAX];
    struct api_link link;
    struct api_error e;
    size_t len;
    if (!api_running(r, api))
        return;
    if (!room_name_ok(room)) {
        http_error(r, 422, "bad_name", "a room's name is made of A-Z a-z 0-9 . _ -");
        return;
    }
    if (!may_invite(r, api, room))
        return;
    const uint8_t *body = http_body(r, &len);
    if (api_json_link(body, len, &link, &e)) {
        api_respond_error(r, &e);
        return;
    }
    if (lasts_too_long(r, &link))
        return;
    uint64_t expires = (uint64_t)time(NULL) + link.expires_s;
    bool of_meeting = http_grant(r)->kind == GRANT_TICKET;
    if (access_link(api->access, room, link.role, of_meeting, expires, token, sizeof(token))) {
        api_no_memory(r);
        return;
    }
    print_url(url, r, api->cfg, room, token);
    api_respond_json(r, 201,
        json_pack("{s:s, s:s, s:s, s:I}", "url", url, "token", token, "role", role_name(link.role),
            "expires", (json_int_t)expires));
}
