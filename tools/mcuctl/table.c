#include "tools/mcuctl/table.h"

#include <math.h>
#include <string.h>

enum { NAME_COLUMNS = 20, BAR_COLUMNS = 20, QUIETEST_DBOV = 60, SILENT_DBOV = 127 };

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : otherwise;
}

static double number_of(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static bool flag_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

void table_text(FILE *out, const char *text, unsigned columns)
{
    unsigned used = 0;
    for (const char *c = text; *c != '\0' && used <= columns; c++) {
        bool continues = ((unsigned char)*c & 0xC0) == 0x80;
        used += !continues;
        if (used <= columns)
            fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, out);
    }
    for (; used < columns; used++)
        fputc(' ', out);
}

void table_rooms(FILE *out, const json_t *rooms)
{
    size_t i;
    json_t *room;
    fprintf(out, "%-32s %12s %12s\n", "ROOM", "PARTICIPANTS", "MAX SPEAKERS");
    json_array_foreach((json_t *)rooms, i, room)
    {
        table_text(out, text_of(room, "name", "?"), 32);
        fprintf(out, " %12.0f %12.0f\n", number_of(room, "participants", 0),
            number_of(room, "max_speakers", 0));
    }
}

/* below_dbov as in RFC 6464: 0 loudest, 127 silent. */
static void print_bar(FILE *out, double below_dbov)
{
    double share = 1 - fmin(below_dbov, QUIETEST_DBOV) / QUIETEST_DBOV;
    unsigned filled = (unsigned)lround(share * BAR_COLUMNS);
    for (unsigned i = 0; i < BAR_COLUMNS; i++)
        fputc(i < filled ? '#' : '.', out);
}

static const char *state_of(const json_t *p, const json_t *stats)
{
    if (flag_of(p, "muted"))
        return "muted";
    if (flag_of(p, "held"))
        return "held";
    return flag_of(stats, "talking") ? "TALKS" : "";
}

/* Whose encoder makes what they hear. */
static const char *encoder_of(const json_t *stats)
{
    if (!json_is_string(json_object_get(stats, "codec")))
        return "-";
    return flag_of(stats, "own_encoder") ? "own" : "group";
}

/* The role in a few letters: most are participants, of whom nothing is said. */
static const char *role_of(const json_t *p)
{
    const char *role = text_of(p, "role", "");
    return strcmp(role, "moderator") == 0 ? "mod" : strcmp(role, "viewer") == 0 ? "view" : "";
}

static void print_participant(FILE *out, const json_t *p)
{
    const json_t *stats = json_object_get(p, "stats");
    table_text(out, text_of(p, "name", ""), NAME_COLUMNS);
    fprintf(out, " %-16.16s %-4s %-5s ", text_of(p, "id", "?"), role_of(p), state_of(p, stats));
    print_bar(out, number_of(stats, "level", SILENT_DBOV));
    fprintf(out, " %-5.5s %-5.5s", text_of(stats, "codec", "-"), encoder_of(stats));
    fprintf(
        out, " %5.0f %6.1f", number_of(stats, "delay_ms", 0), number_of(stats, "loss_percent", 0));
    double rtt_ms = number_of(stats, "rtt_ms", -1);
    if (rtt_ms >= 0)
        fprintf(out, " %6.0f", rtt_ms);
    else
        fprintf(out, "      -");
    bool srtp = json_is_string(json_object_get(stats, "srtp_suite"));
    fprintf(out, "%s%s%s", srtp ? " srtp" : "", flag_of(p, "deaf") ? " deaf" : "",
        flag_of(p, "hand") ? " hand" : "");
}

void table_participants(FILE *out, const json_t *participants, const char *end)
{
    size_t i;
    json_t *p;
    fprintf(out, "%-20s %-16s %-4s %-5s %-20s %-5s %-5s %5s %6s %6s%s", "NAME", "ID", "ROLE",
        "STATE", "LEVEL", "CODEC", "ENC", "DELAY", "LOSS%", "RTT", end);
    json_array_foreach((json_t *)participants, i, p)
    {
        print_participant(out, p);
        fputs(end, out);
    }
}

void table_waiting(FILE *out, const json_t *waiting, const char *end)
{
    size_t i;
    json_t *one;
    fprintf(out, "%-20s %-16s%s", "WAITS", "ID", end);
    json_array_foreach((json_t *)waiting, i, one)
    {
        table_text(out, text_of(one, "name", ""), NAME_COLUMNS);
        fprintf(out, " %-16.16s%s", text_of(one, "id", "?"), end);
    }
}
