#ifndef CODECS_POLYPHASE_H
#define CODECS_POLYPHASE_H

/* Sample-rate conversion by a ratio up : down of small numbers, as a polyphase FIR filter: a
 * windowed sinc over 32 samples of the lower rate. All instances share the filters, which are made
 * when the program starts, so an instance is little more than the last samples it saw. Embedded,
 * nothing to free or to allocate. Pure; one thread an instance, any number of instances at once.
 *
 * Delay: POLYPHASE_DELAY samples of the lower rate, whole on both sides where up or down is 1.
 * Flat within 0.01 dB up to 7/16 of the lower rate; 60 dB down from 9/16 of it on. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POLYPHASE_DELAY = 16,
    POLYPHASE_MAX_RATIO = 6,
    POLYPHASE_MAX_TAPS = 2 * POLYPHASE_DELAY * POLYPHASE_MAX_RATIO,
};

struct polyphase_filter;

struct polyphase {
    const struct polyphase_filter *filter;
    uint32_t due; /* the next output belongs so far after the next input: units of 1 / up input */
    int16_t past[POLYPHASE_MAX_TAPS]; /* newest inputs, the newest last */
};

/* Starts after silence. False: in_hz to out_hz is none of 1:2 … 1:6, 2:1 … 6:1, 147:160, 160:147;
 * p is untouched then. */
bool polyphase_init(struct polyphase *p, uint32_t in_hz, uint32_t out_hz);
/* How many samples the next n will give: n * up / down where that is whole, else within one. */
size_t polyphase_count(const struct polyphase *p, size_t n);
/* Converts n samples into polyphase_count(p, n). */
void polyphase_run(struct polyphase *p, const int16_t *in, size_t n, int16_t *out);

#endif
