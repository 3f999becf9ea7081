#ifndef MCU_API_API_JSON_H
#define MCU_API_API_JSON_H

/* The JSON bodies of the API: read with bounded depth, no duplicate and no unknown fields, every
 * value of its type and in range. Pure. [any] */

#include "mcu/access/grant.h"
#include "mcu/rooms.h"

enum { API_DIGITS_MAX = 32, API_SOUND_MAX = 64, API_PIN_MAX = 64, API_JSON_DEPTH = 8 };
enum { API_LINK_DEFAULT_S = 86400, API_LINK_MIN_S = 60, API_LINK_MAX_S = 366 * 86400 };

/* Why a body was refused: 400 is no JSON, 422 is JSON that makes no sense. */
struct api_error {
    int status;
    const char *code;
    char message[192];
};

/* Which fields of a room a body gave: those of moderators, and the admin's. */
struct api_room_fields {
    bool locked, lobby, pin, other;
};
/* {"name":…, "max_participants":…, "max_speakers":…, "jitter_max_ms":…, "agc":…, "denoise":…,
 * "first_moderates":…, "locked":…, "lobby":…, "pin":"1234" or null};
 * name is a must if it is asked for (not NULL), else it is no field. settings holds the defaults.
 * 0, or -EINVAL with *e, and settings untouched. */
int api_json_room(const void *body, size_t len, char name[ROOM_NAME_MAX + 1],
    struct room_settings *settings, struct api_room_fields *given, struct api_error *e);

struct api_change {
    bool has_muted, muted;
    bool has_deaf, deaf;
    bool has_gain;
    float gain_db;
    bool has_hand, hand;
    bool ask_unmute;
    enum role role;                      /* ROLE_NONE: not given */
    char name[PARTICIPANT_NAME_MAX + 1]; /* cleaned; "": not given */
};
/* {"muted":…, "deaf":…, "gain_db":…, "hand":…, "ask_unmute":true, "role":…, "name":…}, at least
 * one. */
int api_json_change(const void *body, size_t len, struct api_change *out, struct api_error *e);

struct api_arrival {
    char name[PARTICIPANT_NAME_MAX + 1]; /* as sent; "": not given */
    char pin[API_PIN_MAX + 1];
};
/* {"name":…, "pin":…}, both optional. */
int api_json_arrival(const void *body, size_t len, struct api_arrival *out, struct api_error *e);

/* {"admit":…} */
int api_json_admit(const void *body, size_t len, bool *admit, struct api_error *e);

/* {"digits":"12#"} */
int api_json_digits(
    const void *body, size_t len, char digits[API_DIGITS_MAX + 1], struct api_error *e);

/* {"sound":"welcome.wav"}: a file's name, no path. */
int api_json_sound(
    const void *body, size_t len, char sound[API_SOUND_MAX + 1], struct api_error *e);

struct api_link {
    enum role role; /* viewer to moderator */
    unsigned expires_s;
};
/* {"role":…, "expires_s":…}, both optional: participant, a day. */
int api_json_link(const void *body, size_t len, struct api_link *out, struct api_error *e);

/* {"token":"…"}: the first message of an event client. The text is put into token. */
int api_json_token(const void *body, size_t len, char *token, size_t cap);

#endif
