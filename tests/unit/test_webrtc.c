#include "mcu/webrtc.h"

#include "mcu/config.h"
#include "mcu/rooms.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct config cfg;

static struct answer_webrtc answer_of(struct webrtc *w, struct ice_credentials *fresh)
{
    struct answer_webrtc a;
    cr_assert_eq(webrtc_answer(w, 0, fresh, &a), 0);
    return a;
}

static struct webrtc *start(const char *addresses, const char *public_address, bool tcp)
{
    char why[WEBRTC_WHY_MAX];
    struct webrtc *w;
    config_defaults(&cfg);
    cfg.webrtc_port = 0;
    cfg.webrtc_tcp = tcp;
    snprintf(cfg.webrtc_addresses, sizeof(cfg.webrtc_addresses), "%s", addresses);
    snprintf(cfg.public_address, sizeof(cfg.public_address), "%s", public_address);
    int err = webrtc_create(&w, &cfg, 2, why);
    cr_assert_eq(err, 0, "%s", why);
    return w;
}

static void expect_candidate(const struct answer_webrtc *a, size_t i, const char *ip, bool tcp)
{
    char text[NET_ADDR_TEXT_MAX];
    cr_assert_lt(i, a->n_candidates);
    cr_expect_str_eq(net_addr_format_ip(&a->candidates[i].addr, text, sizeof(text)), ip);
    cr_expect_neq(a->candidates[i].addr.port, 0);
    cr_expect_eq(a->candidates[i].tcp, tcp);
}

Test(webrtc_addresses, media_address_unless_told_otherwise)
{
    struct ice_credentials fresh;
    struct webrtc *w = start("", "", true);
    struct answer_webrtc a = answer_of(w, &fresh);
    cr_expect_geq(a.n_candidates, 2u); /* and those of this host, for this host */
    expect_candidate(&a, 0, "127.0.0.1", false);
    expect_candidate(&a, 1, "127.0.0.1", true);
    webrtc_destroy(w);
}

Test(webrtc_addresses, a_public_address_hides_those_of_its_family)
{
    struct ice_credentials fresh;
    struct webrtc *w = start("127.0.0.1 127.0.0.2", "192.0.2.7", false);
    struct answer_webrtc a = answer_of(w, &fresh);
    cr_expect_eq(a.n_candidates, 1u);
    expect_candidate(&a, 0, "192.0.2.7", false);
    webrtc_destroy(w);
    w = start("127.0.0.1", "2001:db8::7", false);
    a = answer_of(w, &fresh);
    cr_expect_eq(a.n_candidates, 2u);
    expect_candidate(&a, 0, "2001:db8::7", false);
    expect_candidate(&a, 1, "127.0.0.1", false);
    webrtc_destroy(w);
}

Test(webrtc_addresses, credentials_are_new_every_time)
{
    struct ice_credentials one, two;
    struct webrtc *w = start("", "", true);
    answer_of(w, &one);
    answer_of(w, &two);
    cr_expect_str_neq(one.ufrag, two.ufrag);
    cr_expect_str_neq(one.pwd, two.pwd);
    webrtc_destroy(w);
}

Test(webrtc_addresses, each_loop_has_a_port_of_its_own)
{
    struct ice_credentials fresh;
    struct answer_webrtc a, b;
    struct webrtc *w = start("", "", false);
    cr_assert_eq(webrtc_answer(w, 0, &fresh, &a), 0);
    cr_assert_eq(webrtc_answer(w, 1, &fresh, &b), 0);
    cr_expect_neq(a.candidates[0].addr.port, b.candidates[0].addr.port);
    webrtc_destroy(w);
}

Test(webrtc_addresses, a_taken_port_is_said)
{
    struct ice_credentials fresh;
    char why[WEBRTC_WHY_MAX];
    struct webrtc *w = start("", "", false), *second;
    struct answer_webrtc a = answer_of(w, &fresh);
    cfg.webrtc_port = a.candidates[0].addr.port;
    cr_expect_eq(webrtc_create(&second, &cfg, 1, why), -EADDRINUSE);
    cr_expect_not_null(strstr(why, "--webrtc_port"));
    webrtc_destroy(w);
}

Test(webrtc_addresses, an_address_of_another_machine_is_said)
{
    char why[WEBRTC_WHY_MAX];
    struct webrtc *w;
    config_defaults(&cfg);
    snprintf(cfg.webrtc_addresses, sizeof(cfg.webrtc_addresses), "192.0.2.1");
    cr_expect_eq(webrtc_create(&w, &cfg, 1, why), -EADDRNOTAVAIL);
    cr_expect_not_null(strstr(why, "--webrtc_addresses"));
}
