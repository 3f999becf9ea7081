#include "mcu/access/grant.h"
#include "mcu/config.h"
#include "mcu/config_help.h"
#include "mcu/config_keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N(a) (sizeof(a) / sizeof *(a))

struct heard {
    char text[4096];
};

static void hear(const char *where, const char *message, void *arg)
{
    struct heard *h = arg;
    size_t len = strlen(h->text);
    snprintf(h->text + len, sizeof h->text - len, "%s: %s\n", where, message);
}

static int parse(const char *text, struct config *c, struct heard *h)
{
    FILE *in = fmemopen((char *)text, strlen(text), "r");
    memset(h, 0, sizeof *h);
    config_defaults(c);
    int errors = config_parse_text(c, "f", in, hear, h);
    fclose(in);
    return errors;
}

Test(config, defaults_hold_together)
{
    struct config c;
    config_defaults(&c);
    cr_assert_str_eq(c.http_address, "127.0.0.1");
    cr_assert_eq(c.http_port, 8080);
    cr_assert_eq(c.srtp, CONFIG_SRTP_PREFER);
    cr_assert(config_auto_create(&c));
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const struct config_key *k = &config_keys[i];
        cr_assert_not_null(k->name, "CONFIG_KEYS is larger than the table");
        cr_assert_eq(config_key_find(k->name, strlen(k->name)), k, "%s stands twice", k->name);
    }
}

Test(config, each_value_reaches_its_field)
{
    struct config c;
    struct heard h;
    cr_assert_eq(parse("# a comment\n"
                       "http_port = 9000\n"
                       "  max_speakers=0 ; none\n"
                       "srtp: Require\r\n"
                       "agc = ON\n"
                       "\n"
                       "http_names = a.example  b.example\n"
                       "http_address = ::1",
                     &c, &h),
        0, "%s", h.text);
    cr_assert_eq(c.http_port, 9000);
    cr_assert_eq(c.max_speakers, 0);
    cr_assert_eq(c.srtp, CONFIG_SRTP_REQUIRE);
    cr_assert(c.agc && !c.denoise);
    cr_assert_str_eq(c.http_names, "a.example  b.example");
    cr_assert_str_eq(c.http_address, "::1");
}

Test(config, every_error_has_its_line)
{
    char long_line[400];
    memset(long_line, 'x', sizeof long_line);
    memcpy(long_line, "http_names = ", 13);
    strcpy(long_line + sizeof long_line - 2, "\n");
    const struct {
        const char *text, *where;
    } cases[] = {
        {"http_prot = 1\n", "f:1: unknown key 'http_prot'"},
        {"\n\nhttp_port = 65536\n", "f:3: http_port: 65536 is outside 0 to 65535"},
        {"http_port = -1", "f:1: http_port: '-1' is not a whole number"},
        {"http_port =", "f:1: http_port: '' is not a whole number"},
        {"http_port = 99999999999999999999999", "f:1: http_port: "},
        {"http_port = 0x50", "f:1: http_port: "},
        {"opus_complexity = 11", "f:1: opus_complexity: 11 is outside 0 to 10"},
        {"srtp = maybe", "f:1: srtp: 'maybe' is none of off|prefer|require"},
        {"srtp = pre", "f:1: srtp: "},
        {"agc = perhaps", "f:1: agc: 'perhaps' is neither yes nor no"},
        {"http_address = localhost", "f:1: http_address: 'localhost' is not a numeric"},
        {"http_address = 1.2.3", "f:1: http_address: "},
        {"# x\nnonsense\n", "f:2: is not of the form"},
        {"[section]\n", "f:1: there are no [sections]"},
        {"http_port = 1\nhttp_port = 2\n", "f:2: http_port was already given on line 1"},
        {long_line, "f:1: longer than"},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct config c;
        struct heard h;
        cr_assert_eq(parse(cases[i].text, &c, &h), 1, "%s: %s", cases[i].text, h.text);
        cr_assert_not_null(strstr(h.text, cases[i].where), "%s: %s", cases[i].text, h.text);
    }
}

Test(config, all_errors_of_a_file_are_told)
{
    struct config c;
    struct heard h;
    cr_assert_eq(parse("a = 1\nhttp_port = x\nhttp_port = 5\n?\n", &c, &h), 4, "%s", h.text);
    cr_assert_not_null(strstr(h.text, "f:1:"));
    cr_assert_not_null(strstr(h.text, "f:2:"));
    cr_assert_not_null(strstr(h.text, "f:3:"));
    cr_assert_not_null(strstr(h.text, "f:4:"));
}

Test(config, a_nul_byte_is_an_error)
{
    static const char text[] = "http_port = 1\0 2\n";
    struct config c;
    struct heard h = {0};
    FILE *in = fmemopen((char *)text, sizeof text - 1, "r");
    config_defaults(&c);
    cr_assert_eq(config_parse_text(&c, "f", in, hear, &h), 1);
    fclose(in);
}

