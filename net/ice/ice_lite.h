#ifndef NET_ICE_ICE_LITE_H
#define NET_ICE_ICE_LITE_H

/* The ICE agent of one session: lite (RFC 8445), so it never sends a check, only answers. It knows
 * from which addresses its peer has proved to be reachable, and which of them the peer wants to be
 * sent to:
 *
 *   a path that is checked first    is sent to until one is nominated
 *   USE-CANDIDATE                   the newest nomination wins, so that a peer who changes networks
 *                                   is followed at once; with a nomination counter the highest
 *                                   wins, whatever comes late
 *   TCP beside UDP                  a TCP path is not taken within ICE_UDP_HOLD_MS after a UDP path
 *                                   was nominated
 *   silent for ICE_FOLLOW_MS        a path that media comes by is taken: who has moved sends there
 *                                   at once, but nominates it seconds later
 *   silent for ICE_FORSAKEN_MS      a path checked since is taken: a NAT that changed its mind
 *
 * A peer that says it is controlled is told to change (487): we always are, since a lite peer sends
 * no checks at all. Pure: time is passed in. [loop] */

#include "net/addr.h"
#include "net/ice/stun.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ICE_UFRAG_MAX = 256, /* RFC 8839, 5.4 */
    ICE_PWD_MAX = 256,
    ICE_PATHS_MAX = 8, /* of a session; the one unheard for longest makes room */
    ICE_UDP_HOLD_MS = 3000,
    ICE_FOLLOW_MS = 500, /* a sender of DTX is silent for 400 */
    ICE_FORSAKEN_MS = 8000,
    ICE_CONSENT_MS = 30000,    /* RFC 7675 */
    ICE_CHECKS_A_SECOND = 100, /* looked at: of a session's paths, and once more of all others */
};

struct ice_credentials {
    char ufrag[ICE_UFRAG_MAX + 1], pwd[ICE_PWD_MAX + 1];
};
/* From the system's CSPRNG: 48 bits of ufrag, 144 of password. 0 or a negative errno. [any] */
int ice_credentials_make(struct ice_credentials *c);
/* Lengths and characters as RFC 8839, 5.4 wants them. [any] */
bool ice_credentials_ok(const struct ice_credentials *c);

/* Where a packet came from, and by which of our sockets. */
struct ice_route {
    struct net_addr remote;
    uint32_t link; /* the caller's name of a socket or connection, never used twice */
    bool tcp;
};

struct ice_path {
    struct ice_route route; /* remote unset: a free slot */
    uint64_t heard_us;      /* its last check, or packet that proved to be the peer's */
    uint64_t nominated_us;  /* last; 0: never */
};

/* One pair of credentials: what USERNAME must be, and the key. */
struct ice_generation {
    char ufrag[ICE_UFRAG_MAX + 1], remote_ufrag[ICE_UFRAG_MAX + 1];
    struct stun_key key;
};

struct ice_lite_stats {
    uint64_t checks;             /* authenticated and answered */
    uint64_t refused;            /* wrong USERNAME or MESSAGE-INTEGRITY: not answered */
    uint64_t excess;             /* more than ICE_CHECKS_A_SECOND: not looked at */
    uint64_t conflicts, unknown; /* answered 487, 420 */
    uint64_t moves;              /* changes of the selected path */
    uint64_t restarts;
};

struct ice_lite {
    struct ice_generation now, before;
    bool restarting; /* before is still valid */
    struct ice_path paths[ICE_PATHS_MAX];
    int selected; /* index, -1: none */
    bool has_nomination;
    uint32_t nomination; /* highest counter of this generation */
    uint64_t heard_us;   /* of all paths; or the start */
    uint64_t due_us[2];  /* when the next check would be on time, of others and of our paths */
    struct ice_lite_stats stats;
};

enum ice_verdict { ICE_IGNORED, ICE_EXCESS, ICE_REFUSED, ICE_ANSWERED };

/* What a check did. */
struct ice_outcome {
    enum ice_verdict verdict;
    int path;       /* slot of the path it came by; -1: none */
    bool is_new;    /* the slot was given to it just now: what it was before is no path any more */
    bool selected;  /* ice_lite_selected has changed */
    bool confirmed; /* a restart is complete: the old credentials are no longer valid */
};

/* 0, or -EINVAL (credentials). */
int ice_lite_init(struct ice_lite *a, const struct ice_credentials *local,
    const struct ice_credentials *remote, uint64_t now_us);
/* New credentials of both sides. The old ones stay valid until the first check with the new, and
 * the path in use stays until another is nominated. 0, or -EINVAL (the same ufrag as
 * before, …) and nothing has changed. */
int ice_lite_restart(
    struct ice_lite *a, const struct ice_credentials *local, const struct ice_credentials *remote);

/* A binding request. Writes the answer: its length, or 0: no answer (not a request, refused, too
 * many). An answer is never longer than the request. */
size_t ice_lite_check(struct ice_lite *a, const struct stun_message *m, uint8_t *pkt, size_t len,
    const struct ice_route *from, uint64_t now_us, uint8_t out[static STUN_RESPONSE_MAX],
    struct ice_outcome *outcome);

/* The path of a connection that has gone, or whose address is another session's now. True when
 * ice_lite_selected has changed. */
bool ice_lite_forget(struct ice_lite *a, int path);

/* The path to send to, or NULL. */
const struct ice_path *ice_lite_selected(const struct ice_lite *a);
/* Something that came by this path has proved to be the peer's, such as SRTP. It is consent as much
 * as a check is, and all that libnice's clients give once they have nominated. True when
 * ice_lite_selected has changed. */
bool ice_lite_heard(struct ice_lite *a, int path, uint64_t now_us);
/* Consent: the peer was heard within the last ICE_CONSENT_MS, or it is the start. */
bool ice_lite_alive(const struct ice_lite *a, uint64_t now_us);

#endif
