#include "mcu/api/web_folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char above[64], root[80];
static uint8_t *bytes;
static size_t len;
static char hash[WEB_FOLDER_HASH];

static void setup(void)
{
    char command[1024];
    strcpy(above, "/tmp/mischpult-web-XXXXXX");
    cr_assert_not_null(mkdtemp(above));
    snprintf(command, sizeof command,
        "cd %s && mkdir web web/sub web/.git && echo secret >secret && echo x >web/x.js && "
        "echo y >web/sub/y.css && echo z >web/.hidden && echo g >web/.git/config && "
        "ln -s ../secret web/link.js && ln -s .. web/up && ln -s x.js web/inner.js && "
        "mkfifo web/pipe && : >web/empty",
        above);
    cr_assert_eq(system(command), 0);
    snprintf(root, sizeof root, "%s/web", above);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", above);
    cr_assert_eq(system(command), 0);
}

TestSuite(web_folder, .init = setup, .fini = teardown);

static int get(const char *folder, const char *file)
{
    return web_folder_read(root, folder, file, &bytes, &len, hash);
}

Test(web_folder, files_are_read_as_they_are_now)
{
    char path[128], before[WEB_FOLDER_HASH];
    cr_assert_eq(get(NULL, "x.js"), 0);
    cr_assert_eq(len, 2);
    cr_assert_arr_eq(bytes, "x\n", 2);
    cr_assert_eq(strlen(hash), WEB_FOLDER_HASH - 1);
    strcpy(before, hash);
    free(bytes);
    cr_assert_eq(get("sub", "y.css"), 0);
    cr_assert_arr_eq(bytes, "y\n", 2);
    free(bytes);
    snprintf(path, sizeof path, "%s/x.js", root);
    FILE *f = fopen(path, "w");
    fputs("other", f);
    fclose(f);
    cr_assert_eq(get(NULL, "x.js"), 0);
    cr_assert_eq(len, 5);
    cr_assert_str_neq(hash, before);
    free(bytes);
    cr_assert_eq(get(NULL, "empty"), 0);
    cr_assert_eq(len, 0);
    free(bytes);
}

Test(web_folder, nothing_outside_hidden_or_linked)
{
    static const struct {
        const char *folder, *file;
    } absent[] = {
        {NULL, "absent"},
        {NULL, ""},
        {NULL, "."},
        {NULL, ".."},
        {NULL, ".hidden"},
        {NULL, "link.js"},
        {NULL, "inner.js"},
        {NULL, "sub"},
        {NULL, "pipe"},
        {NULL, "sub/y.css"},
        {NULL, "../secret"},
        {"..", "secret"},
        {"up", "secret"},
        {".git", "config"},
        {"x.js", "y"},
        {"absent", "y"},
        {"", "x.js"},
        {"sub/..", "x.js"},
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        cr_assert_eq(get(absent[i].folder, absent[i].file), -ENOENT, "%zu", i);
}

Test(web_folder, a_huge_file_is_not_read)
{
    char path[128];
    snprintf(path, sizeof path, "%s/huge", root);
    fclose(fopen(path, "w"));
    cr_assert_eq(truncate(path, (off_t)WEB_FOLDER_FILE_MAX + 1), 0);
    cr_assert_eq(get(NULL, "huge"), -EFBIG);
}
