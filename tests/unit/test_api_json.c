#include "mcu/api/api_json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof *(a))

static const struct room_settings defaults = {
    .max_participants = 100, .max_speakers = 5, .jitter_max_ms = 200, .denoise = true};

Test(api_json, a_room)
{
    static const char text[] =
        "{\"name\":\"demo.1_x-\",\"max_participants\":7,\"agc\":true,\"max_speakers\":0}";
    struct room_settings s = defaults;
    struct api_room_fields given;
    struct api_error e;
    char name[ROOM_NAME_MAX + 1];
    cr_assert_eq(api_json_room(text, strlen(text), name, &s, &given, &e), 0);
    cr_assert_str_eq(name, "demo.1_x-");
    cr_assert_eq(s.max_participants, 7);
    cr_assert_eq(s.max_speakers, 0);
    cr_assert_eq(s.jitter_max_ms, 200);
    cr_assert(s.agc && s.denoise);
}

Test(api_json, wrong_rooms_change_nothing)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"", 400},
        {"{", 400},
        {"[]", 400},
        {"null", 400},
        {"{\"name\":\"a\"}x", 400},
        {"{\"name\":\"a\",\"name\":\"b\"}", 400},
        {"{\"name\":\"\\ud800\"}", 400},
        {"{\"name\":\"\\u0000\"}", 400},
        {"{\"name\":\"a\",\"agc\":1e999999}", 400},
        {"{\"a\":[[[[[[[[1]]]]]]]]}", 400},
        {"{\"max_speakers\":5}", 422},
        {"{\"name\":\"\"}", 422},
        {"{\"name\":\"a b\"}", 422},
        {"{\"name\":\"..\"}", 422},
        {"{\"name\":5}", 422},
        {"{\"name\":\"a\",\"max_speakers\":-1}", 422},
        {"{\"name\":\"a\",\"max_speakers\":1001}", 422},
        {"{\"name\":\"a\",\"max_speakers\":5.0}", 422},
        {"{\"name\":\"a\",\"jitter_max_ms\":19}", 422},
        {"{\"name\":\"a\",\"max_participants\":4294967297}", 422},
        {"{\"name\":\"a\",\"agc\":\"yes\"}", 422},
        {"{\"name\":\"a\",\"transient\":true}", 422},
        {"{\"max_speakers\":1,\"name\":\"a\",\"agc\":null}", 422},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct room_settings s = defaults;
        struct api_room_fields given;
        struct api_error e = {0};
        char name[ROOM_NAME_MAX + 1];
        int err = api_json_room(cases[i].text, strlen(cases[i].text), name, &s, &given, &e);
        cr_assert_eq(err, -EINVAL, "%s", cases[i].text);
        cr_assert_eq(e.status, cases[i].status, "%s: %s", cases[i].text, e.message);
        cr_assert(*e.code && *e.message);
        cr_assert_arr_eq(&s, &defaults, sizeof s);
    }
}

Test(api_json, a_change_of_a_room_names_none)
{
    struct room_settings s = defaults;
    struct api_room_fields given;
    struct api_error e;
    cr_assert_eq(api_json_room("{\"denoise\":false}", 17, NULL, &s, &given, &e), 0);
    cr_assert(!s.denoise);
    cr_assert_eq(api_json_room("{\"name\":\"x\"}", 12, NULL, &s, &given, &e), -EINVAL);
    cr_assert_eq(e.status, 422);
}

Test(api_json, depth_is_bounded_before_the_parser)
{
    static char text[60000];
    struct api_change c;
    struct api_error e;
    memset(text, '[', sizeof text);
    cr_assert_eq(api_json_change(text, sizeof text, &c, &e), -EINVAL);
    cr_assert_eq(e.status, 400);
    /* brackets in a string are no depth */
    static const char quoted[] = "{\"sound\":\"[[[[[[[[[[[[[[\\\"[[[[[\"}";
    char sound[API_SOUND_MAX + 1];
    cr_assert_eq(api_json_sound(quoted, sizeof quoted - 1, sound, &e), -EINVAL);
    cr_assert_eq(e.status, 422);
}

