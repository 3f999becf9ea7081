#include "codecs/red.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static struct red_block text(uint8_t pt, uint32_t timestamp, const char *data)
{
    return (struct red_block){pt, timestamp, (const uint8_t *)data, strlen(data)};
}

static void assert_block(
    const struct red_block *b, uint8_t pt, uint32_t timestamp, const char *data)
{
    cr_assert_eq(b->pt, pt);
    cr_assert_eq(b->timestamp, timestamp);
    cr_assert_eq(b->len, strlen(data));
    cr_assert(!memcmp(b->data, data, b->len));
}

/* Written down by hand from RFC 2198, 3: offset 960 is 14 bits 00001111000000, length 3 is 10 bits
 * 0000000011. */
Test(red, bytes_of_one_repetition)
{
    static const uint8_t want[] = {0xef, 0x0f, 0x00, 0x03, 0x6f, 'o', 'l', 'd', 'n', 'e', 'w', '!'};
    const struct red_block blocks[] = {text(111, 1000, "old"), text(111, 1960, "new!")};
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[64];
    cr_assert_eq(red_pack(blocks, 2, out, sizeof out), sizeof want);
    cr_assert_arr_eq(out, want, sizeof want);
    cr_assert_eq(red_unpack(want, sizeof want, 1960, got), 2);
    assert_block(&got[0], 111, 1000, "old");
    assert_block(&got[1], 111, 1960, "new!");
}

Test(red, primary_alone)
{
    const struct red_block block = text(0, 5, "x");
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[8];
    cr_assert_eq(red_pack(&block, 1, out, sizeof out), 2);
    cr_assert_eq(out[0], 0);
    cr_assert_eq(red_unpack(out, 2, 5, got), 1);
    assert_block(&got[0], 0, 5, "x");
    cr_assert_eq(red_unpack(out, 1, 5, got), 1, "a primary may be empty");
    cr_assert_eq(got[0].len, 0);
}

Test(red, timestamps_wrap)
{
    const struct red_block blocks[] = {
        text(111, UINT32_MAX - 900, "a"), text(111, 59, "b"), text(111, 1019, "c")};
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[64];
    int n = red_pack(blocks, 3, out, sizeof out);
    cr_assert_eq(n, 2 * 4 + 1 + 3);
    cr_assert_eq(red_unpack(out, (size_t)n, 1019, got), 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(got[i].timestamp, blocks[i].timestamp);
}

Test(red, what_cannot_be_told_is_left_out)
{
    static uint8_t big[RED_MAX_BYTES + 1];
    const struct red_block primary = text(111, 100000, "p");
    const struct {
        struct red_block block;
        bool taken;
    } cases[] = {
        {text(111, 100000 - RED_MAX_OFFSET, "a"), true},
        {text(111, 100000 - RED_MAX_OFFSET - 1, "a"), false},
        {text(111, 100000, "a"), false},
        {text(111, 100001, "a"), false},
        {text(111, 99040, ""), false},
        {text(128, 99040, "a"), false},
        {{111, 99040, big, RED_MAX_BYTES}, true},
        {{111, 99040, big, RED_MAX_BYTES + 1}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct red_block blocks[] = {cases[i].block, primary}, got[RED_MAX_BLOCKS];
        uint8_t out[2048];
        int n = red_pack(blocks, 2, out, sizeof out);
        size_t want = cases[i].taken ? 4 + cases[i].block.len + 2 : 2;
        cr_assert_eq((size_t)n, want, "case %zu: %d", i, n);
        cr_assert_eq(red_unpack(out, (size_t)n, 100000, got), cases[i].taken ? 2 : 1);
        if (cases[i].taken)
            cr_assert_eq(got[0].len, cases[i].block.len);
    }
}

Test(red, the_oldest_gives_way_when_room_is_short)
{
    const struct red_block blocks[] = {
        text(111, 0, "oldest"), text(111, 960, "older"), text(111, 1920, "now")};
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[64];
    int whole = 1 + 3 + 4 + 5 + 4 + 6;
    cr_assert_eq(red_pack(blocks, 3, out, (size_t)whole), whole);
    cr_assert_eq(red_pack(blocks, 3, out, (size_t)whole - 1), whole - 10);
    cr_assert_eq(red_unpack(out, (size_t)whole - 10, 1920, got), 2);
    assert_block(&got[0], 111, 960, "older");
    cr_assert_eq(red_pack(blocks, 3, out, 1 + 3), 1 + 3);
    cr_assert_eq(red_pack(blocks, 3, out, 3), -ENOSPC);
    cr_assert_eq(red_pack(blocks, 3, out, 0), -ENOSPC);
    cr_assert_eq(red_pack(blocks, 0, out, sizeof out), -EINVAL);
}

Test(red, malformed)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
    } cases[] = {
        {{0}, 0},
        {{0xef}, 1},
        {{0xef, 0, 0, 1}, 4},
        {{0xef, 0, 0}, 3},
        {{0xef, 0, 4, 2, 111, 'x'}, 6},
        {{0xef, 0, 4, 2, 0xef, 0, 4, 2, 111, 'x', 'y', 'z'}, 12},
    };
    struct red_block got[RED_MAX_BLOCKS] = {{.pt = 77}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(red_unpack(cases[i].bytes, cases[i].len, 0, got), -EBADMSG, "case %zu", i);
        cr_assert_eq(got[0].pt, 77);
    }
}

