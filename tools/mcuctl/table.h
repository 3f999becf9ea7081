#ifndef TOOLS_MCUCTL_TABLE_H
#define TOOLS_MCUCTL_TABLE_H

/* What is shown of rooms and participants: text for a person, a line each. */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void table_rooms(FILE *out, const json_t *rooms);
/* With statistics: role, who talks, level, codec, encoder, delay, loss, whose hand is up. end:
 * printed after each line. */
void table_participants(FILE *out, const json_t *participants, const char *end);
void table_waiting(FILE *out, const json_t *waiting, const char *end); /* of a lobby */
/* Prints a name of someone else's choice in `columns` columns: control characters as '?', cut to
 * fit; counts UTF-8 characters, not bytes. */
void table_text(FILE *out, const char *text, unsigned columns);

#endif
