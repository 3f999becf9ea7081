#include "mixer/group.h"

#include <errno.h>
#include <stdlib.h>

enum {
    SPARES = 2,          /* at hand where somebody might speak */
    MOST_SPARES = 16,    /* made or kept at once */
    SURPLUS_TICKS = 500, /* 10 s without need for a spare, and it goes */
    FREED_A_TICK = 8,
};

static struct group *find(struct groups *gs, const struct output_format *f, bool silent)
{
    struct group *g = gs->first;
    while (g && !(g->silent == silent && output_format_equal(&g->format, f)))
        g = g->next;
    return g;
}

static struct group *make(struct groups *gs, const struct output_format *f, bool silent)
{
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->format = *f;
    g->silent = silent;
    g->members.kind = LEGS_GROUP;
    g->next = gs->first;
    gs->first = g;
    return g;
}

int groups_get(struct groups *gs, struct group **gp, const struct output_format *f, bool silent)
{
    struct group *g = find(gs, f, silent);
    if (!g)
        g = make(gs, f, silent);
    if (!g || legs_reserve(&g->members, g->refs + 1) < 0)
        return -ENOMEM;
    g->refs++;
    *gp = g;
    return 0;
}

void group_unref(struct group *g)
{
    g->refs--;
}

static void destroy(struct group *g)
{
    output_destroy(g->chain);
    while (g->spare)
        output_destroy(output_pop(&g->spare));
    legs_fini(&g->members);
    free(g);
}

void groups_sweep(struct groups *gs)
{
    for (struct group **at = &gs->first; *at;) {
        struct group *g = *at;
        if (g->refs == 0) {
            *at = g->next;
            destroy(g);
        } else {
            at = &g->next;
        }
    }
}

void groups_fini(struct groups *gs)
{
    while (gs->first) {
        struct group *g = gs->first;
        gs->first = g->next;
        destroy(g);
    }
}

struct output *group_take_spare(struct group *g)
{
    if (!g->spare) {
        g->wanted++;
        return NULL;
    }
    g->spares--;
    return output_pop(&g->spare);
}

void group_give_spare(struct group *g, struct output *o)
{
    output_push(&g->spare, o);
    g->spares++;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* One is always there for who begins to speak out of a long silence; the last member to leave takes
 * the group's chain and needs none. */
static unsigned spares_needed(const struct group *g)
{
    unsigned speak = g->may_speak > 0 ? g->may_speak : 1;
    unsigned need = g->members.n > 1 ? least(least(speak, g->members.n - 1), SPARES) : 0;
    return g->wanted > need ? least(g->wanted, MOST_SPARES) : need;
}

void group_prepare(struct group *g, uint8_t complexity)
{
    unsigned need = spares_needed(g);
    g->wanted = 0;
    struct output *o;
    while (g->spares < need && output_create(&o, &g->format, complexity) == 0)
        group_give_spare(g, o);
    g->surplus_ticks = g->spares > need ? g->surplus_ticks + 1 : 0;
    unsigned keep = g->surplus_ticks > SURPLUS_TICKS ? need : MOST_SPARES;
    for (unsigned freed = 0; g->spares > keep && freed < FREED_A_TICK; freed++, g->spares--)
        output_destroy(output_pop(&g->spare));
}
