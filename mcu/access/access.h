#ifndef MCU_ACCESS_ACCESS_H
#define MCU_ACCESS_ACCESS_H

/* Turns a bearer (admin token, JWT of the configured issuer, guest link, ticket) into a grant, and
 * issues tickets and links, signed with the server's own key. RFC 7519, 6750. [control] */

#include "mcu/access/grant.h"

#include <stddef.h>

struct access;
struct config;
struct token;

enum {
    ACCESS_BEARER_MAX = 8192, /* bytes of a bearer; a longer one is malformed */
    ACCESS_TOKEN_MAX = 1024,  /* bytes of one we issue, with its NUL */
    ACCESS_WHY_MAX = 640,
};

/* Reads the keys the configuration names and the server's own (made if there is none). cfg and
 * admin are borrowed. 0 or a negative errno; *why then says what to do, in why_cap bytes. */
int access_create(struct access **ap, const struct config *cfg, const struct token *admin,
    char *why, size_t why_cap);
void access_destroy(struct access *a); /* NULL is a no-op */

/* 0 and *out; else *out is untouched:
 *   -EBADMSG       not a token at all, or one whose claims make no sense
 *   -EACCES        its signature, or its algorithm, is not by any key of ours
 *   -EKEYEXPIRED   genuine, but its time is over
 *   -EAGAIN        genuine, but its time has not come (nbf)
 *   -EKEYREJECTED  genuine, but for another audience or by another issuer
 *   -ENOMEM */
int access_resolve(struct access *a, const char *bearer, size_t len, struct grant *out);
int access_resolve_at(
    struct access *a, const char *bearer, size_t len, uint64_t now_unix, struct grant *out);

/* A ticket for g, whose sub, room, role (not admin) and name must be set; g->user "" becomes the
 * sub. It ends ticket_hours from now, but one that is issued for a ticket (g->kind) ends when that
 * one does. *expires (may be NULL) is told. 0, -EINVAL, -ENOBUFS, -ENOMEM. */
int access_ticket(
    struct access *a, const struct grant *g, char *out, size_t cap, uint64_t *expires);

/* A guest link's token: role is viewer, participant or moderator, of_meeting: good until the room
 * is closed, expires is Unix time. 0, -EINVAL (role, or a bad room), -ENOBUFS, -ENOMEM. */
int access_link(struct access *a, const char *room, enum role role, bool of_meeting,
    uint64_t expires, char *out, size_t cap);

/* Whether who has this grant (NULL: none) need not say the room's PIN: all but guests. A ticket is
 * only issued to who has said it. */
bool access_skips_pin(const struct grant *g);

#endif
