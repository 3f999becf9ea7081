#include "mcu/api/whip.h"

#include "mcu/api/api.h"
#include "mcu/http/http_request.h"
#include "net/sdp/sdp_frag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SDP  "application/sdp"
#define FRAG "application/trickle-ice-sdpfrag"

enum { ETAG_MAX = 24 };

/* --- joining ---------------------------------------------------------------------------------- */
static void set_etag(struct http_request *r, const struct participant *p)
{
    char etag[ETAG_MAX];
    snprintf(etag, sizeof(etag), "\"%u\"", participant_ice_generation(p));
    http_header(r, "ETag", etag);
}

static void joined(struct http_request *r, const struct room *room, const struct participant *p,
    const char *kind, const char *sdp)
{
    char location[ROOM_NAME_MAX + PARTICIPANT_SECRET_LEN + 16];
    struct room_info info;
    room_info(room, &info);
    snprintf(location, sizeof(location), "/%s/%s/%s", kind, info.name, participant_secret(p));
    http_header(r, "Location", location);
    http_header(r, "Accept-Patch", FRAG);
    set_etag(r, p);
    http_respond(r, 201, SDP, sdp, strlen(sdp));
}

/* 0, or it is answered. */
static int read_query(struct http_request *r, struct participant_wishes *w, const char **name)
{
    const char *line = http_query(r, "line");
    *name = http_query(r, "name");
    w->thin = line && !strcmp(line, "thin");
    if (http_query_only(r, "name line") && (!line || w->thin || !strcmp(line, "full")))
        return 0;
    http_error(r, 400, "bad_query",
        "name is at most 64 bytes of UTF-8, line is thin or full; nothing else is known");
    return -EINVAL;
}

static void join(struct http_request *r, const struct api *api, const char *kind, bool listens_only)
{
    struct participant_wishes wishes = {.kind = PARTICIPANT_BROWSER};
    struct api_entrance entrance;
    struct participant *p;
    const char *name, *why = NULL;
    char *sdp = NULL;
    size_t len;
    if (read_query(r, &wishes, &name))
        return;
    struct room *room =
        api_enter_room(r, api, name, http_bearer(r), listens_only, false, &entrance);
    if (!room)
        return;
    wishes.grant = &entrance.admission.grant;
    wishes.name = wishes.grant->name;
    const uint8_t *offer = http_body(r, &len);
    int err = participant_join(room, &wishes, (const char *)offer, len, &p, &sdp, &why);
    if (err) {
        api_enter_undo(room, &entrance);
        api_refuse_offer(r, err, why);
        return;
    }
    joined(r, room, p, kind, sdp);
    free(sdp);
}

void whip_join(struct http_request *r, void *arg)
{
    join(r, arg, "whip", false);
}

void whep_join(struct http_request *r, void *arg)
{
    join(r, arg, "whep", true);
}

/* --- a session ------------------------------------------------------------------------------- */
/* NULL: it is answered. */
static struct participant *session(struct http_request *r, const struct api *api)
{
    struct room *room = api_room(r, api);
    if (!room)
        return NULL;
    struct participant *p = participant_of_secret(room, http_param(r, "session"));
    if (!p)
        http_error(r, 404, "no_session", "this session has ended; POST a new offer");
    return p;
}

static void restart_ice(struct http_request *r, struct participant *p, const struct sdp_frag *frag)
{
    char *answer;
    int err = participant_restart_ice(p, &frag->credentials, &answer);
    if (err == -ENOTSUP) {
        http_error(r, 409, "no_ice", "this session has no ICE to restart");
        return;
    }
    if (err) {
        api_no_memory(r);
        return;
    }
    set_etag(r, p);
    http_respond(r, 200, FRAG, answer, strlen(answer));
    free(answer);
}

/* Whether If-Match names the ICE session as it is; a restart may name any. Else it is answered. */
static bool matches(struct http_request *r, const struct participant *p, bool restart)
{
    char etag[ETAG_MAX];
    const char *match = http_request_header(r, "if-match");
    snprintf(etag, sizeof(etag), "\"%u\"", participant_ice_generation(p));
    if (match && (strstr(match, etag) || (restart && !strcmp(match, "*"))))
        return true;
    if (match)
        http_error(r, 412, "other_ice_session", "ICE was restarted meanwhile: see the ETag");
    else
        http_error(r, 428, "if_match_required", "send If-Match with the session's ETag, or \"*\"");
    return false;
}

/* A lite agent has no use for the peer's candidates: they are taken note of, no more. */
void whip_patch(struct http_request *r, void *arg)
{
    struct sdp_frag frag;
    struct sdp_error error = {.text = ""};
    size_t len;
    struct participant *p = session(r, arg);
    if (!p)
        return;
    const uint8_t *body = http_body(r, &len);
    if (sdp_frag_parse((const char *)body, len, &frag, &error)) {
        http_error(r, 400, "bad_fragment", error.text);
        return;
    }
    bool restart = *frag.credentials.ufrag && !participant_ice_is(p, &frag.credentials);
    if (!matches(r, p, restart))
        return;
    if (restart)
        restart_ice(r, p, &frag);
    else
        http_respond(r, 204, NULL, NULL, 0);
}

void whip_put(struct http_request *r, void *arg)
{
    const char *why = NULL;
    char *sdp = NULL;
    size_t len;
    struct participant *p = session(r, arg);
    if (!p)
        return;
    const char *line = http_query(r, "line");
    if (!http_query_only(r, "line") || (line && strcmp(line, "thin") && strcmp(line, "full"))) {
        http_error(r, 400, "bad_query", "line is thin or full; nothing else is known");
        return;
    }
    const uint8_t *offer = http_body(r, &len);
    if (line)
        participant_set_line(p, !strcmp(line, "thin"));
    int err = participant_reoffer(p, (const char *)offer, len, &sdp, &why);
    if (err) {
        api_refuse_offer(r, err, why);
        return;
    }
    set_etag(r, p);
    http_respond(r, 200, SDP, sdp, strlen(sdp));
    free(sdp);
}

void whip_delete(struct http_request *r, void *arg)
{
    struct participant *p = session(r, arg);
    if (!p)
        return;
    participant_remove(p, "left");
    http_respond(r, 200, NULL, NULL, 0);
}
