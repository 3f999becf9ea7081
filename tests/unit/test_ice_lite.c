#include "net/ice/ice_lite.h"

#include "tests/support/ice_check.h"
#include "tests/support/malloc_count.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const uint64_t MS = 1000, S = 1000000;

static struct ice_lite a;
static struct ice_credentials server, client;
static struct ice_check check; /* the next one */
static struct ice_outcome outcome;
static struct stun_message answer;
static uint64_t now;

static void fresh(void)
{
    server = ice_check_credentials('s');
    client = ice_check_credentials('c');
    check = (struct ice_check){.server = &server, .client = &client};
    now = 100 * S;
    cr_assert_eq(ice_lite_init(&a, &server, &client, now), 0);
}

TestSuite(ice_lite, .init = fresh, .timeout = 60);

static struct ice_route udp(uint16_t port)
{
    struct ice_route r = {.link = 0};
    cr_assert_eq(net_addr_parse(&r.remote, "192.0.2.1", port), 0);
    return r;
}

static struct ice_route tcp(uint16_t port)
{
    struct ice_route r = udp(port);
    r.link = 0x80000000u + port;
    r.tcp = true;
    return r;
}

/* One check by this route: 0 when there is no answer, 200 when it succeeded, else the error. */
static int ask(struct ice_route r)
{
    static uint8_t out[STUN_RESPONSE_MAX]; /* what answer points into */
    uint8_t pkt[ICE_CHECK_MAX];
    struct stun_message m;
    check.number++;
    size_t len = ice_check_build(&check, pkt);
    cr_assert_eq(stun_parse(&m, pkt, len), 0);
    size_t n = ice_lite_check(&a, &m, pkt, len, &r, now, out, &outcome);
    cr_assert_leq(n, len, "longer than the question");
    if (n == 0)
        return 0;
    cr_assert(ice_check_answered(&check, out, n, &answer));
    return answer.error ? answer.error : 200;
}

static int nominate(struct ice_route r)
{
    check.use_candidate = true;
    int code = ask(r);
    check.use_candidate = false;
    return code;
}

static int count_up(struct ice_route r, uint32_t nomination)
{
    check.nomination = nomination;
    int code = ask(r);
    check.nomination = 0;
    return code;
}

static bool sends_to(struct ice_route r)
{
    const struct ice_path *p = ice_lite_selected(&a);
    return p && p->route.link == r.link && net_addr_equal(&p->route.remote, &r.remote);
}

Test(ice_lite, answers_its_peer_and_says_where_it_is_seen)
{
    struct ice_route r = udp(5000);
    cr_assert_null(ice_lite_selected(&a));
    cr_assert_eq(ask(r), 200);
    cr_assert(answer.has_mapped && net_addr_equal(&answer.mapped, &r.remote));
    cr_assert_eq(outcome.verdict, ICE_ANSWERED);
    cr_assert(outcome.is_new && outcome.selected && outcome.path >= 0);
    cr_assert(sends_to(r), "the first path serves until one is nominated");
    cr_assert_eq(ask(r), 200);
    cr_assert(!outcome.is_new && !outcome.selected);
    cr_assert_eq(a.stats.checks, 2u);
}

Test(ice_lite, answers_over_ipv6)
{
    struct ice_route r = {0};
    cr_assert_eq(net_addr_parse(&r.remote, "2001:db8::1", 5000), 0);
    cr_assert_eq(nominate(r), 200);
    cr_assert(net_addr_equal(&answer.mapped, &r.remote));
}

/* --- ATTACKS 22 ------------------------------------------------------------------------------- */
Test(ice_lite, a_wrong_password_is_not_answered)
{
    check.password = "ssssssssssssssssssssssst";
    cr_assert_eq(nominate(udp(5000)), 0);
    cr_assert_eq(outcome.verdict, ICE_REFUSED);
    cr_assert_null(ice_lite_selected(&a));
    cr_assert_eq(a.stats.refused, 1u);
    check.password = client.pwd;
    cr_assert_eq(ask(udp(5000)), 0);
}

