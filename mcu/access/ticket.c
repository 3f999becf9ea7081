#include "mcu/access/ticket.h"

#include "mcu/access/claims.h"
#include "mcu/access/jwt.h"

#include <errno.h>
#include <string.h>

#define TICKET "mischpult-ticket"
#define LINK   "mischpult-link"

static const char *const kinds[GRANT_KINDS] = {"", "", "jwt", "link", "", "pin", "guest"};

json_t *ticket_claims(const struct grant *g, uint64_t now_unix, uint64_t expires)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:I, s:I}", "aud", TICKET,
        "sub", g->sub, "room", g->room, "role", role_name(g->role), "name", g->name, "adm",
        g->admitted, "via", kinds[g->kind == GRANT_TICKET ? g->via : g->kind], "usr",
        *g->user ? g->user : g->sub, "feat", (int)g->features, "iat", (json_int_t)now_unix, "exp",
        (json_int_t)expires);
}

json_t *ticket_link_claims(const char *id, const char *room, enum role role, bool of_meeting,
    uint64_t now_unix, uint64_t expires)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:I}", "aud", LINK, "jti", id, "room", room,
        "role", role_name(role), "mtg", of_meeting, "iat", (json_int_t)now_unix, "exp",
        (json_int_t)expires);
}

static enum grant_kind parse_via(const json_t *claims)
{
    const char *via = json_string_value(json_object_get(claims, "via"));
    for (int i = 0; via && i < GRANT_KINDS; i++)
        if (*via && !strcmp(via, kinds[i]))
            return (enum grant_kind)i;
    return GRANT_NONE;
}

static int read_ticket(const json_t *claims, struct grant *g)
{
    g->kind = GRANT_TICKET;
    g->via = parse_via(claims);
    g->admitted = json_is_true(json_object_get(claims, "adm"));
    g->features = (unsigned)json_integer_value(json_object_get(claims, "feat"));
    bool whole = claims_text(claims, "sub", g->sub, sizeof(g->sub)) &&
                 strlen(g->sub) == GRANT_SUB_LEN && *g->room != '*' && g->via &&
                 claims_text(claims, "usr", g->user, sizeof(g->user)) && *g->user &&
                 claims_text(claims, "name", g->name, sizeof(g->name));
    return whole ? 0 : -EBADMSG;
}

static int read_link(const json_t *claims, struct grant *g)
{
    g->kind = g->via = GRANT_LINK;
    g->admitted = g->role == ROLE_MODERATOR;
    g->of_meeting = json_is_true(json_object_get(claims, "mtg"));
    g->features = GRANT_FEATURES_ALL;
    bool whole = claims_text(claims, "jti", g->user, sizeof(g->user)) && *g->user;
    return whole ? 0 : -EBADMSG;
}

int ticket_read(const json_t *claims, struct grant *out)
{
    struct grant g = {0};
    const char *role = json_string_value(json_object_get(claims, "role"));
    g.role = role ? role_parse(role) : ROLE_NONE;
    if (!g.role || !claims_room(claims, g.room))
        return -EBADMSG;
    int err = -EKEYREJECTED;
    if (jwt_audience(claims, TICKET))
        err = read_ticket(claims, &g);
    else if (jwt_audience(claims, LINK))
        err = read_link(claims, &g);
    if (!err)
        *out = g;
    return err;
}
