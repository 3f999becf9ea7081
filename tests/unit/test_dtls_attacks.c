/* Peers, or those who can speak in their place, that break the rules. */

#include "tests/support/foreign_dtls.h"

#include "net/dtls/dtls_record.h"

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    CCS = 20,
    ALERT = 21,
    HANDSHAKE = 22,
    DATA = 23,
    CLIENT_HELLO = 1,
    CERTIFICATE_VERIFY = 15,
    RECORD_HEADER = 13,
    MESSAGE_HEADER = 12,
};

static const struct foreign_options usual = {.profiles = "SRTP_AEAD_AES_128_GCM"};

static void expect_a_session(struct encounter *e)
{
    encounter_begin(e);
    cr_expect_eq(e->state, DTLS_READY);
    cr_expect_eq(e->foreign.result, 1);
}

/* A plain record; number is its sequence number. Its length. */
static size_t put_record(
    uint8_t *out, uint8_t type, uint16_t epoch, uint16_t number, const uint8_t *body, size_t len)
{
    const uint8_t header[RECORD_HEADER] = {type, 254, 253, (uint8_t)(epoch >> 8), (uint8_t)epoch, 0,
        0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number, (uint8_t)(len >> 8), (uint8_t)len};
    memcpy(out, header, sizeof(header));
    memcpy(out + sizeof(header), body, len);
    return sizeof(header) + len;
}

struct fragment {
    uint8_t type;
    uint16_t message;
    uint32_t total, offset, len; /* as the header says */
    size_t bytes;                /* as there are */
};

static size_t put_fragment(uint8_t *out, uint16_t number, struct fragment f)
{
    uint8_t body[1200] = {f.type, (uint8_t)(f.total >> 16), (uint8_t)(f.total >> 8),
        (uint8_t)f.total, (uint8_t)(f.message >> 8), (uint8_t)f.message, (uint8_t)(f.offset >> 16),
        (uint8_t)(f.offset >> 8), (uint8_t)f.offset, (uint8_t)(f.len >> 16), (uint8_t)(f.len >> 8),
        (uint8_t)f.len};
    return put_record(out, HANDSHAKE, 0, number, body, MESSAGE_HEADER + f.bytes);
}

/* --- fragments ----------------------------------------------------------------------------------
 */
Test(dtls_attacks, strange_fragments_do_no_harm)
{
    static const struct fragment strange[] = {
        {CLIENT_HELLO, 0, 0, 0, 0, 0},
        {CLIENT_HELLO, 0, 200, 0, 0, 0},
        {CLIENT_HELLO, 0, 200, 200, 0, 0},
        {CLIENT_HELLO, 3, 200, 0, 0, 0},
        {CLIENT_HELLO, 0, 0xffffff, 0, 100, 100},
        {CLIENT_HELLO, 0, 100, 90, 20, 20},
        {CLIENT_HELLO, 0, 100, 0xfffff0, 0x20, 0x20},
        {CLIENT_HELLO, 0, 100, 0, 100, 10},
        {CLIENT_HELLO, 0, 10, 0, 10, 100},
        {CLIENT_HELLO, 5, 20000, 0, 1000, 1000},
        {0, 0, 0, 0, 0, 0},
        {20, 0, 12, 0, 12, 12},
        {255, 0, 16, 0, 16, 16},
    };
    uint8_t pkt[1400];
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        struct encounter e;
        encounter_open(&e, usual, false);
        for (uint16_t number = 0; number < 50; number++)
            e.state = dtls_receive(e.dtls, pkt, put_fragment(pkt, number, strange[i]));
        cr_expect(e.state == DTLS_HANDSHAKING || e.state == DTLS_FAILED, "case %zu", i);
        cr_expect_leq(e.sent.n, 1, "case %zu: an alert at most", i);
        encounter_close(&e);
    }
}

/* Messages of the future, each with its length promised: held, but only so many. */
Test(dtls_attacks, promised_messages_do_not_heap_up)
{
    struct encounter e;
    uint8_t pkt[1400];
    encounter_open(&e, usual, false);
    for (unsigned i = 0; i < 5000; i++) {
        size_t n = put_fragment(pkt, (uint16_t)(100 + i),
            (struct fragment){CLIENT_HELLO, (uint16_t)i, 16000, 0, 1000, 1000});
        if (dtls_receive(e.dtls, pkt, n) != DTLS_HANDSHAKING)
            break;
    }
    cr_expect_leq(e.sent.n, 1);
    encounter_close(&e);
}

