#include "mcu/http/self_signed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define NOW  INT64_C(1790000000)
#define DAY  INT64_C(86400)
#define LIST "localhost meet.example 192.0.2.7  2001:db8::7"

static X509 *read_certificate(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    cr_assert_not_null(x);
    return x;
}

static EVP_PKEY *read_key(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    cr_assert_not_null(key);
    return key;
}

Test(self_signed, is_a_servers_certificate_of_all_its_names)
{
    struct self_signed s;
    cr_assert_eq(self_signed_make(&s, LIST, NOW), 0);
    X509 *x = read_certificate(s.certificate);
    EVP_PKEY *key = read_key(s.key);
    cr_assert_eq(X509_check_private_key(x, key), 1);
    cr_assert_eq(X509_verify(x, key), 1);
    cr_assert_eq(EVP_PKEY_get_bits(key), 256);
    cr_assert_eq(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
    cr_assert_eq(X509_check_ca(x), 0);
    cr_assert_eq(X509_check_host(x, "meet.example", 0, 0, NULL), 1);
    cr_assert_eq(X509_check_host(x, "other.example", 0, 0, NULL), 0);
    cr_assert_eq(X509_check_ip_asc(x, "192.0.2.7", 0), 1);
    cr_assert_eq(X509_check_ip_asc(x, "2001:db8::7", 0), 1);
    cr_assert_eq(X509_check_ip_asc(x, "192.0.2.8", 0), 0);
    EVP_PKEY_free(key);
    X509_free(x);
    self_signed_free(&s);
    cr_assert_null(s.key);
}

Test(self_signed, no_two_are_alike)
{
    struct self_signed a, b;
    cr_assert_eq(self_signed_make(&a, LIST, NOW), 0);
    cr_assert_eq(self_signed_make(&b, LIST, NOW), 0);
    cr_assert_str_neq(a.key, b.key);
    X509 *x = read_certificate(a.certificate), *y = read_certificate(b.certificate);
    cr_assert_neq(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y)), 0);
    X509_free(x);
    X509_free(y);
    self_signed_free(&a);
    self_signed_free(&b);
}

Test(self_signed, serves_until_a_month_before_its_end)
{
    struct self_signed s;
    cr_assert_eq(self_signed_make(&s, LIST, NOW), 0);
    X509 *x = read_certificate(s.certificate);
    int64_t ends = self_signed_ends(x);
    cr_assert_leq(ends - NOW, SELF_SIGNED_DAYS * DAY);
    cr_assert_gt(ends - NOW, (SELF_SIGNED_DAYS - 1) * DAY);
    cr_assert(self_signed_serves(x, LIST, NOW));
    cr_assert(self_signed_serves(x, "localhost", NOW));
    cr_assert(self_signed_serves(x, LIST, ends - 31 * DAY));
    cr_assert(!self_signed_serves(x, LIST, ends - 30 * DAY));
    cr_assert(!self_signed_serves(x, LIST, ends + 1));
    cr_assert(!self_signed_serves(x, LIST " new.example", NOW));
    cr_assert(!self_signed_serves(x, LIST " 192.0.2.8", NOW));
    X509_free(x);
    self_signed_free(&s);
}

Test(self_signed, names_that_cannot_stand_in_one_are_refused)
{
    static const char *const bad[] = {"", "  ", "a,IP:1.2.3.4", "localhost *.example", "a/b",
        "meet.example x\xc3\xa4.example", "a:b"};
    struct self_signed s = {NULL, NULL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(self_signed_make(&s, bad[i], NOW), -EINVAL, "%s", bad[i]);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cr_assert_eq(self_signed_make(&s, name, NOW), -EINVAL);
    cr_assert_null(s.key);
}
