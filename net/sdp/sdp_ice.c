#include "net/sdp/sdp_ice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- candidates of ours ----------------------------------------------------------------------- */
enum { TYPE_UDP = 126, TYPE_TCP = 90, COMPONENT = 1, PASSIVE = 4 };

/* Type, then local preference, then component (RFC 8445, 5.1.2.1). A TCP candidate has its
 * direction in the upper three bits of the local preference (RFC 6544, 4.2). */
uint32_t sdp_ice_priority(const struct sdp_ice_candidate *list, size_t index)
{
    uint32_t order = (uint32_t)(index < SDP_ICE_MAX_CANDIDATES ? index : SDP_ICE_MAX_CANDIDATES);
    uint32_t type = list[index].tcp ? TYPE_TCP : TYPE_UDP;
    uint32_t local = list[index].tcp ? ((uint32_t)PASSIVE << 13 | 0x1fff) - order : 0xffff - order;
    return type << 24 | local << 8 | (256 - COMPONENT);
}

static size_t foundation(const struct sdp_ice_candidate *list, size_t index)
{
    size_t i = 0;
    while (i < index &&
           !(list[i].tcp == list[index].tcp && net_addr_same_ip(&list[i].addr, &list[index].addr)))
        i++;
    return i + 1;
}

int sdp_ice_print_candidate(
    const struct sdp_ice_candidate *list, size_t index, char *buf, size_t cap)
{
    const struct sdp_ice_candidate *c = &list[index];
    char ip[NET_ADDR_TEXT_MAX];
    if (!net_addr_is_set(&c->addr) || !c->addr.port)
        return -EINVAL;
    net_addr_format_ip(&c->addr, ip, sizeof ip);
    int n = snprintf(buf, cap, "%zu %d %s %" PRIu32 " %s %u typ host%s", foundation(list, index),
        COMPONENT, c->tcp ? "tcp" : "udp", sdp_ice_priority(list, index), ip, c->addr.port,
        c->tcp ? " tcptype passive" : "");
    return n < 0 || (size_t)n >= cap ? -ENOSPC : n;
}

/* --- what the peer says ----------------------------------------------------------------------- */
static void read_options(struct sdp_str v, struct sdp_ice *out)
{
    struct sdp_str word;
    while ((word = sdp_str_word(&v)).p) {
        out->trickle |= sdp_str_eq(word, "trickle");
        out->renomination |= sdp_str_eq(word, "renomination");
    }
}

static const struct sdp_attr *find(
    const struct sdp *s, const struct sdp_section *section, const char *name)
{
    const struct sdp_attr *a = sdp_attr(s, section, name, NULL);
    return a || section == &s->session ? a : sdp_attr(s, &s->session, name, NULL);
}

/* RFC 8839, 5.4 */
static bool is_ice_word(const char *text, size_t min)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strspn(text, chars);
    return n >= min && !text[n];
}

static int read_credentials(const struct sdp *s, const struct sdp_section *section,
    struct ice_credentials *out, struct sdp_error *why)
{
    const struct sdp_attr *ufrag = find(s, section, "ice-ufrag");
    const struct sdp_attr *pwd = find(s, section, "ice-pwd");
    if (!ufrag && !pwd)
        return 0;
    if (!ufrag || !pwd) {
        *why = (struct sdp_error){.text = "a=ice-ufrag and a=ice-pwd come together"};
        return -EINVAL;
    }
    if (sdp_str_copy(sdp_str_trim(ufrag->value), out->ufrag, sizeof out->ufrag) ||
        sdp_str_copy(sdp_str_trim(pwd->value), out->pwd, sizeof out->pwd) ||
        !is_ice_word(out->ufrag, 4) || !is_ice_word(out->pwd, 22)) {
        *why =
            (struct sdp_error){.text = "a=ice-ufrag or a=ice-pwd has a wrong length or character"};
        return -EINVAL;
    }
    return 0;
}

int sdp_ice_read(const struct sdp *s, const struct sdp_section *section, struct sdp_ice *out,
    struct sdp_error *why)
{
    struct sdp_ice ice = {.lite = sdp_attr(s, &s->session, "ice-lite", NULL) != NULL};
    const struct sdp_attr *a = NULL;
    int err = read_credentials(s, section, &ice.credentials, why);
    if (err)
        return err;
    while ((a = sdp_attr(s, &s->session, "ice-options", a)))
        read_options(a->value, &ice);
    for (size_t i = 0; section != &s->session && i < section->n_attrs; i++) {
        a = &s->attrs[section->first_attr + i];
        if (sdp_str_eq(a->name, "ice-options"))
            read_options(a->value, &ice);
        ice.n_candidates += sdp_str_eq(a->name, "candidate");
        ice.end_of_candidates |= sdp_str_eq(a->name, "end-of-candidates");
    }
    ice.end_of_candidates |= sdp_attr(s, &s->session, "end-of-candidates", NULL) != NULL;
    *out = ice;
    return 0;
}
