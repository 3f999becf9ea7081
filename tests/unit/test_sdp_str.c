#include "net/sdp/sdp_str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(sdp_str, words_end_at_blanks)
{
    struct sdp_str rest = sdp_str("  one\ttwo  three ");
    cr_assert(sdp_str_eq(sdp_str_word(&rest), "one"));
    cr_assert(sdp_str_eq(sdp_str_word(&rest), "two"));
    cr_assert(sdp_str_eq(sdp_str_word(&rest), "three"));
    cr_assert_null(sdp_str_word(&rest).p);
    cr_assert_null(sdp_str_word(&rest).p);
}

Test(sdp_str, cut_tells_empty_from_absent)
{
    struct sdp_str rest = sdp_str("a//b/");
    cr_assert(sdp_str_eq(sdp_str_cut(&rest, '/'), "a"));
    cr_assert(sdp_str_eq(sdp_str_cut(&rest, '/'), ""));
    cr_assert(sdp_str_eq(sdp_str_cut(&rest, '/'), "b"));
    cr_assert_not_null(rest.p);
    cr_assert(sdp_str_eq(sdp_str_cut(&rest, '/'), ""));
    cr_assert_null(rest.p);
    cr_assert_null(sdp_str_cut(&rest, '/').p);
}

Test(sdp_str, absent_equals_nothing)
{
    struct sdp_str absent = sdp_str(NULL);
    cr_assert_not(sdp_str_eq(absent, ""));
    cr_assert_not(sdp_str_ieq(absent, ""));
    cr_assert(sdp_str_ieq(sdp_str("OpUs"), "opus"));
    cr_assert_not(sdp_str_ieq(sdp_str("opus1"), "opus"));
}

Test(sdp_str, numbers)
{
    static const struct {
        const char *text;
        uint64_t max, value;
        int err;
    } cases[] = {
        {"0", 0, 0, 0},
        {"7", 7, 7, 0},
        {"8", 7, 0, -EINVAL},
        {"10", 9, 0, -EINVAL},
        {"65535", 65535, 65535, 0},
        {"65536", 65535, 0, -EINVAL},
        {"00020", 65535, 20, 0},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, 0},
        {"18446744073709551616", UINT64_MAX, 0, -EINVAL},
        {"99999999999999999999999", UINT64_MAX, 0, -EINVAL},
        {"", 9, 0, -EINVAL},
        {"-1", 9, 0, -EINVAL},
        {"+1", 9, 0, -EINVAL},
        {"1 ", 9, 0, -EINVAL},
        {"0x1", 9, 0, -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t v = 4711;
        int err = sdp_str_number(sdp_str(cases[i].text), cases[i].max, &v);
        cr_assert_eq(err, cases[i].err, "%s: %d", cases[i].text, err);
        cr_assert_eq(v, err ? 4711 : cases[i].value, "%s", cases[i].text);
    }
}

Test(sdp_str, copy_needs_room_for_the_nul)
{
    char buf[4];
    cr_assert_eq(sdp_str_copy(sdp_str("abc"), buf, sizeof buf), 0);
    cr_assert_str_eq(buf, "abc");
    cr_assert_eq(sdp_str_copy(sdp_str("abcd"), buf, sizeof buf), -ENOSPC);
    cr_assert_eq(sdp_str_copy(sdp_str(NULL), buf, sizeof buf), 0);
    cr_assert_str_eq(buf, "");
}
