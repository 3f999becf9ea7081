#ifndef TESTS_SUPPORT_SPEECH_H
#define TESTS_SUPPORT_SPEECH_H

/* Speech-like signal for tests, 48 kHz mono: syllables of glottal pulses through formants, hisses
 * between them, pauses with a little room noise. The same seed gives the same samples. */

#include <stddef.h>
#include <stdint.h>

struct speech {
    uint32_t random;
    double phase, pitch_hz, pitch_slope;
    double formant_hz[3], state[3][2];
    double level, target; /* of the present sound */
    size_t left;          /* samples of it */
    int sound;            /* 0 pause, 1 vowel, 2 hiss */
    double hiss;
};

void speech_init(struct speech *s, uint32_t seed);
void speech_render(struct speech *s, int16_t *pcm, size_t n);

#endif
