#ifndef MIXER_JITTER_STREAM_DECODER_H
#define MIXER_JITTER_STREAM_DECODER_H

/* The decoder of one stream with all that lies between its payloads and PCM at 48 kHz mono:
 * resampling, in-band FEC, concealment, comfort noise. Pure; one thread an instance. All memory is
 * taken in create. Counts are samples at 48 kHz unless said otherwise. */

#include "codecs/acodec.h"

enum { STREAM_DECODER_HZ = 48000 };

struct stream_decoder;

/* 0 and a decoder the caller owns, or -ENOMEM, -EINVAL. */
int stream_decoder_create(struct stream_decoder **dp, const struct acodec *codec);
void stream_decoder_destroy(struct stream_decoder *d); /* NULL is a no-op */
const struct acodec *stream_decoder_codec(const struct stream_decoder *d);

/* Each writes at most cap samples to out and returns how many: the duration of the packet, the n
 * that were asked for. */
/* -EINVAL: a payload that is none of the codec's, or longer than 120 ms. */
int stream_decoder_decode(
    struct stream_decoder *d, const uint8_t *payload, size_t len, int16_t *out, size_t cap);
/* The n samples before the payload, from the copy it carries; -ENOENT: it carries none. */
int stream_decoder_fec(struct stream_decoder *d, const uint8_t *payload, size_t len, size_t n,
    int16_t *out, size_t cap);
int stream_decoder_conceal(struct stream_decoder *d, size_t n, int16_t *out, size_t cap);

/* An RFC 3389 payload: what noise to make from now on. 0 or -EINVAL. */
int stream_decoder_set_noise(struct stream_decoder *d, const uint8_t *payload, size_t len);
void stream_decoder_noise(struct stream_decoder *d, size_t n, int16_t *out);

/* Duration of a payload without decoding it; -EINVAL: none of the codec's, or longer than 120 ms.
 */
int stream_decoder_duration(const struct acodec *codec, const uint8_t *payload, size_t len);

#endif
