/* mcuctl: the server's control client for the shell. See usage below. */
#include "tools/mcuctl/http.h"
#include "tools/mcuctl/link.h"
#include "tools/mcuctl/table.h"
#include "tools/mcuctl/watch.h"

#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3, EXIT_TOKEN = 4, EXIT_OUTPUT = 5 };
enum { TOKEN_MAX_BYTES = 512, PATH_MAX_BYTES = 4096, FILE_MAX_BYTES = 256 << 20 };

static const char usage[] =
    "NAME\n"
    "    mcuctl - look at and control the rooms of a Mischpult server\n"
    "\n"
    "SYNOPSIS\n"
    "    mcuctl [--url URL] [--token-file FILE] [--ca FILE] COMMAND\n"
    "\n"
    "COMMANDS\n"
    "    rooms                  the rooms and how many are in them\n"
    "    create ROOM            makes a room\n"
    "    close ROOM             ends a room; everybody in it is sent away\n"
    "    participants ROOM      who is in a room\n"
    "    mute ROOM ID           nobody hears this participant; unmute takes it back\n"
    "    deaf ROOM ID           this participant hears nobody; undeaf takes it back\n"
    "    gain ROOM ID DB        makes a participant louder or quieter, -40 to 20\n"
    "    kick ROOM ID           sends a participant away, who cannot come again\n"
    "    lock ROOM              nobody comes in but moderators; unlock takes it back\n"
    "    pin ROOM DIGITS        who comes has to know these 4 to 12 digits; «none» takes them "
    "back\n"
    "    lobby ROOM             who waits to be let in\n"
    "    lobby ROOM on|off      whether who comes has to wait\n"
    "    admit ROOM ID          lets in one who waits; refuse sends them away\n"
    "    link ROOM [--role viewer|participant|moderator] [--expires 2h] [--base https://host]\n"
    "                           a guest link into a room, and when it ends (a day from now)\n"
    "    play ROOM FILE         plays a WAV, FLAC or Ogg file into a room\n"
    "    watch ROOM             a live table: who talks, levels, codec, delay, loss (q ends)\n"
    "\n"
    "OPTIONS\n"
    "    --url URL              of the server; MCU_URL, or http://127.0.0.1:8080\n"
    "    --token-file FILE      holds the admin token. Otherwise it is taken from MCU_ADMIN_TOKEN\n"
    "                           or, as the server writes it, from\n"
    "                           $XDG_STATE_HOME/mischpult/admin_token\n"
    "                           (~/.local/state/mischpult/admin_token)\n"
    "    --ca FILE              PEM certificates to trust besides the system's. Otherwise the one\n"
    "                           that the server made itself, beside the token file\n"
    "    --help                 this text\n"
    "\n"
    "EXIT STATUS\n"
    "    0 done  1 refused by the server  2 wrong usage  3 server not reached\n"
    "    4 no token, or a wrong one  5 the answer cannot be written\n";

struct ctl {
    struct http *http;
    const char *room, *third, *fourth; /* what follows the command; NULL when absent */
    char **options;                    /* what follows that, of a command that takes options */
    int option_count;
    char *room_path;        /* /rooms/ROOM, escaped */
    char *participant_path; /* /rooms/ROOM/participants/ID */
};

/* The token of a file, without white space at its end. 0, or a negative errno. */
static int read_token(const char *path, char *token)
{
    FILE *in = fopen(path, "r");
    if (in == NULL)
        return -errno;
    size_t n = fread(token, 1, TOKEN_MAX_BYTES - 1, in);
    fclose(in);
    token[n] = '\0';
    token[strcspn(token, " \r\n\t")] = '\0';
    return token[0] != '\0' ? 0 : -ENODATA;
}

/* What the server keeps under that name: beside its token file (NULL: where it puts that itself).
 */
static void state_file(char path[PATH_MAX_BYTES], const char *token_file, const char *name)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *slash = token_file != NULL ? strrchr(token_file, '/') : NULL;
    if (token_file != NULL)
        snprintf(path, PATH_MAX_BYTES, "%.*s%s", slash != NULL ? (int)(slash + 1 - token_file) : 0,
            token_file, name);
    else if (state != NULL && state[0] == '/')
        snprintf(path, PATH_MAX_BYTES, "%s/mischpult/%s", state, name);
    else
        snprintf(
            path, PATH_MAX_BYTES, "%s/.local/state/mischpult/%s", home != NULL ? home : "", name);
}