Test(ice_lite, foreign_names_are_not_answered)
{
    struct ice_credentials other = ice_check_credentials('o');
    check.server = &other;
    check.password = server.pwd;
    cr_assert_eq(ask(udp(5000)), 0, "another's ufrag");
    check.server = &server;
    check.client = &other;
    cr_assert_eq(ask(udp(5000)), 0, "our ufrag, but not our peer's");
    struct ice_credentials longer = client;
    strcat(longer.ufrag, "x");
    check.client = &longer;
    cr_assert_eq(ask(udp(5000)), 0);
    longer = client;
    longer.ufrag[7] = '\0';
    cr_assert_eq(ask(udp(5000)), 0);
    cr_assert_eq(a.stats.refused, 4u);
    cr_assert_eq(a.stats.checks, 0u);
}

Test(ice_lite, what_is_no_binding_request_is_passed_over)
{
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    uint8_t pkt[ICE_CHECK_MAX], out[STUN_RESPONSE_MAX];
    struct stun_key key;
    struct stun_message m;
    struct stun_writer w;
    struct ice_route r = udp(5000);
    stun_key_init(&key, server.pwd);
    for (int class = STUN_INDICATION; class <= STUN_ERROR; class ++) {
        stun_begin(&w, pkt, sizeof pkt, (enum stun_class) class, id);
        stun_put_username(&w, "ssssssss:cccccccc");
        int len = stun_finish(&w, &key);
        cr_assert_eq(stun_parse(&m, pkt, (size_t)len), 0);
        cr_assert_eq(ice_lite_check(&a, &m, pkt, (size_t)len, &r, now, out, &outcome), 0u);
        cr_assert_eq(outcome.verdict, ICE_IGNORED);
    }
    cr_assert_null(ice_lite_selected(&a));
}

Test(ice_lite, a_peer_that_is_controlled_is_told_to_change)
{
    check.controlled = true;
    cr_assert_eq(nominate(udp(5000)), 487);
    cr_assert_null(ice_lite_selected(&a), "that was no check");
    check.controlled = false;
    cr_assert_eq(nominate(udp(5000)), 200);
    check.controlled = true; /* and back, in mid-call */
    cr_assert_eq(nominate(udp(6000)), 487);
    cr_assert(sends_to(udp(5000)));
    cr_assert_eq(a.stats.conflicts, 2u);
}

Test(ice_lite, unknown_attributes_are_named)
{
    check.unknown = 0x7777;
    cr_assert_eq(ask(udp(5000)), 420);
    cr_assert_null(ice_lite_selected(&a));
    check.unknown = 0xc057; /* of libwebrtc, need not be understood */
    cr_assert_eq(ask(udp(5000)), 200);
    cr_assert_eq(a.stats.unknown, 1u);
}

Test(ice_lite, an_answer_is_never_longer_than_the_question)
{
    uint8_t pkt[ICE_CHECK_MAX], out[STUN_RESPONSE_MAX];
    static const uint8_t id[STUN_TRANSACTION_BYTES];
    struct stun_key key;
    struct stun_message m;
    struct stun_writer w;
    struct ice_route r = {0};
    struct ice_credentials s = {"abcd", ""}, c = {"efgh", ""};
    memcpy(s.pwd, server.pwd, sizeof s.pwd);
    memcpy(c.pwd, server.pwd, sizeof c.pwd);
    cr_assert_eq(ice_lite_init(&a, &s, &c, now), 0);
    cr_assert_eq(net_addr_parse(&r.remote, "2001:db8::1", 5000), 0);
    stun_key_init(&key, s.pwd);
    stun_begin(&w, pkt, sizeof pkt, STUN_REQUEST, id); /* nothing that is not needed */
    stun_put_username(&w, "abcd:efgh");
    int len = stun_finish(&w, &key);
    cr_assert_eq(stun_parse(&m, pkt, (size_t)len), 0);
    cr_assert_eq(ice_lite_check(&a, &m, pkt, (size_t)len, &r, now, out, &outcome), 0u);
    cr_assert_null(ice_lite_selected(&a));
    r = udp(5000); /* the address is shorter */
    cr_assert_gt(ice_lite_check(&a, &m, pkt, (size_t)len, &r, now, out, &outcome), 0u);
}

