#ifndef MCU_HTTP_SELF_SIGNED_H
#define MCU_HTTP_SELF_SIGNED_H

/* Certificates we make ourselves: P-256, for the names and addresses of one server, RFC 5280. Pure:
 * time is passed in. [any] */

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SELF_SIGNED_DAYS = 397, /* the longest that browsers take */
    SELF_SIGNED_RENEW_DAYS = 30,
};

/* PEM text, malloc'd. */
struct self_signed {
    char *certificate, *key;
};

/* Makes one for names and numeric addresses, separated by spaces, that is valid from now_unix on.
 * 0, -EINVAL (a name that cannot stand in a certificate, or none), -ENOMEM. */
int self_signed_make(struct self_signed *out, const char *names, int64_t now_unix);
void self_signed_free(struct self_signed *s);

/* Whether a certificate covers all those names and has more than SELF_SIGNED_RENEW_DAYS left. */
bool self_signed_serves(X509 *certificate, const char *names, int64_t now_unix);

/* The Unix time at which a certificate ends; 0: it does not say so in a way we understand. */
int64_t self_signed_ends(const X509 *certificate);

#endif
