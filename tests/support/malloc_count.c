#include "tests/support/malloc_count.h"

#include <errno.h>
#include <stddef.h>

static _Thread_local bool counting;
static _Thread_local unsigned long calls;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef SANITIZED

/* The sanitizers' own allocators tell (sanitizer/allocator_interface.h). */
int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    (void)n;
    calls += counting;
}

static void on_free(const volatile void *p)
{
    (void)p;
}

static void install(void)
{
    static bool installed;
    if (!installed)
        __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    installed = true;
}

#else

/* These take the place of libc's for the whole process and go on to them. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void *malloc(size_t n);
void *calloc(size_t k, size_t n);
void *realloc(void *p, size_t n);
int posix_memalign(void **out, size_t align, size_t n);

void *malloc(size_t n)
{
    calls += counting;
    return __libc_malloc(n);
}

void *calloc(size_t k, size_t n)
{
    calls += counting;
    return __libc_calloc(k, n);
}

void *realloc(void *p, size_t n)
{
    calls += counting;
    return __libc_realloc(p, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    calls += counting;
    *out = __libc_memalign(align, n);
    return *out ? 0 : ENOMEM;
}

static void install(void)
{
}

#endif

void malloc_count_begin(void)
{
    install();
    calls = 0;
    counting = true;
}

unsigned long malloc_count_end(void)
{
    counting = false;
    return calls;
}

/* --- memory that runs out: the linker sends what our own code asks for through here -------------
 */
void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);

static _Thread_local bool failing;
static _Thread_local unsigned long left;

void malloc_fail_after(unsigned long n)
{
    left = n;
    failing = true;
}

void malloc_fail_end(void)
{
    failing = false;
}

static bool runs_out(void)
{
    if (!failing)
        return false;
    if (left) {
        left--;
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return runs_out() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t k, size_t n)
{
    return runs_out() ? NULL : __real_calloc(k, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return runs_out() ? NULL : __real_realloc(p, n);
}
