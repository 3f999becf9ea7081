/* SRTP and SRTCP. The first byte picks suite, RTP or RTCP, and where the packet comes from:
 * the input itself, or the input protected with the right key (what an attacker who takes part in
 * the call can send), or that with one of its bytes changed. What comes out is parsed. */

#include "net/rtp/rtcp.h"
#include "net/rtp/rtp.h"
#include "net/rtp/srtp_session.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 1500, S = 1000000 };
enum from { RAW, PROTECTED, CHANGED };

static const enum sdes_suite suites[] = {SDES_AEAD_AES_128_GCM, SDES_AEAD_AES_256_GCM,
    SDES_AES_CM_128_HMAC_SHA1_80, SDES_AES_CM_128_HMAC_SHA1_32};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint32_t ssrc_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Protects pkt in place; its new length, or a negative errno. */
static int protect(
    enum sdes_suite suite, const uint8_t *key, bool rtcp, uint8_t *pkt, size_t len, size_t cap)
{
    struct srtp_session *tx = NULL;
    if (len < 12)
        return -1;
    uint32_t ssrc = ssrc_at(pkt + (rtcp ? 4 : 8));
    require(srtp_session_create_out(&tx, suite, key, sdes_key_bytes(suite), &ssrc, 1) == 0);
    int n = rtcp ? srtp_session_protect_rtcp(tx, pkt, len, cap)
                 : srtp_session_protect(tx, pkt, len, cap);
    srtp_session_destroy(tx);
    return n;
}

static void parse(bool rtcp, const uint8_t *pkt, size_t len)
{
    static struct rtcp_packet out;
    struct rtcp_reader r;
    struct rtp_packet p;
    if (!rtcp)
        rtp_parse(&p, pkt, len);
    else if (rtcp_reader_init(&r, pkt, len, true) == 0)
        while (rtcp_reader_next(&r, &out) == 1)
            ;
}

static int unprotect(struct srtp_session *rx, bool rtcp, uint8_t *pkt, size_t len)
{
    return rtcp ? srtp_session_unprotect_rtcp(rx, pkt, len, S)
                : srtp_session_unprotect(rx, pkt, len, S);
}

/* Nothing but a well protected packet changes a receiving session, so one serves for all others. */
static struct srtp_session *receiver(enum sdes_suite suite, const uint8_t *key, enum from from)
{
    static struct srtp_session *kept[SDES_N_SUITES];
    struct srtp_session *rx = from == PROTECTED ? NULL : kept[suite];
    if (!rx)
        require(srtp_session_create_in(&rx, suite, key, sdes_key_bytes(suite)) == 0);
    if (from != PROTECTED)
        kept[suite] = rx;
    return rx;
}

static void run(enum sdes_suite suite, enum from from, bool rtcp, const uint8_t *data, size_t len)
{
    static const uint8_t key[SDES_MAX_KEY_BYTES] = {1, 2, 3};
    uint8_t *work = malloc(len + SRTP_SESSION_MAX_EXTRA);
    require(work != NULL);
    memcpy(work, data, len);
    int n = (int)len;
    if (from != RAW)
        n = protect(suite, key, rtcp, work, len, len + SRTP_SESSION_MAX_EXTRA);
    if (n < 0) {
        free(work);
        return;
    }
    if (from == CHANGED)
        work[data[len - 1] % n] ^= 1u << (data[len - 1] & 7);
    uint8_t *pkt = malloc(n ? (size_t)n : 1); /* of its own, so that a read beyond it is seen */
    require(pkt != NULL);
    memcpy(pkt, work, (size_t)n);
    free(work);

    struct srtp_session *rx = receiver(suite, key, from);
    int got = unprotect(rx, rtcp, pkt, (size_t)n);
    require(got < n || n == 0);
    require(from == PROTECTED || got < 0);
    if (from == PROTECTED)
        require(got == (int)len && memcmp(pkt, data, len) == 0);
    if (got > 0)
        parse(rtcp, pkt, (size_t)got);
    if (from == PROTECTED)
        srtp_session_destroy(rx);
    free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        ready = srtp_session_global_init() == 0;
    require(ready);
    if (size < 1 || size > MAX)
        return 0;
    run(suites[data[0] & 3], (enum from)((data[0] >> 3) % 3), data[0] >> 2 & 1, data + 1, size - 1);
    return 0;
}
