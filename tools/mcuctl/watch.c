#include "tools/mcuctl/watch.h"

#include "tools/mcuctl/table.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { INTERVAL_MS = 500 };

/* Alternate screen, no cursor; and back. */
static const char enter_screen[] = "\033[?1049h\033[?25l";
static const char leave_screen[] = "\033[?25h\033[?1049l";
static const char clear_to_end_of_line[] = "\033[K\n";

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

static const json_t *list_of(const json_t *reply)
{
    return json_is_array(reply) ? reply : json_object_get(reply, "participants");
}

static void draw(const char *room, const json_t *reply, const json_t *lobby)
{
    const json_t *list = list_of(reply), *waiting = json_object_get(lobby, "waiting");
    printf("\033[H");
    table_text(stdout, room, 40);
    printf(" %zu participants, q ends%s%s", json_array_size(list), clear_to_end_of_line,
        clear_to_end_of_line);
    table_participants(stdout, list, clear_to_end_of_line);
    if (json_array_size(waiting) > 0) {
        fputs(clear_to_end_of_line, stdout);
        table_waiting(stdout, waiting, clear_to_end_of_line);
    }
    printf("\033[J");
    fflush(stdout);
}

/* Waits for the next drawing; false when a key or a signal ends the watch. */
static bool wait_key(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    if (poll(&in, 1, INTERVAL_MS) <= 0)
        return !stopped;
    if (read(STDIN_FILENO, &key, 1) != 1)
        return false;
    return !stopped && key != 'q' && key != 'Q';
}

struct paths {
    char participants[1024], lobby[1024];
};

static long draw_now(struct http *h, const char *room, const struct paths *paths, json_t **reply)
{
    json_t *lobby = NULL;
    json_decref(*reply);
    long status = http_call(h, "GET", paths->participants, NULL, reply);
    if (status == 200)
        http_call(h, "GET", paths->lobby, NULL, &lobby);
    if (status == 200)
        draw(room, *reply, lobby);
    json_decref(lobby);
    return status;
}

static long watch_screen(
    struct http *h, const char *room, const struct paths *paths, json_t **reply)
{
    struct termios before, raw;
    struct sigaction action = {.sa_handler = on_signal};
    tcgetattr(STDIN_FILENO, &before);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs(enter_screen, stdout);
    long status;
    do {
        status = draw_now(h, room, paths, reply);
    } while (status == 200 && wait_key());
    fputs(leave_screen, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return status;
}

long watch_room(struct http *h, const char *room, const char *room_path, json_t **reply)
{
    struct paths paths;
    snprintf(paths.participants, sizeof paths.participants, "%s/participants", room_path);
    snprintf(paths.lobby, sizeof paths.lobby, "%s/lobby", room_path);
    *reply = NULL;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return watch_screen(h, room, &paths, reply);
    long status = http_call(h, "GET", paths.participants, NULL, reply);
    if (status == 200)
        table_participants(stdout, list_of(*reply), "\n");
    return status;
}
