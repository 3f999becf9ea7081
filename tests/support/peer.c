#include "tests/support/peer.h"

#include "codecs/red.h"
#include "net/rtp/rtcp.h"
#include "net/rtp/rtp.h"
#include "net/rtp/srtp_session.h"
#include "net/rtp/transport_cc.h"
#include "net/sdp/sdp.h"
#include "net/sdp/sdp_audio.h"
#include "net/udp.h"
#include "net/udp_poller.h"
#include "tests/support/webrtc_side.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DYNAMIC_PT = 96,
    EVENT_PT = 101,
    RED_PT = 63,
    HEARD_MAX = 48000 * 60,
    MAX_FRAME = 960,
    HEADER_MAX = 32
};

struct peer {
    struct peer_config cfg;
    struct net_addr local, server, server_rtcp;
    int fd, rtcp_fd;
    uint8_t pt;
    uint16_t rtcp_port;
    unsigned version;
    char offer[4096];
    uint8_t key[SDES_MAX_KEY_BYTES];
    struct srtp_session *in, *out; /* SDES */
    struct webrtc_side *webrtc;
    struct acodec_enc *enc;
    struct acodec_dec *dec;

    uint32_t ssrc, timestamp;
    uint16_t seq;
    double phase;

    struct red_history sent_before;
    uint32_t random;
    int16_t *said;
    size_t n_said;
    struct acodec_dec *echo; /* decodes what it says */
    int16_t *heard;
    size_t n_heard;
    bool started;
    uint16_t next_seq;
    uint32_t heard_ssrc;
    uint32_t next_timestamp;
    struct peer_stats stats;
};

static int bind_loopback(struct net_addr *out)
{
    struct net_addr any;
    cr_assert_eq(net_addr_parse(&any, "127.0.0.1", 0), 0);
    int fd = udp_bind(&any, NULL);
    cr_assert_geq(fd, 0, "no socket: %d", fd);
    cr_assert_eq(udp_local(fd, out), 0);
    return fd;
}

/* The lines of attributes, each with its CRLF. */
static void print_attributes(const struct peer *p, FILE *out)
{
    const struct acodec *c = p->cfg.codec;
    fprintf(out, "a=rtpmap:%u %s/%u%s\r\n", p->pt, c->name, c->rtp_clock_hz,
        c->sdp_channels == 2 ? "/2" : "");
    if (p->cfg.event)
        fprintf(out, "a=rtpmap:%u telephone-event/8000\r\n", EVENT_PT);
    if (p->cfg.red)
        fprintf(out, "a=rtpmap:%u red/%u/2\r\na=fmtp:%u %u/%u\r\n", RED_PT, c->rtp_clock_hz, RED_PT,
            p->pt, p->pt);
    if (p->cfg.transport_cc)
        fprintf(out, "a=extmap:%u " SDP_TRANSPORT_CC_URI "\r\na=rtcp-fb:%u transport-cc\r\n",
            p->cfg.transport_cc, p->pt);
    if (p->cfg.suite != SDES_NONE) {
        struct sdes_crypto k = {.tag = 1, .suite = p->cfg.suite};
        char text[SDES_MAX_TEXT_BYTES];
        memcpy(k.key, p->key, sizeof(k.key));
        cr_assert_gt(sdes_print(&k, text, sizeof(text)), 0);
        fprintf(out, "a=crypto:%s\r\n", text);
    }
    if (p->webrtc)
        fputs(webrtc_side_attributes(p->webrtc), out);
    fprintf(out, "a=rtcp:%u\r\n", p->rtcp_port);
    if (p->cfg.rtcp_mux)
        fputs("a=rtcp-mux\r\n", out);
    if (p->cfg.attributes)
        fputs(p->cfg.attributes, out);
    fprintf(out, "a=%s\r\n", p->cfg.direction ? p->cfg.direction : "sendrecv");
}

