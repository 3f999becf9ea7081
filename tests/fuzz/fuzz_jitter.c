/* Any packets at any time, in any order, among pulls and skips at any time. */

#include "mixer/jitter/jitter.h"

#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *data;
    size_t len;
};

static uint32_t take(struct input *in, unsigned bytes)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes; i++) {
        v = v << 8 | (in->len > 0 ? *in->data : 0);
        in->data += in->len > 0;
        in->len -= in->len > 0;
    }
    return v;
}

/* Where the sender is; the input moves it, mostly as senders do. */
struct sender {
    uint16_t seq;
    uint32_t timestamp;
    uint64_t now_us;
    const struct acodec *codec;
};

static void send(struct sender *s, struct input *in, struct jitter *j, unsigned how)
{
    static const uint16_t lengths[] = {0, 1, 2, 20, 60, 160, 320, 1920, 3840, 4000, 4001};
    static uint8_t payload[4001];
    size_t len = how & 1 ? take(in, 1) : lengths[take(in, 1) % 11];
    size_t given = len < in->len ? len : in->len;
    memcpy(payload, in->data, given);
    memset(payload + given, 0x55, sizeof payload - given);
    in->data += given;
    in->len -= given;
    struct jitter_packet p = {
        .seq = s->seq,
        .timestamp = s->timestamp,
        .codec = how & 2 ? NULL : s->codec,
        .payload = payload,
        .len = len,
        .arrival_us = s->now_us,
        .marker = how & 4,
    };
    jitter_put(j, &p);
}

static void step(struct sender *s, struct input *in, struct jitter *j)
{
    int16_t pcm[960];
    unsigned op = take(in, 1);
    switch (op >> 4) {
    case 0:
        s->codec = acodecs[take(in, 1) % 8];
        break;
    case 1:
        s->seq = (uint16_t)take(in, 2);
        break;
    case 2:
        s->timestamp = take(in, 4);
        break;
    case 3:
        s->now_us += (uint64_t)take(in, 4) << (op & 15);
        break;
    case 4:
        s->now_us -= take(in, 2);
        break;
    case 5:
        s->seq += (uint16_t)(int8_t)take(in, 1);
        s->timestamp += (uint32_t)((int32_t)(int16_t)take(in, 2));
        break;
    case 6:
        jitter_skip(j, s->now_us += 20000);
        break;
    case 7:
        for (unsigned i = 0; i < (op & 15); i++)
            jitter_pull(j, s->now_us, pcm);
        break;
    case 8:
    case 9:
    case 10:
        jitter_pull(j, s->now_us += 20000, pcm);
        break;
    default:
        send(s, in, j, op);
        s->seq++;
        s->timestamp += op & 8 ? 160 : 960;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct jitter_config cfg = {take(&in, 1), take(&in, 1)};
    struct sender s = {.now_us = 1000000, .codec = &acodec_pcmu};
    struct jitter_stats stats;
    struct jitter *j;
    if (jitter_create(&j, &cfg) < 0)
        return 0;
    for (unsigned steps = 0; in.len > 0 && steps < 2000; steps++)
        step(&s, &in, j);
    jitter_stats(j, &stats);
    if (stats.delay_ms > 128 * 120 + 200)
        abort();
    jitter_destroy(j);
    return 0;
}
