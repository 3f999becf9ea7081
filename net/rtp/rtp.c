#include "net/rtp/rtp.h"

#include "net/bytes.h"

#include <errno.h>
#include <string.h>

enum {
    VERSION = 2,
    EXT_HEADER_BYTES = 4,
    ID_PADDING = 0,
    ID_STOP = 15,          /* RFC 8285, 4.2: ends the one-byte form */
    RTCP_FIRST_TYPE = 192, /* RFC 5761, 4 */
    RTCP_LAST_TYPE = 223
};

bool rtp_is_rtcp(const uint8_t *buf, size_t len)
{
    return len >= 2 && buf[0] >> 6 == VERSION && buf[1] >= RTCP_FIRST_TYPE &&
           buf[1] <= RTCP_LAST_TYPE;
}

int rtp_parse_encrypted(struct rtp_packet *out, const uint8_t *buf, size_t len)
{
    if (len < RTP_HEADER_BYTES || buf[0] >> 6 != VERSION)
        return -EBADMSG;
    struct rtp_packet p = {
        .h = {.payload_type = buf[1] & 0x7f,
            .marker = buf[1] >> 7,
            .seq = get16(buf + 2),
            .timestamp = get32(buf + 4),
            .ssrc = get32(buf + 8)},
        .csrc_count = buf[0] & 0x0f,
        .csrc = buf + RTP_HEADER_BYTES,
    };
    size_t at = RTP_HEADER_BYTES + 4 * (size_t)p.csrc_count;
    if (at > len)
        return -EBADMSG;
    if (buf[0] & 0x10) {
        if (len - at < EXT_HEADER_BYTES)
            return -EBADMSG;
        p.ext_profile = get16(buf + at);
        p.ext_len = 4 * (size_t)get16(buf + at + 2);
        at += EXT_HEADER_BYTES;
        if (len - at < p.ext_len)
            return -EBADMSG;
        p.ext = buf + at;
        at += p.ext_len;
    }
    p.payload = buf + at;
    p.payload_len = len - at;
    *out = p;
    return 0;
}

int rtp_parse(struct rtp_packet *out, const uint8_t *buf, size_t len)
{
    struct rtp_packet p;
    int err = rtp_parse_encrypted(&p, buf, len);
    if (err != 0)
        return err;
    if (buf[0] & 0x20) { /* the last byte counts the padding, itself included */
        if (p.payload_len == 0)
            return -EBADMSG;
        p.padding_len = buf[len - 1];
        if (p.padding_len == 0 || p.padding_len > p.payload_len)
            return -EBADMSG;
        p.payload_len -= p.padding_len;
    }
    *out = p;
    return 0;
}

uint32_t rtp_csrc(const struct rtp_packet *p, unsigned i)
{
    return get32(p->csrc + 4 * (size_t)i);
}

static int find_one_byte(const struct rtp_packet *p, uint8_t id, const uint8_t **data)
{
    for (size_t i = 0; i < p->ext_len;) {
        uint8_t this_id = p->ext[i] >> 4;
        size_t len = (p->ext[i] & 0x0f) + 1u;
        if (this_id == ID_STOP)
            break;
        i++;
        if (this_id == ID_PADDING)
            continue; /* a zero byte; a length with it is to be ignored (4.2) */
        if (len > p->ext_len - i)
            break;
        if (this_id == id) {
            *data = p->ext + i;
            return (int)len;
        }
        i += len;
    }
    return -ENOENT;
}

static int find_two_byte(const struct rtp_packet *p, uint8_t id, const uint8_t **data)
{
    for (size_t i = 0; i < p->ext_len;) {
        uint8_t this_id = p->ext[i++];
        if (this_id == ID_PADDING)
            continue;
        if (i == p->ext_len)
            break;
        size_t len = p->ext[i++];
        if (len > p->ext_len - i)
            break;
        if (this_id == id) {
            *data = p->ext + i;
            return (int)len;
        }
        i += len;
    }
    return -ENOENT;
}

int rtp_extension_find(const struct rtp_packet *p, uint8_t id, const uint8_t **data)
{
    if (id == ID_PADDING)
        return -ENOENT;
    if (p->ext_profile == RTP_EXT_ONE_BYTE)
        return id <= RTP_EXT_MAX_IDS ? find_one_byte(p, id, data) : -ENOENT;
    if ((p->ext_profile & 0xfff0) == RTP_EXT_TWO_BYTE)
        return find_two_byte(p, id, data);
    return -ENOENT;
}

int rtp_audio_level(const struct rtp_packet *p, uint8_t id, uint8_t *level, bool *voice)
{
    const uint8_t *data;
    if (rtp_extension_find(p, id, &data) < 1)
        return -ENOENT;
    *level = data[0] & 0x7f;
    if (voice)
        *voice = data[0] >> 7;
    return 0;
}

uint8_t rtp_audio_level_byte(uint8_t level, bool voice)
{
    return (uint8_t)((voice ? 0x80 : 0) | (level > 127 ? 127 : level));
}

void rtp_write_header(uint8_t buf[static RTP_HEADER_BYTES], const struct rtp_header *h)
{
    buf[0] = VERSION << 6;
    buf[1] = (uint8_t)((h->marker ? 0x80 : 0) | (h->payload_type & 0x7f));
    put16(buf + 2, h->seq);
    put32(buf + 4, h->timestamp);
    put32(buf + 8, h->ssrc);
}

int rtp_write_header_ext(
    uint8_t *buf, size_t cap, const struct rtp_header *h, const struct rtp_ext *ext, size_t n)
{
    size_t elements = 0;
    for (size_t i = 0; i < n; i++) {
        if (ext[i].id < 1 || ext[i].id > RTP_EXT_MAX_IDS || ext[i].len < 1 || ext[i].len > 16)
            return -EINVAL;
        elements += 1u + ext[i].len;
    }
    size_t words = (elements + 3) / 4;
    size_t total = RTP_HEADER_BYTES + (n ? EXT_HEADER_BYTES + 4 * words : 0);
    if (words > UINT16_MAX || total > cap)
        return -ENOSPC;

    rtp_write_header(buf, h);
    if (n == 0)
        return RTP_HEADER_BYTES;
    buf[0] |= 0x10;
    put16(buf + RTP_HEADER_BYTES, RTP_EXT_ONE_BYTE);
    put16(buf + RTP_HEADER_BYTES + 2, (uint16_t)words);
    uint8_t *at = buf + RTP_HEADER_BYTES + EXT_HEADER_BYTES;
    for (size_t i = 0; i < n; i++) {
        *at++ = (uint8_t)(ext[i].id << 4 | (ext[i].len - 1));
        memcpy(at, ext[i].data, ext[i].len);
        at += ext[i].len;
    }
    memset(at, 0, (size_t)(buf + total - at));
    return (int)total;
}
