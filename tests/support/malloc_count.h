#ifndef TESTS_SUPPORT_MALLOC_COUNT_H
#define TESTS_SUPPORT_MALLOC_COUNT_H

/* How often this thread asks for heap memory (malloc, calloc, realloc, aligned), in any library;
 * and memory that runs out. */

#include <stdbool.h>

void malloc_count_begin(void);
/* Calls since malloc_count_begin; counting ends. */
unsigned long malloc_count_end(void);

/* After n more malloc, calloc or realloc of our own code this thread gets no memory from them,
 * until malloc_fail_end. */
void malloc_fail_after(unsigned long n);
void malloc_fail_end(void);

#endif
