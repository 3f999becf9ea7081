#include "net/sdp/sdp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the views of a struct sdp look into. */
struct sdp_text {
    struct sdp_text *next;
    size_t n;
    char p[];
};

struct sdp *sdp_create(void)
{
    struct sdp *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->name = sdp_str("-");
    s->time = sdp_str("0 0");
    return s;
}

void sdp_destroy(struct sdp *s)
{
    if (!s)
        return;
    while (s->texts) {
        struct sdp_text *next = s->texts->next;
        explicit_bzero(s->texts->p, s->texts->n);
        free(s->texts);
        s->texts = next;
    }
    free(s->attrs);
    free(s);
}

static struct sdp_section *last_section(struct sdp *s)
{
    return s->n_media ? &s->media[s->n_media - 1].section : &s->session;
}

static struct sdp_text *text_create(struct sdp *s, size_t n)
{
    struct sdp_text *t = malloc(sizeof *t + n + 1);
    if (!t)
        return NULL;
    t->n = n;
    t->next = s->texts;
    s->texts = t;
    return t;
}

static int push_attr(struct sdp *s, struct sdp_str name, struct sdp_str value)
{
    if (s->n_attrs == SDP_MAX_ATTRS)
        return -E2BIG;
    if (s->n_attrs == s->cap_attrs) {
        size_t cap = s->cap_attrs ? s->cap_attrs * 2 : 32;
        struct sdp_attr *attrs = realloc(s->attrs, cap * sizeof *attrs);
        if (!attrs)
            return -ENOMEM;
        s->attrs = attrs;
        s->cap_attrs = cap;
    }
    last_section(s)->n_attrs++;
    s->attrs[s->n_attrs++] = (struct sdp_attr){name, value};
    return 0;
}

static struct sdp_media *push_media(struct sdp *s)
{
    if (s->n_media == SDP_MAX_MEDIA)
        return NULL;
    struct sdp_media *m = &s->media[s->n_media++];
    m->section.first_attr = s->n_attrs;
    return m;
}

const struct sdp_attr *sdp_attr(const struct sdp *s, const struct sdp_section *section,
    const char *name, const struct sdp_attr *after)
{
    size_t end = section->first_attr + section->n_attrs;
    for (size_t i = after ? (size_t)(after - s->attrs) + 1 : section->first_attr; i < end; i++)
        if (sdp_str_eq(s->attrs[i].name, name))
            return &s->attrs[i];
    return NULL;
}

bool sdp_media_alive(const struct sdp *s, const struct sdp_media *m)
{
    return m->port || sdp_attr(s, &m->section, "bundle-only", NULL);
}

/* --- parsing ---------------------------------------------------------------------------------- */
static int fail(struct sdp_error *why, int error, const char *text)
{
    why->text = text;
    return error;
}

/* Nobody depends on the origin: one with too few or too many words counts as none. */
static int parse_origin(struct sdp *s, struct sdp_str value)
{
    struct sdp_str word[6];
    for (size_t i = 0; i < 6; i++) {
        word[i] = sdp_str_word(&value);
        if (!word[i].p)
            return 0;
    }
    if (sdp_str_word(&value).p)
        return 0;
    s->user = word[0];
    s->id = word[1];
    s->version = word[2];
    s->origin = (struct sdp_conn){word[3], word[4], word[5]};
    return 0;
}

static int parse_conn(struct sdp_section *section, struct sdp_str value, struct sdp_error *why)
{
    struct sdp_conn conn;
    conn.nettype = sdp_str_word(&value);
    conn.addrtype = sdp_str_word(&value);
    conn.addr = sdp_str_word(&value);
    if (!conn.addr.p)
        return fail(why, -EINVAL, "a c= line needs a network type, an address type, an address");
    if (!section->conn.addr.p)
        section->conn = conn;
    return 0;
}

static int parse_bandwidth(struct sdp_section *section, struct sdp_str value)
{
    uint64_t v;
    struct sdp_str type = sdp_str_cut(&value, ':');
    if (sdp_str_number(value, UINT32_MAX, &v))
        return 0;
    if (sdp_str_eq(type, "AS"))
        section->as_kbps = (uint32_t)v;
    else if (sdp_str_eq(type, "TIAS"))
        section->tias_bps = (uint32_t)v;
    return 0;
}

