#include "mcu/secret_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[128];

static void setup(void)
{
    strcpy(folder, "/tmp/mischpult-secret-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/state/key", folder);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(secret_file, .init = setup, .fini = teardown);

static int load(char text[SECRET_FILE_TEXT_MAX], bool *generated)
{
    size_t len = 0;
    int err = secret_file_load(path, 32, 33, text, &len, generated);
    cr_assert(err || len == strlen(text));
    return err;
}

Test(secret_file, made_once)
{
    char first[SECRET_FILE_TEXT_MAX], second[SECRET_FILE_TEXT_MAX];
    bool generated;
    struct stat st;
    cr_assert_eq(load(first, &generated), 0);
    cr_assert(generated);
    cr_assert_eq(strlen(first), 44);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(load(second, &generated), 0);
    cr_assert(!generated);
    cr_assert_str_eq(first, second);
}

/* Servers that start together on one folder get one secret. */
Test(secret_file, makers_at_once_agree)
{
    enum { MAKERS = 8 };
    char texts[MAKERS][SECRET_FILE_TEXT_MAX];
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    for (int i = 0; i < MAKERS; i++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            char text[SECRET_FILE_TEXT_MAX] = "";
            size_t len;
            bool generated;
            int err = secret_file_load(path, 32, 33, text, &len, &generated);
            if (write(pipes[1], text, sizeof text) != sizeof text)
                err = -EIO;
            _exit(err != 0);
        }
    }
    for (int i = 0; i < MAKERS; i++) {
        int status;
        wait(&status);
        cr_assert_eq(status, 0);
        cr_assert_eq(read(pipes[0], texts[i], sizeof texts[i]), sizeof texts[i]);
        cr_assert_str_eq(texts[i], texts[0]);
    }
    cr_assert_eq(strlen(texts[0]), 44);
    close(pipes[0]);
    close(pipes[1]);
}

Test(secret_file, what_is_there_is_not_replaced)
{
    char text[SECRET_FILE_TEXT_MAX];
    bool generated;
    cr_assert_eq(load(text, &generated), 0);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(load(text, &generated), -EPERM);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(truncate(path, 31), 0);
    cr_assert_eq(load(text, &generated), -EINVAL);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("nowhere", path), 0);
    cr_assert_lt(load(text, &generated), 0);
    cr_assert(!generated);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(load(text, &generated), -EINVAL);
}
