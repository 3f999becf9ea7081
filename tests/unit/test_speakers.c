#include "mixer/speakers.h"

#include <criterion/criterion.h>

enum { N = 8 };

struct room {
    struct speakers room;
    struct speaker s[N], *p[N];
    unsigned max;
};

static void begin(struct room *r, unsigned max)
{
    *r = (struct room){.max = max};
    for (int i = 0; i < N; i++) {
        speaker_init(&r->s[i]);
        r->p[i] = &r->s[i];
    }
}

/* 0: a pause, else a voice of so many dBov. */
static void run(struct room *r, const int db[N], int ticks)
{
    for (; ticks > 0; ticks--) {
        for (int i = 0; i < N; i++)
            speaker_hear(&r->s[i], db[i] != 0, db[i] ? (float)db[i] : -80);
        speakers_choose(&r->room, r->p, N, r->max);
    }
}

static unsigned chosen(const struct room *r)
{
    unsigned mask = 0;
    for (int i = 0; i < N; i++)
        mask |= (unsigned)r->s[i].chosen << i;
    return mask;
}

Test(speakers, the_loudest_enter_at_once_and_no_more_than_max)
{
    struct room r;
    begin(&r, 3);
    run(&r, (int[N]){-40, -20, 0, -25, -50, -30, 0, 0}, 1);
    cr_assert_eq(chosen(&r), 1u << 1 | 1u << 3 | 1u << 5);
}

Test(speakers, no_limit_takes_every_voice)
{
    struct room r;
    begin(&r, 0);
    run(&r, (int[N]){-40, -20, 0, -25, -50, -30, 0, -60}, 1);
    cr_assert_eq(chosen(&r), 0xbbu);
}

Test(speakers, little_louder_does_not_displace_much_louder_does_after_a_while)
{
    struct room r;
    begin(&r, 2);
    run(&r, (int[N]){-30, -30, 0}, 50);
    cr_assert_eq(chosen(&r), 3u);
    run(&r, (int[N]){-30, -28, -26}, 500);
    cr_assert_eq(chosen(&r), 3u);
    run(&r, (int[N]){-30, -28, -15}, 5);
    cr_assert_eq(chosen(&r), 3u);
    run(&r, (int[N]){-30, -28, -15}, 15);
    cr_assert_eq(chosen(&r), 6u);
}

Test(speakers, who_pauses_gives_way_at_once_but_stays_if_nobody_comes)
{
    struct room r;
    begin(&r, 1);
    run(&r, (int[N]){-20}, 50);
    run(&r, (int[N]){0}, 40);
    cr_assert_eq(chosen(&r), 1u);
    run(&r, (int[N]){0, -50}, 1);
    cr_assert_eq(chosen(&r), 2u);
    run(&r, (int[N]){0}, 49);
    cr_assert_eq(chosen(&r), 2u);
    run(&r, (int[N]){0}, 2);
    cr_assert_eq(chosen(&r), 0u);
}

Test(speakers, two_alike_do_not_flicker)
{
    struct room r;
    begin(&r, 1);
    unsigned changes = 0, before = 0;
    for (int i = 0; i < 1000; i++) {
        int wobble = i % 3 * 2;
        run(&r, (int[N]){-30 + wobble, -26 - wobble}, 1);
        changes += chosen(&r) != before;
        before = chosen(&r);
    }
    cr_assert_eq(changes, 1);
}

Test(speakers, a_lower_limit_drops_the_weakest)
{
    struct room r;
    begin(&r, 4);
    run(&r, (int[N]){-30, -20, -40, -25}, 50);
    cr_assert_eq(chosen(&r), 15u);
    r.max = 2;
    run(&r, (int[N]){-30, -20, -40, -25}, 1);
    cr_assert_eq(chosen(&r), 10u);
}

Test(speakers, talking_is_told_after_100_ms_and_ends_after_700_ms_of_pause)
{
    struct speaker s;
    speaker_init(&s);
    int changes = 0;
    for (int i = 0; i < 4; i++)
        changes += speaker_hear(&s, true, -30);
    cr_assert_eq(changes, 0);
    cr_assert(speaker_hear(&s, true, -30));
    cr_assert(s.talking);
    for (int i = 0; i < 20; i++)
        changes += speaker_hear(&s, i == 10, -30);
    for (int i = 0; i < 20; i++)
        changes += speaker_hear(&s, false, -80);
    cr_assert_eq(changes, 0);
    for (int i = 0; i < 20; i++)
        changes += speaker_hear(&s, false, -80);
    cr_assert_eq(changes, 1);
    cr_assert_not(s.talking);
}

Test(speakers, silencing_ends_talking_and_leaves_the_mix)
{
    struct room r;
    begin(&r, 2);
    run(&r, (int[N]){-30}, 10);
    cr_assert(speaker_silence(&r.s[0]));
    cr_assert_not(speaker_silence(&r.s[0]));
    cr_assert_eq(chosen(&r), 0u);
}
