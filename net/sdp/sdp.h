#ifndef NET_SDP_SDP_H
#define NET_SDP_SDP_H

/* A session description, parsed or built, and its text (RFC 8866). Kept are the lines v o s t c b a
 * m; others are skipped. What attributes mean is not known here: see sdp_audio.h. [any] */

#include "net/sdp/sdp_str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SDP_MAX_BYTES = 65536,
    SDP_MAX_LINE_BYTES = 4096,
    SDP_MAX_MEDIA = 64,
    SDP_MAX_ATTRS = 4096, /* of the session and all media together */
};

/* What is wrong with a text, for the one who sent it. Static text, nothing of the input in it. */
struct sdp_error {
    const char *text;
    unsigned line; /* counted from 1; 0: not about one line */
};

struct sdp_conn {
    struct sdp_str nettype, addrtype, addr; /* "IN", "IP4", …; addr absent: no c= line */
};

struct sdp_attr {
    struct sdp_str name, value; /* value absent: a flag */
};

/* What the session and a medium have in common. */
struct sdp_section {
    struct sdp_conn conn;
    uint32_t as_kbps, tias_bps; /* b=AS, b=TIAS; 0: none */
    size_t first_attr, n_attrs; /* in the attrs of struct sdp */
};

struct sdp_media {
    struct sdp_str type, proto, formats; /* formats: the words that end the m= line */
    uint32_t port, n_ports;              /* n_ports is 1 unless "port/n" was written */
    struct sdp_section section;
};

struct sdp_text;
struct sdp {
    struct sdp_str user, id, version; /* o=; absent when there was no o= line */
    struct sdp_conn origin;
    struct sdp_str name, time; /* s=, the first t= */
    struct sdp_section session;
    struct sdp_media media[SDP_MAX_MEDIA];
    size_t n_media;
    struct sdp_attr *attrs;
    size_t n_attrs;
    /* private */
    size_t cap_attrs;
    struct sdp_text *texts;
    int error;
};

/* 0 and a description the caller owns, which holds no reference to text. -EINVAL: malformed;
 * -E2BIG: a bound above is passed; -ENOMEM. *out is untouched and *why set on error. */
int sdp_parse(const char *text, size_t len, struct sdp **out, struct sdp_error *why);

/* An empty one to build on, or NULL. */
struct sdp *sdp_create(void);
void sdp_destroy(struct sdp *s); /* wipes its texts: they may hold keys. NULL is a no-op */

/* Building. Texts are copied. A failure (no memory, a bound, a line break in a value) is remembered
 * and told by sdp_print. */
void sdp_set_origin(struct sdp *s, uint64_t id, uint64_t version, const char *ip);
void sdp_set_name(struct sdp *s, const char *name); /* s=; "-" unless set */
/* Opens a medium; what is added after belongs to it, what came before to the session. */
void sdp_add_media(struct sdp *s, struct sdp_str type, uint16_t port, struct sdp_str proto,
    struct sdp_str formats);
void sdp_set_conn(struct sdp *s, const char *ip); /* c= of the session or the last medium */
void sdp_add_flag(struct sdp *s, const char *name);
void sdp_add_attr(struct sdp *s, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 0 and NUL-terminated text with CRLF line ends, which the caller frees; -ENOMEM, or what building
 * met: -EINVAL, -E2BIG. */
int sdp_print(const struct sdp *s, char **textp);

/* The next attribute of that name (with its case) in a section, after one found before or from the
 * start (NULL); NULL when there is none. */
const struct sdp_attr *sdp_attr(const struct sdp *s, const struct sdp_section *section,
    const char *name, const struct sdp_attr *after);
/* Not refused or removed: it has a port, or is only offered in a bundle (RFC 9143, 6). */
bool sdp_media_alive(const struct sdp *s, const struct sdp_media *m);

#endif
