/* Input that begins with 0 is feedback to be read: told are as many numbers as it says. Other input
 * is packets that arrive, four bytes each: what is written can be read and tells what arrived. */

#include "net/rtp/transport_cc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *fci, size_t len)
{
    struct transport_cc_reader r;
    struct transport_cc_arrival a;
    unsigned n = 0;
    if (transport_cc_read(&r, fci, len))
        return;
    while (transport_cc_next(&r, &a))
        if (a.seq != (uint16_t)(r.base_seq + n++))
            abort();
    if (n != r.n)
        abort();
}

static void check_message(const struct transport_cc *t, const uint8_t *buf, size_t len)
{
    struct rtcp_reader r;
    struct rtcp_packet p;
    struct transport_cc_reader reader;
    struct transport_cc_arrival a;
    if (rtcp_reader_init(&r, buf, len, true) || rtcp_reader_next(&r, &p) != 1 ||
        transport_cc_read(&reader, p.fb.fci, p.fb.fci_len))
        abort();
    while (transport_cc_next(&reader, &a))
        if (a.received != (t->arrival[a.seq % TRANSPORT_CC_WINDOW] != 0))
            abort();
}

static void arrive(const uint8_t *data, size_t size)
{
    static struct transport_cc t;
    uint8_t buf[TRANSPORT_CC_MAX_BYTES];
    uint64_t now_us = 0;
    transport_cc_init(&t, data[0]);
    for (size_t i = 1; i + 4 <= size; i += 4) {
        uint16_t seq = (uint16_t)(data[i] << 8 | data[i + 1]);
        now_us += (uint64_t)data[i + 2] * data[i + 2] * 1000;
        transport_cc_put(&t, seq, 7, now_us + (uint64_t)data[i + 3] * 1000);
        size_t cap = data[i + 3] % 8 ? sizeof buf : 24;
        for (unsigned n = 0; transport_cc_due(&t, now_us); n++) {
            struct rtcp_writer w;
            rtcp_writer_init(&w, buf, cap);
            if (transport_cc_write(&t, &w, 1) != 1 || n > TRANSPORT_CC_WINDOW)
                abort();
            check_message(&t, buf, w.len);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0])
        arrive(data, size);
    else if (size)
        read_all(data + 1, size - 1);
    return 0;
}
