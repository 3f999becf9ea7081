#include "mixer/jitter/sync_buffer.h"

#include <string.h>

void sync_buffer_init(struct sync_buffer *b)
{
    memset(b, 0, sizeof *b);
}

int16_t *sync_buffer_future(struct sync_buffer *b)
{
    return b->pcm + SYNC_BUFFER_PAST;
}

int16_t *sync_buffer_end(struct sync_buffer *b)
{
    return b->pcm + SYNC_BUFFER_PAST + b->len;
}

size_t sync_buffer_room(const struct sync_buffer *b)
{
    return SYNC_BUFFER_FUTURE - b->len;
}

void sync_buffer_added(struct sync_buffer *b, size_t n)
{
    b->len += n < sync_buffer_room(b) ? n : sync_buffer_room(b);
}

void sync_buffer_take(struct sync_buffer *b, int16_t *out, size_t n)
{
    n = n < b->len ? n : b->len;
    memcpy(out, sync_buffer_future(b), n * sizeof *out);
    b->len -= n;
    memmove(b->pcm, b->pcm + n, (SYNC_BUFFER_PAST + b->len) * sizeof *b->pcm);
}