Test(red, number_of_blocks_is_bounded)
{
    uint8_t payload[4 * RED_MAX_BLOCKS + 1 + RED_MAX_BLOCKS];
    struct red_block got[RED_MAX_BLOCKS];
    memset(payload, 1, sizeof payload);
    for (size_t i = 0; i < RED_MAX_BLOCKS; i++)
        memcpy(payload + 4 * i, (uint8_t[]){0xef, 0, 4, 1}, 4);
    payload[4 * RED_MAX_BLOCKS] = 111;
    cr_assert_eq(red_unpack(payload, sizeof payload, 0, got), -EBADMSG);
    cr_assert_eq(red_unpack(payload + 4, sizeof payload - 4, 0, got), RED_MAX_BLOCKS);
}

Test(red, empty_repetitions_are_passed_over)
{
    static const uint8_t payload[] = {
        0xef, 0x0f, 0, 0, 0xef, 0x07, 0x80 | 0, 2, 111, 'a', 'b', 'c'};
    struct red_block got[RED_MAX_BLOCKS];
    cr_assert_eq(red_unpack(payload, sizeof payload, 960, got), 2);
    assert_block(&got[0], 111, 480, "ab");
    assert_block(&got[1], 111, 960, "c");
}

Test(red, history_repeats_the_last_ones)
{
    static const char *const said[] = {"one", "two", "three", "four"};
    struct red_history h;
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[64];
    red_history_init(&h);
    for (uint32_t i = 0; i < 4; i++) {
        struct red_block primary = text(111, i * 960, said[i]);
        for (unsigned depth = 0; depth <= RED_HISTORY; depth++) {
            unsigned repeated = depth < i ? depth : i;
            int len = red_history_pack(&h, &primary, depth, out, sizeof out);
            cr_assert_eq(red_unpack(out, (size_t)len, i * 960, got), (int)repeated + 1);
            for (unsigned k = 0; k <= repeated; k++) {
                uint32_t which = i - repeated + k;
                assert_block(&got[k], 111, which * 960, said[which]);
            }
        }
        red_history_add(&h, &primary);
    }
}

Test(red, history_forgets_what_is_too_long)
{
    static uint8_t big[RED_MAX_BYTES + 1];
    const struct red_block first = text(111, 0, "a"), last = text(111, 1920, "c");
    const struct red_block long_one = {111, 960, big, sizeof big};
    struct red_history h;
    struct red_block got[RED_MAX_BLOCKS];
    uint8_t out[64];
    red_history_init(&h);
    red_history_add(&h, &first);
    red_history_add(&h, &long_one);
    int len = red_history_pack(&h, &last, RED_HISTORY, out, sizeof out);
    cr_assert_eq(red_unpack(out, (size_t)len, 1920, got), 2);
    assert_block(&got[0], 111, 0, "a");
    assert_block(&got[1], 111, 1920, "c");
}
