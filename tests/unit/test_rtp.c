#include "net/rtp/rtp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

/* A copy of exactly len bytes on the heap, so that AddressSanitizer sees any read past it. */
static int parse_exact(struct rtp_packet *p, const uint8_t *buf, size_t len)
{
    static uint8_t *held;
    free(held);
    held = malloc(len ? len : 1);
    memcpy(held, buf, len);
    return rtp_parse(p, held, len);
}

Test(rtp, header_written_and_read)
{
    static const struct rtp_header cases[] = {
        {0, false, 0, 0, 0},
        {127, true, 65535, UINT32_MAX, UINT32_MAX},
        {111, true, 0x1234, 0x89abcdef, 0xcafebabe},
    };
    for (size_t i = 0; i < N(cases); i++) {
        uint8_t buf[RTP_HEADER_BYTES];
        struct rtp_packet p;
        rtp_write_header(buf, &cases[i]);
        cr_assert_eq(rtp_parse(&p, buf, sizeof buf), 0);
        cr_assert_eq(p.h.payload_type, cases[i].payload_type);
        cr_assert_eq(p.h.marker, cases[i].marker);
        cr_assert_eq(p.h.seq, cases[i].seq);
        cr_assert_eq(p.h.timestamp, cases[i].timestamp);
        cr_assert_eq(p.h.ssrc, cases[i].ssrc);
        cr_assert_eq(p.payload_len, 0);
    }
}

Test(rtp, header_as_bytes)
{
    static const uint8_t want[] = {
        0x80, 0xef, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef, 0xca, 0xfe, 0xba, 0xbe};
    const struct rtp_header h = {111, true, 0x1234, 0x89abcdef, 0xcafebabe};
    uint8_t buf[RTP_HEADER_BYTES];
    rtp_write_header(buf, &h);
    cr_assert_eq(memcmp(buf, want, sizeof want), 0);
}

/* two CSRCs, a one-byte extension with ids 1 and 3, payload "hello", three bytes of padding */
static const uint8_t full[] = {
    0xb2, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3,                      /* fixed */
    0, 0, 0, 4, 0, 0, 0, 5,                                        /* CSRC */
    0xbe, 0xde, 0, 2, 0x10, 0x9e, 0x00, 0x32, 'a', 'b', 'c', 0x00, /* extension */
    'h', 'e', 'l', 'l', 'o', 0, 0, 3,                              /* payload, padding */
};

Test(rtp, packet_with_everything)
{
    struct rtp_packet p;
    cr_assert_eq(rtp_parse(&p, full, sizeof full), 0);
    cr_assert_eq(p.csrc_count, 2);
    cr_assert_eq(rtp_csrc(&p, 0), 4);
    cr_assert_eq(rtp_csrc(&p, 1), 5);
    cr_assert_eq(p.ext_profile, RTP_EXT_ONE_BYTE);
    cr_assert_eq(p.payload_len, 5);
    cr_assert_eq(memcmp(p.payload, "hello", 5), 0);
    cr_assert_eq(p.padding_len, 3);

    uint8_t level;
    bool voice;
    cr_assert_eq(rtp_audio_level(&p, 1, &level, &voice), 0);
    cr_assert_eq(level, 30);
    cr_assert(voice);
    const uint8_t *data;
    cr_assert_eq(rtp_extension_find(&p, 3, &data), 3);
    cr_assert_eq(memcmp(data, "abc", 3), 0);
    cr_assert_eq(rtp_extension_find(&p, 2, &data), -ENOENT);
    cr_assert_eq(rtp_extension_find(&p, 0, &data), -ENOENT);
    cr_assert_eq(rtp_extension_find(&p, 15, &data), -ENOENT);

    cr_assert_eq(rtp_parse_encrypted(&p, full, sizeof full), 0);
    cr_assert_eq(p.payload_len, 8, "padding is not looked at in what is still encrypted");
}

