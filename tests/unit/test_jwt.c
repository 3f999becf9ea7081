#include "mcu/access/jwt.h"
#include "tests/support/signer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(a)   (sizeof(a) / sizeof *(a))
#define SECRET "0123456789abcdef0123456789abcdef"
#define HS256  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define RS256  "{\"alg\":\"RS256\",\"typ\":\"JWT\"}"
#define ES256  "{\"alg\":\"ES256\",\"typ\":\"JWT\"}"

/* RFC 7515, appendix A: the same claims, signed in three ways. */
#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"  \
    "lfQ"
static const unsigned char rfc_secret[] = {3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119,
    123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40, 169, 15, 132, 178, 210, 80, 46, 191, 211,
    251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79,
    8, 192, 205, 154, 245, 103, 208, 128, 163};
static const char rfc_hs256[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
                                ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char rfc_rs256[] =
    "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char rfc_es256[] =
    "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char rfc_rsa_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
    "oQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char rfc_ec_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END PUBLIC KEY-----\n";

static struct jwt_keys *keys;

static void setup(void)
{
    cr_assert_eq(jwt_keys_create(&keys), 0);
}

static void teardown(void)
{
    jwt_keys_destroy(keys);
}

TestSuite(jwt, .init = setup, .fini = teardown);

/* The index of the key, or the error. */
static int verify_bytes(const char *text, size_t len)
{
    json_t *claims = NULL;
    char *exact = malloc(len ? len : 1); /* without a NUL after it */
    memcpy(exact, text, len);
    int key = jwt_verify(keys, exact, len, &claims);
    cr_assert_eq(key >= 0, json_is_object(claims));
    json_decref(claims);
    free(exact);
    return key;
}

static int verify(const char *text)
{
    return verify_bytes(text, strlen(text));
}

/* The same, of a token that is made for it. */
static int verify_made(const struct signer *s, const char *header, const char *claims)
{
    char *text = signer_token(s, header, claims);
    int key = verify(text);
    free(text);
    return key;
}

static int add_pem(const struct signer *s)
{
    char *pem = signer_pem(s);
    int added = jwt_keys_add_pem(keys, pem, strlen(pem));
    free(pem);
    return added;
}

Test(jwt, vectors_of_rfc_7515)
{
    json_t *claims;
    cr_assert_eq(jwt_keys_add_secret(keys, (const char *)rfc_secret, sizeof rfc_secret), 0);
    cr_assert_eq(jwt_keys_add_pem(keys, rfc_rsa_pem, strlen(rfc_rsa_pem)), 1);
    cr_assert_eq(jwt_keys_add_pem(keys, rfc_ec_pem, strlen(rfc_ec_pem)), 1);
    cr_assert_eq(verify(rfc_hs256), 0);
    cr_assert_eq(verify(rfc_rs256), 1);
    cr_assert_eq(verify(rfc_es256), 2);
    cr_assert_eq(jwt_verify(keys, rfc_es256, strlen(rfc_es256), &claims), 2);
    cr_assert_str_eq(json_string_value(json_object_get(claims, "iss")), "joe");
    cr_assert_eq(json_integer_value(json_object_get(claims, "exp")), 1300819380);
    json_decref(claims);
}

/* No other byte anywhere in a token leaves it valid: there is one spelling of each. */
Test(jwt, every_changed_character_is_noticed)
{
    static const char *const tokens[] = {rfc_hs256, rfc_es256};
    jwt_keys_add_secret(keys, (const char *)rfc_secret, sizeof rfc_secret);
    jwt_keys_add_pem(keys, rfc_ec_pem, strlen(rfc_ec_pem));
    for (size_t t = 0; t < N(tokens); t++) {
        char *text = strdup(tokens[t]);
        size_t len = strlen(text);
        for (size_t i = 0; i < len; i++) {
            char was = text[i];
            text[i] = was == 'A' ? 'B' : 'A';
            cr_assert_lt(verify(text), 0, "%zu of %s", i, tokens[t]);
            text[i] = was;
            cr_assert_lt(verify_bytes(text, i), 0, "cut at %zu of %s", i, tokens[t]);
        }
        cr_assert_geq(verify(text), 0);
        free(text);
    }
}

Test(jwt, what_we_sign_is_what_we_verify)
{
    char text[256];
    cr_assert_eq(jwt_keys_add_secret(keys, SECRET, 32), 0);
    cr_assert_eq(jwt_keys_add_pem(keys, rfc_ec_pem, strlen(rfc_ec_pem)), 1);
    json_t *claims = json_pack("{s:s, s:i}", "room", "demo", "exp", 5);
    int len = jwt_sign(keys, 0, claims, text, sizeof text);
    cr_assert_eq(len, (int)strlen(text));
    cr_assert_eq(verify(text), 0);
    char *same = malloc((size_t)len + 1);
    cr_assert_eq(jwt_sign(keys, 0, claims, same, (size_t)len + 1), len);
    cr_assert_str_eq(same, text);
    cr_assert_eq(jwt_sign(keys, 0, claims, same, (size_t)len), -ENOBUFS);
    cr_assert_eq(jwt_sign(keys, 1, claims, text, sizeof text), -EINVAL);
    cr_assert_eq(jwt_sign(keys, 2, claims, text, sizeof text), -EINVAL);
    free(same);
    json_decref(claims);
}

Test(jwt, each_of_several_keys_is_tried)
{
    struct signer *old = signer_ec("P-256"), *new = signer_ec("P-256"), *other = signer_ec("P-256");
    char *first = signer_pem(old), *second = signer_pem(new), both[1024];
    snprintf(both, sizeof both, "the key of last year\n%s\nand of this\n%s", first, second);
    cr_assert_eq(jwt_keys_add_pem(keys, both, strlen(both)), 2);
    cr_assert_eq(verify_made(old, ES256, "{}"), 0);
    cr_assert_eq(verify_made(new, ES256, "{}"), 1);
    cr_assert_eq(verify_made(other, ES256, "{}"), -EACCES);
    free(first);
    free(second);
    signer_free(old);
    signer_free(new);
    signer_free(other);
}

Test(jwt, keys_that_are_none)
{
    static const char garbled[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    struct signer *weak = signer_rsa(1024), *curve = signer_ec("P-384"), *good = signer_ec("P-256");
    cr_assert_eq(jwt_keys_add_secret(keys, SECRET, 31), -EINVAL);
    cr_assert_eq(jwt_keys_add_pem(keys, "", 0), -EINVAL);
    cr_assert_eq(jwt_keys_add_pem(keys, "nonsense", 8), -EINVAL);
    cr_assert_eq(jwt_keys_add_pem(keys, garbled, strlen(garbled)), -EINVAL);
    cr_assert_eq(add_pem(weak), -ENOTSUP);
    cr_assert_eq(add_pem(curve), -ENOTSUP);
    for (int i = 0; i < JWT_KEYS_MAX; i++)
        cr_assert_eq(add_pem(good), 1);
    cr_assert_eq(add_pem(good), -ENOSPC);
    cr_assert_eq(jwt_keys_add_secret(keys, SECRET, 32), -ENOSPC);
    signer_free(weak);
    signer_free(curve);
    signer_free(good);
}

/* The token names an algorithm; the key decides. RFC 8725, 2.1. */
Test(jwt, the_token_does_not_choose_the_algorithm)
{
    static const char *const claims = "{\"room\":\"*\",\"exp\":4000000000}";
    static const char *const none[] = {"{\"alg\":\"none\"}", "{\"alg\":\"None\"}",
        "{\"alg\":\"NONE\"}", "{\"alg\":\"\"}", "{\"alg\":\"hs256\"}", "{\"alg\":\"HS512\"}",
        "{\"alg\":\"PS256\"}"};
    struct signer *rsa = signer_rsa(2048), *ec = signer_ec("P-256");
    struct signer *secret = signer_secret(SECRET, 32);
    char *pem = signer_pem(rsa);
    struct signer *public_as_secret = signer_secret(pem, strlen(pem));
    cr_assert_eq(add_pem(rsa), 1);
    cr_assert_eq(verify_made(rsa, RS256, claims), 0);
    cr_assert_eq(verify_made(public_as_secret, HS256, claims), -EACCES);
    cr_assert_eq(verify_made(public_as_secret, RS256, claims), -EACCES);
    cr_assert_eq(add_pem(ec), 1);
    cr_assert_eq(jwt_keys_add_secret(keys, SECRET, 32), 2);
    cr_assert_eq(verify_made(secret, HS256, claims), 2);
    cr_assert_eq(verify_made(ec, ES256, claims), 1);
    for (size_t i = 0; i < N(none); i++) {
        cr_assert_eq(verify_made(NULL, none[i], claims), -EACCES, "%s", none[i]);
        cr_assert_eq(verify_made(secret, none[i], claims), -EACCES, "%s", none[i]);
    }
    cr_assert_eq(verify_made(secret, RS256, claims), -EACCES);
    cr_assert_eq(verify_made(secret, ES256, claims), -EACCES);
    cr_assert_eq(verify_made(rsa, ES256, claims), -EACCES);
    cr_assert_eq(verify_made(ec, RS256, claims), -EACCES);
    cr_assert_eq(verify_made(NULL, HS256, claims), -EACCES);
    cr_assert_eq(verify_made(NULL, ES256, claims), -EACCES);
    free(pem);
    signer_free(rsa);
    signer_free(ec);
    signer_free(secret);
    signer_free(public_as_secret);
}

/* An ES256 signature of two zeros is valid for every text to a verifier that checks no range. */
Test(jwt, zeros_are_no_signature)
{
    char text[512];
    jwt_keys_add_pem(keys, rfc_ec_pem, strlen(rfc_ec_pem));
    snprintf(text, sizeof text, "eyJhbGciOiJFUzI1NiJ9.%s.%086d", RFC_CLAIMS, 0);
    memset(strrchr(text, '.') + 1, 'A', 86);
    cr_assert_eq(verify(text), -EACCES);
}

Test(jwt, headers_that_make_no_sense)
{
    static const char *const headers[] = {"", "{", "[]", "null", "\"HS256\"", "{}",
        "{\"alg\":null}", "{\"alg\":[\"HS256\"]}", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", "{\"alg\":\"HS256\",\"crit\":null}",
        "{\"alg\":\"HS256\"}x", "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS256\",\"x\":[[[[[[[[1]]]]]]]]}"};
    struct signer *secret = signer_secret(SECRET, 32);
    jwt_keys_add_secret(keys, SECRET, 32);
    for (size_t i = 0; i < N(headers); i++)
        cr_assert_eq(verify_made(secret, headers[i], "{}"), -EBADMSG, "%s", headers[i]);
    cr_assert_eq(verify_made(secret, "{\"alg\":\"HS256\",\"kid\":\"k\",\"typ\":\"x\"}", "{}"), 0);
    signer_free(secret);
}

static char *deep(size_t levels)
{
    char *text = malloc(levels * 2 + 8);
    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', levels);
    memset(text + 5 + levels, ']', levels);
    strcpy(text + 5 + levels * 2, "}");
    return text;
}

Test(jwt, claims_that_make_no_sense)
{
    static const char *const claims[] = {"", "[]", "1", "{\"exp\":1,\"exp\":2}", "{\"a\":1e999}",
        "{\"a\":99999999999999999999}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\xff\"}", "{}{}"};
    struct signer *secret = signer_secret(SECRET, 32);
    jwt_keys_add_secret(keys, SECRET, 32);
    for (size_t i = 0; i < N(claims); i++)
        cr_assert_eq(verify_made(secret, HS256, claims[i]), -EBADMSG, "%s", claims[i]);
    char *allowed = deep(JWT_DEPTH - 1), *too_deep = deep(JWT_DEPTH), *bottomless = deep(2500);
    cr_assert_eq(verify_made(secret, HS256, allowed), 0);
    cr_assert_eq(verify_made(secret, HS256, too_deep), -EBADMSG);
    cr_assert_eq(verify_made(secret, HS256, bottomless), -EBADMSG);
    free(allowed);
    free(too_deep);
    free(bottomless);
    signer_free(secret);
}

/* A header that is deep, long or missing costs nothing, as it is looked at before any signature. */
Test(jwt, texts_that_are_no_token)
{
    static const char *const texts[] = {"", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d",
        "e30.e30.", "e30..", "..e30", "e30.e30.e30", "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA=", "eyJhbGciOiJIUzI1NiJ9.e30.A A",
        "eyJhbGciOiJIUzI1NiJ9.e30.A"};
    jwt_keys_add_secret(keys, SECRET, 32);
    for (size_t i = 0; i < N(texts); i++)
        cr_assert_eq(verify(texts[i]), -EBADMSG, "%s", texts[i]);
    cr_assert_eq(verify_bytes("e30\0.e30.e30", 12), -EBADMSG);
}

Test(jwt, size_is_bounded)
{
    struct signer *secret = signer_secret(SECRET, 32);
    char claims[JWT_TEXT_MAX], header[2048];
    jwt_keys_add_secret(keys, SECRET, 32);
    for (size_t fill = 6000; fill < 6200; fill++) {
        snprintf(claims, sizeof claims, "{\"a\":\"%0*d\"}", (int)fill, 0);
        char *text = signer_token(secret, HS256, claims);
        cr_assert_eq(verify(text), strlen(text) <= JWT_TEXT_MAX ? 0 : -EBADMSG);
        free(text);
    }
    snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"a\":\"%01500d\"}", 0);
    cr_assert_eq(verify_made(secret, header, "{}"), -EBADMSG);
    signer_free(secret);
}

static int times(const char *text, uint64_t now, uint64_t *expires)
{
    json_t *claims = json_loads(text, 0, NULL);
    cr_assert_not_null(claims, "%s", text);
    int err = jwt_times(claims, now, expires);
    json_decref(claims);
    return err;
}

Test(jwt, times_with_leeway)
{
    static const struct {
        const char *claims;
        uint64_t now;
        int err;
    } cases[] = {
        {"{\"exp\":1000}", 0, 0},
        {"{\"exp\":1000}", 1029, 0},
        {"{\"exp\":1000}", 1030, -EKEYEXPIRED},
        {"{\"exp\":1000}", UINT64_MAX, -EKEYEXPIRED},
        {"{\"exp\":1000.9}", 1029, 0},
        {"{\"exp\":0}", 30, -EKEYEXPIRED},
        {"{\"exp\":5000,\"nbf\":1000}", 970, 0},
        {"{\"exp\":5000,\"nbf\":1000}", 969, -EAGAIN},
        {"{\"exp\":1000,\"nbf\":5000}", 2000, -EKEYEXPIRED},
        {"{\"exp\":9007199254740992}", 1800000000, 0},
        {"{}", 0, -EBADMSG},
        {"{\"nbf\":1}", 0, -EBADMSG},
        {"{\"exp\":null}", 0, -EBADMSG},
        {"{\"exp\":\"1000\"}", 0, -EBADMSG},
        {"{\"exp\":true}", 0, -EBADMSG},
        {"{\"exp\":[1000]}", 0, -EBADMSG},
        {"{\"exp\":-1}", 0, -EBADMSG},
        {"{\"exp\":1e300}", 0, -EBADMSG},
        {"{\"exp\":9223372036854775807}", 0, -EBADMSG},
        {"{\"exp\":1000,\"nbf\":\"5\"}", 0, -EBADMSG},
        {"{\"exp\":1000,\"nbf\":-5}", 0, -EBADMSG},
    };
    for (size_t i = 0; i < N(cases); i++) {
        uint64_t expires = 77;
        cr_assert_eq(times(cases[i].claims, cases[i].now, &expires), cases[i].err, "%s at %lu",
            cases[i].claims, (unsigned long)cases[i].now);
        cr_assert_eq(expires != 77, cases[i].err == 0);
    }
}

Test(jwt, audience_is_one_or_a_list)
{
    static const struct {
        const char *claims;
        bool ours;
    } cases[] = {
        {"{\"aud\":\"us\"}", true},
        {"{\"aud\":[\"them\",\"us\"]}", true},
        {"{\"aud\":[\"them\",[\"us\"]]}", false},
        {"{\"aud\":{\"us\":\"us\"}}", false},
        {"{\"aud\":\"use\"}", false},
        {"{\"aud\":\"u\"}", false},
        {"{\"aud\":null}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < N(cases); i++) {
        json_t *claims = json_loads(cases[i].claims, 0, NULL);
        cr_assert_eq(jwt_audience(claims, "us"), cases[i].ours, "%s", cases[i].claims);
        json_decref(claims);
    }
}
