/* The front door: a few sessions, and datagrams to them, one record each:
 *   byte 0: 0x01 signed with a session's password, 0x0e by which address, 0x30 of which session,
 *           0x40 the session restarts first, 0x80 it is closed and opened again first
 *   byte 1: time that passes, in 100 ms
 *   byte 2: length; then the datagram, or, signed, the attributes after USERNAME
 * Who has not signed anything is not answered, and nothing of theirs reaches a session. */

#include "net/ice/ice_internal.h"
#include "net/ice/stun.h"
#include "net/send_batch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SESSIONS = 4, ADDRESSES = 8 };

static struct ice_port *port;
static struct ice_session *session[SESSIONS];
static struct ice_credentials local[SESSIONS], remote;
static unsigned generation;
static bool has_signed[ADDRESSES]; /* an address, for any session */
static unsigned address;           /* of the datagram in hand */
static bool in_hand_is_signed;
static uint64_t now;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void on_media(uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    (void)arg;
    require(has_signed[address] && len > 0 && arrival_us == now);
    memset(pkt, 0, UDP_MAX_DATAGRAM);
}

static void on_dtls(const uint8_t *pkt, size_t len, uint64_t arrival_us, void *arg)
{
    (void)pkt, (void)arg;
    require(has_signed[address] && len > 0 && arrival_us == now);
}

static void on_selected(void *arg)
{
    (void)arg;
    require(in_hand_is_signed);
}

static const struct ice_session_events events = {
    .media = on_media, .dtls = on_dtls, .selected = on_selected};

static void new_credentials(struct ice_credentials *c)
{
    *c = (struct ice_credentials){0};
    snprintf(c->ufrag, sizeof c->ufrag, "name%u", generation++);
    memset(c->pwd, 'p', 24);
}

static void open_session(unsigned i)
{
    new_credentials(&local[i]);
    require(ice_session_open(&session[i], port, &local[i], &remote, &events, NULL, now) == 0);
}

/* A port whose packets out go nowhere. */
static void begin(void)
{
    if (!port) {
        struct net_addr any;
        struct ice_port_config cfg = {.local = &any, .n_local = 1};
        net_addr_parse(&any, "127.0.0.1", 0);
        require(ice_port_bind(&port, &cfg) == 0);
        require(send_batch_create(&port->batch, 64, 65536) == 0);
        dup2(open("/dev/null", O_RDWR | O_CLOEXEC), port->sockets[0].fd);
        new_credentials(&remote);
    }
    now = 1000000000;
    generation = 1;
    memset(has_signed, 0, sizeof has_signed);
    for (unsigned i = 0; i < SESSIONS; i++)
        open_session(i);
}

static size_t sign(unsigned i, const uint8_t *attributes, size_t len, uint8_t *out)
{
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    char username[2 * ICE_UFRAG_MAX + 2];
    struct stun_writer w;
    struct stun_key key;
    snprintf(username, sizeof username, "%s:%s", local[i].ufrag, remote.ufrag);
    stun_begin(&w, out, STUN_MAX_BYTES, STUN_REQUEST, id);
    stun_put_username(&w, username);
    len &= ~(size_t)3;
    memcpy(out + w.len, attributes, len);
    w.len += len;
    stun_key_init(&key, local[i].pwd);
    int n = stun_finish(&w, &key);
    require(n > 0);
    return (size_t)n;
}

static void prepare(unsigned i, uint8_t flags)
{
    if (flags & 0x80) {
        ice_session_close(session[i]);
        open_session(i);
    }
    if (flags & 0x40) {
        new_credentials(&local[i]);
        require(ice_session_restart(session[i], &local[i], &remote) == 0);
    }
}

static void check_paths(void)
{
    for (unsigned i = 0; i < SESSIONS; i++) {
        const struct ice_path *p = ice_lite_selected(&session[i]->agent);
        require(!p || has_signed[p->route.remote.port - 1]);
    }
}

static void one(const uint8_t *record, size_t len)
{
    _Alignas(16) static uint8_t pkt[UDP_MAX_DATAGRAM];
    unsigned i = record[0] >> 4 & 3;
    address = record[0] >> 1 & 7;
    in_hand_is_signed = record[0] & 1;
    now += record[1] * UINT64_C(100000);
    prepare(i, record[0] & 0xc0);
    if (in_hand_is_signed) {
        len = sign(i, record + 3, len, pkt);
        has_signed[address] = true;
    } else {
        memcpy(pkt, record + 3, len);
    }
    const struct net_addr from = {
        .family = AF_INET, .ip = {192, 0, 2, 1}, .port = (uint16_t)(address + 1)};
    uint64_t checks = port->stats.checks;
    ice_port_datagram(pkt, len, &from, now, &port->sockets[0]);
    require(port->stats.checks - checks <= in_hand_is_signed);
    check_paths();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    while (size >= 3) {
        size_t len = data[2] < size - 3 ? data[2] : size - 3;
        one(data, len);
        data += 3 + len;
        size -= 3 + len;
    }
    for (unsigned i = 0; i < SESSIONS; i++)
        ice_session_close(session[i]);
    for (unsigned i = 0; i < ICE_BUCKETS; i++)
        require(!port->by_ufrag[i] && !port->by_path[i]);
    send_batch_flush(port->batch);
    return 0;
}