/* --- what comes too early -----------------------------------------------------------------------
 */
Test(dtls_attacks, early_change_cipher_spec_is_passed_over)
{
    static const uint8_t one = 1;
    struct encounter e;
    uint8_t pkt[64];
    encounter_open(&e, usual, false);
    for (uint16_t i = 0; i < 100; i++)
        cr_assert_eq(
            dtls_receive(e.dtls, pkt, put_record(pkt, CCS, 0, (uint16_t)(1000 + i), &one, 1)),
            DTLS_HANDSHAKING);
    expect_a_session(&e);
    encounter_close(&e);
}

static bool spoil_with_ccs(uint8_t *pkt, size_t *len, unsigned index)
{
    static const uint8_t one = 1;
    if (index == 1)
        *len = put_record(pkt, CCS, 0, 9, &one, 1); /* instead of the second flight */
    return true;
}

Test(dtls_attacks, change_cipher_spec_without_keys_gives_no_session)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    e.tamper = spoil_with_ccs;
    encounter_begin(&e);
    cr_expect_neq(e.state, DTLS_READY);
    struct dtls_keys keys;
    cr_expect_lt(dtls_keys(e.dtls, &keys), 0);
    encounter_close(&e);
}

/* Nobody vouches for a record's number before there are keys. */
Test(dtls_attacks, numbers_far_ahead_do_not_make_the_rest_old)
{
    static const uint8_t later[12] = {CLIENT_HELLO, 0, 0, 0, 0, 5};
    static const uint8_t types[] = {CCS, HANDSHAKE, DATA, 24};
    for (size_t i = 0; i < sizeof(types); i++) {
        struct encounter e;
        uint8_t pkt[64];
        encounter_open(&e, usual, false);
        size_t n = put_record(pkt, types[i], 0, UINT16_MAX, later, sizeof(later));
        memset(pkt + 5, 0xff, 6);
        dtls_receive(e.dtls, pkt, n);
        expect_a_session(&e);
        encounter_close(&e);
    }
}

/* CVE-2022-29189's kind: what cannot be read yet is not kept without bound. */
Test(dtls_attacks, early_records_are_bounded)
{
    static const uint8_t body[1000];
    struct encounter e;
    struct dtls_stats stats;
    uint8_t pkt[1400];
    encounter_open(&e, usual, false);
    for (unsigned i = 0; i < 500; i++) {
        size_t n = put_record(pkt, HANDSHAKE, 1, (uint16_t)i, body, sizeof(body));
        cr_assert_eq(dtls_receive(e.dtls, pkt, n), DTLS_HANDSHAKING);
        n = put_record(pkt, DATA, 1, (uint16_t)i, body, sizeof(body));
        cr_assert_eq(dtls_receive(e.dtls, pkt, n), DTLS_HANDSHAKING);
    }
    dtls_stats(e.dtls, &stats);
    cr_expect_geq(stats.dropped, 480);
    cr_expect_eq(stats.data, 500);
    cr_expect_eq(stats.sent, 0);
    encounter_close(&e);
}

/* --- the handshake ------------------------------------------------------------------------------
 */
static bool spoil_proof(uint8_t *pkt, size_t *len, unsigned index)
{
    (void)index;
    for (size_t at = 0; at + RECORD_HEADER + MESSAGE_HEADER < *len;) {
        size_t n = RECORD_HEADER + (size_t)(pkt[at + 11] << 8 | pkt[at + 12]);
        if (pkt[at] == HANDSHAKE && !pkt[at + 4] && pkt[at + RECORD_HEADER] == CERTIFICATE_VERIFY)
            pkt[at + n - 1] ^= 1;
        at += n;
    }
    return true;
}

/* CVE-2022-29222's kind: somebody else's certificate, without its key. */
Test(dtls_attacks, a_certificate_without_its_key_is_nothing)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    e.tamper = spoil_proof;
    encounter_begin(&e);
    cr_expect_eq(e.state, DTLS_FAILED);
    cr_expect_neq(e.foreign.result, 1);
    encounter_close(&e);
}

