#include "mcu/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STOP_MS = 10000 }; /* how long a test lets the writer finish; it takes far less */

/* All that was written to the file behind fd. */
static char *slurp(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)len + 1);
    cr_assert_eq(pread(fd, text, (size_t)len, 0), len);
    return text;
}

static int scratch(void)
{
    char path[] = "/tmp/mischpult-log-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    return fd;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

Test(log, a_line_an_event)
{
    int fd = scratch();
    cr_assert_eq(log_start(fd, LOG_LEVEL_INFO, false), 0);
    LOG_INFO("room:4f1c", "closed", log_int("participants", -3), log_text("why", "a b=\"c\"\n\xff"),
        log_real("ratio", 0.5), log_text("nothing", NULL));
    LOG_DEBUG("room:4f1c", "unheard", log_int("x", 1));
    log_stop(STOP_MS);
    char *text = slurp(fd);
    cr_assert_eq(lines_of(text), 1, "%s", text);
    cr_assert_str_eq(strchr(text, ' '),
        " info room:4f1c closed participants=-3 "
        "why=\"a b=\\u0022c\\u0022\\u000a\\u00ff\" ratio=0.5 nothing=-\n");
    cr_assert_eq(strspn(text, "0123456789-T:.Z"), strlen("2026-01-01T00:00:00.000000Z"));
    free(text);
    close(fd);
}

Test(log, json_lines_are_json)
{
    int fd = scratch();
    cr_assert_eq(log_start(fd, LOG_LEVEL_DEBUG, true), 0);
    LOG_WARN("a\"b", "e\n", log_text("text", "\x01 \\ \" \x7f"), log_real("nan", NAN),
        log_real("inf", -INFINITY), log_int("least", INT64_MIN));
    log_stop(STOP_MS);
    char *text = slurp(fd);
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(line, "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(line, "text")), "\x01 \\ \" \x7f");
    cr_assert(json_is_null(json_object_get(line, "nan")));
    cr_assert_str_eq(json_string_value(json_object_get(line, "level")), "warn");
    cr_assert_eq(json_integer_value(json_object_get(line, "least")), INT64_MIN);
    json_decref(line);
    free(text);
    close(fd);
}

Test(log, a_field_that_does_not_fit_is_left_out_whole)
{
    char big[2 * LOG_LINE_MAX];
    int fd = scratch();
    memset(big, '"', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    cr_assert_eq(log_start(fd, LOG_LEVEL_INFO, true), 0);
    LOG_INFO("o", "e", log_int("kept", 1), log_text("big", big), log_int("after", 1));
    log_stop(STOP_MS);
    char *text = slurp(fd);
    json_t *line = json_loads(text, 0, NULL);
    cr_assert_not_null(line, "%s", text);
    cr_assert_not_null(json_object_get(line, "kept"));
    cr_assert_null(json_object_get(line, "big"));
    json_decref(line);
    free(text);
    close(fd);
}

enum { THREADS = 4, EACH = 20000 };
static void *shout(void *arg)
{
    for (int i = 0; i < EACH; i++)
        LOG_INFO("thread", "said", log_int("who", (int64_t)(intptr_t)arg), log_int("i", i));
    return NULL;
}

/* From many threads at once, faster than any disk: each line is written whole or counted lost, and
 * the lines of one thread stay in order. */
Test(log, many_threads_lose_lines_but_never_mix_them)
{
    pthread_t threads[THREADS];
    int fd = scratch(), last[THREADS];
    cr_assert_eq(log_start(fd, LOG_LEVEL_INFO, false), 0);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, shout, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    log_stop(STOP_MS);
    struct log_stats stats;
    log_stats(&stats);
    cr_assert_eq(stats.written + stats.lost, THREADS * EACH);
    char *text = slurp(fd), *save = NULL;
    size_t said = 0;
    memset(last, -1, sizeof last);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        int who, i;
        if (strstr(line, " log lost "))
            continue;
        cr_assert_eq(sscanf(strchr(line, ' '), " info thread said who=%d i=%d", &who, &i), 2);
        cr_assert(who >= 0 && who < THREADS && i > last[who], "%s", line);
        last[who] = i;
        said++;
    }
    cr_assert_eq(said, stats.written);
    free(text);
    close(fd);
}

/* Nobody reads the pipe: callers go on, lines are lost and counted; when it is read again, the next
 * lines come and say how many are missing. */
Test(log, a_stuck_pipe_stops_nobody)
{
    int ends[2];
    struct log_stats stats;
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(log_start(ends[1], LOG_LEVEL_INFO, false), 0);
    do {
        for (int i = 0; i < 1000; i++)
            LOG_INFO("o", "e", log_int("i", i));
        log_stats(&stats);
    } while (!stats.lost);
    char buf[4096], seen[64] = "";
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    while (!strstr(seen, "log lost") && poll(&p, 1, 20000) > 0) {
        ssize_t n = read(ends[0], buf, sizeof buf - 1);
        buf[n > 0 ? n : 0] = '\0';
        const char *told = strstr(buf, " log lost lines=");
        if (told)
            snprintf(seen, sizeof seen, "%.60s", told + 1);
    }
    cr_assert_not_null(strstr(seen, "log lost lines="));
    LOG_INFO("o", "again", log_int("i", 1));
    log_stop(STOP_MS);
    close(ends[0]);
    close(ends[1]);
}

Test(log, a_closed_pipe_stops_nobody)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    cr_assert_eq(log_start(ends[1], LOG_LEVEL_INFO, false), 0);
    for (int i = 0; i < 100; i++)
        LOG_INFO("o", "e", log_int("i", i));
    log_stop(STOP_MS);
    struct log_stats stats;
    log_stats(&stats);
    cr_assert_eq(stats.written, 0);
    cr_assert_eq(stats.lost, 100);
    close(ends[1]);
}

Test(log, a_full_disk_costs_lines_only)
{
    int fd = open("/dev/full", O_WRONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(log_start(fd, LOG_LEVEL_INFO, false), 0);
    for (int i = 0; i < 100; i++)
        LOG_INFO("o", "e", log_int("i", i));
    log_stop(STOP_MS);
    struct log_stats stats;
    log_stats(&stats);
    cr_assert_eq(stats.written, 0);
    cr_assert_eq(stats.lost, 100);
    close(fd);
}

/* A stuck pipe must not hold up the end of the program either. */
Test(log, stop_does_not_wait_for_a_stuck_pipe)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(log_start(ends[1], LOG_LEVEL_INFO, false), 0);
    for (int i = 0; i < 3000; i++)
        LOG_INFO("o", "e", log_int("i", i));
    log_stop(50);
    close(ends[0]);
    close(ends[1]);
}

Test(log, before_the_start_events_are_lost_and_counted)
{
    struct log_stats before, after;
    log_configure(LOG_LEVEL_INFO, false);
    log_stats(&before);
    LOG_INFO("o", "e", log_int("i", 1));
    log_stats(&after);
    cr_assert_eq(after.lost, before.lost + 1);
}
