#include "net/sdp/answer_bundle.h"

#include <string.h>

struct sdp_str answer_mid(const struct sdp *s, const struct sdp_media *m)
{
    const struct sdp_attr *a = sdp_attr(s, &m->section, "mid", NULL);
    return a ? sdp_str_trim(a->value) : (struct sdp_str){NULL, 0};
}

static size_t find_line(const struct sdp_str *mids, size_t n, struct sdp_str mid)
{
    size_t i = 0;
    while (i < n && (mids[i].n != mid.n || memcmp(mids[i].p, mid.p, mid.n)))
        i++;
    return i;
}

static void read_group(
    const struct sdp_str *mids, size_t n_media, struct sdp_str list, struct answer_bundle *out)
{
    struct sdp_str word;
    *out = (struct answer_bundle){.n = 0};
    while ((word = sdp_str_word(&list)).p) {
        size_t i = find_line(mids, n_media, word);
        if (i == n_media || out->in[i])
            continue;
        out->in[i] = true;
        out->order[out->n++] = (uint8_t)i;
    }
}

void answer_bundle_read(const struct sdp *offer, size_t index, struct answer_bundle *out)
{
    struct sdp_str mids[SDP_MAX_MEDIA];
    const struct sdp_attr *group = NULL;
    for (size_t i = 0; i < offer->n_media; i++)
        mids[i] = answer_mid(offer, &offer->media[i]);
    while ((group = sdp_attr(offer, &offer->session, "group", group))) {
        struct sdp_str list = group->value;
        if (!sdp_str_eq(sdp_str_word(&list), "BUNDLE"))
            continue;
        read_group(mids, offer->n_media, list, out);
        if (out->in[index])
            return;
    }
    *out = (struct answer_bundle){.n = 0};
}
