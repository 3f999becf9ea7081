#include "mixer/voice.h"

#include <errno.h>
#include <math.h>
#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

enum {
    HINT_LIFE_US = 200000,
    SAMPLE_US = 60000, /* outside a full mix one frame is heard in so long */
    DORMANT_TICKS = 50,
    AGC_TARGET = 6000, /* level aimed at, of 32768 */
    AGC_MAX_GAIN_DB = 20,
    DENOISE_DB = -18,
};

struct voice {
    const struct mixer_source *source;
    void *source_arg;
    struct speaker speaker;
    struct level level;
    SpeexPreprocessState *preprocess; /* NULL: not asked for */
    float gain, gain_db;              /* asked for */
    struct pcm_gain ramp;             /* of this tick */
    uint64_t hint_us, heard_us;
    uint16_t idle_ticks; /* on end */
    uint8_t last_level, hint_level;
    bool hinted, muted;
    bool heard_speech; /* at heard_us, rather than noise */
    bool stale;        /* packets passed undecoded: the next frame only warms the decoder */
    bool warm;         /* this tick's frame may be heard */
    bool pulled;       /* this tick's frame is in pcm */
    int16_t pcm[MIXER_FRAME_SAMPLES];
};

static int make_preprocess(struct voice *v, bool agc, bool denoise)
{
    v->preprocess = speex_preprocess_state_init(MIXER_FRAME_SAMPLES, MIXER_RATE_HZ);
    if (!v->preprocess)
        return -ENOMEM;
    int target = AGC_TARGET, max_gain = AGC_MAX_GAIN_DB, suppress = DENOISE_DB;
    int with_agc = agc, with_denoise = denoise;
    speex_preprocess_ctl(v->preprocess, SPEEX_PREPROCESS_SET_DENOISE, &with_denoise);
    speex_preprocess_ctl(v->preprocess, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &suppress);
    speex_preprocess_ctl(v->preprocess, SPEEX_PREPROCESS_SET_AGC, &with_agc);
    speex_preprocess_ctl(v->preprocess, SPEEX_PREPROCESS_SET_AGC_TARGET, &target);
    speex_preprocess_ctl(v->preprocess, SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, &max_gain);
    return 0;
}

int voice_create(
    struct voice **vp, const struct mixer_source *source, void *arg, bool agc, bool denoise)
{
    struct voice *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    v->source = source;
    v->source_arg = arg;
    v->gain = 1;
    v->last_level = LEVEL_SILENT;
    speaker_init(&v->speaker);
    level_init(&v->level);
    if ((agc || denoise) && make_preprocess(v, agc, denoise) < 0) {
        voice_destroy(v);
        return -ENOMEM;
    }
    *vp = v;
    return 0;
}

void voice_destroy(struct voice *v)
{
    if (!v)
        return;
    if (v->preprocess)
        speex_preprocess_state_destroy(v->preprocess);
    free(v);
}

void voice_mute(struct voice *v, bool muted)
{
    v->muted = muted;
}

void voice_set_gain(struct voice *v, float gain_db)
{
    v->gain_db = fminf(fmaxf(gain_db, -40), 20);
    v->gain = v->gain_db == 0 ? 1 : powf(10, v->gain_db / 20);
}

void voice_hint(struct voice *v, uint8_t level, uint64_t now_us)
{
    v->hint_level = level < LEVEL_SILENT ? level : LEVEL_SILENT;
    v->hint_us = now_us;
    v->hinted = true;
}

bool voice_idle(const struct voice *v, uint64_t now_us)
{
    return v->source->idle(now_us, v->source_arg);
}

static bool hint_valid(const struct voice *v, uint64_t now_us)
{
    return v->hinted && now_us < v->hint_us + HINT_LIFE_US;
}

static enum mixer_pull pull(struct voice *v, uint64_t now_us)
{
    enum mixer_pull got = v->source->pull(now_us, v->pcm, v->source_arg);
    v->pulled = got != MIXER_PULL_NOTHING;
    v->warm = v->pulled && !v->stale;
    v->stale = false;
    if (v->pulled && v->preprocess)
        speex_preprocess_run(v->preprocess, v->pcm);
    return got;
}

