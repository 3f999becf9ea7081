/* Criterion's runner cannot start under ThreadSanitizer: it maps its shared arena where the
 * sanitizer keeps its shadow. In that build only, this main takes the runner's place: it forks for
 * each test, one after the other, and prints the same summary. It honours init, fini, timeout,
 * disabled and --filter SUITE/NAME with wildcards; parameterised tests are left out. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#endif

#ifdef UNDER_TSAN

#include <criterion/criterion.h>
#include <criterion/event.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEFAULT_TIMEOUT_S = 120 };

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

static const struct criterion_test *current;
static bool failed;

static const struct criterion_test_extra_data *suite_of(const struct criterion_test *t)
{
    for (struct criterion_suite **s = __start_cr_sts; s != NULL && s < __stop_cr_sts; s++) {
        if (*s != NULL && strcmp((*s)->name, t->category) == 0)
            return (*s)->data;
    }
    return NULL;
}

void criterion_internal_test_setup(void)
{
    const struct criterion_test_extra_data *suite = suite_of(current);
    if (suite != NULL && suite->init != NULL)
        suite->init();
    if (current->data->init != NULL)
        current->data->init();
}

void criterion_internal_test_main(void (*fn)(void))
{
    fn();
}

void criterion_internal_test_teardown(void)
{
    const struct criterion_test_extra_data *suite = suite_of(current);
    if (current->data->fini != NULL)
        current->data->fini();
    if (suite != NULL && suite->fini != NULL)
        suite->fini();
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (!stats->passed)
        fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void criterion_abort_test(void)
{
    _exit(1);
}

void criterion_continue_test(void)
{
    failed = true;
}

void criterion_skip_test(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    exit(0);
}

static unsigned timeout_of(const struct criterion_test *t)
{
    const struct criterion_test_extra_data *suite = suite_of(t);
    double seconds = t->data->timeout;
    if (seconds <= 0 && suite != NULL)
        seconds = suite->timeout;
    /* Everything is several times slower here. */
    return seconds > 0 ? (unsigned)(seconds * 5) + 1 : DEFAULT_TIMEOUT_S;
}

/* The sanitizer makes the exit status of a test with a race 66. */
static bool run(const struct criterion_test *t)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        current = t;
        alarm(timeout_of(t));
        t->test();
        exit(failed ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    bool ok = t->data->signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == t->data->signal
                                   : WIFEXITED(status) && WEXITSTATUS(status) == t->data->exit_code;
    if (!ok)
        fprintf(stderr, "[FAIL] %s::%s: status %#x\n", t->category, t->name, (unsigned)status);
    return ok;
}

static bool wanted(const struct criterion_test *t, const char *filter)
{
    const struct criterion_test_extra_data *suite = suite_of(t);
    char name[256];
    snprintf(name, sizeof name, "%s/%s", t->category, t->name);
    return t->data->kind_ == CR_TEST_NORMAL && !t->data->disabled &&
           (suite == NULL || !suite->disabled) && fnmatch(filter, name, 0) == 0;
}

int main(int argc, char **argv)
{
    const char *filter = argc == 3 && strcmp(argv[1], "--filter") == 0 ? argv[2] : "*";
    unsigned tested = 0, passed = 0;
    for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
        if (*t == NULL || !wanted(*t, filter))
            continue;
        tested++;
        passed += run(*t);
    }
    fprintf(stderr, "[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: 0\n",
        tested, passed, tested - passed);
    return passed == tested ? 0 : 1;
}

#else
typedef int tsan_main_is_for_the_tsan_build;
#endif
