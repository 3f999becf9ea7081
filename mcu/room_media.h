#ifndef MCU_ROOM_MEDIA_H
#define MCU_ROOM_MEDIA_H

/* The media half of a room: its mixer, its legs and its player, on one media loop.
 *
 *   control loop                    media loop
 *   struct room ──── mail ────────▶ struct room_media ─▶ struct mixer
 *   struct participant ── mail ───▶ struct leg ────────▶ struct mixer_leg
 *        ▲──────────── mail ───────────┘  events, statistics, "gone"
 *
 * The control loop makes and frees both halves; what it holds is a handle it only sends mail to. */

#include "mcu/leg_stats.h"
#include "mcu/mailbox.h"
#include "mcu/media_loop.h"
#include "mixer/mixer.h"

#include <stddef.h>

struct room_media;
struct leg;

/* [control] 0 and a room on the loop, or -ENOMEM. control is where its mail goes. */
int room_media_open(struct room_media **rmp, struct media_loop *ml, struct mailbox *control,
    const struct mixer_config *cfg);
/* [control] All its legs must have been closed before. gone is called on the control loop, last. */
typedef void room_media_gone_fn(void *arg);
void room_media_close(struct room_media *rm, room_media_gone_fn *gone, void *arg);
/* [control] 0 or -ENOMEM. */
int room_media_configure(struct room_media *rm, const struct mixer_config *cfg);

/* [control] Statistics of its legs; fn runs on the control loop, once. owners[i] is the arg of the
 * events of the leg of stats[i]; 0 or -ENOMEM. */
typedef void room_media_stats_fn(
    void *const *owners, const struct leg_stats *stats, size_t n, void *arg);
int room_media_stats(struct room_media *rm, room_media_stats_fn *fn, void *arg);

/* [control] The same of those who are not silent, of at most max legs: their levels. */
struct room_media_level {
    void *owner;
    uint8_t level;
};
typedef void room_media_levels_fn(const struct room_media_level *levels, size_t n, void *arg);
int room_media_levels(struct room_media *rm, size_t max, room_media_levels_fn *fn, void *arg);

/* --- for legs and players, on the media loop ------------------------------------------------- */
struct mixer *room_media_mixer(struct room_media *rm);
struct media_loop *room_media_loop(struct room_media *rm);
struct mailbox *room_media_control(struct room_media *rm);
int room_media_add(struct room_media *rm, struct leg *leg);     /* 0 or -ENOMEM */
void room_media_remove(struct room_media *rm, struct leg *leg); /* no-op when it is not there */

/* Runs fn with arg on the media loop of the room. [control] 0 or -ENOMEM. */
typedef void room_media_fn(struct room_media *rm, void *arg);
int room_media_run(struct room_media *rm, room_media_fn *fn, void *arg);

#endif