/* Flag, environment, then the file the server keeps. True when there is one; complains otherwise.
 */
static bool find_token(const char *file, char *token)
{
    char path[PATH_MAX_BYTES];
    const char *given = getenv("MCU_ADMIN_TOKEN");
    if (file == NULL && given != NULL && given[0] != '\0') {
        snprintf(token, TOKEN_MAX_BYTES, "%s", given);
        return true;
    }
    if (file != NULL)
        snprintf(path, sizeof path, "%s", file);
    else
        state_file(path, NULL, "admin_token");
    int err = read_token(path, token);
    if (err != 0)
        fprintf(stderr,
            "mcuctl: no admin token in %s: %s. Start the server first, or use --token-file or "
            "MCU_ADMIN_TOKEN.\n",
            path, strerror(-err));
    return err == 0;
}

/* Tells what went wrong with a request; the exit status. */
static int conclude(struct ctl *c, long status, const json_t *reply)
{
    if (status < 0) {
        fprintf(stderr, "mcuctl: the server cannot be reached: %s\n", http_error(c->http));
        return EXIT_UNREACHABLE;
    }
    if (status < 300)
        return 0;
    const char *message = json_string_value(json_object_get(reply, "message"));
    fprintf(stderr, "mcuctl: %s (HTTP %ld)\n", message != NULL ? message : "refused", status);
    return status == 401 || status == 403 ? EXIT_TOKEN : EXIT_REFUSED;
}

static int request(
    struct ctl *c, const char *method, const char *path, const struct http_body *body)
{
    json_t *reply;
    long status = http_call(c->http, method, path, body, &reply);
    int code = conclude(c, status, reply);
    json_decref(reply);
    return code;
}

/* Sends an object, which is released. */
static int request_json(struct ctl *c, const char *method, const char *path, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL)
        return EXIT_REFUSED;
    struct http_body body = {"application/json", text, strlen(text)};
    int code = request(c, method, path, &body);
    free(text);
    return code;
}

/* GETs a list, which may come as it is or under its name, and prints it. */
static int show(struct ctl *c, const char *path, const char *key)
{
    json_t *reply;
    long status = http_call(c->http, "GET", path, NULL, &reply);
    int code = conclude(c, status, reply);
    const json_t *list = json_is_array(reply) ? reply : json_object_get(reply, key);
    if (code == 0 && strcmp(key, "rooms") == 0)
        table_rooms(stdout, list);
    else if (code == 0 && strcmp(key, "waiting") == 0)
        table_waiting(stdout, list, "\n");
    else if (code == 0)
        table_participants(stdout, list, "\n");
    json_decref(reply);
    return code;
}

static int do_rooms(struct ctl *c)
{
    return show(c, "/rooms", "rooms");
}

static int do_create(struct ctl *c)
{
    return request_json(c, "POST", "/rooms", json_pack("{s:s}", "name", c->room));
}

static int do_close(struct ctl *c)
{
    return request(c, "DELETE", c->room_path, NULL);
}

static int do_participants(struct ctl *c)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/participants", c->room_path);
    return show(c, path, "participants");
}

static int set_flag(struct ctl *c, const char *key, int value)
{
    return request_json(c, "PATCH", c->participant_path, json_pack("{s:b}", key, value));
}

static int do_mute(struct ctl *c)
{
    return set_flag(c, "muted", 1);
}

static int do_unmute(struct ctl *c)
{
    return set_flag(c, "muted", 0);
}

static int do_deaf(struct ctl *c)
{
    return set_flag(c, "deaf", 1);
}

static int do_undeaf(struct ctl *c)
{
    return set_flag(c, "deaf", 0);
}

static int do_gain(struct ctl *c)
{
    char *end;
    double db = strtod(c->fourth, &end);
    if (end == c->fourth || *end != '\0' || !isfinite(db)) {
        fprintf(stderr, "mcuctl: «%s» is not a number of decibels\n", c->fourth);
        return EXIT_USAGE;
    }
    return request_json(c, "PATCH", c->participant_path, json_pack("{s:f}", "gain_db", db));
}

