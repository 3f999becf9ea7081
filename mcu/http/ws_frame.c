#include "mcu/http/ws_frame.h"

#include "mcu/http/http_guard.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

enum { PROTOCOL_ERROR = -1002, UNACCEPTABLE = -1003, NOT_UTF8 = -1007, TOO_BIG = -1009 };
enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, CONTROL = 0x08 };

static size_t head_size(const struct ws_reader *r)
{
    if (r->head_len < 2)
        return 2;
    unsigned length = r->head[1] & 0x7f;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4; /* and the mask */
}

/* What the first two bytes say already decides whether the rest is worth waiting for. */
static int check_start(const struct ws_reader *r)
{
    unsigned opcode = r->head[0] & OPCODE, length = r->head[1] & 0x7f;
    bool fin = r->head[0] & FIN;
    if (r->head[0] & RESERVED || !(r->head[1] & MASKED))
        return PROTOCOL_ERROR;
    if (opcode & CONTROL)
        return opcode > WS_PONG || !fin || length > WS_CONTROL_MAX ? PROTOCOL_ERROR : 0;
    if (opcode == WS_BINARY)
        return UNACCEPTABLE;
    if (opcode > WS_BINARY || (opcode == WS_CONTINUATION) != r->in_message)
        return PROTOCOL_ERROR;
    return 0;
}

static int start_payload(struct ws_reader *r)
{
    unsigned short_length = r->head[1] & 0x7f;
    unsigned size = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    uint64_t length = size ? 0 : short_length;
    for (unsigned i = 0; i < size; i++)
        length = length << 8 | r->head[2 + i];
    bool control = r->head[0] & CONTROL;
    if (!control && length > WS_MESSAGE_MAX - r->message_len)
        return TOO_BIG;
    r->left = length;
    r->mask_at = 0;
    r->in_payload = true;
    r->control_len = 0;
    if (!control)
        r->in_message = !(r->head[0] & FIN);
    return 0;
}

static void take_payload(struct ws_reader *r, const uint8_t *bytes, size_t len)
{
    const uint8_t *mask = r->head + head_size(r) - 4;
    bool control = r->head[0] & CONTROL;
    uint8_t *to = control ? r->control + r->control_len : r->message + r->message_len;
    for (size_t i = 0; i < len; i++)
        to[i] = bytes[i] ^ mask[r->mask_at++ & 3];
    *(control ? &r->control_len : &r->message_len) += len;
    r->left -= len;
}

/* The frame is whole. */
static int finish(struct ws_reader *r, struct ws_event *e, bool *has)
{
    unsigned opcode = r->head[0] & OPCODE;
    r->head_len = 0;
    r->in_payload = false;
    *has = true;
    if (opcode & CONTROL) {
        *e = (struct ws_event){opcode, r->control, r->control_len};
        return opcode == WS_CLOSE && r->control_len == 1 ? PROTOCOL_ERROR : 0;
    }
    *has = !r->in_message;
    if (r->in_message)
        return 0;
    *e = (struct ws_event){WS_TEXT, r->message, r->message_len};
    r->message_len = 0;
    return http_guard_utf8((const char *)e->payload, e->len) ? 0 : NOT_UTF8;
}

int ws_read(struct ws_reader *r, const uint8_t *bytes, size_t len, struct ws_event *e, bool *has)
{
    size_t at = 0;
    *has = false;
    while (!*has && (at < len || (r->in_payload && !r->left))) {
        int err = 0;
        if (r->in_payload) {
            size_t n = len - at < r->left ? len - at : (size_t)r->left;
            take_payload(r, bytes + at, n);
            at += n;
            if (!r->left)
                err = finish(r, e, has);
        } else {
            r->head[r->head_len++] = bytes[at++];
            if (r->head_len == 2)
                err = check_start(r);
            if (!err && r->head_len == head_size(r))
                err = start_payload(r);
        }
        if (err)
            return err;
    }
    return (int)at;
}

size_t ws_write_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, size_t len)
{
    size_t size = len < 126 ? 0 : len < 65536 ? 2 : 8;
    out[0] = (uint8_t)(FIN | opcode);
    out[1] = (uint8_t)(size == 0 ? len : size == 2 ? 126 : 127);
    for (size_t i = 0; i < size; i++)
        out[2 + i] = (uint8_t)((uint64_t)len >> 8 * (size - 1 - i));
    return 2 + size;
}

int ws_accept(const char *key, char out[WS_ACCEPT_MAX])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[24 + sizeof(guid)];
    if (strlen(key) != 24 || key[22] != '=' || key[23] != '=')
        return -EINVAL;
    for (int i = 0; i < 22; i++)
        if (!isalnum((unsigned char)key[i]) && key[i] != '+' && key[i] != '/')
            return -EINVAL;
    memcpy(text, key, 24);
    memcpy(text + 24, guid, sizeof(guid));
    SHA1((const unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
    return 0;
}
