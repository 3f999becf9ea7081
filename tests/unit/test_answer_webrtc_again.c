/* Later offers in a WebRTC session: what stays, what may change, what may not. */

#include "tests/support/answering.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FINGERPRINT ANSWERING_FINGERPRINT
#define OFFER(n)    ANSWERING_BROWSER("0", n, FINGERPRINT) ANSWERING_BROWSER_AUDIO("0")
#define OFFER_B(n)  ANSWERING_BROWSER("0", n, ANSWERING_FINGERPRINT_B) ANSWERING_BROWSER_AUDIO("0")

/* As the program does it: new credentials at hand for every answer. */
static struct answer_config fresh(unsigned n)
{
    static struct answer_webrtc webrtc;
    struct answer_config cfg = answering_webrtc_config();
    webrtc = *cfg.webrtc;
    webrtc.credentials = answering_credentials(n);
    cfg.webrtc = &webrtc;
    return cfg;
}

Test(answer_webrtc_again, nothing_new)
{
    struct answer *first = answering(OFFER("0"), fresh(0), NULL);
    struct answer *second = answering(OFFER("0"), fresh(1), first);
    const struct answer_transport *t = answer_transport(second);
    cr_assert_str_eq(t->local.ufrag, "ours0");
    cr_assert_str_eq(t->local.pwd, "ours0123456789abcdefgh0");
    cr_assert_not(t->ice_restart);
    cr_assert_not(t->new_dtls);
    answering_assert_line(second, "a=ice-ufrag:ours0");
    answering_assert_line(second, "o=- 126524380728557632 2 IN IP4 192.0.2.1");
    answer_destroy(first);
    answer_destroy(second);
}

Test(answer_webrtc_again, ice_restart)
{
    struct answer *first = answering(OFFER("0"), fresh(0), NULL);
    struct answer *second = answering(OFFER("1"), fresh(1), first);
    const struct answer_transport *t = answer_transport(second);
    cr_assert(t->ice_restart);
    cr_assert_not(t->new_dtls, "the association goes on");
    cr_assert_str_eq(t->local.ufrag, "ours1");
    cr_assert_str_eq(t->remote.ufrag, "ufr1");
    answering_assert_line(second, "a=ice-ufrag:ours1");
    struct answer *third = answering(OFFER("1"), fresh(2), second);
    cr_assert_not(answer_transport(third)->ice_restart);
    cr_assert_str_eq(answer_transport(third)->local.ufrag, "ours1");
    answer_destroy(first);
    answer_destroy(second);
    answer_destroy(third);
}

/* By a fragment, without an offer: the next offer has the new credentials and is no restart. */
Test(answer_webrtc_again, ice_restart_outside_of_an_offer)
{
    struct answer *first = answering(OFFER("0"), fresh(0), NULL);
    struct ice_credentials remote = {"ufr1", "0123456789012345678901"};
    answer_restart_ice(first, answering_credentials(5), &remote);
    struct answer *second = answering(OFFER("1"), fresh(1), first);
    cr_assert_not(answer_transport(second)->ice_restart);
    cr_assert_str_eq(answer_transport(second)->local.ufrag, "ours5");
    answer_destroy(first);
    answer_destroy(second);
}

Test(answer_webrtc_again, half_a_restart)
{
    struct answer *first = answering(OFFER("0"), fresh(0), NULL);
    cr_assert_eq(answering_refused(OFFER("0") "a=ice-ufrag:other\r\n", fresh(1), first), -EINVAL);
    cr_assert_eq(
        answering_refused(OFFER("0") "a=ice-pwd:otherotherotherotherother\r\n", fresh(1), first),
        -EINVAL);
    answer_destroy(first);
}

Test(answer_webrtc_again, another_certificate)
{
    struct answer *first = answering(OFFER("0"), fresh(0), NULL);
    cr_assert_eq(answering_refused(OFFER_B("0"), fresh(1), first), -EACCES);
    struct answer *second = answering(OFFER_B("1"), fresh(1), first);
    cr_assert(answer_transport(second)->ice_restart);
    cr_assert(answer_transport(second)->new_dtls);
    answer_destroy(first);
    answer_destroy(second);
}