static int parse_media(struct sdp *s, struct sdp_str value, struct sdp_error *why)
{
    struct sdp_str type = sdp_str_word(&value), ports = sdp_str_word(&value);
    struct sdp_str proto = sdp_str_word(&value), first = sdp_str_cut(&ports, '/');
    uint64_t port, n_ports = 1;
    if (!proto.p)
        return fail(why, -EINVAL, "an m= line needs a type, a port, a protocol and formats");
    if (sdp_str_number(first, UINT16_MAX, &port))
        return fail(why, -EINVAL, "the port of an m= line must be 0 to 65535");
    if (ports.p && (sdp_str_number(ports, UINT16_MAX, &n_ports) || !n_ports))
        return fail(why, -EINVAL, "the number of ports of an m= line must be 1 to 65535");
    struct sdp_media *m = push_media(s);
    if (!m)
        return fail(why, -E2BIG, "too many m= lines");
    m->type = type;
    m->proto = proto;
    m->formats = sdp_str_trim(value);
    m->port = (uint16_t)port;
    m->n_ports = (uint16_t)n_ports;
    return 0;
}

static int parse_attr(struct sdp *s, struct sdp_str value, struct sdp_error *why)
{
    struct sdp_str name = sdp_str_cut(&value, ':');
    if (!name.n)
        return 0;
    int err = push_attr(s, name, value);
    if (err)
        fail(why, err, err == -E2BIG ? "too many a= lines" : "out of memory");
    return err;
}

static int parse_line(struct sdp *s, struct sdp_str line, struct sdp_error *why)
{
    if (line.n > SDP_MAX_LINE_BYTES)
        return fail(why, -E2BIG, "a line is too long");
    if (line.n < 2 || line.p[1] != '=')
        return fail(why, -EINVAL, "a line must begin with a letter and an equals sign");
    if (memchr(line.p, '\0', line.n) || memchr(line.p, '\r', line.n))
        return fail(why, -EINVAL, "a line holds a NUL or a lone carriage return");
    struct sdp_str value = {line.p + 2, line.n - 2};
    switch (line.p[0]) {
    case 'o':
        return parse_origin(s, value);
    case 's':
        s->name = value;
        return 0;
    case 't':
        if (!s->time.p)
            s->time = value;
        return 0;
    case 'c':
        return parse_conn(last_section(s), value, why);
    case 'b':
        return parse_bandwidth(last_section(s), value);
    case 'm':
        return parse_media(s, value, why);
    case 'a':
        return parse_attr(s, value, why);
    default:
        return 0;
    }
}

static int parse_text(struct sdp *s, struct sdp_str text, struct sdp_error *why)
{
    bool begun = false;
    for (unsigned number = 1; text.n; number++) {
        struct sdp_str line = sdp_str_cut(&text, '\n');
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (!line.n)
            continue;
        why->line = number;
        int err = begun ? parse_line(s, line, why) : 0;
        if (!begun && !sdp_str_eq(line, "v=0"))
            err = fail(why, -EINVAL, "a session description begins with v=0");
        if (err)
            return err;
        begun = true;
    }
    why->line = 0;
    return begun ? 0 : fail(why, -EINVAL, "the session description is empty");
}

int sdp_parse(const char *text, size_t len, struct sdp **out, struct sdp_error *why)
{
    *why = (struct sdp_error){0};
    if (len > SDP_MAX_BYTES)
        return fail(why, -E2BIG, "the session description is too long");
    struct sdp *s = sdp_create();
    struct sdp_text *copy = s ? text_create(s, len) : NULL;
    if (!copy) {
        sdp_destroy(s);
        return fail(why, -ENOMEM, "out of memory");
    }
    s->name = s->time = (struct sdp_str){NULL, 0};
    if (len)
        memcpy(copy->p, text, len);
    int err = parse_text(s, (struct sdp_str){copy->p, len}, why);
    if (err) {
        sdp_destroy(s);
        return err;
    }
    *out = s;
    return 0;
}

/* --- building --------------------------------------------------------------------------------- */
static struct sdp_str keep(struct sdp *s, struct sdp_str text)
{
    struct sdp_str none = {NULL, 0};
    if (!text.p || s->error)
        return none;
    if (memchr(text.p, '\r', text.n) || memchr(text.p, '\n', text.n) ||
        memchr(text.p, '\0', text.n)) {
        s->error = -EINVAL;
        return none;
    }
    struct sdp_text *copy = text_create(s, text.n);
    if (!copy) {
        s->error = -ENOMEM;
        return none;
    }
    memcpy(copy->p, text.p, text.n);
    return (struct sdp_str){copy->p, text.n};
}

static struct sdp_conn keep_conn(struct sdp *s, const char *ip)
{
    return (struct sdp_conn){
        sdp_str("IN"), sdp_str(strchr(ip, ':') ? "IP6" : "IP4"), keep(s, sdp_str(ip))};
}

static struct sdp_str keep_number(struct sdp *s, uint64_t v)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, v);
    return keep(s, sdp_str(digits));
}