static int do_kick(struct ctl *c)
{
    return request(c, "DELETE", c->participant_path, NULL);
}

static int set_door(struct ctl *c, const char *key, json_t *value)
{
    return request_json(c, "PATCH", c->room_path, json_pack("{s:o}", key, value));
}

static int do_lock(struct ctl *c)
{
    return set_door(c, "locked", json_true());
}

static int do_unlock(struct ctl *c)
{
    return set_door(c, "locked", json_false());
}

static int do_pin(struct ctl *c)
{
    return set_door(c, "pin", strcmp(c->third, "none") == 0 ? json_null() : json_string(c->third));
}

static int do_lobby(struct ctl *c)
{
    char path[1024];
    bool on = c->option_count == 1 && strcmp(c->options[0], "on") == 0;
    bool off = c->option_count == 1 && strcmp(c->options[0], "off") == 0;
    if (on || off)
        return set_door(c, "lobby", json_boolean(on));
    if (c->option_count > 0) {
        fprintf(stderr, "mcuctl: a lobby is on or off\n");
        return EXIT_USAGE;
    }
    snprintf(path, sizeof path, "%s/lobby", c->room_path);
    return show(c, path, "waiting");
}

static int decide(struct ctl *c, bool admit)
{
    char path[1024];
    char *id = http_escape(c->http, c->third);
    if (id == NULL)
        return EXIT_REFUSED;
    snprintf(path, sizeof path, "%s/lobby/%.60s", c->room_path, id);
    free(id);
    return request_json(c, "POST", path, json_pack("{s:b}", "admit", admit));
}

static int do_admit(struct ctl *c)
{
    return decide(c, true);
}

static int do_refuse(struct ctl *c)
{
    return decide(c, false);
}

/* The whole file; the caller frees it. NULL, with errno set, when it cannot be read. */
static void *read_file(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return NULL;
    char *data = NULL;
    struct stat about;
    long size = fseek(in, 0, SEEK_END) == 0 ? ftell(in) : -1;
    if (fstat(fileno(in), &about) == 0 && S_ISDIR(about.st_mode))
        errno = EISDIR;
    else if (size > FILE_MAX_BYTES)
        errno = EFBIG;
    else if (size >= 0 && fseek(in, 0, SEEK_SET) == 0 && (data = malloc((size_t)size + 1)) != NULL)
        *len = fread(data, 1, (size_t)size, in);
    fclose(in);
    return data;
}

static const char *sound_type(const void *data, size_t len)
{
    if (len >= 4 && memcmp(data, "OggS", 4) == 0)
        return "audio/ogg";
    return len >= 4 && memcmp(data, "fLaC", 4) == 0 ? "audio/flac" : "audio/wav";
}

static int do_link(struct ctl *c)
{
    char path[1024];
    struct link_wishes wishes;
    json_t *reply;
    if (!link_parse(c->option_count, c->options, &wishes))
        return EXIT_USAGE;
    json_t *object = link_body(&wishes);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text == NULL)
        return EXIT_REFUSED;
    struct http_body body = {"application/json", text, strlen(text)};
    snprintf(path, sizeof path, "%s/links", c->room_path);
    long status = http_call(c->http, "POST", path, &body, &reply);
    int code = conclude(c, status, reply);
    if (code == 0)
        link_print(stdout, &wishes, c->room, reply);
    json_decref(reply);
    free(text);
    return code;
}

static int do_play(struct ctl *c)
{
    char path[1024];
    size_t len = 0;
    void *data = read_file(c->third, &len);
    if (data == NULL) {
        fprintf(stderr, "mcuctl: %s: %s\n", c->third, strerror(errno));
        return EXIT_USAGE;
    }
    struct http_body body = {sound_type(data, len), data, len};
    snprintf(path, sizeof path, "%s/play", c->room_path);
    int code = request(c, "POST", path, &body);
    free(data);
    return code;
}

static int do_watch(struct ctl *c)
{
    json_t *reply;
    long status = watch_room(c->http, c->room, c->room_path, &reply);
    int code = conclude(c, status, reply);
    json_decref(reply);
    return code;
}

