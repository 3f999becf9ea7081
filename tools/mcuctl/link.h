#ifndef TOOLS_MCUCTL_LINK_H
#define TOOLS_MCUCTL_LINK_H

/* mcuctl link: what is asked for, and how the answer looks. */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct link_wishes {
    const char *role; /* NULL: the server's choice */
    const char *base; /* https://host; NULL: the server's choice */
    long expires_s;   /* 0: the server's choice */
};

/* Options after the room: --role R, --expires N with s, m, h or d, --base URL. False: it has
 * complained. */
bool link_parse(int argc, char **argv, struct link_wishes *out);

/* The body to POST; the caller releases it. NULL when memory is short. */
json_t *link_body(const struct link_wishes *w);

/* Prints the URL and when it ends. */
void link_print(FILE *out, const struct link_wishes *w, const char *room, const json_t *reply);

#endif
