#ifndef MCU_ROOMS_INTERNAL_H
#define MCU_ROOMS_INTERNAL_H

/* The structs behind mcu/rooms.h, shared by rooms.c, participant.c and player.c alone.
 * [loop: control] */

#include "mcu/leg.h"
#include "mcu/mailbox.h"
#include "mcu/room_media.h"
#include "mcu/rooms.h"

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
    uint32_t ssrc;
    char user[GRANT_USER_LEN + 1]; /* what a kick remembers; "": came without a grant */
    enum grant_kind via;
    enum role role;
    enum participant_kind kind;
    bool muted, deaf, held, hand, talking, encrypted, leaving;
    float gain_db;
    uint64_t joined_unix;
    struct udp_ports ports; /* of the pool */
    struct answer *answer;  /* the last, which a re-offer follows */
    struct leg *leg;
};

struct room {
    TAILQ_ENTRY(room) entry;
    struct rooms *rooms;
    char name[ROOM_NAME_MAX + 1];
    struct room_settings settings;
    uint64_t created_unix;
    unsigned media_loop;
    struct room_media *media;
    struct player *player;
    TAILQ_HEAD(participant_list, participant) participants;
    unsigned n_participants; /* of the list */
    unsigned n_pending;      /* legs and players still on the media loop, listed or not */
    bool closing;
};

struct rooms {
    const struct config *cfg;
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

    uv_timer_t collect_timer;    /* once a second the loops are asked for their sums */
    struct media_totals *totals; /* a media loop */
    uint64_t *alive_ms;          /* a media loop: uv_now() when its ticks were last seen to move */

    room_event_fn *on_event;
    void *event_arg;
    rooms_closed_fn *on_closed;
    void *closed_arg;
    bool closing;
};

void room_emit(const struct room *room, const struct room_event *event); /* fills in the room */
/* A leg or player of the room has gone from the media loop; the room may follow. */
void room_release(struct room *room);
/* Whether they are heard, after a change of what decides it. 0 or -ENOMEM. */
int participant_apply_muteness(struct participant *p);

#endif
