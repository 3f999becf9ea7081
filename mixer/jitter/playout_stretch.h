#ifndef MIXER_JITTER_PLAYOUT_STRETCH_H
#define MIXER_JITTER_PLAYOUT_STRETCH_H

/* How playout moves to the delay target: what is quiet is cut or prolonged at once, speech by a
 * pitch period at a time. Works on the sync buffer of a playout that is PLAYING. [loop] */

#include "mixer/jitter/playout.h"

/* Samples by which playout has to move for a deadline to become another: packets and frames meet
 * only so often. */
uint32_t playout_step(uint32_t packet_samples);
/* Samples beyond the frame that should be decoded for what this frame needs. */
size_t playout_stretch_need(const struct playout *p);
/* Stretches the sync buffer, which holds a frame at least, as p->steps wants it. */
void playout_stretch(struct playout *p);

#endif
