#include "net/sdp/answer_video.h"

#include <errno.h>
#include <string.h>

enum { VIDEO_CLOCK_HZ = 90000, MAX_FMTP_BYTES = 512 };

/* The value of a parameter in "a=1;b=2"; absent when it is not there. */
static struct sdp_str parameter(struct sdp_str fmtp, const char *name)
{
    while (fmtp.n) {
        struct sdp_str value = sdp_str_cut(&fmtp, ';');
        struct sdp_str key = sdp_str_trim(sdp_str_cut(&value, '='));
        if (sdp_str_ieq(key, name))
            return sdp_str_trim(value);
    }
    return (struct sdp_str){NULL, 0};
}

/* How good a format is; 0: of no use. H.264 in fragments (RFC 6184, 6.3) and of the baseline is
 * what everyone decodes; VP9 of profile 0 likewise. */
static unsigned rank(const struct sdp_format *f)
{
    if (f->clock_hz != VIDEO_CLOCK_HZ || f->fmtp.n > MAX_FMTP_BYTES)
        return 0;
    if (sdp_str_ieq(f->name, "VP8"))
        return 4;
    if (sdp_str_ieq(f->name, "H264") && sdp_str_eq(parameter(f->fmtp, "packetization-mode"), "1")) {
        struct sdp_str profile = parameter(f->fmtp, "profile-level-id");
        profile.n = profile.n > 2 ? 2 : profile.n;
        return sdp_str_eq(profile, "42") ? 3 : 2;
    }
    if (sdp_str_ieq(f->name, "VP9")) {
        struct sdp_str profile = parameter(f->fmtp, "profile-id");
        return !profile.p || sdp_str_eq(profile, "0");
    }
    return 0;
}

int answer_video_pick(const struct sdp *offer, size_t index, struct answer_video *out)
{
    struct sdp_audio lines;
    struct sdp_error why;
    unsigned best = 0;
    if (sdp_audio_read(offer, index, &lines, &why))
        return -EINVAL;
    for (size_t i = 0; i < lines.n_formats; i++) {
        const struct sdp_format *f = &lines.formats[i];
        if (rank(f) <= best)
            continue;
        best = rank(f);
        *out = (struct answer_video){f->pt, f->name, f->fmtp};
    }
    sdp_audio_wipe(&lines);
    return best ? 0 : -ENOTSUP;
}

static bool offers_feedback(
    const struct sdp *offer, const struct sdp_section *section, unsigned pt, const char *type)
{
    const struct sdp_attr *fb = NULL;
    while ((fb = sdp_attr(offer, section, "rtcp-fb", fb))) {
        struct sdp_str value = fb->value, word = sdp_str_word(&value);
        uint64_t n;
        bool ours = sdp_str_eq(word, "*") || (!sdp_str_number(word, 127, &n) && n == pt);
        if (ours && sdp_str_eq(sdp_str_trim(value), type))
            return true;
    }
    return false;
}

void answer_video_print(
    struct sdp *to, const struct sdp *offer, size_t index, const struct answer_video *v)
{
    static const char *const useful[] = {"transport-cc", "ccm fir", "nack", "nack pli"};
    sdp_add_attr(to, "rtpmap", "%u %.*s/%d", v->pt, SDP_STR_ARG(v->name), VIDEO_CLOCK_HZ);
    for (size_t i = 0; i < sizeof useful / sizeof *useful; i++)
        if (offers_feedback(offer, &offer->media[index].section, v->pt, useful[i]))
            sdp_add_attr(to, "rtcp-fb", "%u %s", v->pt, useful[i]);
    if (v->fmtp.n)
        sdp_add_attr(to, "fmtp", "%u %.*s", v->pt, SDP_STR_ARG(v->fmtp));
}
