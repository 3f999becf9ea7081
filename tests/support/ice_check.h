#ifndef TESTS_SUPPORT_ICE_CHECK_H
#define TESTS_SUPPORT_ICE_CHECK_H

/* Connectivity checks as a browser sends them, and what is in their answers. */

#include "net/ice/ice_lite.h"

struct ice_check {
    const struct ice_credentials *server, *client;
    const char *password; /* NULL: the server's */
    bool use_candidate, controlled;
    uint32_t nomination; /* 0: none */
    uint16_t unknown;    /* an attribute that nobody knows; 0: none */
    uint8_t number;      /* of the transaction */
};

enum { ICE_CHECK_MAX = 700 };

/* Bytes of the check. */
size_t ice_check_build(const struct ice_check *c, uint8_t out[static ICE_CHECK_MAX]);
/* Whether it is the answer to that check, and signed with the server's password. */
bool ice_check_answered(
    const struct ice_check *c, uint8_t *pkt, size_t len, struct stun_message *m);

/* Fixed credentials: a letter, repeated. */
struct ice_credentials ice_check_credentials(char letter);

#endif
