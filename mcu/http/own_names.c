#include "mcu/http/own_names.h"

#include "mcu/config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

static bool is_any(const char *address)
{
    return !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
}

static void add_name(char names[OWN_NAMES_MAX], const char *name)
{
    size_t len = strlen(names);
    if (len + 1 + strlen(name) < OWN_NAMES_MAX)
        snprintf(names + len, OWN_NAMES_MAX - len, "%s%s", len ? " " : "", name);
}

/* Link-local addresses are left out: without an interface's name they lead nowhere. */
static void add_interfaces(char names[OWN_NAMES_MAX])
{
    uv_interface_address_t *all;
    char text[INET6_ADDRSTRLEN];
    int count;
    if (uv_interface_addresses(&all, &count))
        return;
    for (int i = 0; i < count; i++) {
        const struct sockaddr_in6 *v6 = &all[i].address.address6;
        bool is_v6 = v6->sin6_family == AF_INET6;
        if (all[i].is_internal || (is_v6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)))
            continue;
        int err = is_v6 ? uv_ip6_name(v6, text, sizeof(text))
                        : uv_ip4_name(&all[i].address.address4, text, sizeof(text));
        if (!err)
            add_name(names, text);
    }
    uv_free_interface_addresses(all, count);
}

void own_names(char names[OWN_NAMES_MAX], const struct config *cfg)
{
    strcpy(names, "localhost 127.0.0.1 ::1");
    if (*cfg->http_names)
        add_name(names, cfg->http_names);
    if (is_any(cfg->http_address))
        add_interfaces(names);
    else
        add_name(names, cfg->http_address);
}

void own_name(char *name, size_t cap, const struct config *cfg)
{
    char names[OWN_NAMES_MAX] = "";
    const char *list = cfg->http_names + strspn(cfg->http_names, " ");
    if (!*list && is_any(cfg->http_address))
        add_interfaces(names);
    if (!*list)
        list = !is_any(cfg->http_address) ? cfg->http_address : *names ? names : "localhost";
    snprintf(name, cap, "%.*s", (int)strcspn(list, " "), list);
}