static bool cut_proof(uint8_t *pkt, size_t *len, unsigned index)
{
    (void)index;
    for (size_t at = 0; at + RECORD_HEADER + MESSAGE_HEADER < *len;) {
        size_t n = RECORD_HEADER + (size_t)(pkt[at + 11] << 8 | pkt[at + 12]);
        if (pkt[at] == HANDSHAKE && !pkt[at + 4] && pkt[at + RECORD_HEADER] == CERTIFICATE_VERIFY) {
            memmove(pkt + at, pkt + at + n, *len - at - n);
            *len -= n;
            continue;
        }
        at += n;
    }
    return *len > 0;
}

Test(dtls_attacks, the_proof_cannot_be_left_out)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    e.tamper = cut_proof;
    encounter_begin(&e);
    cr_expect_neq(e.state, DTLS_READY);
    encounter_close(&e);
}

static bool lose_first_of_each(uint8_t *pkt, size_t *len, unsigned index)
{
    (void)pkt, (void)len;
    return index % 2;
}

/* Both have timers of their own, which OpenSSL reads off the clock. */
static void run_with_time(struct encounter *e)
{
    for (int i = 0; i < 1000 && (e->state != DTLS_READY || e->foreign.result != 1); i++) {
        struct timeval pause = {.tv_usec = 10000};
        select(0, NULL, NULL, NULL, &pause);
        dtls_tick(e->dtls, 0);
        DTLSv1_handle_timeout(e->foreign.ssl);
        encounter_run(e);
    }
}

Test(dtls_attacks, lost_flights_are_sent_again)
{
    for (int server = 0; server < 2; server++) {
        struct encounter e;
        struct foreign_options o = usual;
        o.server = server;
        encounter_open(&e, o, false);
        e.tamper = lose_first_of_each;
        encounter_begin(&e);
        run_with_time(&e);
        cr_expect_eq(e.state, DTLS_READY);
        cr_expect_eq(e.foreign.result, 1);
        encounter_close(&e);
    }
}

/* The passive side is done by then; only the peer knows that something is missing. */
Test(dtls_attacks, a_lost_last_flight_is_sent_again)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    foreign_receive(&e.foreign, NULL, 0);
    struct link *theirs = &e.foreign.sent;
    while (e.state != DTLS_READY) {
        cr_assert_lt(theirs->taken, theirs->n);
        e.state =
            dtls_receive(e.dtls, theirs->pkt[theirs->taken].data, theirs->pkt[theirs->taken].len);
        theirs->taken++;
        for (; e.state != DTLS_READY && e.sent.taken < e.sent.n; e.sent.taken++)
            foreign_receive(
                &e.foreign, e.sent.pkt[e.sent.taken].data, e.sent.pkt[e.sent.taken].len);
    }
    e.sent.taken = e.sent.n;
    cr_assert_neq(e.foreign.result, 1);
    run_with_time(&e);
    cr_expect_eq(e.state, DTLS_READY);
    cr_expect_eq(e.foreign.result, 1);
    encounter_close(&e);
}

/* --- in the call --------------------------------------------------------------------------------
 */
Test(dtls_attacks, plain_records_after_the_handshake_are_nothing)
{
    static const uint8_t types[] = {CCS, ALERT, HANDSHAKE, DATA};
    static const uint8_t body[64] = {2, 40}; /* as an alert: fatal, handshake_failure */
    struct encounter e;
    uint8_t pkt[128];
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    size_t sent = e.sent.n;
    for (unsigned i = 0; i < 400; i++) {
        uint8_t type = types[i % 4];
        size_t n =
            put_record(pkt, type, 0, (uint16_t)(1000 + i), body, type == ALERT ? 2 : sizeof(body));
        cr_assert_eq(dtls_receive(e.dtls, pkt, n), DTLS_READY, "type %u", type);
    }
    cr_expect_eq(e.sent.n, sent, "nothing is answered");
    encounter_close(&e);
}

Test(dtls_attacks, forged_records_after_the_handshake_are_nothing)
{
    static const uint8_t body[64] = {1, 2, 3};
    struct encounter e;
    uint8_t pkt[128];
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    size_t sent = e.sent.n;
    for (unsigned i = 0; i < 400; i++) {
        size_t n = put_record(pkt, i % 2 ? ALERT : HANDSHAKE, (uint16_t)(1 + i % 3),
            (uint16_t)(1000 + i), body, sizeof(body));
        cr_assert_eq(dtls_receive(e.dtls, pkt, n), DTLS_READY);
    }
    cr_expect_eq(e.sent.n, sent);
    encounter_close(&e);
}

