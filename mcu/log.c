#include "mcu/log.h"

#include "net/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RING = 2048,      /* records; a power of two */
    BATCH = 4096,     /* bytes a write: PIPE_BUF, so a pipe that polls writable takes them all */
    POLL_MS = 40,     /* how often the writer looks; callers make no system call to wake it */
    STUCK_MS = 200,   /* one wait for a descriptor that takes nothing */
    STAMP_BYTES = 48, /* room for the time, in either form */
};

/* Bounded queue for many writers and one reader (after Vyukov): a slot belongs to the position
 * `turn` says; turn == position: free for it, turn == position + 1: filled. */
struct record {
    _Atomic uint64_t turn;
    int64_t time_ns; /* CLOCK_REALTIME */
    uint32_t len;
    char text[LOG_LINE_MAX];
};

static struct {
    _Atomic bool running;
    _Atomic int level;
    _Atomic bool json;
    _Atomic uint64_t head; /* next position to fill */
    uint64_t tail;         /* next to write; the writer's */
    struct record *ring;
    _Atomic uint64_t written, lost;
    uint64_t lost_told;
    _Atomic bool stopping;
    _Atomic uint64_t stop_by_ms; /* CLOCK_MONOTONIC */
    int fd;
    pthread_t writer;
    char out[BATCH];
    size_t out_len, out_lines;
    bool failed; /* the last write */
} log_;

/* --- formatting, on the caller's thread ------------------------------------------------------- */
struct text {
    char *at, *end;
};

static void put(struct text *t, const char *s)
{
    while (*s && t->at < t->end)
        *t->at++ = *s++;
}

static bool is_word(const char *s)
{
    for (; *s; s++)
        if (*s <= 0x20 || *s >= 0x7f || strchr("=\"\\", *s))
            return false;
    return true;
}

/* Only printable ASCII leaves as it is, so that a value can neither end the line nor pretend to be
 * another key. t->at == t->end says that it did not fit. */
static void put_escaped(struct text *t, const char *s)
{
    char code[8];
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (t->end - t->at < (ptrdiff_t)sizeof(code)) {
            t->at = t->end;
            return;
        }
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            *t->at++ = (char)c;
            continue;
        }
        snprintf(code, sizeof(code), "\\u%04x", c);
        put(t, code);
    }
}

static void put_value(struct text *t, const char *s, bool json)
{
    bool quoted = json || !is_word(s);
    put(t, quoted ? "\"" : "");
    put_escaped(t, s);
    put(t, quoted ? "\"" : "");
}

static void put_field(struct text *t, const struct log_field *f, bool json)
{
    char number[32];
    if (f->type == LOG_FIELD_INT)
        snprintf(number, sizeof(number), "%lld", (long long)f->integer);
    else if (f->type == LOG_FIELD_REAL)
        snprintf(number, sizeof(number), f->real - f->real == 0 ? "%.6g" : "null", f->real);
    put(t, json ? ",\"" : " ");
    put(t, f->key);
    put(t, json ? "\":" : "=");
    if (f->type != LOG_FIELD_TEXT) {
        put(t, number);
        return;
    }
    put_value(t, f->text ? f->text : "-", json);
}

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static size_t format(char *buf, size_t cap, bool json, enum log_level level, const char *object,
    const char *event, const struct log_field *fields, size_t count)
{
    struct text t = {buf, buf + cap - 2}; /* room for the end of the line */
    put(&t, json ? "\"level\":\"" : "");
    put(&t, level_names[level]);
    put(&t, json ? "\",\"object\":" : " ");
    put_value(&t, object, json);
    put(&t, json ? ",\"event\":" : " ");
    put_value(&t, event, json);
    for (size_t i = 0; i < count; i++) {
        char *before = t.at;
        put_field(&t, &fields[i], json);
        if (t.at >= t.end) { /* a field that does not fit is left out: half of one misleads */
            t.at = before;
            break;
        }
    }
    if (json)
        *t.at++ = '}';
    *t.at++ = '\n';
    return (size_t)(t.at - buf);
}

/* A free record for position *pos, or NULL: the ring is full. */
static struct record *claim(uint64_t *pos)
{
    *pos = atomic_load_explicit(&log_.head, memory_order_relaxed);
    for (;;) {
        struct record *r = &log_.ring[*pos % RING];
        int64_t lead = (int64_t)(atomic_load_explicit(&r->turn, memory_order_acquire) - *pos);
        if (lead < 0)
            return NULL;
        if (lead > 0)
            *pos = atomic_load_explicit(&log_.head, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(
                     &log_.head, pos, *pos + 1, memory_order_relaxed, memory_order_relaxed))
            return r;
    }
}

void log_event(enum log_level level, const char *object, const char *event,
    const struct log_field *fields, size_t count)
{
    struct timespec now;
    uint64_t pos;
    if (!log_enabled(level))
        return;
    struct record *r =
        atomic_load_explicit(&log_.running, memory_order_acquire) ? claim(&pos) : NULL;
    if (!r) {
        atomic_fetch_add_explicit(&log_.lost, 1, memory_order_relaxed);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    r->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    r->len =
        (uint32_t)format(r->text, sizeof(r->text), log_.json, level, object, event, fields, count);
    atomic_store_explicit(&r->turn, pos + 1, memory_order_release);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log_.level, memory_order_relaxed);
}

/* --- the writer ------------------------------------------------------------------------------- */
static uint64_t monotonic_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

