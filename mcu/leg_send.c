/* Packets out: what the mixer encoded, RTCP reports, dialled digits. */

#include "mcu/leg_internal.h"
#include "mcu/room_media.h"
#include "net/rtp/rtp.h"
#include "net/send_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RED_PAYLOAD_BYTES = 1200,
    ARRIVALS_BYTES = TRANSPORT_CC_MAX_BYTES + 8, /* with an empty receiver report */
};
static const float RED_ONCE_LOSS = 0.03f, RED_TWICE_LOSS = 0.2f;

static void send_rtp(
    struct leg *leg, const struct rtp_header *h, const uint8_t *payload, size_t payload_len)
{
    uint8_t header[RTP_HEADER_BYTES];
    rtp_write_header(header, h);
    if (transport_send_rtp(leg->transport, header, payload, payload_len))
        return;
    leg->packets_out++;
    leg->bytes_out += RTP_HEADER_BYTES + payload_len;
    rtcp_session_sent(leg->rtcp, leg->timestamp, payload_len, media_loop_slot_us(leg->ml));
}

/* Timestamps follow the mixer's clock. When a re-offer changes their rate they go on from the last
 * one by one packet (RFC 7160 wants no jump). */
static uint32_t timestamp_of(struct leg *leg, uint32_t mixer_timestamp)
{
    uint32_t clock_hz = leg->media->audio.clock_hz;
    if (leg->clock_hz != clock_hz) {
        uint32_t step = clock_hz / 1000 * leg->media->params.ptime_ms;
        leg->timestamp_offset = leg->timestamp + step - mixer_timestamp;
        leg->clock_hz = clock_hz;
        rtcp_session_set_clock(leg->rtcp, clock_hz);
    }
    return mixer_timestamp + leg->timestamp_offset;
}

/* Right after a re-offer packets may still be as agreed before: the peer has no name for them. */
static bool is_agreed(const struct leg_media *media, const struct mixer_packet *p)
{
    return p->codec == media->audio.codec && (!p->comfort_noise || media->noise.clock_hz != 0);
}

/* While much is lost: each packet with the one or two before it. The copy is gone into the
 * encrypted packet when this returns. */
static bool send_redundant(struct leg *leg, struct rtp_header *h, const struct mixer_packet *p)
{
    uint8_t buf[RED_PAYLOAD_BYTES];
    struct red_block block = {
        .pt = h->payload_type, .timestamp = h->timestamp, .data = p->payload, .len = p->len};
    unsigned depth = leg->adapt.loss < RED_ONCE_LOSS ? 0 : leg->adapt.loss < RED_TWICE_LOSS ? 1 : 2;
    if (!leg->media->red_pt || !depth || !leg->sent_before)
        return false;
    int n = red_history_pack(leg->sent_before, &block, depth, buf, sizeof(buf));
    red_history_add(leg->sent_before, &block);
    if (n < 0)
        return false;
    h->payload_type = leg->media->red_pt;
    send_rtp(leg, h, buf, (size_t)n);
    return true;
}

void leg_send_packet(const struct mixer_packet *p, void *arg)
{
    struct leg *leg = arg;
    if (!leg->media->send || !is_agreed(leg->media, p) || telephone_event_tx_busy(&leg->dial)) {
        leg->resumed = true;
        return;
    }
    leg->timestamp = timestamp_of(leg, p->timestamp);
    struct rtp_header h = {
        .payload_type = p->comfort_noise ? leg->media->noise.pt : leg->media->audio.pt,
        .marker = p->marker || leg->resumed,
        .seq = leg->seq++,
        .timestamp = leg->timestamp,
        .ssrc = leg->setup.transport.ssrc,
    };
    leg->resumed = false;
    if (p->comfort_noise || !send_redundant(leg, &h, p))
        send_rtp(leg, &h, p->payload, p->len);
}

void leg_send_key(struct leg *leg, uint64_t slot_us)
{
    (void)slot_us;
    uint32_t clock_hz = leg->media->audio.clock_hz;
    struct mixer_stats mixer;
    mixer_stats(room_media_mixer(leg->rm), &mixer);
    uint32_t now = timestamp_of(leg, (uint32_t)(mixer.clock_ms * (clock_hz / 100) / 10));
    struct telephone_event_packet e;
    if (telephone_event_tx_tick(&leg->dial, now, &e) <= 0)
        return;
    leg->timestamp = now;
    struct rtp_header h = {
        .payload_type = leg->media->event.pt,
        .marker = e.marker,
        .seq = leg->seq++,
        .timestamp = e.rtp_timestamp,
        .ssrc = leg->setup.transport.ssrc,
    };
    memcpy(leg->key_payload, e.payload, sizeof(e.payload));
    send_rtp(leg, &h, leg->key_payload, sizeof(leg->key_payload));
}

