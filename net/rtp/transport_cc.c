#include "net/rtp/transport_cc.h"
#include <errno.h>
void transport_cc_init(struct transport_cc *t) { (void)t; }
int transport_cc_seq(const struct rtp_packet *p, uint8_t id, uint16_t *seq) { (void)p,(void)id,(void)seq; return -ENOENT; }
void transport_cc_put(struct transport_cc *t, uint16_t seq, uint32_t media_ssrc, uint64_t arrival_us) {(void)t,(void)seq,(void)media_ssrc,(void)arrival_us;}
bool transport_cc_due(const struct transport_cc *t, uint64_t now_us) {(void)t,(void)now_us; return false;}
int transport_cc_write(struct transport_cc *t, struct rtcp_writer *w, uint32_t ssrc, uint64_t now_us) {(void)t,(void)w,(void)ssrc,(void)now_us; return 0;}
