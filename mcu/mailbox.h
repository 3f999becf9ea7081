#ifndef MCU_MAILBOX_H
#define MCU_MAILBOX_H

/* How loops talk: mail posted from any thread is delivered on the loop that owns the box, in the
 * order it was posted. Posting takes no lock and allocates nothing. */

#include <uv.h>

struct mail {
    struct mail *next;
    /* [loop: the receiver] Owns m from here on: frees it or passes it back. */
    void (*deliver)(struct mail *m);
};

struct mailbox;

/* [loop] 0 and a box, or a negative errno. */
int mailbox_create(struct mailbox **mbp, uv_loop_t *loop);
/* [any] The sender may not touch m again. */
void mailbox_post(struct mailbox *mb, struct mail *m);
/* [loop] Delivers what is there, then closes; nothing may be posted any more. */
void mailbox_close(struct mailbox *mb); /* NULL is a no-op; memory goes in uv's close callback */

#endif
