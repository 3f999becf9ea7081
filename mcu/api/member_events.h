#ifndef MCU_API_MEMBER_EVENTS_H
#define MCU_API_MEMBER_EVENTS_H

/* The WebSocket of one who is in a room, or waits to be let in: what happens there, with names,
 * but of that room only. A ticket opens it; it ends with an "ended" that says why, and then its
 * holder enters anew or has left. [control] */

#include "mcu/http/http_request.h"
#include "mcu/http/http_socket.h"
#include "mcu/rooms.h"

struct api;
struct member_events;

int member_events_create(struct member_events **ep, struct api *api); /* 0 or -ENOMEM */
/* NULL is a no-op. Lives on until its timer and the last socket have gone with the loop's turns. */
void member_events_destroy(struct member_events *e);

void member_events_publish(struct member_events *e, const struct room_event *event);

/* For the table of routes. */
extern const struct http_socket_ops member_events_socket;
void member_events_upgrade(struct http_request *r, void *arg);

#endif
