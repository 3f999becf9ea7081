#include "net/own_host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { SOURCE_OFFSET = 12 /* in the IPv4 header */ };

static bool is_link_local(const struct net_addr *a)
{
    return a->ip[0] == 169 && a->ip[1] == 254;
}

size_t own_host_addresses(struct net_addr out[static OWN_HOST_MAX])
{
    struct ifaddrs *all;
    size_t n = 0;
    if (getifaddrs(&all))
        return 0;
    for (const struct ifaddrs *i = all; i && n < OWN_HOST_MAX; i = i->ifa_next) {
        struct net_addr a;
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            net_addr_from_sockaddr(&a, i->ifa_addr) || net_addr_is_loopback(&a) ||
            is_link_local(&a))
            continue;
        a.port = 0;
        out[n++] = a;
    }
    freeifaddrs(all);
    return n;
}

int own_host_only(int fd, const struct net_addr *own, size_t n)
{
    struct sock_filter code[OWN_HOST_MAX + 3];
    size_t len = 0;
    if (n > OWN_HOST_MAX)
        return -EINVAL;
    code[len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + SOURCE_OFFSET);
    for (size_t i = 0; i < n; i++) {
        uint32_t ip;
        memcpy(&ip, own[i].ip, sizeof ip);
        code[len++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(ip), (uint8_t)(n - i), 0);
    }
    code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
    const struct sock_fprog program = {.len = (unsigned short)len, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? -errno : 0;
}
