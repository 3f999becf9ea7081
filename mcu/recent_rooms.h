#ifndef MCU_RECENT_ROOMS_H
#define MCU_RECENT_ROOMS_H

/* Transient rooms that everybody dropped out of a moment ago: who makes one anew goes on with the
 * same meeting, so that tickets still hold. Names and times only. Pure. [any] */

#include "mcu/rooms.h"

enum { RECENT_ROOMS = 64, RECENT_ROOMS_MS = 5 * 60 * 1000 };

struct recent_room {
    char name[ROOM_NAME_MAX + 1];
    uint64_t since_unix;
    uint64_t until_ms;
};
struct recent_rooms {
    struct recent_room ring[RECENT_ROOMS];
    unsigned next;
};

void recent_rooms_note(
    struct recent_rooms *r, const char *name, uint64_t since_unix, uint64_t now_ms);
/* When that meeting began, and forgets it; 0: not known. */
uint64_t recent_rooms_take(struct recent_rooms *r, const char *name, uint64_t now_ms);

#endif