/* 10,000 checks a second, of anybody or of the peer itself. */
Test(ice_lite, a_flood_of_checks_is_bounded)
{
    unsigned answered = 0;
    for (int i = 0; i < 10000; i++, now += 100)
        answered += ask(udp(5000)) == 200;
    cr_assert_leq(answered, 2u * ICE_CHECKS_A_SECOND + 2);
    cr_assert_geq(answered, (unsigned)ICE_CHECKS_A_SECOND);
    cr_assert_eq(a.stats.excess, 10000u - answered);
    now += 2 * S;
    cr_assert_eq(ask(udp(5000)), 200, "and then as ever");
}

Test(ice_lite, strangers_cannot_use_up_what_the_peer_may_ask)
{
    cr_assert_eq(nominate(udp(5000)), 200);
    for (int i = 0; i < 30000; i++, now += 100) {
        if (i % 25000 == 0) {
            cr_assert_eq(nominate(udp(5000)), 200);
            continue;
        }
        check.password = "nonononononononononononono";
        cr_assert_eq(nominate(udp((uint16_t)(6000 + i))), 0);
        check.password = NULL;
    }
    cr_assert(sends_to(udp(5000)));
    cr_assert_leq(a.stats.refused, 4u * ICE_CHECKS_A_SECOND + 2, "not even looked at");
}

/* --- which path ------------------------------------------------------------------------------- */
Test(ice_lite, the_newest_nomination_wins)
{
    cr_assert_eq(ask(udp(5000)), 200);
    cr_assert_eq(ask(udp(5001)), 200);
    cr_assert(sends_to(udp(5000)));
    cr_assert_eq(nominate(udp(5001)), 200);
    cr_assert(outcome.selected && sends_to(udp(5001)));
    now += 10 * MS;
    cr_assert_eq(ask(udp(5000)), 200);
    cr_assert(!outcome.selected && sends_to(udp(5001)), "a check alone moves nothing");
    now += 10 * MS; /* from cable to Wi-Fi */
    cr_assert_eq(nominate(udp(5002)), 200);
    cr_assert(outcome.selected && sends_to(udp(5002)));
    cr_assert_eq(a.stats.moves, 2u);
}

Test(ice_lite, a_nomination_counter_says_which_is_newest)
{
    cr_assert_eq(count_up(udp(5000), 1), 200);
    cr_assert_eq(count_up(udp(5001), 2), 200);
    cr_assert(sends_to(udp(5001)));
    cr_assert_eq(count_up(udp(5000), 1), 200);
    cr_assert(sends_to(udp(5001)), "a check that came late");
    cr_assert_eq(count_up(udp(5001), 2), 200);
    cr_assert(sends_to(udp(5001)));
    cr_assert_eq(count_up(udp(5000), 3), 200);
    cr_assert(sends_to(udp(5000)));
}

Test(ice_lite, udp_before_tcp)
{
    cr_assert_eq(ask(tcp(7000)), 200);
    cr_assert(sends_to(tcp(7000)));
    cr_assert_eq(ask(udp(5000)), 200);
    cr_assert(sends_to(udp(5000)), "before any nomination");
    cr_assert_eq(nominate(tcp(7000)), 200);
    cr_assert(sends_to(tcp(7000)), "which is the only one nominated");
    cr_assert_eq(nominate(udp(5000)), 200);
    cr_assert(sends_to(udp(5000)));
    now += 500 * MS;
    cr_assert_eq(nominate(tcp(7000)), 200);
    cr_assert(sends_to(udp(5000)), "both nominated");
    now += ICE_UDP_HOLD_MS * MS; /* UDP no longer gets through */
    cr_assert_eq(nominate(tcp(7000)), 200);
    cr_assert(sends_to(tcp(7000)));
    now += 10 * MS;
    cr_assert_eq(nominate(udp(5001)), 200);
    cr_assert(sends_to(udp(5001)), "UDP is back");
}

