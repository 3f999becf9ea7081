#include "net/send_batch.h"

#include "net/udp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RECEIVERS = 8 };

static struct send_batch *b;
static struct net_addr to[RECEIVERS], nowhere, from;
static int rx[RECEIVERS], tx;

static int bound(struct net_addr *where)
{
    struct net_addr a;
    cr_assert_eq(net_addr_parse(&a, "127.0.0.1", 0), 0);
    int fd = udp_bind(&a, NULL);
    cr_assert_geq(fd, 0);
    cr_assert_eq(udp_local(fd, where), 0);
    return fd;
}

static void open_all(void)
{
    cr_assert_eq(send_batch_create(&b, 64, 16384), 0);
    tx = bound(&from);
    for (int i = 0; i < RECEIVERS; i++)
        rx[i] = bound(&to[i]);
    close(bound(&nowhere));
}

static void close_all(void)
{
    send_batch_destroy(b);
    close(tx);
    for (int i = 0; i < RECEIVERS; i++)
        close(rx[i]);
}

/* Stands before the C library's: takes full_after packets of full_fd, then fails. */
static int full_fd = -1, full_errno;
static unsigned full_after;

int sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
    if (fd != full_fd)
        return (int)syscall(SYS_sendmmsg, fd, msgs, n, flags);
    if (full_after == 0) {
        errno = full_errno;
        return -1;
    }
    n = n < full_after ? n : full_after;
    full_after -= n;
    return (int)syscall(SYS_sendmmsg, fd, msgs, n, flags);
}

TestSuite(send_batch, .init = open_all, .fini = close_all, .timeout = 60);

static const uint8_t header[12] = {0x80, 111, 0, 1};

/* The next packet of a receiver (loopback delivers before sendmmsg returns): bytes, or -1. */
static ssize_t hear(int i, uint8_t *buf, size_t cap)
{
    return recv(rx[i], buf, cap, MSG_DONTWAIT);
}

static struct send_batch_stats stats(void)
{
    struct send_batch_stats s;
    send_batch_stats(b, &s);
    return s;
}

Test(send_batch, one_call_for_one_socket)
{
    static const uint8_t payload[] = "shared by the group";
    uint8_t got[64];
    for (uint8_t i = 0; i < RECEIVERS; i++) {
        uint8_t h[12];
        memcpy(h, header, 12);
        h[11] = i; /* what differs is in the header, which is copied */
        cr_assert_eq(send_batch_add(b, tx, &to[i], h, 12, payload, sizeof payload), 0);
    }
    cr_assert_eq(hear(0, got, sizeof got), -1, "nothing leaves before the flush");
    cr_assert_eq(send_batch_flush(b), RECEIVERS);
    for (uint8_t i = 0; i < RECEIVERS; i++) {
        cr_assert_eq(hear(i, got, sizeof got), 12 + sizeof payload);
        cr_assert_eq(got[11], i);
        cr_assert_eq(memcmp(got + 12, payload, sizeof payload), 0);
    }
    cr_assert_eq(stats().syscalls, 1);
    cr_assert_eq(stats().packets, RECEIVERS);
    cr_assert_eq(stats().bytes, RECEIVERS * (12 + sizeof payload));
    cr_assert_eq(send_batch_flush(b), 0);
    cr_assert_eq(stats().syscalls, 1);
}

Test(send_batch, a_call_for_each_run_of_a_socket)
{
    struct net_addr other_from;
    int other = bound(&other_from);
    uint8_t got[64];
    for (int i = 0; i < 12; i++)
        cr_assert_eq(send_batch_add(
                         b, i / 3 % 2 ? other : tx, &to[0], header, 12, (uint8_t[]){(uint8_t)i}, 0),
            0);
    cr_assert_eq(send_batch_flush(b), 12);
    cr_assert_eq(stats().syscalls, 4);
    for (int i = 0; i < 12; i++)
        cr_assert_eq(hear(0, got, sizeof got), 12);
    close(other);
}