Test(dtls_attacks, a_replayed_handshake_changes_nothing)
{
    struct encounter e;
    struct dtls_keys before, after;
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    cr_assert_eq(dtls_keys(e.dtls, &before), 0);
    for (int again = 0; again < 20; again++)
        for (size_t i = 0; i < e.foreign.sent.n; i++)
            cr_assert_eq(
                dtls_receive(e.dtls, e.foreign.sent.pkt[i].data, e.foreign.sent.pkt[i].len),
                DTLS_READY);
    cr_assert_eq(dtls_keys(e.dtls, &after), 0);
    cr_expect_eq(memcmp(before.in, after.in, sizeof(before.in)), 0);
    encounter_close(&e);
}

Test(dtls_attacks, data_of_a_data_channel_is_thrown_away)
{
    static const char text[] = "SCTP, say";
    struct encounter e;
    struct dtls_stats stats;
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    for (int i = 0; i < 50; i++)
        cr_assert_gt(SSL_write(e.foreign.ssl, text, sizeof(text)), 0);
    encounter_run(&e);
    cr_expect_eq(e.state, DTLS_READY);
    dtls_stats(e.dtls, &stats);
    cr_expect_eq(stats.data, 50);
    SSL_shutdown(e.foreign.ssl);
    encounter_run(&e);
    cr_expect_eq(e.state, DTLS_CLOSED, "what comes later is still read");
    encounter_close(&e);
}

Test(dtls_attacks, renegotiation_is_refused_and_the_call_goes_on)
{
    for (int server = 0; server < 2; server++) {
        struct encounter e;
        struct dtls_keys before, after;
        struct foreign_options o = usual;
        o.server = server;
        encounter_open(&e, o, false);
        expect_a_session(&e);
        cr_assert_eq(dtls_keys(e.dtls, &before), 0);
        cr_assert_eq(SSL_renegotiate(e.foreign.ssl), 1);
        ERR_clear_error();
        SSL_do_handshake(e.foreign.ssl);
        struct link *theirs = &e.foreign.sent;
        size_t sent = e.sent.n;
        cr_assert_lt(theirs->taken, theirs->n);
        for (; theirs->taken < theirs->n; theirs->taken++)
            e.state = dtls_receive(
                e.dtls, theirs->pkt[theirs->taken].data, theirs->pkt[theirs->taken].len);
        cr_expect_eq(e.state, DTLS_READY, "%s", server ? "HelloRequest" : "ClientHello");
        cr_expect_leq(e.sent.n, sent + 1, "no is all that is said");
        cr_expect_eq(dtls_keys(e.dtls, &after), 0);
        cr_expect_eq(memcmp(before.in, after.in, sizeof(before.in)), 0);
        encounter_close(&e);
    }
}

Test(dtls_attacks, goodbye_is_said_and_answered)
{
    for (int ours_first = 0; ours_first < 2; ours_first++) {
        struct encounter e;
        encounter_open(&e, usual, false);
        expect_a_session(&e);
        if (ours_first)
            dtls_close(e.dtls);
        else
            SSL_shutdown(e.foreign.ssl);
        encounter_run(&e);
        if (!ours_first) {
            cr_expect_eq(e.state, DTLS_CLOSED);
            dtls_close(e.dtls);
            encounter_run(&e);
        }
        cr_expect_eq(e.foreign.alert, SSL_AD_CLOSE_NOTIFY);
        encounter_close(&e);
    }
}

Test(dtls_attacks, after_the_end_nothing_is_read_or_sent)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    SSL_shutdown(e.foreign.ssl);
    encounter_run(&e);
    size_t sent = e.sent.n;
    for (size_t i = 0; i < e.foreign.sent.n; i++)
        cr_assert_eq(dtls_receive(e.dtls, e.foreign.sent.pkt[i].data, e.foreign.sent.pkt[i].len),
            DTLS_CLOSED);
    cr_expect_eq(dtls_tick(e.dtls, UINT64_MAX), DTLS_CLOSED);
    cr_expect_eq(e.sent.n, sent);
    encounter_close(&e);
}

Test(dtls_attacks, nothing_is_longer_than_the_mtu)
{
    struct encounter e;
    encounter_open(&e, usual, false);
    expect_a_session(&e);
    cr_expect_gt(e.sent.n, 1);
    for (size_t i = 0; i < e.sent.n; i++)
        cr_expect_leq(e.sent.pkt[i].len, DTLS_MTU - 28);
    encounter_close(&e);
}