static void write_offer(struct peer *p)
{
    FILE *out = fmemopen(p->offer, sizeof(p->offer), "w");
    cr_assert_not_null(out);
    fprintf(out,
        "v=0\r\no=- 1 %u IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio %u %s %u%s%s\r\n",
        ++p->version, p->local.port,
        p->webrtc      ? "UDP/TLS/RTP/SAVPF"
        : p->cfg.suite ? "RTP/SAVP"
                       : "RTP/AVP",
        p->pt, p->cfg.event ? " 101" : "", p->cfg.red ? " 63" : "");
    print_attributes(p, out);
    cr_assert_lt(ftell(out), (long)sizeof(p->offer) - 1);
    fclose(out);
}

static void take_codec(struct peer *p, const struct acodec *codec)
{
    p->cfg.codec = codec;
    p->pt = codec->static_pt == ACODEC_PT_DYNAMIC ? DYNAMIC_PT : codec->static_pt;
    struct acodec_params params = {.ptime_ms = 20, .channels = 1, .complexity = 5};
    cr_assert_eq(codec->enc_create(&p->enc, &params), 0);
    cr_assert_eq(codec->dec_create(&p->dec), 0);
    cr_assert_eq(codec->dec_create(&p->echo), 0);
}

static void drop_codec(struct peer *p)
{
    const struct acodec *codec = p->cfg.codec;
    codec->enc_destroy(p->enc);
    codec->dec_destroy(p->dec);
    codec->dec_destroy(p->echo);
}

const char *peer_offer_again(struct peer *p, const char *direction, const struct acodec *codec)
{
    p->cfg.direction = direction;
    if (codec) {
        drop_codec(p);
        take_codec(p, codec);
        p->n_said = p->n_heard = 0;
        p->started = false;
    }
    write_offer(p);
    return p->offer;
}

struct peer *peer_create(const struct peer_config *cfg)
{
    static uint32_t count;
    struct peer *p = calloc(1, sizeof(*p));
    cr_assert_not_null(p);
    p->cfg = *cfg;
    p->heard = malloc(HEARD_MAX * sizeof(*p->heard));
    cr_assert_not_null(p->heard);
    p->said = malloc(HEARD_MAX * sizeof(*p->said));
    cr_assert_not_null(p->said);
    p->fd = bind_loopback(&p->local);
    struct net_addr rtcp = p->local;
    p->cfg.rtcp_mux |= cfg->webrtc;
    p->rtcp_fd = p->cfg.rtcp_mux ? -1 : bind_loopback(&rtcp);
    p->ssrc = 0x1000 + ++count;
    if (cfg->webrtc)
        p->webrtc = webrtc_side_create(p->fd, p->ssrc);
    p->seq = 65500; /* wraps within the test */
    for (size_t i = 0; i < sizeof(p->key); i++)
        p->key[i] = (uint8_t)(i * 7 + count);
    p->random = count;
    p->rtcp_port = rtcp.port;
    take_codec(p, cfg->codec);
    write_offer(p);
    return p;
}

void peer_destroy(struct peer *p)
{
    drop_codec(p);
    srtp_session_destroy(p->in);
    srtp_session_destroy(p->out);
    webrtc_side_destroy(p->webrtc);
    peer_vanish(p);
    free(p->heard);
    free(p->said);
    free(p);
}

const char *peer_offer(const struct peer *p)
{
    return p->offer;
}

void peer_take_answer(struct peer *p, const char *answer)
{
    struct sdp *sdp;
    struct sdp_audio audio;
    struct sdp_error why = {0};
    cr_assert_eq(sdp_parse(answer, strlen(answer), &sdp, &why), 0, "%s", why.text);
    cr_assert_eq(sdp_audio_read(sdp, 0, &audio, &why), 0, "%s", why.text);
    if (p->webrtc)
        webrtc_side_take_answer(p->webrtc, answer);
    p->server = p->webrtc ? webrtc_side_server(p->webrtc) : audio.rtp;
    p->server_rtcp = audio.rtcp_mux ? p->server : audio.rtcp;
    cr_assert_eq(audio.formats[0].pt, p->pt);
    if (p->cfg.suite != SDES_NONE && !p->in) {
        cr_assert_eq(audio.n_crypto, 1u);
        const struct sdes_crypto *c = &audio.crypto[0];
        size_t n = sdes_key_bytes(c->suite);
        cr_assert_eq(srtp_session_create_in(&p->in, c->suite, c->key, n), 0);
        cr_assert_eq(srtp_session_create_out(&p->out, c->suite, p->key, n, &p->ssrc, 1), 0);
    }
    sdp_destroy(sdp);
}