Test(send_batch, packets_it_owns)
{
    uint8_t got[256];
    for (uint8_t i = 0; i < RECEIVERS; i++) {
        uint8_t *p = send_batch_reserve(b, 200);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % 16, 0);
        memset(p, i, 200);
        if (i % 2)
            continue; /* thought better of it */
        cr_assert_eq(send_batch_commit(b, tx, &to[i], 100u + i), 0);
    }
    cr_assert_eq(send_batch_flush(b), RECEIVERS / 2);
    for (int i = 0; i < RECEIVERS; i++) {
        cr_assert_eq(hear(i, got, sizeof got), i % 2 ? -1 : 100 + i);
        for (int k = 0; i % 2 == 0 && k < 100 + i; k++)
            cr_assert_eq(got[k], i);
    }
}

Test(send_batch, what_is_refused)
{
    struct net_addr unset = {0};
    static uint8_t big[SEND_BATCH_MAX_PACKET + 1];
    struct send_batch *none = NULL;
    cr_assert_eq(send_batch_create(&none, 0, 16384), -EINVAL);
    cr_assert_eq(send_batch_create(&none, 5000, 16384), -EINVAL);
    cr_assert_eq(send_batch_create(&none, 10, 100), -EINVAL);
    cr_assert_null(none);
    send_batch_destroy(NULL);
    cr_assert_eq(send_batch_add(b, tx, &unset, header, 12, big, 1), -EINVAL);
    cr_assert_eq(send_batch_add(b, -1, &to[0], header, 12, big, 1), -EINVAL);
    cr_assert_eq(send_batch_add(b, tx, &to[0], big, SEND_BATCH_MAX_HEADER + 1, big, 1), -EINVAL);
    cr_assert_eq(send_batch_add(b, tx, &to[0], header, 12, big, SEND_BATCH_MAX_PACKET), -EINVAL);
    cr_assert_null(send_batch_reserve(b, SEND_BATCH_MAX_PACKET + 1));
    cr_assert_null(send_batch_reserve(b, 0));
    cr_assert_eq(send_batch_commit(b, tx, &to[0], 10), -EINVAL, "nothing was reserved");
    cr_assert_not_null(send_batch_reserve(b, 10));
    cr_assert_eq(send_batch_commit(b, tx, &to[0], 11), -EINVAL);
    cr_assert_eq(send_batch_flush(b), 0);
}

Test(send_batch, full_means_flush)
{
    uint8_t got[64];
    for (int i = 0; i < 200; i++)
        cr_assert_eq(send_batch_add(b, tx, &to[i % RECEIVERS], header, 12, header, 1), 0);
    send_batch_flush(b);
    cr_assert_eq(stats().packets, 200);
    cr_assert_eq(stats().syscalls, 4);
    for (int i = 0; i < 200; i++)
        cr_assert_eq(hear(i % RECEIVERS, got, sizeof got), 13);
}

Test(send_batch, the_arena_is_full)
{
    static uint8_t got[SEND_BATCH_MAX_PACKET];
    for (uint8_t i = 0; i < 40; i++) {
        uint8_t *p = send_batch_reserve(b, 4000);
        memset(p, i, 4000);
        cr_assert_eq(send_batch_commit(b, tx, &to[i % RECEIVERS], 4000), 0);
    }
    send_batch_flush(b);
    cr_assert_eq(stats().packets, 40);
    for (uint8_t i = 0; i < 40; i++) {
        cr_assert_eq(hear(i % RECEIVERS, got, sizeof got), 4000);
        cr_assert(got[0] == i && got[3999] == i, "packet %u", i);
    }
}

/* Reserved when the packets' table is full: the flush must come before the buffer is handed out, or
 * the next one would be given the same bytes. */
