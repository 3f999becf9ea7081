#include "tests/support/webrtc_side.h"

#include "net/clock.h"
#include "net/dtls/dtls.h"
#include "net/ice/ice_lite.h"
#include "net/ice/stun.h"
#include "net/sdp/sdp.h"
#include "net/sdp/sdp_dtls.h"
#include "net/sdp/sdp_ice.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CHECK_US = 40000, KEEP_US = 2000000, PRIORITY = 0x7e0000ff, TIE_BREAKER = 42 };

struct webrtc_side {
    int fd;
    uint32_t ssrc;
    struct ice_credentials local, remote;
    struct net_addr server;
    uint64_t next_check_us;
    uint8_t transaction[STUN_TRANSACTION_BYTES];
    bool connected;
    struct dtls_context *context;
    struct dtls *dtls;
    struct srtp_session *in, *out;
    char attributes[1024];
    struct webrtc_side_stats stats;
};

static uint64_t now_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static void send_out(const uint8_t *pkt, size_t len, void *arg)
{
    const struct webrtc_side *w = arg;
    struct sockaddr_storage sa;
    socklen_t n = net_addr_to_sockaddr(&w->server, &sa);
    sendto(w->fd, pkt, len, 0, (struct sockaddr *)&sa, n);
}

static void write_attributes(struct webrtc_side *w)
{
    snprintf(w->attributes, sizeof(w->attributes),
        "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:actpass\r\n", w->local.ufrag,
        w->local.pwd, dtls_context_fingerprint(w->context));
}

struct webrtc_side *webrtc_side_create(int fd, uint32_t ssrc)
{
    struct webrtc_side *w = calloc(1, sizeof(*w));
    cr_assert_not_null(w);
    w->fd = fd;
    w->ssrc = ssrc;
    cr_assert_eq(ice_credentials_make(&w->local), 0);
    cr_assert_eq(dtls_context_create(&w->context), 0);
    write_attributes(w);
    return w;
}

void webrtc_side_restart(struct webrtc_side *w)
{
    cr_assert_eq(ice_credentials_make(&w->local), 0);
    w->connected = false;
    write_attributes(w);
}

void webrtc_side_destroy(struct webrtc_side *w)
{
    if (!w)
        return;
    srtp_session_destroy(w->in);
    srtp_session_destroy(w->out);
    dtls_destroy(w->dtls);
    dtls_context_destroy(w->context);
    free(w);
}

const char *webrtc_side_attributes(const struct webrtc_side *w)
{
    return w->attributes;
}

/* foundation component protocol priority address port … */
static void take_candidate(struct webrtc_side *w, const struct sdp *sdp)
{
    const struct sdp_attr *a = sdp_attr(sdp, &sdp->media[0].section, "candidate", NULL);
    cr_assert_not_null(a);
    struct sdp_str rest = a->value;
    char ip[64], port[8];
    for (int i = 0; i < 4; i++)
        sdp_str_word(&rest);
    cr_assert_eq(sdp_str_copy(sdp_str_word(&rest), ip, sizeof(ip)), 0);
    cr_assert_eq(sdp_str_copy(sdp_str_word(&rest), port, sizeof(port)), 0);
    cr_assert_eq(net_addr_parse(&w->server, ip, (uint16_t)atoi(port)), 0);
}

void webrtc_side_take_answer(struct webrtc_side *w, const char *answer)
{
    struct sdp *sdp;
    struct sdp_error why = {0};
    struct sdp_ice ice;
    struct sdp_dtls dtls;
    cr_assert_eq(sdp_parse(answer, strlen(answer), &sdp, &why), 0, "%s", why.text);
    cr_assert_eq(sdp_ice_read(sdp, &sdp->media[0].section, &ice, &why), 0, "%s", why.text);
    cr_assert_eq(sdp_dtls_read(sdp, &sdp->media[0].section, &dtls, &why), 0, "%s", why.text);
    cr_assert(ice.lite);
    cr_assert_eq(dtls.setup, SDP_SETUP_PASSIVE);
    w->remote = ice.credentials;
    take_candidate(w, sdp);
    if (!w->dtls) {
        const struct dtls_config cfg = {.role = DTLS_ACTIVE,
            .fingerprints = dtls.fingerprints,
            .n_fingerprints = dtls.n_fingerprints};
        cr_assert_eq(dtls_create(&w->dtls, w->context, &cfg, send_out, w, now_us()), 0);
    }
    sdp_destroy(sdp);
}

