#include "mcu/names.h"

#include "mcu/http/http_guard.h"
#include "mcu/rooms.h"

#include <stdint.h>
#include <string.h>

struct range {
    uint32_t first, last;
};

/* Take no place on the screen, or turn the direction of what stands beside them. */
static const struct range unseen[] = {
    {0x00ad, 0x00ad},
    {0x034f, 0x034f},
    {0x061c, 0x061c},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0x3164, 0x3164},
    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},
    {0xfffe, 0xffff},
    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};
static const struct range blanks[] = {
    {0x20, 0x20},
    {0x00a0, 0x00a0},
    {0x1680, 0x1680},
    {0x2000, 0x200a},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x2800, 0x2800},
    {0x3000, 0x3000},
};

static bool among(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}
#define AMONG(code, ranges) among(code, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* text is known to be UTF-8. */
static size_t next_char(const char *text, uint32_t *code)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    *code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        *code = *code << 6 | (s[i] & 0x3fu);
    return n;
}

bool names_clean(const char *name, char out[static PARTICIPANT_NAME_MAX + 1])
{
    size_t len = strlen(name), put = 0;
    bool blank = false;
    if (len > PARTICIPANT_NAME_MAX || !http_guard_text(name, len))
        return false;
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t n = next_char(name + i, &code);
        if (AMONG(code, blanks)) {
            blank = put > 0;
        } else if (!AMONG(code, unseen)) {
            if (blank)
                out[put++] = ' ';
            blank = false;
            memcpy(out + put, name + i, n);
            put += n;
        }
        i += n;
    }
    out[put] = '\0';
    return true;
}
