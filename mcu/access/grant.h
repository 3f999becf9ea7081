#ifndef MCU_ACCESS_GRANT_H
#define MCU_ACCESS_GRANT_H

/* What a bearer has been found to stand for: who may do what, where. Plain data. [any] */

#include <stdbool.h>
#include <stdint.h>

/* Each may do what those before it may. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_PARTICIPANT, ROLE_MODERATOR, ROLE_ADMIN, ROLES };

enum grant_kind {
    GRANT_NONE,
    GRANT_ADMIN,  /* the admin's token */
    GRANT_JWT,    /* of the configured issuer */
    GRANT_LINK,   /* a guest link: many may use it */
    GRANT_TICKET, /* one person in one meeting */
    GRANT_PIN,    /* a room's PIN; made by those who compare it */
    GRANT_GUEST,  /* nothing at all; made by those who let it in */
    GRANT_KINDS,
};

enum grant_feature {
    GRANT_RECORDING = 1 << 0,
    GRANT_OUTBOUND_CALL = 1 << 1,
    GRANT_SCREEN_SHARING = 1 << 2,
    GRANT_LIVESTREAMING = 1 << 3,
    GRANT_FEATURES_ALL = 15,
};

enum {
    GRANT_ROOM_MAX = 64,
    GRANT_NAME_MAX = 64, /* bytes of UTF-8 without control characters */
    GRANT_SUB_LEN = 16,  /* a participant's id */
    GRANT_USER_LEN = 32,
};

struct grant {
    enum role role; /* when it was issued; the roster may since have changed a ticket holder's */
    enum grant_kind kind;
    enum grant_kind via;           /* of a ticket: what it was issued for; else kind */
    char room[GRANT_ROOM_MAX + 1]; /* "*": any */
    char sub[GRANT_SUB_LEN + 1];   /* the participant's id; only a ticket has one, else "" */
    /* Stays the same when the same one comes again: a kick remembers it. Of a JWT a hash of issuer
     * and user's id (without one: of the token); of a link its id, which all its guests share; of a
     * guest the id of the first ticket. "" only for the admin, and before a guest has a ticket. */
    char user[GRANT_USER_LEN + 1];
    char name[GRANT_NAME_MAX + 1]; /* "" = not said */
    bool admitted;                 /* let in by the lobby, or needs no letting in (moderators) */
    bool of_meeting;   /* of a link: made by a ticket's holder, for their meeting only */
    uint64_t issued;   /* Unix time, seconds (iat); 0: not said */
    uint64_t expires;  /* Unix time, seconds; 0: never */
    unsigned features; /* enum grant_feature */
};

const char *role_name(enum role role); /* "viewer", …; ROLE_NONE: "none" */
/* The role of that name up to moderator, or ROLE_NONE. */
enum role role_parse(const char *name);

#endif
