#include "net/sdp/sdp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sdp *parse(const char *text)
{
    struct sdp *s = NULL;
    struct sdp_error why;
    int err = sdp_parse(text, strlen(text), &s, &why);
    cr_assert_eq(err, 0, "line %u: %s", why.line, why.text);
    return s;
}

static void assert_conn(const struct sdp_conn *c, const char *type, const char *addr)
{
    cr_assert(sdp_str_eq(c->nettype, "IN"));
    cr_assert(sdp_str_eq(c->addrtype, type));
    cr_assert(sdp_str_eq(c->addr, addr));
}

static const char conference[] = "v=0\r\n"
                                 "o=anna 3890 2 IN IP4 192.0.2.10\r\n"
                                 "s=Budget talks\r\n"
                                 "i=not kept\r\n"
                                 "c=IN IP4 192.0.2.10\r\n"
                                 "b=AS:256\r\n"
                                 "t=0 0\r\n"
                                 "a=group:BUNDLE 0 1\r\n"
                                 "m=audio 30000/1 RTP/AVP 0 8\r\n"
                                 "b=TIAS:64000\r\n"
                                 "a=rtpmap:0 PCMU/8000\r\n"
                                 "a=sendrecv\r\n"
                                 "m=video 30002/2 RTP/AVP 96\r\n"
                                 "c=IN IP6 2001:db8::7\r\n"
                                 "a=rtpmap:96 VP8/90000\r\n"
                                 "a=empty:\r\n";

Test(sdp, parse_keeps_what_is_known)
{
    struct sdp *s = parse(conference);
    cr_assert(sdp_str_eq(s->user, "anna"));
    cr_assert(sdp_str_eq(s->id, "3890"));
    cr_assert(sdp_str_eq(s->version, "2"));
    assert_conn(&s->origin, "IP4", "192.0.2.10");
    cr_assert(sdp_str_eq(s->name, "Budget talks"));
    cr_assert(sdp_str_eq(s->time, "0 0"));
    assert_conn(&s->session.conn, "IP4", "192.0.2.10");
    cr_assert_eq(s->session.as_kbps, 256);
    cr_assert_eq(s->session.n_attrs, 1);
    cr_assert_eq(s->n_media, 2);
    const struct sdp_media *audio = &s->media[0], *video = &s->media[1];
    cr_assert(sdp_str_eq(audio->type, "audio"));
    cr_assert(sdp_str_eq(audio->proto, "RTP/AVP"));
    cr_assert(sdp_str_eq(audio->formats, "0 8"));
    cr_assert_eq(audio->port, 30000);
    cr_assert_eq(audio->n_ports, 1);
    cr_assert_eq(audio->section.tias_bps, 64000);
    cr_assert_null(audio->section.conn.addr.p);
    cr_assert_eq(video->n_ports, 2);
    assert_conn(&video->section.conn, "IP6", "2001:db8::7");
    sdp_destroy(s);
}

Test(sdp, attributes_are_found_in_their_section)
{
    struct sdp *s = parse(conference);
    const struct sdp_section *audio = &s->media[0].section, *video = &s->media[1].section;
    const struct sdp_attr *a = sdp_attr(s, audio, "rtpmap", NULL);
    cr_assert(a && sdp_str_eq(a->value, "0 PCMU/8000"));
    cr_assert_null(sdp_attr(s, audio, "rtpmap", a));
    cr_assert_null(sdp_attr(s, &s->session, "rtpmap", NULL));
    a = sdp_attr(s, audio, "sendrecv", NULL);
    cr_assert(a && !a->value.p);
    a = sdp_attr(s, video, "empty", NULL);
    cr_assert(a && a->value.p && a->value.n == 0);
    sdp_destroy(s);
}

