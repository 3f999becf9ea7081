#include "mixer/output.h"

#include "codecs/comfort_noise.h"
#include "codecs/resample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PTIME_MS = 120,
    SILENCE_MS = 60,          /* of it come before comfort noise */
    NOISE_REFRESH_MS = 400,   /* also what keeps a NAT's binding */
    NOISE_LOUDEST = 45,       /* -dBov: what is louder is no background */
    NOISE_UNKNOWN_LEVEL = 75, /* of a room that was never heard pausing */
    LEAST_PAYLOAD_BYTES = 1280
};

struct output {
    struct output *next; /* in a list */
    struct output_format format;
    struct acodec_enc *enc;
    struct resample *resample; /* NULL: the codec runs at 48 kHz */
    struct comfort_noise_analyser noise;
    uint32_t silent_ms; /* on end, up to the present packet */
    uint32_t noise_ms;  /* since the last comfort noise packet */
    size_t packet_samples, fill;
    bool packet_silent; /* so far, if anything is in it */
    uint8_t *payloads;  /* of the tick in hand: payload_bytes for each packet it can bring */
    size_t payload_bytes, payload_used;
    size_t last_len; /* of the last packet of the tick */
    int16_t pcm[];   /* the packet that is being filled, and room for a tick more */
};

static uint32_t samples(const struct acodec *c, uint64_t ms)
{
    return (uint32_t)(ms * c->pcm_rate_hz / 1000);
}

bool output_format_adaptable(const struct output_format *a, const struct output_format *b)
{
    const struct acodec_params *p = &a->params, *q = &b->params;
    return a->codec == b->codec && a->comfort_noise == b->comfort_noise &&
           p->ptime_ms == q->ptime_ms && p->channels == q->channels && p->dtx == q->dtx &&
           p->cbr == q->cbr && p->max_playback_hz == q->max_playback_hz;
}

bool output_format_equal(const struct output_format *a, const struct output_format *b)
{
    const struct acodec_params *p = &a->params, *q = &b->params;
    return output_format_adaptable(a, b) && p->bitrate_bps == q->bitrate_bps && p->fec == q->fec &&
           p->loss_percent == q->loss_percent;
}

bool output_in_phase(const struct output_format *f, uint64_t tick)
{
    return tick * MIXER_TICK_MS % f->params.ptime_ms == 0;
}

static bool usable(const struct output_format *f)
{
    uint32_t ptime = f->params.ptime_ms;
    return f->codec && ptime >= 10 && ptime <= MAX_PTIME_MS && ptime % 10 == 0 &&
           f->params.channels == 1;
}

/* Compressed audio never outgrows what the codec takes in, but for the shortest Opus packets. */
static size_t payload_bytes(size_t packet_samples)
{
    size_t n = packet_samples * sizeof(int16_t);
    return n < LEAST_PAYLOAD_BYTES ? LEAST_PAYLOAD_BYTES : n;
}

int output_create(struct output **op, const struct output_format *f, uint8_t complexity)
{
    if (!usable(f))
        return -EINVAL;
    size_t packet = samples(f->codec, f->params.ptime_ms);
    size_t room = packet + samples(f->codec, MIXER_TICK_MS);
    struct output *o = calloc(1, sizeof *o + room * sizeof o->pcm[0]);
    if (!o)
        return -ENOMEM;
    o->format = *f;
    o->format.params.complexity = complexity;
    o->packet_samples = packet;
    o->payload_bytes = payload_bytes(packet);
    uint32_t ptime = f->params.ptime_ms;
    o->payloads = malloc(o->payload_bytes * ((MIXER_TICK_MS + ptime - 1) / ptime));
    if (!o->payloads) {
        free(o);
        return -ENOMEM;
    }
    comfort_noise_analyser_init(&o->noise);
    int err = f->codec->enc_create(&o->enc, &o->format.params);
    if (err == 0 && f->codec->pcm_rate_hz != MIXER_RATE_HZ)
        err = resample_create(&o->resample, MIXER_RATE_HZ, f->codec->pcm_rate_hz);
    if (err < 0) {
        output_destroy(o);
        return err;
    }
    *op = o;
    return 0;
}

void output_destroy(struct output *o)
{
    if (!o)
        return;
    resample_destroy(o->resample);
    if (o->enc)
        o->format.codec->enc_destroy(o->enc);
    free(o->payloads);
    free(o);
}

void output_adapt(struct output *o, const struct output_format *f, uint8_t complexity)
{
    o->format = *f;
    o->format.params.complexity = complexity;
    if (f->codec->enc_adapt)
        f->codec->enc_adapt(o->enc, &o->format.params);
}

/* --- being in time ---------------------------------------------------------------------------- */
/* Appends a tick's frame at the codec's rate. */
static void take_frame(struct output *o, const int16_t *pcm)
{
    size_t want = samples(o->format.codec, MIXER_TICK_MS);
    int16_t *to = o->pcm + o->fill;
    if (!o->resample) {
        memcpy(to, pcm, want * sizeof *to);
    } else {
        int got = resample_run(o->resample, pcm, MIXER_FRAME_SAMPLES, to, want);
        if (got < 0)
            got = 0;
        memset(to + got, 0, (want - (size_t)got) * sizeof *to);
    }
    o->fill += want;
}

static void drop_packet(struct output *o)
{
    o->fill -= o->packet_samples;
    memmove(o->pcm, o->pcm + o->packet_samples, o->fill * sizeof o->pcm[0]);
}

