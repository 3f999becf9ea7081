#ifndef MCU_ADMISSION_H
#define MCU_ADMISSION_H

/* The one door of a room: everybody who comes by /enter, WHIP or WHEP passes it. What the admin
 * brings by POST …/participants does not. [loop: control]
 *
 *   kicked? ─▶ locked? ─▶ token needed? ─▶ PIN ─▶ lobby ─▶ full? ─▶ in
 *
 * Moderators pass lock and lobby; who has a token passes the PIN; a ticket's holder who was let in
 * before passes PIN, lobby and lock. Tickets, and links made with one, are good for their meeting:
 * until the room is closed, or has been empty for some minutes. */

#include "mcu/access/grant.h"
#include "mcu/rooms.h"

#include <netinet/in.h>

struct attempts;

struct room_visit {
    const struct grant *grant; /* NULL: comes with nothing. A room's PIN is no grant */
    const char *name;          /* NULL or "": the grant's, else "Guest" */
    const char *pin;           /* NULL: none */
    bool listens_only;         /* is a viewer whatever the grant says */
    bool can_wait;             /* in the lobby; else the lobby refuses */
    struct attempts *attempts; /* at PINs; NULL: not counted */
    const struct in6_addr *address;
};

/* grant: decided role, sub, user and name of the visitor in this room: what a ticket is issued for
 * (access_ticket) and what participant_join() takes. */
struct room_admission {
    struct grant grant;
    bool waiting; /* knocks at the lobby, see mcu/lobby.h */
};

struct room_refusal {
    int status;
    const char *code, *message; /* static text */
    uint32_t wait_ms;           /* of 429: try again then */
};

/* 0 and *out; -EACCES and *why; -ENOMEM (why->status 503). Nothing is kept of one who is refused
 * but the attempt. */
int room_admit(struct room *room, const struct room_visit *visit, struct room_admission *out,
    struct room_refusal *why);

/* What the holder of a grant is in this room now: *g with the role the roster has for a ticket's
 * holder; ROLE_NONE for one who was kicked, or waits in the lobby (then not admitted). Copy it and
 * ask access_may(). */
void room_standing(struct room *room, const struct grant *g, struct grant *out);

/* "kicked" or "refused": is let in no more; else NULL. */
const char *room_shut_out(const struct room *room, const struct grant *g);

#endif