static void send_check(struct webrtc_side *w)
{
    uint8_t buf[STUN_MAX_BYTES];
    char username[2 * ICE_UFRAG_MAX + 2];
    struct stun_writer writer;
    struct stun_key key;
    memcpy(w->transaction, &w->ssrc, sizeof(w->ssrc));
    memcpy(w->transaction + 4, &w->stats.checks, sizeof(w->stats.checks));
    snprintf(username, sizeof(username), "%s:%s", w->remote.ufrag, w->local.ufrag);
    stun_key_init(&key, w->remote.pwd);
    stun_begin(&writer, buf, sizeof(buf), STUN_REQUEST, w->transaction);
    stun_put_username(&writer, username);
    stun_put_priority(&writer, PRIORITY);
    stun_put_controlling(&writer, TIE_BREAKER);
    stun_put_use_candidate(&writer);
    int n = stun_finish(&writer, &key);
    cr_assert_gt(n, 0);
    send_out(buf, (size_t)n, w);
    w->stats.checks++;
}

void webrtc_side_step(struct webrtc_side *w)
{
    uint64_t now = now_us();
    if (w->dtls && now >= w->next_check_us) {
        send_check(w);
        w->next_check_us = now + (w->connected ? KEEP_US : CHECK_US);
    }
    if (w->connected)
        dtls_tick(w->dtls, now);
}

static void take_stun(struct webrtc_side *w, uint8_t *pkt, size_t len)
{
    struct stun_message m;
    struct stun_key key;
    cr_assert_eq(stun_parse(&m, pkt, len), 0);
    cr_assert_eq(m.class, STUN_SUCCESS, "error %u", m.error);
    stun_key_init(&key, w->remote.pwd);
    if (!stun_verify(&m, pkt, &key)) /* of before a restart */
        return;
    w->stats.answers++;
    w->connected = true;
    dtls_start(w->dtls);
}

static void make_sessions(struct webrtc_side *w)
{
    struct dtls_keys k;
    cr_assert_eq(dtls_keys(w->dtls, &k), 0);
    size_t n = sdes_key_bytes(k.suite);
    cr_assert_eq(srtp_session_create_in(&w->in, k.suite, k.in, n), 0);
    cr_assert_eq(srtp_session_create_out(&w->out, k.suite, k.out, n, &w->ssrc, 1), 0);
}

bool webrtc_side_take(struct webrtc_side *w, uint8_t *pkt, size_t len, const struct net_addr *from)
{
    if (!net_addr_equal(from, &w->server) || !len)
        return false;
    if (stun_is(pkt, len)) {
        take_stun(w, pkt, len);
        return true;
    }
    if (pkt[0] < 20 || pkt[0] > 63)
        return false;
    enum dtls_state state = dtls_receive(w->dtls, pkt, len);
    if (state == DTLS_READY && !w->in)
        make_sessions(w);
    w->stats.closed |= state == DTLS_CLOSED;
    return true;
}

bool webrtc_side_ready(const struct webrtc_side *w)
{
    return w->in != NULL;
}

void webrtc_side_close(struct webrtc_side *w)
{
    dtls_close(w->dtls);
}

void webrtc_side_use_fd(struct webrtc_side *w, int fd)
{
    w->fd = fd;
    w->next_check_us = 0;
}

struct srtp_session *webrtc_side_in(struct webrtc_side *w)
{
    return w->in;
}

struct srtp_session *webrtc_side_out(struct webrtc_side *w)
{
    return w->out;
}

struct net_addr webrtc_side_server(const struct webrtc_side *w)
{
    return w->server;
}

const struct webrtc_side_stats *webrtc_side_stats(const struct webrtc_side *w)
{
    return &w->stats;
}