Test(send_batch, reserved_in_a_full_table)
{
    uint8_t got[128];
    for (int i = 0; i < 64; i++) {
        send_batch_reserve(b, 32);
        cr_assert_eq(send_batch_commit(b, tx, &to[1], 32), 0);
    }
    for (uint8_t i = 2; i < RECEIVERS; i++) {
        uint8_t *p = send_batch_reserve(b, 100);
        memset(p, i, 100);
        cr_assert_eq(send_batch_commit(b, tx, &to[i], 100), 0);
        p = send_batch_reserve(b, 1600);
        memset(p, 0xff, 1600);
        cr_assert_eq(send_batch_commit(b, tx, &to[0], 1600), 0);
    }
    cr_assert_eq(send_batch_flush(b), 2 * (RECEIVERS - 2));
    for (int i = 2; i < RECEIVERS; i++) {
        cr_assert_eq(hear(i, got, sizeof got), 100);
        cr_assert(got[0] == i && got[99] == i, "packet to %d", i);
    }
}

/* One that cannot be sent does not keep the others back; each is counted once, none is retried. */
Test(send_batch, errors)
{
    struct net_addr v6, broadcast;
    uint8_t got[64];
    net_addr_parse(&v6, "::1", 40000);
    net_addr_parse(&broadcast, "255.255.255.255", 40000);
    for (int i = 0; i < RECEIVERS; i++) {
        send_batch_add(b, tx, &to[i], header, 12, header, 1);
        send_batch_add(b, tx, i % 2 ? &v6 : &broadcast, header, 12, header, 1);
    }
    cr_assert_eq(send_batch_flush(b), RECEIVERS);
    for (int i = 0; i < RECEIVERS; i++)
        cr_assert_eq(hear(i, got, sizeof got), 13);
    struct send_batch_stats s = stats();
    cr_assert_eq(s.packets, RECEIVERS);
    cr_assert_eq(s.refused + s.errors + s.full, RECEIVERS);
}

Test(send_batch, refused_by_a_closed_port)
{
    struct net_addr connected;
    struct sockaddr_storage sa;
    int fd = bound(&connected);
    socklen_t len = net_addr_to_sockaddr(&nowhere, &sa);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
    for (int i = 0; i < 4; i++) {
        send_batch_add(b, fd, &nowhere, header, 12, header, 1);
        send_batch_flush(b);
    }
    cr_assert_gt(stats().refused, 0);
    cr_assert_eq(stats().refused + stats().packets, 4);
    close(fd);
}

/* A full socket: the rest of its run is dropped at once, other sockets have theirs. */
Test(send_batch, a_full_socket_drops)
{
    static const int errors[] = {EAGAIN, ENOBUFS};
    for (unsigned e = 0; e < 2; e++) {
        struct net_addr other_from;
        int other = bound(&other_from);
        uint8_t got[64];
        struct send_batch_stats before = stats();
        for (int i = 0; i < 10; i++)
            send_batch_add(b, tx, &to[0], header, 12, header, 1);
        for (int i = 0; i < 10; i++)
            send_batch_add(b, other, &to[1], header, 12, header, 1);
        full_fd = tx;
        full_errno = errors[e];
        full_after = 4;
        cr_assert_eq(send_batch_flush(b), 14);
        full_fd = -1;
        cr_assert_eq(stats().full - before.full, 6);
        cr_assert_eq(stats().packets - before.packets, 14);
        cr_assert_eq(stats().syscalls - before.syscalls, 3);
        cr_assert_eq(send_batch_flush(b), 0, "nothing is kept for later");
        for (int i = 0; i < 4; i++)
            cr_assert_eq(hear(0, got, sizeof got), 13);
        for (int i = 0; i < 10; i++)
            cr_assert_eq(hear(1, got, sizeof got), 13);
        close(other);
    }
}

Test(send_batch, interrupted)
{
    full_fd = tx;
    full_errno = EINTR;
    full_after = 0;
    for (int i = 0; i < 3; i++)
        send_batch_add(b, tx, &to[0], header, 12, header, 1);
    send_batch_flush(b); /* comes back though every call is interrupted */
    full_fd = -1;
    cr_assert_eq(stats().packets, 0);
}
