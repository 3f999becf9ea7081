/* What a redundant payload holds lies inside of it, and packed again it gives the same blocks. */

#include "codecs/red.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pack_again(const struct red_block *blocks, int n, uint32_t timestamp)
{
    static uint8_t out[1 << 16];
    struct red_block again[RED_MAX_BLOCKS];
    int len = red_pack(blocks, (size_t)n, out, sizeof out), k = 0;
    int m = len < 0 ? len : red_unpack(out, (size_t)len, timestamp, again);
    if (m < 1)
        abort();
    for (int i = 0; i < n; i++) {
        if (i < n - 1 && blocks[i].timestamp == timestamp)
            continue; /* as old as the primary: not repeated */
        if (k == m || again[k].pt != blocks[i].pt || again[k].timestamp != blocks[i].timestamp ||
            again[k].len != blocks[i].len || memcmp(again[k].data, blocks[i].data, again[k].len))
            abort();
        k++;
    }
    if (k != m)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct red_block blocks[RED_MAX_BLOCKS];
    uint32_t timestamp = 5000;
    if (size > 65000)
        return 0;
    int n = red_unpack(data, size, timestamp, blocks);
    for (int i = 0; i < n; i++) {
        if (blocks[i].data < data || blocks[i].len > size ||
            (size_t)(blocks[i].data - data) > size - blocks[i].len)
            abort();
    }
    if (n > 0)
        pack_again(blocks, n, timestamp);
    return 0;
}
