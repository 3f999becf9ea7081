#include "mcu/access/access.h"
#include "mcu/access/jwt.h"
#include "mcu/api/token.h"
#include "mcu/config.h"
#include "tests/support/signer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define N(a)   (sizeof(a) / sizeof *(a))
#define ADMIN  "the-admins-0123456789"
#define SECRET "an issuer's secret of 32 letters"
#define HS256  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define LATER  "\"exp\":2000000000"

enum { NOW = 1800000000 };

static char folder[64], why[ACCESS_WHY_MAX];
static struct config cfg;
static struct token admin;
static struct access *a;
static struct signer *issuer;

static void create(void)
{
    cr_assert_eq(token_load(&admin, &cfg, why, sizeof why), 0, "%s", why);
    cr_assert_eq(access_create(&a, &cfg, &admin, why, sizeof why), 0, "%s", why);
}

static void setup(void)
{
    strcpy(folder, "/tmp/mischpult-access-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    config_defaults(&cfg);
    snprintf(cfg.token_file, sizeof cfg.token_file, "%s/admin_token", folder);
    strcpy(cfg.admin_token, ADMIN);
    strcpy(cfg.jwt_secret, SECRET);
    issuer = signer_secret(SECRET, strlen(SECRET));
    create();
}

static void teardown(void)
{
    char command[128];
    access_destroy(a);
    signer_free(issuer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(access, .init = setup, .fini = teardown);

static int resolve_text(const char *text, struct grant *g)
{
    return access_resolve_at(a, text, strlen(text), NOW, g);
}

/* A token of these claims by the issuer. */
static int resolve(const char *claims, struct grant *g)
{
    char *text = signer_token(issuer, HS256, claims);
    int err = resolve_text(text, g);
    free(text);
    return err;
}

Test(access, the_admins_token)
{
    struct grant g;
    cr_assert_eq(resolve_text(ADMIN, &g), 0);
    cr_assert_eq(g.role, ROLE_ADMIN);
    cr_assert_eq(g.kind, GRANT_ADMIN);
    cr_assert_str_eq(g.room, "*");
    cr_assert(g.admitted && !g.expires && !*g.user);
    cr_assert_eq(resolve_text(ADMIN "x", &g), -EBADMSG);
    cr_assert_eq(resolve_text("", &g), -EBADMSG);
}

Test(access, claims_as_jitsi_has_them)
{
    struct grant g;
    cr_assert_eq(resolve("{\"aud\":\"jitsi\",\"iss\":\"app\",\"sub\":\"meet.example\",\"room\":"
                         "\"demo\",\"iat\":1799990000,\"nbf\":1799990000," LATER
                         ",\"context\":{\"user\":{\"id\":\"u1\",\"name\":\"Zoë\",\"email\":"
                         "\"z@example\",\"avatar\":\"\",\"moderator\":\"true\"},\"features\":{"
                         "\"recording\":true,\"livestreaming\":\"true\",\"outbound-call\":false,"
                         "\"screen-sharing\":\"no\",\"transcription\":true},\"group\":\"g\"}}",
                     &g),
        0);
    cr_assert_eq(g.kind, GRANT_JWT);
    cr_assert_eq(g.via, GRANT_JWT);
    cr_assert_eq(g.role, ROLE_MODERATOR);
    cr_assert_str_eq(g.room, "demo");
    cr_assert_str_eq(g.name, "Zoë");
    cr_assert_str_empty(g.sub);
    cr_assert_eq(strlen(g.user), GRANT_USER_LEN);
    cr_assert_eq(g.issued, 1799990000);
    cr_assert_eq(g.expires, 2000000000);
    cr_assert_eq(g.features, GRANT_RECORDING | GRANT_LIVESTREAMING);
    cr_assert(g.admitted);
}

Test(access, roles_of_users)
{
    static const struct {
        const char *user;
        enum role role;
    } cases[] = {
        {"{}", ROLE_PARTICIPANT},
        {"{\"moderator\":true}", ROLE_MODERATOR},
        {"{\"moderator\":\"true\"}", ROLE_MODERATOR},
        {"{\"moderator\":false}", ROLE_PARTICIPANT},
        {"{\"moderator\":\"false\"}", ROLE_PARTICIPANT},
        {"{\"moderator\":1}", ROLE_PARTICIPANT},
        {"{\"moderator\":\"True\"}", ROLE_PARTICIPANT},
        {"{\"moderator\":{\"x\":true}}", ROLE_PARTICIPANT},
        {"{\"moderator\":null}", ROLE_PARTICIPANT},
        {"{\"role\":\"viewer\"}", ROLE_VIEWER},
        {"{\"role\":\"visitor\"}", ROLE_VIEWER},
        {"{\"role\":\"visitor\",\"moderator\":true}", ROLE_VIEWER},
        {"{\"role\":\"moderator\"}", ROLE_PARTICIPANT},
        {"{\"role\":\"admin\"}", ROLE_PARTICIPANT},
        {"\"moderator\"", ROLE_PARTICIPANT},
        {"[{\"moderator\":true}]", ROLE_PARTICIPANT},
        {"null", ROLE_PARTICIPANT},
    };
    for (size_t i = 0; i < N(cases); i++) {
        char claims[256];
        struct grant g;
        snprintf(claims, sizeof claims, "{\"room\":\"demo\"," LATER ",\"context\":{\"user\":%s}}",
            cases[i].user);
        cr_assert_eq(resolve(claims, &g), 0, "%s", claims);
        cr_assert_eq(g.role, cases[i].role, "%s", claims);
        cr_assert_eq(g.admitted, cases[i].role == ROLE_MODERATOR, "%s", claims);
        cr_assert_eq(g.features, GRANT_FEATURES_ALL);
    }
}

Test(access, rooms_of_tokens)
{
    static const struct {
        const char *room;
        int err;
    } cases[] = {
        {"\"demo\"", 0},
        {"\"*\"", 0},
        {"\"A-Z_0.9\"", 0},
        {"\"\"", -EBADMSG},
        {"\"**\"", -EBADMSG},
        {"\"de*\"", -EBADMSG},
        {"\".*\"", -EBADMSG},
        {"\"a/b\"", -EBADMSG},
        {"\"a b\"", -EBADMSG},
        {"[\"demo\"]", -EBADMSG},
        {"true", -EBADMSG},
        {"null", -EBADMSG},
        {"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"", -EBADMSG},
    };
    struct grant g;
    for (size_t i = 0; i < N(cases); i++) {
        char claims[256];
        snprintf(claims, sizeof claims, "{\"room\":%s," LATER "}", cases[i].room);
        cr_assert_eq(resolve(claims, &g), cases[i].err, "%s", claims);
    }
    cr_assert_eq(resolve("{" LATER "}", &g), -EBADMSG);
}

static void name_of(const char *json, char *name)
{
    char claims[1024];
    struct grant g;
    snprintf(claims, sizeof claims,
        "{\"room\":\"demo\"," LATER ",\"context\":{\"user\":{\"name\":%s}}}", json);
    cr_assert_eq(resolve(claims, &g), 0, "%s", claims);
    strcpy(name, g.name);
}

/* 66 bytes in characters of three: 63 of them stay, and none is cut in two. */
Test(access, names_of_users)
{
    char name[GRANT_NAME_MAX + 1];
    name_of("\"Anna\"", name);
    cr_assert_str_eq(name, "Anna");
    name_of("\"A\\nB\"", name);
    cr_assert_str_empty(name);
    name_of("7", name);
    cr_assert_str_empty(name);
    name_of("\"€€€€€€€€€€€€€€€€€€€€€€\"", name);
    cr_assert_str_eq(name, "€€€€€€€€€€€€€€€€€€€€€");
    name_of("\"0123456789012345678901234567890123456789012345678901234567890123456789\"", name);
    cr_assert_eq(strlen(name), GRANT_NAME_MAX);
}

static void user_of(const char *iss, const char *id, const char *more, char *user)
{
    char claims[512];
    struct grant g;
    snprintf(claims, sizeof claims,
        "{\"iss\":%s,\"room\":\"demo\"," LATER ",\"context\":{\"user\":{\"id\":%s}}%s}", iss, id,
        more);
    cr_assert_eq(resolve(claims, &g), 0, "%s", claims);
    strcpy(user, g.user);
}

Test(access, a_user_stays_the_same_and_is_one)
{
    char one[33], other[33];
    user_of("\"i\"", "\"u\"", "", one);
    user_of("\"i\"", "\"u\"", ",\"jti\":\"another\"", other);
    cr_assert_str_eq(one, other);
    user_of("\"j\"", "\"u\"", "", other);
    cr_assert_str_neq(one, other);
    user_of("\"iu\"", "\"\"", "", other);
    cr_assert_str_neq(one, other);
    user_of("null", "\"u\"", "", other);
    cr_assert_str_neq(one, other);
    user_of("\"i\"", "7", "", one);
    user_of("\"i\"", "7", ",\"jti\":\"another\"", other);
    cr_assert_str_neq(one, other);
}

Test(access, times)
{
    struct grant g = {.role = ROLE_VIEWER};
    cr_assert_eq(resolve("{\"room\":\"demo\",\"exp\":1799999971}", &g), 0);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"exp\":1799999970}", &g), -EKEYEXPIRED);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"nbf\":1800000030," LATER "}", &g), 0);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"nbf\":1800000031," LATER "}", &g), -EAGAIN);
    cr_assert_eq(resolve("{\"room\":\"demo\"}", &g), -EBADMSG);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"exp\":1e18}", &g), -EBADMSG);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"exp\":\"2000000000\"}", &g), -EBADMSG);
}