/* --- RTCP ------------------------------------------------------------------------------------ */
static void send_rtcp(struct leg *leg, const char *bye, uint64_t now_us)
{
    uint8_t *buf = transport_reserve_rtcp(leg->transport, RTCP_SESSION_MAX_BYTES);
    if (!buf)
        return;
    struct rtcp_local local = {.ptime_ms = leg->media->params.ptime_ms};
    if (leg->jitter) {
        struct jitter_stats j;
        jitter_stats(leg->jitter, &j);
        local.jb_now_ms = j.delay_ms;
        local.jb_max_ms = leg->setup.jitter_max_ms;
        local.discarded = (uint32_t)(j.late - leg->late_reported);
        leg->late_reported = j.late;
    }
    struct rtp_source *src = leg->source.started ? &leg->source : NULL;
    int n = bye ? rtcp_session_build_bye(leg->rtcp, src, bye, buf, RTCP_SESSION_MAX_BYTES, now_us)
                : rtcp_session_build(leg->rtcp, src, &local, buf, RTCP_SESSION_MAX_BYTES, now_us);
    if (n > 0)
        transport_send_rtcp(leg->transport, buf, (size_t)n, RTCP_SESSION_MAX_BYTES);
}

void leg_send_arrivals(struct leg *leg)
{
    struct rtcp_writer w;
    uint8_t *buf = transport_reserve_rtcp(leg->transport, ARRIVALS_BYTES);
    if (!buf)
        return;
    rtcp_writer_init(&w, buf, ARRIVALS_BYTES);
    if (!leg->media->rtcp_rsize)
        rtcp_write_rr(&w, leg->setup.transport.ssrc, NULL, 0);
    if (transport_cc_write(leg->arrivals, &w, leg->setup.transport.ssrc) > 0)
        transport_send_rtcp(leg->transport, buf, w.len, ARRIVALS_BYTES);
}

/* --- what the peer's reports change ---------------------------------------------------------- */
/* 0, or a negative errno and it is encoded as before. */
static int encode_as(struct leg *leg, const struct acodec_params *params)
{
    const struct leg_media *m = leg->media;
    int err =
        mixer_leg_set_encoding(leg->mixer_leg, m->audio.codec, params, m->noise.clock_hz != 0);
    if (!err)
        leg->encoding = *params;
    return err;
}

/* Here, since a tick allocates nothing. Without memory nothing is repeated. */
static void prepare_redundancy(struct leg *leg)
{
    if (leg->sent_before || !leg->media->red_pt || leg->adapt.loss < RED_ONCE_LOSS)
        return;
    leg->sent_before = malloc(sizeof(*leg->sent_before));
    if (leg->sent_before)
        red_history_init(leg->sent_before);
}

static void heed(struct leg *leg, const struct adapt_report *r, uint64_t now_us)
{
    struct acodec_params params;
    if (!leg->media->audio.codec->enc_adapt)
        return;
    bool changed = adapt_report(&leg->adapt, r, now_us);
    prepare_redundancy(leg);
    if (!changed)
        return;
    adapt_params(&leg->adapt, &params);
    encode_as(leg, &params);
}

void leg_send_heed_remote(struct leg *leg, const struct rtcp_event *ev, uint64_t now_us)
{
    struct rtcp_remote r;
    rtcp_session_remote(leg->rtcp, &r);
    if (!ev->report && !ev->remb_bps)
        return;
    struct adapt_report report = {
        .loss = (float)r.fraction_lost / 256,
        .rtt_ms = r.rtt_us / 1000,
        .estimate_bps = ev->remb_bps > UINT32_MAX ? UINT32_MAX : (uint32_t)ev->remb_bps,
    };
    heed(leg, &report, now_us);
}

void leg_send_every_second(struct leg *leg, uint64_t now_us)
{
    if (rtcp_session_due(leg->rtcp, now_us))
        send_rtcp(leg, NULL, now_us);
}

/* --- life ------------------------------------------------------------------------------------ */
static void start_encoding(struct leg *leg)
{
    adapt_init(&leg->adapt, &leg->media->params);
    leg->encoding = leg->media->params;
    if (leg->media->audio.codec->enc_adapt)
        adapt_params(&leg->adapt, &leg->encoding);
    leg->resumed = true;
    telephone_event_tx_init(&leg->dial, leg->media->event.clock_hz);
}

void leg_send_renegotiated(struct leg *leg)
{
    start_encoding(leg);
    if (encode_as(leg, &leg->encoding))
        leg_tell_ended(leg, "failed"); /* it would hear nothing more */
}

int leg_send_start(struct leg *leg, uint64_t now_us)
{
    struct rtcp_session_config rtcp = {
        .ssrc = leg->setup.transport.ssrc,
        .cname = leg->setup.cname,
        .clock_hz = leg->media->audio.clock_hz,
        .xr = leg->media->xr_voip_metrics,
        .reduced_size = true,
        .seed = leg->setup.seed,
    };
    int err = rtcp_session_create(&leg->rtcp, &rtcp, now_us);
    if (err)
        return err;
    leg->seq = (uint16_t)leg->setup.seed;
    leg->timestamp_offset = (uint32_t)(leg->setup.seed >> 16);
    leg->clock_hz = leg->media->audio.clock_hz;
    start_encoding(leg);
    return 0;
}

void leg_send_stop(struct leg *leg, const char *reason)
{
    if (leg->rtcp) {
        send_rtcp(leg, reason, media_loop_slot_us(leg->ml));
        send_batch_flush(media_loop_batch(leg->ml));
    }
    rtcp_session_destroy(leg->rtcp);
    leg->rtcp = NULL;
}
