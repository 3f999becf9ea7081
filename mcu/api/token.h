#ifndef MCU_API_TOKEN_H
#define MCU_API_TOKEN_H

/* The admin's bearer token (RFC 6750): given by configuration or environment, or else generated
 * once into a file only its owner can read. [control] */

#include "mcu/secret_file.h"
#include "mcu/state.h"

#include <stdbool.h>
#include <stddef.h>

struct config;

enum { TOKEN_MAX = SECRET_FILE_TEXT_MAX - 1, TOKEN_PATH_MAX = STATE_PATH_MAX };

struct token {
    char file[TOKEN_PATH_MAX]; /* where it stands; "" when it was given */
    bool generated;            /* just now */
    unsigned char digest[32];  /* SHA-256; the token itself is not kept */
};

/* 0; -EACCES, -ENOENT, … the file cannot be read or made; -EPERM others can read it; -EINVAL it
 * holds no token. *why says what to do, in why_cap bytes. */
int token_load(struct token *t, const struct config *c, char *why, size_t why_cap);

/* Takes the same time whatever the presented text shares with the token. */
bool token_matches(const struct token *t, const char *presented, size_t len);

#endif
