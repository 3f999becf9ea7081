#ifndef TESTS_SUPPORT_JITTER_SIM_H
#define TESTS_SUPPORT_JITTER_SIM_H

/* A sender, a path and a jitter buffer in simulated time: an hour of a bad line in a second or two.
 * Everything is drawn from seeds, so a run repeats to the last sample. */

#include "mixer/jitter/jitter.h"

/* --- what is sent --------------------------------------------------------------------------- */
struct jitter_clip; /* encoded packets, sent over and over */

/* Speech of that many seconds; dies if it cannot be made. */
struct jitter_clip *jitter_clip_create(
    const struct acodec *codec, uint32_t ptime_ms, bool fec, unsigned seconds);
void jitter_clip_destroy(struct jitter_clip *c);

/* --- the path ------------------------------------------------------------------------------- */
struct jitter_path {
    uint32_t random;
    double loss;         /* share of packets, */
    unsigned burst;      /* lost so many in a row */
    double jitter_ms;    /* each packet is delayed by 0 to this */
    double spike_at_s;   /* from then on nothing passes, > 0 */
    double spike_ms;     /* for so long; then all at once */
    double spike_each_s; /* again and again, > 0 */
    double step_at_s;    /* from then on packets take, > 0 */
    double step_ms;      /* so much longer */
    double step_until_s; /* until then, > 0 */
    unsigned losing;     /* state: packets of the present burst to come */
};

/* --- a run ---------------------------------------------------------------------------------- */
typedef void jitter_sim_fn(
    double t_s, enum jitter_kind kind, const int16_t *pcm, const struct jitter_stats *s, void *arg);

struct jitter_sim {
    const struct jitter_clip *clip;
    struct jitter_path path;
    struct jitter_config config;
    unsigned seconds;
    double phase_ms;       /* of the first packet's arrival to the tick before it */
    double drift_ppm;      /* of the sender's clock: > 0 sends faster */
    double tick_jitter_ms; /* ticks come up to this late */
    uint16_t first_seq;
    uint32_t first_timestamp;
    jitter_sim_fn *frame; /* NULL: none */
    void *arg;
};

struct jitter_sim_result {
    double delay_ms;          /* mean, of what was played, from arrival to playout */
    double delay_most_ms;     /* the largest of the means of a second each */
    double concealed_percent; /* of all samples */
    double stretched_percent; /* inserted and removed, of all samples */
    double lost_percent;      /* of all packets, on the path */
    struct jitter_stats stats;
};

void jitter_sim_run(const struct jitter_sim *sim, struct jitter_sim_result *out);

/* --- the yardstick: the lines jitter buffers are compared on -------------------------------- */
struct jitter_yardstick {
    const char *name;
    struct jitter_path path;
    double delay_ms, concealed_percent; /* what NetEQ reaches with Opus and FEC on such a line */
};
extern const struct jitter_yardstick jitter_yardsticks[];
extern const unsigned jitter_yardstick_count;

#endif
