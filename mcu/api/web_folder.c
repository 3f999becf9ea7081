#include "mcu/api/web_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_plain(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

/* The descriptor of root's file, or a negative errno. */
static int open_below(const char *root, const char *folder, const char *file)
{
    int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at >= 0 && folder) {
        int below = openat(at, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        at = below;
    }
    if (at < 0)
        return -ENOENT;
    int fd = openat(at, file, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    close(at);
    return fd < 0 ? -ENOENT : fd;
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (!n)
            return -EAGAIN; /* it shrinks while it is read */
        len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int read_regular(int fd, uint8_t **bytes, size_t *len)
{
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -ENOENT;
    if (st.st_size > WEB_FOLDER_FILE_MAX)
        return -EFBIG;
    uint8_t *all = malloc((size_t)st.st_size + 1);
    if (!all)
        return -ENOMEM;
    int err = read_all(fd, all, (size_t)st.st_size);
    if (err) {
        free(all);
        return err;
    }
    *bytes = all;
    *len = (size_t)st.st_size;
    return 0;
}

static void print_hash(char hash[WEB_FOLDER_HASH], const uint8_t *bytes, size_t len)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, len, digest);
    for (size_t i = 0; i < (WEB_FOLDER_HASH - 1) / 2; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

int web_folder_read(const char *root, const char *folder, const char *file, uint8_t **bytes,
    size_t *len, char hash[WEB_FOLDER_HASH])
{
    if ((folder && !is_plain(folder)) || !is_plain(file))
        return -ENOENT;
    int fd = open_below(root, folder, file);
    if (fd < 0)
        return fd;
    int err = read_regular(fd, bytes, len);
    close(fd);
    if (!err)
        print_hash(hash, *bytes, *len);
    return err;
}
