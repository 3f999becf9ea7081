#include "mcu/config.h"

#include "mcu/config_keys.h"
#include "net/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errors {
    config_error_fn *error;
    void *arg;
    const char *where;
    int count;
};

static void fail(struct errors *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct errors *e, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    e->count++;
    if (e->error)
        e->error(e->where, text, e->arg);
}

static void *field(struct config *c, const struct config_key *k)
{
    return (char *)c + k->offset;
}

static const void *field_of(const struct config *c, const struct config_key *k)
{
    return (const char *)c + k->offset;
}

static void set_uint(
    struct config *c, const struct config_key *k, const char *text, struct errors *e)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || text[digits]) {
        fail(e, "%s: '%s' is not a whole number", k->name, text);
        return;
    }
    errno = 0;
    unsigned long long n = strtoull(text, NULL, 10);
    if (errno || n < k->min || n > k->max) {
        fail(e, "%s: %s is outside %u to %u%s%s", k->name, text, k->min, k->max,
            *k->unit ? " " : "", k->unit);
        return;
    }
    *(uint32_t *)field(c, k) = (uint32_t)n;
}

static void set_bool(
    struct config *c, const struct config_key *k, const char *text, struct errors *e)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcasecmp(text, words[i])) {
            *(bool *)field(c, k) = i % 2;
            return;
        }
    fail(e, "%s: '%s' is neither yes nor no", k->name, text);
}

static void set_choice(
    struct config *c, const struct config_key *k, const char *text, struct errors *e)
{
    for (unsigned i = 0; i <= k->max; i++) {
        size_t len = 0;
        const char *choice = config_key_choice(k, i, &len);
        if (choice && strlen(text) == len && !strncasecmp(text, choice, len)) {
            *(uint32_t *)field(c, k) = i;
            return;
        }
    }
    fail(e, "%s: '%s' is none of %s", k->name, text, k->unit);
}

static void set_text(
    struct config *c, const struct config_key *k, const char *text, struct errors *e)
{
    struct in6_addr address;
    size_t len = strlen(text);
    if (len >= CONFIG_TEXT_MAX) {
        fail(e, "%s: longer than %d bytes", k->name, CONFIG_TEXT_MAX - 1);
        return;
    }
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)text[i])) {
            fail(e, "%s: holds a control character", k->name);
            return;
        }
    if (k->type == CONFIG_KEY_ADDRESS && inet_pton(AF_INET, text, &address) != 1 &&
        inet_pton(AF_INET6, text, &address) != 1) {
        fail(e, "%s: '%s' is not a numeric IPv4 or IPv6 address", k->name, text);
        return;
    }
    memset(field(c, k), 0, CONFIG_TEXT_MAX); /* so that two configurations compare by memory */
    memcpy(field(c, k), text, len);
}

static void set_value(
    struct config *c, const struct config_key *k, const char *text, struct errors *e)
{
    switch (k->type) {
    case CONFIG_KEY_UINT:
        set_uint(c, k, text, e);
        break;
    case CONFIG_KEY_BOOL:
        set_bool(c, k, text, e);
        break;
    case CONFIG_KEY_CHOICE:
        set_choice(c, k, text, e);
        break;
    case CONFIG_KEY_TEXT:
    case CONFIG_KEY_ADDRESS:
        set_text(c, k, text, e);
        break;
    }
}

void config_defaults(struct config *c)
{
    struct errors none = {0};
    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < CONFIG_KEYS; i++)
        set_value(c, &config_keys[i], config_keys[i].value, &none);
}

/* --- the file --------------------------------------------------------------------------------- */
struct file_reader {
    struct config *c;
    struct errors *e;
    unsigned line;
    unsigned seen[CONFIG_KEYS]; /* line a key was given on */
};

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct file_reader *f = user;
    (void)section;
    const struct config_key *k = config_key_find(name, strlen(name));
    if (!k) {
        fail(f->e, "unknown key '%s'; mcu --help lists the keys", name);
        return 1;
    }
    unsigned *seen = &f->seen[k - config_keys];
    if (*seen)
        fail(f->e, "%s was already given on line %u", name, *seen);
    else
        set_value(f->c, k, value, f->e);
    *seen = f->line;
    return 1;
}

/* One line at a time, so that every error has its line and the first does not hide the others. */
static void parse_line(struct file_reader *f, char *line, size_t len)
{
    size_t text_len = strlen(line);
    if (text_len != len) {
        fail(f->e, "holds a NUL byte");
        return;
    }
    while (len && isspace((unsigned char)line[len - 1]))
        line[--len] = '\0';
    while (isspace((unsigned char)*line)) {
        line++;
        len--;
    }
    if (len > INI_MAX_LINE - 2) {
        fail(f->e, "longer than %d bytes", INI_MAX_LINE - 2);
        return;
    }
    if (*line == '[') {
        fail(f->e, "there are no [sections] here; write 'key = value'");
        return;
    }
    if (ini_parse_string(line, take_pair, f))
        fail(f->e, "is not of the form 'key = value'");
}

