#ifndef TESTS_SUPPORT_FOREIGN_DTLS_H
#define TESTS_SUPPORT_FOREIGN_DTLS_H

/* A DTLS peer that owes nothing to net/dtls but its BIO, and that can be told to misbehave. What it
 * and a session of ours send each other goes through a link that a test may tamper with. */

#include "net/dtls/dtls.h"
#include "net/dtls/dtls_bio.h"

#include <openssl/ssl.h>

enum { LINK_DATAGRAMS = 128, LINK_BYTES = 2048 };

/* Datagrams of one direction, oldest first. */
struct link {
    size_t n, taken;
    struct {
        uint16_t len;
        uint8_t data[LINK_BYTES];
    } pkt[LINK_DATAGRAMS];
};

void link_put(const uint8_t *pkt, size_t len, void *link); /* a dtls_send_fn */

/* --- keys and certificates; the caller frees them ----------------------------------------------
 */
EVP_PKEY *foreign_ec_key(const char *curve, bool explicit_curve);
EVP_PKEY *foreign_rsa_key(unsigned bits);
/* Self-signed, valid from now + from_days to now + to_days, padding_bytes of comment in it. */
X509 *foreign_certificate(EVP_PKEY *key, int from_days, int to_days, size_t padding_bytes);
struct sdp_fingerprint foreign_fingerprint(const X509 *cert, enum sdp_hash hash);

/* --- the peer -----------------------------------------------------------------------------------
 */
struct foreign_options {
    bool server;
    EVP_PKEY *key;        /* NULL: no certificate. Borrowed, as is */
    X509 *cert;           /* its certificate, which is */
    unsigned chain;       /* sent so many times more */
    const char *profiles; /* of SRTP; NULL: none */
    const char *ciphers;  /* NULL: OpenSSL's own */
    bool null_security;   /* weak keys and ciphers are fine */
};

struct foreign {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO_METHOD *method;
    struct dtls_datagrams datagrams;
    struct link sent;
    int result; /* of SSL_do_handshake: 1 is done */
    bool broken;
    int alert; /* the last one it heard; -1: none */
};

void foreign_open(struct foreign *f, const struct foreign_options *o);
void foreign_close(struct foreign *f);
/* Goes on with the handshake, or reads; pkt NULL: begins. */
void foreign_receive(struct foreign *f, const uint8_t *pkt, size_t len);
/* In the direction of ours: compares with dtls_keys() of the session at the other end. */
void foreign_keys(struct foreign *f, size_t key_bytes, size_t salt_bytes, struct dtls_keys *out);

/* --- a session of ours against it ---------------------------------------------------------------
 */
struct encounter {
    struct dtls_context *context;
    struct dtls *dtls;
    struct link sent; /* by ours */
    enum dtls_state state;
    struct foreign foreign;
    EVP_PKEY *key; /* of the foreign one, with cert; NULL: none */
    X509 *cert;
    /* Each datagram of the foreign one before it arrives; false: lost. NULL: all arrive. */
    bool (*tamper)(uint8_t *pkt, size_t *len, unsigned index);
};

/* Ours is the opposite of o->server; it expects the certificate o->cert (or, without, any). Where o
 * has no key and no_certificate is false, a named P-256 one is made. */
void encounter_open(struct encounter *e, struct foreign_options o, bool no_certificate);
void encounter_close(struct encounter *e); /* frees key and certificate, too */
/* Carries datagrams to and fro until nobody has any more. */
void encounter_run(struct encounter *e);
void encounter_begin(struct encounter *e); /* the active one begins; then as encounter_run */

#endif
