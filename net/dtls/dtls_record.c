#include "net/dtls/dtls_record.h"

#include "net/bytes.h"

enum {
    FIRST_TYPE = 20, /* change_cipher_spec; alert, handshake, */
    APPLICATION_DATA = 23,
    SHORT_TYPE = 32, /* from here on the short header of DTLS 1.3, */
    TYPE_END = 64,   /* until here: RFC 7983 */
    HEADER_BYTES = 13,
    EPOCH_AT = 3,
    NUMBER_AT = 5,
    LENGTH_AT = 11,
};

/* The length of the whole plain record at pkt, or 0. */
static size_t record_bytes(const uint8_t *pkt, size_t len)
{
    if (len < HEADER_BYTES || pkt[0] < FIRST_TYPE || pkt[0] > APPLICATION_DATA)
        return 0;
    size_t n = HEADER_BYTES + (size_t)get16(pkt + LENGTH_AT);
    return n <= len ? n : 0;
}

struct dtls_records dtls_records_count(const uint8_t *pkt, size_t len)
{
    struct dtls_records r = {0};
    for (size_t n; (n = record_bytes(pkt, len)); pkt += n, len -= n, r.bytes += n) {
        r.data += pkt[0] == APPLICATION_DATA;
        r.encrypted += get16(pkt + EPOCH_AT) > 0;
        r.all++;
    }
    if (len && pkt[0] >= SHORT_TYPE && pkt[0] < TYPE_END) {
        r.all++;
        r.bytes += len;
    }
    return r;
}

void dtls_records_renumber(uint8_t *pkt, size_t len, uint32_t *next)
{
    for (size_t n; (n = record_bytes(pkt, len)); pkt += n, len -= n) {
        if (get16(pkt + EPOCH_AT))
            continue;
        put16(pkt + NUMBER_AT, 0);
        put32(pkt + NUMBER_AT + 2, (*next)++);
    }
}