Test(access, issuer_and_audience_when_they_are_asked_for)
{
    struct grant g;
    cr_assert_eq(resolve("{\"room\":\"demo\",\"aud\":\"x\",\"iss\":\"y\"," LATER "}", &g), 0);
    strcpy(cfg.jwt_issuer, "app");
    cr_assert_eq(resolve("{\"room\":\"demo\"," LATER "}", &g), -EKEYREJECTED);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"iss\":\"apps\"," LATER "}", &g), -EKEYREJECTED);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"iss\":[\"app\"]," LATER "}", &g), -EKEYREJECTED);
    cr_assert_eq(resolve("{\"room\":\"demo\",\"iss\":\"app\"," LATER "}", &g), 0);
    strcpy(cfg.jwt_audience, "jitsi");
    cr_assert_eq(resolve("{\"room\":\"demo\",\"iss\":\"app\"," LATER "}", &g), -EKEYREJECTED);
    cr_assert_eq(
        resolve("{\"room\":\"demo\",\"iss\":\"app\",\"aud\":[\"jitsi\"]," LATER "}", &g), 0);
}

/* Whoever knows the issuer's secret is not us: a token that claims to be ours is a JWT like any
 * other, and one of another secret is nothing. */
Test(access, an_issuer_makes_no_tickets_and_no_links)
{
    static const char *const claims[] = {
        "{\"aud\":\"mischpult-ticket\",\"sub\":\"aaaaaaaaaaaaaaaa\",\"room\":\"demo\",\"role\":"
        "\"moderator\",\"name\":\"\",\"adm\":true,\"via\":\"jwt\",\"usr\":\"x\"," LATER "}",
        "{\"aud\":\"mischpult-link\",\"jti\":\"x\",\"room\":\"demo\",\"role\":\"moderator\"," LATER
        "}"};
    struct signer *stranger = signer_secret("another secret of thirty-two let", 32);
    for (size_t i = 0; i < N(claims); i++) {
        struct grant g;
        cr_assert_eq(resolve(claims[i], &g), 0);
        cr_assert_eq(g.kind, GRANT_JWT);
        cr_assert_eq(g.role, ROLE_PARTICIPANT);
        cr_assert(!g.admitted && !*g.sub);
        char *text = signer_token(stranger, HS256, claims[i]);
        cr_assert_eq(resolve_text(text, &g), -EACCES);
        free(text);
    }
    signer_free(stranger);
}

