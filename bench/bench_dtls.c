/* What a WebRTC leg costs before it can speak: the handshake of either side, the two SRTP sessions
 * that come of it, and the memory that a session keeps. Rows of `key=value`, one a measurement. */

#include "bench/support/micro.h"
#include "net/dtls/dtls.h"
#include "net/rtp/srtp_session.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 500, KEPT = 200, QUEUE = 16 };

struct queue {
    size_t n;
    struct {
        size_t len;
        uint8_t data[DTLS_MTU];
    } pkt[QUEUE];
};

struct side {
    struct dtls_context *context;
    struct sdp_fingerprint fingerprint;
    struct dtls *dtls;
    struct queue sent;
    double us;
    uint64_t bytes;
};

static void check(int err)
{
    if (err < 0) {
        fprintf(stderr, "bench_dtls: %s\n", strerror(-err));
        exit(1);
    }
}

static void on_send(const uint8_t *pkt, size_t len, void *arg)
{
    struct side *s = arg;
    s->bytes += len;
    memcpy(s->sent.pkt[s->sent.n].data, pkt, len);
    s->sent.pkt[s->sent.n++ % QUEUE].len = len;
}

static void receive_all(struct side *to, struct side *from)
{
    double start = micro_cpu_us();
    for (size_t i = 0; i < from->sent.n; i++)
        if (dtls_receive(to->dtls, from->sent.pkt[i].data, from->sent.pkt[i].len) > DTLS_READY)
            check(-1);
    from->sent.n = 0;
    to->us += micro_cpu_us() - start;
}

/* side[0] is passive, as the server is to browsers. */
static void shake_hands(struct side side[2])
{
    for (int i = 0; i < 2; i++) {
        double start = micro_cpu_us();
        const struct dtls_config cfg = {.role = i ? DTLS_ACTIVE : DTLS_PASSIVE,
            .fingerprints = &side[!i].fingerprint,
            .n_fingerprints = 1};
        check(dtls_create(&side[i].dtls, side[i].context, &cfg, on_send, &side[i], 0));
        dtls_start(side[i].dtls);
        side[i].us += micro_cpu_us() - start;
    }
    while (side[0].sent.n + side[1].sent.n) {
        receive_all(&side[0], &side[1]);
        receive_all(&side[1], &side[0]);
    }
}

static double srtp_us(const struct dtls_keys *k)
{
    static const uint32_t ssrc = 1;
    struct srtp_session *in, *out;
    size_t bytes = sdes_key_bytes(k->suite);
    double start = micro_cpu_us();
    check(srtp_session_create_in(&in, k->suite, k->in, bytes));
    check(srtp_session_create_out(&out, k->suite, k->out, bytes, &ssrc, 1));
    double took = micro_cpu_us() - start;
    srtp_session_destroy(in);
    srtp_session_destroy(out);
    return took;
}

static void measure_cpu(struct side side[2])
{
    double srtp = 0;
    side[0].us = side[1].us = 0;
    side[0].bytes = side[1].bytes = 0;
    for (int i = 0; i < RUNS; i++) {
        struct dtls_keys keys;
        shake_hands(side);
        double start = micro_cpu_us();
        check(dtls_keys(side[0].dtls, &keys));
        side[0].us += micro_cpu_us() - start;
        srtp += srtp_us(&keys);
        dtls_destroy(side[0].dtls);
        dtls_destroy(side[1].dtls);
    }
    printf("bench=dtls_cpu passive_us=%.0f active_us=%.0f srtp_us=%.0f passive_bytes=%.0f "
           "active_bytes=%.0f\n",
        side[0].us / RUNS, side[1].us / RUNS, srtp / RUNS, (double)side[0].bytes / RUNS,
        (double)side[1].bytes / RUNS);
}

/* Both sides of a session count alike. */
static void measure_memory(struct side side[2])
{
    static struct dtls *kept[2][KEPT];
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < KEPT; i++) {
        shake_hands(side);
        kept[0][i] = side[0].dtls;
        kept[1][i] = side[1].dtls;
    }
    size_t used = mallinfo2().uordblks - before;
    printf("bench=dtls_memory session_kb=%.1f\n", (double)used / KEPT / 2 / 1024);
    for (int i = 0; i < KEPT; i++) {
        dtls_destroy(kept[0][i]);
        dtls_destroy(kept[1][i]);
    }
}

int main(void)
{
    static struct side side[2];
    check(srtp_session_global_init());
    for (int i = 0; i < 2; i++) {
        check(dtls_context_create(&side[i].context));
        check(sdp_fingerprint_parse(
            sdp_str(dtls_context_fingerprint(side[i].context)), &side[i].fingerprint));
    }
    measure_cpu(side);
    measure_memory(side);
    for (int i = 0; i < 2; i++)
        dtls_context_destroy(side[i].context);
    srtp_session_global_fini();
    return 0;
}
