#ifndef MIXER_ROOM_H
#define MIXER_ROOM_H

/* What the files of the mixer share: a room and its legs. Private to mixer/. [loop] */

#include "mixer/group.h"
#include "mixer/history.h"
#include "mixer/legs.h"
#include "mixer/limiter.h"
#include "mixer/load.h"
#include "mixer/mixer.h"
#include "mixer/output.h"
#include "mixer/speakers.h"
#include "mixer/voice.h"

#define MIXER_NEVER UINT64_MAX

struct mixer_leg {
    /* all that a silent listener costs in a tick: */
    mixer_packet_fn *packet;
    void *arg;
    uint64_t next_ms; /* where the packet after its last one begins, or MIXER_NEVER */

    struct mixer *m;
    struct voice *voice;       /* NULL: never speaks */
    struct group *home;        /* serves it, or will when it is silent; NULL: never hears */
    struct group *next;        /* is to become home */
    struct output *next_chain; /* for that, if one will be needed */
    struct output_format want;
    bool deaf; /* wanted */
    bool announces;
    bool told_talking;
    int place[LEGS_KINDS]; /* in sets */

    /* while it has an encoder of its own: */
    struct output *own;
    struct limiter limiter;
    struct pcm_gain ear; /* of this tick; 0 for who hears nothing */
    unsigned same_ticks; /* on end for which it heard just what its group heard … */
    unsigned alike;      /* … and packets, the last on end, that were just its group's */
};

struct mixer {
    struct mixer_config config;
    mixer_talking_fn *talking;
    void *arg;
    uint64_t tick, now_us;
    uint64_t missed; /* ticks given up that the clock has not moved by yet */
    struct load load;
    struct groups groups;
    struct legs live, dormant, own, pending;
    struct speaker **candidates; /* as many as there is room for in live */
    unsigned polled;             /* the dormant are polled in turn */
    struct speakers speakers;
    struct limiter limiter; /* of the full mix */
    struct history history;
    float loudness_db;                   /* of the full mix of late, dBov */
    unsigned silent_ticks;               /* of the full mix, on end */
    unsigned in_mix, voices;             /* of this tick; of them those with voice now */
    bool tail;                           /* farewell holds something */
    float farewell[MIXER_FRAME_SAMPLES]; /* the last of those who left, for the next tick */
    float mix[MIXER_FRAME_SAMPLES];
    struct mixer_stats stats;
};

#endif
