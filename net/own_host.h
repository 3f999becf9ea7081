#ifndef NET_OWN_HOST_H
#define NET_OWN_HOST_H

/* Sockets on an address that the network can reach, but for this host alone: some programs
 * (Firefox) never use loopback addresses, also for a server beside them. A filter in the kernel
 * drops what has another source than an address of this host; that nobody outside can claim one of
 * those the kernel sees to by itself (martian sources). IPv4. [any] */

#include "net/addr.h"

#include <stddef.h>

enum { OWN_HOST_MAX = 4 };

/* Addresses of this host other than loopback and link-local, port 0; their number. */
size_t own_host_addresses(struct net_addr out[static OWN_HOST_MAX]);
/* From now on fd takes packets and connections from these addresses only. 0 or a negative errno;
 * before a listen(2) nothing slips through. */
int own_host_only(int fd, const struct net_addr *own, size_t n);

#endif