static bool hear(struct voice *v, uint8_t level, bool maybe_voice)
{
    bool active = maybe_voice && level_voice(&v->level, level);
    if (!maybe_voice)
        level_pause(&v->level);
    v->last_level = level;
    return speaker_hear(&v->speaker, active, v->gain_db - (float)level);
}

static bool listen_to_source(struct voice *v, uint64_t now_us)
{
    enum mixer_pull got = pull(v, now_us);
    uint8_t level = v->pulled ? level_of(v->pcm, MIXER_FRAME_SAMPLES) : LEVEL_SILENT;
    v->heard_us = now_us;
    v->heard_speech = got == MIXER_PULL_SPEECH;
    return hear(v, level, v->heard_speech);
}

static bool listen_muted(struct voice *v, uint64_t now_us, bool idle)
{
    if (!idle && voice_sounding(v))
        pull(v, now_us); /* to ramp out */
    v->last_level = LEVEL_SILENT;
    return speaker_silence(&v->speaker);
}

bool voice_listen(struct voice *v, uint64_t now_us, bool full)
{
    bool idle = voice_idle(v, now_us);
    v->idle_ticks = !idle ? 0 : v->idle_ticks + (v->idle_ticks < UINT16_MAX);
    v->pulled = v->warm = false;
    if (v->muted)
        return listen_muted(v, now_us, idle);
    if (idle)
        return hear(v, LEVEL_SILENT, false);
    if (v->speaker.chosen || voice_sounding(v))
        return listen_to_source(v, now_us);
    if (hint_valid(v, now_us))
        return hear(v, v->hint_level, true);
    if (full && now_us < v->heard_us + SAMPLE_US)
        return hear(v, v->last_level, v->heard_speech);
    return listen_to_source(v, now_us);
}

void voice_miss(struct voice *v, uint64_t now_us)
{
    if (voice_idle(v, now_us))
        return;
    v->source->skip(now_us, v->source_arg);
    v->stale = true;
}

void voice_settle(struct voice *v, uint64_t now_us)
{
    if (v->speaker.chosen && !v->pulled && !voice_idle(v, now_us))
        pull(v, now_us);
    else if (!v->pulled)
        voice_miss(v, now_us);
}

bool voice_wants_in(const struct voice *v)
{
    return v->speaker.chosen && v->warm;
}

bool voice_sounding(const struct voice *v)
{
    return v->ramp.to != 0;
}

void voice_set_ramp(struct voice *v, bool in)
{
    v->ramp.from = v->ramp.to;
    v->ramp.to = in ? v->gain : 0;
    if (!v->pulled && v->ramp.from != 0)
        memset(v->pcm, 0, sizeof v->pcm); /* it ended within its last frame */
}

bool voice_in_mix(const struct voice *v)
{
    return v->ramp.from != 0 || v->ramp.to != 0;
}

void voice_leave(struct voice *v, uint64_t now_us, float *acc)
{
    v->pulled = false;
    if (!voice_idle(v, now_us))
        pull(v, now_us);
    voice_set_ramp(v, false);
    voice_mix(v, acc);
}

void voice_mix(const struct voice *v, float *acc)
{
    pcm_mix(acc, v->pcm, MIXER_FRAME_SAMPLES, v->ramp);
}

void voice_unmix(const struct voice *v, float *out, const float *acc)
{
    pcm_unmix(out, acc, v->pcm, MIXER_FRAME_SAMPLES, v->ramp);
}

struct speaker *voice_speaker(struct voice *v)
{
    return &v->speaker;
}

uint8_t voice_level(const struct voice *v)
{
    return v->last_level;
}

bool voice_pulled(const struct voice *v)
{
    return v->pulled;
}

bool voice_dormant(const struct voice *v)
{
    return v->idle_ticks >= DORMANT_TICKS && !v->speaker.chosen && v->ramp.to == 0;
}
