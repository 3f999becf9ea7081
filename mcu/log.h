#ifndef MCU_LOG_H
#define MCU_LOG_H

/* The log: one line an event, "time level object event key=value…" or the same as JSON. A call
 * formats into a slot of a bounded lock-free ring and returns; a thread of its own writes. Nothing
 * here blocks, allocates or makes a system call, so media loops may log outside the tick. When the
 * ring is full the line is dropped and counted; a full disk or a stuck pipe costs lines, never
 * time. No names, addresses, tokens or SDP go in here. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_LINE_MAX = 440 }; /* bytes of a line without its time; fields beyond are left out */

struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_REAL } type;
    const char *text; /* copied; unprintable bytes are escaped */
    int64_t integer;
    double real;
};

static inline struct log_field log_text(const char *key, const char *text)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_TEXT, .text = text};
}
static inline struct log_field log_int(const char *key, int64_t integer)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_INT, .integer = integer};
}
static inline struct log_field log_real(const char *key, double real)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_REAL, .real = real};
}

/* Starts the writer on fd (not owned). 0, or -ENOMEM, -EAGAIN. Before it, and after log_stop,
 * events are dropped and counted. */
int log_start(int fd, enum log_level level, bool json);
/* Writes what is queued, for at most wait_ms, and ends the writer. [control] */
void log_stop(unsigned wait_ms);
void log_configure(enum log_level level, bool json);
bool log_enabled(enum log_level level);

/* object: the kind and id of what it is about ("room:4f1c"); event: one word or two_words. */
void log_event(enum log_level level, const char *object, const char *event,
    const struct log_field *fields, size_t count);

#define LOG(level, object, event, ...)                                                             \
    log_event((level), (object), (event), (const struct log_field[]){__VA_ARGS__},                 \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
/* LOG_INFO("room:4f1c", "closed", log_int("participants", 3)); at least one field. */
#define LOG_ERROR(object, event, ...) LOG(LOG_LEVEL_ERROR, object, event, __VA_ARGS__)
#define LOG_WARN(object, event, ...)  LOG(LOG_LEVEL_WARN, object, event, __VA_ARGS__)
#define LOG_INFO(object, event, ...)  LOG(LOG_LEVEL_INFO, object, event, __VA_ARGS__)
#define LOG_DEBUG(object, event, ...) LOG(LOG_LEVEL_DEBUG, object, event, __VA_ARGS__)

struct log_stats {
    uint64_t written, lost; /* lines */
};
void log_stats(struct log_stats *out);

#endif
