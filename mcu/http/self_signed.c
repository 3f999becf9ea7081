#include "mcu/http/self_signed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_MAX_BYTES = 253, SERIAL_BYTES = 16, EARLY_S = 3600 /* clients' clocks may lag */ };

/* The next word of the list, or false. */
static bool next_name(const char **list, char name[NAME_MAX_BYTES + 1], int *err)
{
    *list += strspn(*list, " ");
    size_t len = strcspn(*list, " ");
    if (!len)
        return false;
    *err = len > NAME_MAX_BYTES ? -EINVAL : 0;
    memcpy(name, *list, *err ? 0 : len);
    name[*err ? 0 : len] = '\0';
    *list += len;
    return !*err;
}

/* Bytes of the address that name is, or 0: it is a DNS name. */
static size_t address_of(const char *name, unsigned char address[16])
{
    if (inet_pton(AF_INET, name, address) == 1)
        return 4;
    return inet_pton(AF_INET6, name, address) == 1 ? 16 : 0;
}

static bool is_dns_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return *name && strspn(name, letters) == strlen(name);
}

/* --- making ----------------------------------------------------------------------------------- */
static int add_name(GENERAL_NAMES *all, const char *name)
{
    unsigned char address[16];
    size_t len = address_of(name, address);
    if (!len && !is_dns_name(name))
        return -EINVAL;
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_STRING *text = ASN1_STRING_type_new(len ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    bool good = one && text &&
                ASN1_STRING_set(
                    text, len ? (const void *)address : name, len ? (int)len : (int)strlen(name));
    if (good) {
        GENERAL_NAME_set0_value(one, len ? GEN_IPADD : GEN_DNS, text);
        text = NULL;
        good = sk_GENERAL_NAME_push(all, one) > 0;
    }
    if (!good) {
        ASN1_STRING_free(text);
        GENERAL_NAME_free(one);
    }
    return good ? 0 : -ENOMEM;
}

static int add_names(X509 *x, const char *names)
{
    char name[NAME_MAX_BYTES + 1];
    int err = 0;
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    if (!all)
        return -ENOMEM;
    while (!err && next_name(&names, name, &err))
        err = add_name(all, name);
    if (!err && !sk_GENERAL_NAME_num(all))
        err = -EINVAL;
    if (!err && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) != 1)
        err = -ENOMEM;
    GENERAL_NAMES_free(all);
    return err;
}

static int add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int added = e ? X509_add_ext(x, e, -1) : 0;
    X509_EXTENSION_free(e);
    return added ? 0 : -ENOMEM;
}

static int set_serial(X509 *x)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return -ENOMEM;
    bytes[0] = (bytes[0] & 0x3f) | 0x40; /* positive, and of full length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    return set ? 0 : -ENOMEM;
}

static int fill(X509 *x, EVP_PKEY *key, const char *names, int64_t now_unix)
{
    static const unsigned char title[] = "Mischpult";
    time_t from = now_unix - EARLY_S;
    X509_NAME *subject = X509_get_subject_name(x);
    if (X509_set_version(x, X509_VERSION_3) != 1 ||
        !X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &from) ||
        !X509_time_adj_ex(X509_getm_notAfter(x), SELF_SIGNED_DAYS, -1, &from) ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, title, -1, -1, 0) != 1 ||
        X509_set_issuer_name(x, subject) != 1 || X509_set_pubkey(x, key) != 1)
        return -ENOMEM;
    int err = set_serial(x);
    if (!err)
        err = add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
    if (!err)
        err = add_extension(x, NID_key_usage, "critical,digitalSignature");
    if (!err)
        err = add_extension(x, NID_ext_key_usage, "serverAuth");
    if (!err)
        err = add_names(x, names);
    if (!err && X509_sign(x, key, EVP_sha256()) <= 0)
        err = -ENOMEM;
    return err;
}

static char *text_of(BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    return len > 0 ? strndup(bytes, (size_t)len) : NULL;
}

static int print(struct self_signed *out, X509 *x, EVP_PKEY *key)
{
    struct self_signed made = {NULL, NULL};
    BIO *certificate = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_secmem());
    if (certificate && secret && PEM_write_bio_X509(certificate, x) == 1 &&
        PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1)
        made = (struct self_signed){text_of(certificate), text_of(secret)};
    BIO_free(certificate);
    BIO_free(secret);
    if (made.certificate && made.key) {
        *out = made;
        return 0;
    }
    self_signed_free(&made);
    return -ENOMEM;
}

int self_signed_make(struct self_signed *out, const char *names, int64_t now_unix)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    int err = key && x ? fill(x, key, names, now_unix) : -ENOMEM;
    if (!err)
        err = print(out, x, key);
    X509_free(x);
    EVP_PKEY_free(key);
    return err;
}

void self_signed_free(struct self_signed *s)
{
    if (s->key)
        OPENSSL_cleanse(s->key, strlen(s->key));
    free(s->key);
    free(s->certificate);
    *s = (struct self_signed){NULL, NULL};
}

/* --- looking at one --------------------------------------------------------------------------- */
int64_t self_signed_ends(const X509 *certificate)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm))
        return 0;
    return timegm(&tm);
}

static bool covers(X509 *certificate, const char *name)
{
    unsigned char address[16];
    size_t len = address_of(name, address);
    return len ? X509_check_ip(certificate, address, len, 0) == 1
               : X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1;
}

bool self_signed_serves(X509 *certificate, const char *names, int64_t now_unix)
{
    char name[NAME_MAX_BYTES + 1];
    int err = 0;
    if (self_signed_ends(certificate) - now_unix <= (int64_t)SELF_SIGNED_RENEW_DAYS * 86400)
        return false;
    while (next_name(&names, name, &err))
        if (!covers(certificate, name))
            return false;
    return !err;
}