Test(rtp, every_truncation_is_refused_or_bounded)
{
    for (size_t n = 0; n < sizeof full; n++) {
        struct rtp_packet p;
        int err = parse_exact(&p, full, n);
        if (n < 32)
            cr_assert_eq(err, -EBADMSG, "%zu bytes", n);
        if (err == 0)
            cr_assert(p.payload_len + p.padding_len == n - 32);
    }
}

Test(rtp, lengths_that_lie)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"version 0", 0, 0x32},
        {"version 3", 0, 0xf2},
        {"15 CSRCs, extension elsewhere", 0, 0xbf},
        {"extension past the end", 23, 0x40},
        {"huge extension", 22, 0xff},
        {"padding longer than the payload", sizeof full - 1, 9},
        {"padding 255", sizeof full - 1, 255},
        {"padding 0", sizeof full - 1, 0},
    };
    for (size_t i = 0; i < N(cases); i++) {
        uint8_t buf[sizeof full];
        struct rtp_packet p = {.csrc_count = 99};
        memcpy(buf, full, sizeof full);
        buf[cases[i].at] = cases[i].value;
        cr_assert_eq(parse_exact(&p, buf, sizeof buf), -EBADMSG, "%s", cases[i].what);
        cr_assert_eq(p.csrc_count, 99, "untouched on error");
    }
    uint8_t all_padding[RTP_HEADER_BYTES + 4] = {0xa0, [15] = 4};
    struct rtp_packet p;
    cr_assert_eq(parse_exact(&p, all_padding, sizeof all_padding), 0);
    cr_assert_eq(p.payload_len, 0);
    uint8_t no_room[RTP_HEADER_BYTES] = {0xa0, [11] = 4};
    cr_assert_eq(parse_exact(&p, no_room, sizeof no_room), -EBADMSG);
}

/* Elements whose length passes the end, by form and place. */
Test(rtp, extension_elements_that_lie)
{
    static const struct {
        uint16_t profile;
        uint8_t ext[8];
        uint8_t id;
        int want;
    } cases[] = {
        {0xbede, {0x1f, 1, 2, 3, 4, 5, 6, 7}, 1, -ENOENT},
        {0xbede, {0x10, 1, 0x2f, 3, 4, 5, 6, 7}, 2, -ENOENT},
        {0xbede, {0x10, 1, 0, 0, 0, 0, 0, 0x20}, 2, -ENOENT},
        {0xbede, {0xf0, 0x10, 1, 0, 0, 0, 0, 0}, 1, -ENOENT}, /* 15 ends the list */
        {0xbede, {0x05, 0x10, 1, 0, 0, 0, 0, 0}, 1, 1},       /* id 0 is a byte of padding */
        {0x1000, {1, 0, 2, 1, 9, 0, 0, 0}, 1, 0},
        {0x1000, {1, 0, 2, 1, 9, 0, 0, 0}, 2, 1},
        {0x100f, {0, 0, 200, 4, 1, 2, 3, 4}, 200, 4},
        {0x1000, {1, 255, 2, 1, 9, 0, 0, 0}, 1, -ENOENT},
        {0x1000, {1, 255, 2, 1, 9, 0, 0, 0}, 2, -ENOENT},
        {0x1000, {0, 0, 0, 0, 0, 0, 0, 1}, 1, -ENOENT},
        {0x1010, {1, 1, 9, 0, 0, 0, 0, 0}, 1, -ENOENT},
        {0x0000, {0x10, 1, 0, 0, 0, 0, 0, 0}, 1, -ENOENT},
    };
    for (size_t i = 0; i < N(cases); i++) {
        uint8_t buf[RTP_HEADER_BYTES + 12] = {0x90};
        buf[12] = (uint8_t)(cases[i].profile >> 8);
        buf[13] = (uint8_t)cases[i].profile;
        buf[15] = 2;
        memcpy(buf + 16, cases[i].ext, 8);
        struct rtp_packet p;
        const uint8_t *data = NULL;
        cr_assert_eq(parse_exact(&p, buf, sizeof buf), 0);
        cr_assert_eq(rtp_extension_find(&p, cases[i].id, &data), cases[i].want, "case %zu", i);
        cr_assert_eq(data == NULL, cases[i].want < 0);
    }
}