Test(ice_lite, a_counter_is_obeyed_even_toward_tcp)
{
    cr_assert_eq(count_up(udp(5000), 1), 200);
    cr_assert_eq(count_up(tcp(7000), 2), 200);
    cr_assert(sends_to(tcp(7000)));
}

Test(ice_lite, a_peer_behind_a_new_port_is_followed_without_a_nomination)
{
    cr_assert_eq(nominate(udp(5000)), 200);
    now += 5 * S;
    cr_assert_eq(ask(udp(5001)), 200);
    cr_assert(sends_to(udp(5000)), "perhaps the old one is still there");
    now += 5 * S;
    cr_assert_eq(ask(udp(5001)), 200);
    cr_assert(sends_to(udp(5001)));
}

Test(ice_lite, paths_are_bounded_and_the_selected_one_stays)
{
    cr_assert_eq(nominate(udp(5000)), 200);
    for (uint16_t i = 1; i < 50; i++) {
        now += 20 * MS;
        cr_assert_eq(ask(udp((uint16_t)(5000 + i))), 200);
        cr_assert(outcome.is_new);
        cr_assert(sends_to(udp(5000)));
    }
    cr_assert_eq(ask(udp(5049)), 200);
    cr_assert(!outcome.is_new, "the newest are kept");
    cr_assert_eq(ask(udp(5049 - (ICE_PATHS_MAX - 2))), 200);
    cr_assert(!outcome.is_new);
    cr_assert_eq(ask(udp(5001)), 200);
    cr_assert(outcome.is_new, "the oldest are not");
}

Test(ice_lite, the_same_address_by_another_socket_is_another_path)
{
    struct ice_route r = udp(5000);
    cr_assert_eq(ask(r), 200);
    r.link = 1;
    cr_assert_eq(ask(r), 200);
    cr_assert(outcome.is_new);
}

Test(ice_lite, a_path_that_ends_gives_way_to_the_best_of_the_others)
{
    cr_assert_eq(ask(udp(5000)), 200);
    now += MS;
    cr_assert_eq(nominate(udp(5001)), 200);
    now += MS;
    cr_assert_eq(ask(udp(5002)), 200);
    now += 5 * S;
    cr_assert_eq(nominate(tcp(7000)), 200);
    int slot = outcome.path;
    cr_assert(sends_to(tcp(7000)));
    cr_assert(ice_lite_forget(&a, slot));
    cr_assert(sends_to(udp(5001)), "nominated before");
    cr_assert(ice_lite_forget(&a, a.selected));
    cr_assert(sends_to(udp(5002)), "checked last");
    for (int i = 0; i < ICE_PATHS_MAX; i++)
        if (i != a.selected)
            cr_assert(!ice_lite_forget(&a, i));
    cr_assert(ice_lite_forget(&a, a.selected));
    cr_assert_null(ice_lite_selected(&a));
    cr_assert_eq(ask(udp(5003)), 200);
    cr_assert(sends_to(udp(5003)), "and there may be new ones");
}

/* --- restart ---------------------------------------------------------------------------------- */
Test(ice_lite, old_credentials_hold_until_the_new_are_used)
{
    struct ice_credentials server2 = ice_check_credentials('S'),
                           client2 = ice_check_credentials('C');
    cr_assert_eq(count_up(udp(5000), 9), 200);
    cr_assert_eq(ice_lite_restart(&a, &server2, &client2), 0);
    cr_assert(sends_to(udp(5000)), "what is in use stays");
    cr_assert_eq(ask(udp(5000)), 200, "the old ones");
    cr_assert(!outcome.confirmed);

    check.server = &server2;
    cr_assert_eq(ask(udp(6000)), 0, "new name of ours with an old one of theirs");
    check.client = &client2;
    check.password = server.pwd;
    cr_assert_eq(ask(udp(6000)), 0, "the old password");
    check.password = NULL;
    cr_assert_eq(count_up(udp(6000), 1), 200);
    cr_assert(outcome.confirmed && sends_to(udp(6000)), "counters begin anew");

    check.server = &server;
    check.client = &client;
    cr_assert_eq(nominate(udp(5000)), 0, "the old ones are void");
    cr_assert_eq(a.stats.restarts, 1u);
}

