#ifndef MCU_ROOMS_INTERNAL_H
#define MCU_ROOMS_INTERNAL_H

/* The structs behind mcu/rooms.h, shared by the files of rooms and those in them (rooms.c,
 * participant.c, admission.c, lobby.c, moderation.c). [loop: control] */

#include "mcu/leg.h"
#include "mcu/mailbox.h"
#include "mcu/recent_rooms.h"
#include "mcu/room_media.h"
#include "mcu/rooms.h"
#include "mcu/visitors.h"

#include <sys/queue.h>

struct answer;
struct player;
struct udp_pool;

struct participant {
    TAILQ_ENTRY(participant) entry;
    struct room *room;
    char id[PARTICIPANT_ID_LEN + 1];
    char name[PARTICIPANT_NAME_MAX + 1];
    char cname[LEG_CNAME_BYTES];
    char secret[PARTICIPANT_SECRET_LEN + 1];
    unsigned ice_generation;
    uint32_t ssrc;
    char user[GRANT_USER_LEN + 1]; /* what a kick remembers; "": came without a grant */
    enum grant_kind via;
    enum role role;
    enum participant_kind kind;
    bool muted, deaf, held, thin, hand, talking, encrypted, leaving;
    float gain_db;
    uint64_t joined_unix;
    struct udp_ports ports; /* of the pool */
    struct answer *answer;  /* the last, which a re-offer follows */
    struct leg *leg;
};

/* One who waits in the lobby. */
struct knock {
    TAILQ_ENTRY(knock) entry;
    struct grant grant;
    unsigned sockets;  /* that hold it */
    uint64_t until_ms; /* without one */
};

struct room {
    TAILQ_ENTRY(room) entry;
    struct rooms *rooms;
    char name[ROOM_NAME_MAX + 1];
    struct room_settings settings;
    uint64_t created_unix;
    uint64_t since_unix; /* tickets issued before it are of an earlier meeting */
    unsigned media_loop;
    struct room_media *media;
    struct player *player;
    TAILQ_HEAD(participant_list, participant) participants;
    unsigned n_participants; /* of the list */
    unsigned n_pending;      /* legs and players still on the media loop, listed or not */
    bool closing;

    struct visitors visitors;
    TAILQ_HEAD(knock_list, knock) lobby;
    unsigned n_waiting;                   /* of the lobby */
    unsigned n_holds;                     /* see room_hold() */
    uint64_t kept_until_ms;               /* someone has entered and is about to join */
    bool met;                             /* somebody has joined */
    bool moderated;                       /* the first has come */
    uint64_t awaits_until_ms;             /* the first, who entered, to join; 0: awaits nobody */
    char awaited[PARTICIPANT_ID_LEN + 1]; /* who moderates only because they are the first */
};

struct rooms {
    const struct config *cfg;
    struct webrtc *webrtc; /* NULL: none */
    uv_loop_t *loop;
    struct mailbox *inbox;
    struct net_addr local; /* media sockets are bound to; port 0 */
    struct udp_pool *ports;
    struct media_loop **media_loops;
    unsigned n_media_loops;
    unsigned *load; /* participants a media loop */
    TAILQ_HEAD(room_list, room) list;
    unsigned n_rooms;   /* of the list */
    unsigned n_closing; /* closed, but not gone yet */

    uv_timer_t timer; /* once a second: the loops are asked for their sums, rooms are swept */
    struct media_totals *totals; /* a media loop */
    uint64_t *alive_ms;          /* a media loop: uv_now() when its ticks were last seen to move */
    uint64_t started_unix;
    struct recent_rooms recent;

    room_event_fn *on_event;
    void *event_arg;
    rooms_closed_fn *on_closed;
    void *closed_arg;
    bool closing;
};

void room_emit(const struct room *room, const struct room_event *event); /* fills in the room */
/* A leg or player of the room has gone from the media loop; the room may follow. */
void room_release(struct room *room);
uint64_t room_now_ms(const struct room *room); /* uv_now() */

/* lobby.c */
/* 0; -ENOSPC too many wait; -ENOMEM. */
int lobby_knock(struct room *room, const struct grant *g);
void lobby_sweep(struct room *room, uint64_t now_ms); /* sends home whose time is up */
void lobby_admit_all(struct room *room);
void lobby_kick(struct room *room, const char *user); /* those of that user */
void lobby_clear(struct room *room);                  /* tells nobody */

/* moderation.c */
/* One has gone: in a room whose first moderates someone else does if need be. */
void moderation_someone(struct room *room);
void moderation_sweep(struct room *room, uint64_t now_ms);

/* Whether they are heard, after a change of what decides it. 0 or -ENOMEM. */
int participant_apply_muteness(struct participant *p);

#endif