static int load(struct config *c, struct heard *h, int argc, char **argv)
{
    struct config_args args;
    memset(h, 0, sizeof *h);
    int errors = config_args_parse(&args, argc, argv, hear, h);
    return errors ? errors : config_load(c, &args, hear, h);
}

Test(config, flags_win_over_the_file_and_the_environment)
{
    struct config c;
    struct heard h;
    char path[] = "/tmp/mischpult-config-XXXXXX";
    int fd = mkstemp(path);
    static const char text[] = "http_port = 1\nmax_rooms = 7\nadmin_token = from-the-file-0123\n";
    cr_assert_eq(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    setenv("MCU_ADMIN_TOKEN", "from-the-environment", 1);
    char *argv[] = {"mcu", "--config", path, "--http-port", "2", "--agc=yes", NULL};
    cr_assert_eq(load(&c, &h, 6, argv), 0, "%s", h.text);
    unlink(path);
    unsetenv("MCU_ADMIN_TOKEN");
    cr_assert_eq(c.http_port, 2);
    cr_assert_eq(c.max_rooms, 7);
    cr_assert(c.agc);
    cr_assert_str_eq(c.admin_token, "from-the-environment");
}

/* A message about a secret does not repeat it. */
Test(config, secrets_come_by_the_environment_and_are_not_told)
{
    struct config c;
    struct heard h;
    char *argv[] = {"mcu", NULL}, long_one[400] = "";
    setenv("MCU_JWT_SECRET", "thirty-two-characters-are-enough", 1);
    cr_assert_eq(load(&c, &h, 1, argv), 0, "%s", h.text);
    cr_assert_str_eq(c.jwt_secret, "thirty-two-characters-are-enough");
    setenv("MCU_JWT_SECRET", "tooshort", 1);
    cr_assert_eq(load(&c, &h, 1, argv), 1);
    cr_assert_null(strstr(h.text, "tooshort"));
    memset(long_one, 'x', sizeof long_one - 1);
    setenv("MCU_JWT_SECRET", long_one, 1);
    cr_assert_eq(load(&c, &h, 1, argv), 1);
    cr_assert_null(strstr(h.text, "xxxx"));
    unsetenv("MCU_JWT_SECRET");
}

Test(config, guests_and_who_moderates)
{
    static const struct {
        const char *text;
        enum role role;
    } roles[] = {{"guest_role=none\n", ROLE_NONE}, {"guest_role=viewer\n", ROLE_VIEWER},
        {"guest_role=participant\n", ROLE_PARTICIPANT}, {"guest_role=moderator\n", ROLE_MODERATOR},
        {"", ROLE_PARTICIPANT}};
    struct config c;
    struct heard h;
    for (size_t i = 0; i < N(roles); i++) {
        cr_assert_eq(parse(roles[i].text, &c, &h), 0);
        cr_assert_eq(c.guest_role, roles[i].role, "%s", roles[i].text);
    }
    parse("", &c, &h);
    cr_assert(config_first_moderates(&c));
    parse("auto_create=no\n", &c, &h);
    cr_assert(!config_first_moderates(&c));
    parse("auto_create=no\nfirst_moderates=yes\n", &c, &h);
    cr_assert(config_first_moderates(&c));
    parse("first_moderates=no\n", &c, &h);
    cr_assert(!config_first_moderates(&c));
}

Test(config, wrong_flags_are_told_and_nothing_is_changed)
{
    static char *const wrong[][3] = {
        {"mcu", "--http_prot=1", NULL},
        {"mcu", "http_port=1", NULL},
        {"mcu", "--http_port", NULL},
        {"mcu", "--http_port=x", NULL},
        {"mcu", "--config=/nonexistent/mcu.conf", NULL},
        {"mcu", "--admin_token=short", NULL},
        {"mcu", "--admin_token=with spaces in it 0123", NULL},
        {"mcu", "--jwt_secret=thirty-one-characters-are-fewer", NULL},
        {"mcu", "--guest_role=admin", NULL},
        {"mcu", "--ticket_hours=0", NULL},
        {"mcu", "--public_url=meet.example", NULL},
        {"mcu", "--public_url=javascript://meet.example", NULL},
        {"mcu", "--public_url=https://", NULL},
        {"mcu", "--public_url=https://meet.example/?a", NULL},
        {"mcu", "--public_url=https://meet.example/#a", NULL},
        {"mcu", "--privacy_url=https://a\"b", NULL},
        {"mcu", "--sounds_dir=/nonexistent", NULL},
        {"mcu", "--rtp_port_max=1025", NULL},
        {"mcu", "--media_address=0.0.0.0", NULL},
        {"mcu", "--media_address=ff02::1", NULL},
        {"mcu", "-x", NULL},
        {"mcu", "--", NULL},
        {"mcu", "", NULL},
    };
    for (size_t i = 0; i < N(wrong); i++) {
        struct heard h;
        struct config c, untouched;
        memset(&c, 0x55, sizeof c);
        untouched = c;
        cr_assert_eq(load(&c, &h, 2, (char **)wrong[i]), 1, "%s: %s", wrong[i][1], h.text);
        cr_assert_arr_eq(&c, &untouched, sizeof c);
    }
}

Test(config, actions_are_recognized)
{
    static const struct {
        const char *flag;
        enum config_action action;
    } cases[] = {
        {"--help", CONFIG_HELP},
        {"-h", CONFIG_HELP},
        {"--version", CONFIG_VERSION},
        {"--print-config", CONFIG_PRINT},
        {"--check-config", CONFIG_CHECK},
        {"--print-routes", CONFIG_ROUTES},
        {"--agc=no", CONFIG_RUN},
    };
    for (size_t i = 0; i < N(cases); i++) {
        char *argv[] = {"mcu", (char *)cases[i].flag, NULL};
        struct config_args args;
        cr_assert_eq(config_args_parse(&args, 2, argv, NULL, NULL), 0);
        cr_assert_eq(args.action, cases[i].action);
    }
}

/* The printed example, with its defaults uncommented, is a valid file that changes nothing. */
Test(config, the_example_is_the_default)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    config_print_example(out);
    fclose(out);
    for (char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (line[0] == '#' && line[1] != ' ')
            line[0] = ' ';
    struct config c, defaults;
    struct heard h;
    cr_assert_eq(parse(text, &c, &h), 0, "%s", h.text);
    config_defaults(&defaults);
    cr_assert_arr_eq(&c, &defaults, sizeof c);
    free(text);
}

Test(config, help_names_every_key)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    config_print_help(out);
    fclose(out);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        char flag[64];
        snprintf(flag, sizeof flag, "--%s\n", config_keys[i].name);
        cr_assert_not_null(strstr(text, flag), "%s", flag);
    }
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        cr_assert_leq(strcspn(line, "\n"), 90, "%.100s", line);
    free(text);
}