static bool out_of_time(void)
{
    return atomic_load(&log_.stopping) && monotonic_ms() >= atomic_load(&log_.stop_by_ms);
}

/* False: the descriptor takes nothing now; the batch stays. */
static bool flush(void)
{
    struct pollfd p = {.fd = log_.fd, .events = POLLOUT};
    if (!log_.out_len)
        return true;
    if (poll(&p, 1, STUCK_MS) <= 0)
        return false;
    ssize_t n = write(log_.fd, log_.out, log_.out_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    log_.failed = n != (ssize_t)log_.out_len;
    if (!log_.failed)
        atomic_fetch_add(&log_.written, log_.out_lines);
    else /* full disk, closed pipe: the lines are gone, the server goes on */
        atomic_fetch_add(&log_.lost, log_.out_lines);
    log_.out_len = log_.out_lines = 0;
    return true;
}

static size_t stamp(char *buf, size_t cap, int64_t time_ns, bool json)
{
    struct tm tm;
    time_t seconds = (time_t)(time_ns / 1000000000);
    gmtime_r(&seconds, &tm);
    size_t n = json ? (size_t)snprintf(buf, cap, "{\"time\":\"") : 0;
    n += strftime(buf + n, cap - n, "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(
        buf + n, cap - n, ".%06dZ%s", (int)(time_ns % 1000000000 / 1000), json ? "\"," : " ");
    return n;
}

static bool append(int64_t time_ns, const char *text, size_t len)
{
    if (log_.out_len + STAMP_BYTES + len > sizeof(log_.out) && !flush())
        return false;
    bool json = text[0] == '"'; /* the form it was made in; the switch may come between */
    log_.out_len += stamp(log_.out + log_.out_len, STAMP_BYTES, time_ns, json);
    memcpy(log_.out + log_.out_len, text, len);
    log_.out_len += len;
    log_.out_lines++;
    return true;
}

/* Said once things go again, as nobody can be told while they do not. */
static void tell_losses(void)
{
    char text[128];
    struct timespec now;
    uint64_t lost = atomic_load(&log_.lost);
    if (lost == log_.lost_told)
        return;
    struct log_field field = log_int("lines", (int64_t)(lost - log_.lost_told));
    size_t len = format(text, sizeof(text), log_.json, LOG_LEVEL_WARN, "log", "lost", &field, 1);
    clock_gettime(CLOCK_REALTIME, &now);
    if (!append((int64_t)now.tv_sec * 1000000000 + now.tv_nsec, text, len))
        return;
    log_.out_lines--; /* not an event: it is tried again until it goes */
    if (flush() && !log_.failed)
        log_.lost_told = lost;
}

/* True when the ring is empty. */
static bool drain(void)
{
    for (;;) {
        struct record *r = &log_.ring[log_.tail % RING];
        if (atomic_load_explicit(&r->turn, memory_order_acquire) != log_.tail + 1)
            return flush();
        if (!append(r->time_ns, r->text, r->len))
            return false;
        atomic_store_explicit(&r->turn, log_.tail + RING, memory_order_release);
        log_.tail++;
    }
}

static void *write_lines(void *arg)
{
    const struct timespec nap = {.tv_nsec = POLL_MS * 1000000L};
    (void)arg;
    for (;;) {
        bool stopping = atomic_load(&log_.stopping);
        uint64_t lost = atomic_load(&log_.lost);
        bool empty = drain();
        if (empty && lost == atomic_load(&log_.lost)) { /* this round's writes went through */
            tell_losses();
            empty = !log_.out_len;
        }
        if ((stopping && empty) || out_of_time())
            return NULL;
        if (!stopping)
            nanosleep(&nap, NULL);
    }
}

static int start_writer(void)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are the control loop's; SIGPIPE becomes EPIPE */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&log_.writer, NULL, write_lines, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

int log_start(int fd, enum log_level level, bool json)
{
    if (!log_.ring) /* kept over a stop: a late caller may still hold a record */
        log_.ring = calloc(RING, sizeof(*log_.ring));
    if (!log_.ring)
        return -ENOMEM;
    for (uint64_t i = 0; i < RING; i++)
        atomic_store(&log_.ring[i].turn, i);
    log_.fd = fd;
    log_.tail = log_.out_len = log_.out_lines = log_.lost_told = 0;
    atomic_store(&log_.head, 0);
    atomic_store(&log_.written, 0);
    atomic_store(&log_.lost, 0);
    atomic_store(&log_.stopping, false);
    log_configure(level, json);
    int err = start_writer();
    if (!err)
        atomic_store_explicit(&log_.running, true, memory_order_release);
    return err;
}

void log_stop(unsigned wait_ms)
{
    struct timespec until;
    if (!atomic_exchange(&log_.running, false))
        return;
    atomic_store(&log_.stop_by_ms, monotonic_ms() + wait_ms);
    atomic_store(&log_.stopping, true);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(wait_ms / 1000) + 1;
    if (pthread_timedjoin_np(log_.writer, NULL, &until)) /* stuck in write(2): left behind */
        pthread_detach(log_.writer);
}

void log_configure(enum log_level level, bool json)
{
    atomic_store(&log_.level, (int)level);
    atomic_store(&log_.json, json);
}

void log_stats(struct log_stats *out)
{
    out->written = atomic_load(&log_.written);
    out->lost = atomic_load(&log_.lost);
}
