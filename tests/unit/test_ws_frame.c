#include "mcu/http/ws_frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

/* A client's frame; its length field can be told apart from its payload. */
static size_t put(uint8_t *out, uint8_t first, const void *payload, size_t len, uint64_t says)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t n = ws_write_head(out, WS_TEXT, (size_t)says);
    out[0] = first;
    out[1] |= 0x80;
    memcpy(out + n, mask, 4);
    for (size_t i = 0; i < len; i++)
        out[n + 4 + i] = ((const uint8_t *)payload)[i] ^ mask[i & 3];
    return n + 4 + len;
}

static int feed(struct ws_reader *r, const uint8_t *bytes, size_t len, size_t step, char *heard)
{
    *heard = '\0';
    while (len) {
        struct ws_event e;
        bool has;
        size_t part = step < len ? step : len;
        int n = ws_read(r, bytes, part, &e, &has);
        if (n < 0)
            return n;
        cr_assert(n > 0 && (size_t)n <= part);
        if (has)
            sprintf(heard + strlen(heard), "%d:%.*s ", e.opcode, (int)e.len, e.payload);
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

Test(ws_frame, messages_come_out_however_they_are_cut)
{
    uint8_t bytes[512];
    char heard[512], long_text[201];
    memset(long_text, 'l', 200);
    long_text[200] = '\0';
    size_t len = put(bytes, 0x81, "one", 3, 3);
    len += put(bytes + len, 0x01, "tw", 2, 2);
    len += put(bytes + len, 0x89, "ping", 4, 4);
    len += put(bytes + len, 0x80, "o", 1, 1);
    len += put(bytes + len, 0x81, "", 0, 0);
    len += put(bytes + len, 0x8a, "", 0, 0);
    len += put(bytes + len, 0x81, long_text, 200, 200);
    len += put(bytes + len, 0x88, "\x03\xe8", 2, 2);
    char expected[512];
    sprintf(expected, "1:one 9:ping 1:two 1: 10: 1:%s 8:\x03\xe8 ", long_text);
    for (size_t step = 1; step <= len; step++) {
        struct ws_reader r = {0};
        cr_assert_eq(feed(&r, bytes, len, step, heard), 0);
        cr_assert_str_eq(heard, expected, "step %zu: %s", step, heard);
    }
}

Test(ws_frame, wrong_frames_are_told_by_their_code)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
        int code;
    } cases[] = {
        {{0x81, 0x01}, 2, -1002},                           /* unmasked */
        {{0xc1, 0x81}, 2, -1002},                           /* compressed */
        {{0x91, 0x81}, 2, -1002},                           /* reserved bit */
        {{0x82, 0x81}, 2, -1003},                           /* binary */
        {{0x83, 0x81}, 2, -1002},                           /* reserved opcodes */
        {{0x8b, 0x81}, 2, -1002}, {{0x80, 0x81}, 2, -1002}, /* continues nothing */
        {{0x09, 0x81}, 2, -1002},                           /* control in parts */
        {{0x89, 0xfe}, 2, -1002},                           /* control too long */
        {{0x88, 0x81, 0, 0, 0, 0, 1}, 7, -1002},            /* half a code */
        {{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 14, -1009},
        {{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 14, -1009},
        {{0x81, 0xfe, 0x10, 0x01, 0, 0, 0, 0}, 8, -1009},      /* 4097 */
        {{0x81, 0x82, 0, 0, 0, 0, 0xc0, 0x80}, 8, -1007},      /* no UTF-8 */
        {{0x01, 0x81, 0, 0, 0, 0, 'a', 0x81, 0x81}, 9, -1002}, /* a message within another */
    };
    for (size_t i = 0; i < N(cases); i++)
        for (size_t step = 1; step <= cases[i].len; step++) {
            struct ws_reader r = {0};
            char heard[64];
            uint8_t *copy = malloc(cases[i].len);
            memcpy(copy, cases[i].bytes, cases[i].len);
            cr_assert_eq(feed(&r, copy, cases[i].len, step, heard), cases[i].code, "%zu", i);
            free(copy);
        }
}

Test(ws_frame, a_message_in_parts_is_bounded)
{
    struct ws_reader r = {0};
    uint8_t bytes[128], part[64] = {0};
    char heard[64];
    int err = 0, parts = 0;
    memset(part, 'x', sizeof part);
    while (!err) {
        size_t len = put(bytes, parts ? 0x00 : 0x01, part, sizeof part, sizeof part);
        err = feed(&r, bytes, len, len, heard);
        parts++;
    }
    cr_assert_eq(err, -1009);
    cr_assert_eq(parts, WS_MESSAGE_MAX / (int)sizeof part + 1);
}

Test(ws_frame, heads_we_send)
{
    uint8_t out[WS_HEAD_MAX];
    cr_assert_eq(ws_write_head(out, WS_TEXT, 125), 2);
    cr_assert_arr_eq(out, ((uint8_t[]){0x81, 125}), 2);
    cr_assert_eq(ws_write_head(out, WS_PING, 126), 4);
    cr_assert_arr_eq(out, ((uint8_t[]){0x89, 126, 0, 126}), 4);
    cr_assert_eq(ws_write_head(out, WS_TEXT, 65535), 4);
    cr_assert_eq(ws_write_head(out, WS_TEXT, 65536), 10);
    cr_assert_arr_eq(out, ((uint8_t[]){0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}), 10);
}

/* The example of RFC 6455, 1.3. */
Test(ws_frame, the_handshake)
{
    char accept[WS_ACCEPT_MAX];
    cr_assert_eq(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept), 0);
    cr_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    static const char *const bad[] = {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j ZQ=", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZ\xff=="};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_eq(ws_accept(bad[i], accept), -EINVAL, "%s", bad[i]);
}
