/* Every offer is refused with a reason, or gets an answer that parses, has as many m= lines and
 * takes exactly one of them; by WebRTC, what else it accepts is inactive and in the same bundle.
 * The first byte chooses the configuration; NULs divide the first offer from later ones. */

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

static const struct ice_credentials credentials[2] = {
    {"abcd", "abcdefghijklmnopqrstuvwx"}, {"efgh", "efghijklmnopqrstuvwxyzab"}};

static struct answer_webrtc make_webrtc(uint8_t choice)
{
    struct answer_webrtc w = {
        .credentials = &credentials[0],
        .fingerprint = "sha-256 00:01:02",
        .n_candidates = 2,
        .transport_cc = true,
        .mid_extension = true,
        .nack = true,
        .red = choice & 16,
        .video = choice & 8,
        .stream_id = "s",
        .track_id = "t",
    };
    net_addr_parse(&w.candidates[0].addr, "192.0.2.1", 10000);
    w.candidates[1] = (struct sdp_ice_candidate){w.candidates[0].addr, true};
    return w;
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

static bool is_active(const struct sdp *s, const struct sdp_media *m)
{
    return m->port && !sdp_attr(s, &m->section, "inactive", NULL);
}

static void check_webrtc(const struct answer *a, const struct sdp *out)
{
    const struct answer_transport *t = answer_transport(a);
    size_t with_candidates = 0;
    if (!ice_credentials_ok(&t->local) || !ice_credentials_ok(&t->remote) || !t->n_fingerprints)
        abort();
    for (size_t i = 0; i < out->n_media; i++) {
        const struct sdp_media *m = &out->media[i];
        with_candidates += sdp_attr(out, &m->section, "candidate", NULL) != NULL;
        if (i != answer_audio(a)->index && is_active(out, m))
            abort();
        if (m->port && !sdp_attr(out, &m->section, "ice-ufrag", NULL))
            abort();
    }
    if (with_candidates != 1)
        abort();
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
    if ((taken != 1 && !answer_transport(a)) || !out->media[answer_audio(a)->index].port)
        abort();
    if (!answer_audio(a)->n_formats || !answer_audio(a)->ptime_ms)
        abort();
    if (answer_transport(a))
        check_webrtc(a, out);
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
    struct answer *prev = NULL;
    if (!size)
        return 0;
    struct answer_config cfg = make_config(data[0]);
    struct answer_webrtc webrtc = make_webrtc(data[0]);
    cfg.webrtc = data[0] & 64 ? &webrtc : NULL;
    const char *offer = (const char *)data + 1;
    for (size_t left = size - 1; left;) {
        const char *end = memchr(offer, '\0', left);
        size_t len = end ? (size_t)(end - offer) : left;
        struct answer *a = answer_one(offer, len, &cfg, prev);
        if (a) {
            answer_destroy(prev);
            prev = a;
        }
        webrtc.credentials = &credentials[1];
        left -= end ? len + 1 : len;
        offer += len + 1;
    }
    answer_destroy(prev);
    return 0;
}
