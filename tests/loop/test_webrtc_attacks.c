/* DTLS as an attacker sends it, against the whole server: from elsewhere, and in a peer's place. */

#include "net/addr.h"
#include "tests/support/meeting.h"
#include "tests/support/webrtc_side.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 250, TURN_MS = 20, CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23 };

#define EIGHT_ZEROS "00:00:00:00:00:00:00:00:"
#define WRONG_SHA_512                                                                              \
    "a=fingerprint:sha-512 " EIGHT_ZEROS EIGHT_ZEROS EIGHT_ZEROS EIGHT_ZEROS EIGHT_ZEROS           \
        EIGHT_ZEROS EIGHT_ZEROS "00:00:00:00:00:00:00:00\r\n"

static const struct peer_config talks = {
    .codec = &acodec_opus, .tone_hz = 440, .amplitude = 8000, .webrtc = true};
static const struct peer_config listens = {.codec = &acodec_opus, .webrtc = true};

static void open_meeting(struct meeting *m)
{
    meeting_start(m);
    meeting_open(m);
}

static void expect_heard(struct meeting *m, unsigned peer)
{
    cr_expect(meeting_hears(m, peer, talks.tone_hz, -16, -9));
}

static void wait_until_ready(struct meeting *m, unsigned peer)
{
    for (int i = 0; i < PATIENCE && !peer_ready(m->peers[peer]); i++)
        meeting_run_ms(m, TURN_MS);
    cr_assert(peer_ready(m->peers[peer]), "peer %u got no keys", peer);
}

/* --- from elsewhere -----------------------------------------------------------------------------
 */
struct stranger {
    int fd;
    struct sockaddr_storage to;
    socklen_t to_len;
};

static struct stranger stranger_of(const struct peer *p)
{
    struct stranger s = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    struct net_addr server = webrtc_side_server(peer_webrtc((struct peer *)p));
    s.to_len = net_addr_to_sockaddr(&server, &s.to);
    cr_assert_geq(s.fd, 0);
    return s;
}

/* A ClientHello that offers nothing but TLS_NULL_WITH_NULL_NULL: CVE-2023-49786 and its kin. */
static void say_null_hello(const struct stranger *s, uint8_t number)
{
    uint8_t hello[13 + 12 + 42] = {HANDSHAKE, 254, 253, 0, 0, 0, 0, 0, 0, 0, number, 0, 54, 1, 0, 0,
        42, 0, 0, 0, 0, 0, 0, 0, 42, 254, 253};
    hello[13 + 12 + 34 + 3] = 2; /* one suite, 0 */
    hello[13 + 12 + 34 + 6] = 1; /* no compression */
    sendto(s->fd, hello, sizeof(hello), 0, (const struct sockaddr *)&s->to, s->to_len);
}

Test(webrtc_attacks, a_strangers_hello_does_not_win_the_race)
{
    struct meeting m;
    open_meeting(&m);
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    struct stranger s = stranger_of(m.peers[0]);
    for (int i = 0; i < PATIENCE && !(peer_ready(m.peers[0]) && peer_ready(m.peers[1])); i++) {
        say_null_hello(&s, (uint8_t)(2 * i));
        meeting_run_ms(&m, TURN_MS / 2);
        say_null_hello(&s, (uint8_t)(2 * i + 1));
        meeting_run_ms(&m, TURN_MS / 2);
    }
    meeting_run_ms(&m, 1500);
    expect_heard(&m, 1);
    char answer[64];
    cr_expect_lt(recv(s.fd, answer, sizeof(answer), 0), 0, "a stranger was answered");
    close(s.fd);
    meeting_end(&m);
}

/* --- in a peer's place --------------------------------------------------------------------------
 */
/* Of the two fingerprints the better one counts, and no certificate has it. */
Test(webrtc_attacks, another_certificate_than_announced_is_shown_out)
{
    struct meeting m;
    open_meeting(&m);
    struct peer_config liar = talks;
    liar.attributes = WRONG_SHA_512;
    meeting_join(&m, &listens);
    wait_until_ready(&m, 0);
    meeting_join(&m, &liar);
    for (int i = 0; i < PATIENCE && !m.events[ROOM_EVENT_LEFT]; i++)
        meeting_run_ms(&m, TURN_MS);
    meeting_run_ms(&m, 1500);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 1u);
    cr_expect_str_eq(m.last_reason, "failed");
    cr_expect(!peer_ready(m.peers[1]));
    cr_expect_lt(peer_heard_dbfs(m.peers[0], talks.tone_hz), -45);
    meeting_end(&m);
}

static void say_plain(struct peer *p, uint8_t type, uint16_t epoch, uint8_t number)
{
    const uint8_t record[13 + 26] = {
        type, 254, 253, 0, (uint8_t)epoch, 0, 0, 0, 0, 1, number, 0, 26, 2, 40};
    peer_send_raw(p, record, sizeof(record), false);
}

/* Plain and forged alerts, handshakes, data: the call neither ends nor falls silent. */
Test(webrtc_attacks, what_has_no_keys_does_not_end_a_call)
{
    static const uint8_t types[] = {CCS, ALERT, HANDSHAKE, DATA};
    struct meeting m;
    open_meeting(&m);
    meeting_join(&m, &talks);
    meeting_join(&m, &listens);
    wait_until_ready(&m, 0);
    wait_until_ready(&m, 1);
    for (unsigned i = 0; i < 40; i++) {
        for (unsigned j = 0; j < 16; j++)
            say_plain(m.peers[i % 2], types[j % 4], (uint16_t)(j / 4), (uint8_t)i);
        meeting_run_ms(&m, TURN_MS);
    }
    meeting_run_ms(&m, 1500);
    expect_heard(&m, 1);
    cr_expect_eq(m.events[ROOM_EVENT_LEFT], 0u);
    meeting_end(&m);
}
