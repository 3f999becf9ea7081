#include "net/dtls/dtls_record.h"

#include "net/dtls/dtls.h"

#include <criterion/criterion.h>
#include <string.h>

enum { HEADER = 13, HANDSHAKE = 22, DATA = 23 };

static size_t put_record(uint8_t *out, uint8_t type, uint16_t epoch, uint16_t body)
{
    memset(out, 0, HEADER + (size_t)body);
    out[0] = type;
    out[1] = 254;
    out[2] = 253;
    out[3] = (uint8_t)(epoch >> 8);
    out[4] = (uint8_t)epoch;
    out[11] = (uint8_t)(body >> 8);
    out[12] = (uint8_t)body;
    return HEADER + (size_t)body;
}

Test(dtls_record, counts_kinds)
{
    uint8_t pkt[256];
    size_t n = put_record(pkt, HANDSHAKE, 0, 10);
    n += put_record(pkt + n, HANDSHAKE, 1, 0);
    n += put_record(pkt + n, DATA, 256, 7);
    struct dtls_records r = dtls_records_count(pkt, n);
    cr_expect_eq(r.all, 3);
    cr_expect_eq(r.encrypted, 2);
    cr_expect_eq(r.data, 1);
    cr_expect_eq(r.bytes, n);
    cr_expect(!dtls_is_data(pkt, n));
}

Test(dtls_record, data_alone_is_told_from_the_rest)
{
    uint8_t pkt[256];
    size_t n = put_record(pkt, DATA, 1, 20);
    cr_expect(dtls_is_data(pkt, n));
    n += put_record(pkt + n, DATA, 1, 0);
    cr_expect(dtls_is_data(pkt, n));
    n += put_record(pkt + n, 21, 1, 20);
    cr_expect(!dtls_is_data(pkt, n), "an alert came along");
}

Test(dtls_record, stops_at_what_is_no_whole_record)
{
    uint8_t pkt[256];
    size_t n = put_record(pkt, HANDSHAKE, 0, 10);
    cr_expect_eq(dtls_records_count(pkt, n - 1).all, 0);
    cr_expect_eq(dtls_records_count(pkt, HEADER - 1).all, 0);
    cr_expect_eq(dtls_records_count(pkt, 0).all, 0);
    put_record(pkt + n, HANDSHAKE, 0, UINT16_MAX % 200);
    cr_expect_eq(dtls_records_count(pkt, n + HEADER).all, 1);
    cr_expect_eq(dtls_records_count(pkt, n + HEADER).bytes, n);
    put_record(pkt + n, 24, 0, 10);
    cr_expect_eq(dtls_records_count(pkt, n + HEADER + 10).bytes, n, "of no known type");
    put_record(pkt, 19, 0, 10);
    cr_expect_eq(dtls_records_count(pkt, n).all, 0, "not of DTLS: RFC 7983");
    put_record(pkt, 64, 0, 10);
    cr_expect_eq(dtls_records_count(pkt, n).all, 0);
}

Test(dtls_record, short_headers_tell_nothing)
{
    uint8_t pkt[32] = {0x2f};
    struct dtls_records r = dtls_records_count(pkt, sizeof(pkt));
    cr_expect_eq(r.all, 1);
    cr_expect_eq(r.encrypted, 0);
    cr_expect(!dtls_is_data(pkt, sizeof(pkt)), "nobody can see that it is");
}

Test(dtls_record, plain_records_are_numbered_anew)
{
    static const uint8_t first[6] = {0, 0, 0, 0, 0, 7}, second[6] = {0, 0, 0, 0, 0, 8};
    uint8_t pkt[256];
    uint32_t next = 7;
    size_t a = put_record(pkt, HANDSHAKE, 0, 10);
    size_t b = a + put_record(pkt + a, HANDSHAKE, 1, 10);
    size_t n = b + put_record(pkt + b, 20, 0, 1);
    memset(pkt + 5, 0xff, 6);
    memset(pkt + a + 5, 0xff, 6);
    dtls_records_renumber(pkt, n, &next);
    cr_expect_eq(memcmp(pkt + 5, first, 6), 0);
    cr_expect_eq(pkt[a + 5], 0xff, "protected by its keys");
    cr_expect_eq(memcmp(pkt + b + 5, second, 6), 0);
    cr_expect_eq(next, 9);
    uint8_t before[256];
    memcpy(before, pkt, n);
    dtls_records_renumber(pkt, a - 1, &next);
    cr_expect_eq(memcmp(before, pkt, n), 0, "no whole record");
}
