#ifndef MCU_PLAYER_H
#define MCU_PLAYER_H

/* A sound file played into a room. The control loop reads it (libsndfile: WAV, FLAC, Ogg; mixed
 * down, resampled to 48 kHz) and sends it in chunks ahead of time to the room's media loop, where
 * it is a leg of the mixer that never hears. */

#include <stddef.h>
#include <stdint.h>

struct player;
struct room_media;

/* Both run on the control loop. After ended nothing else may be done with the player; after gone
 * nothing more comes. */
struct player_events {
    void (*ended)(const char *reason, void *arg); /* "finished", "stopped", "failed" */
    void (*gone)(void *arg);
};

/* [control] file is malloc'd; on 0 it belongs to the player, on error it stays the caller's. 0, or
 * -EINVAL with *why (static text): no sound file we play; -ENOMEM. */
int player_open(struct player **pp, struct room_media *rm, uint8_t *file, size_t len,
    const struct player_events *events, void *arg, const char **why);
void player_stop(struct player *p); /* [control] */

#endif