Test(config, reload_takes_what_is_reloadable)
{
    struct config live, fresh;
    struct heard h = {0};
    config_defaults(&live);
    config_defaults(&fresh);
    fresh.max_rooms = 3;
    fresh.agc = true;
    fresh.http_port = 1;
    strcpy(fresh.http_names, "x.example");
    cr_assert_eq(config_reload(&live, &fresh, hear, &h), 3);
    cr_assert_eq(live.max_rooms, 3);
    cr_assert(live.agc);
    cr_assert_str_eq(live.http_names, "x.example");
    cr_assert_eq(live.http_port, 8080);
    cr_assert_not_null(strstr(h.text, "http_port"));
    cr_assert_null(strstr(h.text, "max_rooms"));
}

Test(config, rooms_make_themselves_on_loopback_only)
{
    static const struct {
        const char *http, *media;
        uint32_t setting;
        bool made;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1", CONFIG_AUTO, true},
        {"127.1.2.3", "::1", CONFIG_AUTO, true},
        {"0.0.0.0", "127.0.0.1", CONFIG_AUTO, false},
        {"127.0.0.1", "192.0.2.1", CONFIG_AUTO, false},
        {"::", "::1", CONFIG_AUTO, false},
        {"0.0.0.0", "0.0.0.0", CONFIG_YES, true},
        {"127.0.0.1", "127.0.0.1", CONFIG_NO, false},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct config c;
        config_defaults(&c);
        strcpy(c.http_address, cases[i].http);
        strcpy(c.media_address, cases[i].media);
        c.auto_create = cases[i].setting;
        cr_assert_eq(config_auto_create(&c), cases[i].made, "%zu", i);
    }
}

Test(config, tls_begins_where_loopback_ends)
{
    static const struct {
        const char *address;
        enum config_tls tls;
        bool speaks, exposed;
    } cases[] = {
        {"127.0.0.1", CONFIG_TLS_AUTO, false, false},
        {"::1", CONFIG_TLS_AUTO, false, false},
        {"127.0.0.1", CONFIG_TLS_ON, true, false},
        {"127.0.0.1", CONFIG_TLS_OFF, false, false},
        {"0.0.0.0", CONFIG_TLS_AUTO, true, false},
        {"192.0.2.7", CONFIG_TLS_AUTO, true, false},
        {"::", CONFIG_TLS_OFF, false, true},
        {"192.0.2.7", CONFIG_TLS_OFF, false, true},
    };
    struct config c;
    config_defaults(&c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strcpy(c.http_address, cases[i].address);
        c.tls = cases[i].tls;
        cr_assert_eq(config_tls(&c), cases[i].speaks, "%zu", i);
        cr_assert_eq(config_http_exposed(&c), cases[i].exposed, "%zu", i);
    }
}
