#ifndef TOOLS_MCUCTL_WATCH_H
#define TOOLS_MCUCTL_WATCH_H

/* The live table of a room. On a terminal it is drawn in place twice a second until q or Ctrl-C;
 * elsewhere it is printed once. */

#include "tools/mcuctl/http.h"

/* room_path: below /api/v1. Returns the last HTTP status, or -1 (unreachable);
 * *reply is the last answer, which the caller owns. */
long watch_room(struct http *h, const char *room, const char *room_path, json_t **reply);

#endif