static void send_to(int fd, const struct net_addr *to, const void *data, size_t len)
{
    struct sockaddr_storage sa;
    socklen_t n = net_addr_to_sockaddr(to, &sa);
    sendto(fd, data, len, 0, (struct sockaddr *)&sa, n);
}

void peer_send_raw(struct peer *p, const void *data, size_t len, bool rtcp)
{
    send_to(rtcp && p->rtcp_fd >= 0 ? p->rtcp_fd : p->fd, rtcp ? &p->server_rtcp : &p->server, data,
        len);
}

static struct srtp_session *key_in(const struct peer *p)
{
    return p->webrtc ? webrtc_side_in(p->webrtc) : p->in;
}

static struct srtp_session *key_out(const struct peer *p)
{
    return p->webrtc ? webrtc_side_out(p->webrtc) : p->out;
}

bool peer_ready(const struct peer *p)
{
    return !p->webrtc || webrtc_side_ready(p->webrtc);
}

struct webrtc_side *peer_webrtc(struct peer *p)
{
    return p->webrtc;
}

void peer_move(struct peer *p)
{
    close(p->fd);
    p->fd = bind_loopback(&p->local);
    webrtc_side_use_fd(p->webrtc, p->fd);
}

void peer_send_rtcp(struct peer *p, const void *data, size_t len, unsigned times)
{
    _Alignas(16) uint8_t pkt[1500];
    int n = (int)len;
    cr_assert_leq(len + SRTP_SESSION_MAX_EXTRA, sizeof(pkt));
    memcpy(pkt, data, len);
    if (key_out(p))
        n = srtp_session_protect_rtcp(key_out(p), pkt, len, sizeof(pkt));
    for (; n > 0 && times > 0; times--)
        peer_send_raw(p, pkt, (size_t)n, true);
}

void peer_report_loss(struct peer *p, uint8_t fraction_lost)
{
    uint8_t pkt[128];
    struct rtcp_writer w;
    const struct rtcp_report_block block = {
        .ssrc = p->heard_ssrc, .fraction_lost = fraction_lost, .highest_seq = p->next_seq};
    cr_assert(p->started, "nothing was heard yet");
    rtcp_writer_init(&w, pkt, sizeof(pkt));
    cr_assert_eq(rtcp_write_rr(&w, p->ssrc, &block, 1), 0);
    cr_assert_eq(rtcp_write_sdes(&w, p->ssrc, "peer"), 0);
    peer_send_rtcp(p, pkt, w.len, 1);
}

static void speak(struct peer *p, int16_t *pcm, size_t n)
{
    double step = 2 * M_PI * p->cfg.tone_hz / p->cfg.codec->pcm_rate_hz;
    for (size_t i = 0; i < n; i++) {
        p->random = p->random * 1664525 + 1013904223;
        double wave = p->cfg.noise ? (double)(int32_t)p->random / 0x80000000u : sin(p->phase);
        pcm[i] = (int16_t)lrint(p->cfg.amplitude * wave);
        p->phase = fmod(p->phase + step, 2 * M_PI);
    }
}

static void remember(struct peer *p, const uint8_t *payload, size_t len)
{
    int n = p->cfg.codec->decode(p->echo, payload, len, p->said + p->n_said, HEARD_MAX - p->n_said);
    cr_assert_gt(n, 0);
    p->n_said += (size_t)n;
}

/* Puts the payload behind it into a packet of RFC 2198, if it is to; its length after that. */
static int repeat(struct peer *p, struct rtp_header *h, uint8_t *payload, int len)
{
    uint8_t packed[ACODEC_MAX_PACKET_BYTES];
    const struct red_block primary = {
        .pt = p->pt, .timestamp = h->timestamp, .data = payload, .len = (size_t)len};
    if (!p->cfg.repeats)
        return len;
    int n = red_history_pack(&p->sent_before, &primary, 1, packed, sizeof(packed));
    cr_assert_gt(n, 0);
    red_history_add(&p->sent_before, &primary);
    memcpy(payload, packed, (size_t)n);
    h->payload_type = RED_PT;
    return n;
}

