#ifndef MIXER_ADAPT_H
#define MIXER_ADAPT_H

/* How to encode for one leg, from what its RTCP says: in few classes, so that legs stay together in
 * few groups, and with hysteresis, so that they do not wander. Worse is believed at once, better
 * after a while. Pure: time is passed in. [any] */

#include "codecs/acodec.h"

enum adapt_fec { ADAPT_FEC_OFF, ADAPT_FEC_LOW, ADAPT_FEC_HIGH };

struct adapt_report {
    float loss;            /* share of our packets lost since the last report, 0 to 1 */
    uint32_t rtt_ms;       /* 0: not known */
    uint32_t estimate_bps; /* what the path carries, all headers included; 0: not known */
};

struct adapt {
    struct acodec_params base; /* as negotiated: its bitrate is the ceiling */
    float loss;                /* smoothed */
    uint32_t min_rtt_ms;
    enum adapt_fec fec;
    unsigned rate;         /* index of the bitrate class */
    uint64_t fec_calm_us;  /* since when less FEC would do; 0: it would not */
    uint64_t rate_calm_us; /* since when a higher rate would do; 0: it would not */
    uint64_t rate_down_us; /* last step down for loss or delay */
};

/* base.bitrate_bps 0: the highest class is the ceiling. Begins with the base's bitrate and FEC off.
 */
void adapt_init(struct adapt *a, const struct acodec_params *base);
/* True: adapt_params gives something else than before. */
bool adapt_report(struct adapt *a, const struct adapt_report *r, uint64_t now_us);
/* The base with bitrate, FEC and loss of the present classes. FEC stays off where base.fec forbids
 * it. */
void adapt_params(const struct adapt *a, struct acodec_params *out);

#endif