Test(ice_lite, restarts_that_nobody_follows)
{
    struct ice_credentials s2 = ice_check_credentials('2'), s3 = ice_check_credentials('3');
    cr_assert_eq(nominate(udp(5000)), 200);
    cr_assert_eq(ice_lite_restart(&a, &s2, &client), 0);
    cr_assert_eq(ice_lite_restart(&a, &s3, &client), 0);
    cr_assert_eq(nominate(udp(5000)), 200, "the peer is still where it was");
    check.server = &s2;
    cr_assert_eq(nominate(udp(5000)), 0);
    check.server = &s3;
    cr_assert_eq(nominate(udp(5000)), 200);
    cr_assert(outcome.confirmed);
}

Test(ice_lite, a_restart_needs_new_names)
{
    struct ice_credentials s2 = ice_check_credentials('2'), bad = {"abc", "short"};
    cr_assert_eq(ice_lite_restart(&a, &server, &client), -EINVAL);
    cr_assert_eq(ice_lite_restart(&a, &bad, &client), -EINVAL);
    cr_assert_eq(ice_lite_restart(&a, &s2, &bad), -EINVAL);
    cr_assert_eq(ice_lite_restart(&a, &s2, &client), 0);
    cr_assert_eq(ice_lite_restart(&a, &server, &client), -EINVAL, "the one before");
    cr_assert_eq(nominate(udp(5000)), 200);
}

/* --- consent ---------------------------------------------------------------------------------- */
Test(ice_lite, consent_lasts_thirty_seconds)
{
    cr_assert(ice_lite_alive(&a, now + 30 * S), "time to begin");
    cr_assert(!ice_lite_alive(&a, now + 31 * S));
    cr_assert_eq(nominate(udp(5000)), 200);
    for (int i = 0; i < 100; i++) {
        now += 5 * S;
        cr_assert_eq(ask(udp(5000)), 200);
    }
    cr_assert(ice_lite_alive(&a, now + 30 * S));
    cr_assert(!ice_lite_alive(&a, now + 30 * S + 1));
    cr_assert(ice_lite_alive(&a, now - S), "a clock that is read a little late");
}

Test(ice_lite, only_good_checks_are_consent)
{
    uint64_t start = now;
    check.password = "nonononononononononononono";
    now += 20 * S;
    cr_assert_eq(nominate(udp(5000)), 0);
    check.password = NULL;
    check.controlled = true;
    cr_assert_eq(nominate(udp(5000)), 487);
    cr_assert(!ice_lite_alive(&a, start + 31 * S));
}

/* libnice's clients, once they have nominated. */
Test(ice_lite, who_sends_media_and_no_checks_consents_too)
{
    cr_assert_eq(nominate(udp(5000)), 200);
    int slot = outcome.path;
    cr_assert_eq(ask(udp(5001)), 200);
    for (int i = 0; i < 100; i++) {
        now += 5 * S;
        ice_lite_heard(&a, slot, now);
        cr_assert(ice_lite_alive(&a, now));
        cr_assert_eq(ask(udp(5001)), 200);
        cr_assert(sends_to(udp(5000)), "it is not silent");
    }
    ice_lite_forget(&a, slot);
    uint64_t last = now;
    now += 20 * S;
    ice_lite_heard(&a, slot, now);
    cr_assert(!ice_lite_alive(&a, last + 31 * S), "that path is none any more");
}

