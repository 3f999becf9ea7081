#include "net/ice/ice_frame.h"

#include "net/bytes.h"

#include <string.h>

/* Bytes of the header that are taken from data. */
static size_t read_header(struct ice_frame_reader *r, const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && r->have_header < ICE_FRAME_HEADER)
        r->header[r->have_header++] = data[n++];
    if (r->have_header == ICE_FRAME_HEADER) {
        r->len = get16(r->header);
        r->have = 0;
    }
    return n;
}

static size_t read_content(struct ice_frame_reader *r, const uint8_t *data, size_t len)
{
    size_t n = r->len - r->have < len ? r->len - r->have : len;
    if (r->len <= sizeof r->pkt && n > 0)
        memcpy(r->pkt + r->have, data, n);
    r->have += n;
    return n;
}

unsigned ice_frame_read(
    struct ice_frame_reader *r, const uint8_t *data, size_t len, ice_frame_fn *fn, void *arg)
{
    unsigned oversize = 0;
    for (size_t at = 0; at < len;) {
        if (r->have_header < ICE_FRAME_HEADER) {
            at += read_header(r, data + at, len - at);
            if (r->have_header < ICE_FRAME_HEADER)
                break;
            oversize += r->len > sizeof r->pkt;
        }
        at += read_content(r, data + at, len - at);
        if (r->have < r->len)
            break;
        r->have_header = 0;
        if (r->len > 0 && r->len <= sizeof r->pkt && !fn(r->pkt, r->len, arg))
            break;
    }
    return oversize;
}
