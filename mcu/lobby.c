#include "mcu/lobby.h"

#include "mcu/log.h"
#include "mcu/rooms_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct knock *find(const struct room *room, const char *id)
{
    struct knock *k;
    TAILQ_FOREACH(k, &room->lobby, entry)
    if (strcmp(k->grant.sub, id) == 0)
        return k;
    return NULL;
}

/* reason tells what became of them; they can be found until all have been told. */
static void end(struct room *room, struct knock *k, const char *reason)
{
    room->n_waiting--;
    room_emit(
        room, &(struct room_event){
                  .type = ROOM_EVENT_WAITING_GONE, .participant = k->grant.sub, .reason = reason});
    TAILQ_REMOVE(&room->lobby, k, entry);
    free(k);
}

/* Whoever knocks and does not stay to listen makes place for who does: a flood of knocks drives out
 * itself, and nobody whose socket is open. */
static bool make_place(struct room *room)
{
    struct knock *k;
    TAILQ_FOREACH(k, &room->lobby, entry)
    if (!k->sockets) {
        end(room, k, "left");
        return true;
    }
    return false;
}

int lobby_knock(struct room *room, const struct grant *g)
{
    struct knock *k = find(room, g->sub);
    bool again = k;
    if (!again && room->n_waiting >= LOBBY_MAX && !make_place(room))
        return -ENOSPC;
    if (!again)
        k = calloc(1, sizeof(*k));
    if (!k)
        return -ENOMEM;
    k->grant = *g;
    k->until_ms = room_now_ms(room) + LOBBY_GRACE_MS;
    if (again)
        return 0;
    TAILQ_INSERT_TAIL(&room->lobby, k, entry);
    room->n_waiting++;
    room_emit(room, &(struct room_event){.type = ROOM_EVENT_WAITING, .participant = k->grant.sub});
    return 0;
}

const struct grant *lobby_find(struct room *room, const char *id)
{
    const struct knock *k = find(room, id);
    return k ? &k->grant : NULL;
}

void lobby_each(struct room *room, lobby_each_fn *fn, void *arg)
{
    struct knock *k;
    for (k = TAILQ_FIRST(&room->lobby); k; k = TAILQ_NEXT(k, entry))
        fn(&(struct lobby_info){k->grant.sub, k->grant.name}, arg);
}

/* Of a token that names its user, the user is let in or not, whatever ticket they hold. */
static void remember(struct room *room, const struct grant *g, bool admitted)
{
    const char *keys[] = {g->sub, g->via == GRANT_JWT ? g->user : ""};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct visitor *v = *keys[i] ? visitors_note(&room->visitors, keys[i]) : NULL;
        if (v) {
            v->admitted = admitted;
            v->refused = !admitted;
        }
    }
}

static void decide(struct room *room, struct knock *k, bool admitted)
{
    const char *reason = admitted ? "admitted" : "refused";
    remember(room, &k->grant, admitted);
    LOG_INFO("lobby", reason, log_text("id", k->grant.sub));
    end(room, k, reason);
}

int lobby_admit(struct room *room, const char *id)
{
    struct knock *k = find(room, id);
    if (!k)
        return -ENOENT;
    decide(room, k, true);
    return 0;
}

int lobby_refuse(struct room *room, const char *id)
{
    struct knock *k = find(room, id);
    if (!k)
        return -ENOENT;
    decide(room, k, false);
    return 0;
}

void lobby_leave(struct room *room, const char *id)
{
    struct knock *k = find(room, id);
    if (k)
        end(room, k, "left");
}

void lobby_admit_all(struct room *room)
{
    while (!TAILQ_EMPTY(&room->lobby))
        decide(room, TAILQ_FIRST(&room->lobby), true);
}

void lobby_kick(struct room *room, const char *user)
{
    struct knock *k, *next;
    for (k = TAILQ_FIRST(&room->lobby); k; k = next) {
        next = TAILQ_NEXT(k, entry);
        if (strcmp(k->grant.user, user) == 0)
            end(room, k, "kicked");
    }
}

bool lobby_hold(struct room *room, const char *id)
{
    struct knock *k = find(room, id);
    if (k)
        k->sockets++;
    return k;
}

void lobby_release(struct room *room, const char *id)
{
    struct knock *k = find(room, id);
    if (!k || !k->sockets)
        return;
    k->sockets--;
    k->until_ms = room_now_ms(room) + LOBBY_GRACE_MS;
}

void lobby_sweep(struct room *room, uint64_t now_ms)
{
    struct knock *k, *next;
    for (k = TAILQ_FIRST(&room->lobby); k; k = next) {
        next = TAILQ_NEXT(k, entry);
        if (!k->sockets && now_ms >= k->until_ms)
            end(room, k, "left");
    }
}

void lobby_clear(struct room *room)
{
    while (!TAILQ_EMPTY(&room->lobby)) {
        struct knock *k = TAILQ_FIRST(&room->lobby);
        TAILQ_REMOVE(&room->lobby, k, entry);
        free(k);
    }
    room->n_waiting = 0;
}
