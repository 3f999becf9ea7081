#ifndef TESTS_SUPPORT_MALLOC_COUNT_H
#define TESTS_SUPPORT_MALLOC_COUNT_H

/* How often this thread asks for heap memory (malloc, calloc, realloc, aligned), in any library. */

void malloc_count_begin(void);
/* Calls since malloc_count_begin; counting ends. */
unsigned long malloc_count_end(void);

#endif
