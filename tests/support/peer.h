#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

/* A device or browser on loopback as the server sees one: offers SDP, sends a tone by RTP, keeps
 * what it hears. Plain RTP, SDES-SRTP, or ICE and DTLS-SRTP. A test's own thread. */

#include "codecs/acodec.h"
#include "net/addr.h"
#include "net/sdp/sdes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_config {
    const struct acodec *codec;
    const char *direction;  /* "sendrecv" … ; NULL: sendrecv */
    double tone_hz;         /* 0: sends silence */
    double amplitude;       /* of the tone, 0 to 32767 */
    bool noise;             /* white noise instead of a tone, the same in every run */
    enum sdes_suite suite;  /* SDES_NONE: plain */
    bool webrtc;            /* ICE and DTLS; then rtcp_mux too */
    bool red;               /* offers RFC 2198 too, payload type 63 */
    bool repeats;           /* with red: each packet repeats the one before it */
    unsigned loses_every;   /* n-th packet on its way to the server; 0: none */
    unsigned transport_cc;  /* id of the header extension it numbers its packets by; 0: none */
    bool rtcp_mux, event;   /* event: offers telephone-event at 8000 Hz, payload type 101 */
    const char *attributes; /* further lines of the audio medium, each with CRLF; or NULL */
};

struct peer;

struct peer *peer_create(const struct peer_config *cfg); /* aborts the test when it cannot */
void peer_destroy(struct peer *p);
const char *peer_offer(const struct peer *p);
void peer_take_answer(struct peer *p, const char *answer); /* asserts that it is usable */

void peer_send(struct peer *p); /* 20 ms of its tone */
void peer_send_raw(struct peer *p, const void *data, size_t len, bool rtcp);
/* RTCP as it stands, encrypted where the session is; sent `times` times over, the same packet. */
void peer_send_rtcp(struct peer *p, const void *data, size_t len, unsigned times);
/* An RTCP receiver report about what it hears: so much was lost since the last (1/256). */
void peer_report_loss(struct peer *p, uint8_t fraction_lost);
void peer_receive(struct peer *p); /* takes in all that has come */

void peer_vanish(struct peer *p);   /* its sockets are gone, without a word */
void peer_new_ssrc(struct peer *p); /* as after a transfer: sequence and timestamps start anew */
/* The offer again, with another direction and, if codec is not NULL, another codec. */
const char *peer_offer_again(struct peer *p, const char *direction, const struct acodec *codec);

/* What it sent, as whoever decodes it hears it. */
const int16_t *peer_said(const struct peer *p, size_t *n);
/* What it heard, decoded, at codec->pcm_rate_hz; gaps in sequence are not filled. */
const int16_t *peer_heard(const struct peer *p, size_t *n);
unsigned peer_heard_ms(const struct peer *p); /* how much of it there is */
void peer_forget(struct peer *p);             /* what it heard so far */

struct peer_stats {
    unsigned redundant; /* packets that carried another beside their own */
    unsigned arrivals;  /* of its packets that the server told of (transport-wide feedback) */
    unsigned packets, rtcp, byes, lost, timestamp_gaps, bad; /* bad: not decryptable, wrong PT … */
    uint8_t last_pt;
    uint8_t event_payloads[64][4];
    unsigned events;
};
const struct peer_stats *peer_stats(const struct peer *p);
struct net_addr peer_server(const struct peer *p); /* RTP address of the answer */
struct net_addr peer_local(const struct peer *p);
struct webrtc_side *peer_webrtc(struct peer *p); /* NULL: it is none */
bool peer_ready(const struct peer *p);           /* WebRTC: has keys; else always */
/* As a laptop that changes networks: from another port, in the same session. */
void peer_move(struct peer *p);

/* Power of a frequency in the last second a peer heard, in dBFS of a sine; in pieces, since a
 * jitter buffer may shift a phase. */
double peer_heard_dbfs(const struct peer *p, double tone_hz);
/* Power of one frequency, in dBFS of a sine. */
double tone_dbfs(const int16_t *pcm, size_t n, double rate_hz, double tone_hz);

#endif
