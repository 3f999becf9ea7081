#include "mcu/api/api.h"

#include "mcu/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JSON_MAX = 4096 };

static void answer(struct http_request *r, int err, const char *why)
{
    switch (err) {
    case 0:
        http_respond(r, 202, NULL, NULL, 0);
        break;
    case -EINVAL:
        http_error(r, 422, "not_a_sound", why ? why : "send a WAV, FLAC or Ogg file");
        break;
    case -EFBIG:
        http_error(r, 413, "too_large", why ? why : "the sound is too long");
        break;
    default:
        api_no_memory(r);
    }
}

/* Reading a named sound takes a thread of libuv's pool: the disk may be slow. */
struct sound_job {
    uv_work_t work;
    const struct api *api;
    struct http_request *request;
    char room[ROOM_NAME_MAX + 1];
    char folder[CONFIG_TEXT_MAX], sound[API_SOUND_MAX + 1];
    size_t max, len;
    uint8_t *bytes;
    int err;
};

static int read_all(struct sound_job *j, int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -ENOENT;
    if (st.st_size <= 0 || (size_t)st.st_size > j->max)
        return -EFBIG;
    j->bytes = malloc((size_t)st.st_size);
    if (!j->bytes)
        return -ENOMEM;
    while (j->len < (size_t)st.st_size) {
        ssize_t n = read(fd, j->bytes + j->len, (size_t)st.st_size - j->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -EIO;
        j->len += (size_t)n;
    }
    return 0;
}

/* [worker] The name holds no '/', so with no link followed the file is in the folder. */
static void read_sound(uv_work_t *work)
{
    struct sound_job *j = work->data;
    int folder = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = folder < 0 ? -1
                        : openat(folder, j->sound,
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    j->err = fd < 0 ? -errno : read_all(j, fd);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
}

static void play_sound(uv_work_t *work, int status)
{
    struct sound_job *j = work->data;
    const char *why = NULL;
    struct room *room = j->api->rooms ? room_find(j->api->rooms, j->room) : NULL;
    if (status)
        j->err = status;
    if (!room) {
        http_error(j->request, 404, "no_room", "the room has been closed");
    } else if (j->err == -ENOENT || j->err == -ELOOP || j->err == -EACCES) {
        http_error(j->request, 404, "no_sound", "sounds_dir holds no readable file of this name");
    } else if (j->err) {
        answer(j->request, j->err, NULL);
    } else {
        int err = room_play(room, j->bytes, j->len, &why);
        j->bytes = NULL;
        answer(j->request, err, why);
    }
    free(j->bytes);
    free(j);
}

static void play_named(struct http_request *r, const struct api *api)
{
    struct api_error e;
    size_t len;
    const uint8_t *body = http_body(r, &len);
    struct sound_job *j = calloc(1, sizeof(*j));
    if (!j) {
        api_no_memory(r);
        return;
    }
    if (len > JSON_MAX) {
        http_error(r, 413, "too_large", "a JSON body here has at most 4096 bytes");
    } else if (api_json_sound(body, len, j->sound, &e)) {
        api_respond_error(r, &e);
    } else if (!*api->cfg->sounds_dir) {
        http_error(r, 404, "no_sound", "no sounds_dir is configured");
    } else {
        j->work.data = j;
        j->api = api;
        j->request = r;
        j->max = (size_t)api->cfg->play_max_kib * 1024;
        strcpy(j->room, http_param(r, "room"));
        strcpy(j->folder, api->cfg->sounds_dir);
        if (!uv_queue_work(api->loop, &j->work, read_sound, play_sound))
            return;
        api_no_memory(r);
    }
    free(j);
}

void api_play(struct http_request *r, void *arg)
{
    const char *why = NULL;
    size_t len;
    struct room *room = api_room(r, arg);
    if (!room)
        return;
    if (!strncasecmp(http_content_type(r), "application/json", strlen("application/json"))) {
        play_named(r, arg);
        return;
    }
    uint8_t *bytes = http_body_take(r, &len);
    int err = bytes ? room_play(room, bytes, len, &why) : -EINVAL;
    answer(r, err, why);
}

void api_play_stop(struct http_request *r, void *arg)
{
    struct room *room = api_room(r, arg);
    if (!room)
        return;
    room_play_stop(room);
    http_respond(r, 204, NULL, NULL, 0);
}
