#ifndef MIXER_LEGS_H
#define MIXER_LEGS_H

/* Sets of legs. A leg knows its place in every set it is in, so adding and removing take no search;
 * room is reserved ahead, so that the tick can move legs about without allocating. [loop] */

#include <stdbool.h>
#include <stddef.h>

struct mixer_leg;

enum legs_kind {
    LEGS_LIVE,    /* its source may have something */
    LEGS_DORMANT, /* its source has been idle for long */
    LEGS_OWN,     /* served by an encoder of its own */
    LEGS_GROUP,   /* served by its group */
    LEGS_PENDING, /* is to change group */
    LEGS_KINDS,
};

struct legs {
    struct mixer_leg **leg;
    unsigned n, cap;
    enum legs_kind kind;
};

enum { LEGS_NOWHERE = -1 };

/* Room for n legs in all. 0 or -ENOMEM. */
int legs_reserve(struct legs *s, unsigned n);
void legs_fini(struct legs *s);
/* Within the room reserved; the leg must not be in a set of this kind. */
void legs_add(struct legs *s, struct mixer_leg *leg);
/* No-op when it is not in. The last one takes its place. */
void legs_remove(struct legs *s, struct mixer_leg *leg);
bool legs_has(const struct legs *s, const struct mixer_leg *leg);

#endif
