/* CPU of what net/ does with a packet: rows "name unit value", the median of several rounds.
 * Packets are 112 bytes: a 100-byte payload under a 12-byte header. */

#include "bench/support/micro.h"
#include "net/rtp/latch.h"
#include "net/rtp/rtp.h"
#include "net/rtp/rtp_source.h"
#include "net/rtp/srtp_session.h"
#include "net/send_batch.h"
#include "net/udp.h"
#include "net/udp_poller.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 64, PAYLOAD = 100, SSRC = 7, PACKET = RTP_HEADER_BYTES + PAYLOAD };

static size_t make_packet(uint8_t *p, uint16_t seq)
{
    const struct rtp_header h = {.payload_type = 111, .seq = seq, .timestamp = seq, .ssrc = SSRC};
    rtp_write_header(p, &h);
    memset(p + RTP_HEADER_BYTES, seq, PAYLOAD);
    return PACKET;
}

/* --- SRTP ------------------------------------------------------------------------------------- */
static void bench_srtp(enum sdes_suite suite)
{
    enum { N = 2000 };
    static _Alignas(16) uint8_t packets[N][PACKET + 24];
    static const uint8_t key[SDES_MAX_KEY_BYTES] = {1};
    const uint32_t ssrc = SSRC;
    struct srtp_session *tx, *rx;
    double protect[MICRO_ROUNDS], unprotect[MICRO_ROUNDS];
    char name[64];
    size_t n = sdes_key_bytes(suite);
    micro_must(srtp_session_create_out(&tx, suite, key, n, &ssrc, 1) == 0, "create");
    micro_must(srtp_session_create_in(&rx, suite, key, n) == 0, "create");
    uint16_t seq = 0;
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        int len = 0;
        for (int i = 0; i < N; i++)
            make_packet(packets[i], seq++);
        double start = micro_cpu_us();
        for (int i = 0; i < N; i++)
            len = srtp_session_protect(tx, packets[i], PACKET, sizeof packets[i]);
        protect[r] = micro_cpu_us() - start;
        micro_must(len > PACKET, "protect");
        start = micro_cpu_us();
        for (int i = 0; i < N; i++)
            micro_must(
                srtp_session_unprotect(rx, packets[i], (size_t)len, 1) == PACKET, "unprotect");
        unprotect[r] = micro_cpu_us() - start;
    }
    snprintf(name, sizeof name, "srtp_protect_%s", sdes_suite_name(suite));
    micro_row(name, protect, N);
    snprintf(name, sizeof name, "srtp_unprotect_%s", sdes_suite_name(suite));
    micro_row(name, unprotect, N);
    srtp_session_destroy(tx);
    srtp_session_destroy(rx);
}

static void bench_srtp_create(void)
{
    enum { N = 20 };
    static const uint8_t key[SDES_MAX_KEY_BYTES] = {1};
    const enum sdes_suite suite = SDES_AEAD_AES_128_GCM;
    struct srtp_session *s[MICRO_ROUNDS][N];
    double us[MICRO_ROUNDS];
    size_t before = mallinfo2().uordblks;
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        double start = micro_cpu_us();
        for (int i = 0; i < N; i++)
            micro_must(srtp_session_create_in(&s[r][i], suite, key, 28) == 0, "create");
        us[r] = micro_cpu_us() - start;
    }
    size_t bytes = mallinfo2().uordblks - before;
    micro_row("srtp_create", us, N);
    printf("srtp_session_memory bytes %zu\n", bytes / (MICRO_ROUNDS * N));
    for (int r = 0; r < MICRO_ROUNDS; r++)
        for (int i = 0; i < N; i++)
            srtp_session_destroy(s[r][i]);
}

/* --- sending ---------------------------------------------------------------------------------- */
static struct net_addr peer[PEERS];
static int peer_fd[PEERS], own_fd[PEERS];

static int bound(struct net_addr *where)
{
    struct net_addr a;
    micro_must(net_addr_parse(&a, "127.0.0.1", 0) == 0, "parse");
    int fd = udp_bind(&a, NULL);
    micro_must(fd >= 0 && udp_local(fd, where) == 0, "bind");
    return fd;
}

static void drain(void)
{
    uint8_t buf[2048];
    for (int i = 0; i < PEERS; i++)
        while (recv(peer_fd[i], buf, sizeof buf, MSG_DONTWAIT) > 0)
            ;
}

enum how { SHARED, EACH, SHARED_OWNED, ONE_BY_ONE };

static void send_all(struct send_batch *b, enum how how, const uint8_t *packet)
{
    for (int i = 0; i < PEERS; i++) {
        int fd = how == EACH ? own_fd[i] : own_fd[0];
        if (how == SHARED_OWNED) {
            uint8_t *p = send_batch_reserve(b, PACKET);
            memcpy(p, packet, PACKET);
            send_batch_commit(b, fd, &peer[i], PACKET);
        } else {
            send_batch_add(
                b, fd, &peer[i], packet, RTP_HEADER_BYTES, packet + RTP_HEADER_BYTES, PAYLOAD);
        }
        if (how == ONE_BY_ONE)
            send_batch_flush(b);
    }
    send_batch_flush(b);
}

static double bench_send(const char *name, enum how how)
{
    enum { TICKS = 50 };
    struct send_batch *b;
    uint8_t packet[PACKET];
    double us[MICRO_ROUNDS];
    micro_must(send_batch_create(&b, 256, 256 * 1024) == 0, "send_batch_create");
    make_packet(packet, 1);
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        us[r] = 0;
        for (int t = 0; t < TICKS; t++) {
            double start = micro_cpu_us();
            send_all(b, how, packet);
            us[r] += micro_cpu_us() - start;
            drain();
        }
    }
    struct send_batch_stats st;
    send_batch_stats(b, &st);
    micro_must(st.packets == (uint64_t)MICRO_ROUNDS * TICKS * PEERS, "sending");
    double each = micro_row(name, us, TICKS * PEERS);
    send_batch_destroy(b);
    return each;
}

