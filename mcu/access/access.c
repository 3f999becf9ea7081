#include "mcu/access/access.h"

#include "mcu/access/claims.h"
#include "mcu/access/jwt.h"
#include "mcu/access/ticket.h"
#include "mcu/api/token.h"
#include "mcu/config.h"
#include "mcu/random.h"
#include "mcu/rooms.h"
#include "mcu/secret_file.h"
#include "mcu/state.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    OWN_KEY = 0, /* of the keys: the first is the server's own */
    KEY_BYTES = 33,
    PEM_MAX = 65536,
    LINK_ID_LEN = 16,
};

struct access {
    const struct config *cfg;
    const struct token *admin;
    struct jwt_keys *keys;
};

/* --- keys ------------------------------------------------------------------------------------- */
/* A server that was given its admin token may have no place to keep a file: its tickets then end
 * with it. */
static int add_own_key(struct access *a, char *why, size_t why_cap)
{
    char path[STATE_PATH_MAX] = "", text[SECRET_FILE_TEXT_MAX];
    size_t len = JWT_SECRET_MIN;
    bool generated;
    int err = state_path(path, a->cfg, "ticket_key");
    if (!err)
        err = secret_file_load(path, JWT_SECRET_MIN, KEY_BYTES, text, &len, &generated);
    if (*a->cfg->admin_token && (err == -ENOENT || err == -EACCES || err == -EROFS))
        err = random_bytes(text, len);
    if (!err)
        err = jwt_keys_add_secret(a->keys, text, len);
    OPENSSL_cleanse(text, sizeof(text));
    if (err == -EPERM)
        snprintf(why, why_cap, "%s: others may read it; chmod 600 it, or remove it", path);
    else if (err == -EINVAL)
        snprintf(why, why_cap, "%s: holds no key; remove it for a new one", path);
    else if (err < 0)
        snprintf(why, why_cap, "ticket_key: %s %s", path, strerror(-err));
    return err < 0 ? err : 0;
}

static int add_secret(struct access *a, char *why, size_t why_cap)
{
    const char *secret = a->cfg->jwt_secret;
    int err = *secret ? jwt_keys_add_secret(a->keys, secret, strlen(secret)) : 0;
    if (err == -EINVAL)
        snprintf(why, why_cap, "jwt_secret: is shorter than %d characters", JWT_SECRET_MIN);
    else if (err < 0)
        snprintf(why, why_cap, "jwt_secret: %s", strerror(-err));
    return err < 0 ? err : 0;
}

static int read_pem(const char *path, char *pem, size_t *len)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    *len = fread(pem, 1, PEM_MAX, in);
    int err = ferror(in) ? -EIO : *len == PEM_MAX ? -EFBIG : 0;
    fclose(in);
    return err;
}

static int add_public_keys(struct access *a, char *why, size_t why_cap)
{
    const char *path = a->cfg->jwt_public_key;
    size_t len = 0;
    if (!*path)
        return 0;
    char *pem = malloc(PEM_MAX);
    int err = pem ? read_pem(path, pem, &len) : -ENOMEM;
    int added = err ? err : jwt_keys_add_pem(a->keys, pem, len);
    free(pem);
    if (added == -EINVAL)
        snprintf(why, why_cap, "jwt_public_key: %s: wanted is PEM with BEGIN PUBLIC KEY", path);
    else if (added == -ENOTSUP)
        snprintf(why, why_cap,
            "jwt_public_key: %s: a key is neither RSA of 2048 to 8192 bits (RS256) nor P-256 "
            "(ES256)",
            path);
    else if (added == -ENOSPC)
        snprintf(why, why_cap, "jwt_public_key: %s: holds too many keys", path);
    else if (added < 0)
        snprintf(why, why_cap, "jwt_public_key: %s: %s", path, strerror(-added));
    return added < 0 ? added : 0;
}

