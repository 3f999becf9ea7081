#ifndef NET_RTP_SRTP_GCM_H
#define NET_RTP_SRTP_GCM_H

/* RTP of one SSRC, sent under AEAD_AES_128_GCM or AEAD_AES_256_GCM (RFC 7714), with OpenSSL's
 * cipher keyed once. Debian's libsrtp2 sets up a cipher of NSS for every packet, which costs more
 * than all else that is done for a silent listener; it does all the rest of SRTP for us.
 * [any, one at a time] */

#include <stddef.h>
#include <stdint.h>

enum { SRTP_GCM_TAG_BYTES = 16, SRTP_GCM_SALT_BYTES = 12 };

struct srtp_gcm;

/* Master key of 16 or 32 bytes with the master salt behind it. 0 and a sender the caller owns, or
 * -EINVAL, -ENOMEM, -EIO. */
int srtp_gcm_create(
    struct srtp_gcm **gp, uint32_t ssrc, const uint8_t *key_salt, size_t key_salt_len);
void srtp_gcm_destroy(struct srtp_gcm *g); /* wipes its keys; NULL is a no-op */
uint32_t srtp_gcm_ssrc(const struct srtp_gcm *g);

/* In place: the header_len bytes before the payload are only authenticated; buf has room for the
 * tag. Sequence numbers must go up, so that no nonce is ever used twice. The new length, or
 * -EALREADY, -EKEYEXPIRED (2^48 packets), -EIO. */
int srtp_gcm_protect(struct srtp_gcm *g, uint16_t seq, uint8_t *buf, size_t header_len, size_t len);

#endif