/* The samples that belong to an unfinished packet when `tick` begins, as silence. */
static void seat(struct output *o, uint64_t tick)
{
    uint64_t ms = tick * MIXER_TICK_MS % o->format.params.ptime_ms;
    o->fill = samples(o->format.codec, ms);
    memset(o->pcm, 0, o->fill * sizeof o->pcm[0]);
    o->packet_silent = false;
    o->silent_ms = o->noise_ms = 0;
}

static const int16_t silence[MIXER_FRAME_SAMPLES];

static void replay(struct output *o, uint64_t tick, const struct history *h, bool encode)
{
    uint8_t lost[ACODEC_MAX_PACKET_BYTES];
    unsigned frames = tick < HISTORY_FRAMES ? (unsigned)tick : HISTORY_FRAMES;
    seat(o, tick - frames);
    for (unsigned age = frames; age > 0; age--) {
        take_frame(o, h ? history_frame(h, age) : silence);
        for (; o->fill >= o->packet_samples; drop_packet(o))
            if (encode)
                o->format.codec->encode(o->enc, o->pcm, o->packet_samples, lost, sizeof lost);
    }
}

void output_warm(struct output *o, uint64_t tick, const struct history *h)
{
    replay(o, tick, h, true);
}

void output_follow(
    struct output *o, const struct output *from, uint64_t tick, const struct history *h)
{
    const struct acodec *codec = o->format.codec;
    if (o->resample || !codec->enc_copy)
        replay(o, tick, h, !codec->enc_copy);
    if (codec->enc_copy)
        codec->enc_copy(o->enc, from->enc);
    o->fill = from->fill;
    memcpy(o->pcm, from->pcm, from->fill * sizeof o->pcm[0]);
    o->packet_silent = from->packet_silent;
    o->silent_ms = from->silent_ms;
    o->noise_ms = from->noise_ms;
    o->noise = from->noise;
}

/* --- sending ---------------------------------------------------------------------------------- */
static int write_noise(const struct output *o, uint8_t *payload, size_t cap)
{
    struct comfort_noise_params p = {.level = NOISE_UNKNOWN_LEVEL};
    if (o->noise.primed)
        comfort_noise_result(&o->noise, &p);
    if (p.level < NOISE_LOUDEST)
        p.level = NOISE_LOUDEST;
    return comfort_noise_write(&p, payload, cap);
}

/* True: the packet need not be encoded; *len is what goes out instead (0: nothing). */
static bool noise_instead(struct output *o, uint8_t *payload, size_t cap, int *len)
{
    uint32_t ptime = o->format.params.ptime_ms;
    if (!o->format.comfort_noise || !o->packet_silent) {
        o->silent_ms = 0;
        return false;
    }
    o->silent_ms += ptime;
    if (o->silent_ms <= SILENCE_MS)
        return false;
    bool first = o->silent_ms - ptime <= SILENCE_MS;
    o->noise_ms += ptime;
    *len = 0;
    if (first || o->noise_ms >= NOISE_REFRESH_MS) {
        o->noise_ms = 0;
        *len = write_noise(o, payload, cap);
    }
    return true;
}

static unsigned finish_packet(
    struct output *o, uint64_t start_ms, output_packet_fn *packet, void *arg)
{
    uint8_t *payload = o->payloads + o->payload_used;
    int len;
    bool noise = noise_instead(o, payload, o->payload_bytes, &len);
    if (!noise)
        len = o->format.codec->encode(o->enc, o->pcm, o->packet_samples, payload, o->payload_bytes);
    if (len > 0) {
        o->payload_used += o->payload_bytes;
        o->last_len = (size_t)len;
        struct output_packet p = {payload, (size_t)len, start_ms, noise};
        packet(&p, arg);
    }
    drop_packet(o);
    return !noise;
}

static void watch_noise(struct output *o, enum output_kind kind)
{
    size_t n = samples(o->format.codec, MIXER_TICK_MS);
    if (o->format.comfort_noise && kind == OUTPUT_PAUSE)
        comfort_noise_analyse(&o->noise, o->pcm + o->fill - n, n);
}

unsigned output_run(struct output *o, uint64_t tick, const int16_t pcm[static MIXER_FRAME_SAMPLES],
    enum output_kind kind, output_packet_fn *packet, void *arg)
{
    uint32_t ptime = o->format.params.ptime_ms;
    uint64_t start_ms = tick * MIXER_TICK_MS / ptime * ptime;
    bool silent = kind == OUTPUT_SILENT;
    o->packet_silent = silent && (o->packet_silent || o->fill == 0);
    take_frame(o, pcm);
    watch_noise(o, kind);
    unsigned encodes = 0;
    o->payload_used = 0;
    for (; o->fill >= o->packet_samples; start_ms += ptime) {
        encodes += finish_packet(o, start_ms, packet, arg);
        o->packet_silent = silent;
    }
    return encodes;
}

bool output_same_packets(const struct output *a, const struct output *b)
{
    if (a->payload_used == 0 || a->payload_used != b->payload_used || a->last_len != b->last_len)
        return false;
    size_t upto_last = a->payload_used - a->payload_bytes;
    return memcmp(a->payloads + upto_last, b->payloads + upto_last, a->last_len) == 0;
}

void output_push(struct output **list, struct output *o)
{
    o->next = *list;
    *list = o;
}

struct output *output_pop(struct output **list)
{
    struct output *o = *list;
    if (o)
        *list = o->next;
    return o;
}
