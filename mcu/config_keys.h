#ifndef MCU_CONFIG_KEYS_H
#define MCU_CONFIG_KEYS_H

/* The table of configuration keys, and what is printed from it. [any] */

#include "mcu/config.h"

enum config_type {
    CONFIG_KEY_TEXT,
    CONFIG_KEY_ADDRESS,
    CONFIG_KEY_UINT,
    CONFIG_KEY_BOOL,
    CONFIG_KEY_CHOICE
};

struct config_key {
    const char *name;
    enum config_type type;
    size_t offset; /* in struct config: char[CONFIG_TEXT_MAX], uint32_t or bool */
    const char *value;
    uint32_t min, max; /* CONFIG_KEY_UINT; the choices of CONFIG_KEY_CHOICE count from 0 */
    const char *unit;  /* of CONFIG_KEY_UINT, or the choices of CONFIG_KEY_CHOICE as "a|b|c" */
    bool reloadable;
    const char *help;
};

enum { CONFIG_KEYS = 56 };
extern const struct config_key config_keys[CONFIG_KEYS];

/* The key of that name (len bytes), or NULL. */
const struct config_key *config_key_find(const char *name, size_t len);
/* The n-th of a choice key's "a|b|c" and its length, or NULL. */
const char *config_key_choice(const struct config_key *k, unsigned n, size_t *len);

#endif
