#ifndef MCU_MEDIA_LOOP_H
#define MCU_MEDIA_LOOP_H

/* A thread with an event loop that carries the media of its rooms: sockets, and a tick every 20 ms
 * of CLOCK_MONOTONIC that never drifts. The control loop starts and stops it and talks to it by
 * mail; everything marked [loop] is for code that runs on it. */

#include "mcu/mailbox.h"
#include "mcu/media_totals.h"

#include <stdbool.h>
#include <stdint.h>

struct ice_port;
struct media_loop;
struct send_batch;
struct udp_poller;

/* What wants the tick. tick does the audio and only that; after has the time until the next one. */
struct ticker {
    struct ticker *next, **prev;
    void (*tick)(struct ticker *t, uint64_t slot_us);
    void (*after)(struct ticker *t, uint64_t slot_us);
    void (*miss)(struct ticker *t, uint64_t ticks); /* so many were not run and never will be */
    void (*account)(const struct ticker *t, struct media_totals *sums); /* adds its own */
};

/* [control] 0 and a running loop the caller owns, or a negative errno. ice (NULL: no WebRTC) is
 * bound and outlives it. */
int media_loop_start(struct media_loop **mlp, struct ice_port *ice);
/* [control] Its rooms must be gone or on their way out: waits until the last of its handles is
 * closed, ends the thread, frees it. NULL is a no-op. */
void media_loop_stop(struct media_loop *ml);
/* [any] See mailbox_post(). */
void media_loop_post(struct media_loop *ml, struct mail *m);

/* [any] True on the loop's own thread: for assertions. */
bool media_loop_here(const struct media_loop *ml);

/* --- [loop] ---------------------------------------------------------------------------------- */
struct send_batch *media_loop_batch(struct media_loop *ml);  /* flushed after every tick */
struct udp_poller *media_loop_poller(struct media_loop *ml); /* run before every tick */
struct ice_port *media_loop_ice_port(struct media_loop *ml); /* or NULL */
/* As long as anyone is in a hurry (each on is followed by one off), packets are taken and answered
 * several times a tick: for handshakes, whose round trips add up. */
void media_loop_hurry(struct media_loop *ml, bool on);
uint64_t media_loop_slot_us(const struct media_loop *ml); /* CLOCK_MONOTONIC of the tick in hand */
float media_loop_busy(const struct media_loop *ml);       /* share of 20 ms the last tick took */
void media_loop_add(struct media_loop *ml, struct ticker *t);
void media_loop_remove(struct media_loop *ml, struct ticker *t); /* not from within tick */
void media_loop_totals(const struct media_loop *ml, struct media_totals *out);

#endif
