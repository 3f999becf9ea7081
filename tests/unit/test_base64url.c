#include "mcu/access/base64url.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

/* RFC 4648, 10, without padding; RFC 7515, C. */
static const struct {
    const char *bytes, *text;
    size_t len;
} vectors[] = {
    {"", "", 0},
    {"f", "Zg", 1},
    {"fo", "Zm8", 2},
    {"foo", "Zm9v", 3},
    {"foob", "Zm9vYg", 4},
    {"fooba", "Zm9vYmE", 5},
    {"foobar", "Zm9vYmFy", 6},
    {"\x03\xec\xff\xe0\xc1", "A-z_4ME", 5},
};

Test(base64url, vectors_both_ways)
{
    for (size_t i = 0; i < N(vectors); i++) {
        char text[16] = "";
        uint8_t bytes[16];
        size_t len = strlen(vectors[i].text);
        cr_assert_eq(base64url_length(vectors[i].len), len);
        base64url_encode((const uint8_t *)vectors[i].bytes, vectors[i].len, text);
        cr_assert_str_eq(text, vectors[i].text);
        cr_assert_eq(base64url_decode(text, len, bytes, vectors[i].len), (int)vectors[i].len);
        cr_assert_eq(memcmp(bytes, vectors[i].bytes, vectors[i].len), 0);
        if (vectors[i].len)
            cr_assert_eq(base64url_decode(text, len, bytes, vectors[i].len - 1), -ENOBUFS);
    }
}

/* Other spellings of the same bytes, other alphabets, padding, white space. */
Test(base64url, one_spelling_only)
{
    static const char *const bad[] = {"Z", "Zm9vY", "Zg==", "Zg=", "Zh", "Zm9", "A+z/4ME", "Zm 9v",
        "Zm9v\n", "Zm9v.", "Zm\xc3\xa9"};
    for (size_t i = 0; i < N(bad); i++) {
        uint8_t bytes[16];
        cr_assert_eq(
            base64url_decode(bad[i], strlen(bad[i]), bytes, sizeof bytes), -EINVAL, "%s", bad[i]);
    }
}
