#ifndef NET_DTLS_DTLS_RECORD_H
#define NET_DTLS_DTLS_RECORD_H

/* A datagram's records as everyone on the way can see them (RFC 6347, 4.1), looked at before they
 * cost anything. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtls_records {
    unsigned data;      /* of application data, */
    unsigned encrypted; /* of a later epoch than the first, data or not, */
    unsigned all;       /* of all together, */
    size_t bytes;       /* which are so long */
};

/* Counts whole records of known types up to the first that is not. RFC 9147's short header and what
 * follows it are one record of no known kind. */
struct dtls_records dtls_records_count(const uint8_t *pkt, size_t len);

/* Numbers the records of the first epoch anew, from *next on. Nothing protects their numbers: a
 * forged one far ahead would make OpenSSL take all that follow for old. Messages that come twice
 * are told by numbers of their own, which the handshake does protect. */
void dtls_records_renumber(uint8_t *pkt, size_t len, uint32_t *next);

#endif
