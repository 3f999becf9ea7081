#ifndef MIXER_VOICE_H
#define MIXER_VOICE_H

/* One leg's voice: pulled from its source, cleaned and levelled if asked, measured, and put into
 * the mix and taken out again with the same ramped gain. [loop] */

#include "mixer/level.h"
#include "mixer/mixer.h"
#include "mixer/pcm.h"
#include "mixer/speakers.h"

struct voice;

/* 0 and a voice the caller owns, or -ENOMEM. */
int voice_create(
    struct voice **vp, const struct mixer_source *source, void *arg, bool agc, bool denoise);
void voice_destroy(struct voice *v); /* NULL is a no-op */

void voice_mute(struct voice *v, bool muted);
void voice_set_gain(struct voice *v, float gain_db);
void voice_hint(struct voice *v, uint8_t level, uint64_t now_us);

/* --- in the tick, in this order --- */
bool voice_idle(const struct voice *v, uint64_t now_us);
/* Hears the source, or takes its hint for it. full: the mix has no place left, and who is outside
 * need not be decoded in every tick to be compared with who is inside. True: talking has changed.
 */
bool voice_listen(struct voice *v, uint64_t now_us, bool full);
/* After the choice: pulls one that was chosen by its hint; the rest of the tick is skipped for who
 * was not pulled. */
void voice_settle(struct voice *v, uint64_t now_us);
/* A tick that is not run. */
void voice_miss(struct voice *v, uint64_t now_us);
/* It was chosen and has a frame to be heard. */
bool voice_wants_in(const struct voice *v);
/* Before voice_set_ramp: it was in the mix at the end of the last tick. */
bool voice_sounding(const struct voice *v);
/* The gain it has in this tick: up to its own if `in`, else down to nothing. */
void voice_set_ramp(struct voice *v, bool in);
bool voice_in_mix(const struct voice *v); /* in this tick, at whatever gain */
void voice_mix(const struct voice *v, float *acc);
void voice_unmix(const struct voice *v, float *out, const float *acc);
/* One that sounds goes: a last frame, ramped out, is added to acc. */
void voice_leave(struct voice *v, uint64_t now_us, float *acc);

struct speaker *voice_speaker(struct voice *v);
uint8_t voice_level(const struct voice *v); /* -dBov of the last frame heard or hinted */
bool voice_pulled(const struct voice *v);   /* in this tick */
/* Silent for long enough that looking at it now and then will do. */
bool voice_dormant(const struct voice *v);

#endif