static void bench_sending(void)
{
    struct net_addr ignored;
    for (int i = 0; i < PEERS; i++) {
        peer_fd[i] = bound(&peer[i]);
        own_fd[i] = bound(&ignored);
    }
    double shared = bench_send("send_batch_shared_fd", SHARED);
    bench_send("send_batch_shared_fd_owned", SHARED_OWNED);
    double each = bench_send("send_batch_fd_each", EACH);
    double single = bench_send("send_shared_fd_unbatched", ONE_BY_ONE);
    printf("send_fd_each_to_shared ratio %.2f\n", each / shared);
    printf("send_unbatched_to_batched ratio %.2f\n", single / shared);
}

/* --- receiving -------------------------------------------------------------------------------- */
static void count(uint8_t *pkt, size_t len, const struct net_addr *from, uint64_t at_us, void *arg)
{
    (void)pkt, (void)len, (void)from, (void)at_us;
    ++*(unsigned *)arg;
}

/* 64 packets wait on one socket, or one on each of 64. */
static void bench_receive(const char *name, int sockets)
{
    enum { TIMES = 50 };
    struct udp_poller *poller;
    struct udp_receiver *rx[PEERS];
    struct send_batch *b;
    uint8_t packet[PACKET];
    double us[MICRO_ROUNDS];
    micro_must(udp_poller_create(&poller) == 0, "udp_poller_create");
    micro_must(send_batch_create(&b, 256, 8192) == 0, "send_batch_create");
    unsigned got = 0;
    for (int i = 0; i < sockets; i++)
        micro_must(udp_receiver_open(&rx[i], poller, peer_fd[i], count, &got) == 0, "receiver");
    make_packet(packet, 1);
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        us[r] = 0;
        for (int t = 0; t < TIMES; t++) {
            for (int i = 0; i < PEERS; i++)
                send_batch_add(b, own_fd[0], &peer[i % sockets], packet, RTP_HEADER_BYTES,
                    packet + RTP_HEADER_BYTES, PAYLOAD);
            send_batch_flush(b);
            got = 0;
            double start = micro_cpu_us();
            while (got < PEERS)
                udp_poller_run(poller);
            us[r] += micro_cpu_us() - start;
        }
    }
    micro_row(name, us, TIMES * PEERS);
    for (int i = 0; i < sockets; i++)
        udp_receiver_close(rx[i]);
    udp_poller_destroy(poller);
    send_batch_destroy(b);
}

/* --- what every packet passes ----------------------------------------------------------------- */
static void bench_parse(void)
{
    enum { N = 100000 };
    const uint8_t level = 30;
    const struct rtp_ext ext = {1, 1, &level};
    const struct rtp_header h = {.payload_type = 111, .ssrc = SSRC};
    uint8_t buf[256];
    double us[MICRO_ROUNDS];
    unsigned sum = 0;
    int len = rtp_write_header_ext(buf, sizeof buf, &h, &ext, 1);
    micro_must(len > 0, "header");
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        double start = micro_cpu_us();
        for (int i = 0; i < N; i++) {
            struct rtp_packet p;
            uint8_t l = 0;
            buf[3] = (uint8_t)i;
            if (rtp_parse(&p, buf, (size_t)len + PAYLOAD) == 0 &&
                rtp_audio_level(&p, 1, &l, NULL) == 0)
                sum += l + p.h.seq;
        }
        us[r] = micro_cpu_us() - start;
    }
    micro_must(sum != 0, "parse");
    micro_row("rtp_parse_with_level", us, N);
}

static void bench_admission(void)
{
    enum { N = 100000 };
    struct latch l;
    struct rtp_ssrc_gate g;
    struct rtp_source s;
    struct latch_config cfg = {.mode = LATCH_SIGNALLED};
    double us[MICRO_ROUNDS];
    micro_must(net_addr_parse(&cfg.signalled, "192.0.2.1", 5004) == 0, "parse");
    micro_must(net_addr_parse(&cfg.local, "192.0.2.2", 5004) == 0, "parse");
    latch_init(&l, &cfg, 0);
    rtp_ssrc_gate_init(&g);
    rtp_source_init(&s, SSRC, 48000);
    uint32_t i = 0;
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        double start = micro_cpu_us();
        for (int k = 0; k < N; k++, i++) {
            uint64_t at = i * UINT64_C(20000);
            latch_rtp(&l, &cfg.signalled, SSRC, (uint16_t)i, false, at);
            rtp_ssrc_gate_check(&g, SSRC, (uint16_t)i, at);
            rtp_source_put(&s, (uint16_t)i, i * 960, PAYLOAD, at);
        }
        us[r] = micro_cpu_us() - start;
    }
    micro_must(rtp_source_lost(&s) == 0, "statistics");
    micro_row("latch_gate_statistics", us, N);
}

int main(void)
{
    micro_must(srtp_session_global_init() == 0, "srtp_init");
    for (int suite = SDES_NONE + 1; suite < SDES_N_SUITES; suite++)
        bench_srtp((enum sdes_suite)suite);
    bench_srtp_create();
    bench_sending();
    bench_receive("receive_64_on_one_fd", 1);
    bench_receive("receive_1_on_each_of_64_fds", PEERS);
    bench_parse();
    bench_admission();
    for (int i = 0; i < PEERS; i++) {
        close(peer_fd[i]);
        close(own_fd[i]);
    }
    srtp_session_global_fini();
    return 0;
}
