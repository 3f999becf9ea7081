#ifndef MCU_VISITORS_H
#define MCU_VISITORS_H

/* What a room remembers of those who came, by the key of their grant (a participant's id or a
 * user): kicked, refused, let in, promoted. Bounded: the one not looked at for the longest is
 * forgotten, of those who were not kicked as long as there are any. Pure. [any] */

#include "mcu/access/grant.h"

#include <sys/queue.h>

enum { VISITORS_MAX = 4096 };

struct visitor {
    TAILQ_ENTRY(visitor) entry;
    char key[GRANT_USER_LEN + 1];
    bool kicked, refused, admitted;
    enum role role; /* given in the room; ROLE_NONE: as the grant says */
};

struct visitors {
    TAILQ_HEAD(visitor_list, visitor) list; /* latest first */
    unsigned count;
};

void visitors_init(struct visitors *v);
void visitors_fini(struct visitors *v);
/* NULL: nothing is known of key. */
const struct visitor *visitors_find(const struct visitors *v, const char *key);
/* The entry of key (not ""), made if need be; to be written to. NULL: no memory. */
struct visitor *visitors_note(struct visitors *v, const char *key);

#endif
