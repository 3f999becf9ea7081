/* Every offer is refused with a reason, or gets an answer that parses, has as many m= lines and
 * takes exactly one of them. The first byte chooses the configuration; a NUL divides the first
 * offer from a later one. */

#include "net/sdp/answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct answer_codec codecs[] = {
    {.name = "opus", .clock_hz = 48000, .channels = 2},
    {.name = "L16", .clock_hz = 48000, .channels = 1, .max_ptime_ms = 10},
    {.name = "G722", .clock_hz = 8000, .channels = 1},
    {.name = "PCMA", .clock_hz = 8000, .channels = 1},
};

static int fixed_bytes(void *buf, size_t n, void *arg)
{
    (void)arg;
    memset(buf, 7, n);
    return 0;
}

static struct answer_config make_config(uint8_t choice)
{
    struct answer_config c = {
        .rtcp_port = 20001,
        .rtcp_mux = choice & 1,
        .codecs = codecs,
        .n_codecs = sizeof codecs / sizeof *codecs,
        .telephone_event = choice & 2,
        .comfort_noise = choice & 4,
        .audio_level = true,
        .xr_voip_metrics = true,
        .srtp = (choice >> 3) % 3,
        .random = fixed_bytes,
    };
    net_addr_parse(&c.local, choice & 128 ? "2001:db8::1" : "192.0.2.1", 20000);
    return c;
}

static void check(const struct answer *a, const char *offer, size_t len)
{
    struct sdp *in = NULL, *out = NULL;
    struct sdp_error why;
    size_t taken = 0;
    if (sdp_parse(offer, len, &in, &why) ||
        sdp_parse(answer_sdp(a), strlen(answer_sdp(a)), &out, &why))
        abort();
    if (in->n_media != out->n_media)
        abort();
    for (size_t i = 0; i < out->n_media; i++)
        taken += out->media[i].port != 0;
    if (taken != 1 || !out->media[answer_audio(a)->index].port)
        abort();
    if (!answer_audio(a)->n_formats || !answer_audio(a)->ptime_ms)
        abort();
    sdp_destroy(in);
    sdp_destroy(out);
}

static struct answer *answer_one(
    const char *offer, size_t len, const struct answer_config *cfg, const struct answer *prev)
{
    struct answer *a = NULL;
    struct sdp_error why;
    if (!answer_create(offer, len, cfg, prev, &a, &why))
        check(a, offer, len);
    else if (!why.text)
        abort();
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct answer_config cfg = make_config(data[0]);
    const char *first = (const char *)data + 1;
    size_t rest = size - 1;
    const char *end = rest ? memchr(first, '\0', rest) : NULL;
    size_t len = end ? (size_t)(end - first) : rest;
    struct answer *a = answer_one(first, len, &cfg, NULL);
    if (a && end)
        answer_destroy(answer_one(end + 1, rest - len - 1, &cfg, a));
    answer_destroy(a);
    return 0;
}
