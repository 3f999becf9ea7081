/* Packets in: sorted by payload type into jitter buffer or key receiver. */

#include "codecs/red.h"
#include "mcu/leg_internal.h"
#include "mcu/room_media.h"
#include "net/rtp/rtp.h"

#include <stdlib.h>
#include <string.h>

/* On a line of long packets news of arrivals is rarer: it would cost as much as the media. */
enum { LONG_PTIME_MS = 40, RARE_ARRIVALS_MS = 250 };

static const struct leg_format *format_of(const struct leg *leg, uint8_t pt)
{
    int i = leg->format_by_pt[pt & 127];
    return i < 0 ? NULL : &leg->media->formats[i];
}

static void put_frame(struct leg *leg, struct jitter_packet *jp)
{
    if (!leg->jitter) {
        struct jitter_config cfg = {.max_delay_ms = leg->setup.jitter_max_ms};
        if (jitter_create(&leg->jitter, &cfg)) {
            leg->packets_dropped++;
            return;
        }
    }
    jitter_put(leg->jitter, jp); /* counts what it refuses */
    mixer_leg_wake(leg->mixer_leg);
}

static void heed_level(struct leg *leg, const struct rtp_packet *p, uint64_t now_us)
{
    uint8_t level;
    if (leg->media->audio_level_id &&
        rtp_audio_level(p, leg->media->audio_level_id, &level, NULL) == 0)
        mixer_leg_level_hint(leg->mixer_leg, level, now_us);
}

static void take_audio(
    struct leg *leg, const struct leg_format *f, const struct rtp_packet *p, uint64_t now_us)
{
    struct jitter_packet jp = {
        .seq = p->h.seq,
        .timestamp = p->h.timestamp,
        .codec = f->codec,
        .payload = p->payload,
        .len = p->payload_len,
        .arrival_us = now_us,
        .marker = p->h.marker,
    };
    heed_level(leg, p, now_us);
    put_frame(leg, &jp);
}

/* Blocks repeat the packets just before, so their numbers can be told; what came already is a
 * duplicate to the jitter buffer. */
static void take_redundant(struct leg *leg, const struct rtp_packet *p, uint64_t now_us)
{
    struct red_block blocks[RED_MAX_BLOCKS];
    int n = red_unpack(p->payload, p->payload_len, p->h.timestamp, blocks);
    heed_level(leg, p, now_us);
    for (int i = 0; i < n; i++) {
        const struct leg_format *f = format_of(leg, blocks[i].pt);
        if (!f || f->kind != LEG_FORMAT_AUDIO || !blocks[i].len)
            continue;
        struct jitter_packet jp = {
            .seq = (uint16_t)(p->h.seq - (n - 1 - i)),
            .timestamp = blocks[i].timestamp,
            .codec = f->codec,
            .payload = blocks[i].data,
            .len = blocks[i].len,
            .arrival_us = now_us,
            .marker = p->h.marker && i == n - 1,
        };
        put_frame(leg, &jp);
    }
    if (n < 0)
        leg->packets_dropped++;
}

static void take_key(
    struct leg *leg, const struct leg_format *f, const struct rtp_packet *p, uint64_t now_us)
{
    struct telephone_digit digits[2];
    leg->key.clock_hz = f->clock_hz;
    int n = telephone_event_rx_put(
        &leg->key, p->payload, p->payload_len, p->h.timestamp, now_us, digits);
    for (int i = 0; i < n; i++)
        leg_tell_digit(leg, digits[i].digit, digits[i].duration_ms);
    if (n >= 0)
        leg_keys_start(leg);
    else
        leg->packets_dropped++;
}

void leg_receive_expire_key(struct leg *leg, uint64_t now_us)
{
    struct telephone_digit d;
    if (telephone_event_rx_expire(&leg->key, now_us, &d) > 0)
        leg_tell_digit(leg, d.digit, d.duration_ms);
}

/* True when the packet is of the stream we listen to and not seen before. */
static bool is_wanted(
    struct leg *leg, const struct leg_format *f, const struct rtp_packet *p, uint64_t now_us)
{
    switch (rtp_ssrc_gate_check(&leg->gate, p->h.ssrc, p->h.seq, now_us)) {
    case RTP_SSRC_REFUSED:
        return false;
    case RTP_SSRC_NEW:
        rtp_source_init(&leg->source, p->h.ssrc, f->clock_hz);
        telephone_event_rx_init(&leg->key, leg->key.clock_hz);
        break;
    case RTP_SSRC_CURRENT:
        break;
    }
    if (f->kind == LEG_FORMAT_AUDIO && f->clock_hz != leg->source.clock_hz)
        rtp_source_set_clock(&leg->source, f->clock_hz);
    enum rtp_source_verdict v =
        rtp_source_put(&leg->source, p->h.seq, p->h.timestamp, p->payload_len, now_us);
    return v != RTP_SOURCE_DUPLICATE && v != RTP_SOURCE_JUMP;
}

