#ifndef MIXER_OUTPUT_H
#define MIXER_OUTPUT_H

/* One encode chain: 48 kHz frames of a tick → the codec's rate → whole packets → payloads. Packets
 * begin at multiples of their duration on the room's clock, so two chains of one duration are
 * always in phase and one can take over from another at any tick. Silence is not sent where the
 * codec (DTX) or comfort noise (RFC 3389) allows. [loop] */

#include "mixer/history.h"
#include "mixer/mixer.h"

struct output;

/* What decides whether two legs can be served by one chain. */
struct output_format {
    const struct acodec *codec;
    struct acodec_params params; /* complexity is not part of it */
    bool comfort_noise;
};

/* What is known of a frame. */
enum output_kind {
    OUTPUT_VOICE,
    OUTPUT_PAUSE,  /* those in the mix pause: background noise */
    OUTPUT_SILENT, /* all zero */
};

struct output_packet {
    const uint8_t *payload; /* lives until the chain runs again */
    size_t len;
    uint64_t start_ms; /* on the room's clock */
    bool comfort_noise;
};
typedef void output_packet_fn(const struct output_packet *p, void *arg);

bool output_format_equal(const struct output_format *a, const struct output_format *b);
/* One chain can go from a to b by output_adapt. */
bool output_format_adaptable(const struct output_format *a, const struct output_format *b);
/* A packet begins at this tick. */
bool output_in_phase(const struct output_format *f, uint64_t tick);

/* 0 and a chain the caller owns, or -ENOMEM, -EINVAL. */
int output_create(struct output **op, const struct output_format *f, uint8_t complexity);
void output_destroy(struct output *o); /* NULL is a no-op */
void output_adapt(struct output *o, const struct output_format *f, uint8_t complexity);

/* Makes it ready to run at `tick` by hearing what went before (NULL: silence); its packets of that
 * time are lost. */
void output_warm(struct output *o, uint64_t tick, const struct history *h);
/* As output_warm, but exactly where `from`, of an adaptable format, is. */
void output_follow(
    struct output *o, const struct output *from, uint64_t tick, const struct history *h);

/* Encodes a frame; hands over the packets that became whole. Returns how often it encoded. */
unsigned output_run(struct output *o, uint64_t tick, const int16_t pcm[static MIXER_FRAME_SAMPLES],
    enum output_kind kind, output_packet_fn *packet, void *arg);

/* Their packets of the tick just run are the same to the byte, and there are some. */
bool output_same_packets(const struct output *a, const struct output *b);

/* A list of chains that serve nobody. pop: NULL when empty. */
void output_push(struct output **list, struct output *o);
struct output *output_pop(struct output **list);

#endif