int config_parse_text(
    struct config *c, const char *name, FILE *in, config_error_fn *error, void *arg)
{
    char where[CONFIG_TEXT_MAX + 4096];
    struct errors e = {error, arg, where, 0};
    struct file_reader f = {.c = c, .e = &e};
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, in)) >= 0) {
        f.line++;
        snprintf(where, sizeof(where), "%s:%u", name, f.line);
        parse_line(&f, line, (size_t)len);
    }
    if (ferror(in)) {
        snprintf(where, sizeof(where), "%s", name);
        fail(&e, "cannot be read: %s", strerror(errno));
    }
    free(line);
    return e.count;
}

/* --- flags ------------------------------------------------------------------------------------ */
static bool action_flag(struct config_args *a, const char *flag)
{
    static const struct {
        const char *flag;
        enum config_action action;
    } actions[] = {
        {"--help", CONFIG_HELP},
        {"-h", CONFIG_HELP},
        {"--version", CONFIG_VERSION},
        {"-V", CONFIG_VERSION},
        {"--print-config", CONFIG_PRINT},
        {"--check-config", CONFIG_CHECK},
        {"--print-routes", CONFIG_ROUTES},
    };
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (!strcmp(flag, actions[i].flag)) {
            a->action = actions[i].action;
            return true;
        }
    return false;
}

/* The value of flag i ("--key=value" or "--key value"); moves *i past it. NULL: there is none. */
static const char *flag_value(const struct config_args *a, int *i)
{
    const char *equals = strchr(a->argv[*i], '=');
    if (equals)
        return equals + 1;
    if (*i + 1 >= a->argc)
        return NULL;
    return a->argv[++*i];
}

/* The key a flag names; dashes may stand for underscores. */
static const struct config_key *flag_key(const char *flag)
{
    char name[64];
    size_t len = strcspn(flag + 2, "=");
    if (len >= sizeof(name))
        return NULL;
    for (size_t i = 0; i < len; i++)
        name[i] = flag[2 + i] == '-' ? '_' : flag[2 + i];
    return config_key_find(name, len);
}

/* c NULL: only looks for what struct config_args holds and for flags that are none. */
static void walk_flags(struct config_args *a, struct config *c, struct errors *e)
{
    for (int i = 1; i < a->argc; i++) {
        const char *flag = a->argv[i];
        e->where = flag;
        if (action_flag(a, flag))
            continue;
        bool file = !strncmp(flag, "--config", 8) && (flag[8] == '=' || !flag[8]);
        const struct config_key *k = strncmp(flag, "--", 2) || file ? NULL : flag_key(flag);
        if (!k && !file) {
            if (!c)
                fail(e, "unknown flag; mcu --help lists them");
            continue;
        }
        const char *value = flag_value(a, &i);
        if (!value) {
            if (!c)
                fail(e, "needs a value");
        } else if (file) {
            a->file = value;
        } else if (c) {
            set_value(c, k, value, e);
        }
    }
}

int config_args_parse(
    struct config_args *a, int argc, char **argv, config_error_fn *error, void *arg)
{
    struct errors e = {error, arg, "", 0};
    *a = (struct config_args){.argc = argc, .argv = argv};
    walk_flags(a, NULL, &e);
    return e.count;
}

/* --- all of it -------------------------------------------------------------------------------- */
/* Not 0.0.0.0, ::, multicast or broadcast, to which a bind succeeds but no peer can send. */
static bool is_one_host(const char *address)
{
    struct net_addr a;
    if (net_addr_parse(&a, address, 0) || net_addr_is_any(&a))
        return false;
    return a.family == AF_INET ? a.ip[0] < 224 : a.ip[0] != 0xff;
}

/* Numeric addresses, separated by spaces. */
static void check_addresses(const char *key, const char *list, bool any, struct errors *e)
{
    struct net_addr a;
    char copy[CONFIG_TEXT_MAX], *rest = copy;
    e->where = key;
    memcpy(copy, list, sizeof(copy));
    for (const char *word; (word = strsep(&rest, " "));)
        if (*word &&
            (net_addr_parse(&a, word, 0) || !(is_one_host(word) || (any && net_addr_is_any(&a)))))
            fail(e, "'%s' is no numeric address of a host", word);
}

/* A page links to them: nothing but addresses of the web. */
static void check_url(const char *key, const char *url, struct errors *e)
{
    e->where = key;
    if (!*url)
        return;
    const char *host = !strncmp(url, "https://", 8)  ? url + 8
                       : !strncmp(url, "http://", 7) ? url + 7
                                                     : "";
    if (!isalnum((unsigned char)*host) && *host != '[')
        fail(e, "must begin with https:// or http:// and a host");
    else if (strpbrk(url, " \"'<>\\^`{|}"))
        fail(e, "holds a character that no URL may hold");
}

