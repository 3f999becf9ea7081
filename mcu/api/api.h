#ifndef MCU_API_API_H
#define MCU_API_API_H

/* The HTTP API /api/v1, described by openapi.json: its table of routes and what their handlers
 * share. [control] */

#include "mcu/access/access.h"
#include "mcu/access/actions.h"
#include "mcu/access/attempts.h"
#include "mcu/admission.h"
#include "mcu/api/api_json.h"
#include "mcu/api/events.h"
#include "mcu/api/member_events.h"
#include "mcu/http/http.h"
#include "mcu/http/http_request.h"
#include "mcu/rooms.h"

#include <jansson.h>
#include <stdio.h>

struct access;
struct attempts;
struct health;

/* The handlers' world; the program owns all of it. */
struct api {
    const struct config *cfg;
    uv_loop_t *loop;
    struct rooms *rooms; /* NULL while draining: handlers answer 503 */
    struct events *events;
    struct member_events *members;
    struct http_server *http;
    struct health *health;
    struct access *access;
    struct attempts *attempts; /* at PINs */
};

extern const struct http_route api_routes[];
extern const size_t api_route_count;

/* "GET /path auth" a line. */
void api_print_routes(FILE *out);

/* --- for the handlers' files ------------------------------------------------------------------ */
/* Answers with a JSON object (taken over; NULL: 503). */
void api_respond_json(struct http_request *r, int status, json_t *object);
void api_respond_error(struct http_request *r, const struct api_error *e);
/* Answers 503 when draining and then gives false. */
bool api_running(struct http_request *r, const struct api *api);
/* The room of the path, or NULL and it is answered (404, 503). */
struct room *api_room(struct http_request *r, const struct api *api);
/* The participant of the path, to whom the bearer may do that; or NULL and it is answered. */
struct participant *api_participant(
    struct http_request *r, const struct api *api, enum action action);
void api_no_memory(struct http_request *r);
/* Answers an error of participant_join() or participant_reoffer(). */
void api_refuse_offer(struct http_request *r, int err, const char *why);
/* Whether the bearer may do that in the room, to the one of that id (NULL: to nobody); false: it
 * is answered (401, 403). api_standing() is the bearer's grant as the room has it now. */
bool api_may(struct http_request *r, struct room *room, enum action action, const char *id);
void api_standing(const struct http_request *r, struct room *room, struct grant *out);
bool api_is_self(const struct http_request *r, const char *id);

/* api_enter.c. Lets who asks into the room of the path, which is made if need be: every check of
 * mcu/admission.h. NULL: it is answered. name NULL: the grant's; pin NULL: none. When the join
 * fails after all, api_enter_undo() takes back a room that was made for it. */
struct api_entrance {
    struct room_admission admission; /* admission.grant goes into participant_wishes */
    bool made;                       /* the room, for this one */
};
struct room *api_enter_room(struct http_request *r, const struct api *api, const char *name,
    const char *pin, bool listens_only, bool can_wait, struct api_entrance *out);
void api_enter_undo(struct room *room, const struct api_entrance *e);
/* For those who need no admission: finds or makes. NULL: it is answered. */
struct room *api_room_to_join(struct http_request *r, const struct api *api, bool *made);
void api_entry(struct http_request *r, void *arg);
void api_enter(struct http_request *r, void *arg);

/* api_page.c */
void api_page_index(struct http_request *r, void *arg);
void api_page_admin(struct http_request *r, void *arg);
void api_page_file(struct http_request *r, void *arg);
void api_page_icon(struct http_request *r, void *arg);

/* api_rooms.c */
void api_rooms_list(struct http_request *r, void *arg);
void api_rooms_create(struct http_request *r, void *arg);
void api_room_get(struct http_request *r, void *arg);
void api_room_patch(struct http_request *r, void *arg);
void api_room_delete(struct http_request *r, void *arg);

/* api_links.c */
void api_links_create(struct http_request *r, void *arg);

/* api_play.c */
void api_play(struct http_request *r, void *arg);
void api_play_stop(struct http_request *r, void *arg);

/* api_participants.c */
void api_participants_list(struct http_request *r, void *arg);
void api_participants_join(struct http_request *r, void *arg);
void api_participant_get(struct http_request *r, void *arg);
void api_participant_put(struct http_request *r, void *arg);
void api_participant_dtmf(struct http_request *r, void *arg);
json_t *api_describe_participant(const struct participant *p); /* NULL: no memory */

/* api_moderate.c */
void api_participant_patch(struct http_request *r, void *arg);
void api_participant_delete(struct http_request *r, void *arg);
void api_lobby_list(struct http_request *r, void *arg);
void api_lobby_decide(struct http_request *r, void *arg);

#endif
