/* An earlier version of a model's directory, by the user's own git: the files of one revision in a directory of ours.
 * Nothing of the repository is touched: the index is a file of ours, too. */
#include "app/app.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs git and keeps the first line of what it prints. */
static hs_rc run_git(char *const argv[], char *const environment[], char *out, size_t cap, struct hs_err *err)
{
    int ends[2], status = -1;
    pid_t child;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return hs_fail(err, HS_UNAVAILABLE, "cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int code = posix_spawnp(&child, "git", &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *said = code ? NULL : fdopen(ends[0], "r");
    if (out)
        out[0] = 0;
    if (said) {
        char more[256];
        if (out && fgets(out, (int)cap, said))
            out[strcspn(out, "\n")] = 0;
        while (fgets(more, sizeof more, said))
            ;
        fclose(said);
    } else {
        close(ends[0]);
    }
    if (code)
        return hs_fail(err, HS_UNAVAILABLE, "cannot run git: %s", strerror(code));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? HS_OK : hs_fail(err, HS_INVALID, "git %s failed, as it says above", argv[3]);
}

/* This process's environment with what makes git read that repository and write that index and tree. */
static char **environment_with(char *const *more, size_t count)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **all = hs_calloc(n + count + 1, sizeof *all);
    size_t kept = 0;
    for (size_t i = 0; all && i < n; i++)
        if (strncmp(environ[i], "GIT_", 4) != 0)
            all[kept++] = environ[i];
    for (size_t i = 0; all && i < count; i++)
        all[kept++] = more[i];
    return all;
}

static hs_rc write_tree(const char *repository, const char *tree, const char *into, struct hs_err *err)
{
    char dir[PATH_MAX + 16], work[PATH_MAX + 32], index[PATH_MAX + 32], prefix[PATH_MAX + 16];
    snprintf(dir, sizeof dir, "GIT_DIR=%s", repository);
    snprintf(work, sizeof work, "GIT_WORK_TREE=%s/model", into);
    snprintf(index, sizeof index, "GIT_INDEX_FILE=%s/index", into);
    snprintf(prefix, sizeof prefix, "%s/model", into);
    char **environment = environment_with((char *[]){dir, work, index}, 3);
    if (!environment)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = run_git((char *[]){"git", "-C", prefix, "read-tree", (char *)tree, NULL}, environment, NULL, 0, err);
    if (rc == HS_OK)
        rc = run_git((char *[]){"git", "-C", prefix, "checkout-index", "--all", "--quiet", NULL}, environment, NULL, 0,
                     err);
    hs_free(environment);
    return rc;
}

hs_rc hs_git_tree(const char *directory, const char *ref, const char *into, struct hs_err *err)
{
    char prefix[PATH_MAX], repository[PATH_MAX], tree[128], name[PATH_MAX + 512];
    if (ref[0] == '-' || strchr(ref, ':') || strlen(ref) > 256)
        return hs_fail(err, HS_INVALID, "'%s' is neither a directory nor a revision", ref);
    char **environment = environment_with(NULL, 0);
    if (!environment)
        return hs_fail(err, HS_NOMEM, "out of memory");
    char *d = (char *)directory;
    hs_rc rc = run_git((char *[]){"git", "-C", d, "rev-parse", "--show-prefix", NULL}, environment, prefix,
                       sizeof prefix, err);
    if (rc == HS_OK)
        rc = run_git((char *[]){"git", "-C", d, "rev-parse", "--absolute-git-dir", NULL}, environment, repository,
                     sizeof repository, err);
    snprintf(name, sizeof name, "%s:%s", ref, prefix);
    if (rc == HS_OK)
        rc = run_git((char *[]){"git", "-C", d, "rev-parse", "--verify", "--end-of-options", name, NULL}, environment,
                     tree, sizeof tree, err);
    hs_free(environment);
    return rc == HS_OK ? write_tree(repository, tree, into, err) : rc;
}
