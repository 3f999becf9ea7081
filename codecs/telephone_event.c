#include "codecs/telephone_event.h"

#include <errno.h>
#include <string.h>

enum {
    DEFAULT_CLOCK_HZ = 8000,
    MIN_PRESS_MS = 40,
    END_PACKETS = 3,       /* RFC 4733, 2.5.1.4 */
    MAX_DURATION = 0xffff, /* of a segment: 2.5.1.3 */
    REORDER_SECONDS = 5,   /* older timestamps are stragglers, much older ones a new stream */
};

static const char digits[] = "0123456789*#ABCD!";

int telephone_event_parse(const uint8_t *payload, size_t len, struct telephone_event *out)
{
    if (len < TELEPHONE_EVENT_BYTES)
        return -EINVAL;
    out->event = payload[0];
    out->end = payload[1] & 0x80;
    out->volume = payload[1] & 0x3f;
    out->duration = (uint16_t)(payload[2] << 8 | payload[3]);
    return 0;
}

void telephone_event_write(
    const struct telephone_event *e, uint8_t payload[static TELEPHONE_EVENT_BYTES])
{
    payload[0] = e->event;
    payload[1] = (uint8_t)((e->end ? 0x80 : 0) | (e->volume & 0x3f));
    payload[2] = (uint8_t)(e->duration >> 8);
    payload[3] = (uint8_t)e->duration;
}

char telephone_event_digit(uint8_t event)
{
    return event < sizeof digits - 1 ? digits[event] : 0;
}

int telephone_event_code(char digit)
{
    if (digit >= 'a' && digit <= 'd')
        digit = (char)(digit - 'a' + 'A');
    const char *at = digit ? strchr(digits, digit) : NULL;
    return at ? (int)(at - digits) : -EINVAL;
}

/* --- receiver --------------------------------------------------------------------------------- */
void telephone_event_rx_init(struct telephone_event_rx *rx, uint32_t clock_hz)
{
    *rx = (struct telephone_event_rx){
        .clock_hz = clock_hz ? clock_hz : DEFAULT_CLOCK_HZ,
        .state = TELEPHONE_EVENT_RX_FRESH,
    };
}

static void release(struct telephone_event_rx *rx, struct telephone_digit *out)
{
    uint64_t ms = rx->elapsed_ticks * 1000 / rx->clock_hz;
    out->digit = telephone_event_digit(rx->event);
    out->duration_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    rx->state = TELEPHONE_EVENT_RX_UP;
}

/* A key held for longer than a duration can say goes on in a segment that begins where the full
 * duration of the one before ended (RFC 4733, 2.5.1.3). */
static bool continues(
    const struct telephone_event_rx *rx, const struct telephone_event *e, uint32_t ts)
{
    uint32_t after = ts - rx->segment_ts;
    return rx->state == TELEPHONE_EVENT_RX_DOWN && e->event == rx->event &&
           (after == MAX_DURATION || (after == rx->duration && after > MAX_DURATION / 2));
}

static bool straggler(const struct telephone_event_rx *rx, uint32_t ts)
{
    uint32_t behind = rx->segment_ts - ts;
    return behind != 0 && behind < rx->clock_hz * REORDER_SECONDS;
}

static void press(struct telephone_event_rx *rx, const struct telephone_event *e, uint32_t ts)
{
    rx->state = TELEPHONE_EVENT_RX_DOWN;
    rx->event = e->event;
    rx->segment_ts = ts;
    rx->duration = e->duration;
    rx->elapsed_ticks = e->duration;
}

/* Durations only grow, but some senders let them wrap instead of beginning a segment. */
static void hold(struct telephone_event_rx *rx, uint16_t duration)
{
    uint16_t grown = (uint16_t)(duration - rx->duration);
    if (grown > MAX_DURATION / 2)
        return; /* overtaken on its way */
    rx->elapsed_ticks += grown;
    rx->duration = duration;
}

int telephone_event_rx_put(struct telephone_event_rx *rx, const uint8_t *payload, size_t len,
    uint32_t rtp_timestamp, uint64_t now_us, struct telephone_digit out[static 2])
{
    struct telephone_event e;
    if (telephone_event_parse(payload, len, &e) != 0)
        return -EINVAL;
    if (!telephone_event_digit(e.event))
        return 0;
    int done = 0;
    bool known = rx->state != TELEPHONE_EVENT_RX_FRESH;
    if (known && rtp_timestamp == rx->segment_ts && e.event == rx->event) {
        if (rx->state == TELEPHONE_EVENT_RX_UP)
            return 0; /* the end is sent more than once */
        hold(rx, e.duration);
    } else if (known && continues(rx, &e, rtp_timestamp)) {
        rx->elapsed_ticks += rtp_timestamp - rx->segment_ts - rx->duration + e.duration;
        rx->segment_ts = rtp_timestamp;
        rx->duration = e.duration;
    } else if (known && straggler(rx, rtp_timestamp)) {
        return 0;
    } else {
        if (rx->state == TELEPHONE_EVENT_RX_DOWN)
            release(rx, &out[done++]);
        press(rx, &e, rtp_timestamp);
    }
    rx->heard_us = now_us;
    if (e.end)
        release(rx, &out[done++]);
    return done;
}

