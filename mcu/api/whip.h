#ifndef MCU_API_WHIP_H
#define MCU_API_WHIP_H

/* WHIP (RFC 9725) and WHEP (its draft for viewers): one POST of an offer is the whole join. The
 * session's address in Location is a secret of its own, known to nobody but who made it: whoever
 * has it may end or renegotiate that session. [control] */

struct http_request;

void whip_join(struct http_request *r, void *arg); /* POST /whip/{room} */
void whep_join(struct http_request *r, void *arg); /* POST /whep/{room}: receives, is never heard */
void whip_patch(struct http_request *r, void *arg);
void whip_put(struct http_request *r, void *arg);
void whip_delete(struct http_request *r, void *arg);

#endif
