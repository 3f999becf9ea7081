#ifndef TOOLS_RTPLOAD_PEER_H
#define TOOLS_RTPLOAD_PEER_H

/* One participant of the load: a UDP socket that takes all that comes and, if it talks, repeats a
 * clip in real time. RTP (RFC 3550) with rtcp-mux (RFC 5761), audio level (RFC 6464), SRTP. */

#include "tools/rtpload/arrivals.h"
#include "tools/rtpload/clip.h"

#include <netinet/in.h>
#include <srtp2/srtp.h>

struct peer {
    int fd;
    uint16_t port; /* our own, on 127.0.0.1 */
    /* from the table */
    struct sockaddr_in remote;
    const struct acodec *codec;
    uint32_t ptime_ms;
    uint8_t pt, level_id; /* level_id 0: no audio-level extension */
    bool talks, hello, rtcp;
    srtp_t tx, rx; /* NULL: plain RTP */
    /* sending */
    const struct clip *clip;
    size_t clip_at;
    uint32_t ssrc, ts;
    uint16_t seq;
    int64_t next_us, next_rtcp_us;
    bool mark;
    uint64_t sent, sent_bytes, send_errors;
    /* receiving */
    struct arrivals in;
    uint64_t in_rtcp, in_bye, in_bad;
};

/* What the latency measurement sees of a peer's packets; payload is not kept after the call. */
struct peer_packet {
    const uint8_t *payload;
    size_t len;
    uint32_t ts;
    uint16_t seq;
    int64_t at_us;
};
typedef void peer_packet_fn(const struct peer *p, const struct peer_packet *packet, void *arg);

/* Binds to a free port of 127.0.0.1. 0 or a negative errno. */
int peer_open(struct peer *p, uint32_t ssrc);
/* Takes the key=value pairs of one table row (see rtpload --help). 0, or -EINVAL with *why. */
int peer_configure(struct peer *p, char *row, const char **why);
/* Sends the next packet of the clip and advances next_us. */
void peer_send(struct peer *p, int64_t now_us, peer_packet_fn *on_sent, void *arg);
/* Sends a receiver report with the CNAME, as a living peer does; RFC 3550, 6.4.2. */
void peer_send_rtcp(struct peer *p);
/* Reads all that waits. 0 or -ENOMEM. */
int peer_receive(struct peer *p, peer_packet_fn *on_packet, void *arg);
void peer_close(struct peer *p);

#endif
