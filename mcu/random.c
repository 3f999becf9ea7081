#include "mcu/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

int random_bytes(void *buf, size_t n)
{
    for (uint8_t *at = buf; n > 0;) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
    return 0;
}

int random_id(char *id, size_t len)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    int err = random_bytes(id, len);
    if (err)
        return err;
    for (size_t i = 0; i < len; i++)
        id[i] = alphabet[(uint8_t)id[i] % 32];
    id[len] = '\0';
    return 0;
}
