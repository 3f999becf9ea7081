#ifndef BENCH_SUPPORT_MICRO_H
#define BENCH_SUPPORT_MICRO_H

/* What programs that measure one hot path share: the CPU time of this thread, the median of several
 * rounds as a row «name us 1.234». */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MICRO_ROUNDS = 11 };

static inline double micro_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline void micro_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static inline int micro_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* us[]: of `per_round` things each. The median of one. */
static inline double micro_row(const char *name, double us[static MICRO_ROUNDS], unsigned per_round)
{
    qsort(us, MICRO_ROUNDS, sizeof *us, micro_by_value);
    double each = us[MICRO_ROUNDS / 2] / per_round;
    printf("%s us %.3f\n", name, each);
    return each;
}

#endif
