#include "mcu/webrtc.h"

#include "mcu/config.h"
#include "mcu/handshaker.h"
#include "net/ice/ice_port.h"
#include "net/own_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct webrtc {
    const struct config *cfg;
    struct handshaker *handshaker;
    struct net_addr local[ICE_PORT_MAX_LOCAL]; /* port 0 */
    size_t n_local;
    struct net_addr own_host[OWN_HOST_MAX]; /* what Firefox on this machine can reach */
    size_t n_own_host;
    struct ice_port **ports; /* a media loop */
    unsigned n_ports;
};

/* --- addresses ------------------------------------------------------------------------------- */
static void add_local(struct webrtc *w, const struct net_addr *a)
{
    for (size_t i = 0; i < w->n_local; i++)
        if (net_addr_same_ip(&w->local[i], a))
            return;
    if (w->n_local < ICE_PORT_MAX_LOCAL)
        w->local[w->n_local++] = *a;
}

/* Link-local ones mean nothing to a peer. */
static bool is_of_use(const struct net_addr *a)
{
    bool link_local = a->family == AF_INET ? a->ip[0] == 169 && a->ip[1] == 254
                                           : a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
    return !link_local;
}

static int add_all_of_machine(struct webrtc *w, uint16_t family)
{
    uv_interface_address_t *all;
    int n;
    int err = uv_interface_addresses(&all, &n);
    if (err)
        return err;
    for (int i = 0; i < n; i++) {
        struct net_addr a;
        if (all[i].is_internal ||
            net_addr_from_sockaddr(&a, (const struct sockaddr *)&all[i].address) ||
            a.family != family || !is_of_use(&a))
            continue;
        a.port = 0;
        add_local(w, &a);
    }
    uv_free_interface_addresses(all, n);
    return 0;
}

/* The next of a list of words; NULL at its end. */
static const char *next_word(char **rest)
{
    const char *word;
    while ((word = strsep(rest, " ")) && !*word)
        ;
    return word;
}

static int read_addresses(struct webrtc *w)
{
    const char *list = *w->cfg->webrtc_addresses ? w->cfg->webrtc_addresses : w->cfg->media_address;
    char copy[CONFIG_TEXT_MAX], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", list);
    for (const char *word; (word = next_word(&rest));) {
        struct net_addr a;
        int err = net_addr_parse(&a, word, 0);
        if (!err && net_addr_is_any(&a))
            err = add_all_of_machine(w, a.family);
        else if (!err)
            add_local(w, &a);
        if (err)
            return err;
    }
    if (!*w->cfg->webrtc_addresses && net_addr_is_loopback(&w->local[0]))
        w->n_own_host = own_host_addresses(w->own_host);
    return w->n_local ? 0 : -EADDRNOTAVAIL;
}

/* --- candidates ------------------------------------------------------------------------------ */
static size_t add_candidates(
    struct sdp_ice_candidate *out, size_t n, struct net_addr addr, const struct ice_port *port)
{
    addr.port = ice_port_number(port);
    for (int tcp = 0; tcp <= ice_port_has_tcp(port) && n < SDP_ICE_MAX_CANDIDATES; tcp++)
        out[n++] = (struct sdp_ice_candidate){addr, tcp};
    return n;
}

/* Where a peer reaches that loop, best first; their number. */
static size_t list_candidates(const struct webrtc *w, unsigned loop,
    struct sdp_ice_candidate out[static SDP_ICE_MAX_CANDIDATES])
{
    const struct ice_port *port = w->ports[loop];
    bool hidden[2] = {false, false}; /* IPv4, IPv6: behind a public address */
    size_t n = 0;
    char copy[CONFIG_TEXT_MAX], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", w->cfg->public_address);
    for (const char *word; (word = next_word(&rest));) {
        struct net_addr a;
        if (net_addr_parse(&a, word, 0))
            continue;
        hidden[a.family == AF_INET6] = true;
        n = add_candidates(out, n, a, port);
    }
    for (size_t i = 0; i < w->n_local; i++)
        if (!hidden[w->local[i].family == AF_INET6])
            n = add_candidates(out, n, w->local[i], port);
    for (size_t i = w->n_local; ice_port_local(port, i); i++)
        n = add_candidates(out, n, *ice_port_local(port, i), port);
    return n;
}

