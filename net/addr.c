#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_UNPRIVILEGED_PORT = 1024 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */

static struct net_addr from_v6(const uint8_t ip[16], uint16_t port, uint32_t scope)
{
    struct net_addr a = {.family = AF_INET6, .port = port, .scope = scope};
    if (memcmp(ip, mapped_prefix, sizeof mapped_prefix) == 0) {
        a.family = AF_INET;
        a.scope = 0;
        memcpy(a.ip, ip + 12, 4);
    } else {
        memcpy(a.ip, ip, 16);
    }
    return a;
}

/* text[0 … len) without brackets */
static int parse_ip(struct net_addr *out, const char *text, size_t len, uint16_t port)
{
    char buf[INET6_ADDRSTRLEN];
    if (len == 0 || len >= sizeof buf)
        return -EINVAL;
    memcpy(buf, text, len);
    buf[len] = '\0';

    uint8_t ip[16];
    if (inet_pton(AF_INET, buf, ip) == 1) {
        *out = (struct net_addr){.family = AF_INET, .port = port};
        memcpy(out->ip, ip, 4);
        return 0;
    }
    if (inet_pton(AF_INET6, buf, ip) == 1) {
        *out = from_v6(ip, port, 0);
        return 0;
    }
    return -EINVAL;
}

int net_addr_parse(struct net_addr *out, const char *ip, uint16_t port)
{
    size_t len = strlen(ip);
    if (len >= 2 && ip[0] == '[' && ip[len - 1] == ']') {
        if (!memchr(ip, ':', len))
            return -EINVAL; /* brackets are for IPv6 */
        return parse_ip(out, ip + 1, len - 2, port);
    }
    return parse_ip(out, ip, len, port);
}

const char *net_addr_format_ip(const struct net_addr *a, char *buf, size_t cap)
{
    if (a->family == 0 || !inet_ntop(a->family, a->ip, buf, (socklen_t)cap))
        snprintf(buf, cap, "none");
    return buf;
}

const char *net_addr_format(const struct net_addr *a, char *buf, size_t cap)
{
    char ip[INET6_ADDRSTRLEN];
    net_addr_format_ip(a, ip, sizeof ip);
    snprintf(buf, cap, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, a->port);
    return buf;
}

bool net_addr_is_set(const struct net_addr *a)
{
    return a->family != 0;
}

bool net_addr_same_ip(const struct net_addr *a, const struct net_addr *b)
{
    return a->family == b->family && a->scope == b->scope &&
           memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    return a->port == b->port && net_addr_same_ip(a, b);
}

bool net_addr_is_any(const struct net_addr *a)
{
    static const uint8_t zero[16];
    return a->family != 0 && memcmp(a->ip, zero, sizeof zero) == 0;
}

bool net_addr_is_loopback(const struct net_addr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    if (a->family == AF_INET)
        return a->ip[0] == 127;
    return a->family == AF_INET6 && memcmp(a->ip, one, sizeof one) == 0;
}

int net_addr_from_sockaddr(struct net_addr *out, const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        *out = (struct net_addr){.family = AF_INET, .port = ntohs(in.sin_port)};
        memcpy(out->ip, &in.sin_addr, 4);
        return 0;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        *out = from_v6(in6.sin6_addr.s6_addr, ntohs(in6.sin6_port), in6.sin6_scope_id);
        return 0;
    }
    return -EAFNOSUPPORT;
}

socklen_t net_addr_to_sockaddr(const struct net_addr *a, struct sockaddr_storage *out)
{
    if (a->family == AF_INET) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
        memcpy(&in.sin_addr, a->ip, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (a->family == AF_INET6) {
        struct sockaddr_in6 in6 = {
            .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};
        memcpy(&in6.sin6_addr, a->ip, 16);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return 0;
}

static bool v4_unicast(const uint8_t ip[4])
{
    if (ip[0] == 0 || ip[0] >= 224)
        return false; /* this network, multicast, reserved and broadcast */
    return !(ip[0] == 169 && ip[1] == 254);
}

/* The IPv4 address an IPv6 one leads to, or NULL: NAT64 (RFC 6052), 6to4 (RFC 3056) and the old
 * IPv4-compatible form. */
static const uint8_t *embedded_v4(const uint8_t ip[16])
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, compatible[12];
    if (memcmp(ip, nat64, 12) == 0 || memcmp(ip, compatible, 12) == 0)
        return ip + 12;
    return ip[0] == 0x20 && ip[1] == 0x02 ? ip + 2 : NULL;
}

static bool v6_unicast(const uint8_t ip[16])
{
    if (ip[0] == 0xff || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80))
        return false; /* multicast, link-local */
    const uint8_t *v4 = embedded_v4(ip);
    return !v4 || (v4_unicast(v4) && v4[0] != 127);
}

bool net_addr_media_ok(const struct net_addr *a, const struct net_addr *local_bind)
{
    if (a->family == 0 || a->port < FIRST_UNPRIVILEGED_PORT)
        return false;
    if (net_addr_is_loopback(a))
        return net_addr_is_loopback(local_bind);
    return a->family == AF_INET ? v4_unicast(a->ip) : v6_unicast(a->ip);
}
