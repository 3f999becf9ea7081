/* Comfort noise payloads one after the other: the generator stays finite and no louder than a
 * full-scale wave can be, and every payload is read back as it was written. */

#include "codecs/comfort_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t rates[] = {8000, 16000, 44100, 48000};
    struct comfort_noise_gen g;
    int16_t pcm[480];
    if (size < 2)
        return 0;
    comfort_noise_gen_init(&g, rates[data[0] & 3], rates[data[0] >> 2 & 3], data[1]);
    for (size_t at = 2; at < size;) {
        size_t len = data[at++] & 31;
        len = len < size - at ? len : size - at;
        uint8_t *payload = malloc(len ? len : 1), again[COMFORT_NOISE_MAX_BYTES];
        require(payload != NULL);
        memcpy(payload, data + at, len);
        at += len;
        struct comfort_noise_params p, back;
        if (comfort_noise_parse(payload, len, &p) == 0) {
            int n = comfort_noise_write(&p, again, sizeof again);
            require(n == 1 + (int)p.order);
            require(comfort_noise_parse(again, (size_t)n, &back) == 0 && back.level == p.level);
            for (unsigned i = 0; i < p.order; i++)
                require(fabsf(p.k[i]) < 1 && fabsf(p.k[i] - back.k[i]) < 0.01F);
            comfort_noise_gen_set(&g, &p);
        }
        free(payload);
        comfort_noise_render(&g, pcm, 480);
        require(isfinite(g.gain) && isfinite(g.b[0]));
    }
    return 0;
}
