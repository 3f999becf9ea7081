#ifndef MIXER_MIXER_H
#define MIXER_MIXER_H

/* The audio of one room: every leg hears the sum of the current speakers less its own voice.
 * Legs that are not speakers and share (codec, parameters) form a group that is encoded once a
 * tick; a speaker has an encoder of its own, which takes over from its group's unheard. Pure: time
 * is passed in, packets leave by callback. [loop]
 *
 * The caller's beat, every 20 ms:  mixer_tick  →  send what it gave  →  mixer_prepare.
 * The tick allocates nothing; mixer_prepare makes the encoders the next ticks may need. Callbacks
 * must not call back into the mixer. */

#include "codecs/acodec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MIXER_RATE_HZ = 48000,
    MIXER_TICK_MS = 20,
    MIXER_FRAME_SAMPLES = 960,
    MIXER_LEVEL_SILENT = 127, /* -dBov as RFC 6464 counts: 0 loudest, 127 silent */
};

struct mixer;
struct mixer_leg;

struct mixer_config {
    unsigned max_speakers; /* voices in the mix at once; 0: no limit; default 5 */
    uint8_t complexity;    /* ceiling of the encoders' complexity, default 5 */
};

/* Where a leg's voice comes from. All run inside the tick: no malloc, lock, log or syscall. A
 * source that says idle is neither pulled nor skipped until it wakes. */
enum mixer_pull { MIXER_PULL_NOTHING, MIXER_PULL_SPEECH, MIXER_PULL_NOISE };
struct mixer_source {
    enum mixer_pull (*pull)(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg);
    void (*skip)(uint64_t now_us, void *arg); /* a tick passes unheard */
    bool (*idle)(uint64_t now_us, void *arg); /* pull would give nothing */
};

/* One packet for one leg; payload is shared by the group and lives until the next tick. */
struct mixer_packet {
    const uint8_t *payload;
    size_t len;
    const struct acodec *codec; /* until a change of encoding is through, still the old one */
    uint32_t timestamp; /* codec's RTP clock since the mixer's start; wraps; add your own offset */
    bool marker;        /* first after a pause */
    bool comfort_noise; /* RFC 3389 payload instead of the codec's; timestamp as ever */
};
typedef void mixer_packet_fn(const struct mixer_packet *p, void *arg);

struct mixer_leg_config {
    const struct mixer_source *source; /* NULL: never speaks; source_arg is given to it */
    void *source_arg;
    const struct acodec *codec;  /* NULL: never hears (a file that is played) */
    struct acodec_params params; /* complexity is the mixer's business: not read */
    bool comfort_noise;          /* the peer takes RFC 3389 packets */
    bool agc, denoise;           /* of this leg's voice */
    bool announces;              /* is heard whenever it has sound, besides the speakers */
    mixer_packet_fn *packet;
    void *arg;
};

/* Told at the end of a tick, on change. */
typedef void mixer_talking_fn(void *leg_arg, bool talking, void *arg);

struct mixer_leg_stats {
    bool own_encoder; /* false: served by its group */
    bool speaking, talking;
    uint8_t level; /* -dBov of the last heard frame */
    unsigned group_size;
};
struct mixer_stats {
    uint64_t clock_ms; /* of the room; the packets' timestamps count from the same start */
    uint64_t ticks, encodes, decodes, packets;
    uint64_t switches;              /* between group and own encoder, and between groups */
    uint64_t late_entries;          /* ticks a speaker waited for an encoder */
    uint64_t complexity_steps_down; /* taken for load */
    unsigned legs, groups, speakers;
    uint8_t complexity; /* of the encoders now */
};

/* 0 and a mixer the caller owns, or -ENOMEM. talking may be NULL. */
int mixer_create(
    struct mixer **mp, const struct mixer_config *cfg, mixer_talking_fn *talking, void *arg);
void mixer_destroy(struct mixer *m); /* legs must be gone; NULL is a no-op */
void mixer_configure(struct mixer *m, const struct mixer_config *cfg);

/* 0 and a leg, owned by the mixer's user until mixer_leg_remove; or -ENOMEM; -EINVAL: no codec and
 * no source, no packet callback, or parameters the codec refuses. */
int mixer_leg_add(struct mixer *m, struct mixer_leg **legp, const struct mixer_leg_config *cfg);
void mixer_leg_remove(struct mixer_leg *leg); /* NULL is a no-op; frees it */

void mixer_leg_mute(struct mixer_leg *leg, bool muted);    /* is not heard */
void mixer_leg_deafen(struct mixer_leg *leg, bool deaf);   /* does not hear: silence */
void mixer_leg_gain(struct mixer_leg *leg, float gain_db); /* of its voice, -40 … +20 */
/* A packet came for the leg's source: it is looked at in the next tick (without this, one that
 * was idle is noticed within 200 ms). Cheap; call it for every packet. */
void mixer_leg_wake(struct mixer_leg *leg);
/* What its last packet said of itself (RFC 6464): spares decoding those who are silent or
 * not loud enough to be among the speakers. Good for 200 ms. Wakes too. */
void mixer_leg_level_hint(struct mixer_leg *leg, uint8_t level, uint64_t now_us);
/* New codec or parameters for what the leg hears; changes at the next tick at which a packet of
 * both the old and the new duration begins. 0, -ENOMEM, -EINVAL (all stays as it was). */
int mixer_leg_set_encoding(struct mixer_leg *leg, const struct acodec *codec,
    const struct acodec_params *params, bool comfort_noise);

/* One tick: 20 ms for everyone. Call it every 20 ms of CLOCK_MONOTONIC, no more, no less; a late
 * caller makes up the ticks it missed. */
void mixer_tick(struct mixer *m, uint64_t now_us);
/* So many ticks were not called and are given up: timestamps go on as if they had been, and what
 * the sources had for that time is dropped. */
void mixer_miss(struct mixer *m, uint64_t ticks);
/* Allocates and frees what the ticks left to do; call it after each tick's packets are sent. */
void mixer_prepare(struct mixer *m);
/* How busy the loop was in the last tick (time spent / 20 ms): steers the encoders' complexity. */
void mixer_load(struct mixer *m, float busy_share);

void mixer_leg_stats(const struct mixer_leg *leg, struct mixer_leg_stats *out);
void mixer_stats(const struct mixer *m, struct mixer_stats *out);

#endif
