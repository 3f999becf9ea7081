#ifndef MCU_API_EVENTS_H
#define MCU_API_EVENTS_H

/* Tells WebSocket clients what happens in the rooms, as JSON: {"type", "time", "room",
 * "participant", …}. Ids only, no names. A client that lags too far behind is disconnected.
 * [control] */

#include "mcu/http/http_socket.h"
#include "mcu/rooms.h"

#include <stdint.h>

struct events;
struct events_client;

int events_create(struct events **ep, uv_loop_t *loop); /* 0 or -ENOMEM */
/* NULL is a no-op. Lives on until its timer and the last client have gone with the loop's turns. */
void events_destroy(struct events *e);

void events_publish(struct events *e, const struct room_event *event);

/* The other ends of http_socket_ops. A client without the admin's token has a few seconds for
 * {"token":"…"} as its first message. */
int events_open(struct events *e, struct http_socket *s);
void events_message(struct events *e, struct http_socket *s, const char *text, size_t len);
void events_closed(struct events *e, struct http_socket *s);

struct events_stats {
    unsigned clients;
    uint64_t published, sent, dropped_clients;
};
void events_stats(const struct events *e, struct events_stats *out);

#endif
