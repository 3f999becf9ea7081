#include "mcu/state.h"

#include "mcu/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int state_path(char path[STATE_PATH_MAX], const struct config *c, const char *name)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *slash = strrchr(c->token_file, '/');
    int n;
    if (*c->token_file)
        n = snprintf(path, STATE_PATH_MAX, "%.*s%s", slash ? (int)(slash + 1 - c->token_file) : 0,
            c->token_file, name);
    else if (state && *state == '/')
        n = snprintf(path, STATE_PATH_MAX, "%s/mischpult/%s", state, name);
    else if (home && *home == '/')
        n = snprintf(path, STATE_PATH_MAX, "%s/.local/state/mischpult/%s", home, name);
    else
        return -ENOENT;
    return n < 0 || n >= STATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

void state_make_folders(const char *path)
{
    char folder[STATE_PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(folder, 0700);
        *slash = '/';
    }
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int state_replace(const char *path, const void *bytes, size_t len, unsigned mode)
{
    char fresh[STATE_PATH_MAX + 8];
    snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
    state_make_folders(path);
    int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = fchmod(fd, mode) ? -errno : write_all(fd, bytes, len);
    if (!err && fsync(fd))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (!err && rename(fresh, path))
        err = -errno;
    if (err)
        unlink(fresh);
    return err;
}
