#include "tests/support/ice_check.h"

#include "net/bytes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void transaction(const struct ice_check *c, uint8_t id[static STUN_TRANSACTION_BYTES])
{
    memset(id, 0x40, STUN_TRANSACTION_BYTES);
    id[0] = c->number;
}

/* An empty attribute of any type, before what ends the message. */
static void put_unknown(struct stun_writer *w, uint16_t type)
{
    put16(w->buf + w->len, type);
    put16(w->buf + w->len + 2, 0);
    w->len += 4;
}

size_t ice_check_build(const struct ice_check *c, uint8_t out[static ICE_CHECK_MAX])
{
    struct stun_writer w;
    struct stun_key key;
    char username[2 * ICE_UFRAG_MAX + 2];
    uint8_t id[STUN_TRANSACTION_BYTES];
    transaction(c, id);
    snprintf(username, sizeof username, "%s:%s", c->server->ufrag, c->client->ufrag);
    stun_begin(&w, out, ICE_CHECK_MAX, STUN_REQUEST, id);
    stun_put_username(&w, username);
    if (c->controlled)
        stun_put_controlled(&w, 1);
    else
        stun_put_controlling(&w, 1);
    stun_put_priority(&w, 0x6e7f1eff);
    if (c->use_candidate)
        stun_put_use_candidate(&w);
    if (c->nomination)
        stun_put_nomination(&w, c->nomination);
    if (c->unknown)
        put_unknown(&w, c->unknown);
    stun_key_init(&key, c->password ? c->password : c->server->pwd);
    int n = stun_finish(&w, &key);
    cr_assert_gt(n, 0);
    return (size_t)n;
}

bool ice_check_answered(const struct ice_check *c, uint8_t *pkt, size_t len, struct stun_message *m)
{
    struct stun_key key;
    uint8_t id[STUN_TRANSACTION_BYTES];
    transaction(c, id);
    stun_key_init(&key, c->server->pwd);
    return stun_parse(m, pkt, len) == 0 && (m->class == STUN_SUCCESS || m->class == STUN_ERROR) &&
           m->fingerprint && memcmp(m->transaction, id, sizeof id) == 0 &&
           stun_verify(m, pkt, &key);
}

struct ice_credentials ice_check_credentials(char letter)
{
    struct ice_credentials c = {0};
    memset(c.ufrag, letter, 8);
    memset(c.pwd, letter, 24);
    return c;
}