void peer_send(struct peer *p)
{
    const struct acodec *c = p->cfg.codec;
    int16_t pcm[MAX_FRAME];
    if (!peer_ready(p))
        return;
    size_t n = c->pcm_rate_hz / 50;
    speak(p, pcm, n);
    _Alignas(16) uint8_t pkt[HEADER_MAX + ACODEC_MAX_PACKET_BYTES + SRTP_SESSION_MAX_EXTRA];
    struct rtp_header h = {
        .payload_type = p->pt, .seq = p->seq++, .timestamp = p->timestamp, .ssrc = p->ssrc};
    p->timestamp += c->rtp_clock_hz / 50;
    uint8_t number[2] = {p->seq >> 8, p->seq & 0xff};
    const struct rtp_ext ext = {(uint8_t)p->cfg.transport_cc, sizeof(number), number};
    int header = rtp_write_header_ext(pkt, HEADER_MAX, &h, &ext, p->cfg.transport_cc != 0);
    int len = c->encode(p->enc, pcm, n, pkt + header, ACODEC_MAX_PACKET_BYTES / 2);
    cr_assert_gt(len, 0);
    remember(p, pkt + header, (size_t)len);
    len = repeat(p, &h, pkt + header, len);
    rtp_write_header_ext(pkt, HEADER_MAX, &h, &ext, p->cfg.transport_cc != 0);
    len += header;
    if (key_out(p))
        len = srtp_session_protect(key_out(p), pkt, (size_t)len, sizeof(pkt));
    cr_assert_gt(len, 0);
    if (!p->cfg.loses_every || p->seq % p->cfg.loses_every)
        peer_send_raw(p, pkt, (size_t)len, false);
}

void peer_vanish(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    if (p->rtcp_fd >= 0)
        close(p->rtcp_fd);
    p->fd = p->rtcp_fd = -1;
}

void peer_new_ssrc(struct peer *p)
{
    p->ssrc += 0x10000;
    p->seq = 40000;
    p->timestamp += 0x12345678;
}

static void keep_order(struct peer *p, const struct rtp_packet *r)
{
    if (p->started && r->h.seq != p->next_seq)
        p->stats.lost++;
    else if (p->started && r->h.timestamp != p->next_timestamp)
        p->stats.timestamp_gaps++;
    p->started = true;
    p->heard_ssrc = r->h.ssrc;
    p->next_seq = (uint16_t)(r->h.seq + 1);
}

static struct red_block unpack(struct peer *p, const struct rtp_packet *r)
{
    struct red_block blocks[RED_MAX_BLOCKS];
    int n = red_unpack(r->payload, r->payload_len, r->h.timestamp, blocks);
    cr_assert_gt(n, 0);
    p->stats.redundant += n > 1;
    return blocks[n - 1];
}

static void hear(struct peer *p, uint8_t *pkt, size_t len)
{
    struct rtp_packet r;
    if (key_in(p)) {
        int n = srtp_session_unprotect(key_in(p), pkt, len, 1);
        len = n > 0 ? (size_t)n : 0;
    }
    if (rtp_parse(&r, pkt, len)) {
        p->stats.bad++;
        return;
    }
    p->stats.last_pt = r.h.payload_type;
    if (r.h.payload_type == EVENT_PT && p->cfg.event) {
        if (p->stats.events < 64 && r.payload_len == 4)
            memcpy(p->stats.event_payloads[p->stats.events++], r.payload, 4);
        p->next_seq = (uint16_t)(r.h.seq + 1);
        return;
    }
    struct red_block primary = {.pt = r.h.payload_type, .data = r.payload, .len = r.payload_len};
    if (p->cfg.red && r.h.payload_type == RED_PT)
        primary = unpack(p, &r);
    if (primary.pt != p->pt) {
        p->stats.bad++;
        return;
    }
    keep_order(p, &r);
    p->stats.packets++;
    size_t room = HEARD_MAX - p->n_heard;
    int n = p->cfg.codec->decode(p->dec, primary.data, primary.len, p->heard + p->n_heard, room);
    cr_assert_gt(n, 0);
    p->n_heard += (size_t)n;
    p->next_timestamp = r.h.timestamp + acodec_rtp_ticks(p->cfg.codec, (uint32_t)n);
}

