#include "mixer/legs.h"

#include "mixer/room.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int legs_reserve(struct legs *s, unsigned n)
{
    if (n <= s->cap)
        return 0;
    unsigned cap = s->cap ? s->cap : 4;
    while (cap < n)
        cap *= 2;
    struct mixer_leg **leg = realloc(s->leg, cap * sizeof(struct mixer_leg *));
    if (!leg)
        return -ENOMEM;
    s->leg = leg;
    s->cap = cap;
    return 0;
}

void legs_fini(struct legs *s)
{
    free(s->leg);
    *s = (struct legs){.kind = s->kind};
}

bool legs_has(const struct legs *s, const struct mixer_leg *leg)
{
    int at = leg->place[s->kind];
    return at != LEGS_NOWHERE && (unsigned)at < s->n && s->leg[at] == leg;
}

void legs_add(struct legs *s, struct mixer_leg *leg)
{
    assert(s->n < s->cap && leg->place[s->kind] == LEGS_NOWHERE);
    leg->place[s->kind] = (int)s->n;
    s->leg[s->n++] = leg;
}

void legs_remove(struct legs *s, struct mixer_leg *leg)
{
    if (!legs_has(s, leg))
        return;
    int at = leg->place[s->kind];
    struct mixer_leg *last = s->leg[--s->n];
    s->leg[at] = last;
    last->place[s->kind] = at;
    leg->place[s->kind] = LEGS_NOWHERE;
}
