#include "mcu/config.h"
#include "mcu/http/http_tls.h"
#include "mcu/http/self_signed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DAY INT64_C(86400)

static char folder[64];
static struct config cfg;
static const char *why;

static void setup(void)
{
    strcpy(folder, "/tmp/mischpult-tls-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    config_defaults(&cfg);
    snprintf(cfg.token_file, sizeof cfg.token_file, "%s/admin_token", folder);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(http_tls, .init = setup, .fini = teardown);

static void path_of(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static void put(char path[128], const char *name, const char *text, mode_t mode)
{
    path_of(path, name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

/* The certificate that connections are shown. */
static X509 *shown(struct http_tls *t)
{
    SSL *ssl = http_tls_session(t);
    cr_assert_not_null(ssl);
    X509 *x = SSL_get_certificate(ssl);
    X509_up_ref(x);
    SSL_free(ssl);
    return x;
}

Test(http_tls, self_signed_is_kept_and_made_anew_before_its_end)
{
    struct http_tls *t, *again;
    cr_assert_eq(http_tls_create(&t, &cfg, &why), 0, "%s", why);
    cr_assert(http_tls_self_signed(t));
    int64_t ends = http_tls_ends(t);
    X509 *first = shown(t);
    cr_assert_eq(http_tls_create(&again, &cfg, &why), 0);
    X509 *same = shown(again);
    cr_assert_eq(X509_cmp(first, same), 0);
    http_tls_renew(t, ends - 31 * DAY);
    cr_assert_eq(http_tls_ends(t), ends);
    http_tls_renew(t, ends - 30 * DAY);
    cr_assert_gt(http_tls_ends(t), ends + 300 * DAY);
    X509 *fresh = shown(t);
    cr_assert_neq(X509_cmp(first, fresh), 0);
    X509_free(first);
    X509_free(same);
    X509_free(fresh);
    http_tls_destroy(t);
    http_tls_destroy(again);
}

/* As happens when the disk is full: it goes on with what it has, and tries again in an hour. */
Test(http_tls, what_cannot_be_renewed_stays)
{
    char command[128];
    struct http_tls *t;
    cr_assert_eq(http_tls_create(&t, &cfg, &why), 0);
    int64_t ends = http_tls_ends(t), late = ends - DAY;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
    fclose(fopen(folder, "w"));
    http_tls_renew(t, late);
    cr_assert_eq(http_tls_ends(t), ends);
    remove(folder);
    http_tls_renew(t, late + 3599);
    cr_assert_eq(http_tls_ends(t), ends, "not yet tried again");
    http_tls_renew(t, late + 3600);
    cr_assert_gt(http_tls_ends(t), ends);
    http_tls_destroy(t);
}

Test(http_tls, a_key_that_others_could_read_is_not_gone_on_with)
{
    char key[128];
    struct http_tls *t;
    cr_assert_eq(http_tls_create(&t, &cfg, &why), 0);
    X509 *first = shown(t);
    path_of(key, "tls_key.pem");
    chmod(key, 0644);
    cr_assert_eq(http_tls_reload(t, &why), 0);
    X509 *fresh = shown(t);
    cr_assert_neq(X509_cmp(first, fresh), 0);
    X509_free(first);
    X509_free(fresh);
    http_tls_destroy(t);
}

Test(http_tls, configured_files_in_one_or_two)
{
    struct self_signed s, other;
    struct http_tls *t;
    char both[8192];
    cr_assert_eq(self_signed_make(&s, "a.example", time(NULL)), 0);
    cr_assert_eq(self_signed_make(&other, "b.example", time(NULL)), 0);
    snprintf(both, sizeof both, "%s%s", s.key, s.certificate);
    put(cfg.tls_certificate, "both.pem", both, 0600);
    cr_assert_eq(http_tls_create(&t, &cfg, &why), 0, "%s", why);
    cr_assert(!http_tls_self_signed(t));
    cr_assert(!http_tls_key_exposed(t));
    chmod(cfg.tls_certificate, 0640);
    cr_assert_eq(http_tls_reload(t, &why), 0);
    cr_assert(http_tls_key_exposed(t));
    put(cfg.tls_certificate, "certificate.pem", s.certificate, 0644);
    cr_assert_eq(http_tls_reload(t, &why), -EINVAL, "the key is missing");
    put(cfg.tls_key, "key.pem", other.key, 0600);
    cr_assert_eq(http_tls_reload(t, &why), -EKEYREJECTED);
    put(cfg.tls_key, "key.pem", s.key, 0600);
    cr_assert_eq(http_tls_reload(t, &why), 0);
    cr_assert(!http_tls_key_exposed(t));
    int64_t ends = http_tls_ends(t);
    http_tls_renew(t, ends);
    cr_assert_eq(http_tls_ends(t), ends, "that is the operator's to renew");
    self_signed_free(&s);
    self_signed_free(&other);
    http_tls_destroy(t);
}

Test(http_tls, names_that_no_certificate_can_have_are_told)
{
    struct http_tls *t;
    strcpy(cfg.http_names, "a.example b/c");
    cr_assert_eq(http_tls_create(&t, &cfg, &why), -EINVAL);
    cr_assert_not_null(strstr(why, "http_names"));
}
