/* A stream of framed packets: however it is cut, the same packets come out. The first byte is the
 * size of the cuts. */

#include "net/ice/ice_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool add(uint8_t *pkt, size_t len, void *arg)
{
    uint64_t *sum = arg;
    require(len > 0 && len <= UDP_MAX_DATAGRAM && (uintptr_t)pkt % 16 == 0);
    *sum = (*sum ^ len) * 1099511628211u;
    for (size_t i = 0; i < len; i++)
        *sum = (*sum ^ pkt[i]) * 1099511628211u;
    return true;
}

static uint64_t read_all(const uint8_t *data, size_t len, size_t step)
{
    struct ice_frame_reader *r = calloc(1, sizeof *r);
    uint64_t sum = 14695981039346656037u;
    unsigned oversize = 0;
    require(r != NULL);
    for (size_t at = 0; at < len; at += step) {
        size_t part = len - at < step ? len - at : step;
        uint8_t *copy = malloc(part); /* of its own, so that a read beyond its end is seen */
        require(copy != NULL);
        memcpy(copy, data + at, part);
        oversize += ice_frame_read(r, copy, part, add, &sum);
        free(copy);
    }
    free(r);
    return sum + oversize;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    require(read_all(data + 1, size - 1, size) == read_all(data + 1, size - 1, data[0] % 64 + 1u));
    return 0;
}