static struct grant guest(void)
{
    return (struct grant){.role = ROLE_PARTICIPANT,
        .kind = GRANT_GUEST,
        .room = "demo",
        .sub = "abcdefghijklmnop",
        .name = "A \"quoted\" näme"};
}

Test(access, tickets)
{
    char text[ACCESS_TOKEN_MAX], again[ACCESS_TOKEN_MAX];
    struct grant g = guest(), back;
    uint64_t expires, same, now = (uint64_t)time(NULL);
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, &expires), 0);
    cr_assert(expires >= now + 12 * 3600 && expires <= now + 12 * 3600 + 60);
    cr_assert_eq(access_resolve(a, text, strlen(text), &back), 0);
    cr_assert_eq(back.kind, GRANT_TICKET);
    cr_assert_eq(back.via, GRANT_GUEST);
    cr_assert_eq(back.role, ROLE_PARTICIPANT);
    cr_assert_str_eq(back.room, "demo");
    cr_assert_str_eq(back.sub, g.sub);
    cr_assert_str_eq(back.user, g.sub);
    cr_assert_str_eq(back.name, g.name);
    cr_assert(!back.admitted && back.issued >= now && back.expires == expires && !back.features);
    back.admitted = true;
    back.expires -= 60;
    cr_assert_eq(access_ticket(a, &back, again, sizeof again, &same), 0);
    cr_assert_eq(same, expires - 60, "a ticket for a ticket lasts no longer");
    cr_assert_eq(access_resolve(a, again, strlen(again), &back), 0);
    cr_assert(back.admitted && back.via == GRANT_GUEST);
    cr_assert_eq(
        access_resolve_at(a, text, strlen(text), expires + JWT_LEEWAY_S, &back), -EKEYEXPIRED);
}