int telephone_event_rx_expire(
    struct telephone_event_rx *rx, uint64_t now_us, struct telephone_digit *out)
{
    if (rx->state != TELEPHONE_EVENT_RX_DOWN || now_us < rx->heard_us ||
        now_us - rx->heard_us < TELEPHONE_EVENT_TIMEOUT_MS * 1000)
        return 0;
    release(rx, out);
    return 1;
}

/* --- sender ----------------------------------------------------------------------------------- */
void telephone_event_tx_init(struct telephone_event_tx *tx, uint32_t clock_hz)
{
    *tx = (struct telephone_event_tx){.clock_hz = clock_hz ? clock_hz : DEFAULT_CLOCK_HZ};
}

int telephone_event_tx_queue(struct telephone_event_tx *tx, const char *text, unsigned ms)
{
    size_t n = strnlen(text, TELEPHONE_EVENT_QUEUE + 1);
    for (size_t i = 0; i < n; i++)
        if (telephone_event_code(text[i]) < 0)
            return -EINVAL;
    if (n > TELEPHONE_EVENT_QUEUE - tx->count)
        return -ENOBUFS;
    if (ms == 0)
        ms = TELEPHONE_EVENT_DEFAULT_MS;
    ms = ms < MIN_PRESS_MS             ? MIN_PRESS_MS
         : ms > TELEPHONE_EVENT_MAX_MS ? TELEPHONE_EVENT_MAX_MS
                                       : ms;
    for (size_t i = 0; i < n; i++) {
        unsigned at = (tx->head + tx->count++) % TELEPHONE_EVENT_QUEUE;
        tx->queue[at].event = (uint8_t)telephone_event_code(text[i]);
        tx->queue[at].ms = (uint16_t)ms;
    }
    return 0;
}

bool telephone_event_tx_busy(const struct telephone_event_tx *tx)
{
    return tx->count > 0 || tx->ends > 0;
}

static uint32_t ticks(const struct telephone_event_tx *tx, unsigned ms)
{
    return (uint32_t)((uint64_t)tx->clock_hz * ms / 1000);
}

static void fill(
    const struct telephone_event_tx *tx, bool end, bool marker, struct telephone_event_packet *out)
{
    struct telephone_event e = {
        .event = tx->queue[tx->head].event,
        .volume = TELEPHONE_EVENT_VOLUME_DBM0,
        .end = end,
        .duration = (uint16_t)tx->done_ticks,
    };
    telephone_event_write(&e, out->payload);
    out->rtp_timestamp = tx->segment_ts;
    out->marker = marker;
}

/* Another 20 ms of the key; the last of them ends it. */
static void go_on(struct telephone_event_tx *tx, bool first, struct telephone_event_packet *out)
{
    uint32_t step = ticks(tx, TELEPHONE_EVENT_TICK_MS);
    step = step < tx->left_ticks ? step : tx->left_ticks;
    tx->left_ticks -= step;
    tx->done_ticks += step;
    if (tx->done_ticks > MAX_DURATION) {
        tx->segment_ts += MAX_DURATION;
        tx->done_ticks -= MAX_DURATION;
    }
    if (tx->left_ticks == 0)
        tx->ends = END_PACKETS;
    fill(tx, tx->ends > 0, first, out);
}

static void end_again(struct telephone_event_tx *tx)
{
    if (tx->ends > 0 && --tx->ends == 0) {
        tx->head = (tx->head + 1) % TELEPHONE_EVENT_QUEUE;
        tx->count--;
    }
}

/* The repeated end packets fall into the pause. */
int telephone_event_tx_tick(
    struct telephone_event_tx *tx, uint32_t rtp_now, struct telephone_event_packet *out)
{
    uint32_t step = ticks(tx, TELEPHONE_EVENT_TICK_MS);
    tx->wait_ticks -= step < tx->wait_ticks ? step : tx->wait_ticks;
    if (tx->ends > 0) {
        fill(tx, true, false, out);
    } else if (tx->left_ticks > 0) {
        go_on(tx, false, out);
    } else if (tx->count > 0 && tx->wait_ticks == 0) {
        tx->segment_ts = rtp_now;
        tx->done_ticks = 0;
        tx->left_ticks = ticks(tx, tx->queue[tx->head].ms);
        go_on(tx, true, out);
    } else {
        return 0;
    }
    if (tx->ends == END_PACKETS)
        tx->wait_ticks = ticks(tx, TELEPHONE_EVENT_PAUSE_MS);
    end_again(tx);
    return 1;
}
