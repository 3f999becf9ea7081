#ifndef MCU_MODERATION_H
#define MCU_MODERATION_H

/* What people in a room do to each other and to themselves, besides muting (mcu/rooms.h): hands,
 * roles, names, kicks. Who may is decided before (mcu/access/actions.h). [loop: control] */

#include "mcu/access/grant.h"
#include "mcu/rooms.h"

/* A viewer has no hand: -EPERM. 0 otherwise. */
int moderation_hand(struct participant *p, bool up, bool by_other);
/* viewer, participant or moderator. 0; -EPERM: the last moderator may not step down themselves, or
 * a device can be no moderator; -EINVAL no such role. Holds for the rest of the meeting, also when
 * they come again. */
int moderation_role(struct participant *p, enum role role, bool by_other);
/* name has been cleaned (mcu/names.h) and is not "". */
void moderation_rename(struct participant *p, const char *name);
void moderation_ask_unmute(struct participant *p);
/* Out of the room, and refused for the rest of the meeting: the ticket, and the link or token it
 * was got with; others who came with the same token go too. */
void moderation_kick(struct participant *p);

#endif
