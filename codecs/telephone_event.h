#ifndef CODECS_TELEPHONE_EVENT_H
#define CODECS_TELEPHONE_EVENT_H

/* Keys of a telephone as RTP packets (RFC 4733): the payload, a receiver that makes one digit of
 * the packets of one key press, a sender that makes the packets of a string of digits. Pure: time
 * is passed in; embedded structs without a heap; one thread an instance.
 * Digits are '0'-'9' '*' '#' 'A'-'D', and '!' for flash (event 16). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TELEPHONE_EVENT_BYTES = 4,
    TELEPHONE_EVENT_QUEUE = 64,        /* digits a sender holds */
    TELEPHONE_EVENT_TICK_MS = 20,      /* between packets of a sender */
    TELEPHONE_EVENT_TIMEOUT_MS = 200,  /* silence after which a key counts as released */
    TELEPHONE_EVENT_DEFAULT_MS = 100,  /* a key press, unless said otherwise */
    TELEPHONE_EVENT_PAUSE_MS = 80,     /* between two keys of a sender */
    TELEPHONE_EVENT_VOLUME_DBM0 = 10,  /* -dBm0, of a sender */
    TELEPHONE_EVENT_MAX_MS = 10 * 1000 /* longest key press of a sender */
};

/* One payload, in host order. */
struct telephone_event {
    uint8_t event;     /* RFC 4733, 3.2: 0-15 keys, 16 flash, above: tones that are no keys */
    uint8_t volume;    /* -dBm0, 0 to 63 */
    bool end;          /* the key was released */
    uint16_t duration; /* since the RTP timestamp, in ticks of the RTP clock */
};

/* 0, or -EINVAL for fewer than 4 bytes; more are ignored. */
int telephone_event_parse(const uint8_t *payload, size_t len, struct telephone_event *out);
void telephone_event_write(
    const struct telephone_event *e, uint8_t payload[static TELEPHONE_EVENT_BYTES]);

char telephone_event_digit(uint8_t event); /* 0: no key */
int telephone_event_code(char digit);      /* lower case is taken too; -EINVAL: no key */

/* --- receiver --------------------------------------------------------------------------------- */
struct telephone_digit {
    char digit;
    uint32_t duration_ms; /* as far as it was seen */
};

struct telephone_event_rx {
    uint32_t clock_hz;
    uint64_t heard_us;      /* arrival of the last packet of the key */
    uint64_t elapsed_ticks; /* of the key's finished segments and of this one */
    uint32_t segment_ts;    /* RTP timestamp of the key's newest segment */
    uint16_t duration;      /* newest duration in it */
    uint8_t event;
    enum { TELEPHONE_EVENT_RX_FRESH, TELEPHONE_EVENT_RX_DOWN, TELEPHONE_EVENT_RX_UP } state;
};

/* clock_hz: of the payload type's rtpmap, or 0 for 8000. A new SSRC wants a new init. */
void telephone_event_rx_init(struct telephone_event_rx *rx, uint32_t clock_hz);
/* A packet with its RTP timestamp; the marker bit is not needed. Returns how many keys were thereby
 * completed, 0 to 2 (a key whose end was lost is completed by the next), or -EINVAL. */
int telephone_event_rx_put(struct telephone_event_rx *rx, const uint8_t *payload, size_t len,
    uint32_t rtp_timestamp, uint64_t now_us, struct telephone_digit out[static 2]);
/* To be called now and then: completes a key of which nothing came for TELEPHONE_EVENT_TIMEOUT_MS.
 * 1 and the key, or 0. */
int telephone_event_rx_expire(
    struct telephone_event_rx *rx, uint64_t now_us, struct telephone_digit *out);

/* --- sender ----------------------------------------------------------------------------------- */
struct telephone_event_tx {
    uint32_t clock_hz;
    uint32_t segment_ts; /* RTP timestamp of the current segment */
    uint32_t done_ticks; /* of the current segment, as last sent */
    uint32_t left_ticks; /* of the key, not yet sent */
    uint32_t wait_ticks; /* of the pause before the next key */
    unsigned ends;       /* end packets still to send */
    unsigned head, count;
    struct {
        uint8_t event;
        uint16_t ms;
    } queue[TELEPHONE_EVENT_QUEUE];
};

struct telephone_event_packet {
    uint8_t payload[TELEPHONE_EVENT_BYTES];
    uint32_t rtp_timestamp;
    bool marker;
};

void telephone_event_tx_init(struct telephone_event_tx *tx, uint32_t clock_hz); /* 0: 8000 */
/* Queues digits, each held for ms (0: TELEPHONE_EVENT_DEFAULT_MS; at least 40). 0, or -EINVAL for a
 * character that is no digit, -ENOBUFS when they do not all fit; then none is queued. */
int telephone_event_tx_queue(struct telephone_event_tx *tx, const char *digits, unsigned ms);
bool telephone_event_tx_busy(const struct telephone_event_tx *tx);
/* Every 20 ms, with the RTP timestamp the audio packet of this tick would have. 1 and the packet to
 * send, or 0. */
int telephone_event_tx_tick(
    struct telephone_event_tx *tx, uint32_t rtp_now, struct telephone_event_packet *out);

#endif
