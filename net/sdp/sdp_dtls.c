#include "net/sdp/sdp_dtls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} hashes[] = {
    [SDP_HASH_NONE] = {"", 0},
    [SDP_HASH_SHA256] = {"sha-256", 32},
    [SDP_HASH_SHA384] = {"sha-384", 48},
    [SDP_HASH_SHA512] = {"sha-512", 64},
};

size_t sdp_hash_bytes(enum sdp_hash hash)
{
    return hashes[hash].bytes;
}

static enum sdp_hash find_hash(struct sdp_str name)
{
    for (enum sdp_hash h = SDP_HASH_SHA256; h <= SDP_HASH_SHA512; h++)
        if (sdp_str_ieq(name, hashes[h].name))
            return h;
    return SDP_HASH_NONE;
}

/* --- fingerprints ----------------------------------------------------------------------------- */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Pairs of digits with a colon between; the RFC wants capitals, some clients write others. */
static int parse_digest(struct sdp_str hex, size_t bytes, uint8_t *out)
{
    if (hex.n != bytes * 3 - 1)
        return -EINVAL;
    for (size_t i = 0; i < bytes; i++) {
        int high = hex_digit(hex.p[3 * i]), low = hex_digit(hex.p[3 * i + 1]);
        if (high < 0 || low < 0 || (i + 1 < bytes && hex.p[3 * i + 2] != ':'))
            return -EINVAL;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int sdp_fingerprint_parse(struct sdp_str value, struct sdp_fingerprint *out)
{
    struct sdp_fingerprint f = {.hash = SDP_HASH_NONE};
    struct sdp_str name = sdp_str_word(&value), hex = sdp_str_word(&value);
    if (!hex.p || sdp_str_word(&value).p)
        return -EINVAL;
    f.hash = find_hash(name);
    if (f.hash == SDP_HASH_NONE)
        return -ENOTSUP;
    int err = parse_digest(hex, hashes[f.hash].bytes, f.digest);
    if (!err)
        *out = f;
    return err;
}

int sdp_fingerprint_print(const struct sdp_fingerprint *f, char *buf, size_t cap)
{
    size_t bytes = hashes[f->hash].bytes, n = strlen(hashes[f->hash].name);
    if (!bytes)
        return -EINVAL;
    if (n + 3 * bytes >= cap)
        return -ENOSPC;
    memcpy(buf, hashes[f->hash].name, n);
    for (size_t i = 0; i < bytes; i++)
        n += (size_t)snprintf(buf + n, cap - n, "%c%02X", i ? ':' : ' ', f->digest[i]);
    return (int)n;
}

bool sdp_fingerprint_equal(const struct sdp_fingerprint *a, const struct sdp_fingerprint *b)
{
    return a->hash == b->hash && !memcmp(a->digest, b->digest, hashes[a->hash].bytes);
}

/* --- a section -------------------------------------------------------------------------------- */
static int fail(struct sdp_error *why, const char *text)
{
    *why = (struct sdp_error){.text = text};
    return -EINVAL;
}

static void keep(struct sdp_dtls *d, const struct sdp_fingerprint *f)
{
    if (d->n_fingerprints && f->hash < d->fingerprints[0].hash)
        return;
    if (d->n_fingerprints && f->hash > d->fingerprints[0].hash)
        d->n_fingerprints = 0;
    if (d->n_fingerprints < SDP_MAX_FINGERPRINTS)
        d->fingerprints[d->n_fingerprints++] = *f;
}

static int read_fingerprints(const struct sdp *s, const struct sdp_section *section,
    struct sdp_dtls *out, struct sdp_error *why)
{
    const struct sdp_attr *a = NULL;
    while ((a = sdp_attr(s, section, "fingerprint", a))) {
        struct sdp_fingerprint f;
        int err = sdp_fingerprint_parse(a->value, &f);
        if (err == -EINVAL)
            return fail(why, "a=fingerprint is malformed");
        out->has_fingerprint = true;
        if (!err)
            keep(out, &f);
    }
    return 0;
}

static int read_setup(const struct sdp_attr *a, enum sdp_setup *out)
{
    struct sdp_str v = sdp_str_trim(a->value);
    if (sdp_str_ieq(v, "actpass"))
        *out = SDP_SETUP_ACTPASS;
    else if (sdp_str_ieq(v, "active"))
        *out = SDP_SETUP_ACTIVE;
    else if (sdp_str_ieq(v, "passive"))
        *out = SDP_SETUP_PASSIVE;
    else
        return -EINVAL;
    return 0;
}

int sdp_dtls_read(const struct sdp *s, const struct sdp_section *section, struct sdp_dtls *out,
    struct sdp_error *why)
{
    struct sdp_dtls d = {.setup = SDP_SETUP_NONE};
    int err = read_fingerprints(s, section, &d, why);
    if (!err && !d.has_fingerprint && section != &s->session)
        err = read_fingerprints(s, &s->session, &d, why);
    if (err)
        return err;
    const struct sdp_attr *a = sdp_attr(s, section, "setup", NULL);
    if (!a)
        a = sdp_attr(s, &s->session, "setup", NULL);
    if (a && read_setup(a, &d.setup))
        return fail(why, "a=setup must be actpass, active or passive");
    *out = d;
    return 0;
}
