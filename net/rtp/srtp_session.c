#include "net/rtp/srtp_session.h"

#include "net/bytes.h"
#include "net/rtp/rtp.h"
#include "net/rtp/srtp_gcm.h"

#include <errno.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    RTCP_HEADER_BYTES = 8,
    MAX_PACKET = UINT16_MAX,
    REPLAY_WINDOW = 1024, /* packets */
    MAX_RETIRED = 1024, /* SSRCs that made room: refused from then on, or they could be replayed */
    NEW_SSRC_BURST = SRTP_SESSION_MAX_LIVE,
    NEW_SSRC_INTERVAL_US = 1000000
};

typedef void set_policy_fn(srtp_crypto_policy_t *p);

struct suite {
    uint8_t key_salt_len;
    uint8_t rtp_extra, rtcp_extra; /* tag; tag and SRTCP index */
    set_policy_fn *set_rtp, *set_rtcp;
};

static const struct suite suites[SDES_N_SUITES] = {
    [SDES_AEAD_AES_128_GCM] = {16 + 12, 16, 20, srtp_crypto_policy_set_aes_gcm_128_16_auth,
        srtp_crypto_policy_set_aes_gcm_128_16_auth},
    [SDES_AEAD_AES_256_GCM] = {32 + 12, 16, 20, srtp_crypto_policy_set_aes_gcm_256_16_auth,
        srtp_crypto_policy_set_aes_gcm_256_16_auth},
    [SDES_AES_CM_128_HMAC_SHA1_80] = {16 + 14, 10, 14, srtp_crypto_policy_set_rtp_default,
        srtp_crypto_policy_set_rtcp_default},
    /* SRTCP keeps the 80-bit tag: RFC 4568, 6.2.2 */
    [SDES_AES_CM_128_HMAC_SHA1_32] = {16 + 14, 4, 14,
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtcp_default},
};

struct live_ssrc {
    uint32_t ssrc;
    uint64_t last_us;
};

struct srtp_session {
    srtp_t ctx;
    const struct suite *suite;
    struct srtp_gcm *gcm[SRTP_SESSION_MAX_SSRCS]; /* outbound RTP of the GCM suites */
    unsigned n_gcm;
    struct live_ssrc live[SRTP_SESSION_MAX_LIVE + 1]; /* one more while the oldest makes room */
    unsigned n_live, n_retired;
    uint32_t *retired; /* MAX_RETIRED of them, when the first is needed */
    unsigned tokens;   /* new SSRCs that may come now */
    uint64_t refill_us;
    struct srtp_session_stats stats;
};

static unsigned global_users;

int srtp_session_global_init(void)
{
    if (global_users == 0 && srtp_init() != srtp_err_status_ok)
        return -EIO;
    global_users++;
    return 0;
}

void srtp_session_global_fini(void)
{
    if (global_users > 0 && --global_users == 0)
        srtp_shutdown();
}

static int error_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_auth_fail:
        return -EPERM;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        return -EALREADY;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        return -EBADMSG;
    case srtp_err_status_no_ctx:
        return -ENOKEY;
    case srtp_err_status_key_expired:
        return -EKEYEXPIRED;
    case srtp_err_status_alloc_fail:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

static int create(struct srtp_session **sp, enum sdes_suite suite, const uint8_t *key_salt,
    size_t key_salt_len, srtp_ssrc_t ssrc)
{
    if (suite <= SDES_NONE || suite >= SDES_N_SUITES)
        return -EINVAL;
    const struct suite *su = &suites[suite];
    if (key_salt_len != su->key_salt_len)
        return -EINVAL;
    struct srtp_session *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;

    srtp_policy_t policy = {.ssrc = ssrc,
        .key = (unsigned char *)key_salt, /* only read */
        .window_size = REPLAY_WINDOW};
    su->set_rtp(&policy.rtp);
    su->set_rtcp(&policy.rtcp);
    int err = error_of(srtp_create(&s->ctx, &policy));
    if (err != 0) {
        free(s);
        return err;
    }
    s->suite = su;
    s->tokens = NEW_SSRC_BURST;
    *sp = s;
    return 0;
}

int srtp_session_create_in(
    struct srtp_session **sp, enum sdes_suite suite, const uint8_t *key_salt, size_t key_salt_len)
{
    return create(sp, suite, key_salt, key_salt_len, (srtp_ssrc_t){.type = ssrc_any_inbound});
}

