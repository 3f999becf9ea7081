/* Telephone events of any content, timestamp, time and length: a key has one end, and never more
 * keys come out than packets went in. A packet is 2 bytes of timestamp step (signed, times 80), one
 * of time passed (8 ms), one of length, the payload. */

#include "codecs/telephone_event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct telephone_digit *d, int n)
{
    for (int i = 0; i < n; i++)
        if (telephone_event_code(d[i].digit) < 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct telephone_event_rx rx;
    struct telephone_digit d[2];
    uint32_t ts = 0;
    uint64_t now_us = 0;
    int packets = 0, digits = 0;
    telephone_event_rx_init(&rx, size % 2 ? 8000 : 48000);
    while (size >= 4) {
        size_t len = data[3] & 7;
        ts += (uint32_t)((int16_t)(data[0] << 8 | data[1]) * 80);
        now_us += data[2] * UINT64_C(8000);
        data += 4;
        size -= 4;
        len = len < size ? len : size;
        int n = telephone_event_rx_expire(&rx, now_us, d);
        check(d, n);
        digits += n;
        uint8_t *payload = malloc(len ? len : 1);
        if (!payload)
            abort();
        memcpy(payload, data, len);
        n = telephone_event_rx_put(&rx, payload, len, ts, now_us, d);
        free(payload);
        if (n > 0) {
            check(d, n);
            digits += n;
        }
        packets++;
        if (n > 2 || digits > packets)
            abort();
        data += len;
        size -= len;
    }
    return 0;
}
