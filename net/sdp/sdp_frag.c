#include "net/sdp/sdp_frag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A fragment is what stands below v=, o=, s= and t= of a description: put below them it is one, and
 * one parser does for both (RFC 8840, 9.2). */
static const char head[] = "v=0\r\n";

static int parse(const char *text, size_t len, struct sdp **out, struct sdp_error *why)
{
    size_t n = sizeof head - 1;
    char *whole = malloc(n + len);
    if (!whole) {
        *why = (struct sdp_error){.text = "out of memory"};
        return -ENOMEM;
    }
    memcpy(whole, head, n);
    if (len)
        memcpy(whole + n, text, len);
    int err = sdp_parse(whole, n + len, out, why);
    explicit_bzero(whole, n + len);
    free(whole);
    if (err && why->line > 1)
        why->line--;
    return err;
}

static void count(const struct sdp *s, struct sdp_frag *out)
{
    for (size_t i = 0; i < s->n_attrs; i++) {
        out->n_candidates += sdp_str_eq(s->attrs[i].name, "candidate");
        out->end_of_candidates |= sdp_str_eq(s->attrs[i].name, "end-of-candidates");
    }
}

/* All media are in one bundle: the first that has credentials speaks for it. */
static int read_frag(const struct sdp *s, struct sdp_frag *out, struct sdp_error *why)
{
    struct sdp_ice ice;
    int err = sdp_ice_read(s, &s->session, &ice, why);
    for (size_t i = 0; !err && !ice.credentials.ufrag[0] && i < s->n_media; i++)
        err = sdp_ice_read(s, &s->media[i].section, &ice, why);
    if (err)
        return err;
    *out = (struct sdp_frag){.credentials = ice.credentials, .n_media = s->n_media};
    count(s, out);
    return 0;
}

int sdp_frag_parse(const char *text, size_t len, struct sdp_frag *out, struct sdp_error *why)
{
    struct sdp *s = NULL;
    if (len > SDP_FRAG_MAX_BYTES) {
        *why = (struct sdp_error){.text = "the fragment is too long"};
        return -E2BIG;
    }
    int err = parse(text, len, &s, why);
    if (err)
        return err;
    err = read_frag(s, out, why);
    sdp_destroy(s);
    return err;
}

static void add_candidates(struct sdp *s, const struct sdp_ice_candidate *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[SDP_ICE_CANDIDATE_BYTES];
        if (sdp_ice_print_candidate(list, i, text, sizeof text) > 0)
            sdp_add_attr(s, "candidate", "%s", text);
    }
    sdp_add_flag(s, "end-of-candidates");
}

int sdp_frag_print(const struct ice_credentials *credentials,
    const struct sdp_ice_candidate *candidates, size_t n_candidates, const char *mid, char **textp)
{
    char *text = NULL;
    struct sdp *s = sdp_create();
    if (!s)
        return -ENOMEM;
    sdp_add_flag(s, "ice-lite");
    sdp_add_attr(s, "ice-ufrag", "%s", credentials->ufrag);
    sdp_add_attr(s, "ice-pwd", "%s", credentials->pwd);
    if (mid && *mid) {
        sdp_add_media(s, sdp_str("audio"), 9, sdp_str("RTP/AVP"), sdp_str("0"));
        sdp_add_attr(s, "mid", "%s", mid);
    }
    add_candidates(s, candidates, n_candidates);
    int err = sdp_print(s, &text);
    sdp_destroy(s);
    if (err)
        return err;
    char *from = strstr(text, "a=ice-lite"); /* without the lines of a whole description */
    memmove(text, from, strlen(from) + 1);
    *textp = text;
    return 0;
}
