#ifndef MIXER_GROUP_H
#define MIXER_GROUP_H

/* A listener group: the legs that hear the same in the same format. Whoever is served by it right
 * now is a member; those who speak have an encoder of their own and come back later. The group
 * has a chain while it has members, and a few spares for members who begin to speak. [loop] */

#include "mixer/legs.h"
#include "mixer/output.h"

struct group {
    struct group *next;
    struct output_format format;
    bool silent;   /* for the deaf: is fed silence */
    unsigned refs; /* legs whose home this is or will be */
    struct legs members;
    struct output *chain; /* exactly while there are members */
    struct output *spare; /* a list */
    unsigned spares;
    unsigned wanted;        /* spares that were missing since the last group_prepare */
    unsigned surplus_ticks; /* for which there were more than needed */
    unsigned may_speak;     /* members whose source is live: the caller counts before preparing */
};

struct groups {
    struct group *first;
};

/* The group of this format with a reference for one more leg: 0, or -ENOMEM, -EINVAL. Groups are
 * made when missing. */
int groups_get(struct groups *gs, struct group **gp, const struct output_format *f, bool silent);
void group_unref(struct group *g);
/* Frees groups that nobody refers to. */
void groups_sweep(struct groups *gs);
void groups_fini(struct groups *gs);

/* A spare chain, or NULL and one more is wanted. */
struct output *group_take_spare(struct group *g);
/* Takes a chain of the group's format that serves nobody. */
void group_give_spare(struct group *g, struct output *o);
/* Outside the tick: makes and frees spares, as many as were wanted and one or two for the members
 * that may speak. */
void group_prepare(struct group *g, uint8_t complexity);

#endif