/* For the peer's estimate of its path. */
static void note_arrival(struct leg *leg, const struct rtp_packet *p, uint64_t now_us)
{
    uint16_t seq;
    if (transport_cc_seq(p, leg->media->transport_cc_id, &seq))
        return;
    if (!leg->arrivals) {
        leg->arrivals = malloc(sizeof(*leg->arrivals));
        if (!leg->arrivals)
            return;
        bool thin = leg->media->params.ptime_ms >= LONG_PTIME_MS;
        transport_cc_init(leg->arrivals, thin ? RARE_ARRIVALS_MS : 0);
    }
    transport_cc_put(leg->arrivals, seq, p->h.ssrc, now_us);
    if (transport_cc_due(leg->arrivals, now_us))
        leg_send_arrivals(leg);
}

bool leg_receive_rtp(const struct rtp_packet *p, uint64_t now_us, void *arg)
{
    struct leg *leg = arg;
    leg->last_heard_us = now_us;
    if (leg->media->transport_cc_id)
        note_arrival(leg, p, now_us);
    const struct leg_format *f = format_of(leg, p->h.payload_type);
    if (!f || !leg->media->receive || !is_wanted(leg, f, p, now_us))
        return false;
    switch (f->kind) {
    case LEG_FORMAT_EVENT:
        take_key(leg, f, p, now_us);
        break;
    case LEG_FORMAT_RED:
        take_redundant(leg, p, now_us);
        break;
    case LEG_FORMAT_AUDIO:
    case LEG_FORMAT_NOISE:
        take_audio(leg, f, p, now_us);
        break;
    }
    return true;
}

bool leg_receive_rtcp(const uint8_t *compound, size_t len, uint64_t now_us, void *arg)
{
    struct leg *leg = arg;
    struct rtcp_event ev;
    if (rtcp_session_receive(leg->rtcp, compound, len, &ev, now_us))
        return false;
    leg->last_heard_us = now_us;
    leg_send_heed_remote(leg, &ev, now_us);
    /* One that only listens has told no SSRC by RTP: then any will do. */
    bool theirs = leg->source.started ? ev.bye_ssrc == leg->source.ssrc : ev.bye_ssrc != 0;
    if (ev.bye && theirs)
        leg_tell_ended(leg, "bye");
    return true;
}

/* --- the mixer's view ------------------------------------------------------------------------ */
static enum mixer_pull pull(uint64_t now_us, int16_t pcm[static MIXER_FRAME_SAMPLES], void *arg)
{
    struct leg *leg = arg;
    if (!leg->jitter)
        return MIXER_PULL_NOTHING;
    switch (jitter_pull(leg->jitter, now_us, pcm)) {
    case JITTER_SPEECH:
    case JITTER_CONCEALED:
        return MIXER_PULL_SPEECH;
    case JITTER_NOISE:
        return MIXER_PULL_NOISE;
    case JITTER_SILENT:
        break;
    }
    return MIXER_PULL_NOTHING;
}

static void skip(uint64_t now_us, void *arg)
{
    struct leg *leg = arg;
    if (leg->jitter)
        jitter_skip(leg->jitter, now_us);
}

static bool idle(uint64_t now_us, void *arg)
{
    const struct leg *leg = arg;
    return !leg->jitter || jitter_idle(leg->jitter, now_us);
}

const struct mixer_source leg_source = {.pull = pull, .skip = skip, .idle = idle};

/* --- life ------------------------------------------------------------------------------------ */
static void index_formats(struct leg *leg)
{
    memset(leg->format_by_pt, -1, sizeof(leg->format_by_pt));
    for (size_t i = leg->media->n_formats; i-- > 0;)
        leg->format_by_pt[leg->media->formats[i].pt & 127] = (int8_t)i;
}

void leg_receive_renegotiated(struct leg *leg)
{
    index_formats(leg);
    rtp_ssrc_gate_reset(&leg->gate);
}

void leg_receive_start(struct leg *leg, uint64_t now_us)
{
    index_formats(leg);
    rtp_ssrc_gate_init(&leg->gate);
    rtp_source_init(&leg->source, 0, leg->media->audio.clock_hz);
    telephone_event_rx_init(&leg->key, leg->media->event.clock_hz);
    leg->last_heard_us = now_us;
}