static void check_links(const struct config *c, struct errors *e)
{
    check_url("public_url", c->public_url, e);
    check_url("privacy_url", c->privacy_url, e);
    if (strpbrk(c->public_url, "?#")) {
        e->where = "public_url";
        fail(e, "holds a query or a fragment");
    }
    if (*c->jwt_secret && strlen(c->jwt_secret) < 32) {
        e->where = "jwt_secret";
        fail(e, "is shorter than 32 characters");
    }
}

static void check_together(const struct config *c, struct errors *e)
{
    if (c->rtp_port_max < c->rtp_port_min + 1) {
        e->where = "rtp_port_max";
        fail(e, "must be above rtp_port_min (%u): RTP and RTCP need a pair", c->rtp_port_min);
    }
    if (!is_one_host(c->media_address)) {
        e->where = "media_address";
        fail(e, "%s is named in SDP answers and must be one host's", c->media_address);
    }
    check_addresses("webrtc_addresses", c->webrtc_addresses, true, e);
    check_addresses("public_address", c->public_address, false, e);
    if (*c->admin_token && strlen(c->admin_token) < 16) {
        e->where = "admin_token";
        fail(e, "is shorter than 16 characters");
    }
    for (const char *t = c->admin_token; *t; t++)
        if (*t <= ' ' || *t > '~' || *t == ',') {
            e->where = "admin_token";
            fail(e, "holds what no HTTP header may carry in a token; use letters and digits");
            break;
        }
    check_links(c, e);
    if (*c->tls_key && !*c->tls_certificate) {
        e->where = "tls_key";
        fail(e, "needs tls_certificate beside it");
    }
    if (*c->web_dir && access(c->web_dir, R_OK | X_OK)) {
        e->where = "web_dir";
        fail(e, "%s: %s", c->web_dir, strerror(errno));
    }
    if (*c->sounds_dir && access(c->sounds_dir, R_OK | X_OK)) {
        e->where = "sounds_dir";
        fail(e, "%s: %s", c->sounds_dir, strerror(errno));
    }
}

static void take_environment(
    struct config *c, const char *variable, const char *key, struct errors *e)
{
    const char *value = getenv(variable);
    e->where = variable;
    if (value && *value)
        set_value(c, config_key_find(key, strlen(key)), value, e);
}

int config_load(struct config *c, const struct config_args *a, config_error_fn *error, void *arg)
{
    struct config fresh;
    struct errors e = {error, arg, "", 0};
    config_defaults(&fresh);
    if (a->file) {
        FILE *in = fopen(a->file, "re");
        e.where = a->file;
        if (!in) {
            fail(&e, "cannot be opened: %s", strerror(errno));
        } else {
            e.count += config_parse_text(&fresh, a->file, in, error, arg);
            fclose(in);
        }
    }
    take_environment(&fresh, "MCU_ADMIN_TOKEN", "admin_token", &e);
    take_environment(&fresh, "MCU_JWT_SECRET", "jwt_secret", &e);
    struct config_args walked = *a;
    walk_flags(&walked, &fresh, &e);
    check_together(&fresh, &e);
    if (!e.count)
        *c = fresh;
    return e.count;
}

static size_t field_size(const struct config_key *k)
{
    switch (k->type) {
    case CONFIG_KEY_BOOL:
        return sizeof(bool);
    case CONFIG_KEY_UINT:
    case CONFIG_KEY_CHOICE:
        return sizeof(uint32_t);
    default:
        return CONFIG_TEXT_MAX;
    }
}

int config_reload(
    struct config *live, const struct config *fresh, config_error_fn *refused, void *arg)
{
    int taken = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const struct config_key *k = &config_keys[i];
        if (!memcmp(field_of(live, k), field_of(fresh, k), field_size(k)))
            continue;
        if (!k->reloadable) {
            if (refused)
                refused(k->name, "takes effect only at the next start", arg);
            continue;
        }
        memcpy(field(live, k), field_of(fresh, k), field_size(k));
        taken++;
    }
    return taken;
}

static bool loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool config_on_loopback(const struct config *c)
{
    char copy[CONFIG_TEXT_MAX], *rest = copy;
    memcpy(copy, c->webrtc_addresses, sizeof(copy));
    for (const char *word; (word = strsep(&rest, " "));)
        if (*word && !loopback(word))
            return false;
    return loopback(c->http_address) && loopback(c->media_address);
}

bool config_tls(const struct config *c)
{
    return c->tls == CONFIG_TLS_ON || (c->tls == CONFIG_TLS_AUTO && !loopback(c->http_address));
}

bool config_http_exposed(const struct config *c)
{
    return !config_tls(c) && !loopback(c->http_address);
}

bool config_auto_create(const struct config *c)
{
    return c->auto_create == CONFIG_YES || (c->auto_create == CONFIG_AUTO && config_on_loopback(c));
}

bool config_first_moderates(const struct config *c)
{
    return c->first_moderates == CONFIG_YES ||
           (c->first_moderates == CONFIG_AUTO && config_auto_create(c));
}
