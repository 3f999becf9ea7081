#ifndef MIXER_JITTER_PLAYOUT_H
#define MIXER_JITTER_PLAYOUT_H

/* The playing half of the jitter buffer: every 20 ms it decides what the next frame is made of —
 * packets as they are, stretched or shortened speech, a copy from in-band FEC, concealment, comfort
 * noise — and moves along the stream's time line. [loop]; see jitter.h.
 *
 *                 past        │ sync buffer (decoded)  │ packet queue
 *      ───────────────────────┼────────────────────────┼──────────────────▶ time line, 48 kHz
 *                          played                   next_pos
 *
 *   RESTING  nothing is due: before the first packet, in a pause, after a loss has faded out. The
 *            next packet starts when the delay target has it wait long enough.
 *   PLAYING  packets follow each other.
 *   STARVED  the queue ran dry amid speech. What is made up meanwhile stands nowhere on the time
 *            line until a packet tells whether it was late (the delay grows) or others were lost.
 */

#include "mixer/jitter/delay_target.h"
#include "mixer/jitter/jitter.h"
#include "mixer/jitter/packet_queue.h"
#include "mixer/jitter/stream_decoder.h"
#include "mixer/jitter/sync_buffer.h"

enum { PLAYOUT_FRAME = 960 };

enum playout_state { PLAYOUT_RESTING, PLAYOUT_PLAYING, PLAYOUT_STARVED };

enum playout_rest { /* what a pause sounds like */
    PLAYOUT_REST_SILENCE,
    PLAYOUT_REST_NOISE, /* RFC 3389 */
    PLAYOUT_REST_CODEC, /* the codec's own, after a packet that announced a pause */
};

struct playout {
    struct packet_queue *queue; /* these four are the jitter buffer's */
    struct delay_target *target;
    struct stream_decoder *decoder;
    struct jitter_stats *stats;
    uint32_t max_delay_us;

    enum playout_state state;
    enum playout_rest rest;
    int64_t next_pos, next_seq; /* what follows the sync buffer */
    size_t unplaced;            /* samples made up while starved */
    size_t run;                 /* samples made up, or of pause, since the last good one */
    uint32_t packet_samples;    /* duration of the packets of late */
    int64_t last_transit_us;    /* of the packet that came last */
    bool fresh;                 /* nothing of this stream was played: nothing can be lost */
    bool skipped;               /* packets were dropped for the ceiling: do not conceal them */
    bool join, fade_in;         /* how the next good samples begin */
    bool deaf;                  /* the frame is not heard: nothing is computed */

    int steps; /* of the delay target, this frame */
    unsigned since_stretch, patience;
    float floor_power; /* of the background noise */

    bool ticking; /* the tick's grid: nominal time of this tick, and how late ticks come */
    int64_t tick_us, least_late_us;
    unsigned ticks;
    uint64_t now_us;

    bool made_up, made_noise, made_speech; /* this frame */
    struct sync_buffer sync;
};

/* The pointers and max_delay_us are set by the caller; the rest is initialised here. */
void playout_init(struct playout *p);
/* A new stream begins, maybe with another decoder: the queue is empty. */
void playout_restart(struct playout *p, struct stream_decoder *decoder);

/* The next frame; with pcm NULL it passes unheard, and nothing is decoded. */
enum jitter_kind playout_frame(struct playout *p, uint64_t now_us, int16_t *pcm);
/* Nothing is buffered and nothing would be heard. */
bool playout_idle(const struct playout *p);
/* The transit a packet may have to be in time, if pos comes right after the sync buffer. */
int64_t playout_deadline_us(const struct playout *p, int64_t pos);
/* A packet that ends at pos is too late. */
bool playout_is_past(const struct playout *p, int64_t pos);

#endif
