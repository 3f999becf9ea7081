#ifndef TESTS_SUPPORT_ANSWERING_H
#define TESTS_SUPPORT_ANSWERING_H

/* Answering offers in tests: a table of codecs, a configuration on 192.0.2.1:20000, checks. */

#include "net/sdp/answer.h"

#define ANSWERING_SESSION                                                                          \
    "v=0\r\no=- 5 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define ANSWERING_KEY_A          "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" /* 30 bytes 0, 1, 2 … */
#define ANSWERING_KEY_B          "HRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"
#define ANSWERING_KEY_GCM        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==" /* 28 bytes */
#define ANSWERING_CM80(tag, key) "a=crypto:" tag " AES_CM_128_HMAC_SHA1_80 inline:" key "\r\n"
#define ANSWERING_CM32(tag, key) "a=crypto:" tag " AES_CM_128_HMAC_SHA1_32 inline:" key "\r\n"
#define ANSWERING_GCM(tag)       "a=crypto:" tag " AEAD_AES_128_GCM inline:" ANSWERING_KEY_GCM "\r\n"

enum { ANSWERING_CODECS = 5 };
/* opus (fmtp with "refuse-me" is not accepted), L16/48000 (10 ms at most), G722, PCMA, PCMU */
extern const struct answer_codec answering_codecs[ANSWERING_CODECS];

/* All on, SRTP preferred, "random" bytes that count up from 0. */
struct answer_config answering_config(void);

/* The answer, or the test fails. */
struct answer *answering(const char *offer, struct answer_config cfg, const struct answer *prev);
/* The error an offer meets, or the test fails. */
int answering_refused(const char *offer, struct answer_config cfg, const struct answer *prev);

void answering_assert_line(const struct answer *a, const char *line);
void answering_assert_no_line(const struct answer *a, const char *line);

#endif
