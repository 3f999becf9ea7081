#include "mcu/access/claims.h"

#include "mcu/http/http_guard.h"
#include "mcu/rooms.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)GRANT_ROOM_MAX == (int)ROOM_NAME_MAX, "a grant holds any room's name");
_Static_assert((int)GRANT_NAME_MAX == (int)PARTICIPANT_NAME_MAX, "and any participant's");
_Static_assert((int)GRANT_SUB_LEN == (int)PARTICIPANT_ID_LEN, "and id");

bool claims_text(const json_t *object, const char *name, char *out, size_t cap)
{
    const json_t *value = json_object_get(object, name);
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len >= cap || !http_guard_text(json_string_value(value), len))
        return false;
    memcpy(out, json_string_value(value), len + 1);
    return true;
}

bool claims_room(const json_t *claims, char room[GRANT_ROOM_MAX + 1])
{
    return claims_text(claims, "room", room, GRANT_ROOM_MAX + 1) &&
           (!strcmp(room, "*") || room_name_ok(room));
}

static bool is_word(const json_t *value, const char *word)
{
    return json_is_string(value) && !strcmp(json_string_value(value), word);
}

static bool is_yes(const json_t *value)
{
    return json_is_true(value) || is_word(value, "true");
}

static enum role read_role(const json_t *user)
{
    const json_t *role = json_object_get(user, "role");
    if (is_word(role, "viewer") || is_word(role, "visitor"))
        return ROLE_VIEWER;
    return is_yes(json_object_get(user, "moderator")) ? ROLE_MODERATOR : ROLE_PARTICIPANT;
}

/* Cut between two characters (RFC 3629, 3). */
static void read_name(const json_t *user, char name[GRANT_NAME_MAX + 1])
{
    const json_t *value = json_object_get(user, "name");
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (!text || !http_guard_text(text, len))
        return;
    if (len > GRANT_NAME_MAX)
        for (len = GRANT_NAME_MAX; ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            ;
    memcpy(name, text, len);
    name[len] = '\0';
}

static unsigned read_features(const json_t *features)
{
    static const char *const names[] = {
        "recording", "outbound-call", "screen-sharing", "livestreaming"};
    unsigned bits = 0;
    if (!json_is_object(features))
        return GRANT_FEATURES_ALL;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_yes(json_object_get(features, names[i])))
            bits |= 1u << i;
    return bits;
}

static void print_digest(const void *bytes, size_t len, char user[GRANT_USER_LEN + 1])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, len, digest);
    for (int i = 0; i < GRANT_USER_LEN / 2; i++)
        snprintf(user + i * 2, 3, "%02x", digest[i]);
}

/* Two users whom different issuers call the same are two. 0 or -ENOMEM. */
static int name_user(const json_t *claims, const json_t *id, const char *token, size_t len,
    char user[GRANT_USER_LEN + 1])
{
    if (!json_string_length(id)) {
        print_digest(token, len, user);
        return 0;
    }
    json_t *pair = json_pack("[O?, O]", json_object_get(claims, "iss"), id);
    char *text = pair ? json_dumps(pair, JSON_COMPACT) : NULL;
    json_decref(pair);
    if (!text)
        return -ENOMEM;
    print_digest(text, strlen(text), user);
    free(text);
    return 0;
}

int claims_read(const json_t *claims, const char *text, size_t len, struct grant *out)
{
    struct grant g = {.kind = GRANT_JWT, .via = GRANT_JWT};
    const json_t *context = json_object_get(claims, "context");
    const json_t *user = json_object_get(context, "user");
    if (!claims_room(claims, g.room))
        return -EBADMSG;
    g.role = read_role(user);
    g.admitted = g.role == ROLE_MODERATOR;
    g.features = read_features(json_object_get(context, "features"));
    read_name(user, g.name);
    int err = name_user(claims, json_object_get(user, "id"), text, len, g.user);
    if (!err)
        *out = g;
    return err;
}
