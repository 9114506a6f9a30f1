/* For whoever writes policies: explain, policy test, policy diff. They run on the model's directory, by whoever may
 * read it; no server is asked. */
#include "app/app.h"

#include "base/alloc.h"
#include "store/store.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_MAX = 256 << 20, FILES_MAX = 4096 };

static int print(struct hs_buf *out, int status)
{
    fwrite(out->at, 1, out->len, stdout);
    hs_buf_fini(out);
    return status;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: hailstorm %s\n", text);
    return 2;
}

static struct hs_look look_of(const struct settings *s)
{
    return (struct hs_look){.purpose = hs_str_of(s->purpose),
                            .workspace = hs_str_of(s->workspace),
                            .at = hs_str_of(s->at),
                            .dialect = hs_str_of(s->dialect),
                            .json = s->json};
}

int hs_command_explain(const struct settings *s, const struct arguments *args)
{
    if (args->count != 1 || !s->as[0])
        return usage("explain PRODUCT --as NAME [--json] [--purpose P] [--workspace W] [--at TIME] [--dialect "
                     "duckdb|trino|postgres|iceberg] [--model DIR]");
    struct service v;
    struct hs_err err;
    if (hs_service_open(s, false, &v, &err) != HS_OK)
        return hs_fail_command(&err);
    struct hs_buf out;
    struct hs_look look = look_of(s);
    hs_buf_init(&out, OUTPUT_MAX);
    hs_rc rc = hs_access_explain(v.access, hs_str_of(s->as), hs_str_of(args->at[0]), &look, &out, &err);
    print(&out, 0);
    hs_service_close(&v);
    return rc == HS_OK ? 0 : hs_fail_command(&err);
}

/* ---- policy test ---- */

struct found {
    char *at[FILES_MAX];
    size_t count;
    bool too_many;
};
static struct found *finding; /* nftw has no argument to hand on */

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), k = strlen(end);
    return n > k && strcmp(path + n - k, end) == 0;
}

static int on_file(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)place;
    if (kind != FTW_F || !ends_in(path, ".test.yaml"))
        return 0;
    if (finding->count == FILES_MAX) {
        finding->too_many = true;
        return 1;
    }
    finding->at[finding->count] = hs_strndup(path, strlen(path));
    return finding->at[finding->count++] ? 0 : 1;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static hs_rc find_files(const char *path, struct found *f, struct hs_err *err)
{
    struct stat st;
    size_t first = f->count;
    if (stat(path, &st) != 0)
        return hs_fail(err, HS_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode) && !ends_in(path, ".test.yaml"))
        return hs_fail(err, HS_INVALID, "%s: a file of cases is called NAME.test.yaml, so that the model leaves it be",
                       path);
    finding = f;
    if (nftw(path, on_file, 16, FTW_PHYS) != 0)
        return f->too_many ? hs_fail(err, HS_LIMIT, "more than %d files of cases", FILES_MAX)
                           : hs_fail(err, HS_UNAVAILABLE, "%s: cannot be read", path);
    qsort(f->at + first, f->count - first, sizeof *f->at, by_path);
    return HS_OK;
}

