/* One row of rtpload's table: key=value pairs, spaces between. */
#include "tools/rtpload/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEY_MAX_BYTES = 46 };

static const struct suite {
    const char *name; /* RFC 4568, RFC 7714 */
    size_t key_bytes; /* with salt */
    void (*rtp)(srtp_crypto_policy_t *);
    void (*rtcp)(srtp_crypto_policy_t *);
} suites[] = {
    {"AEAD_AES_128_GCM", 28, srtp_crypto_policy_set_aes_gcm_128_16_auth,
        srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {"AEAD_AES_256_GCM", 44, srtp_crypto_policy_set_aes_gcm_256_16_auth,
        srtp_crypto_policy_set_aes_gcm_256_16_auth},
    {"AES_CM_128_HMAC_SHA1_80", 30, srtp_crypto_policy_set_rtp_default,
        srtp_crypto_policy_set_rtp_default},
    {"AES_CM_128_HMAC_SHA1_32", 30, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
        srtp_crypto_policy_set_rtp_default},
};

static const struct suite *suite_find(const char *name)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
    }
    return NULL;
}

static srtp_t session_open(const struct suite *suite, const char *key64, srtp_ssrc_type_t direction)
{
    unsigned char key[72] = {0};
    size_t chars = strlen(key64);
    if (suite == NULL || chars > 64 || chars % 4 != 0 ||
        EVP_DecodeBlock(key, (const unsigned char *)key64, (int)chars) < (int)suite->key_bytes)
        return NULL;
    srtp_policy_t policy = {
        .ssrc = {direction, 0}, .key = key, .window_size = 1024, .allow_repeat_tx = 0};
    suite->rtp(&policy.rtp);
    suite->rtcp(&policy.rtcp);
    srtp_t session = NULL;
    return srtp_create(&session, &policy) == srtp_err_status_ok ? session : NULL;
}

static bool remote_parse(struct sockaddr_in *out, char *text)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    out->sin_family = AF_INET;
    out->sin_port = htons((uint16_t)atoi(colon + 1));
    return out->sin_port != 0 && inet_pton(AF_INET, text, &out->sin_addr) == 1;
}

static const struct acodec *codec_parse(const char *name)
{
    if (strcasecmp(name, "opus") == 0)
        return acodec_find("opus", 48000, 2);
    if (strcasecmp(name, "L16") == 0)
        return acodec_find("L16", 48000, 1);
    return acodec_find(name, 8000, 1);
}

/* The pairs of a row that need each other before they mean something. */
struct row {
    const char *suite, *tx, *rx;
};

static bool pair_take(struct peer *p, struct row *row, const char *key, char *value)
{
    if (strcmp(key, "remote") == 0)
        return remote_parse(&p->remote, value);
    if (strcmp(key, "codec") == 0)
        return (p->codec = codec_parse(value)) != NULL;
    if (strcmp(key, "pt") == 0)
        p->pt = (uint8_t)(atoi(value) & 0x7f);
    else if (strcmp(key, "ptime") == 0)
        p->ptime_ms = (uint32_t)atoi(value);
    else if (strcmp(key, "level") == 0)
        p->level_id = (uint8_t)(atoi(value) & 15);
    else if (strcmp(key, "talk") == 0)
        p->talks = atoi(value) != 0;
    else if (strcmp(key, "hello") == 0)
        p->hello = atoi(value) != 0;
    else if (strcmp(key, "rtcp") == 0)
        p->rtcp = atoi(value) != 0;
    else if (strcmp(key, "suite") == 0)
        row->suite = value;
    else if (strcmp(key, "tx") == 0)
        row->tx = value;
    else if (strcmp(key, "rx") == 0)
        row->rx = value;
    else
        return false;
    return true;
}

int peer_configure(struct peer *p, char *text, const char **why)
{
    struct row row = {0};
    char *save = NULL;
    p->ptime_ms = 20;
    for (char *w = strtok_r(text, " \n", &save); w != NULL; w = strtok_r(NULL, " \n", &save)) {
        char *equals = strchr(w, '=');
        *why = w;
        if (equals == NULL)
            return -EINVAL;
        *equals = '\0';
        if (!pair_take(p, &row, w, equals + 1))
            return -EINVAL;
    }
    *why = "remote and codec are needed";
    if (p->remote.sin_port == 0 || p->codec == NULL || p->ptime_ms == 0)
        return -EINVAL;
    p->in.clock_hz = p->codec->rtp_clock_hz;
    if (row.suite == NULL)
        return 0;
    *why = "suite, tx and rx do not make an SRTP session";
    const struct suite *suite = suite_find(row.suite);
    if (row.tx == NULL || row.rx == NULL)
        return -EINVAL;
    p->tx = session_open(suite, row.tx, ssrc_any_outbound);
    p->rx = session_open(suite, row.rx, ssrc_any_inbound);
    return p->tx != NULL && p->rx != NULL ? 0 : -EINVAL;
}
