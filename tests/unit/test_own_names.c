#include "mcu/config.h"
#include "mcu/http/own_names.h"

#include <criterion/criterion.h>
#include <string.h>

static struct config cfg;
static char name[128], names[OWN_NAMES_MAX];

static void setup(void)
{
    config_defaults(&cfg);
}

TestSuite(own_names, .init = setup);

Test(own_names, the_address_it_is_bound_to)
{
    strcpy(cfg.http_address, "192.0.2.7");
    own_name(name, sizeof name, &cfg);
    cr_assert_str_eq(name, "192.0.2.7");
    own_names(names, &cfg);
    cr_assert_str_eq(names, "localhost 127.0.0.1 ::1 192.0.2.7");
}

Test(own_names, a_configured_name_is_told_first)
{
    strcpy(cfg.http_names, " meet.example other.example");
    own_name(name, sizeof name, &cfg);
    cr_assert_str_eq(name, "meet.example");
    own_names(names, &cfg);
    cr_assert_not_null(strstr(names, "meet.example other.example"));
}

Test(own_names, bound_to_any_address_that_is_not_told)
{
    static const char *const any[] = {"0.0.0.0", "::"};
    for (size_t i = 0; i < 2; i++) {
        strcpy(cfg.http_address, any[i]);
        own_name(name, sizeof name, &cfg);
        cr_assert_gt(strlen(name), 0);
        cr_assert_str_neq(name, any[i]);
        own_names(names, &cfg);
        cr_assert_null(strstr(names, "0.0.0.0"));
        cr_assert_null(strstr(names, "fe80"));
        cr_assert_null(strstr(names, " :: "));
    }
}
