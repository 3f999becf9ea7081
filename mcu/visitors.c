#include "mcu/visitors.h"

#include <stdlib.h>
#include <string.h>

void visitors_init(struct visitors *v)
{
    TAILQ_INIT(&v->list);
    v->count = 0;
}

static void forget(struct visitors *v, struct visitor *one)
{
    TAILQ_REMOVE(&v->list, one, entry);
    v->count--;
    free(one);
}

void visitors_fini(struct visitors *v)
{
    while (!TAILQ_EMPTY(&v->list))
        forget(v, TAILQ_FIRST(&v->list));
}

const struct visitor *visitors_find(const struct visitors *v, const char *key)
{
    const struct visitor *one;
    TAILQ_FOREACH(one, &v->list, entry)
    if (strcmp(one->key, key) == 0)
        return one;
    return NULL;
}

static void make_room(struct visitors *v)
{
    struct visitor *one = TAILQ_LAST(&v->list, visitor_list);
    while (one && one->kicked)
        one = TAILQ_PREV(one, visitor_list, entry);
    forget(v, one ? one : TAILQ_LAST(&v->list, visitor_list));
}

struct visitor *visitors_note(struct visitors *v, const char *key)
{
    struct visitor *one = (struct visitor *)visitors_find(v, key);
    if (one) {
        TAILQ_REMOVE(&v->list, one, entry);
    } else {
        one = calloc(1, sizeof(*one));
        if (!one)
            return NULL;
        strncpy(one->key, key, GRANT_USER_LEN);
        if (v->count == VISITORS_MAX)
            make_room(v);
        v->count++;
    }
    TAILQ_INSERT_HEAD(&v->list, one, entry);
    return one;
}
