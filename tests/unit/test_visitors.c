#include "mcu/recent_rooms.h"
#include "mcu/visitors.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(visitors, are_remembered_by_key)
{
    struct visitors v;
    visitors_init(&v);
    cr_assert_null(visitors_find(&v, "a"));
    visitors_note(&v, "a")->kicked = true;
    visitors_note(&v, "b")->role = ROLE_MODERATOR;
    cr_assert(visitors_note(&v, "a")->kicked, "noting again keeps what was");
    cr_assert_eq(v.count, 2u);
    cr_assert(visitors_find(&v, "a")->kicked && !visitors_find(&v, "b")->kicked);
    cr_assert_eq(visitors_find(&v, "b")->role, ROLE_MODERATOR);
    visitors_fini(&v);
}

Test(visitors, a_flood_pushes_out_no_kick)
{
    struct visitors v;
    char key[GRANT_USER_LEN + 1];
    visitors_init(&v);
    visitors_note(&v, "kicked")->kicked = true;
    visitors_note(&v, "latest");
    for (int i = 0; i < 2 * VISITORS_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        cr_assert(visitors_note(&v, key));
    }
    cr_assert_eq(v.count, (unsigned)VISITORS_MAX);
    cr_assert(visitors_find(&v, "kicked"));
    cr_assert_null(visitors_find(&v, "latest"));
    for (int i = 0; i < VISITORS_MAX; i++) {
        snprintf(key, sizeof key, "k%d", i);
        visitors_note(&v, key)->kicked = true;
    }
    cr_assert_eq(v.count, (unsigned)VISITORS_MAX);
    cr_assert(visitors_note(&v, "new"), "with kicks alone the oldest goes");
    cr_assert_eq(v.count, (unsigned)VISITORS_MAX);
    visitors_fini(&v);
}

Test(recent_rooms, go_on_for_a_while)
{
    static struct recent_rooms r;
    cr_assert_eq(recent_rooms_take(&r, "a", 0), 0u);
    recent_rooms_note(&r, "a", 1000, 0);
    recent_rooms_note(&r, "b", 2000, 0);
    cr_assert_eq(recent_rooms_take(&r, "a", RECENT_ROOMS_MS - 1), 1000u);
    cr_assert_eq(recent_rooms_take(&r, "a", RECENT_ROOMS_MS - 1), 0u, "once");
    cr_assert_eq(recent_rooms_take(&r, "b", RECENT_ROOMS_MS), 0u, "too late");
    recent_rooms_note(&r, "c", 3000, 0);
    char name[16];
    for (int i = 0; i < RECENT_ROOMS; i++) {
        snprintf(name, sizeof name, "n%d", i);
        recent_rooms_note(&r, name, 1, 0);
    }
    cr_assert_eq(recent_rooms_take(&r, "c", 1), 0u, "the oldest is forgotten");
    cr_assert_eq(recent_rooms_take(&r, "n0", 1), 1u);
}
