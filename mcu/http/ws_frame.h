#ifndef MCU_HTTP_WS_FRAME_H
#define MCU_HTTP_WS_FRAME_H

/* WebSocket framing, the server's side (RFC 6455, 5): reads what clients send, strictly and with a
 * bound on a message, and writes frame heads. Without extensions. Pure. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

enum {
    WS_MESSAGE_MAX = 4096,
    WS_CONTROL_MAX = 125,
    WS_HEAD_MAX = 10,   /* bytes of the head of a frame we send */
    WS_ACCEPT_MAX = 29, /* bytes of Sec-WebSocket-Accept with its NUL */
};

/* Reads one connection's frames. All zero is its start. */
struct ws_reader {
    uint8_t head[14]; /* of the frame that is coming */
    uint8_t head_len;
    bool in_payload, in_message;
    uint64_t left; /* of the frame's payload */
    uint32_t mask_at;
    size_t message_len, control_len;
    uint8_t message[WS_MESSAGE_MAX], control[WS_CONTROL_MAX];
};

struct ws_event {
    enum ws_opcode opcode;  /* WS_TEXT, WS_CLOSE, WS_PING or WS_PONG */
    const uint8_t *payload; /* in the reader, until the next call */
    size_t len;
};

/* Takes up to len bytes, stops after an event. The number taken; *e is set if *has. Or the code to
 * close with, negative: -1002 protocol error, -1003 binary, -1007 no UTF-8, -1009 too big. */
int ws_read(struct ws_reader *r, const uint8_t *bytes, size_t len, struct ws_event *e, bool *has);

/* The head of an unfragmented frame; its length. */
size_t ws_write_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len);

/* The answer to Sec-WebSocket-Key: 0, or -EINVAL when that is not 16 bytes in base64. */
int ws_accept(const char *key, char out[WS_ACCEPT_MAX]);

#endif
