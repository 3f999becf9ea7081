#include "net/srtp_suite.h"

#include <string.h>

const struct srtp_suite srtp_suites[SRTP_SUITES] = {
    [SRTP_SUITE_GCM_128] = {"AEAD_AES_128_GCM", SRTP_SUITE_GCM_128, 16, 12, 16, 20},
    [SRTP_SUITE_GCM_256] = {"AEAD_AES_256_GCM", SRTP_SUITE_GCM_256, 32, 12, 16, 20},
    [SRTP_SUITE_CM_128_80] = {"AES_CM_128_HMAC_SHA1_80", SRTP_SUITE_CM_128_80, 16, 14, 10, 14},
    /* RFC 4568, 6.2.2: SRTCP keeps the 80-bit tag */
    [SRTP_SUITE_CM_128_32] = {"AES_CM_128_HMAC_SHA1_32", SRTP_SUITE_CM_128_32, 16, 14, 4, 14},
};

const struct srtp_suite *srtp_suite_find(const char *name, size_t len)
{
    for (size_t i = 0; i < SRTP_SUITES; i++) {
        const struct srtp_suite *s = &srtp_suites[i];
        if (strlen(s->name) == len && memcmp(s->name, name, len) == 0)
            return s;
    }
    return NULL;
}
