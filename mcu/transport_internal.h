#ifndef MCU_TRANSPORT_INTERNAL_H
#define MCU_TRANSPORT_INTERNAL_H

/* What the kinds of transport share: the base struct, first member of each. [media loop] */

#include "mcu/transport.h"

struct transport_kind_ops {
    int (*start)(struct transport *t, uint64_t now_us);
    void (*stop)(struct transport *t); /* calls stopped() */
    void (*renegotiate)(struct transport *t, const struct transport_terms *terms, uint64_t now_us);
    bool (*connected)(const struct transport *t, bool rtcp); /* there is somewhere to send to */
    /* Sends len bytes of what was built in the batch's reserved buffer. */
    int (*commit)(struct transport *t, bool rtcp, size_t len);
    /* An unencrypted RTP packet, its payload by reference. NULL: never. */
    int (*send_plain)(
        struct transport *t, const uint8_t *header, const uint8_t *payload, size_t payload_len);
    /* Whether a packet from there counts. RTP: p is set. */
    bool (*takes)(struct transport *t, const struct net_addr *from, const struct rtp_packet *p,
        uint64_t now_us);
    void (*every_second)(struct transport *t, uint64_t now_us);            /* NULL: nothing to do */
    void (*stats)(const struct transport *t, struct transport_stats *out); /* adds its own */
    void (*destroy)(struct transport *t);
};

struct transport {
    const struct transport_kind_ops *ops;
    struct media_loop *ml;
    const struct transport_events *events;
    void *events_arg;
    bool encrypted; /* nothing goes or is taken without the sessions */
    struct srtp_session *in, *out;
    const char *srtp_suite;
    uint64_t packets_in, bytes_in, packets_dropped;
};

/* Packets as they came: decrypt, parse, ask takes(), hand up, count. */
void transport_take_rtp(struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from,
    uint64_t arrival_us);
void transport_take_rtcp(struct transport *t, uint8_t *pkt, size_t len, const struct net_addr *from,
    uint64_t arrival_us);
/* Takes over the sessions; those of before are gone. */
void transport_set_keys(
    struct transport *t, struct srtp_session *in, struct srtp_session *out, const char *suite);

int transport_device_create(struct transport **tp, const struct transport_setup *setup,
    const struct transport_terms *terms);
int transport_webrtc_create(struct transport **tp, const struct transport_setup *setup,
    const struct transport_terms *terms);

#endif
