#include "mixer/jitter/sync_buffer.h"

#include <criterion/criterion.h>

Test(sync_buffer, keeps_what_was_played_before_what_comes)
{
    static struct sync_buffer b;
    int16_t out[480];
    sync_buffer_init(&b);
    int next = 0, played = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 600 && sync_buffer_room(&b) > 0; i++) {
            *sync_buffer_end(&b) = (int16_t)next++;
            sync_buffer_added(&b, 1);
        }
        sync_buffer_take(&b, out, 480);
        for (int i = 0; i < 480; i++)
            cr_assert_eq(out[i], (int16_t)played++);
        for (int i = 1; i <= SYNC_BUFFER_PAST && i <= played; i++)
            cr_assert_eq(sync_buffer_future(&b)[-i], (int16_t)(played - i));
        for (size_t i = 0; i < b.len; i++)
            cr_assert_eq(sync_buffer_future(&b)[i], (int16_t)(played + (int)i));
    }
}

Test(sync_buffer, is_bounded)
{
    static struct sync_buffer b;
    static int16_t out[SYNC_BUFFER_FUTURE + 100];
    sync_buffer_init(&b);
    sync_buffer_added(&b, SYNC_BUFFER_FUTURE + 100);
    cr_assert_eq(b.len, SYNC_BUFFER_FUTURE);
    sync_buffer_take(&b, out, SYNC_BUFFER_FUTURE + 100);
    cr_assert_eq(b.len, 0);
}
