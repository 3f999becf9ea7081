#include "mcu/api/token.h"

#include "mcu/config.h"
#include "mcu/random.h"
#include "mcu/state.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RANDOM_BYTES = 24, TOKEN_MIN = 16 }; /* 192 random bits are 32 letters */

static void keep(struct token *t, const char *text, size_t len)
{
    SHA256((const unsigned char *)text, len, t->digest);
}

static int choose_file(struct token *t, const struct config *c)
{
    if (!*c->token_file)
        return state_path(t->file, c, "admin_token");
    snprintf(t->file, sizeof(t->file), "%s", c->token_file);
    return 0;
}

static int random_text(char text[static RANDOM_BYTES / 3 * 4 + 1])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[RANDOM_BYTES];
    int err = random_bytes(bytes, sizeof(bytes));
    if (err)
        return err;
    for (size_t i = 0, out = 0; i < sizeof(bytes); i += 3) {
        unsigned v = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            text[out++] = letters[v >> shift & 63];
    }
    text[RANDOM_BYTES / 3 * 4] = '\0';
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return 0;
}

static int generate(struct token *t)
{
    char text[RANDOM_BYTES / 3 * 4 + 2];
    int err = random_text(text);
    if (err)
        return err;
    state_make_folders(t->file);
    int fd = open(t->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    size_t len = strlen(text);
    keep(t, text, len);
    text[len] = '\n';
    err = write(fd, text, len + 1) == (ssize_t)len + 1 ? 0 : -EIO;
    if (close(fd) && !err)
        err = -errno;
    if (err)
        unlink(t->file); /* half a token would be read at the next start */
    OPENSSL_cleanse(text, sizeof(text));
    t->generated = true;
    return err;
}

static int read_file(struct token *t, int fd)
{
    char text[TOKEN_MAX + 2];
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_mode & 077)
        return -EPERM;
    ssize_t n = read(fd, text, sizeof(text));
    if (n < 0)
        return -errno;
    size_t len = 0;
    while (len < (size_t)n && text[len] > ' ' && text[len] < 0x7f)
        len++;
    bool ends = len == (size_t)n || text[len] == '\n';
    if (len < TOKEN_MIN || len > TOKEN_MAX || !ends)
        return -EINVAL;
    keep(t, text, len);
    OPENSSL_cleanse(text, sizeof(text));
    return 0;
}

static void explain(const struct token *t, int err, char *why, size_t cap)
{
    if (err == -ENOENT && !*t->file)
        snprintf(why, cap, "no place for the admin token: set token_file, HOME or MCU_ADMIN_TOKEN");
    else if (err == -EPERM)
        snprintf(why, cap, "%s: others may read it; chmod 600 it, or remove it for a new token",
            t->file);
    else if (err == -EINVAL)
        snprintf(why, cap, "%s: holds no token of at least %d characters; remove it for a new one",
            t->file, TOKEN_MIN);
    else
        snprintf(why, cap, "%s: %s; set token_file or MCU_ADMIN_TOKEN", t->file, strerror(-err));
}

int token_load(struct token *t, const struct config *c, char *why, size_t why_cap)
{
    *t = (struct token){0};
    if (*c->admin_token) {
        keep(t, c->admin_token, strlen(c->admin_token));
        return 0;
    }
    int err = choose_file(t, c);
    if (!err) {
        int fd = open(t->file, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        err = fd >= 0 ? read_file(t, fd) : errno == ENOENT ? generate(t) : -errno;
        if (fd >= 0)
            close(fd);
    }
    if (err)
        explain(t, err, why, why_cap);
    return err;
}

bool token_matches(const struct token *t, const char *presented, size_t len)
{
    unsigned char digest[32];
    if (len > TOKEN_MAX)
        return false;
    SHA256((const unsigned char *)presented, len, digest);
    return !CRYPTO_memcmp(digest, t->digest, sizeof(digest));
}
