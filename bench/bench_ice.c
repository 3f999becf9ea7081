/* CPU of what comes to an ICE port: rows "name unit value", the median of several rounds. The
 * answers are built, not sent. */

#include "bench/support/micro.h"
#include "net/ice/ice_internal.h"
#include "net/send_batch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { N = 1000, SESSIONS = 1000 };

static struct ice_port *port;
static struct ice_session *sessions[SESSIONS];
static struct ice_credentials local[SESSIONS], remote = {"remote", "rrrrrrrrrrrrrrrrrrrrrrrr"};
static unsigned packets;
static uint64_t arrival_us = 1000000000;

static void on_media(uint8_t *pkt, size_t len, uint64_t at_us, void *arg)
{
    (void)pkt, (void)len, (void)at_us, (void)arg;
    packets++;
}

static void on_dtls(const uint8_t *pkt, size_t len, uint64_t at_us, void *arg)
{
    (void)pkt, (void)len, (void)at_us, (void)arg;
}

static void on_selected(void *arg)
{
    (void)arg;
}

static const struct ice_session_events events = {on_media, on_dtls, on_selected};

static struct net_addr address_of(unsigned i)
{
    return (struct net_addr){
        .family = AF_INET, .ip = {192, 0, 2, 1}, .port = (uint16_t)(10000 + i)};
}

static size_t make_check(unsigned i, const char *password, uint8_t *pkt)
{
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    char username[2 * ICE_UFRAG_MAX + 2];
    struct stun_writer w;
    struct stun_key key;
    snprintf(username, sizeof username, "%s:%s", local[i].ufrag, remote.ufrag);
    stun_begin(&w, pkt, STUN_MAX_BYTES, STUN_REQUEST, id);
    stun_put_username(&w, username);
    stun_put_controlling(&w, 1);
    stun_put_use_candidate(&w);
    stun_put_priority(&w, 1);
    stun_key_init(&key, password);
    int n = stun_finish(&w, &key);
    micro_must(n > 0, "check");
    return (size_t)n;
}

static void put(uint8_t *pkt, size_t len, unsigned from)
{
    const struct net_addr a = address_of(from);
    arrival_us += 20000;
    ice_port_datagram(pkt, len, &a, arrival_us, &port->sockets[0]);
}

static void bench_checks(const char *name, unsigned i, const char *password, uint64_t expected)
{
    uint8_t pkt[STUN_MAX_BYTES];
    double us[MICRO_ROUNDS];
    size_t len = make_check(i, password, pkt);
    uint64_t before = port->stats.checks;
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        double start = micro_cpu_us();
        for (int n = 0; n < N; n++)
            put(pkt, len, 0);
        us[r] = micro_cpu_us() - start;
        send_batch_flush(port->batch);
    }
    micro_must(port->stats.checks - before == expected, name);
    micro_row(name, us, N);
}

static void bench_media(const char *name, unsigned senders)
{
    static _Alignas(16) uint8_t pkt[UDP_MAX_DATAGRAM] = {0x80, 111};
    double us[MICRO_ROUNDS];
    packets = 0;
    for (int r = 0; r < MICRO_ROUNDS; r++) {
        double start = micro_cpu_us();
        for (unsigned n = 0; n < N; n++)
            put(pkt, 112, n % senders);
        us[r] = micro_cpu_us() - start;
    }
    micro_must(packets == MICRO_ROUNDS * N, name);
    micro_row(name, us, N);
}

static void open_session(unsigned i)
{
    micro_must(ice_credentials_make(&local[i]) == 0, "credentials");
    micro_must(
        ice_session_open(&sessions[i], port, &local[i], &remote, &events, NULL, arrival_us) == 0,
        "open");
    uint8_t pkt[STUN_MAX_BYTES];
    put(pkt, make_check(i, local[i].pwd, pkt), i);
    send_batch_flush(port->batch);
}

int main(void)
{
    struct net_addr any;
    const struct ice_port_config cfg = {.local = &any, .n_local = 1};
    net_addr_parse(&any, "127.0.0.1", 0);
    micro_must(ice_port_bind(&port, &cfg) == 0, "bind");
    micro_must(send_batch_create(&port->batch, 1024, 1 << 20) == 0, "batch");
    micro_must(dup2(open("/dev/null", O_RDWR | O_CLOEXEC), port->sockets[0].fd) >= 0, "/dev/null");
    open_session(0);
    bench_media("ice_packet_of_1_session", 1);
    for (unsigned i = 1; i < SESSIONS; i++)
        open_session(i);
    bench_media("ice_packet_of_1_in_1000_sessions", 1);
    bench_media("ice_packet_of_1000_sessions", SESSIONS);
    bench_checks("ice_check_answered", 0, local[0].pwd, MICRO_ROUNDS * N);
    bench_checks("ice_check_wrong_password", 0, "nonononononononononononono", 0);
    local[0].ufrag[0] ^= 1;
    bench_checks("ice_check_foreign_ufrag", 0, local[0].pwd, 0);
    for (unsigned i = 0; i < SESSIONS; i++)
        ice_session_close(sessions[i]);
    send_batch_destroy(port->batch);
    port->batch = NULL;
    ice_port_destroy(port);
    return 0;
}
