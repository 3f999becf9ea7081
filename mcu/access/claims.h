#ifndef MCU_ACCESS_CLAIMS_H
#define MCU_ACCESS_CLAIMS_H

/* What the claims of a JWT say, in the words of Jitsi's tokens: "room", "context" with "user" {id,
 * name, moderator, role} and "features". Pure. [any] */

#include "mcu/access/grant.h"

#include <jansson.h>
#include <stddef.h>

/* Copies a text without control characters. False: it is no such text, or does not fit. */
bool claims_text(const json_t *object, const char *name, char *out, size_t cap);
/* The room's name, or "*". False: none. */
bool claims_room(const json_t *claims, char room[GRANT_ROOM_MAX + 1]);

/* The grant of a genuine token (text is all of it); issued and expires are left to the caller.
 * Someone who is neither moderator nor viewer is a participant; both at once is a viewer. A name
 * that is too long is cut, one with control characters is left out. Without a list of features
 * there are all. 0; -EBADMSG: it names no room; -ENOMEM. */
int claims_read(const json_t *claims, const char *text, size_t len, struct grant *out);

#endif
