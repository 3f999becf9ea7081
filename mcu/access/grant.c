#include "mcu/access/grant.h"

#include <string.h>

static const char *const names[ROLES] = {"none", "viewer", "participant", "moderator", "admin"};

const char *role_name(enum role role)
{
    return names[role];
}

enum role role_parse(const char *name)
{
    for (int i = ROLE_VIEWER; i <= ROLE_MODERATOR; i++)
        if (!strcmp(name, names[i]))
            return (enum role)i;
    return ROLE_NONE;
}
