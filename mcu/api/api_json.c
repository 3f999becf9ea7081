#include "mcu/api/api_json.h"

#include "mcu/http/http_guard.h"
#include "mcu/json_text.h"
#include "mcu/names.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fail(struct api_error *e, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static int fail(struct api_error *e, int status, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    e->status = status;
    e->code = code;
    vsnprintf(e->message, sizeof(e->message), format, args);
    va_end(args);
    return -EINVAL;
}

static json_t *parse(const void *body, size_t len, struct api_error *e)
{
    json_error_t why;
    if (json_text_deeper(body, len, API_JSON_DEPTH)) {
        fail(e, 400, "bad_json", "the JSON is nested deeper than %d", API_JSON_DEPTH);
        return NULL;
    }
    json_t *object = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
    if (object && json_is_object(object))
        return object;
    if (object)
        fail(e, 400, "bad_json", "send a JSON object");
    else /* not why.text: it may quote what was sent */
        fail(e, 400, "bad_json", "line %d, column %d: not JSON, or a field given twice", why.line,
            why.column);
    json_decref(object);
    return NULL;
}

enum field_type { FIELD_TEXT, FIELD_TEXT_OR_NULL, FIELD_UINT, FIELD_NUMBER, FIELD_BOOL };
struct field {
    const char *name;
    enum field_type type;
    void *to;        /* char[], unsigned, float or bool */
    double min, max; /* of a text: bytes */
    bool *given;     /* or NULL */
};

static int take_number(const struct field *f, const json_t *value, struct api_error *e)
{
    bool whole = f->type == FIELD_UINT;
    if (whole ? !json_is_integer(value) : !json_is_number(value))
        return fail(e, 422, "bad_field", "%s must be a %snumber", f->name, whole ? "whole " : "");
    double n = json_number_value(value);
    if (!(n >= f->min && n <= f->max))
        return fail(e, 422, "out_of_range", "%s must be %.10g to %.10g", f->name, f->min, f->max);
    if (whole)
        *(unsigned *)f->to = (unsigned)n;
    else
        *(float *)f->to = (float)n;
    return 0;
}

static int take_text(const struct field *f, const json_t *value, struct api_error *e)
{
    if (!json_is_string(value))
        return fail(e, 422, "bad_field", "%s must be a string", f->name);
    size_t len = json_string_length(value);
    if (len < f->min || len > f->max || !http_guard_text(json_string_value(value), len))
        return fail(e, 422, "out_of_range", "%s must be %g to %g bytes without control characters",
            f->name, f->min, f->max);
    memcpy(f->to, json_string_value(value), len + 1);
    return 0;
}

static int take_field(const struct field *f, const json_t *value, struct api_error *e)
{
    if (f->given)
        *f->given = true;
    if (f->type == FIELD_TEXT_OR_NULL && json_is_null(value)) {
        *(char *)f->to = '\0';
        return 0;
    }
    if (f->type == FIELD_TEXT || f->type == FIELD_TEXT_OR_NULL)
        return take_text(f, value, e);
    if (f->type != FIELD_BOOL)
        return take_number(f, value, e);
    if (!json_is_boolean(value))
        return fail(e, 422, "bad_field", "%s must be true or false", f->name);
    *(bool *)f->to = json_is_true(value);
    return 0;
}

