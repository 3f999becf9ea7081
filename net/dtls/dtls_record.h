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
    unsigned all;       /* of all together; 0: not for us (RFC 7983) */
};

/* Counts whole records up to the first that is not. What follows RFC 9147's short header counts as
 * one record, encrypted. */
struct dtls_records dtls_records_count(const uint8_t *pkt, size_t len);

#endif
