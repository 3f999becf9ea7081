/* A bearer becomes a grant or an error, with fixed keys: what comes out is whole and within its
 * bounds, and what was not signed by one of the keys gives nothing. The first byte 'S' makes the
 * rest the claims of a token that is signed here, so that they are reached too. */

#include "mcu/access/access.h"
#include "mcu/access/actions.h"
#include "mcu/access/jwt.h"
#include "mcu/api/token.h"
#include "mcu/config.h"
#include "mcu/http/http_guard.h"
#include "mcu/json_text.h"
#include "mcu/rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW = 1800000000 };

static const char secret[] = "an issuer's secret of 32 letters";
static const char own[] = "the-servers-own-key-of-33-letters";
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
                          "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
                          "-----END PUBLIC KEY-----\n";

static struct config cfg;
static struct token admin;
static struct access *a;
static struct jwt_keys *signers; /* 0: the server's own, 1: the issuer's */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void put(const char *folder, const char *name, const char *text, char *path, size_t cap)
{
    snprintf(path, cap, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    require(out && fputs(text, out) >= 0 && !fclose(out) && !chmod(path, 0600));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char folder[] = "/tmp/mischpult-fuzz-XXXXXX", key[128], why[ACCESS_WHY_MAX];
    (void)argc;
    (void)argv;
    require(mkdtemp(folder) != NULL);
    config_defaults(&cfg);
    strcpy(cfg.admin_token, "the-admins-0123456789");
    strcpy(cfg.jwt_secret, secret);
    put(folder, "issuer.pem", pem, cfg.jwt_public_key, sizeof cfg.jwt_public_key);
    snprintf(cfg.token_file, sizeof cfg.token_file, "%s/admin_token", folder);
    put(folder, "ticket_key", own, key, sizeof key);
    require(!token_load(&admin, &cfg, why, sizeof why));
    require(!access_create(&a, &cfg, &admin, why, sizeof why));
    require(!jwt_keys_create(&signers));
    require(jwt_keys_add_secret(signers, own, strlen(own)) == 0);
    require(jwt_keys_add_secret(signers, secret, strlen(secret)) == 1);
    snprintf(key, sizeof key, "rm -rf %s", folder);
    return system(key) != 0;
}

static void check_grant(const struct grant *g)
{
    require(
        g->role > ROLE_NONE && g->role < ROLES && g->kind > GRANT_NONE && g->kind < GRANT_KINDS);
    require((g->role == ROLE_ADMIN) == (g->kind == GRANT_ADMIN));
    require(!strcmp(g->room, "*") || room_name_ok(g->room));
    require(http_guard_text(g->name, strnlen(g->name, sizeof g->name)));
    require(strnlen(g->name, sizeof g->name) <= GRANT_NAME_MAX);
    require(strnlen(g->user, sizeof g->user) <= GRANT_USER_LEN);
    require(g->kind == GRANT_ADMIN || *g->user);
    require((g->kind == GRANT_TICKET) == (strlen(g->sub) == GRANT_SUB_LEN));
    require(g->kind == GRANT_ADMIN || g->expires + JWT_LEEWAY_S > NOW);
    require(access_may(g, ACTION_METRICS, NULL, false, NULL) == 0 || g->kind != GRANT_ADMIN);
}

static int resolve(const char *text, size_t len, struct grant *g)
{
    char *bearer = malloc(len ? len : 1); /* exactly as long as it is, without a NUL */
    require(bearer != NULL);
    memcpy(bearer, text, len);
    int err = access_resolve_at(a, bearer, len, NOW, g);
    free(bearer);
    return err;
}

static void try_bearer(const char *text, size_t len)
{
    struct grant g;
    if (!resolve(text, len, &g))
        check_grant(&g);
}

static void try_claims(unsigned signer, const char *text, size_t len)
{
    char token[16384];
    struct grant g;
    json_t *claims = json_text_object(text, len, JWT_DEPTH);
    if (!claims)
        return;
    int n = jwt_sign(signers, signer, claims, token, sizeof token);
    json_decref(claims);
    if (n < 0 || resolve(token, (size_t)n, &g))
        return;
    check_grant(&g);
    require((g.kind == GRANT_JWT) == (signer == 1));
    token[n / 2] ^= 1; /* what was signed is not this any more */
    require(resolve(token, (size_t)n, &g) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 && data[0] == 'S')
        try_claims(data[1] & 1, (const char *)data + 2, size - 2);
    else
        try_bearer((const char *)data, size);
    return 0;
}
