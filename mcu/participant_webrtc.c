/* What a participant's WebRTC session can do beside offer and answer: be named by its secret,
 * restart ICE. [loop: control] */

#include "mcu/rooms_internal.h"
#include "mcu/webrtc.h"
#include "net/sdp/answer.h"
#include "net/sdp/sdp_frag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *participant_secret(const struct participant *p)
{
    return p->secret;
}

/* In constant time: what a wrong guess has in common with a secret is nobody's business. */
static bool same_secret(const char *a, const char *b)
{
    unsigned char differs = 0;
    for (size_t i = 0; i < PARTICIPANT_SECRET_LEN; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return !differs;
}

struct participant *participant_of_secret(struct room *room, const char *secret)
{
    struct participant *p;
    if (strlen(secret) != PARTICIPANT_SECRET_LEN)
        return NULL;
    TAILQ_FOREACH(p, &room->participants, entry)
    if (same_secret(p->secret, secret))
        return p;
    return NULL;
}

void participant_set_line(struct participant *p, bool thin)
{
    p->thin = thin;
}

unsigned participant_ice_generation(const struct participant *p)
{
    return p->ice_generation;
}

bool participant_ice_is(const struct participant *p, const struct ice_credentials *remote)
{
    const struct answer_transport *t = answer_transport(p->answer);
    return t && !strcmp(t->remote.ufrag, remote->ufrag) && !strcmp(t->remote.pwd, remote->pwd);
}

int participant_restart_ice(
    struct participant *p, const struct ice_credentials *remote, char **answer)
{
    const struct rooms *rooms = p->room->rooms;
    struct ice_credentials fresh;
    struct answer_webrtc ours;
    char *text;
    if (!rooms->webrtc || !answer_transport(p->answer))
        return -ENOTSUP;
    int err = webrtc_answer(rooms->webrtc, p->room->media_loop, &fresh, &ours);
    if (!err)
        err = sdp_frag_print(
            &fresh, ours.candidates, ours.n_candidates, answer_transport(p->answer)->mid, &text);
    if (err)
        return err;
    struct answer_transport *next = malloc(sizeof(*next));
    if (!next) {
        free(text);
        return -ENOMEM;
    }
    *next = *answer_transport(p->answer);
    next->local = fresh;
    next->remote = *remote;
    next->ice_restart = true;
    next->new_dtls = false;
    err = leg_restart_ice(p->leg, next);
    if (err) {
        free(next);
        free(text);
        return err;
    }
    answer_restart_ice(p->answer, &fresh, remote);
    p->ice_generation++;
    *answer = text;
    return 0;
}
