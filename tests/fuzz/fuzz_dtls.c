/* Datagrams of DTLS. The first byte says where they go: to a passive session, to an active one that
 * has begun, to one that is in the call, or, as changes to what the two sides of a handshake send,
 * to both. What follows are datagrams, each after its length in 2 bytes; or changes of 4 bytes:
 * number of the datagram, offset in it (2 bytes), what to flip there. */

#include "net/bytes.h"
#include "net/dtls/dtls.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_INPUT = 8192, QUEUE = 64, CHANGE_BYTES = 4, MAX_TURNS = 16 };
enum mode { PASSIVE, ACTIVE, IN_CALL, CHANGED };

struct queue {
    size_t n;
    struct {
        size_t len;
        uint8_t data[DTLS_MTU];
    } pkt[QUEUE];
};

static struct dtls_context *contexts[2];
static struct sdp_fingerprint fingerprints[2];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void set_up(void)
{
    for (int i = 0; i < 2; i++) {
        require(dtls_context_create(&contexts[i]) == 0);
        struct sdp_str text = sdp_str(dtls_context_fingerprint(contexts[i]));
        require(sdp_fingerprint_parse(text, &fingerprints[i]) == 0);
    }
}

static void on_send(const uint8_t *pkt, size_t len, void *arg)
{
    struct queue *q = arg;
    require(len > 0 && len <= DTLS_MTU - 28);
    if (q->n == QUEUE)
        return;
    memcpy(q->pkt[q->n].data, pkt, len);
    q->pkt[q->n++].len = len;
}

static struct dtls *open_session(enum dtls_role role, struct queue *sent)
{
    struct dtls *d;
    const struct dtls_config cfg = {
        .role = role, .fingerprints = &fingerprints[role == DTLS_PASSIVE], .n_fingerprints = 1};
    require(dtls_create(&d, contexts[role], &cfg, on_send, sent, 0) == 0);
    sent->n = 0;
    return d;
}

/* --- a handshake of two, with changes on the way ------------------------------------------------
 */
struct changes {
    const uint8_t *data;
    size_t size;
    unsigned datagram; /* that comes next */
};

static enum dtls_state carry(
    struct dtls *to, enum dtls_state state, struct queue *sent, struct changes *c)
{
    for (size_t i = 0; i < sent->n; i++, c->datagram++) {
        uint8_t *pkt = sent->pkt[i].data;
        size_t len = sent->pkt[i].len;
        for (size_t at = 0; at + CHANGE_BYTES <= c->size; at += CHANGE_BYTES)
            if (c->data[at] == c->datagram)
                pkt[get16(c->data + at + 1) % len] ^= c->data[at + 3];
        state = dtls_receive(to, pkt, len);
    }
    sent->n = 0;
    return state;
}

/* Both sessions are the caller's. True: they are ready. */
static bool shake_hands(struct dtls *d[2], struct queue sent[2], struct changes *c)
{
    enum dtls_state state[2] = {DTLS_HANDSHAKING, dtls_start(d[DTLS_ACTIVE])};
    for (int i = 0; i < MAX_TURNS && sent[0].n + sent[1].n; i++) {
        state[DTLS_PASSIVE] = carry(d[DTLS_PASSIVE], state[DTLS_PASSIVE], &sent[DTLS_ACTIVE], c);
        state[DTLS_ACTIVE] = carry(d[DTLS_ACTIVE], state[DTLS_ACTIVE], &sent[DTLS_PASSIVE], c);
    }
    return state[0] == DTLS_READY && state[1] == DTLS_READY;
}

static void run_changed(const uint8_t *data, size_t size)
{
    static struct queue sent[2];
    struct changes c = {data, size, 0};
    struct dtls_keys keys[2];
    struct dtls *d[2] = {open_session(DTLS_PASSIVE, &sent[0]), open_session(DTLS_ACTIVE, &sent[1])};
    bool ready = shake_hands(d, sent, &c);
    require(ready || size >= CHANGE_BYTES);
    if (ready) {
        require(dtls_keys(d[0], &keys[0]) == 0 && dtls_keys(d[1], &keys[1]) == 0);
        require(keys[0].suite == SDES_AEAD_AES_128_GCM && keys[1].suite == keys[0].suite);
        require(!memcmp(keys[0].in, keys[1].out, sdes_key_bytes(keys[0].suite)));
        require(!memcmp(keys[0].out, keys[1].in, sdes_key_bytes(keys[0].suite)));
    }
    dtls_destroy(d[0]);
    dtls_destroy(d[1]);
}

/* --- datagrams out of nowhere -------------------------------------------------------------------
 */
static enum dtls_state put_all(struct dtls *d, const uint8_t *data, size_t size)
{
    enum dtls_state state = dtls_tick(d, 0);
    while (size >= 2) {
        size_t len = get16(data) < size - 2 ? get16(data) : size - 2;
        uint8_t *pkt = malloc(len ? len : 1); /* of its own, so that a read beyond it is seen */
        require(pkt != NULL);
        memcpy(pkt, data + 2, len);
        state = dtls_receive(d, pkt, len);
        free(pkt);
        data += 2 + len;
        size -= 2 + len;
    }
    return state;
}

static void run_new(enum dtls_role role, const uint8_t *data, size_t size)
{
    static struct queue sent;
    struct dtls_keys keys;
    struct dtls *d = open_session(role, &sent);
    dtls_start(d);
    require(put_all(d, data, size) != DTLS_READY);
    require(dtls_keys(d, &keys) < 0);
    dtls_close(d);
    dtls_destroy(d);
}

/* Nobody without the keys can end a call, so that one serves for all. */
static void run_in_call(const uint8_t *data, size_t size)
{
    static struct queue sent[2];
    static struct dtls *d[2];
    if (!d[0]) {
        struct changes none = {0};
        d[0] = open_session(DTLS_PASSIVE, &sent[0]);
        d[1] = open_session(DTLS_ACTIVE, &sent[1]);
        require(shake_hands(d, sent, &none));
    }
    for (int i = 0; i < 2; i++) {
        sent[i].n = 0;
        require(put_all(d[i], data, size) == DTLS_READY);
        require(sent[i].n == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!contexts[0])
        set_up();
    if (size < 1 || size > MAX_INPUT)
        return 0;
    switch ((enum mode)(data[0] & 3)) {
    case PASSIVE:
        run_new(DTLS_PASSIVE, data + 1, size - 1);
        break;
    case ACTIVE:
        run_new(DTLS_ACTIVE, data + 1, size - 1);
        break;
    case IN_CALL:
        run_in_call(data + 1, size - 1);
        break;
    case CHANGED:
        run_changed(data + 1, size - 1);
        break;
    }
    return 0;
}
