#ifndef TESTS_SUPPORT_SIGNER_H
#define TESTS_SUPPORT_SIGNER_H

/* Signs JSON Web Tokens as an issuer would, or as an attacker who may choose every part. */

#include <stddef.h>

struct signer;

struct signer *signer_secret(const char *secret, size_t len); /* HMAC with SHA-256 */
struct signer *signer_rsa(unsigned bits);
struct signer *signer_ec(const char *curve); /* signs as JOSE does: r and s side by side */
void signer_free(struct signer *s);

/* The public key, PEM; the caller frees it. */
char *signer_pem(const struct signer *s);
/* A token of these texts; s NULL: with an empty signature. The caller frees it. */
char *signer_token(const struct signer *s, const char *header, const char *claims);

#endif
