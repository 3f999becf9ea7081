#include "codecs/opus_fmtp.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_TEXT = 1024 };

enum key {
    MAXPLAYBACKRATE,
    SPROP_MAXCAPTURERATE,
    MAXAVERAGEBITRATE,
    STEREO,
    SPROP_STEREO,
    USEINBANDFEC,
    USEDTX,
    CBR,
    MINPTIME,
    KEYS
};

static const struct {
    const char *name;
    uint32_t min, max;
} keys[KEYS] = {
    [MAXPLAYBACKRATE] = {"maxplaybackrate", 8000, 48000},
    [SPROP_MAXCAPTURERATE] = {"sprop-maxcapturerate", 8000, 48000},
    [MAXAVERAGEBITRATE] = {"maxaveragebitrate", OPUS_MIN_BPS, OPUS_MAX_BPS},
    [STEREO] = {"stereo", 0, 1},
    [SPROP_STEREO] = {"sprop-stereo", 0, 1},
    [USEINBANDFEC] = {"useinbandfec", 0, 1},
    [USEDTX] = {"usedtx", 0, 1},
    [CBR] = {"cbr", 0, 1},
    [MINPTIME] = {"minptime", 3, 120},
};

struct values {
    bool given[KEYS];
    uint32_t value[KEYS];
};

struct span {
    const char *at;
    size_t len;
};

static struct span trim(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (from < to && isspace((unsigned char)to[-1]))
        to--;
    return (struct span){from, (size_t)(to - from)};
}

/* Decimal digits only; what is too large stays at UINT32_MAX. */
static bool number(struct span s, uint32_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.at[i]))
            return false;
        n = n * 10 + (uint64_t)(s.at[i] - '0');
        if (n > UINT32_MAX)
            n = UINT32_MAX;
    }
    *out = (uint32_t)n;
    return s.len > 0;
}

static void take(struct span name, struct span text, struct values *v)
{
    uint32_t n;
    if (!number(text, &n))
        return;
    for (unsigned k = 0; k < KEYS; k++) {
        if (strlen(keys[k].name) != name.len || strncasecmp(keys[k].name, name.at, name.len) != 0)
            continue;
        v->given[k] = true;
        v->value[k] = n < keys[k].min ? keys[k].min : n > keys[k].max ? keys[k].max : n;
    }
}

static void scan(const char *fmtp, struct values *v)
{
    for (const char *at = fmtp; *at;) {
        const char *end = at + strcspn(at, ";");
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (equals)
            take(trim(at, equals), trim(equals + 1, end), v);
        at = *end ? end + 1 : end;
    }
}

static uint32_t packet_ms_at_least(uint32_t ms)
{
    return ms <= 10 ? 10 : ms <= 20 ? 20 : ms <= 40 ? 40 : 60;
}

/* What a peer says of its own sending (sprop-…) and a wish for stereo change nothing: we decode
 * everything and send mono. */
int opus_fmtp_parse(const char *fmtp, struct acodec_params *p)
{
    if (strnlen(fmtp, MAX_TEXT + 1) > MAX_TEXT)
        return -EINVAL;
    struct values v = {0};
    scan(fmtp, &v);

    uint32_t playback = v.value[MAXPLAYBACKRATE];
    if (v.given[MAXPLAYBACKRATE] && (!p->max_playback_hz || p->max_playback_hz > playback))
        p->max_playback_hz = playback;
    uint32_t bitrate = p->bitrate_bps ? p->bitrate_bps : OPUS_DEFAULT_BPS;
    if (v.given[MAXAVERAGEBITRATE] && v.value[MAXAVERAGEBITRATE] < bitrate)
        p->bitrate_bps = v.value[MAXAVERAGEBITRATE];
    if (v.given[MINPTIME] && p->ptime_ms < v.value[MINPTIME])
        p->ptime_ms = packet_ms_at_least(v.value[MINPTIME]);
    p->fec = p->fec && v.value[USEINBANDFEC]; /* absent: the peer cannot use it */
    if (v.given[USEDTX])
        p->dtx = v.value[USEDTX];
    if (v.value[CBR])
        p->cbr = true;
    return 0;
}

/* As a receiver we take all there is and repair with FEC; limits of the leg hold both ways. */
int opus_fmtp_print(const struct acodec_params *p, char *buf, size_t cap)
{
    char playback[64] = "", bitrate[32] = "";
    if (p->max_playback_hz && p->max_playback_hz < 48000)
        snprintf(playback, sizeof playback, ";maxplaybackrate=%u;sprop-maxcapturerate=%u",
            (unsigned)p->max_playback_hz, (unsigned)p->max_playback_hz);
    if (p->bitrate_bps)
        snprintf(bitrate, sizeof bitrate, ";maxaveragebitrate=%u", (unsigned)p->bitrate_bps);
    int n = snprintf(buf, cap, "minptime=10;useinbandfec=1%s%s%s%s", playback, bitrate,
        p->dtx ? ";usedtx=1" : "", p->cbr ? ";cbr=1" : "");
    return (size_t)n >= cap ? -ENOSPC : n;
}
