#include "net/sdp/answer_lines.h"

#include "net/sdp/answer_formats.h"

enum { MAX_IDLE = 16 }; /* each reads the session's attributes again */

static bool has_short_mid(const struct sdp *offer, const struct sdp_media *m)
{
    return answer_mid(offer, m).n < ANSWER_MAX_MID_BYTES;
}

static void plan_audio(struct answer_maker *m, size_t index, struct answer_line *line)
{
    struct answer_audio picked = {.index = index};
    struct sdp_audio offer;
    struct sdp_error why;
    if (sdp_audio_read(m->offer, index, &offer, &why) || !offer.rtcp_mux ||
        answer_formats_pick(&offer, m->cfg, &picked))
        return;
    line->fate = ANSWER_LINE_IDLE_AUDIO;
    line->pt = picked.formats[0].pt;
    line->codec = picked.formats[0].codec;
}

static void plan_idle(struct answer_maker *m, size_t index, struct answer_line *line)
{
    const struct sdp_media *media = &m->offer->media[index];
    if (!sdp_media_alive(m->offer, media) || media->n_ports != 1 ||
        !has_short_mid(m->offer, media) || !answer_line_is_webrtc(m->offer, media))
        return;
    if (answer_is_audio(media))
        plan_audio(m, index, line);
    else if (m->cfg->webrtc->video && sdp_str_eq(media->type, "video") &&
             !answer_video_pick(m->offer, index, &line->video))
        line->fate = ANSWER_LINE_IDLE_VIDEO;
}

void answer_lines_plan(struct answer_maker *m, size_t index, struct answer_lines *out)
{
    size_t tries = 0;
    *out = (struct answer_lines){.tagged = index};
    out->line[index].fate = ANSWER_LINE_TAKEN;
    answer_bundle_read(m->offer, index, &out->bundle);
    for (size_t i = 0; i < out->bundle.n; i++) {
        size_t k = out->bundle.order[i];
        if (k != index && tries++ < MAX_IDLE)
            plan_idle(m, k, &out->line[k]);
    }
    for (size_t i = out->bundle.n; i-- > 0;)
        if (out->line[out->bundle.order[i]].fate != ANSWER_LINE_REFUSED)
            out->tagged = out->bundle.order[i];
}