int access_create(struct access **ap, const struct config *cfg, const struct token *admin,
    char *why, size_t why_cap)
{
    struct access *a = calloc(1, sizeof(*a));
    int err = a ? jwt_keys_create(&a->keys) : -ENOMEM;
    if (err) {
        free(a);
        snprintf(why, why_cap, "%s", strerror(-err));
        return err;
    }
    a->cfg = cfg;
    a->admin = admin;
    err = add_own_key(a, why, why_cap);
    if (!err)
        err = add_secret(a, why, why_cap);
    if (!err)
        err = add_public_keys(a, why, why_cap);
    if (err)
        access_destroy(a);
    else
        *ap = a;
    return err;
}

void access_destroy(struct access *a)
{
    if (a)
        jwt_keys_destroy(a->keys);
    free(a);
}

/* --- in --------------------------------------------------------------------------------------- */
static int check_issuer(const struct config *cfg, const json_t *claims)
{
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    if (*cfg->jwt_issuer && (!issuer || strcmp(issuer, cfg->jwt_issuer)))
        return -EKEYREJECTED;
    if (*cfg->jwt_audience && !jwt_audience(claims, cfg->jwt_audience))
        return -EKEYREJECTED;
    return 0;
}

static int resolve_jwt(
    const struct access *a, const char *text, size_t len, uint64_t now_unix, struct grant *out)
{
    json_t *claims;
    struct grant g;
    uint64_t expires = 0;
    int key = jwt_verify(a->keys, text, len, &claims);
    if (key < 0)
        return key;
    int err = key == OWN_KEY ? 0 : check_issuer(a->cfg, claims);
    if (!err)
        err = jwt_times(claims, now_unix, &expires);
    const uint64_t issued = jwt_issued(claims);
    if (!err)
        err = key == OWN_KEY ? ticket_read(claims, &g) : claims_read(claims, text, len, &g);
    json_decref(claims);
    if (err)
        return err;
    g.issued = issued;
    g.expires = expires;
    *out = g;
    return 0;
}

int access_resolve_at(
    struct access *a, const char *bearer, size_t len, uint64_t now_unix, struct grant *out)
{
    static const struct grant admin = {.role = ROLE_ADMIN,
        .kind = GRANT_ADMIN,
        .via = GRANT_ADMIN,
        .room = "*",
        .admitted = true,
        .features = GRANT_FEATURES_ALL};
    if (!token_matches(a->admin, bearer, len))
        return resolve_jwt(a, bearer, len, now_unix, out);
    *out = admin;
    return 0;
}

static uint64_t now(void)
{
    return (uint64_t)time(NULL);
}

int access_resolve(struct access *a, const char *bearer, size_t len, struct grant *out)
{
    return access_resolve_at(a, bearer, len, now(), out);
}

/* --- out -------------------------------------------------------------------------------------- */
/* Releases the claims. */
static int issue(const struct access *a, json_t *claims, char *out, size_t cap)
{
    int n = claims ? jwt_sign(a->keys, OWN_KEY, claims, out, cap) : -ENOMEM;
    json_decref(claims);
    return n < 0 ? n : 0;
}

int access_ticket(struct access *a, const struct grant *g, char *out, size_t cap, uint64_t *expires)
{
    bool guest = g->role >= ROLE_VIEWER && g->role <= ROLE_MODERATOR;
    bool kind = g->kind > GRANT_ADMIN && g->kind < GRANT_KINDS;
    if (!guest || !kind || strlen(g->sub) != GRANT_SUB_LEN || !room_name_ok(g->room))
        return -EINVAL;
    uint64_t start = now();
    uint64_t end = g->kind == GRANT_TICKET ? g->expires : start + a->cfg->ticket_hours * 3600u;
    int err = issue(a, ticket_claims(g, start, end), out, cap);
    if (!err && expires)
        *expires = end;
    return err;
}

int access_link(struct access *a, const char *room, enum role role, bool of_meeting,
    uint64_t expires, char *out, size_t cap)
{
    char id[LINK_ID_LEN + 1];
    if (role < ROLE_VIEWER || role > ROLE_MODERATOR || !room_name_ok(room))
        return -EINVAL;
    int err = random_id(id, LINK_ID_LEN);
    return err ? err
               : issue(a, ticket_link_claims(id, room, role, of_meeting, now(), expires), out, cap);
}

bool access_skips_pin(const struct grant *g)
{
    return g && g->kind != GRANT_NONE && g->kind != GRANT_GUEST;
}
