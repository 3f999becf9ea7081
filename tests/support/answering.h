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

/* The same with WebRTC: candidates 192.0.2.1:10000 by UDP and TCP, everything else on. The pointer
 * in it is of static memory: one at a time. */
struct answer_config answering_webrtc_config(void);
/* Credentials that differ for each n below 10. */
const struct ice_credentials *answering_credentials(unsigned n);
#define ANSWERING_FINGERPRINT                                                                      \
    "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:" \
    "1C:1D:1E:1F"
#define ANSWERING_FINGERPRINT_B                                                                    \
    "sha-256 20:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:" \
    "1C:1D:1E:1F"
/* The session of a browser's offer, with ufrag and password n (a digit), and its lines. */
#define ANSWERING_BROWSER(mids, n, fingerprint)                                                    \
    "v=0\r\no=- 5 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE " mids                      \
    "\r\na=ice-ufrag:ufr" n "\r\na=ice-pwd:012345678901234567890" n                                \
    "\r\na=ice-options:trickle\r\na=fingerprint:" fingerprint "\r\na=setup:actpass\r\n"
#define ANSWERING_BROWSER_AUDIO(mid)                                                               \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid                          \
    "\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define ANSWERING_BROWSER_VIDEO(mid)                                                               \
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid                             \
    "\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
#define ANSWERING_BROWSER_DATA(mid)                                                                \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid           \
    "\r\na=sctp-port:5000\r\n"

/* The answer, or the test fails. */
struct answer *answering(const char *offer, struct answer_config cfg, const struct answer *prev);
/* The error an offer meets, or the test fails. */
int answering_refused(const char *offer, struct answer_config cfg, const struct answer *prev);

void answering_assert_line(const struct answer *a, const char *line);
void answering_assert_no_line(const struct answer *a, const char *line);
/* Whether a WebRTC answer keeps the rules of JSEP and BUNDLE towards its offer, or the test fails:
 * the same lines and mids, the group is what was accepted, one set of candidates, one active line,
 * header extensions as offered. */
void answering_assert_jsep(const struct answer *a, const char *offer);

#endif
