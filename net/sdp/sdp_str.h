#ifndef NET_SDP_SDP_STR_H
#define NET_SDP_SDP_STR_H

/* Text with a length, not ended by NUL: a view into bytes somebody else owns. [any] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sdp_str {
    const char *p; /* NULL: absent, which differs from empty */
    size_t n;
};

/* "%.*s" takes these two. */
#define SDP_STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct sdp_str sdp_str(const char *text); /* of a C string; NULL gives absent */
bool sdp_str_eq(struct sdp_str s, const char *text);
bool sdp_str_ieq(struct sdp_str s, const char *text); /* ASCII letters without case */

/* Takes the next word off *rest, at spaces and tabs; absent at the end. */
struct sdp_str sdp_str_word(struct sdp_str *rest);
/* Takes everything before the first sep off *rest, and sep with it. Without a sep all of it is
 * taken and *rest becomes absent. */
struct sdp_str sdp_str_cut(struct sdp_str *rest, char sep);
struct sdp_str sdp_str_trim(struct sdp_str s); /* without spaces and tabs at both ends */

/* A decimal number that is all of s. 0, or -EINVAL: no number, or larger than max. */
int sdp_str_number(struct sdp_str s, uint64_t max, uint64_t *out);
/* Copies with a NUL. 0, or -ENOSPC. */
int sdp_str_copy(struct sdp_str s, char *buf, size_t cap);

#endif