/* libwebrtc sends by its new network at once, and nominates it when the next check is due. */
Test(ice_lite, media_by_another_path_is_followed_when_the_selected_one_is_silent)
{
    cr_assert_eq(nominate(udp(5000)), 200);
    int wired = outcome.path;
    cr_assert_eq(ask(udp(5001)), 200);
    int wifi = outcome.path;
    now += 400 * MS;
    cr_assert(!ice_lite_heard(&a, wifi, now), "perhaps it only pauses");
    cr_assert(!ice_lite_heard(&a, wired, now));
    now += 499 * MS;
    cr_assert(!ice_lite_heard(&a, wifi, now));
    now += 1 * MS;
    cr_assert(ice_lite_heard(&a, wifi, now));
    cr_assert(sends_to(udp(5001)));
    cr_assert(!ice_lite_heard(&a, wired, now + 20 * MS), "and it does not swing back");
    cr_assert(sends_to(udp(5001)));
    cr_assert_eq(a.stats.moves, 1u);
}

/* --- credentials ------------------------------------------------------------------------------ */
Test(ice_lite, credentials_are_made_as_rfc_8839_wants_them)
{
    struct ice_credentials c, d;
    cr_assert_eq(ice_credentials_make(&c), 0);
    cr_assert_eq(ice_credentials_make(&d), 0);
    cr_assert(ice_credentials_ok(&c) && ice_credentials_ok(&d));
    cr_assert_str_neq(c.ufrag, d.ufrag);
    cr_assert_str_neq(c.pwd, d.pwd);
    cr_assert_geq(strlen(c.pwd), 22u);
}

Test(ice_lite, credentials_are_looked_at)
{
    static const struct {
        const char *ufrag, *pwd;
        bool ok;
    } cases[] = {
        {"abcd", "aaaaaaaaaaaaaaaaaaaaaa", true},
        {"abc", "aaaaaaaaaaaaaaaaaaaaaa", false},
        {"abcd", "aaaaaaaaaaaaaaaaaaaaa", false},
        {"ab:d", "aaaaaaaaaaaaaaaaaaaaaa", false},
        {"ab d", "aaaaaaaaaaaaaaaaaaaaaa", false},
        {"a+/9", "aaaaaaaaaaaaaaaaaaaaa\n", false},
        {"a+/9", "aaaaaaaaaaaaaaaaaaaa+/", true},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ice_credentials c = {0};
        strcpy(c.ufrag, cases[i].ufrag);
        strcpy(c.pwd, cases[i].pwd);
        cr_assert_eq(ice_credentials_ok(&c), cases[i].ok, "%zu", i);
    }
    struct ice_credentials full = {0};
    memset(full.ufrag, 'u', ICE_UFRAG_MAX);
    memset(full.pwd, 'p', ICE_PWD_MAX);
    cr_assert(ice_credentials_ok(&full));
    full.ufrag[ICE_UFRAG_MAX] = 'u';
    cr_assert(!ice_credentials_ok(&full), "without an end");
}

Test(ice_lite, the_longest_names_there_can_be)
{
    memset(server.ufrag, 'u', ICE_UFRAG_MAX);
    memset(client.ufrag, 'v', ICE_UFRAG_MAX);
    memset(server.pwd, 'p', ICE_PWD_MAX);
    cr_assert_eq(ice_lite_init(&a, &server, &client, now), 0);
    cr_assert_eq(nominate(udp(5000)), 200);
}

Test(ice_lite, a_check_allocates_nothing)
{
    uint8_t pkt[ICE_CHECK_MAX], out[STUN_RESPONSE_MAX];
    struct ice_route r = udp(5000);
    struct stun_message m;
    size_t len = ice_check_build(&check, pkt), answered = 0;
    malloc_count_begin();
    for (int i = 0; i < 10; i++)
        answered += stun_parse(&m, pkt, len) == 0 &&
                    ice_lite_check(&a, &m, pkt, len, &r, now, out, &outcome) > 0;
    unsigned long n = malloc_count_end();
    cr_assert_eq(answered, 10u);
    cr_assert_eq(n, 0ul);
}
