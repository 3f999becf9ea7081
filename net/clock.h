#ifndef NET_CLOCK_H
#define NET_CLOCK_H

/* The system's clocks in microseconds. [any] */

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_timespec_us(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_nsec / 1000;
}

static inline uint64_t clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return clock_timespec_us(&t);
}

#endif
