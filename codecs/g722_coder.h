#ifndef CODECS_G722_CODER_H
#define CODECS_G722_CODER_H

/* ITU-T G.722 at 64 kbit/s: 16 kHz samples, a byte for two of them. Plain structs without pointers:
 * a copy continues exactly where the original is. Pure. [any] */

#include <stddef.h>
#include <stdint.h>

enum { G722_TAPS = 24 };

/* The adaptive quantiser and predictor of a sub-band; names as in the recommendation, clause 3. */
struct g722_band {
    int s, sz;      /* predicted: in all, by the zeros */
    int nb, det;    /* quantiser's scale: logarithmic, linear */
    int a[2], b[6]; /* coefficients of the poles, of the zeros */
    int r[2], p[2]; /* the last reconstructed signals, the last partly reconstructed ones */
    int d[6];       /* the last quantised differences */
};

/* Either direction. */
struct g722_coder {
    int taps[G722_TAPS]; /* what the filter between the bands and the signal holds, newest last */
    struct g722_band low, high;
};

void g722_coder_init(struct g722_coder *c);
/* n samples (even) to n / 2 bytes. */
void g722_coder_encode(struct g722_coder *c, const int16_t *pcm, size_t n, uint8_t *out);
/* len bytes to 2 * len samples. */
void g722_coder_decode(struct g722_coder *c, const uint8_t *in, size_t len, int16_t *pcm);

#endif
