#ifndef TOOLS_RTPLOAD_VOICE_H
#define TOOLS_RTPLOAD_VOICE_H

/* A made-up voice: a glottal pulse train through three moving formants, in syllables. It has
 * speech's spectrum, level changes and pitch, so that codecs and voice detectors take it for
 * speech, and needs no recording. The same seed gives the same samples. */

#include <stddef.h>
#include <stdint.h>

/* Fills n samples at rate_hz, about -22 dBov in the long-term mean, never clipping. 0 or -ENOMEM.
 */
int voice_render(uint32_t seed, uint32_t rate_hz, int16_t *pcm, size_t n);

#endif
