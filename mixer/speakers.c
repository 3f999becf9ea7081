#include "mixer/speakers.h"

enum {
    HOLD_TICKS = 50,   /* a pause of 1 s is part of speaking */
    BEATEN_TICKS = 10, /* 200 ms */
    MARGIN_DB = 6,
    TALK_TICKS = 5,   /* of voice, with pauses shorter than … */
    PAUSE_TICKS = 35, /* … this, which ends it */
};
static const float rise = 0.5f, fall = 0.04f; /* of the distance, a tick */
static const float silent_db = -127;

void speaker_init(struct speaker *s)
{
    *s = (struct speaker){.loudness_db = silent_db};
}

static bool follow_talking(struct speaker *s)
{
    if (s->voice) {
        s->paused = 0;
        if (s->talked < TALK_TICKS)
            s->talked++;
    } else if (s->paused < PAUSE_TICKS) {
        s->paused++;
    }
    if (s->paused == PAUSE_TICKS)
        s->talked = 0;
    bool was = s->talking;
    s->talking = s->talked == TALK_TICKS;
    return s->talking != was;
}

bool speaker_hear(struct speaker *s, bool voice, float level_db)
{
    bool rises = level_db > s->loudness_db;
    s->loudness_db += (level_db - s->loudness_db) * (rises ? rise : fall);
    s->voice = voice;
    if (voice)
        s->hold = HOLD_TICKS;
    else if (s->hold > 0)
        s->hold--;
    return follow_talking(s);
}

bool speaker_silence(struct speaker *s)
{
    bool was = s->talking;
    speaker_init(s);
    return was;
}

static struct speaker *loudest_outside(struct speaker *const *s, size_t n)
{
    struct speaker *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (!s[i]->chosen && s[i]->voice && (!best || s[i]->loudness_db > best->loudness_db))
            best = s[i];
    return best;
}

static bool weaker(const struct speaker *a, const struct speaker *b)
{
    if (a->voice != b->voice)
        return !a->voice;
    return a->loudness_db < b->loudness_db;
}

static struct speaker *weakest_inside(struct speaker *const *s, size_t n)
{
    struct speaker *worst = NULL;
    for (size_t i = 0; i < n; i++)
        if (s[i]->chosen && (!worst || weaker(s[i], worst)))
            worst = s[i];
    return worst;
}

static size_t keep_who_holds(struct speaker *const *s, size_t n)
{
    size_t inside = 0;
    for (size_t i = 0; i < n; i++) {
        s[i]->chosen = s[i]->chosen && s[i]->hold > 0;
        inside += s[i]->chosen;
    }
    return inside;
}

/* May `outer` have the place of `inner`? A voice displaces a pause at once, another voice only
 * when it has been clearly louder for a while. */
static bool displaces(struct speakers *room, const struct speaker *outer, struct speaker *inner)
{
    if (!inner->voice)
        return true;
    if (outer->loudness_db < inner->loudness_db + MARGIN_DB) {
        room->beaten = 0;
        return false;
    }
    if (++room->beaten < BEATEN_TICKS)
        return false;
    room->beaten = 0;
    return true;
}

void speakers_choose(struct speakers *room, struct speaker *const *s, size_t n, unsigned max)
{
    size_t inside = keep_who_holds(s, n);
    if (max == 0) {
        for (size_t i = 0; i < n; i++)
            s[i]->chosen |= s[i]->voice;
        return;
    }
    for (; inside > max; inside--)
        weakest_inside(s, n)->chosen = false;
    struct speaker *outer;
    while ((outer = loudest_outside(s, n))) {
        if (inside < max) {
            inside++;
        } else {
            struct speaker *inner = weakest_inside(s, n);
            if (!displaces(room, outer, inner))
                break;
            inner->chosen = false;
            inner->hold = 0;
        }
        outer->chosen = true;
    }
}
