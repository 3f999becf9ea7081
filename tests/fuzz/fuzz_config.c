/* A configuration file: whatever it holds, what is taken from it is within the table's bounds. */

#include "mcu/config.h"
#include "mcu/config_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void hear(const char *where, const char *message, void *arg)
{
    int *heard = arg;
    require(!strncmp(where, "fuzz", 4) && *message);
    ++*heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c;
    int heard = 0;
    FILE *in = size ? fmemopen((void *)data, size, "r") : NULL;
    if (!in)
        return 0;
    config_defaults(&c);
    require(config_parse_text(&c, "fuzz", in, hear, &heard) == heard);
    fclose(in);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const struct config_key *k = &config_keys[i];
        const char *at = (const char *)&c + k->offset;
        uint32_t value;
        memcpy(&value, at, sizeof value);
        if (k->type == CONFIG_KEY_UINT || k->type == CONFIG_KEY_CHOICE)
            require(value >= k->min && value <= k->max);
        else if (k->type != CONFIG_KEY_BOOL)
            require(memchr(at, 0, CONFIG_TEXT_MAX) != NULL);
    }
    return 0;
}
