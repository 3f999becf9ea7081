#ifndef MCU_NAMES_H
#define MCU_NAMES_H

/* Names people give themselves: shown to others, never trusted, never logged. Pure. [any] */

#include "mcu/rooms.h"

#include <stdbool.h>

#define NAMES_DEFAULT "Guest"

/* A name as it is shown: UTF-8 without control characters, direction overrides and characters that
 * cannot be seen; runs of blanks are one, none at the ends; at most PARTICIPANT_NAME_MAX bytes
 * before and after. False: not UTF-8, too long or with control characters, and out is untouched.
 * What is left may be "". */
bool names_clean(const char *name, char out[static PARTICIPANT_NAME_MAX + 1]);

#endif