Test(answer_webrtc_again, roles_stay)
{
    struct answer *passive = answering(OFFER("0"), fresh(0), NULL);
    cr_assert_eq(answering_refused(OFFER("0") "a=setup:passive\r\n", fresh(1), passive), -EINVAL);
    struct answer *active = answering(OFFER("0") "a=setup:passive\r\n", fresh(0), NULL);
    struct answer *again = answering(OFFER("0"), fresh(1), active);
    cr_assert(answer_transport(again)->dtls_active);
    answering_assert_line(again, "a=setup:active");
    cr_assert_eq(answering_refused(OFFER("0") "a=setup:active\r\n", fresh(1), active), -EINVAL);
    struct answer *anew = answering(OFFER_B("1") "a=setup:active\r\n", fresh(1), active);
    cr_assert_not(answer_transport(anew)->dtls_active, "another association, other roles");
    answer_destroy(passive);
    answer_destroy(active);
    answer_destroy(again);
    answer_destroy(anew);
}

Test(answer_webrtc_again, a_session_stays_what_it_began_as)
{
    const char *plain = "v=0\r\nm=audio 5000 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\n";
    struct answer *webrtc = answering(OFFER("0"), fresh(0), NULL);
    struct answer *device = answering(plain, fresh(0), NULL);
    cr_assert_eq(answering_refused(plain, fresh(1), webrtc), -EACCES);
    cr_assert_eq(answering_refused(OFFER("0"), fresh(1), device), -ENOTSUP);
    answer_destroy(webrtc);
    answer_destroy(device);
}

Test(answer_webrtc_again, lines_come_and_go)
{
    struct answer *a[4];
    const char *offers[] = {
        ANSWERING_BROWSER("0", "0", FINGERPRINT) ANSWERING_BROWSER_AUDIO("0"),
        ANSWERING_BROWSER("0 1", "0", FINGERPRINT) ANSWERING_BROWSER_AUDIO("0")
            ANSWERING_BROWSER_VIDEO("1"),
        ANSWERING_BROWSER("0", "0", FINGERPRINT)
            ANSWERING_BROWSER_AUDIO("0") "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n",
        /* the place of the video is taken by more audio */
        ANSWERING_BROWSER("0 2", "0", FINGERPRINT) ANSWERING_BROWSER_AUDIO("0")
            ANSWERING_BROWSER_AUDIO("2"),
    };
    static const char *const groups[] = {
        "a=group:BUNDLE 0", "a=group:BUNDLE 0 1", "a=group:BUNDLE 0", "a=group:BUNDLE 0 2"};
    for (unsigned i = 0; i < 4; i++) {
        a[i] = answering(offers[i], fresh(i), i ? a[i - 1] : NULL);
        answering_assert_jsep(a[i], offers[i]);
        answering_assert_line(a[i], groups[i]);
        cr_assert_eq(answer_audio(a[i])->index, 0);
        cr_assert_not(answer_transport(a[i])->ice_restart);
    }
    for (unsigned i = 0; i < 4; i++)
        answer_destroy(a[i]);
}

/* The line in use stays in use though an earlier one could be. */
Test(answer_webrtc_again, the_audio_in_use_stays)
{
    const char *second = ANSWERING_BROWSER("0 1", "0", FINGERPRINT) ANSWERING_BROWSER_AUDIO("0")
        ANSWERING_BROWSER_AUDIO("1");
    const char *first = ANSWERING_BROWSER("0 1", "0", FINGERPRINT) ANSWERING_BROWSER_VIDEO("0")
        ANSWERING_BROWSER_AUDIO("1");
    struct answer *a = answering(first, fresh(0), NULL);
    struct answer *b = answering(second, fresh(1), a);
    cr_assert_eq(answer_audio(b)->index, 1);
    answering_assert_jsep(b, second);
    /* it is gone: the other one is taken */
    const char *third = ANSWERING_BROWSER("0", "0", FINGERPRINT)
        ANSWERING_BROWSER_AUDIO("0") "m=audio 0 UDP/TLS/RTP/SAVPF 8\r\na=mid:1\r\n";
    struct answer *c = answering(third, fresh(2), b);
    cr_assert_eq(answer_audio(c)->index, 0);
    answering_assert_jsep(c, third);
    answer_destroy(a);
    answer_destroy(b);
    answer_destroy(c);
}

Test(answer_webrtc_again, hold_and_resume)
{
    struct answer *a = answering(OFFER("0"), fresh(0), NULL);
    struct answer *b = answering(OFFER("0") "a=inactive\r\n", fresh(1), a);
    struct answer *c = answering(OFFER("0"), fresh(2), b);
    cr_assert(answer_audio(b)->hold);
    cr_assert_eq(answer_audio(b)->direction, SDP_INACTIVE);
    cr_assert_not(answer_audio(c)->hold);
    answer_destroy(a);
    answer_destroy(b);
    answer_destroy(c);
}
