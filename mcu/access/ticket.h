#ifndef MCU_ACCESS_TICKET_H
#define MCU_ACCESS_TICKET_H

/* The claims of the tokens the server issues itself.
 *   ticket  {"aud":"mischpult-ticket", "sub", "room", "role", "name", "adm", "via", "usr", "feat",
 *            "iat", "exp"}: one person in one meeting
 *   link    {"aud":"mischpult-link", "jti", "room", "role", "mtg", "iat", "exp"}: a guest link, for
 *            many; mtg: in the meeting it was made in only
 * Pure. [any] */

#include "mcu/access/grant.h"

#include <jansson.h>

/* The claims, for the caller to release; NULL: no memory. */
json_t *ticket_claims(const struct grant *g, uint64_t now_unix, uint64_t expires);
json_t *ticket_link_claims(const char *id, const char *room, enum role role, bool of_meeting,
    uint64_t now_unix, uint64_t expires);

/* What the claims of either stand for; issued and expires are left to the caller. 0; -EBADMSG: they
 * are not whole; -EKEYREJECTED: for another audience. */
int ticket_read(const json_t *claims, struct grant *out);

#endif