Test(rtp, extensions_written_and_read)
{
    const struct rtp_header h = {.payload_type = 96, .seq = 7};
    const uint8_t level = rtp_audio_level_byte(30, true), mid[] = "sixteen bytes ..";
    const struct rtp_ext ext[] = {{1, 1, &level}, {14, 16, mid}};
    uint8_t buf[64];
    int n = rtp_write_header_ext(buf, sizeof buf, &h, ext, 2);
    cr_assert_eq(n, 12 + 4 + 20);
    struct rtp_packet p;
    cr_assert_eq(parse_exact(&p, buf, (size_t)n), 0);
    cr_assert_eq(p.payload_len, 0);
    const uint8_t *data;
    cr_assert_eq(rtp_extension_find(&p, 14, &data), 16);
    cr_assert_eq(memcmp(data, mid, 16), 0);
    uint8_t l;
    bool voice;
    cr_assert_eq(rtp_audio_level(&p, 1, &l, &voice), 0);
    cr_assert(l == 30 && voice);

    cr_assert_eq(rtp_write_header_ext(buf, 35, &h, ext, 2), -ENOSPC);
    cr_assert_eq(rtp_write_header_ext(buf, sizeof buf, &h, NULL, 0), 12);
    cr_assert_eq(rtp_write_header_ext(buf, 11, &h, NULL, 0), -ENOSPC);
    const struct rtp_ext bad[] = {{0, 1, mid}, {15, 1, mid}, {1, 0, mid}, {1, 17, mid}};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_eq(rtp_write_header_ext(buf, sizeof buf, &h, &bad[i], 1), -EINVAL);
}

Test(rtp, audio_level_byte)
{
    cr_assert_eq(rtp_audio_level_byte(0, false), 0);
    cr_assert_eq(rtp_audio_level_byte(127, true), 255);
    cr_assert_eq(rtp_audio_level_byte(200, false), 127, "there is nothing below -127 dBov");
}

Test(rtp, told_from_rtcp)
{
    for (unsigned second = 0; second < 256; second++) {
        uint8_t buf[] = {0x80, (uint8_t)second};
        cr_assert_eq(rtp_is_rtcp(buf, 2), second >= 192 && second <= 223, "%u", second);
        cr_assert_not(rtp_is_rtcp(buf, 1));
        buf[0] = 0x40;
        cr_assert_not(rtp_is_rtcp(buf, 2));
    }
}

/* Whatever comes, what the parser points at lies within the packet. */
Test(rtp, random_bytes_stay_in_bounds)
{
    uint32_t seed = 1;
    for (int round = 0; round < 200000; round++) {
        uint8_t buf[96];
        size_t len = 0;
        for (size_t i = 0; i < sizeof buf; i++) {
            seed = seed * 1664525 + 1013904223;
            buf[i] = (uint8_t)(seed >> 24);
            len = seed >> 16 & 63;
        }
        buf[0] = (uint8_t)(0x80 | (buf[0] & 0x3f));
        if (buf[0] & 0x10) { /* often a plausible extension */
            size_t at = 12 + 4 * (size_t)(buf[0] & 15);
            if (at + 4 <= sizeof buf) {
                memcpy(buf + at, round & 1 ? "\xbe\xde\0" : "\x10\0\0", 3);
                buf[at + 3] &= 7;
            }
        }
        struct rtp_packet p;
        if (rtp_parse(&p, buf, len) != 0)
            continue;
        cr_assert(p.payload >= buf && p.payload + p.payload_len + p.padding_len == buf + len);
        for (unsigned id = 0; id < 256; id++) {
            const uint8_t *data;
            int n = rtp_extension_find(&p, (uint8_t)id, &data);
            if (n >= 0)
                cr_assert(data >= p.ext && data + n <= p.ext + p.ext_len);
        }
    }
}
