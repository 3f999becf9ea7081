/* The program: configuration, log, media loops, HTTP; signals and the orderly end. [control] */

#include "mcu/access/access.h"
#include "mcu/access/attempts.h"
#include "mcu/api/api.h"
#include "mcu/api/health.h"
#include "mcu/api/token.h"
#include "mcu/config.h"
#include "mcu/config_help.h"
#include "mcu/http/http_tls.h"
#include "mcu/log.h"
#include "mcu/version.h"
#include "mcu/webrtc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_START = 1,
    EXIT_USAGE = 2,
    DRAIN_MS = 1800, /* we promise to be gone within 2 s */
    LOG_WAIT_MS = 150,
    SAMPLE_MS = 1000,
    SPARE_FDS = 128,
    CERTIFICATE_WARN_S = 14 * 86400,
};

enum { SIG_TERM, SIG_INT, SIG_HUP, SIGNALS };

struct program {
    struct config_args args;
    struct config cfg;
    struct token token;
    struct http_tls *tls; /* NULL: plain HTTP */
    struct api api;
    struct health health;
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    uv_timer_t sampler, drain;
    struct webrtc *webrtc;
    struct rooms *rooms;
    bool draining;
};

/* --- configuration ---------------------------------------------------------------------------- */
static void say_error(const char *where, const char *message, void *arg)
{
    (void)arg;
    fprintf(stderr, "mcu: %s: %s\n", where, message);
}

/* A running server says it in its log; a value may be a secret and is not repeated there. */
static void log_error(const char *where, const char *message, void *arg)
{
    (void)message;
    LOG_ERROR("config", arg, log_text("where", where), log_text("see", "mcu --check-config"));
}

static void log_refused(const char *key, const char *message, void *arg)
{
    (void)arg;
    LOG_WARN("config", "not_reloadable", log_text("key", key), log_text("why", message));
}

static void check_certificate(const struct http_tls *tls)
{
    int64_t left = http_tls_ends(tls) - time(NULL);
    if (http_tls_key_exposed(tls))
        LOG_WARN("http", "key_exposed", log_text("key", "tls_key"),
            log_text("why", "others than its owner may read the file"));
    if (left < CERTIFICATE_WARN_S)
        LOG_WARN("http", "certificate_ends", log_int("seconds", left));
}

/* The files may have changed though their names have not. */
static void reload_certificate(struct program *p)
{
    const char *why;
    if (!p->tls)
        return;
    if (http_tls_reload(p->tls, &why))
        LOG_ERROR("http", "certificate_kept", log_text("why", why));
    else
        check_certificate(p->tls);
}

static void reload(struct program *p)
{
    struct config fresh;
    int errors = config_load(&fresh, &p->args, log_error, "wrong");
    if (errors) {
        LOG_ERROR("config", "kept", log_int("errors", errors));
        return;
    }
    int taken = config_reload(&p->cfg, &fresh, log_refused, NULL);
    log_configure((enum log_level)p->cfg.log_level, p->cfg.log_format == CONFIG_LOG_JSON);
    rooms_configure(p->rooms, &p->cfg);
    reload_certificate(p);
    LOG_INFO("config", "reloaded", log_int("changed", taken));
}

/* True: that was all that was asked for. */
static bool answer_flags(const struct config_args *args)
{
    switch (args->action) {
    case CONFIG_HELP:
        config_print_help(stdout);
        return true;
    case CONFIG_VERSION:
        puts("mcu " MCU_VERSION);
        return true;
    case CONFIG_PRINT:
        config_print_example(stdout);
        return true;
    case CONFIG_ROUTES:
        api_print_routes(stdout);
        return true;
    default:
        return false;
    }
}

/* --- the end ---------------------------------------------------------------------------------- */
static void end_http(struct program *p)
{
    p->api.rooms = NULL;
    http_close(p->api.http);
    events_destroy(p->api.events);
    member_events_destroy(p->api.members);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    uv_close((uv_handle_t *)&p->sampler, NULL);
    uv_close((uv_handle_t *)&p->drain, NULL);
}

static void on_rooms_closed(void *arg)
{
    struct program *p = arg;
    p->rooms = NULL;
    webrtc_destroy(p->webrtc);
    LOG_INFO("server", "drained", log_int("pid", getpid()));
    end_http(p);
}

/* Something hangs: being gone in time matters more than being tidy. */
static void on_drain_timeout(uv_timer_t *timer)
{
    (void)timer;
    LOG_ERROR("server", "drain_timeout", log_int("ms", DRAIN_MS));
    log_stop(LOG_WAIT_MS);
    _exit(EXIT_SUCCESS);
}

static void drain(struct program *p, int signum)
{
    if (p->draining)
        return;
    p->draining = p->health.draining = true;
    LOG_INFO("server", "draining", log_int("signal", signum),
        log_int("rooms", (int64_t)rooms_count(p->rooms)));
    uv_timer_start(&p->drain, on_drain_timeout, DRAIN_MS, 0);
    uv_unref((uv_handle_t *)&p->drain);
    p->api.rooms = NULL;
    rooms_close(p->rooms, on_rooms_closed, p);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct program *p = handle->data;
    if (signum != SIGHUP)
        drain(p, signum);
    else if (!p->draining)
        reload(p);
}

/* --- the start -------------------------------------------------------------------------------- */
static void on_sample(uv_timer_t *timer)
{
    struct program *p = timer->data;
    if (p->rooms)
        health_sample(&p->health, p->rooms);
}

static void on_room_event(const struct room_event *e, void *arg)
{
    struct program *p = arg;
    events_publish(p->api.events, e);
    member_events_publish(p->api.members, e);
}

