#include "mcu/player.h"

#include "codecs/resample.h"
#include "mcu/mailbox.h"
#include "mcu/media_loop.h"
#include "mcu/room_media.h"
#include "mixer/mixer.h"

#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_FRAMES = 25, /* ticks a chunk holds: 0.5 s */
    CHUNK_SAMPLES = CHUNK_FRAMES * MIXER_FRAME_SAMPLES,
    CHUNKS = 4,
    CHANNELS_MAX = 8,
    READ_FRAMES = 1024,
    SPARE_SAMPLES = 8 * READ_FRAMES, /* what one read may become at the mixer's rate */
};

struct chunk {
    struct mail mail;
    struct player *player;
    struct chunk *next; /* in the media loop's queue */
    size_t n, at;       /* samples held, samples played */
    int16_t pcm[CHUNK_SAMPLES];
};

struct player {
    struct room_media *rm;
    const struct player_events *events;
    void *arg;

    /* [control] */
    uint8_t *file;
    size_t file_len;
    sf_count_t file_at;
    SNDFILE *sound;
    SF_INFO info;
    struct resample *resample; /* NULL: the file has the mixer's rate */
    int16_t spare[SPARE_SAMPLES];
    size_t n_spare; /* resampled, but not in a chunk yet */
    bool at_end, stopping;
    unsigned n_away; /* chunks on the media loop */

    /* [media] */
    struct ticker ticker;
    struct mixer_leg *leg;
    struct chunk *queue, **queue_end, *played;
    struct mail open, close, gone;

    struct chunk chunks[CHUNKS];
};

/* --- the file in memory ---------------------------------------------------------------------- */
static sf_count_t file_length(void *arg)
{
    const struct player *p = arg;
    return (sf_count_t)p->file_len;
}

static sf_count_t file_seek(sf_count_t offset, int whence, void *arg)
{
    struct player *p = arg;
    sf_count_t base = whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? p->file_at
                                           : (sf_count_t)p->file_len;
    if (offset < -base || offset > (sf_count_t)p->file_len - base)
        return -1;
    p->file_at = base + offset;
    return p->file_at;
}

static sf_count_t file_read(void *to, sf_count_t n, void *arg)
{
    struct player *p = arg;
    sf_count_t left = (sf_count_t)p->file_len - p->file_at;
    if (n > left)
        n = left;
    memcpy(to, p->file + p->file_at, (size_t)n);
    p->file_at += n;
    return n;
}

static sf_count_t file_tell(void *arg)
{
    const struct player *p = arg;
    return p->file_at;
}

static bool is_playable(const SF_INFO *info)
{
    switch (info->format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
    case SF_FORMAT_RF64:
    case SF_FORMAT_OGG:
    case SF_FORMAT_FLAC:
        return info->channels >= 1 && info->channels <= CHANNELS_MAX;
    default:
        return false;
    }
}

static int open_sound(struct player *p, const char **why)
{
    SF_VIRTUAL_IO io = {
        .get_filelen = file_length, .seek = file_seek, .read = file_read, .tell = file_tell};
    *why = "not a WAV, FLAC or Ogg file that can be played";
    p->sound = sf_open_virtual(&io, SFM_READ, &p->info, p);
    if (!p->sound || !is_playable(&p->info))
        return -EINVAL;
    if (p->info.samplerate == MIXER_RATE_HZ)
        return 0;
    *why = "its sample rate cannot be played (4000 to 192000 Hz can)";
    return resample_create(&p->resample, (uint32_t)p->info.samplerate, MIXER_RATE_HZ);
}

static void mix_down(const float *in, size_t frames, int channels, int16_t *out)
{
    for (size_t i = 0; i < frames; i++) {
        float sum = 0;
        for (int c = 0; c < channels; c++)
            sum += in[i * (size_t)channels + (size_t)c];
        float x = sum * 32768 / (float)channels;
        out[i] = (int16_t)lrintf(fminf(fmaxf(x, INT16_MIN), INT16_MAX));
    }
}

