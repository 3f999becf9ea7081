#ifndef CODECS_PLC_H
#define CODECS_PLC_H

/* Packet-loss concealment for codecs that have none of their own: the last pitch period is repeated
 * and fades to silence; the first good samples after a loss are cross-faded in. No delay: without
 * loss the signal passes untouched. Pure; one thread an instance; no allocation after create. */

#include <stddef.h>
#include <stdint.h>

enum {
    PLC_HOLD_MS = 10, /* at full level, */
    PLC_FADE_MS = 70, /* then down to silence in this time */
    PLC_JOIN_MS = 4,  /* cross-fade from concealment to the returning signal */
};

struct plc;

/* 0 and an instance the caller owns, or -ENOMEM, -EINVAL (a rate outside 8000 … 48000 Hz). */
int plc_create(struct plc **pp, uint32_t rate_hz);
void plc_destroy(struct plc *p); /* NULL is a no-op */

/* Good samples, in the order they are played. After a loss their first PLC_JOIN_MS are changed. */
void plc_good(struct plc *p, int16_t *pcm, size_t n);
/* Makes up the n samples that follow what was played last. */
void plc_conceal(struct plc *p, int16_t *pcm, size_t n);

#endif