Test(access, a_ticket_remembers_what_it_was_issued_for)
{
    static const enum grant_kind kinds[] = {GRANT_JWT, GRANT_LINK, GRANT_PIN, GRANT_GUEST};
    for (size_t i = 0; i < N(kinds); i++) {
        char text[ACCESS_TOKEN_MAX];
        struct grant g = guest(), back;
        g.kind = kinds[i];
        g.role = ROLE_MODERATOR;
        g.features = GRANT_RECORDING;
        strcpy(g.user, "0123456789abcdef0123456789abcdef");
        memset(g.name, '"', GRANT_NAME_MAX);
        memset(g.room, 'r', GRANT_ROOM_MAX);
        cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), 0);
        cr_assert_eq(access_resolve(a, text, strlen(text), &back), 0);
        cr_assert_eq(back.via, kinds[i]);
        cr_assert_str_eq(back.user, g.user);
        cr_assert_str_eq(back.name, g.name);
        cr_assert_eq(back.features, GRANT_RECORDING);
    }
}

Test(access, tickets_that_are_not_issued)
{
    char text[ACCESS_TOKEN_MAX];
    struct grant g = guest();
    cr_assert_eq(access_ticket(a, &g, text, 40, NULL), -ENOBUFS);
    g.role = ROLE_ADMIN;
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), -EINVAL);
    g = guest();
    g.role = ROLE_NONE;
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), -EINVAL);
    g = guest();
    g.kind = GRANT_ADMIN;
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), -EINVAL);
    g = guest();
    g.sub[5] = '\0';
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), -EINVAL);
    g = guest();
    strcpy(g.room, "*");
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), -EINVAL);
}

Test(access, links)
{
    char one[ACCESS_TOKEN_MAX], other[ACCESS_TOKEN_MAX];
    struct grant g, h;
    cr_assert_eq(access_link(a, "demo", ROLE_VIEWER, false, NOW + 60, one, sizeof one), 0);
    cr_assert_eq(access_link(a, "demo", ROLE_MODERATOR, false, NOW + 60, other, sizeof other), 0);
    cr_assert_eq(resolve_text(one, &g), 0);
    cr_assert_eq(resolve_text(other, &h), 0);
    cr_assert_eq(g.kind, GRANT_LINK);
    cr_assert_eq(g.role, ROLE_VIEWER);
    cr_assert_str_eq(g.room, "demo");
    cr_assert(!g.admitted && h.admitted && !g.of_meeting);
    cr_assert_str_neq(g.user, h.user);
    cr_assert_eq(g.expires, NOW + 60);
    cr_assert_eq(access_resolve_at(a, one, strlen(one), NOW + 90, &g), -EKEYEXPIRED);
    cr_assert_eq(access_link(a, "demo", ROLE_VIEWER, true, NOW + 60, one, sizeof one), 0);
    cr_assert_eq(resolve_text(one, &g), 0);
    cr_assert(g.of_meeting && g.issued);
    cr_assert_eq(access_link(a, "demo", ROLE_ADMIN, false, NOW, one, sizeof one), -EINVAL);
    cr_assert_eq(access_link(a, "demo", ROLE_NONE, false, NOW, one, sizeof one), -EINVAL);
    cr_assert_eq(access_link(a, "*", ROLE_VIEWER, false, NOW, one, sizeof one), -EINVAL);
    cr_assert_eq(access_link(a, "", ROLE_VIEWER, false, NOW, one, sizeof one), -EINVAL);
    cr_assert_eq(access_link(a, "demo", ROLE_VIEWER, false, NOW, one, 20), -ENOBUFS);
}

