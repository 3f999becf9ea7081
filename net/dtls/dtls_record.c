#include "net/dtls/dtls_record.h"

#include "net/bytes.h"

enum {
    FIRST_TYPE = 20, /* RFC 7983: 20 … 63 is DTLS, */
    SHORT_TYPE = 32, /* from here on with the short header of DTLS 1.3 */
    TYPE_END = 64,
    APPLICATION_DATA = 23,
    HEADER_BYTES = 13,
    EPOCH_AT = 3,
    LENGTH_AT = 11,
};

struct dtls_records dtls_records_count(const uint8_t *pkt, size_t len)
{
    struct dtls_records r = {0};
    while (len >= HEADER_BYTES && pkt[0] >= FIRST_TYPE && pkt[0] < TYPE_END) {
        if (pkt[0] >= SHORT_TYPE) {
            r.encrypted++;
            r.all++;
            break;
        }
        size_t n = HEADER_BYTES + (size_t)get16(pkt + LENGTH_AT);
        if (n > len)
            break;
        r.data += pkt[0] == APPLICATION_DATA;
        r.encrypted += get16(pkt + EPOCH_AT) > 0;
        r.all++;
        pkt += n;
        len -= n;
    }
    return r;
}
