#ifndef TESTS_SUPPORT_SIGNALS_H
#define TESTS_SUPPORT_SIGNALS_H

/* Sounds for tests, made with fixed seeds, and measures of what became of them. */

#include <stddef.h>
#include <stdint.h>

/* Sample `start` onwards of a sine of that peak. */
void signal_tone(int16_t *pcm, size_t n, uint32_t rate_hz, double hz, double peak, uint64_t start);
/* White noise of that RMS. */
void signal_noise(int16_t *pcm, size_t n, double rms, uint32_t seed);
/* Like a voice: pulses of 100 to 150 Hz through three formants, syllables, some hiss. Peak about
 * 12000. */
void signal_speech(int16_t *pcm, size_t n, uint32_t rate_hz, uint32_t seed);

double signal_rms(const int16_t *pcm, size_t n);
/* Peak of the sine of hz that is in it. */
double signal_tone_peak(const int16_t *pcm, size_t n, uint32_t rate_hz, double hz);
/* Of got as a copy of want, with the gain as it is. */
double signal_snr_db(const int16_t *want, const int16_t *got, size_t n);
/* -1 to 1. */
double signal_correlation(const int16_t *a, const int16_t *b, size_t n);
/* By how many samples got is later than want: the best of 0 … max over n samples. got has n + max.
 */
size_t signal_delay(const int16_t *want, const int16_t *got, size_t n, size_t max);
/* Largest difference between neighbours. */
int signal_max_step(const int16_t *pcm, size_t n);

#endif
