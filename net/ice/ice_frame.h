#ifndef NET_ICE_ICE_FRAME_H
#define NET_ICE_ICE_FRAME_H

/* Packets in a stream of bytes: RFC 4571, two bytes of length (big-endian) before each. Pure.
 * [any] */

#include "net/udp_poller.h" /* UDP_MAX_DATAGRAM */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ICE_FRAME_HEADER = 2 };

/* Of one stream; begins as zeros. */
struct ice_frame_reader {
    uint8_t header[ICE_FRAME_HEADER];
    uint8_t have_header;
    size_t len, have; /* of the frame in hand */
    _Alignas(16) uint8_t pkt[UDP_MAX_DATAGRAM];
};

/* A whole packet. It may be changed, has UDP_MAX_DATAGRAM bytes of room, starts at a multiple of 16
 * and is gone when this returns. True: go on; false: read no further. */
typedef bool ice_frame_fn(uint8_t *pkt, size_t len, void *arg);

/* The next bytes of the stream, cut anyhow. Frames without content and those longer than
 * UDP_MAX_DATAGRAM are passed over; returns how many of the latter began here. */
unsigned ice_frame_read(
    struct ice_frame_reader *r, const uint8_t *data, size_t len, ice_frame_fn *fn, void *arg);

#endif