/* Every participant may need a pair of sockets. */
static void raise_descriptor_limit(const struct config *c)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t wanted = c->rtp_port_max - c->rtp_port_min + 1 + c->http_connections + SPARE_FDS;
    if (limit.rlim_cur < wanted)
        LOG_WARN("server", "few_descriptors", log_int("limit", (int64_t)limit.rlim_cur),
            log_int("wanted", (int64_t)wanted));
}

static void start_handles(struct program *p)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&p->loop, &p->drain);
    uv_timer_init(&p->loop, &p->sampler);
    p->sampler.data = p;
    uv_timer_start(&p->sampler, on_sample, SAMPLE_MS, SAMPLE_MS);
}

static int say_http_error(const struct config *c, int err)
{
    unsigned port = config_tls(c) ? c->https_port : c->http_port;
    if (err == -EADDRINUSE)
        fprintf(stderr,
            "mcu: HTTP: port %u of %s is taken; is another mcu running? --http%s_port chooses "
            "another\n",
            port, c->http_address, config_tls(c) ? "s" : "");
    else
        fprintf(stderr, "mcu: HTTP: port %u of %s: %s\n", port, c->http_address, strerror(-err));
    return err;
}

static int start_tls(struct program *p)
{
    const char *why;
    if (config_http_exposed(&p->cfg))
        LOG_WARN("http", "plain", log_text("why", "without TLS it belongs behind a proxy"));
    if (!config_tls(&p->cfg))
        return 0;
    int err = http_tls_create(&p->tls, &p->cfg, &why);
    if (err)
        fprintf(stderr, "mcu: TLS: %s (%s)\n", why, strerror(-err));
    else
        check_certificate(p->tls);
    return err;
}

static int resolve(const char *bearer, size_t len, struct grant *out, void *arg)
{
    return access_resolve(arg, bearer, len, out);
}

static int start_server(struct program *p)
{
    char why[ACCESS_WHY_MAX];
    int err = token_load(&p->token, &p->cfg, why, sizeof(why));
    if (err) {
        fprintf(stderr, "mcu: admin token: %s\n", why);
        return err;
    }
    err = access_create(&p->api.access, &p->cfg, &p->token, why, sizeof(why));
    if (err) {
        fprintf(stderr, "mcu: %s\n", why);
        return err;
    }
    err = start_tls(p);
    if (err)
        return err;
    const struct http_setup setup = {
        &p->cfg, resolve, p->api.access, p->tls, api_routes, api_route_count, &p->api};
    p->api.cfg = &p->cfg;
    p->api.loop = &p->loop;
    p->api.health = &p->health;
    err = events_create(&p->api.events, &p->loop);
    if (!err)
        err = member_events_create(&p->api.members, &p->api);
    if (!err)
        err = attempts_create(&p->api.attempts);
    if (!err)
        err = http_create(&p->api.http, &p->loop, &setup);
    if (err)
        return say_http_error(&p->cfg, err);
    char no_webrtc[WEBRTC_WHY_MAX];
    err = webrtc_create(&p->webrtc, &p->cfg, rooms_media_loops(&p->cfg), no_webrtc);
    if (err) {
        fprintf(stderr, "mcu: WebRTC: %s\n", no_webrtc);
        return err;
    }
    err = rooms_create(&p->rooms, &p->cfg, p->webrtc, &p->loop, on_room_event, p);
    if (err) {
        fprintf(stderr, "mcu: media on %s: %s\n", p->cfg.media_address, strerror(-err));
        return err;
    }
    p->api.rooms = p->rooms;
    health_sample(&p->health, p->rooms);
    return 0;
}

static void say_ready(const struct program *p)
{
    char url[CONFIG_TEXT_MAX + 32];
    http_url(p->api.http, url, sizeof(url));
    printf("Mischpult " MCU_VERSION " is ready: %s/\n", url);
    if (config_auto_create(&p->cfg))
        printf("A meeting to try, in two windows: %s/r/demo\n", url);
    if (p->tls && http_tls_self_signed(p->tls))
        printf("Its certificate is self-signed: browsers ask before they go on\n");
    if (*p->token.file)
        printf("The admin token is in %s%s\n", p->token.file,
            p->token.generated ? " (just generated)" : "");
    else
        printf("The admin token is the configured one\n");
    fflush(stdout);
    LOG_INFO("server", "started", log_text("version", MCU_VERSION),
        log_int("http_port", http_port(p->api.http)), log_int("tls", p->tls != NULL),
        log_int("pid", getpid()));
}

static int run(struct program *p)
{
    raise_descriptor_limit(&p->cfg);
    uv_loop_init(&p->loop);
    if (start_server(p))
        return EXIT_START; /* the process ends here, and with it what did start */
    start_handles(p);
    say_ready(p);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_loop_close(&p->loop);
    access_destroy(p->api.access);
    attempts_destroy(p->api.attempts);
    http_tls_destroy(p->tls);
    LOG_INFO("server", "ended", log_int("pid", getpid()));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct program program;
    struct program *p = &program;
    int errors = config_args_parse(&p->args, argc, argv, say_error, NULL);
    if (!errors && answer_flags(&p->args))
        return EXIT_SUCCESS;
    errors += config_load(&p->cfg, &p->args, say_error, NULL);
    if (errors)
        return EXIT_USAGE;
    if (p->args.action == CONFIG_CHECK) {
        puts("The configuration is valid.");
        return EXIT_SUCCESS;
    }
    signal(SIGPIPE, SIG_IGN);
    int err = log_start(
        STDERR_FILENO, (enum log_level)p->cfg.log_level, p->cfg.log_format == CONFIG_LOG_JSON);
    if (err) {
        fprintf(stderr, "mcu: log: %s\n", strerror(-err));
        return EXIT_START;
    }
    int status = run(p);
    log_stop(LOG_WAIT_MS);
    return status;
}