void sdp_set_origin(struct sdp *s, uint64_t id, uint64_t version, const char *ip)
{
    s->user = sdp_str("-");
    s->id = keep_number(s, id);
    s->version = keep_number(s, version);
    s->origin = keep_conn(s, ip);
}

void sdp_set_name(struct sdp *s, const char *name)
{
    s->name = keep(s, sdp_str(name));
}

void sdp_add_media(
    struct sdp *s, struct sdp_str type, uint16_t port, struct sdp_str proto, struct sdp_str formats)
{
    struct sdp_media *m = push_media(s);
    if (!m) {
        s->error = s->error ? s->error : -E2BIG;
        return;
    }
    m->type = keep(s, type);
    m->port = port;
    m->n_ports = 1;
    m->proto = keep(s, proto);
    m->formats = keep(s, formats);
}

void sdp_set_conn(struct sdp *s, const char *ip)
{
    last_section(s)->conn = keep_conn(s, ip);
}

static void add(struct sdp *s, const char *name, struct sdp_str value)
{
    struct sdp_str kept = keep(s, sdp_str(name));
    if (!s->error)
        s->error = push_attr(s, kept, value);
}

void sdp_add_flag(struct sdp *s, const char *name)
{
    add(s, name, (struct sdp_str){NULL, 0});
}

void sdp_add_attr(struct sdp *s, const char *name, const char *format, ...)
{
    char value[SDP_MAX_LINE_BYTES];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(value, sizeof value, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof value)
        s->error = s->error ? s->error : -E2BIG;
    else
        add(s, name, keep(s, (struct sdp_str){value, (size_t)n}));
    explicit_bzero(value, sizeof value);
}

/* --- printing --------------------------------------------------------------------------------- */
static void print_conn(FILE *f, const char *before, const struct sdp_conn *c)
{
    fprintf(f, "%s%.*s %.*s %.*s\r\n", before, SDP_STR_ARG(c->nettype), SDP_STR_ARG(c->addrtype),
        SDP_STR_ARG(c->addr));
}

/* c= and b= come before t= in the session, and before a= everywhere (RFC 8866, 5). */
static void print_transport(FILE *f, const struct sdp_section *section)
{
    if (section->conn.addr.p)
        print_conn(f, "c=", &section->conn);
    if (section->as_kbps)
        fprintf(f, "b=AS:%" PRIu32 "\r\n", section->as_kbps);
    if (section->tias_bps)
        fprintf(f, "b=TIAS:%" PRIu32 "\r\n", section->tias_bps);
}

static void print_attrs(FILE *f, const struct sdp *s, const struct sdp_section *section)
{
    for (size_t i = 0; i < section->n_attrs; i++) {
        const struct sdp_attr *a = &s->attrs[section->first_attr + i];
        fprintf(f, "a=%.*s%s%.*s\r\n", SDP_STR_ARG(a->name), a->value.p ? ":" : "",
            SDP_STR_ARG(a->value));
    }
}

static void print_media(FILE *f, const struct sdp *s, const struct sdp_media *m)
{
    fprintf(f, "m=%.*s %" PRIu32, SDP_STR_ARG(m->type), m->port);
    if (m->n_ports != 1)
        fprintf(f, "/%" PRIu32, m->n_ports);
    fprintf(f, " %.*s%s%.*s\r\n", SDP_STR_ARG(m->proto), m->formats.n ? " " : "",
        SDP_STR_ARG(m->formats));
    print_transport(f, &m->section);
    print_attrs(f, s, &m->section);
}

static void print_session(FILE *f, const struct sdp *s)
{
    fprintf(f, "v=0\r\n");
    if (s->user.p) {
        fprintf(f, "o=%.*s %.*s %.*s ", SDP_STR_ARG(s->user), SDP_STR_ARG(s->id),
            SDP_STR_ARG(s->version));
        print_conn(f, "", &s->origin);
    }
    if (s->name.p)
        fprintf(f, "s=%.*s\r\n", SDP_STR_ARG(s->name));
    print_transport(f, &s->session);
    if (s->time.p)
        fprintf(f, "t=%.*s\r\n", SDP_STR_ARG(s->time));
    print_attrs(f, s, &s->session);
}

int sdp_print(const struct sdp *s, char **textp)
{
    char *text = NULL;
    size_t len = 0;
    if (s->error)
        return s->error;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return -ENOMEM;
    print_session(f, s);
    for (size_t i = 0; i < s->n_media; i++)
        print_media(f, s, &s->media[i]);
    bool failed = ferror(f);
    if (fclose(f) || failed || !text) {
        free(text);
        return -ENOMEM;
    }
    *textp = text;
    return 0;
}
