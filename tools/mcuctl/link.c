#include "tools/mcuctl/link.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "90", "90s", "15m", "2h", "1d" in seconds; 0: none of these. */
static long parse_span(const char *text)
{
    static const struct {
        const char *unit;
        long seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + digits, units[i].unit) == 0)
            return strtol(text, NULL, 10) * units[i].seconds;
    return 0;
}

static bool is_base(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

bool link_parse(int argc, char **argv, struct link_wishes *out)
{
    *out = (struct link_wishes){0};
    for (int i = 0; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--role") == 0 && *value != '\0') {
            out->role = value;
        } else if (strcmp(argv[i], "--base") == 0 && is_base(value)) {
            out->base = value;
        } else if (strcmp(argv[i], "--expires") == 0 && parse_span(value) > 0) {
            out->expires_s = parse_span(value);
        } else {
            fprintf(stderr,
                "mcuctl: link ROOM takes --role viewer|participant|moderator, --expires as in 15m, "
                "2h or 1d, and --base https://host\n");
            return false;
        }
    }
    return true;
}

json_t *link_body(const struct link_wishes *w)
{
    json_t *body = json_object();
    int err = 0;
    if (w->role != NULL)
        err |= json_object_set_new(body, "role", json_string(w->role));
    if (w->expires_s != 0)
        err |= json_object_set_new(body, "expires_s", json_integer(w->expires_s));
    if (err == 0)
        return body;
    json_decref(body);
    return NULL;
}

static const char *text_of(const json_t *reply, const char *key)
{
    const char *text = json_string_value(json_object_get(reply, key));
    return text != NULL ? text : "";
}

void link_print(FILE *out, const struct link_wishes *w, const char *room, const json_t *reply)
{
    char end[64];
    struct tm tm;
    time_t expires = (time_t)json_integer_value(json_object_get(reply, "expires"));
    strftime(end, sizeof end, "%Y-%m-%d %H:%M %Z", localtime_r(&expires, &tm));
    size_t len = w->base != NULL ? strlen(w->base) : 0;
    while (len > 0 && w->base[len - 1] == '/')
        len--;
    if (len > 0)
        fprintf(out, "%.*s/r/%s#t=%s\n", (int)len, w->base, room, text_of(reply, "token"));
    else
        fprintf(out, "%s\n", text_of(reply, "url"));
    fprintf(out, "lets in as %s until %s\n", text_of(reply, "role"), end);
}
