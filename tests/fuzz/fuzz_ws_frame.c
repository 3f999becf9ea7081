/* WebSocket frames of a client: however they are cut, the same events come out. The first byte is
 * the size of the cuts. */

#include "mcu/http/http_guard.h"
#include "mcu/http/ws_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* A sum over all events and the end, to compare two readings by. */
static uint64_t read_all(const uint8_t *bytes, size_t len, size_t step)
{
    struct ws_reader *r = calloc(1, sizeof *r);
    uint64_t sum = 14695981039346656037u;
    require(r != NULL);
    while (len) {
        struct ws_event e;
        bool has;
        size_t part = step < len ? step : len;
        int n = ws_read(r, bytes, part, &e, &has);
        if (n < 0) {
            sum ^= (uint64_t)-n;
            break;
        }
        require(n > 0 && (size_t)n <= part);
        if (has) {
            require(e.len <= (e.opcode == WS_TEXT ? WS_MESSAGE_MAX : WS_CONTROL_MAX));
            require(e.opcode != WS_TEXT || http_guard_utf8((const char *)e.payload, e.len));
            sum = (sum ^ e.opcode) * 1099511628211u;
            for (size_t i = 0; i < e.len; i++)
                sum = (sum ^ e.payload[i]) * 1099511628211u;
        }
        bytes += n;
        len -= (size_t)n;
    }
    free(r);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    require(read_all(data + 1, size - 1, size) == read_all(data + 1, size - 1, data[0] % 64 + 1u));
    return 0;
}
