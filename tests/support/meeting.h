#ifndef TESTS_SUPPORT_MEETING_H
#define TESTS_SUPPORT_MEETING_H

/* The server without its HTTP side, in the test's process: the test's thread is the control loop,
 * media loops are real. Peers send and receive on a 20 ms timer of that thread. */

#include "mcu/config.h"
#include "mcu/rooms.h"
#include "mcu/webrtc.h"
#include "tests/support/peer.h"

enum { MEETING_PEERS_MAX = 64, MEETING_SEEN_MAX = 256 };

struct meeting_event {
    enum room_event_type type;
    char participant[PARTICIPANT_ID_LEN + 1];
    const char *reason;
    bool on, by_other;
};

struct meeting {
    uv_loop_t loop;
    uv_timer_t timer;
    struct config config;
    struct webrtc *webrtc;
    struct rooms *rooms;
    struct room *room; /* "test" */
    struct peer *peers[MEETING_PEERS_MAX];
    struct participant *participants[MEETING_PEERS_MAX];
    bool sends[MEETING_PEERS_MAX];
    unsigned n_peers;
    const struct grant *as; /* who joins next, from a browser; NULL: a device of the admin's */
    unsigned ticks_left;
    bool closed;
    unsigned events[ROOM_EVENTS]; /* by type */
    char digits[64];
    const char *last_reason;
    struct meeting_event seen[MEETING_SEEN_MAX]; /* the first of them, in order */
    unsigned n_seen;
};

/* The last event of that type about that one (NULL: the room); NULL: there was none. */
const struct meeting_event *meeting_seen(
    const struct meeting *m, enum room_event_type type, const char *participant);

void meeting_start(struct meeting *m); /* m->config may be changed before meeting_open */
void meeting_open(struct meeting *m);
/* Joins; its index. */
unsigned meeting_join(struct meeting *m, const struct peer_config *cfg);
/* A new offer in the session; its error. */
int meeting_reoffer(
    struct meeting *m, unsigned peer, const char *direction, const struct acodec *codec);
void meeting_run_ms(struct meeting *m, unsigned ms);
/* Goes on until the level of a tone in the last second that a peer heard is between these, in dBFS.
 * A busy machine disturbs some seconds, but not all of ten: false. */
bool meeting_hears(struct meeting *m, unsigned peer, double hz, double least_db, double most_db);
/* Statistics of one participant, by a message there and back. */
struct leg_stats meeting_stats(struct meeting *m, unsigned peer);
/* Closes the server, then the loop; asserts that nothing is left open. */
void meeting_end(struct meeting *m);

#endif
