/* One compound packet, read as it is and taken by a session that has sent and received. The first
 * byte says whether reduced size is allowed. */

#include "net/rtp/rtcp_session.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OURS = 0x01010101, S = 1000000 };

static const uint8_t *begin, *end;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void within(const void *p, size_t len)
{
    const uint8_t *b = p;
    require(b >= begin && b <= end && len <= (size_t)(end - b));
}

static void check_xr(const struct rtcp_packet *p)
{
    require(p->xr.n <= RTCP_MAX_XR);
    for (unsigned i = 0; i < p->xr.n; i++) {
        within(p->xr.block[i].data, p->xr.block[i].len);
        if (p->xr.block[i].type == RTCP_XR_DLRR)
            require(p->xr.block[i].dlrr.n <= RTCP_MAX_DLRR);
    }
}

static void check_feedback(const struct rtcp_packet *p)
{
    uint16_t pid, mask;
    within(p->fb.fci, p->fb.fci_len);
    if (p->type == RTCP_RTPFB && p->format == RTCP_RTPFB_NACK)
        for (unsigned i = 0; i < p->fb.n; i++)
            rtcp_nack(p, i, &pid, &mask);
    else
        require(p->fb.n <= RTCP_MAX_FIR);
}

static void check_packet(const struct rtcp_packet *p)
{
    within(p->body, p->body_len);
    switch (p->type) {
    case RTCP_SR:
    case RTCP_RR:
        require(p->report.n <= RTCP_MAX_BLOCKS);
        break;
    case RTCP_SDES:
        if (p->sdes.cname)
            within(p->sdes.cname, p->sdes.cname_len);
        break;
    case RTCP_BYE:
        require(p->bye.n <= RTCP_MAX_BLOCKS);
        if (p->bye.reason)
            within(p->bye.reason, p->bye.reason_len);
        break;
    case RTCP_APP:
        within(p->app.data, p->app.len);
        break;
    case RTCP_XR:
        check_xr(p);
        break;
    default:
        check_feedback(p);
    }
}

static uint64_t ntp(void *arg)
{
    (void)arg;
    return UINT64_C(0x0101010101010101);
}

static void use_session(const uint8_t *pkt, size_t len, bool reduced)
{
    struct rtcp_session *s = NULL;
    const struct rtcp_session_config cfg = {
        .ssrc = OURS, .clock_hz = 8000, .xr = true, .reduced_size = reduced, .seed = 1, .ntp = ntp};
    require(rtcp_session_create(&s, &cfg, 0) == 0);
    struct rtp_source src;
    uint8_t out[RTCP_SESSION_MAX_BYTES];
    struct rtcp_event ev;
    struct rtcp_remote remote;
    rtp_source_init(&src, 0x02020202, 8000);
    rtp_source_put(&src, 1, 1, 1, S);
    rtcp_session_sent(s, 0, 160, S);
    require(rtcp_session_build(s, &src, NULL, out, sizeof out, S) > 0);
    rtcp_session_receive(s, pkt, len, &ev, 2 * S);
    rtcp_session_remote(s, &remote);
    require(remote.rtt_us <= 2 * S);
    for (int i = 0; i < 6; i++) {
        int n = rtcp_session_build(s, &src, NULL, out, sizeof out, 3 * S);
        struct rtcp_reader r;
        require(n > 0 && rtcp_reader_init(&r, out, (size_t)n, false) == 0);
    }
    rtcp_session_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rtcp_packet p;
    struct rtcp_reader r;
    if (size < 1)
        return 0;
    bool reduced = data[0] & 1;
    size_t len = size - 1;
    uint8_t *pkt = malloc(len ? len : 1); /* of its own, so that a read beyond its end is seen */
    require(pkt != NULL);
    memcpy(pkt, data + 1, len);
    begin = pkt;
    end = pkt + len;
    if (rtcp_reader_init(&r, pkt, len, reduced) == 0)
        while (rtcp_reader_next(&r, &p) == 1)
            check_packet(&p);
    use_session(pkt, len, reduced);
    free(pkt);
    return 0;
}
