/* A key that parses prints to one that parses to the same. */

#include "net/sdp/sdes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sdes_crypto c = {0}, again = {0};
    char text[SDES_MAX_TEXT_BYTES];
    if (sdes_parse((struct sdp_str){(const char *)data, size}, &c))
        return 0;
    int n = sdes_print(&c, text, sizeof text);
    if (n <= 0 || sdes_parse((struct sdp_str){text, (size_t)n}, &again))
        abort();
    if (c.tag != again.tag || c.suite != again.suite || memcmp(c.key, again.key, sizeof c.key))
        abort();
    return 0;
}
