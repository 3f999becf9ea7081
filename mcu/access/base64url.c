#include "mcu/access/base64url.h"

#include <errno.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_length(size_t n)
{
    return (n * 4 + 2) / 3;
}

void base64url_encode(const uint8_t *bytes, size_t n, char *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            *out++ = letters[bits >> (held - 6) & 63];
    }
    if (held)
        *out = letters[bits << (6 - held) & 63];
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    if (len % 4 == 1)
        return -EINVAL;
    if (len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0) > cap)
        return -ENOBUFS;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    return bits & ((1u << held) - 1) ? -EINVAL : (int)n;
}
