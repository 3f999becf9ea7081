#include "mcu/api/token.h"
#include "mcu/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct config cfg;
static char why[512];

static void setup(void)
{
    strcpy(folder, "/tmp/mischpult-token-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    config_defaults(&cfg);
    snprintf(cfg.token_file, sizeof cfg.token_file, "%s/state/admin_token", folder);
    umask(022);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(token, .init = setup, .fini = teardown);

static void put(const char *text, mode_t mode)
{
    char above[128];
    snprintf(above, sizeof above, "%s/state", folder);
    mkdir(above, 0700);
    FILE *f = fopen(cfg.token_file, "w");
    fputs(text, f);
    fclose(f);
    chmod(cfg.token_file, mode);
}

Test(token, generated_once_and_only_for_its_owner)
{
    struct token first, second;
    struct stat st;
    char text[128] = "";
    cr_assert_eq(token_load(&first, &cfg, why, sizeof why), 0, "%s", why);
    cr_assert(first.generated);
    cr_assert_eq(stat(cfg.token_file, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    FILE *f = fopen(cfg.token_file, "r");
    cr_assert_not_null(fgets(text, sizeof text, f));
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
    cr_assert_geq(strlen(text), 32);
    cr_assert(token_matches(&first, text, strlen(text)));
    cr_assert_eq(token_load(&second, &cfg, why, sizeof why), 0);
    cr_assert(!second.generated);
    cr_assert(token_matches(&second, text, strlen(text)));
}

Test(token, two_servers_have_two_tokens)
{
    struct token one, other;
    cr_assert_eq(token_load(&one, &cfg, why, sizeof why), 0);
    unlink(cfg.token_file);
    cr_assert_eq(token_load(&other, &cfg, why, sizeof why), 0);
    cr_assert_arr_neq(one.digest, other.digest, sizeof one.digest);
}

Test(token, the_configured_one_leaves_no_file)
{
    struct token t;
    strcpy(cfg.admin_token, "configured-0123456789");
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), 0);
    cr_assert_neq(access(cfg.token_file, F_OK), 0);
    cr_assert(token_matches(&t, "configured-0123456789", 21));
    cr_assert(!token_matches(&t, "configured-0123456789", 20));
    cr_assert(!token_matches(&t, "configured-012345678", 20));
    cr_assert(!token_matches(&t, "Configured-0123456789", 21));
    cr_assert(!token_matches(&t, "", 0));
}

Test(token, an_open_or_empty_file_is_refused_with_advice)
{
    struct token t;
    put("0123456789abcdef\n", 0644);
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), -EPERM);
    cr_assert_not_null(strstr(why, "chmod 600"));
    static const char *const bad[] = {"", "\n", "short\n", "has a space in it 0123456789\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(bad[i], 0600);
        cr_assert_eq(token_load(&t, &cfg, why, sizeof why), -EINVAL, "%s", bad[i]);
        cr_assert_not_null(strstr(why, cfg.token_file));
    }
    put("0123456789abcdef", 0600); /* without the line's end, as an editor may leave it */
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), 0);
}

Test(token, a_folder_or_link_in_its_place_is_refused)
{
    struct token t;
    strcpy(cfg.token_file, folder);
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), -EINVAL);
    snprintf(cfg.token_file, sizeof cfg.token_file, "%s/link", folder);
    cr_assert_eq(symlink("nowhere", cfg.token_file), 0);
    cr_assert_neq(token_load(&t, &cfg, why, sizeof why), 0);
    cr_assert_neq(access("nowhere", F_OK), 0);
}

Test(token, its_place_by_default)
{
    struct token t;
    char path[256];
    *cfg.token_file = '\0';
    setenv("XDG_STATE_HOME", folder, 1);
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), 0, "%s", why);
    snprintf(path, sizeof path, "%s/mischpult/admin_token", folder);
    cr_assert_str_eq(t.file, path);
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", folder, 1);
    cr_assert_eq(token_load(&t, &cfg, why, sizeof why), 0, "%s", why);
    snprintf(path, sizeof path, "%s/.local/state/mischpult/admin_token", folder);
    cr_assert_str_eq(t.file, path);
    unsetenv("HOME");
    cr_assert_neq(token_load(&t, &cfg, why, sizeof why), 0);
    cr_assert_not_null(strstr(why, "MCU_ADMIN_TOKEN"));
}
