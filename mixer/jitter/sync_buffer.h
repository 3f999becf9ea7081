#ifndef MIXER_JITTER_SYNC_BUFFER_H
#define MIXER_JITTER_SYNC_BUFFER_H

/* Decoded PCM at 48 kHz on its way to the mixer: what was played just now, and what comes next, in
 * one piece of memory, so that both can be looked at and stretched. Embedded; no allocation. */

#include <stddef.h>
#include <stdint.h>

enum {
    SYNC_BUFFER_PAST = 1440,   /* 30 ms: two of the longest pitch periods */
    SYNC_BUFFER_FUTURE = 8640, /* 180 ms: the longest packet, a frame, room to stretch */
};

struct sync_buffer {
    size_t len; /* samples that come next */
    int16_t pcm[SYNC_BUFFER_PAST + SYNC_BUFFER_FUTURE];
};

void sync_buffer_init(struct sync_buffer *b);
/* What comes next; b->len samples, and SYNC_BUFFER_PAST readable before them. */
int16_t *sync_buffer_future(struct sync_buffer *b);
/* Where samples are appended, and how many can be; then say how many were. */
int16_t *sync_buffer_end(struct sync_buffer *b);
size_t sync_buffer_room(const struct sync_buffer *b);
void sync_buffer_added(struct sync_buffer *b, size_t n);
/* Plays n samples (at most len) into out. */
void sync_buffer_take(struct sync_buffer *b, int16_t *out, size_t n);

#endif
