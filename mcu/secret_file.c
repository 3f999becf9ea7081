#include "mcu/secret_file.h"

#include "mcu/access/base64url.h"
#include "mcu/random.h"
#include "mcu/state.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_line(int fd, const char *text, size_t len)
{
    char line[SECRET_FILE_TEXT_MAX + 1];
    memcpy(line, text, len);
    line[len] = '\n';
    int err = write(fd, line, len + 1) == (ssize_t)len + 1 ? 0 : -EIO;
    if (!err && fsync(fd))
        err = -errno;
    OPENSSL_cleanse(line, sizeof(line));
    return err;
}

/* It gets its name only when it is whole, and only if nobody else made it meanwhile (-EEXIST). */
static int make_file(const char *path, const char *text, size_t len)
{
    char part[STATE_PATH_MAX + 8];
    snprintf(part, sizeof(part), "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return -errno;
    int err = write_line(fd, text, len);
    if (close(fd) && !err)
        err = -errno;
    if (!err && link(part, path))
        err = -errno;
    unlink(part);
    return err;
}

static int generate(const char *path, size_t bytes, char text[SECRET_FILE_TEXT_MAX], size_t *len)
{
    uint8_t random[SECRET_FILE_TEXT_MAX / 4 * 3];
    if (bytes > sizeof(random))
        return -EINVAL;
    int err = random_bytes(random, bytes);
    if (err)
        return err;
    *len = base64url_length(bytes);
    base64url_encode(random, bytes, text);
    text[*len] = '\0';
    OPENSSL_cleanse(random, sizeof(random));
    state_make_folders(path);
    return make_file(path, text, *len);
}

static int read_text(int fd, size_t min, char text[SECRET_FILE_TEXT_MAX], size_t *len)
{
    char bytes[SECRET_FILE_TEXT_MAX + 1];
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_mode & 077)
        return -EPERM;
    ssize_t n = read(fd, bytes, sizeof(bytes));
    if (n < 0)
        return -errno;
    size_t size = 0;
    while (size < (size_t)n && bytes[size] > ' ' && bytes[size] < 0x7f)
        size++;
    bool ends = size == (size_t)n || bytes[size] == '\n';
    if (size < min || size >= SECRET_FILE_TEXT_MAX || !ends)
        return -EINVAL;
    memcpy(text, bytes, size);
    text[size] = '\0';
    OPENSSL_cleanse(bytes, sizeof(bytes));
    *len = size;
    return 0;
}

static int read_file(const char *path, size_t min, char text[SECRET_FILE_TEXT_MAX], size_t *len)
{
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = read_text(fd, min, text, len);
    close(fd);
    return err;
}

int secret_file_load(const char *path, size_t min, size_t bytes, char text[SECRET_FILE_TEXT_MAX],
    size_t *len, bool *generated)
{
    int err = read_file(path, min, text, len);
    *generated = false;
    if (err != -ENOENT)
        return err;
    err = generate(path, bytes, text, len);
    if (err == -EEXIST)
        return read_file(path, min, text, len);
    *generated = !err;
    return err;
}