static const struct command {
    const char *name;
    int arguments;    /* after the name */
    bool participant; /* the second one is a participant's id */
    bool options;     /* more may follow */
    int (*run)(struct ctl *c);
} commands[] = {
    {"rooms", 0, false, false, do_rooms},
    {"create", 1, false, false, do_create},
    {"close", 1, false, false, do_close},
    {"participants", 1, false, false, do_participants},
    {"mute", 2, true, false, do_mute},
    {"unmute", 2, true, false, do_unmute},
    {"deaf", 2, true, false, do_deaf},
    {"undeaf", 2, true, false, do_undeaf},
    {"gain", 3, true, false, do_gain},
    {"kick", 2, true, false, do_kick},
    {"lock", 1, false, false, do_lock},
    {"unlock", 1, false, false, do_unlock},
    {"pin", 2, false, false, do_pin},
    {"lobby", 1, false, true, do_lobby},
    {"admit", 2, false, false, do_admit},
    {"refuse", 2, false, false, do_refuse},
    {"link", 1, false, true, do_link},
    {"play", 2, false, false, do_play},
    {"watch", 1, false, false, do_watch},
};

static const struct command *command_find(int argc, char **argv)
{
    for (size_t i = 0; argc > 0 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, argv[0]) != 0)
            continue;
        int rest = argc - 1 - commands[i].arguments;
        if (rest == 0 || (rest > 0 && commands[i].options))
            return &commands[i];
        fprintf(stderr, "mcuctl: %s takes %d argument(s)\n", argv[0], commands[i].arguments);
        return NULL;
    }
    fprintf(stderr, "mcuctl: %s; see mcuctl --help\n",
        argc > 0 ? "there is no such command" : "what is to be done?");
    return NULL;
}

/* Fills the paths the command needs. False when memory is short. */
static bool ctl_prepare(struct ctl *c, const struct command *command, char **argv)
{
    c->room = command->arguments > 0 ? argv[1] : NULL;
    c->third = command->arguments > 1 ? argv[2] : NULL;
    c->fourth = command->arguments > 2 ? argv[3] : NULL;
    bool ok = true;
    char *room = c->room != NULL ? http_escape(c->http, c->room) : NULL;
    char *id = command->participant ? http_escape(c->http, c->third) : NULL;
    if (c->room != NULL)
        ok = room != NULL && asprintf(&c->room_path, "/rooms/%.900s", room) > 0;
    if (ok && command->participant)
        ok = id != NULL &&
             asprintf(&c->participant_path, "%s/participants/%.100s", c->room_path, id) > 0;
    free(room);
    free(id);
    return ok;
}

static int run(const struct command *command, int argc, char **argv, struct http *http)
{
    int used = 1 + command->arguments;
    struct ctl c = {.http = http, .options = argv + used, .option_count = argc - used};
    int code = EXIT_REFUSED;
    if (c.http != NULL && ctl_prepare(&c, command, argv))
        code = command->run(&c);
    else
        fprintf(stderr, "mcuctl: out of memory\n");
    http_close(c.http);
    free(c.room_path);
    free(c.participant_path);
    return code;
}

/* What was said must have got out: a full disk or a closed pipe is an error too. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    fprintf(stderr, "mcuctl: the answer cannot be written: %s\n", strerror(errno));
    return code != 0 ? code : EXIT_OUTPUT;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},
        {"token-file", required_argument, NULL, 't'},
        {"ca", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *url = getenv("MCU_URL"), *file = NULL, *ca = NULL;
    char token[TOKEN_MAX_BYTES], own[PATH_MAX_BYTES];
    /* «+»: options end at the command, so that «gain demo ID -6» works. */
    for (int o; (o = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
        if (o == 'u')
            url = optarg;
        else if (o == 't')
            file = optarg;
        else if (o == 'c')
            ca = optarg;
        else {
            fputs(usage, o == 'h' ? stdout : stderr);
            return o == 'h' ? finish(0) : EXIT_USAGE;
        }
    }
    const struct command *command = command_find(argc - optind, argv + optind);
    if (command == NULL)
        return EXIT_USAGE;
    if (!find_token(file, token))
        return EXIT_TOKEN;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    state_file(own, file, "tls_certificate.pem");
    struct http *http =
        http_open(url != NULL ? url : "http://127.0.0.1:8080", token, ca != NULL ? ca : own);
    int code = run(command, argc - optind, argv + optind, http);
    curl_global_cleanup();
    return finish(code);
}