static const struct field *find(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static int take_all(
    const void *body, size_t len, const struct field *fields, size_t count, struct api_error *e)
{
    const char *name;
    json_t *value;
    int err = 0;
    json_t *object = parse(body, len, e);
    if (!object)
        return -EINVAL;
    json_object_foreach(object, name, value)
    {
        const struct field *f = find(fields, count, name);
        err = f ? take_field(f, value, e)
                : fail(e, 422, "unknown_field", "openapi.json lists the fields of this body");
        if (err)
            break;
    }
    json_decref(object);
    return err;
}

int api_json_room(const void *body, size_t len, char name[ROOM_NAME_MAX + 1],
    struct room_settings *settings, struct api_room_fields *given, struct api_error *e)
{
    struct room_settings s = *settings;
    struct api_room_fields fields_given = {0};
    unsigned jitter_ms = s.jitter_max_ms;
    char given_name[ROOM_NAME_MAX + 1];
    bool named = false, *other = &fields_given.other;
    const struct field fields[] = {
        {"max_participants", FIELD_UINT, &s.max_participants, 1, 10000, other},
        {"max_speakers", FIELD_UINT, &s.max_speakers, 0, 1000, other},
        {"jitter_max_ms", FIELD_UINT, &jitter_ms, 20, 2000, other},
        {"agc", FIELD_BOOL, &s.agc, 0, 0, other},
        {"denoise", FIELD_BOOL, &s.denoise, 0, 0, other},
        {"first_moderates", FIELD_BOOL, &s.first_moderates, 0, 0, other},
        {"locked", FIELD_BOOL, &s.locked, 0, 0, &fields_given.locked},
        {"lobby", FIELD_BOOL, &s.lobby, 0, 0, &fields_given.lobby},
        {"pin", FIELD_TEXT_OR_NULL, s.pin, ROOM_PIN_MIN, ROOM_PIN_MAX, &fields_given.pin},
        {"name", FIELD_TEXT, given_name, 1, ROOM_NAME_MAX, &named},
    };
    size_t count = sizeof(fields) / sizeof(fields[0]);
    int err = take_all(body, len, fields, name ? count : count - 1, e);
    if (err)
        return err;
    if (name && (!named || !room_name_ok(given_name)))
        return fail(e, 422, "bad_name", "name must be 1 to %d of A-Z a-z 0-9 . _ -", ROOM_NAME_MAX);
    if (*s.pin && !room_pin_ok(s.pin))
        return fail(e, 422, "bad_pin", "pin must be %d to %d digits, or null for none",
            ROOM_PIN_MIN, ROOM_PIN_MAX);
    if (name)
        strcpy(name, given_name);
    s.jitter_max_ms = jitter_ms;
    *settings = s;
    *given = fields_given;
    return 0;
}

static int take_role(const char *text, enum role *role, struct api_error *e)
{
    *role = role_parse(text);
    return *role ? 0 : fail(e, 422, "bad_role", "role must be viewer, participant or moderator");
}

int api_json_change(const void *body, size_t len, struct api_change *out, struct api_error *e)
{
    struct api_change change = {0};
    char role[16], name[PARTICIPANT_NAME_MAX + 1];
    bool has_role = false, has_name = false, asks = false;
    const struct field fields[] = {
        {"muted", FIELD_BOOL, &change.muted, 0, 0, &change.has_muted},
        {"deaf", FIELD_BOOL, &change.deaf, 0, 0, &change.has_deaf},
        {"gain_db", FIELD_NUMBER, &change.gain_db, -40, 20, &change.has_gain},
        {"hand", FIELD_BOOL, &change.hand, 0, 0, &change.has_hand},
        {"ask_unmute", FIELD_BOOL, &change.ask_unmute, 0, 0, &asks},
        {"role", FIELD_TEXT, role, 1, sizeof(role) - 1, &has_role},
        {"name", FIELD_TEXT, name, 1, PARTICIPANT_NAME_MAX, &has_name},
    };
    int err = take_all(body, len, fields, sizeof(fields) / sizeof(fields[0]), e);
    if (!err && has_role)
        err = take_role(role, &change.role, e);
    if (err)
        return err;
    if (has_name && (!names_clean(name, change.name) || !*change.name))
        return fail(e, 422, "bad_name", "name must have something to be seen");
    if (asks && !change.ask_unmute)
        return fail(e, 422, "out_of_range", "ask_unmute can only be true");
    if (!change.has_muted && !change.has_deaf && !change.has_gain && !change.has_hand && !asks &&
        !has_role && !has_name)
        return fail(e, 422, "nothing_to_change",
            "send muted, deaf, gain_db, hand, ask_unmute, role or name");
    *out = change;
    return 0;
}

int api_json_arrival(const void *body, size_t len, struct api_arrival *out, struct api_error *e)
{
    struct api_arrival arrival = {0};
    const struct field fields[] = {
        {"name", FIELD_TEXT, arrival.name, 0, PARTICIPANT_NAME_MAX, NULL},
        {"pin", FIELD_TEXT, arrival.pin, 0, API_PIN_MAX, NULL},
    };
    int err = take_all(body, len, fields, sizeof(fields) / sizeof(fields[0]), e);
    if (!err)
        *out = arrival;
    return err;
}

int api_json_admit(const void *body, size_t len, bool *admit, struct api_error *e)
{
    bool value = false, given = false;
    const struct field field = {"admit", FIELD_BOOL, &value, 0, 0, &given};
    int err = take_all(body, len, &field, 1, e);
    if (err)
        return err;
    if (!given)
        return fail(e, 422, "nothing_to_change", "send admit");
    *admit = value;
    return 0;
}

int api_json_digits(
    const void *body, size_t len, char digits[API_DIGITS_MAX + 1], struct api_error *e)
{
    char text[API_DIGITS_MAX + 1] = "";
    const struct field field = {"digits", FIELD_TEXT, text, 1, API_DIGITS_MAX, NULL};
    int err = take_all(body, len, &field, 1, e);
    if (err)
        return err;
    if (!*text || text[strspn(text, "0123456789ABCD*#")])
        return fail(e, 422, "bad_digits", "digits must be 1 to %d of 0-9 A-D * #", API_DIGITS_MAX);
    strcpy(digits, text);
    return 0;
}

int api_json_sound(const void *body, size_t len, char sound[API_SOUND_MAX + 1], struct api_error *e)
{
    char text[API_SOUND_MAX + 1] = "";
    const struct field field = {"sound", FIELD_TEXT, text, 1, API_SOUND_MAX, NULL};
    int err = take_all(body, len, &field, 1, e);
    if (err)
        return err;
    if (!room_name_ok(text) || *text == '.')
        return fail(e, 422, "bad_sound",
            "sound must be a file's name of A-Z a-z 0-9 . _ - that starts with no dot");
    strcpy(sound, text);
    return 0;
}

int api_json_link(const void *body, size_t len, struct api_link *out, struct api_error *e)
{
    char role[16] = "participant";
    unsigned expires_s = API_LINK_DEFAULT_S;
    const struct field fields[] = {
        {"role", FIELD_TEXT, role, 1, sizeof(role) - 1, NULL},
        {"expires_s", FIELD_UINT, &expires_s, API_LINK_MIN_S, API_LINK_MAX_S, NULL},
    };
    int err = take_all(body, len, fields, sizeof(fields) / sizeof(fields[0]), e);
    if (err)
        return err;
    if (!role_parse(role))
        return fail(e, 422, "bad_role", "role must be viewer, participant or moderator");
    *out = (struct api_link){role_parse(role), expires_s};
    return 0;
}

int api_json_token(const void *body, size_t len, char *token, size_t cap)
{
    struct api_error e;
    json_t *object = parse(body, len, &e);
    const json_t *text = json_object_get(object, "token");
    size_t size = json_string_length(text);
    bool ok = json_object_size(object) == 1 && size && size < cap;
    if (ok)
        memcpy(token, json_string_value(text), size + 1);
    json_decref(object);
    return ok ? 0 : -EINVAL;
}
