#include "mcu/config.h"
#include "mcu/state.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];
static struct config cfg;

static void setup(void)
{
    strcpy(folder, "/tmp/mischpult-state-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    config_defaults(&cfg);
    umask(0);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(state, .init = setup, .fini = teardown);

Test(state, the_folder_is_chosen)
{
    char path[STATE_PATH_MAX];
    setenv("HOME", "/home/x", 1);
    setenv("XDG_STATE_HOME", "/s", 1);
    cr_assert_eq(state_path(path, &cfg, "f"), 0);
    cr_assert_str_eq(path, "/s/mischpult/f");
    setenv("XDG_STATE_HOME", "relative", 1);
    cr_assert_eq(state_path(path, &cfg, "f"), 0);
    cr_assert_str_eq(path, "/home/x/.local/state/mischpult/f");
    unsetenv("HOME");
    cr_assert_eq(state_path(path, &cfg, "f"), -ENOENT);
    strcpy(cfg.token_file, "/t/token");
    cr_assert_eq(state_path(path, &cfg, "f"), 0);
    cr_assert_str_eq(path, "/t/f");
    strcpy(cfg.token_file, "token");
    cr_assert_eq(state_path(path, &cfg, "f"), 0);
    cr_assert_str_eq(path, "f");
    char name[STATE_PATH_MAX + 1];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cr_assert_eq(state_path(path, &cfg, name), -ENAMETOOLONG);
}

static unsigned entries(const char *path)
{
    unsigned n = 0;
    DIR *dir = opendir(path);
    cr_assert_not_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

Test(state, a_file_is_replaced_whole)
{
    char path[STATE_PATH_MAX], above[128], text[16] = "";
    struct stat st;
    snprintf(above, sizeof above, "%s/a/b", folder);
    snprintf(path, sizeof path, "%s/file", above);
    cr_assert_eq(state_replace(path, "first", 5, 0600), 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(stat(above, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    cr_assert_eq(state_replace(path, "second", 6, 0644), 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0644);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(fgets(text, sizeof text, f));
    fclose(f);
    cr_assert_str_eq(text, "second");
    cr_assert_eq(entries(above), 1);
    cr_assert_lt(state_replace(above, "third", 5, 0600), 0, "a folder is in the way");
    snprintf(above, sizeof above, "%s/a", folder);
    cr_assert_eq(entries(above), 1, "and nothing is left behind");
}
