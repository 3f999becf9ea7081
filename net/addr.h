#ifndef NET_ADDR_H
#define NET_ADDR_H

/* A numeric IP address and port. Names are never resolved. IPv4 addresses mapped into IPv6 are
 * held as IPv4, so that one host compares equal whatever socket it came by. Pure. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { NET_ADDR_TEXT_MAX = 64 }; /* room for any address, with port and scope, as text */

struct net_addr {
    uint16_t family; /* AF_INET, AF_INET6, or 0: unset (all zero) */
    uint16_t port;   /* host order */
    uint32_t scope;  /* interface of a link-local IPv6 address, else 0 */
    uint8_t ip[16];  /* network order; IPv4 uses the first four, the rest is zero */
};

/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". 0, or -EINVAL and out untouched. */
int net_addr_parse(struct net_addr *out, const char *ip, uint16_t port);

/* Writes "192.0.2.1:5004" / "[2001:db8::1]:5004"; returns buf. cap >= NET_ADDR_TEXT_MAX. */
const char *net_addr_format(const struct net_addr *a, char *buf, size_t cap);
/* The address without its port, as c= and o= lines of SDP write it. */
const char *net_addr_format_ip(const struct net_addr *a, char *buf, size_t cap);

bool net_addr_is_set(const struct net_addr *a);
bool net_addr_equal(const struct net_addr *a, const struct net_addr *b);   /* address and port */
bool net_addr_same_ip(const struct net_addr *a, const struct net_addr *b); /* whatever the port */
bool net_addr_is_any(const struct net_addr *a);                            /* 0.0.0.0 or :: */
bool net_addr_is_loopback(const struct net_addr *a);

/* 0, or -EAFNOSUPPORT and out untouched. */
int net_addr_from_sockaddr(struct net_addr *out, const struct sockaddr *sa);
/* Length of what was written; 0 when a is unset. */
socklen_t net_addr_to_sockaddr(const struct net_addr *a, struct sockaddr_storage *out);

/* Whether media may be sent to an address a peer named: a server must not become a relay into its
 * own host or network. Refused: port 0 and ports below 1024, unset, 0.0.0.0/8, multicast,
 * broadcast and 240/4, link-local; IPv6 forms that embed such an IPv4 address; and loopback unless
 * local_bind is loopback itself. */
bool net_addr_media_ok(const struct net_addr *a, const struct net_addr *local_bind);

#endif