static int add_ssrc(struct srtp_session *s, const uint8_t *key_salt, uint32_t ssrc)
{
    srtp_policy_t policy = {.ssrc = {.type = ssrc_specific, .value = ssrc},
        .key = (unsigned char *)key_salt,
        .window_size = REPLAY_WINDOW};
    s->suite->set_rtp(&policy.rtp);
    s->suite->set_rtcp(&policy.rtcp);
    return error_of(srtp_add_stream(s->ctx, &policy));
}

static bool is_gcm(enum sdes_suite suite)
{
    return suite == SDES_AEAD_AES_128_GCM || suite == SDES_AEAD_AES_256_GCM;
}

static int add_gcm(struct srtp_session *s, const uint8_t *key_salt, const uint32_t *ssrcs, size_t n)
{
    int err = 0;
    for (; s->n_gcm < n && err == 0; s->n_gcm += err == 0)
        err = srtp_gcm_create(&s->gcm[s->n_gcm], ssrcs[s->n_gcm], key_salt, s->suite->key_salt_len);
    return err;
}

int srtp_session_create_out(struct srtp_session **sp, enum sdes_suite suite,
    const uint8_t *key_salt, size_t key_salt_len, const uint32_t *ssrcs, size_t n)
{
    if (n == 0 || n > SRTP_SESSION_MAX_SSRCS)
        return -EINVAL;
    struct srtp_session *s;
    int err = create(
        &s, suite, key_salt, key_salt_len, (srtp_ssrc_t){.type = ssrc_specific, .value = ssrcs[0]});
    if (err != 0)
        return err;
    for (size_t i = 1; i < n && err == 0; i++)
        err = add_ssrc(s, key_salt, ssrcs[i]);
    if (err == 0 && is_gcm(suite))
        err = add_gcm(s, key_salt, ssrcs, n);
    if (err != 0) {
        srtp_session_destroy(s);
        return err;
    }
    *sp = s;
    return 0;
}

void srtp_session_destroy(struct srtp_session *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n_gcm; i++)
        srtp_gcm_destroy(s->gcm[i]);
    srtp_dealloc(s->ctx);
    free(s->retired);
    free(s);
}

/* --- sending ---------------------------------------------------------------------------------- */
static int protected_length(struct srtp_session *s, srtp_err_status_t status, int len)
{
    if (status != srtp_err_status_ok)
        return error_of(status);
    s->stats.ok++;
    return len;
}

static int protect_gcm(struct srtp_session *s, const struct rtp_packet *p, uint8_t *buf, size_t len)
{
    unsigned i = 0;
    while (i < s->n_gcm && srtp_gcm_ssrc(s->gcm[i]) != p->h.ssrc)
        i++;
    if (i == s->n_gcm)
        return -ENOKEY;
    int n = srtp_gcm_protect(s->gcm[i], p->h.seq, buf, (size_t)(p->payload - buf), len);
    s->stats.ok += n > 0;
    return n;
}

int srtp_session_protect(struct srtp_session *s, uint8_t *buf, size_t len, size_t cap)
{
    struct rtp_packet p;
    if (len > MAX_PACKET || rtp_parse_encrypted(&p, buf, len) != 0)
        return -EBADMSG;
    if (cap < len + s->suite->rtp_extra)
        return -ENOSPC;
    if (s->n_gcm > 0)
        return protect_gcm(s, &p, buf, len);
    int n = (int)len;
    srtp_err_status_t status = srtp_protect(s->ctx, buf, &n);
    return protected_length(s, status, n);
}

int srtp_session_protect_rtcp(struct srtp_session *s, uint8_t *buf, size_t len, size_t cap)
{
    if (len < RTCP_HEADER_BYTES || len > MAX_PACKET || buf[0] >> 6 != 2)
        return -EBADMSG;
    if (cap < len + s->suite->rtcp_extra)
        return -ENOSPC;
    int n = (int)len;
    srtp_err_status_t status = srtp_protect_rtcp(s->ctx, buf, &n);
    return protected_length(s, status, n);
}

/* --- receiving: which SSRCs may cost memory --------------------------------------------------- */
static struct live_ssrc *find_live(struct srtp_session *s, uint32_t ssrc)
{
    for (unsigned i = 0; i < s->n_live; i++)
        if (s->live[i].ssrc == ssrc)
            return &s->live[i];
    return NULL;
}