Test(api_json, a_change)
{
    struct api_change c;
    struct api_error e;
    static const char all[] = "{\"muted\":true,\"gain_db\":-3.5,\"deaf\":false}";
    cr_assert_eq(api_json_change(all, sizeof all - 1, &c, &e), 0);
    cr_assert(c.has_muted && c.muted && c.has_deaf && !c.deaf && c.has_gain);
    cr_assert_float_eq(c.gain_db, -3.5f, 1e-6);
    cr_assert_eq(api_json_change("{\"gain_db\":3}", 13, &c, &e), 0);
    cr_assert(!c.has_muted && !c.has_deaf && c.has_gain);
    static const char *const bad[] = {"{}", "{\"gain_db\":20.1}", "{\"gain_db\":-41}",
        "{\"gain_db\":\"3\"}", "{\"muted\":1}", "{\"id\":\"x\"}", "{\"role\":\"admin\"}",
        "{\"role\":\"\"}", "{\"name\":\"\"}", "{\"name\":\" \u200b \"}", "{\"ask_unmute\":false}",
        "{\"hand\":null}"};
    static const char more[] =
        "{\"role\":\"viewer\",\"name\":\"\u202eeva \\u00a0 M\",\"hand\":true,\"ask_unmute\":true}";
    cr_assert_eq(api_json_change(more, sizeof more - 1, &c, &e), 0);
    cr_assert(c.role == ROLE_VIEWER && c.has_hand && c.hand && c.ask_unmute && !c.has_muted);
    cr_assert_str_eq(c.name, "eva M");
    for (size_t i = 0; i < N(bad); i++) {
        cr_assert_eq(api_json_change(bad[i], strlen(bad[i]), &c, &e), -EINVAL, "%s", bad[i]);
        cr_assert_eq(e.status, 422, "%s", bad[i]);
    }
}

Test(api_json, digits_and_sounds)
{
    struct api_error e;
    char digits[API_DIGITS_MAX + 1], sound[API_SOUND_MAX + 1], token[64];
    cr_assert_eq(api_json_digits("{\"digits\":\"12#*AD\"}", 19, digits, &e), 0);
    cr_assert_str_eq(digits, "12#*AD");
    static const char *const bad[] = {"{\"digits\":\"\"}", "{\"digits\":\"1 2\"}",
        "{\"digits\":\"E\"}", "{\"digits\":\"a\"}", "{\"digits\":12}", "{}",
        "{\"digits\":\"012345678901234567890123456789012\"}"};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_eq(api_json_digits(bad[i], strlen(bad[i]), digits, &e), -EINVAL, "%s", bad[i]);
    cr_assert_eq(api_json_sound("{\"sound\":\"a.wav\"}", 17, sound, &e), 0);
    static const char *const paths[] = {"{\"sound\":\"../a.wav\"}", "{\"sound\":\"/a.wav\"}",
        "{\"sound\":\".a\"}", "{\"sound\":\"..\"}", "{\"sound\":\"a\\u0000.wav\"}"};
    for (size_t i = 0; i < N(paths); i++)
        cr_assert_eq(
            api_json_sound(paths[i], strlen(paths[i]), sound, &e), -EINVAL, "%s", paths[i]);
    cr_assert_eq(api_json_token("{\"token\":\"abc\"}", 15, token, sizeof token), 0);
    cr_assert_str_eq(token, "abc");
    cr_assert_eq(api_json_token("{\"token\":\"abc\"}", 15, token, 3), -EINVAL);
    cr_assert_eq(api_json_token("{\"token\":1}", 11, token, sizeof token), -EINVAL);
}

Test(api_json, what_moderators_may_change_of_a_room_is_told_apart)
{
    struct room_settings s = defaults;
    struct api_room_fields given;
    struct api_error e;
    static const char lock[] = "{\"locked\":true,\"lobby\":true,\"pin\":\"0123\"}";
    cr_assert_eq(api_json_room(lock, sizeof lock - 1, NULL, &s, &given, &e), 0);
    cr_assert(given.locked && given.lobby && given.pin && !given.other);
    cr_assert(s.locked && s.lobby);
    cr_assert_str_eq(s.pin, "0123");
    static const char open[] = "{\"pin\":null,\"agc\":true}";
    cr_assert_eq(api_json_room(open, sizeof open - 1, NULL, &s, &given, &e), 0);
    cr_assert(!given.locked && !given.lobby && given.pin && given.other);
    cr_assert_str_eq(s.pin, "");
    static const char *const bad[] = {"{\"pin\":\"123\"}", "{\"pin\":\"1234567890123\"}",
        "{\"pin\":\"12a4\"}", "{\"pin\":\"\"}", "{\"pin\":1234}", "{\"locked\":null}"};
    for (size_t i = 0; i < N(bad); i++)
        cr_assert_eq(
            api_json_room(bad[i], strlen(bad[i]), NULL, &s, &given, &e), -EINVAL, "%s", bad[i]);
}

Test(api_json, an_arrival)
{
    struct api_arrival a;
    struct api_error e;
    cr_assert_eq(api_json_arrival("{}", 2, &a, &e), 0);
    cr_assert(!*a.name && !*a.pin);
    static const char both[] = "{\"name\":\"Zo\\u00eb\",\"pin\":\"12 34\"}";
    cr_assert_eq(api_json_arrival(both, sizeof both - 1, &a, &e), 0);
    cr_assert_str_eq(a.name, "Zo\xc3\xab");
    cr_assert_str_eq(a.pin, "12 34");
    bool admit = false;
    cr_assert_eq(api_json_admit("{\"admit\":true}", 14, &admit, &e), 0);
    cr_assert(admit);
    cr_assert_eq(api_json_admit("{}", 2, &admit, &e), -EINVAL);
}
