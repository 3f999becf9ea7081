/* Packets as they come from the network: a byte of length, then so many bytes, again and again. */

#include "net/rtp/rtp.h"
#include "net/rtp/rtp_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_extensions(const struct rtp_packet *p)
{
    for (unsigned id = 0; id < 256; id++) {
        const uint8_t *element;
        int n = rtp_extension_find(p, (uint8_t)id, &element);
        require(n == -ENOENT || (n >= 0 && n < 256));
        if (n >= 0)
            require(element >= p->ext && element + n <= p->ext + p->ext_len);
    }
    uint8_t level;
    bool voice;
    if (rtp_audio_level(p, 1, &level, &voice) == 0)
        require(level <= 127);
}

static void check_packet(const uint8_t *pkt, size_t len, struct rtp_source *s, uint64_t now_us)
{
    struct rtp_packet p, whole;
    (void)rtp_is_rtcp(pkt, len);
    int err = rtp_parse_encrypted(&whole, pkt, len);
    require(err == 0 || err == -EBADMSG);
    err = rtp_parse(&p, pkt, len);
    require(err == 0 || err == -EBADMSG);
    if (err != 0)
        return;
    require(p.payload + p.payload_len + p.padding_len == pkt + len);
    require(whole.payload == p.payload);
    for (unsigned i = 0; i < p.csrc_count; i++)
        (void)rtp_csrc(&p, i);
    check_extensions(&p);
    rtp_source_put(s, p.h.seq, p.h.timestamp, p.payload_len, now_us);
    require(rtp_source_lost(s) <= 0x7fffff && rtp_source_lost(s) >= -0x800000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp_source s;
    struct rtp_ssrc_gate g;
    struct rtcp_report_block block;
    rtp_source_init(&s, 1, 48000);
    rtp_ssrc_gate_init(&g);
    uint64_t now_us = 1000000;
    for (size_t at = 0; at < size;) {
        size_t len = data[at++];
        len = len < size - at ? len : size - at;
        uint8_t *pkt =
            malloc(len ? len : 1); /* of its own, so that a read beyond its end is seen */
        require(pkt != NULL);
        memcpy(pkt, data + at, len);
        struct rtp_packet p;
        if (rtp_parse(&p, pkt, len) == 0)
            rtp_ssrc_gate_check(&g, p.h.ssrc, p.h.seq, now_us);
        check_packet(pkt, len, &s, now_us);
        free(pkt);
        at += len;
        now_us += 7000 * len;
    }
    rtp_source_report(&s, &block);
    return 0;
}
