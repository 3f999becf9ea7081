/* A peer's fmtp for Opus: what comes out is within what an encoder takes, and what we answer can be
 * read again. */

#include "codecs/opus_fmtp.h"

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
    struct acodec_params p = {.ptime_ms = 20, .channels = 1, .complexity = 5, .fec = true};
    char *text = malloc(size + 1), answer[256];
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    if (opus_fmtp_parse(text, &p) == 0) {
        require(p.ptime_ms == 20 || p.ptime_ms == 40 || p.ptime_ms == 60);
        require(p.bitrate_bps == 0 ||
                (p.bitrate_bps >= OPUS_MIN_BPS && p.bitrate_bps < OPUS_DEFAULT_BPS));
        require(
            p.max_playback_hz == 0 || (p.max_playback_hz >= 8000 && p.max_playback_hz <= 48000));
        require(p.channels == 1 && p.complexity == 5);
        struct acodec_params back = {.ptime_ms = 20, .channels = 1, .fec = true};
        int n = opus_fmtp_print(&p, answer, sizeof answer);
        require(n > 0 && strlen(answer) == (size_t)n);
        require(opus_fmtp_parse(answer, &back) == 0);
        require(back.dtx == p.dtx && back.cbr == p.cbr && back.fec);
    }
    free(text);
    return 0;
}
