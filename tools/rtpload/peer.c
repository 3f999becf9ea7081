#include "tools/rtpload/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RTP_HEADER_BYTES = 12, DATAGRAM_MAX = 9000, RECEIVE_BUFFER_BYTES = 1 << 20 };

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

int peer_open(struct peer *p, uint32_t ssrc)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof any;
    int on = 1, size = RECEIVE_BUFFER_BYTES;
    *p = (struct peer){.ssrc = ssrc, .seq = (uint16_t)(ssrc >> 7), .ts = ssrc * 977, .mark = true};
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return -errno;
    setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(p->fd, (struct sockaddr *)&any, sizeof any) < 0 ||
        getsockname(p->fd, (struct sockaddr *)&any, &len) < 0) {
        int err = -errno;
        close(p->fd);
        return err;
    }
    p->port = ntohs(any.sin_port);
    return 0;
}

/* One-byte header extension (RFC 8285) of one element, padded to a word. */
static size_t put_level(uint8_t *out, uint8_t id, uint8_t level)
{
    put16(out, 0xBEDE);
    put16(out + 2, 1);
    out[4] = (uint8_t)(id << 4);
    out[5] = (uint8_t)((level < 55 ? 0x80 : 0) | (level & 0x7f));
    out[6] = out[7] = 0;
    return 8;
}

static size_t peer_packetize(struct peer *p, const struct clip_packet *c, uint8_t *out)
{
    size_t n = RTP_HEADER_BYTES;
    out[0] = p->level_id != 0 ? 0x90 : 0x80;
    out[1] = (uint8_t)((p->mark ? 0x80 : 0) | p->pt);
    put16(out + 2, p->seq);
    put32(out + 4, p->ts);
    put32(out + 8, p->ssrc);
    if (p->level_id != 0)
        n += put_level(out + n, p->level_id, c->level);
    memcpy(out + n, c->data, c->len);
    return n + c->len;
}

static void peer_transmit(struct peer *p, const uint8_t *data, size_t len)
{
    if (sendto(p->fd, data, len, 0, (struct sockaddr *)&p->remote, sizeof p->remote) < 0)
        p->send_errors++;
}

void peer_send(struct peer *p, int64_t now_us, peer_packet_fn *on_sent, void *arg)
{
    uint8_t out[DATAGRAM_MAX];
    const struct clip_packet *c = &p->clip->packets[p->clip_at];
    p->clip_at = (p->clip_at + 1) % p->clip->count;
    p->next_us += p->ptime_ms * 1000;
    if (c->len > 0) {
        size_t len = peer_packetize(p, c, out);
        int protected_len = (int)len;
        if (p->tx == NULL || srtp_protect(p->tx, out, &protected_len) == srtp_err_status_ok)
            peer_transmit(p, out, (size_t)protected_len);
        p->sent++;
        p->sent_bytes += c->len;
        if (on_sent != NULL) {
            struct peer_packet packet = {c->data, c->len, p->ts, p->seq, now_us};
            on_sent(p, &packet, arg);
        }
        p->seq++;
    }
    p->mark = c->len == 0;
    p->ts += p->clip->ticks;
}

void peer_send_rtcp(struct peer *p)
{
    static const uint8_t cname[] = {1, 4, 'l', 'o', 'a', 'd', 0, 0};
    uint8_t out[8 + 4 + 4 + sizeof cname + SRTP_MAX_TRAILER_LEN + 4];
    put32(out, 0x80C90001); /* RR, no report block */
    put32(out + 4, p->ssrc);
    put32(out + 8, 0x81CA0003); /* SDES, one chunk */
    put32(out + 12, p->ssrc);
    memcpy(out + 16, cname, sizeof cname);
    int len = 16 + (int)sizeof cname;
    if (p->tx == NULL || srtp_protect_rtcp(p->tx, out, &len) == srtp_err_status_ok)
        peer_transmit(p, out, (size_t)len);
}

static void peer_take_rtcp(struct peer *p, uint8_t *data, size_t len)
{
    int clear_len = (int)len;
    if (p->rx != NULL && srtp_unprotect_rtcp(p->rx, data, &clear_len) != srtp_err_status_ok) {
        p->in_bad++;
        return;
    }
    p->in_rtcp++;
    for (size_t at = 0; at + 4 <= (size_t)clear_len; at += 4 * (get16(data + at + 2) + 1u)) {
        if (data[at + 1] == 203)
            p->in_bye++;
    }
}

/* Length of header, CSRCs and extension, or 0 when they pass the end. */
static size_t rtp_header_len(const uint8_t *data, size_t len)
{
    size_t n = RTP_HEADER_BYTES + 4u * (data[0] & 15);
    if (data[0] & 0x10) {
        if (n + 4 > len)
            return 0;
        n += 4 + 4u * get16(data + n + 2);
    }
    return n <= len ? n : 0;
}

static int peer_take(
    struct peer *p, uint8_t *data, size_t len, int64_t at_us, peer_packet_fn *on_packet, void *arg)
{
    if (len >= 8 && data[1] >= 192 && data[1] <= 223) {
        peer_take_rtcp(p, data, len);
        return 0;
    }
    int clear_len = (int)len;
    size_t header = 0;
    if (len >= RTP_HEADER_BYTES && data[0] >> 6 == 2 &&
        (p->rx == NULL || srtp_unprotect(p->rx, data, &clear_len) == srtp_err_status_ok))
        header = rtp_header_len(data, (size_t)clear_len);
    if (header == 0) {
        p->in_bad++;
        return 0;
    }
    struct peer_packet packet = {
        data + header, (size_t)clear_len - header, get32(data + 4), get16(data + 2), at_us};
    if (on_packet != NULL)
        on_packet(p, &packet, arg);
    return arrivals_add(&p->in, get32(data + 8), packet.seq, packet.ts, packet.len, at_us);
}

/* The kernel's own time of arrival: a load generator that is late itself does not blame others. */
static int64_t arrival_us(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec ts;
            memcpy(&ts, CMSG_DATA(c), sizeof ts);
            return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
        }
    }
    return -1;
}

int peer_receive(struct peer *p, peer_packet_fn *on_packet, void *arg)
{
    uint8_t data[DATAGRAM_MAX];
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    for (;;) {
        struct iovec iov = {data, sizeof data};
        struct msghdr msg = {.msg_iov = &iov,
            .msg_iovlen = 1,
            .msg_control = &control,
            .msg_controllen = sizeof control};
        ssize_t len = recvmsg(p->fd, &msg, 0);
        if (len < 0)
            return 0;
        int64_t at_us = arrival_us(&msg);
        int err = at_us < 0 ? 0 : peer_take(p, data, (size_t)len, at_us, on_packet, arg);
        if (err != 0)
            return err;
    }
}

void peer_close(struct peer *p)
{
    close(p->fd);
    if (p->tx != NULL)
        srtp_dealloc(p->tx);
    if (p->rx != NULL)
        srtp_dealloc(p->rx);
    arrivals_fini(&p->in);
}
