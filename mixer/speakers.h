#ifndef MIXER_SPEAKERS_H
#define MIXER_SPEAKERS_H

/* Who is heard: at most so many voices at once, the loudest, without flicker; and who is said to
 * be talking. Counted in ticks of 20 ms. Pure. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct speaker {
    float loudness_db; /* dBov, smoothed: rises at once, falls slowly */
    uint16_t hold;     /* ticks it stays in the mix without voice */
    uint8_t talked;    /* ticks of voice towards talking */
    uint8_t paused;    /* ticks of pause towards not talking */
    bool voice;        /* now */
    bool chosen;       /* is in the mix */
    bool talking;      /* as events tell it */
};

/* Of a room; zero it to begin. */
struct speakers {
    unsigned beaten; /* ticks for which someone outside was clearly louder than someone inside */
};

void speaker_init(struct speaker *s);
/* Once a tick for everyone who may be chosen. True: talking has changed. */
bool speaker_hear(struct speaker *s, bool voice, float level_db);
/* Out of the mix at once (muted, gone). True: talking has changed. */
bool speaker_silence(struct speaker *s);

/* Sets chosen, once a tick after everyone was heard; max 0: all voices. */
void speakers_choose(struct speakers *room, struct speaker *const *s, size_t n, unsigned max);

#endif