Test(sdp, line_ends_and_missing_lines_are_tolerated)
{
    static const char *const texts[] = {
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 0\n",
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0",
        "\r\nv=0\n\nm=audio 4000 RTP/AVP 0\r\n\r\n",
        "v=0\nm=audio 4000 RTP/AVP 0\n",
        "v=0\no=a user with blanks 1 1 IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n",
        "v=0\no=\ns=\nt=\nm=audio   4000\tRTP/AVP   0 \n",
        "v=0\nm=audio 4000 RTP/AVP 0\ns=late\nv=7\nz=0 0\na=\na=:x\nb=AS\nb=AS:x\nb=X-Y:12\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sdp *s = parse(texts[i]);
        cr_assert_eq(s->n_media, 1, "text %zu", i);
        cr_assert_eq(s->media[0].port, 4000, "text %zu", i);
        cr_assert(sdp_str_eq(s->media[0].formats, "0"), "text %zu", i);
        sdp_destroy(s);
    }
}

Test(sdp, malformed_texts_are_refused_with_their_line)
{
    static const struct {
        const char *text;
        unsigned line;
    } cases[] = {
        {"", 0},
        {"\r\n\r\n", 0},
        {"hello\r\n", 1},
        {"v=1\r\n", 1},
        {"V=0\r\n", 1},
        {"o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n", 1},
        {"v=0\r\nx\r\n", 2},
        {"v=0\r\n\r\nno equals sign\r\n", 3},
        {"v=0\r\ns=a\rb\r\n", 2},
        {"v=0\r\nc=IN IP4\r\n", 2},
        {"v=0\r\nc=\r\n", 2},
        {"v=0\r\nm=audio\r\n", 2},
        {"v=0\r\nm=audio 4000\r\n", 2},
        {"v=0\r\nm=audio 65536 RTP/AVP 0\r\n", 2},
        {"v=0\r\nm=audio -1 RTP/AVP 0\r\n", 2},
        {"v=0\r\nm=audio 4000/0 RTP/AVP 0\r\n", 2},
        {"v=0\r\nm=audio 4000/ RTP/AVP 0\r\n", 2},
        {"v=0\r\nm=audio 4000/70000 RTP/AVP 0\r\n", 2},
        {"v=0\r\nm=audio x RTP/AVP 0\r\n", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdp *s = NULL;
        struct sdp_error why = {0};
        int err = sdp_parse(cases[i].text, strlen(cases[i].text), &s, &why);
        cr_assert_eq(err, -EINVAL, "case %zu: %d", i, err);
        cr_assert_null(s);
        cr_assert_not_null(why.text);
        cr_assert_eq(why.line, cases[i].line, "case %zu: line %u", i, why.line);
    }
}

Test(sdp, nul_bytes_are_refused_and_do_not_end_the_text)
{
    static const char text[] = "v=0\r\ns=a\0b\r\nm=audio 4000 RTP/AVP 0\r\n";
    struct sdp *s = NULL;
    struct sdp_error why;
    cr_assert_eq(sdp_parse(text, sizeof text - 1, &s, &why), -EINVAL);
    cr_assert_eq(why.line, 2);
}

Test(sdp, a_text_without_nul_is_read_to_its_length)
{
    const char *text = "v=0\nm=audio 40000 RTP/AVP 0";
    size_t n = strlen(text) - 1;
    char *tight = malloc(n);
    memcpy(tight, text, n);
    struct sdp *s = NULL;
    struct sdp_error why;
    cr_assert_eq(sdp_parse(tight, n, &s, &why), 0);
    free(tight);
    cr_assert_eq(s->media[0].formats.n, 0);
    sdp_destroy(s);
}

/* "v=0" and then n times the same line. */
static int parse_repeated(const char *line, size_t n, struct sdp **s, struct sdp_error *why)
{
    size_t len = strlen(line);
    char *text = malloc(5 + n * len);
    memcpy(text, "v=0\r\n", 5);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 5 + i * len, line, len);
    int err = sdp_parse(text, 5 + n * len, s, why);
    free(text);
    return err;
}

