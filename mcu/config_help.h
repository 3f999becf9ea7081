#ifndef MCU_CONFIG_HELP_H
#define MCU_CONFIG_HELP_H

/* What the table of keys says of itself. [any] */

#include <stdio.h>

void config_print_example(FILE *out); /* a commented file with every default */
void config_print_help(FILE *out);

#endif
