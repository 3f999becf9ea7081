#ifndef MCU_LOBBY_H
#define MCU_LOBBY_H

/* Those who knock at a room and wait for a moderator. A knock lasts as long as its WebSocket is
 * open, and some seconds beyond. [loop: control] */

#include "mcu/access/grant.h"
#include "mcu/rooms.h"

enum {
    LOBBY_MAX = 200,        /* of a room; the oldest without a socket goes, or more are refused */
    LOBBY_GRACE_MS = 10000, /* without a socket */
};

struct lobby_info {
    const char *id, *name;
};
typedef void lobby_each_fn(const struct lobby_info *info, void *arg);
void lobby_each(struct room *room, lobby_each_fn *fn, void *arg);

/* The grant of one who waits, to issue a ticket for; NULL: nobody of that id waits. */
const struct grant *lobby_find(struct room *room, const char *id);
/* 0, or -ENOENT: nobody of that id waits. ROOM_EVENT_WAITING_GONE is told while they can still be
 * found. */
int lobby_admit(struct room *room, const char *id);
int lobby_refuse(struct room *room, const char *id);
void lobby_leave(struct room *room, const char *id); /* they give up */

/* A WebSocket of one who waits was opened or closed. False: nobody of that id waits. */
bool lobby_hold(struct room *room, const char *id);
void lobby_release(struct room *room, const char *id);

#endif