static void count_arrivals(struct peer *p, const struct rtcp_packet *packet)
{
    struct transport_cc_reader reader;
    struct transport_cc_arrival a;
    cr_assert_eq(transport_cc_read(&reader, packet->fb.fci, packet->fb.fci_len), 0);
    while (transport_cc_next(&reader, &a))
        p->stats.arrivals += a.received;
}

static void hear_rtcp(struct peer *p, uint8_t *pkt, size_t len)
{
    if (key_in(p)) {
        int n = srtp_session_unprotect_rtcp(key_in(p), pkt, len, 1);
        len = n > 0 ? (size_t)n : 0;
    }
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    if (rtcp_reader_init(&reader, pkt, len, p->webrtc != NULL)) {
        p->stats.bad++;
        return;
    }
    p->stats.rtcp++;
    while (rtcp_reader_next(&reader, &packet)) {
        p->stats.byes += packet.type == RTCP_BYE;
        if (packet.type == RTCP_RTPFB && packet.format == RTCP_RTPFB_TWCC)
            count_arrivals(p, &packet);
    }
}

static void drain(struct peer *p, int fd)
{
    _Alignas(16) uint8_t pkt[UDP_MAX_DATAGRAM];
    ssize_t n;
    struct sockaddr_storage sa;
    struct net_addr from;
    for (socklen_t len = sizeof(sa);
         (n = recvfrom(fd, pkt, sizeof(pkt), MSG_DONTWAIT, (struct sockaddr *)&sa, &len)) >= 0;
         len = sizeof(sa))
        if (p->webrtc && !net_addr_from_sockaddr(&from, (struct sockaddr *)&sa) &&
            webrtc_side_take(p->webrtc, pkt, (size_t)n, &from))
            continue;
        else if (rtp_is_rtcp(pkt, (size_t)n))
            hear_rtcp(p, pkt, (size_t)n);
        else
            hear(p, pkt, (size_t)n);
}

void peer_receive(struct peer *p)
{
    if (p->webrtc && p->fd >= 0)
        webrtc_side_step(p->webrtc);
    if (p->fd >= 0)
        drain(p, p->fd);
    if (p->rtcp_fd >= 0)
        drain(p, p->rtcp_fd);
}

const int16_t *peer_said(const struct peer *p, size_t *n)
{
    *n = p->n_said;
    return p->said;
}

const int16_t *peer_heard(const struct peer *p, size_t *n)
{
    *n = p->n_heard;
    return p->heard;
}

void peer_forget(struct peer *p)
{
    p->n_heard = 0;
}

const struct peer_stats *peer_stats(const struct peer *p)
{
    return &p->stats;
}

struct net_addr peer_server(const struct peer *p)
{
    return p->server;
}

struct net_addr peer_local(const struct peer *p)
{
    return p->local;
}

double tone_dbfs(const int16_t *pcm, size_t n, double rate_hz, double tone_hz)
{
    double re = 0, im = 0, step = 2 * M_PI * tone_hz / rate_hz;
    for (size_t i = 0; i < n; i++) {
        double window = 1 - cos(2 * M_PI * (double)i / (double)n);
        re += window * pcm[i] * cos(step * (double)i);
        im += window * pcm[i] * sin(step * (double)i);
    }
    double amplitude = 2 * hypot(re, im) / (double)n;
    return 20 * log10(amplitude / 32768 + 1e-9);
}

unsigned peer_heard_ms(const struct peer *p)
{
    return (unsigned)(p->n_heard * 1000 / p->cfg.codec->pcm_rate_hz);
}

double peer_heard_dbfs(const struct peer *p, double tone_hz)
{
    double power = 0, rate_hz = p->cfg.codec->pcm_rate_hz;
    size_t piece = p->cfg.codec->pcm_rate_hz / 10;
    cr_assert_geq(p->n_heard, 10 * piece, "heard only %zu samples", p->n_heard);
    for (int i = 1; i <= 10; i++) {
        const int16_t *pcm = p->heard + p->n_heard - i * piece;
        power += pow(10, tone_dbfs(pcm, piece, rate_hz, tone_hz) / 10);
    }
    return 10 * log10(power / 10);
}
