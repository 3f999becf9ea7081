#ifndef MCU_LEG_INTERNAL_H
#define MCU_LEG_INTERNAL_H

/* The struct behind mcu/leg.h, shared by leg.c (life and commands), leg_receive.c (packets in) and
 * leg_send.c (packets out). [loop: media], but for what leg.c says. */

#include "codecs/red.h"
#include "codecs/telephone_event.h"
#include "mcu/leg.h"
#include "mcu/mailbox.h"
#include "mcu/media_loop.h"
#include "mixer/adapt.h"
#include "mixer/jitter/jitter.h"
#include "mixer/mixer.h"
#include "net/rtp/rtcp_session.h"
#include "net/rtp/rtp_source.h"
#include "net/rtp/transport_cc.h"

struct leg {
    struct room_media *rm;
    struct media_loop *ml;
    const struct leg_events *events;
    void *events_arg;
    struct leg_setup setup;  /* as opened; its media are replaced by a re-offer */
    struct leg_media *media; /* &setup.media */
    struct transport *transport;
    struct mixer_leg *mixer_leg;
    bool started; /* in the room, receiving */
    bool ended;   /* told so */

    /* In */
    int8_t format_by_pt[128]; /* index into media->formats, -1: none */
    struct rtp_ssrc_gate gate;
    struct rtp_source source;
    struct jitter *jitter; /* made with the first packet */
    struct telephone_event_rx key;
    struct transport_cc *arrivals; /* made with the first packet that is numbered for it */
    uint64_t refusals_seen;        /* of the transport, a second ago */
    unsigned refused_seconds;
    uint64_t last_heard_us;   /* RTP or RTCP that was taken */
    uint64_t packets_dropped; /* beside those the transport did not take */

    /* Out */
    bool deaf; /* wanted */
    uint16_t seq;
    uint32_t timestamp_offset, timestamp; /* of the last packet */
    uint32_t clock_hz;                    /* timestamp_offset holds for it */
    bool resumed;                         /* the next packet carries the marker */
    struct rtcp_session *rtcp;
    struct adapt adapt;
    struct acodec_params encoding; /* as adapted */
    uint64_t last_report_us;       /* that adapt has seen */
    uint64_t packets_out, bytes_out;
    struct telephone_event_tx dial;
    struct red_history *sent_before;            /* made when much is lost */
    uint8_t key_payload[TELEPHONE_EVENT_BYTES]; /* of the packet in the send batch */
    uint64_t late_reported;                     /* late packets told by RTCP */

    /* While a key is down or digits are dialled, a tick of its own. */
    struct ticker keys;
    bool keys_ticking;

    bool talking, talking_noted; /* noted within the tick, told after it */
    struct mail close, gone;
    const char *close_reason;
};

/* leg.c */
void leg_tell_digit(struct leg *leg, char digit, uint32_t duration_ms);
void leg_tell_ended(struct leg *leg, const char *reason);
void leg_keys_start(struct leg *leg);

/* leg_receive.c */
void leg_receive_start(struct leg *leg, uint64_t now_us);
void leg_receive_renegotiated(struct leg *leg);
bool leg_receive_rtp(const struct rtp_packet *p, uint64_t now_us, void *leg);
bool leg_receive_rtcp(const uint8_t *compound, size_t len, uint64_t now_us, void *leg);
void leg_receive_expire_key(struct leg *leg, uint64_t now_us);
extern const struct mixer_source leg_source;

/* leg_send.c */
int leg_send_start(struct leg *leg, uint64_t now_us);
void leg_send_stop(struct leg *leg, const char *reason);       /* RTCP BYE */
void leg_send_packet(const struct mixer_packet *p, void *leg); /* a mixer_packet_fn */
void leg_send_renegotiated(struct leg *leg);
void leg_send_key(struct leg *leg, uint64_t slot_us);
void leg_send_arrivals(struct leg *leg);
void leg_send_every_second(struct leg *leg, uint64_t now_us);
void leg_send_heed_remote(struct leg *leg, const struct rtcp_event *ev, uint64_t now_us);

#endif
