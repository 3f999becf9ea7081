#ifndef MIXER_LEVEL_H
#define MIXER_LEVEL_H

/* How loud a voice is and whether it is one. Levels are -dBov as in RFC 6464 and RFC 6465: 0 is a
 * full-scale square wave, 127 silence. The decision takes levels only, so it works as well on what
 * a sender says of itself as on what was decoded. Pure. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEVEL_SILENT = 127 };

/* Of a frame (n a multiple of PCM_BLOCK). */
uint8_t level_of(const int16_t *pcm, size_t n);

struct level {
    float floor_db;  /* the noise behind the voice, dBov; follows the quietest */
    uint8_t run;     /* frames of voice on end, counted up to what earns the long hangover */
    uint8_t holding; /* frames for which it still counts as voice */
};

void level_init(struct level *l);
/* True while a voice is active. Call it once a frame of 20 ms. */
bool level_voice(struct level *l, uint8_t level);
/* A frame known not to be voice (comfort noise, a DTX gap): lets the hangover run out. */
void level_pause(struct level *l);

#endif
