#ifndef MCU_API_MEMBER_TEXT_H
#define MCU_API_MEMBER_TEXT_H

/* What members of a room are told, as JSON. Each gives a new object, NULL without memory. [any] */

#include "mcu/rooms.h"

#include <jansson.h>

json_t *member_text_room(const struct room *room);
json_t *member_text_participant(const struct participant *p);
json_t *member_text_participants(struct room *room);
json_t *member_text_waiting(const char *id, const char *name);
json_t *member_text_lobby(struct room *room);

/* JOINED, LEFT, TALKING, what is "changed", and "room": told to everybody who is in; NULL for other
 * events. */
json_t *member_text_event(struct room *room, const struct room_event *event);

json_t *member_text_levels(const struct room_level *levels, size_t n);

#endif