/* So many that what the resampler makes of them fits spare. */
static sf_count_t frames_a_read(const struct player *p)
{
    sf_count_t n = (sf_count_t)(SPARE_SAMPLES - READ_FRAMES) * p->info.samplerate / MIXER_RATE_HZ;
    return n < READ_FRAMES ? n : READ_FRAMES;
}

static void read_more(struct player *p)
{
    /* As float: libsndfile would cut the samples of a file of floats down to whole numbers. */
    float raw[READ_FRAMES * CHANNELS_MAX];
    int16_t mono[READ_FRAMES];
    sf_count_t n = sf_readf_float(p->sound, raw, frames_a_read(p));
    if (n <= 0) {
        p->at_end = true;
        return;
    }
    mix_down(raw, (size_t)n, p->info.channels, mono);
    if (!p->resample) {
        memcpy(p->spare, mono, (size_t)n * sizeof(*mono));
        p->n_spare = (size_t)n;
        return;
    }
    int got = resample_run(p->resample, mono, (size_t)n, p->spare, SPARE_SAMPLES);
    p->n_spare = got > 0 ? (size_t)got : 0;
}

static void fill(struct player *p, struct chunk *c)
{
    c->n = c->at = 0;
    while (c->n < CHUNK_SAMPLES) {
        if (!p->n_spare && !p->at_end)
            read_more(p);
        if (!p->n_spare && p->at_end)
            break;
        size_t n = CHUNK_SAMPLES - c->n < p->n_spare ? CHUNK_SAMPLES - c->n : p->n_spare;
        memcpy(c->pcm + c->n, p->spare, n * sizeof(*c->pcm));
        p->n_spare -= n;
        memmove(p->spare, p->spare + n, p->n_spare * sizeof(*p->spare));
        c->n += n;
    }
    /* The last frame is filled up with silence. */
    size_t whole = (c->n + MIXER_FRAME_SAMPLES - 1) / MIXER_FRAME_SAMPLES * MIXER_FRAME_SAMPLES;
    memset(c->pcm + c->n, 0, (whole - c->n) * sizeof(*c->pcm));
    c->n = whole;
}

/* --- on the media loop ----------------------------------------------------------------------- */
static enum mixer_pull pull(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg)
{
    (void)now_us;
    struct player *p = arg;
    struct chunk *c = p->queue;
    if (!c)
        return MIXER_PULL_NOTHING;
    memcpy(pcm, c->pcm + c->at, MIXER_FRAME_SAMPLES * sizeof(*pcm));
    c->at += MIXER_FRAME_SAMPLES;
    if (c->at < c->n)
        return MIXER_PULL_SPEECH;
    p->queue = c->next;
    if (!p->queue)
        p->queue_end = &p->queue;
    c->next = p->played;
    p->played = c;
    return MIXER_PULL_SPEECH;
}

static void skip(uint64_t now_us, void *arg)
{
    int16_t unheard[MIXER_FRAME_SAMPLES];
    pull(now_us, unheard, arg);
}

static bool idle(uint64_t now_us, void *arg)
{
    (void)now_us;
    const struct player *p = arg;
    return !p->queue;
}

static const struct mixer_source source = {.pull = pull, .skip = skip, .idle = idle};

static struct player *of_ticker(struct ticker *t)
{
    return (struct player *)((char *)t - offsetof(struct player, ticker));
}

static void tick(struct ticker *t, uint64_t slot_us)
{
    (void)t, (void)slot_us; /* the mixer pulls */
}

static void deliver_played(struct mail *m);

static void give_back(struct player *p, struct chunk *list)
{
    for (struct chunk *next; list; list = next) {
        next = list->next;
        list->mail.deliver = deliver_played;
        mailbox_post(room_media_control(p->rm), &list->mail);
    }
}

static void after(struct ticker *t, uint64_t slot_us)
{
    (void)slot_us;
    struct player *p = of_ticker(t);
    give_back(p, p->played);
    p->played = NULL;
}

