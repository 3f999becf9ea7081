/* The JSON bodies of the API: what is taken is within its bounds, what is refused has a reason. The
 * first byte chooses the body. */

#include "mcu/api/api_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check(int err, const struct api_error *e)
{
    if (err)
        require((e->status == 400 || e->status == 422) && *e->code && *e->message &&
                memchr(e->message, 0, sizeof e->message));
}

static void try_room(const uint8_t *data, size_t size)
{
    struct room_settings s = {.max_participants = 1, .jitter_max_ms = 20};
    struct api_error e = {0};
    char name[ROOM_NAME_MAX + 1];
    struct api_room_fields given;
    int err = api_json_room(data, size, name, &s, &given, &e);
    check(err, &e);
    require(err || room_name_ok(name));
    require(s.max_participants >= 1 && s.max_participants <= 10000);
    require(s.max_speakers <= 1000 && s.jitter_max_ms >= 20 && s.jitter_max_ms <= 2000);
}

static void try_change(const uint8_t *data, size_t size)
{
    struct api_change c = {0};
    struct api_error e = {0};
    check(api_json_change(data, size, &c, &e), &e);
    require(c.gain_db >= -40 && c.gain_db <= 20);
}

static void try_texts(const uint8_t *data, size_t size)
{
    struct api_error e = {0};
    char digits[API_DIGITS_MAX + 1] = "", sound[API_SOUND_MAX + 1] = "", token[16] = "";
    check(api_json_digits(data, size, digits, &e), &e);
    check(api_json_sound(data, size, sound, &e), &e);
    struct api_arrival arrival;
    check(api_json_arrival(data, size, &arrival, &e), &e);
    bool admit;
    check(api_json_admit(data, size, &admit, &e), &e);
    api_json_token(data, size, token, sizeof token);
    require(digits[strspn(digits, "0123456789ABCD*#")] == 0);
    require(!strchr(sound, '/') && *sound != '.');
    require(strlen(token) < sizeof token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(const uint8_t *, size_t) = {try_room, try_change, try_texts};
    if (!size)
        return 0;
    uint8_t *body = malloc(size); /* exactly as long as it is, without a NUL */
    require(body != NULL);
    memcpy(body, data + 1, size - 1);
    tries[data[0] % 3](body, size - 1);
    free(body);
    return 0;
}