int webrtc_answer(
    const struct webrtc *w, unsigned loop, struct ice_credentials *fresh, struct answer_webrtc *out)
{
    int err = ice_credentials_make(fresh);
    if (err)
        return err;
    *out = (struct answer_webrtc){
        .credentials = fresh,
        .fingerprint = handshaker_fingerprint(w->handshaker),
        .transport_cc = true,
        .red = true,
        .video = true,
        .stream_id = "mischpult",
        .track_id = "mix",
    };
    out->n_candidates = list_candidates(w, loop, out->candidates);
    return 0;
}

/* --- life ------------------------------------------------------------------------------------ */
static int bind_port(struct webrtc *w, unsigned loop)
{
    struct net_addr local[ICE_PORT_MAX_LOCAL];
    memcpy(local, w->local, sizeof(local));
    for (size_t i = 0; i < w->n_local; i++)
        local[i].port = w->cfg->webrtc_port ? (uint16_t)(w->cfg->webrtc_port + loop) : 0;
    const struct ice_port_config cfg = {.local = local,
        .n_local = w->n_local,
        .own_host = w->own_host,
        .n_own_host = w->n_own_host,
        .tcp = w->cfg->webrtc_tcp};
    return ice_port_bind(&w->ports[loop], &cfg);
}

static void say_why(const struct webrtc *w, int err, unsigned loop, char why[WEBRTC_WHY_MAX])
{
    if (err == -EADDRINUSE)
        snprintf(why, WEBRTC_WHY_MAX,
            "UDP or TCP port %u is taken; is another mcu running? --webrtc_port chooses another",
            w->cfg->webrtc_port + loop);
    else
        snprintf(why, WEBRTC_WHY_MAX, "port %u of %s: %s; see --webrtc_addresses",
            w->cfg->webrtc_port + loop,
            *w->cfg->webrtc_addresses ? w->cfg->webrtc_addresses : w->cfg->media_address,
            strerror(-err));
}

int webrtc_create(
    struct webrtc **wp, const struct config *cfg, unsigned n_loops, char why[WEBRTC_WHY_MAX])
{
    struct webrtc *w = calloc(1, sizeof(*w));
    snprintf(why, WEBRTC_WHY_MAX, "out of memory");
    if (!w)
        return -ENOMEM;
    int err = -ENOMEM;
    w->cfg = cfg;
    w->ports = calloc(n_loops, sizeof(struct ice_port *));
    if (!w->ports)
        goto fail;
    err = read_addresses(w);
    if (err)
        say_why(w, err, 0, why);
    while (!err && w->n_ports < n_loops) {
        err = bind_port(w, w->n_ports);
        if (err)
            say_why(w, err, w->n_ports, why);
        else
            w->n_ports++;
    }
    if (err)
        goto fail;
    err = handshaker_start(&w->handshaker);
    if (err) {
        snprintf(why, WEBRTC_WHY_MAX, "the handshakes' thread: %s", strerror(-err));
        goto fail;
    }
    *wp = w;
    return 0;

fail:
    webrtc_destroy(w);
    return err;
}

void webrtc_destroy(struct webrtc *w)
{
    if (!w)
        return;
    handshaker_stop(w->handshaker);
    for (unsigned i = 0; i < w->n_ports; i++)
        ice_port_destroy(w->ports[i]);
    free(w->ports);
    free(w);
}

struct handshaker *webrtc_handshaker(struct webrtc *w)
{
    return w->handshaker;
}

struct ice_port *webrtc_ice_port(struct webrtc *w, unsigned loop)
{
    return w->ports[loop];
}
