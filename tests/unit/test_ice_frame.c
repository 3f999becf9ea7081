#include "net/ice/ice_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_MAX = 200000 };

static struct ice_frame_reader *reader;
static uint8_t stream[STREAM_MAX];
static size_t stream_len;

struct heard {
    unsigned packets, wrong, stop_after;
    size_t sizes[16];
};

static void fresh(void)
{
    reader = calloc(1, sizeof *reader);
    cr_assert_not_null(reader);
    stream_len = 0;
}

static void done(void)
{
    free(reader);
}

TestSuite(ice_frame, .init = fresh, .fini = done);

static void put_frame(size_t len)
{
    stream[stream_len++] = (uint8_t)(len >> 8);
    stream[stream_len++] = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        stream[stream_len++] = (uint8_t)(len + i);
}

static bool hear(uint8_t *pkt, size_t len, void *arg)
{
    struct heard *h = arg;
    h->wrong += (uintptr_t)pkt % 16 != 0;
    for (size_t i = 0; i < len; i++)
        h->wrong += pkt[i] != (uint8_t)(len + i);
    memset(pkt, 0, UDP_MAX_DATAGRAM); /* it may be changed */
    h->sizes[h->packets % 16] = len;
    return ++h->packets != h->stop_after;
}

static unsigned read_in_steps(struct heard *h, size_t step)
{
    unsigned oversize = 0;
    for (size_t at = 0; at < stream_len; at += step)
        oversize += ice_frame_read(
            reader, stream + at, stream_len - at < step ? stream_len - at : step, hear, h);
    return oversize;
}

Test(ice_frame, however_the_stream_is_cut)
{
    static const size_t sizes[] = {1, 100, 2, UDP_MAX_DATAGRAM, 1200};
    for (unsigned i = 0; i < 5; i++)
        put_frame(sizes[i]);
    for (size_t step = 1; step < 300; step++) {
        struct heard h = {0};
        memset(reader, 0, sizeof *reader);
        cr_assert_eq(read_in_steps(&h, step), 0u);
        cr_assert_eq(h.packets, 5u);
        cr_assert_eq(h.wrong, 0u);
        for (unsigned i = 0; i < 5; i++)
            cr_assert_eq(h.sizes[i], sizes[i]);
    }
}

Test(ice_frame, empty_and_huge_frames_are_passed_over)
{
    static const size_t steps[] = {1, 7, 4096, STREAM_MAX};
    put_frame(0);
    put_frame(0);
    put_frame(UDP_MAX_DATAGRAM + 1);
    put_frame(10);
    put_frame(65535);
    put_frame(0);
    put_frame(20);
    for (unsigned i = 0; i < 4; i++) {
        struct heard h = {0};
        memset(reader, 0, sizeof *reader);
        cr_assert_eq(read_in_steps(&h, steps[i]), 2u);
        cr_assert_eq(h.packets, 2u);
        cr_assert_eq(h.sizes[0], 10u);
        cr_assert_eq(h.sizes[1], 20u);
        cr_assert_eq(h.wrong, 0u);
    }
}

Test(ice_frame, who_has_heard_enough_is_not_called_again)
{
    struct heard h = {.stop_after = 2};
    for (int i = 0; i < 5; i++)
        put_frame(30);
    ice_frame_read(reader, stream, stream_len, hear, &h);
    cr_assert_eq(h.packets, 2u);
}
