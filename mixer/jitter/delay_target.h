#ifndef MIXER_JITTER_DELAY_TARGET_H
#define MIXER_JITTER_DELAY_TARGET_H

/* How long to hold packets back. Keeps what the last seconds showed of the path: a histogram of
 * transit times (arrival less position on the time line) in short slices, of which the oldest are
 * forgotten at once, and how much is lost and mended by in-band FEC. From that it prices a delay:
 *
 *     delay + PRICE × share of packets that would come too late for it, or whose loss could not be
 *                     mended because the packet with the FEC would come too late
 *
 * and names the cheapest one. Playout moves in steps (see below), so the answer is in steps from
 * where playout is now. Pure; one thread an instance; 10 KiB.
 *
 * A deadline is a transit time: a packet is in time if its transit is not above it. */

#include <stdbool.h>
#include <stdint.h>

struct delay_target;

struct delay_target_config {
    uint32_t min_delay_us, max_delay_us; /* between arrival and playout; see jitter_config */
};

struct delay_target_query {
    int64_t deadline_us; /* of playout as it is now */
    uint32_t step_us;    /* deadlines are reachable only in steps of this: what is gained by less is
                            lost again waiting for the tick */
    uint32_t held_us;    /* what is played waits longer than the deadline by this, at most, */
    uint32_t idle_us;    /* and as long as playout does not move by this too */
    uint32_t packet_us;  /* duration of a packet */
    bool starting;       /* nothing plays yet: a wider margin for what is not known yet */
};

/* 0 and an estimator the caller owns, or -ENOMEM. */
int delay_target_create(struct delay_target **tp, const struct delay_target_config *cfg);
void delay_target_destroy(struct delay_target *t); /* NULL is a no-op */

/* A packet came; arrival_us is the same clock as ever, and never goes back. */
void delay_target_arrival(struct delay_target *t, int64_t transit_us, uint64_t arrival_us);
/* n packets in a row were played (lost false) or missed when they were due. */
void delay_target_outcome(struct delay_target *t, bool lost, unsigned n);
/* One that was counted as lost came after all. */
void delay_target_late(struct delay_target *t);
/* FEC was looked for in the packet after a lost one, and found or not. */
void delay_target_fec(struct delay_target *t, bool found);
/* The codec has no FEC (any more), or may have: forgets what was known of it. */
void delay_target_fec_possible(struct delay_target *t, bool possible);
/* Playout got later, to this deadline, or earlier, from this one. Growing back soon after shrinking
 * makes the memory longer for a while. */
void delay_target_grown(struct delay_target *t, int64_t deadline_us, uint64_t now_us);
void delay_target_shrunk(struct delay_target *t, int64_t deadline_us, uint64_t now_us);

/* Steps by which playout should become later (> 0) or earlier (< 0). */
int delay_target_steps(struct delay_target *t, const struct delay_target_query *query);
/* The least transit of the last half second: what plays at deadline d waits d less this, at most.
 */
int64_t delay_target_least_us(const struct delay_target *t);
/* The transit in the middle of those remembered. */
int64_t delay_target_median_us(struct delay_target *t);

#endif
