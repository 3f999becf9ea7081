#ifndef NET_RTP_RTP_H
#define NET_RTP_RTP_H

/* RTP packets: RFC 3550 5.1, header extensions RFC 8285, audio level RFC 6464, telling RTP from
 * RTCP RFC 5761. Pure; nothing is copied: a parsed packet points into the buffer. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTP_HEADER_BYTES = 12,
    RTP_EXT_ONE_BYTE = 0xBEDE, /* RFC 8285, 4.2 */
    RTP_EXT_TWO_BYTE = 0x1000, /* 4.3; the low four bits are the application's */
    RTP_EXT_MAX_IDS = 14       /* of the one-byte form */
};

struct rtp_header {
    uint8_t payload_type; /* 0 … 127 */
    bool marker;
    uint16_t seq;
    uint32_t timestamp, ssrc;
};

struct rtp_packet {
    struct rtp_header h;
    uint8_t csrc_count; /* 0 … 15 */
    const uint8_t *csrc;
    uint16_t ext_profile; /* 0: no extension */
    const uint8_t *ext;
    size_t ext_len; /* bytes, without the four of its header */
    const uint8_t *payload;
    size_t payload_len; /* without padding; may be 0 */
    size_t padding_len;
};

struct rtp_ext { /* to write */
    uint8_t id;  /* 1 … 14 */
    uint8_t len; /* 1 … 16 */
    const uint8_t *data;
};

/* True for what RFC 5761 calls RTCP on a shared port: version 2, second byte 192 … 223. */
bool rtp_is_rtcp(const uint8_t *buf, size_t len);

/* A whole, decrypted packet. 0, or -EBADMSG and out untouched: not version 2, or a header, CSRC
 * list, extension or padding that passes the end. */
int rtp_parse(struct rtp_packet *out, const uint8_t *buf, size_t len);
/* The same for a packet still encrypted: its padding is not looked at. */
int rtp_parse_encrypted(struct rtp_packet *out, const uint8_t *buf, size_t len);

uint32_t rtp_csrc(const struct rtp_packet *p, unsigned i); /* i < csrc_count */

/* The element with this id (RFC 8285, either form): its length (>= 0, the two-byte form has empty
 * ones) with *data set, or -ENOENT and *data untouched. */
int rtp_extension_find(const struct rtp_packet *p, uint8_t id, const uint8_t **data);
/* RFC 6464: level in -dBov (0 loudest … 127 silent) and the sender's own idea of voice. 0, or
 * -ENOENT and both untouched. voice may be NULL. */
int rtp_audio_level(const struct rtp_packet *p, uint8_t id, uint8_t *level, bool *voice);

/* 12 bytes. */
void rtp_write_header(uint8_t buf[static RTP_HEADER_BYTES], const struct rtp_header *h);
/* Header and n elements in the one-byte form (n 0: none). Bytes written, or -ENOSPC, -EINVAL. */
int rtp_write_header_ext(
    uint8_t *buf, size_t cap, const struct rtp_header *h, const struct rtp_ext *ext, size_t n);
/* RFC 6464's one byte. */
uint8_t rtp_audio_level_byte(uint8_t level, bool voice);

#endif
