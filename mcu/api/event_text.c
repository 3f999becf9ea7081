#include "mcu/api/event_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_time(char *buf, size_t cap)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t n = strftime(buf, cap, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &tm));
    snprintf(buf + n, cap - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

struct http_message *event_text(json_t *object)
{
    char time_text[40];
    struct http_message *m = NULL;
    print_time(time_text, sizeof(time_text));
    if (object && !json_object_set_new(object, "time", json_string(time_text))) {
        char *text = json_dumps(object, JSON_COMPACT);
        m = text ? http_message_new(text, strlen(text)) : NULL;
        free(text);
    }
    json_decref(object);
    return m;
}
