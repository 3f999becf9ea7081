#ifndef NET_SDP_ANSWER_INTERNAL_H
#define NET_SDP_ANSWER_INTERNAL_H

/* What the parts of answer.c share: answer_plain.c, answer_webrtc.c and their helpers. [any] */

#include "net/sdp/answer.h"

enum {
    ANSWER_MAX_TRIES = 8, /* audio lines looked into: each reads the session's attributes again */
};

struct answer {
    char *text;
    struct answer_audio audio;
    bool webrtc;
    struct answer_transport transport; /* if webrtc */
    uint64_t id, version;              /* of o= */
};

/* What making one answer needs. */
struct answer_maker {
    const struct answer_config *cfg;
    const struct answer *prev; /* NULL: first answer */
    const struct sdp *offer;
    struct sdp_error *why;
};

int answer_fail(struct answer_maker *m, int error, const char *text); /* sets *why; error */
int answer_random(const struct answer_config *cfg, void *buf, size_t n);
/* What they send we receive and the other way round; nothing is sent into a hold. */
void answer_pick_direction(const struct sdp_audio *offer, bool hold, struct answer_audio *out);
bool answer_is_audio(const struct sdp_media *media);

/* Tries one m= line: 0 and *out filled, or an error with *why set. */
typedef int answer_try_fn(struct answer_maker *m, size_t index, struct answer_audio *out);
/* The m= line in use if it can still be used, else the first that can, but one that is_best says
 * yes to (NULL: any) before others. Blames the first that cannot. */
int answer_choose_media(struct answer_maker *m, answer_try_fn *try_media,
    bool (*is_best)(const struct answer_audio *a), struct answer_audio *out);

/* Each fills audio, transport and text of an answer whose id and version are set. */
int answer_make_plain(struct answer_maker *m, struct answer *a);
int answer_make_webrtc(struct answer_maker *m, struct answer *a);
/* Whether an m= line is to be carried by ICE and DTLS. */
bool answer_line_is_webrtc(const struct sdp *offer, const struct sdp_media *media);

#endif
