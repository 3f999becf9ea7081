#ifndef MCU_ACCESS_ACTIONS_H
#define MCU_ACCESS_ACTIONS_H

/* Who may do what: one table of actions and the least role for each, on oneself and on others.
 * Every handler asks here. Pure. [any] */

#include "mcu/access/grant.h"

enum action {
    ACTION_JOIN,       /* be in the room: WHIP, WHEP, /enter */
    ACTION_HEAR,       /* receive the mix */
    ACTION_SPEAK,      /* be heard */
    ACTION_EVENTS,     /* the member's WebSocket; also while waiting in the lobby */
    ACTION_PASS_LOBBY, /* enter without waiting for a moderator */
    ACTION_PASS_LOCK,  /* enter a locked room */

    /* on a participant: oneself or another */
    ACTION_PARTICIPANT_SEE,
    ACTION_MUTE,
    ACTION_UNMUTE, /* of others: the admin's, for devices only, which the handler checks */
    ACTION_ASK_UNMUTE,
    ACTION_HAND_RAISE,
    ACTION_HAND_LOWER,
    ACTION_ROLE, /* not the last moderator themselves down, which the handler checks */
    ACTION_RENAME,
    ACTION_DEAFEN,
    ACTION_GAIN,
    ACTION_REMOVE,  /* of oneself: leave; of others: kick */
    ACTION_DIAL,    /* send DTMF */
    ACTION_REOFFER, /* PUT of an SDP offer by the API */

    /* on a room */
    ACTION_ROOM_SEE,
    ACTION_PARTICIPANTS_SEE,
    ACTION_LOCK,
    ACTION_LOBBY, /* turn it on or off */
    ACTION_PIN,
    ACTION_LOBBY_SEE,
    ACTION_ADMIT, /* or refuse */
    ACTION_LINK,  /* make guest links, of roles up to moderator */
    ACTION_ROOM_CLOSE,
    ACTION_ROOM_SETTINGS, /* the others */
    ACTION_PLAY,
    ACTION_DEVICE_JOIN, /* POST …/participants */

    /* on the server */
    ACTION_ROOM_CREATE,
    ACTION_ROOMS_SEE,
    ACTION_EVENTS_ALL,
    ACTION_METRICS,
    ACTIONS
};

/* What to answer: status 401 (no grant) or 403, code one of token_required, wrong_room, waiting,
 * only_self_unmutes, forbidden; the message names the role needed. */
struct access_denial {
    int status;
    const char *code;
    char message[160];
};

/* May the holder of g (NULL: nobody known) do this in that room (NULL: none, on the server)?
 * on_self says that it is done to themselves; other than on participants it does not matter. A
 * ticket's holder who was promoted or demoted since: pass a copy with the role of the roster. 0, or
 * -EACCES and *why (may be NULL). */
int access_may(const struct grant *g, enum action action, const char *room, bool on_self,
    struct access_denial *why);

#endif
