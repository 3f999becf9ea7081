/* A session description that parses prints to one that parses and prints to the same text; its
 * audio media can be read or are refused with a reason. */

#include "net/sdp/sdp_audio.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_media(const struct sdp *s)
{
    for (size_t i = 0; i < s->n_media; i++) {
        struct sdp_audio audio;
        struct sdp_error why = {0};
        if (sdp_audio_read(s, i, &audio, &why) && !why.text)
            abort();
    }
}

static void print_and_parse(const struct sdp *s)
{
    struct sdp *again = NULL;
    struct sdp_error why;
    char *text = NULL, *text_again = NULL;
    if (sdp_print(s, &text))
        abort();
    int err = sdp_parse(text, strlen(text), &again, &why);
    /* CRLF instead of LF may carry it past the bound */
    if (err && strlen(text) <= SDP_MAX_BYTES)
        abort();
    if (!err && (sdp_print(again, &text_again) || strcmp(text, text_again)))
        abort();
    free(text);
    free(text_again);
    sdp_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sdp *s = NULL;
    struct sdp_error why;
    if (sdp_parse((const char *)data, size, &s, &why)) {
        if (!why.text)
            abort();
        return 0;
    }
    read_media(s);
    print_and_parse(s);
    sdp_destroy(s);
    return 0;
}