static void refill(struct srtp_session *s, uint64_t now_us)
{
    uint64_t n = now_us > s->refill_us ? (now_us - s->refill_us) / NEW_SSRC_INTERVAL_US : 0;
    if (s->tokens + n >= NEW_SSRC_BURST) {
        s->tokens = NEW_SSRC_BURST;
        s->refill_us = now_us;
    } else {
        s->tokens += (unsigned)n;
        s->refill_us += n * NEW_SSRC_INTERVAL_US;
    }
}

/* Whether libsrtp may see a packet of an SSRC that is not held. */
static bool may_add(struct srtp_session *s, uint32_t ssrc, uint64_t now_us)
{
    for (unsigned i = 0; i < s->n_retired; i++)
        if (s->retired[i] == ssrc)
            return false;
    refill(s, now_us);
    if (s->tokens == 0)
        return false;
    if (s->n_live != SRTP_SESSION_MAX_LIVE)
        return s->n_live < SRTP_SESSION_MAX_LIVE;
    if (!s->retired)
        s->retired = calloc(MAX_RETIRED, sizeof *s->retired);
    return s->retired && s->n_retired < MAX_RETIRED;
}

static void retire_oldest(struct srtp_session *s)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < s->n_live; i++)
        if (s->live[i].last_us < s->live[oldest].last_us)
            oldest = i;
    uint8_t wire[4]; /* libsrtp keeps an SSRC as it stands in the packet */
    uint32_t as_libsrtp;
    put32(wire, s->live[oldest].ssrc);
    memcpy(&as_libsrtp, wire, sizeof as_libsrtp);
    if (srtp_remove_stream(s->ctx, as_libsrtp) != srtp_err_status_ok)
        return;
    s->retired[s->n_retired++] = s->live[oldest].ssrc;
    s->live[oldest] = s->live[--s->n_live];
}

/* The packet was authentic: its SSRC is held now. */
static void note_live(
    struct srtp_session *s, struct live_ssrc *known, uint32_t ssrc, uint64_t now_us)
{
    if (known) {
        known->last_us = now_us;
        return;
    }
    s->tokens--;
    s->live[s->n_live++] = (struct live_ssrc){.ssrc = ssrc, .last_us = now_us};
    if (s->n_live > SRTP_SESSION_MAX_LIVE)
        retire_oldest(s);
}

static void count_failure(struct srtp_session *s, int err)
{
    if (err == -EPERM)
        s->stats.auth_failed++;
    else if (err == -EALREADY)
        s->stats.replayed++;
    else
        s->stats.malformed++;
}

typedef srtp_err_status_t unprotect_fn(srtp_t ctx, void *packet, int *len);

static int unprotect(struct srtp_session *s, unprotect_fn *fn, uint32_t ssrc, uint8_t *buf,
    size_t len, uint64_t now_us)
{
    struct live_ssrc *known = find_live(s, ssrc);
    if (!known && !may_add(s, ssrc, now_us)) {
        s->stats.refused++;
        return -ENOBUFS;
    }
    int n = (int)len, err = error_of(fn(s->ctx, buf, &n));
    if (err != 0) {
        count_failure(s, err);
        return err;
    }
    note_live(s, known, ssrc, now_us);
    s->stats.ok++;
    return n;
}

int srtp_session_unprotect(struct srtp_session *s, uint8_t *buf, size_t len, uint64_t now_us)
{
    struct rtp_packet p;
    if (len > MAX_PACKET || rtp_parse_encrypted(&p, buf, len) != 0 ||
        p.payload_len < s->suite->rtp_extra) {
        s->stats.malformed++;
        return -EBADMSG;
    }
    return unprotect(s, srtp_unprotect, p.h.ssrc, buf, len, now_us);
}

int srtp_session_unprotect_rtcp(struct srtp_session *s, uint8_t *buf, size_t len, uint64_t now_us)
{
    if (len > MAX_PACKET || len < RTCP_HEADER_BYTES + (size_t)s->suite->rtcp_extra ||
        buf[0] >> 6 != 2) {
        s->stats.malformed++;
        return -EBADMSG;
    }
    return unprotect(s, srtp_unprotect_rtcp, get32(buf + 4), buf, len, now_us);
}

void srtp_session_stats(const struct srtp_session *s, struct srtp_session_stats *out)
{
    *out = s->stats;
    out->ssrcs = s->n_live;
}
