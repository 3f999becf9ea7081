#include "mcu/names.h"

#include <criterion/criterion.h>
#include <string.h>

Test(names, as_shown)
{
    static const struct {
        const char *given, *shown;
    } cases[] = {
        {"Anna", "Anna"},
        {"  Anna   M.  ", "Anna M."},
        {"J\u00fcrgen \U0001f39b", "J\u00fcrgen \U0001f39b"},
        {"\u5f20\u4f1f", "\u5f20\u4f1f"},
        {"\u202eannA", "annA"},                   /* right-to-left override */
        {"An\u200bna\u200d\u2060\ufeff", "Anna"}, /* of no width */
        {"\u2066Anna\u2069", "Anna"},             /* isolates */
        {"Anna\u00a0\u3000\u2003M", "Anna M"},    /* blanks of other kinds */
        {"\u3164\u115f\u00ad", ""},               /* nothing to be seen */
        {"A\U000e0041\U000e007f", "A"},           /* tags */
        {"\u2800", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[PARTICIPANT_NAME_MAX + 1];
        cr_assert(names_clean(cases[i].given, out), "%zu", i);
        cr_assert_str_eq(out, cases[i].shown, "%zu", i);
    }
}

Test(names, what_is_no_name)
{
    static const char *const bad[] = {"a\nb", "a\tb", "\x7f", "\xc2\x85", "\xff", "\xc3",
        "\xc0\xaf", "\xed\xa0\x80", "\x1b[31mred"};
    char out[PARTICIPANT_NAME_MAX + 1] = "as it was";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(!names_clean(bad[i], out), "%zu", i);
    char longest[PARTICIPANT_NAME_MAX + 2] = "";
    memset(longest, 'x', PARTICIPANT_NAME_MAX + 1);
    cr_assert(!names_clean(longest, out));
    cr_assert_str_eq(out, "as it was");
    longest[PARTICIPANT_NAME_MAX] = '\0';
    cr_assert(names_clean(longest, out));
    cr_assert_str_eq(out, longest);
}
