#include "mcu/api/token.h"

#include "mcu/config.h"
#include "mcu/secret_file.h"
#include "mcu/state.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

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
    char text[SECRET_FILE_TEXT_MAX];
    size_t len = 0;
    int err = choose_file(t, c);
    if (!err)
        err = secret_file_load(t->file, TOKEN_MIN, RANDOM_BYTES, text, &len, &t->generated);
    if (!err)
        keep(t, text, len);
    OPENSSL_cleanse(text, sizeof(text));
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
