#ifndef MIXER_MIXER_H
#define MIXER_MIXER_H

/* The audio of one room: every leg hears the sum of the current speakers less its own voice.
 * Legs that are not speakers and share (codec, parameters) form a group that is encoded once a
 * tick; a speaker has an encoder of its own, warmed before it takes over. Pure: time is passed in,
 * packets leave by callback. [loop] */

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

/* Where a leg's voice comes from. Both run inside the tick: no malloc, lock, log or syscall. */
enum mixer_pull { MIXER_PULL_NOTHING, MIXER_PULL_SPEECH, MIXER_PULL_NOISE };
struct mixer_source {
    enum mixer_pull (*pull)(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg);
    void (*skip)(uint64_t now_us, void *arg); /* a tick passes unheard */
    bool (*idle)(uint64_t now_us, void *arg); /* pull would give nothing */
};

/* One packet for one leg; payload is shared by the group and lives until the callback returns. */
struct mixer_packet {
    const uint8_t *payload;
    size_t len;
    uint32_t timestamp; /* codec's RTP clock since the mixer's start; wraps; add your own offset */
    bool marker;        /* first after a pause */
    bool comfort_noise; /* RFC 3389 payload instead of the codec's */
};
typedef void mixer_packet_fn(const struct mixer_packet *p, void *arg);

struct mixer_leg_config {
    const struct mixer_source *source; /* NULL: never speaks; source_arg is given to it */
    void *source_arg;
    const struct acodec *codec; /* NULL: never hears (a file that is played) */
    struct acodec_params params;
    bool comfort_noise; /* the peer takes RFC 3389 packets */
    bool agc, denoise;  /* of this leg's voice */
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
    uint64_t ticks, encodes, decodes, packets, switches;
    unsigned legs, groups, speakers;
};

int mixer_create(
    struct mixer **mp, const struct mixer_config *cfg, mixer_talking_fn *talking, void *arg);
void mixer_destroy(struct mixer *m); /* legs must be gone; NULL is a no-op */
void mixer_configure(struct mixer *m, const struct mixer_config *cfg);

int mixer_leg_add(struct mixer *m, struct mixer_leg **legp, const struct mixer_leg_config *cfg);
void mixer_leg_remove(struct mixer_leg *leg); /* NULL is a no-op; frees it */

void mixer_leg_mute(struct mixer_leg *leg, bool muted);    /* is not heard */
void mixer_leg_deafen(struct mixer_leg *leg, bool deaf);   /* does not hear: silence */
void mixer_leg_gain(struct mixer_leg *leg, float gain_db); /* of its voice, -40 … +20 */
/* What its last packet said of itself (RFC 6464): spares decoding those who are silent. */
void mixer_leg_level_hint(struct mixer_leg *leg, uint8_t level, uint64_t now_us);
/* New codec or parameters for what the leg hears; changes group at the next tick, warmed. */
int mixer_leg_set_encoding(struct mixer_leg *leg, const struct acodec *codec,
    const struct acodec_params *params, bool comfort_noise);

/* One tick: 20 ms for everyone. Call it every 20 ms of CLOCK_MONOTONIC, no more, no less; a late
 * caller makes up the ticks it missed. */
void mixer_tick(struct mixer *m, uint64_t now_us);

void mixer_leg_stats(const struct mixer_leg *leg, struct mixer_leg_stats *out);
void mixer_stats(const struct mixer *m, struct mixer_stats *out);

#endif