/* The key stays on disk; another server has another. */
Test(access, tickets_survive_a_restart)
{
    char text[ACCESS_TOKEN_MAX], file[128];
    struct grant g = guest(), back;
    struct stat st;
    snprintf(file, sizeof file, "%s/ticket_key", folder);
    cr_assert_eq(stat(file, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), 0);
    access_destroy(a);
    create();
    cr_assert_eq(access_resolve(a, text, strlen(text), &back), 0);
    access_destroy(a);
    unlink(file);
    create();
    cr_assert_eq(access_resolve(a, text, strlen(text), &back), -EACCES);
}

static void refuse(const char *complaint)
{
    struct access *none = NULL;
    why[0] = '\0';
    cr_assert_lt(access_create(&none, &cfg, &admin, why, sizeof why), 0, "%s", complaint);
    cr_assert_null(none);
    cr_assert_not_null(strstr(why, complaint), "%s: %s", complaint, why);
    cr_assert_null(strstr(why, cfg.jwt_secret), "a secret stands in: %s", why);
}

Test(access, keys_it_does_not_start_with)
{
    char file[128];
    snprintf(file, sizeof file, "%s/ticket_key", folder);
    chmod(file, 0644);
    refuse("others may read it");
    chmod(file, 0600);
    cr_assert_eq(truncate(file, 10), 0);
    refuse("holds no key");
    unlink(file);
    strcpy(cfg.jwt_secret, "too short");
    refuse("jwt_secret");
    strcpy(cfg.jwt_secret, SECRET);
    snprintf(cfg.jwt_public_key, sizeof cfg.jwt_public_key, "%s/absent.pem", folder);
    refuse("No such file");
    strcpy(cfg.jwt_public_key, file);
    refuse("BEGIN PUBLIC KEY");
    strcpy(cfg.jwt_public_key, "/dev/zero");
    refuse("too large");
}

/* With a configured admin token and no place for files, tickets live as long as the server. */
Test(access, no_place_for_a_key)
{
    char text[ACCESS_TOKEN_MAX];
    struct grant g = guest(), back;
    access_destroy(a);
    cfg.token_file[0] = '\0';
    unsetenv("HOME");
    unsetenv("XDG_STATE_HOME");
    create();
    cr_assert_eq(access_ticket(a, &g, text, sizeof text, NULL), 0);
    cr_assert_eq(access_resolve(a, text, strlen(text), &back), 0);
}

Test(access, public_keys_beside_a_secret)
{
    struct signer *ec = signer_ec("P-256");
    struct grant g;
    char *pem = signer_pem(ec), *text;
    snprintf(cfg.jwt_public_key, sizeof cfg.jwt_public_key, "%s/issuer.pem", folder);
    FILE *out = fopen(cfg.jwt_public_key, "w");
    fputs(pem, out);
    fclose(out);
    access_destroy(a);
    create();
    text = signer_token(ec, "{\"alg\":\"ES256\"}", "{\"room\":\"demo\"," LATER "}");
    cr_assert_eq(resolve_text(text, &g), 0);
    free(text);
    struct signer *confused = signer_secret(pem, strlen(pem));
    text = signer_token(confused, HS256, "{\"room\":\"demo\"," LATER "}");
    cr_assert_eq(resolve_text(text, &g), -EACCES);
    free(text);
    free(pem);
    signer_free(confused);
    signer_free(ec);
}

Test(access, an_error_leaves_the_grant_alone)
{
    struct grant g, before;
    memset(&g, 7, sizeof g);
    before = g;
    resolve("{\"room\":\"demo\",\"exp\":1}", &g);
    resolve("{\"room\":\"a b\"," LATER "}", &g);
    resolve_text("a.b.c", &g);
    cr_assert_eq(memcmp(&g, &before, sizeof g), 0);
}

Test(access, who_need_not_say_the_pin)
{
    static const bool skips[GRANT_KINDS] = {false, true, true, true, true, true, false};
    for (int kind = 0; kind < GRANT_KINDS; kind++) {
        struct grant g = {.kind = (enum grant_kind)kind};
        cr_assert_eq(access_skips_pin(&g), skips[kind]);
    }
    cr_assert(!access_skips_pin(NULL));
}