/* The model that a file of cases lies in: the nearest directory above with a mesh.yaml. */
static bool find_model(const char *path, char *out)
{
    char probe[PATH_MAX + 16];
    if (!realpath(path, out))
        return false;
    for (;;) {
        snprintf(probe, sizeof probe, "%s/mesh.yaml", out);
        if (access(probe, R_OK) == 0)
            return true;
        char *slash = strrchr(out, '/');
        if (!slash || slash == out)
            return false;
        *slash = 0;
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

/* The engine wants a directory for scratch files, and a test of policies should leave none behind. */
static hs_rc run_tests(const struct settings *s, const char *model, const struct found *f, struct hs_buf *out,
                       struct hs_policy_tested *tested, struct hs_err *err)
{
    char state[] = "/tmp/hailstorm-test-XXXXXX";
    hs_str names[FILES_MAX];
    struct hs_engine *engine = NULL;
    struct settings own = *s;
    if (!mkdtemp(state))
        return hs_fail(err, HS_UNAVAILABLE, "cannot make a directory in /tmp: %s", strerror(errno));
    own.state = state;
    for (size_t i = 0; i < f->count; i++)
        names[i] = hs_str_of(f->at[i]);
    hs_rc rc = hs_open_store(&own, err);
    if (rc == HS_OK)
        rc = hs_open_engine(&own, &engine, err);
    if (rc == HS_OK)
        rc = hs_access_policy_test(engine, hs_str_of(model), names, f->count, out, tested, err);
    hs_engine_close(engine);
    hs_store_close();
    nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return rc;
}

static int policy_test(const struct settings *s, const struct arguments *args)
{
    static struct found f;
    char model[PATH_MAX];
    struct hs_policy_tested tested = {0};
    struct hs_err err;
    struct hs_buf out;
    hs_rc rc = HS_OK;
    const char *first = args->count > 1 ? args->at[1] : s->model;
    if (args->count <= 1)
        rc = find_files(s->model, &f, &err);
    for (int i = 1; rc == HS_OK && i < args->count; i++)
        rc = find_files(args->at[i], &f, &err);
    if (rc == HS_OK && !f.count)
        rc = hs_fail(&err, HS_NOT_FOUND, "there is no file NAME.test.yaml");
    bool given = strcmp(s->model, ".") != 0;
    if (rc == HS_OK && (given || !find_model(first, model)))
        snprintf(model, sizeof model, "%s", s->model);
    hs_buf_init(&out, OUTPUT_MAX);
    if (rc == HS_OK)
        rc = run_tests(s, model, &f, &out, &tested, &err);
    print(&out, 0);
    for (size_t i = 0; i < f.count; i++)
        hs_free(f.at[i]);
    return rc != HS_OK ? hs_fail_command(&err) : tested.failed != 0;
}

/* ---- policy diff ---- */

struct side {
    char scratch[64]; /* empty: none */
    char model[PATH_MAX];
    struct hs_diff_side said;
};

/* `ref` is a model's directory, or a revision of `directory`; NULL: `directory` itself. */
static hs_rc open_side(const char *directory, const char *ref, struct side *out, struct hs_err *err)
{
    struct stat st;
    out->scratch[0] = 0;
    out->said =
        (struct hs_diff_side){.directory = hs_str_of(ref ? ref : directory), .label = hs_str_of(ref ? ref : directory)};
    if (!ref || (stat(ref, &st) == 0 && S_ISDIR(st.st_mode)))
        return HS_OK;
    snprintf(out->scratch, sizeof out->scratch, "/tmp/hailstorm-diff-XXXXXX");
    if (!mkdtemp(out->scratch)) {
        out->scratch[0] = 0;
        return hs_fail(err, HS_UNAVAILABLE, "cannot make a directory in /tmp: %s", strerror(errno));
    }
    snprintf(out->model, sizeof out->model, "%s/model", out->scratch);
    if (mkdir(out->model, 0700) != 0)
        return hs_fail(err, HS_UNAVAILABLE, "cannot make %s: %s", out->model, strerror(errno));
    out->said.directory = hs_str_of(out->model);
    out->said.place = hs_str_of(directory);
    return hs_git_tree(directory, ref, out->scratch, err);
}

static void close_side(struct side *s)
{
    if (s->scratch[0])
        nftw(s->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int policy_diff(const struct settings *s, const struct arguments *args)
{
    if (args->count < 2 || args->count > 3)
        return usage(
            "policy diff REF [REF] [--model DIR] [--json] [--check] [--purpose P] [--workspace W] [--at TIME]");
    struct side before = {0}, after = {0};
    struct hs_look look = look_of(s);
    struct hs_err err;
    struct hs_buf out;
    bool changed = false;
    hs_buf_init(&out, OUTPUT_MAX);
    hs_rc rc = hs_open_store(s, &err);
    if (rc == HS_OK)
        rc = open_side(s->model, args->at[1], &before, &err);
    if (rc == HS_OK)
        rc = open_side(s->model, args->count > 2 ? args->at[2] : NULL, &after, &err);
    if (rc == HS_OK)
        rc = hs_access_policy_diff(&before.said, &after.said, &look, &out, &changed, &err);
    close_side(&before);
    close_side(&after);
    hs_store_close();
    print(&out, 0);
    return rc != HS_OK ? hs_fail_command(&err) : s->check && changed;
}

int hs_command_policy(const struct settings *s, const struct arguments *args)
{
    if (args->count && strcmp(args->at[0], "test") == 0)
        return policy_test(s, args);
    if (args->count && strcmp(args->at[0], "diff") == 0)
        return policy_diff(s, args);
    return usage("policy test [FILE|DIR ...] | policy diff REF [REF]");
}
