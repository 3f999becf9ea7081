/* The first byte says how. Even: the rest is a message, and what is read of it lies within it.
 * Odd: the rest says what to write, and what was written is read again. */

#include "net/ice/stun.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_one(const uint8_t *data, size_t size)
{
    struct stun_message m;
    struct stun_key key;
    uint8_t *pkt = malloc(size ? size : 1); /* of its own, so that a read beyond its end is seen */
    require(pkt != NULL);
    memcpy(pkt, data, size);
    stun_key_init(&key, "passwordpasswordpassword");
    if (stun_parse(&m, pkt, size) == 0) {
        require(stun_is(pkt, size) && size <= STUN_MAX_BYTES);
        require(m.n_unknown <= STUN_MAX_UNKNOWN && m.method < 0x1000);
        require(m.error == 0 || (m.error >= 300 && m.error < 700));
        const uint8_t *name = (const uint8_t *)m.username;
        require(!name || (name >= pkt && m.username_len <= (size_t)(pkt + size - name)));
        stun_verify(&m, pkt, &key);
        require(memcmp(pkt, data, size) == 0);
    }
    free(pkt);
}

static void put_one(struct stun_writer *w, uint8_t what, uint8_t value)
{
    static const char name[] = "0123456789abcdef0123456789abcdef";
    struct net_addr a = {.family = value & 1 ? AF_INET : AF_INET6, .port = value, .ip = {value}};
    uint16_t unknown[4] = {0x7001, 0x7002, 0x7003, value};
    switch (what % 9) {
    case 0:
        stun_put_username(w, name + value % sizeof name);
        break;
    case 1:
        stun_put_priority(w, value);
        break;
    case 2:
        stun_put_use_candidate(w);
        break;
    case 3:
        stun_put_nomination(w, value);
        break;
    case 4:
        stun_put_controlling(w, value);
        break;
    case 5:
        stun_put_controlled(w, value);
        break;
    case 6:
        stun_put_xor_mapped(w, &a);
        break;
    case 7:
        stun_put_error(w, (uint16_t)(300 + value));
        break;
    default:
        stun_put_unknown(w, unknown, value % 5);
    }
}

static void write_one(const uint8_t *data, size_t size)
{
    static const uint8_t id[STUN_TRANSACTION_BYTES] = {1, 2, 3};
    struct stun_writer w;
    struct stun_message m;
    struct stun_key key;
    size_t cap = size ? data[0] * 8u : 0;
    uint8_t *pkt = malloc(cap ? cap : 1);
    require(pkt != NULL);
    stun_key_init(&key, "passwordpasswordpassword");
    stun_begin(&w, pkt, cap, (enum stun_class)(size & 3), id);
    for (size_t i = 1; i + 1 < size; i += 2)
        put_one(&w, data[i], data[i + 1]);
    int len = stun_finish(&w, &key);
    if (len > STUN_MAX_BYTES) {
        require(stun_parse(&m, pkt, (size_t)len) < 0);
    } else if (len > 0) {
        require(stun_parse(&m, pkt, (size_t)len) == 0);
        require(m.fingerprint && m.method == STUN_BINDING);
        require(m.class == (enum stun_class)(size & 3));
        require(stun_verify(&m, pkt, &key));
        pkt[8 + size % (size_t)(len - 16)] ^= 0x10; /* anything but type, length and fingerprint */
        require(stun_parse(&m, pkt, (size_t)len) < 0 || !m.fingerprint);
    }
    free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] & 1)
        write_one(data + 1, size - 1);
    else
        read_one(data + 1, size - 1);
    return 0;
}
