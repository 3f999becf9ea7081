/* Arbitrary payloads in arbitrary order for every codec's decoder. The first byte picks the codec;
 * then each packet is a byte for what to do, two for its length, and its bytes. */

#include "codecs/acodec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void one(const struct acodec *c, struct acodec_dec *d, unsigned what, const uint8_t *bytes,
    size_t len, int16_t *pcm)
{
    /* In memory of its own, so that a read beyond its end is seen. */
    uint8_t *pkt = malloc(len ? len : 1);
    require(pkt != NULL);
    memcpy(pkt, bytes, len);
    int samples = c->packet_samples(pkt, len);
    require(samples == -EINVAL || (samples > 0 && samples <= ACODEC_MAX_SAMPLES));
    size_t n = what >> 2 ? (what >> 2) * 90U : 960;
    int got;
    switch (what & 3) {
    case 0:
        got = c->conceal(d, pcm, n);
        require(got == (int)n);
        break;
    case 1:
        if (!c->decode_fec)
            break;
        got = c->decode_fec(d, pkt, len, pcm, n);
        require(got == (int)n || got == -ENOENT);
        break;
    default:
        got = c->decode(d, pkt, len, pcm, ACODEC_MAX_SAMPLES);
        require(got == -EINVAL || got == samples);
    }
    free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int16_t pcm[ACODEC_MAX_SAMPLES];
    if (size < 1)
        return 0;
    size_t codecs = 0;
    while (acodecs[codecs])
        codecs++;
    const struct acodec *c = acodecs[data[0] < 192 ? 0 : data[0] % codecs];
    struct acodec_dec *d = NULL;
    if (c->dec_create(&d) != 0)
        return 0;
    size_t at = 1;
    for (int packets = 0; size - at >= 3 && packets < 20; packets++) {
        size_t len = (size_t)(data[at + 1] & 15) << 8 | data[at + 2];
        unsigned what = data[at];
        at += 3;
        len = len < size - at ? len : size - at;
        one(c, d, what, data + at, len, pcm);
        at += len;
    }
    c->dec_destroy(d);
    return 0;
}