static void miss(struct ticker *t, uint64_t ticks)
{
    (void)t, (void)ticks; /* it goes on where it was */
}

static void account(const struct ticker *t, struct media_totals *sums)
{
    (void)t, (void)sums;
}

static void deliver_open(struct mail *m)
{
    struct player *p = (struct player *)((char *)m - offsetof(struct player, open));
    const struct mixer_leg_config cfg = {.source = &source, .source_arg = p, .announces = true};
    p->queue_end = &p->queue;
    p->ticker = (struct ticker){.tick = tick, .after = after, .miss = miss, .account = account};
    media_loop_add(room_media_loop(p->rm), &p->ticker);
    /* Without memory for the leg the chunks come back unplayed when it is stopped. */
    if (mixer_leg_add(room_media_mixer(p->rm), &p->leg, &cfg))
        p->leg = NULL;
}

static void deliver_chunk(struct mail *m)
{
    struct chunk *c = (struct chunk *)m;
    struct player *p = c->player;
    c->next = NULL;
    if (!p->leg || c->n == 0) {
        give_back(p, c);
        return;
    }
    *p->queue_end = c;
    p->queue_end = &c->next;
    mixer_leg_wake(p->leg);
}

static void deliver_gone(struct mail *m);

static void deliver_close(struct mail *m)
{
    struct player *p = (struct player *)((char *)m - offsetof(struct player, close));
    mixer_leg_remove(p->leg);
    media_loop_remove(room_media_loop(p->rm), &p->ticker);
    give_back(p, p->played);
    give_back(p, p->queue);
    p->gone.deliver = deliver_gone;
    mailbox_post(room_media_control(p->rm), &p->gone);
}

/* --- on the control loop --------------------------------------------------------------------- */
static void release(struct player *p)
{
    if (p->sound)
        sf_close(p->sound);
    resample_destroy(p->resample);
    free(p->file);
    free(p);
}

static void deliver_gone(struct mail *m)
{
    struct player *p = (struct player *)((char *)m - offsetof(struct player, gone));
    const struct player_events *events = p->events;
    void *arg = p->arg;
    release(p);
    events->gone(arg);
}

static void end(struct player *p, const char *reason)
{
    if (p->stopping)
        return;
    p->stopping = true;
    p->close.deliver = deliver_close;
    media_loop_post(room_media_loop(p->rm), &p->close);
    p->events->ended(reason, p->arg);
}

static void send_chunk(struct player *p, struct chunk *c)
{
    fill(p, c);
    if (!c->n)
        return;
    p->n_away++;
    c->mail.deliver = deliver_chunk;
    media_loop_post(room_media_loop(p->rm), &c->mail);
}

static void deliver_played(struct mail *m)
{
    struct chunk *c = (struct chunk *)m;
    struct player *p = c->player;
    p->n_away--;
    if (p->stopping)
        return;
    if (c->at < c->n)
        end(p, "failed");
    else
        send_chunk(p, c);
    if (!p->n_away)
        end(p, "finished");
}

int player_open(struct player **pp, struct room_media *rm, uint8_t *file, size_t len,
    const struct player_events *events, void *arg, const char **why)
{
    *why = "the server is out of memory";
    struct player *p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->rm = rm;
    p->events = events;
    p->arg = arg;
    p->file = file;
    p->file_len = len;
    int err = open_sound(p, why);
    if (!err) {
        *why = "it holds no sound";
        read_more(p);
        err = p->n_spare ? 0 : -EINVAL;
    }
    if (err) {
        p->file = NULL;
        release(p);
        return err;
    }
    p->open.deliver = deliver_open;
    media_loop_post(room_media_loop(rm), &p->open);
    for (int i = 0; i < CHUNKS; i++) {
        p->chunks[i].player = p;
        send_chunk(p, &p->chunks[i]);
    }
    *pp = p;
    return 0;
}

void player_stop(struct player *p)
{
    end(p, "stopped");
}
