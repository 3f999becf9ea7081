#include "mcu/recent_rooms.h"

#include <string.h>

void recent_rooms_note(
    struct recent_rooms *r, const char *name, uint64_t since_unix, uint64_t now_ms)
{
    struct recent_room *room = &r->ring[r->next++ % RECENT_ROOMS];
    *room = (struct recent_room){.since_unix = since_unix, .until_ms = now_ms + RECENT_ROOMS_MS};
    strncpy(room->name, name, ROOM_NAME_MAX);
}

uint64_t recent_rooms_take(struct recent_rooms *r, const char *name, uint64_t now_ms)
{
    uint64_t since_unix = 0;
    for (unsigned i = 0; i < RECENT_ROOMS; i++) {
        struct recent_room *room = &r->ring[i];
        if (strcmp(room->name, name) != 0)
            continue;
        if (now_ms < room->until_ms)
            since_unix = room->since_unix;
        room->name[0] = '\0';
    }
    return since_unix;
}
