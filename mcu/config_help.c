#include "mcu/config_help.h"

#include "mcu/config_keys.h"

#include <string.h>

static void wrap(FILE *out, const char *prefix, const char *text)
{
    const size_t width = 78;
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column && column + 1 + word > width) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column ? " " : prefix, (int)word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void describe_range(FILE *out, const char *prefix, const struct config_key *k)
{
    if (k->type == CONFIG_KEY_UINT)
        fprintf(out, "%s%u to %u%s%s", prefix, k->min, k->max, *k->unit ? " " : "", k->unit);
    else if (k->type == CONFIG_KEY_CHOICE)
        fprintf(out, "%s%s", prefix, k->unit);
    else if (k->type == CONFIG_KEY_BOOL)
        fprintf(out, "%syes|no", prefix);
    else
        fprintf(out, "%s%s", prefix, k->type == CONFIG_KEY_ADDRESS ? "address" : "text");
    fprintf(out, "; default %s; %s\n", *k->value ? k->value : "empty",
        k->reloadable ? "reloadable" : "read at the start");
}

void config_print_example(FILE *out)
{
    fputs("# Mischpult's configuration: mcu --config FILE. Every key stands here with its\n"
          "# default. Flags of the same names win over the file. SIGHUP reads it again.\n",
        out);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        fputc('\n', out);
        wrap(out, "# ", config_keys[i].help);
        describe_range(out, "# ", &config_keys[i]);
        fprintf(out, "#%s = %s\n", config_keys[i].name, config_keys[i].value);
    }
}

void config_print_help(FILE *out)
{
    fputs("NAME\n"
          "    mcu - mixes everyone's audio in a meeting and sends each person one stream\n\n"
          "SYNOPSIS\n"
          "    mcu [--config FILE] [--KEY=VALUE | --KEY VALUE]...\n"
          "    mcu --help | --version | --print-config | --print-routes\n"
          "    mcu --check-config [--config FILE] [--KEY=VALUE]...\n\n"
          "DESCRIPTION\n"
          "    Needs neither a configuration nor root: with no flags everything binds to\n"
          "    127.0.0.1. SIGTERM and SIGINT close the rooms and end it, SIGHUP reads the\n"
          "    configuration again.\n\n"
          "    --config FILE     read FILE; flags win over it\n"
          "    --check-config    say what is wrong with the configuration, if anything\n"
          "    --print-config    print a commented configuration file with the defaults\n"
          "    --print-routes    print method, pattern and authorisation of the HTTP API\n"
          "    --help, --version\n\n"
          "KEYS\n",
        out);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        fprintf(out, "    --%s\n", config_keys[i].name);
        wrap(out, "        ", config_keys[i].help);
        describe_range(out, "        ", &config_keys[i]);
    }
    fputs("\nENVIRONMENT\n"
          "    MCU_ADMIN_TOKEN   bearer token of the API; wins over the file\n"
          "    MCU_JWT_SECRET    secret of HS256 tokens (jwt_secret); wins over the file\n\n"
          "EXIT STATUS\n"
          "    0 ended by a signal; 1 could not start; 2 wrong flags or configuration\n",
        out);
}