Test(sdp, bounds)
{
    static const struct {
        const char *line;
        size_t n;
        int err;
    } cases[] = {
        {"m=audio 9 X 0\r\n", SDP_MAX_MEDIA, 0},
        {"m=audio 9 X 0\r\n", SDP_MAX_MEDIA + 1, -E2BIG},
        {"m=a 9 X\n", 8000, -E2BIG},
        {"m=audio 9 X 0\r\n", 10000, -E2BIG},
        {"a=b\r\n", SDP_MAX_ATTRS, 0},
        {"a=b\r\n", SDP_MAX_ATTRS + 1, -E2BIG},
        {"a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n", 1000, 0},
        {"c=IN IP4 192.0.2.1\r\n", 3000, 0},
        {"s=-\r\n", 20000, -E2BIG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdp *s = NULL;
        struct sdp_error why;
        int err = parse_repeated(cases[i].line, cases[i].n, &s, &why);
        cr_assert_eq(err, cases[i].err, "case %zu: %d", i, err);
        sdp_destroy(s);
    }
}

Test(sdp, long_lines)
{
    static char text[SDP_MAX_BYTES + 64];
    struct sdp_error why;
    struct sdp *s = NULL;
    memset(text, 'x', sizeof text);
    memcpy(text, "v=0\ns=", 6);
    cr_assert_eq(sdp_parse(text, 4 + SDP_MAX_LINE_BYTES, &s, &why), 0);
    sdp_destroy(s);
    s = NULL;
    cr_assert_eq(sdp_parse(text, 4 + SDP_MAX_LINE_BYTES + 1, &s, &why), -E2BIG);
    cr_assert_eq(why.line, 2);
    cr_assert_eq(sdp_parse(text, SDP_MAX_BYTES, &s, &why), -E2BIG);
    cr_assert_eq(sdp_parse(text, SDP_MAX_BYTES + 1, &s, &why), -E2BIG);
    cr_assert_null(s);
}

static bool same(struct sdp_str a, struct sdp_str b)
{
    return !a.p == !b.p && a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static void assert_same_conn(const struct sdp_conn *a, const struct sdp_conn *b)
{
    cr_assert(same(a->nettype, b->nettype));
    cr_assert(same(a->addrtype, b->addrtype));
    cr_assert(same(a->addr, b->addr));
}

static void assert_same_section(const struct sdp *a, const struct sdp_section *sa,
    const struct sdp *b, const struct sdp_section *sb)
{
    assert_same_conn(&sa->conn, &sb->conn);
    cr_assert_eq(sa->as_kbps, sb->as_kbps);
    cr_assert_eq(sa->tias_bps, sb->tias_bps);
    cr_assert_eq(sa->n_attrs, sb->n_attrs);
    for (size_t i = 0; i < sa->n_attrs; i++) {
        const struct sdp_attr *x = &a->attrs[sa->first_attr + i];
        const struct sdp_attr *y = &b->attrs[sb->first_attr + i];
        cr_assert(same(x->name, y->name));
        cr_assert(same(x->value, y->value));
    }
}

static void assert_same(const struct sdp *a, const struct sdp *b)
{
    cr_assert(same(a->user, b->user));
    cr_assert(same(a->id, b->id));
    cr_assert(same(a->version, b->version));
    assert_same_conn(&a->origin, &b->origin);
    cr_assert(same(a->name, b->name));
    cr_assert(same(a->time, b->time));
    assert_same_section(a, &a->session, b, &b->session);
    cr_assert_eq(a->n_media, b->n_media);
    for (size_t i = 0; i < a->n_media; i++) {
        const struct sdp_media *m = &a->media[i], *n = &b->media[i];
        cr_assert(same(m->type, n->type) && same(m->proto, n->proto));
        cr_assert(same(m->formats, n->formats));
        cr_assert_eq(m->port, n->port);
        cr_assert_eq(m->n_ports, n->n_ports);
        assert_same_section(a, &m->section, b, &n->section);
    }
}

Test(sdp, what_is_printed_parses_to_the_same)
{
    static const char *const texts[] = {
        conference,
        "v=0\n",
        "v=0\ns=\nt=\n",
        "v=0\nm=image 0 udptl t38\nm=message 7 TCP/MSRP *\nm=application 9 X\na=x:\na=y\n",
        "v=0\ns=-\nb=TIAS:1\nb=AS:4294967295\nm=audio 1/65535 RTP/AVP  0   101\n",
        "v=0\nm=audio 1 RTP/AVP 0\nc=IN IP4 host.example extra\na=a:b:c:d\na=\xc3\xbc:\xff\xfe\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sdp *first = parse(texts[i]);
        char *printed = NULL, *again = NULL;
        cr_assert_eq(sdp_print(first, &printed), 0);
        struct sdp *second = parse(printed);
        assert_same(first, second);
        cr_assert_eq(sdp_print(second, &again), 0);
        cr_assert_str_eq(printed, again);
        free(printed);
        free(again);
        sdp_destroy(first);
        sdp_destroy(second);
    }
}

Test(sdp, an_offer_can_be_built)
{
    struct sdp *s = sdp_create();
    sdp_set_origin(s, 77, 3, "2001:db8::5");
    sdp_set_name(s, "Mischpult");
    sdp_set_conn(s, "2001:db8::5");
    sdp_add_flag(s, "recvonly");
    sdp_add_media(s, sdp_str("audio"), 20000, sdp_str("RTP/AVP"), sdp_str("8 101"));
    sdp_set_conn(s, "192.0.2.5");
    sdp_add_attr(s, "rtpmap", "%d %s/%d", 8, "PCMA", 8000);
    sdp_add_attr(s, "ptime", "%d", 20);
    char *text = NULL;
    cr_assert_eq(sdp_print(s, &text), 0);
    cr_assert_str_eq(text, "v=0\r\n"
                           "o=- 77 3 IN IP6 2001:db8::5\r\n"
                           "s=Mischpult\r\n"
                           "c=IN IP6 2001:db8::5\r\n"
                           "t=0 0\r\n"
                           "a=recvonly\r\n"
                           "m=audio 20000 RTP/AVP 8 101\r\n"
                           "c=IN IP4 192.0.2.5\r\n"
                           "a=rtpmap:8 PCMA/8000\r\n"
                           "a=ptime:20\r\n");
    free(text);
    sdp_destroy(s);
}

Test(sdp, building_cannot_smuggle_lines)
{
    static const char *const bad[] = {"a\r\nm=audio 1 X 0", "a\nb", "\r"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = NULL;
        struct sdp *s = sdp_create();
        sdp_add_attr(s, "cname", "%s", bad[i]);
        cr_assert_eq(sdp_print(s, &text), -EINVAL);
        sdp_destroy(s);
        s = sdp_create();
        sdp_set_name(s, bad[i]);
        cr_assert_eq(sdp_print(s, &text), -EINVAL);
        cr_assert_null(text);
        sdp_destroy(s);
    }
}

Test(sdp, building_is_bounded)
{
    struct sdp *s = sdp_create();
    char *text = NULL;
    for (size_t i = 0; i <= SDP_MAX_MEDIA; i++)
        sdp_add_media(s, sdp_str("audio"), 0, sdp_str("RTP/AVP"), sdp_str("0"));
    cr_assert_eq(sdp_print(s, &text), -E2BIG);
    sdp_destroy(s);
    s = sdp_create();
    sdp_add_attr(s, "long", "%*d", SDP_MAX_LINE_BYTES, 1);
    cr_assert_eq(sdp_print(s, &text), -E2BIG);
    sdp_destroy(s);
    sdp_destroy(NULL);
}
