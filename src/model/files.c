/* What lies in a model directory. Only the layout's own folders are walked; symbolic links are followed to files inside
 * the directory and nowhere else. */
#include "model/cases.h"
#include "model/load.h"
#include "model/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 6 }; /* the layout needs four */

/* ---- the layout ---- */

static bool is_yaml(hs_str name)
{
    return hs_str_ends(name, HS_S(".yaml")) && name.len > 5;
}

static bool is_rows(hs_str name)
{
    return hs_str_ends(name, HS_S(".csv")) && name.len > 4;
}

enum hs_place hs_place_of(hs_str path, hs_str *out_domain)
{
    hs_str rest = path, top = hs_str_cut(&rest, '/');
    if (!rest.at)
        return hs_str_is(top, "mesh.yaml")         ? HS_PLACE_MESH
               : hs_str_is(top, "principals.yaml") ? HS_PLACE_PRINCIPALS
                                                   : HS_PLACE_NONE;
    if (hs_str_is(top, "policies"))
        return is_yaml(rest) && !memchr(rest.at, '/', rest.len) ? HS_PLACE_MESH_POLICY : HS_PLACE_NONE;
    hs_str domain = hs_str_cut(&rest, '/');
    if (!hs_str_is(top, "domains") || !domain.len || !rest.at)
        return HS_PLACE_NONE;
    hs_str name = hs_str_cut(&rest, '/');
    enum hs_place place = HS_PLACE_NONE;
    if (!rest.at)
        place = hs_str_ends(name, HS_S(".odcs.yaml")) && name.len > 10 ? HS_PLACE_CONTRACT : HS_PLACE_NONE;
    else if (is_yaml(rest) && !memchr(rest.at, '/', rest.len))
        place = hs_str_is(name, "policies")  ? HS_PLACE_POLICY
                : hs_str_is(name, "lookups") ? HS_PLACE_LOOKUP
                                             : HS_PLACE_NONE;
    else if (is_rows(rest) && hs_str_is(name, "lookups") && !memchr(rest.at, '/', rest.len))
        place = HS_PLACE_LOOKUP_ROWS;
    if (place != HS_PLACE_NONE)
        *out_domain = domain;
    return place;
}

/* ---- the walk ---- */

struct walk {
    struct hs_found_files *found;
    struct hs_err *err;
};

static hs_rc no_memory(struct walk *w)
{
    return hs_fail(w->err, HS_NOMEM, "out of memory while reading the model directory");
}

static hs_rc warn(struct walk *w, hs_str path, const char *words)
{
    hs_str *warning = hs_vec_add(w->found->arena, &w->found->warnings);
    if (!warning)
        return no_memory(w);
    *warning = hs_arena_printf(w->found->arena, "%.*s: %s", HS_FMT(path), words);
    return warning->at ? HS_OK : no_memory(w);
}

static hs_rc fail_errno(struct walk *w, hs_str path)
{
    int code = errno;
    return hs_fail(w->err, code == ENOMEM ? HS_NOMEM : HS_UNAVAILABLE, "%.*s: cannot be read: %s", HS_FMT(path),
                   strerror(code));
}

static hs_rc read_whole(struct walk *w, int fd, hs_str path, hs_str *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fail_errno(w, path);
    if (!S_ISREG(st.st_mode))
        return hs_fail(w->err, HS_INVALID, "%.*s:1:1: is not a file", HS_FMT(path));
    size_t size = (size_t)st.st_size, len = 0;
    if (size > HS_YAML_MAX_BYTES)
        return hs_fail(w->err, HS_LIMIT, "%.*s:1:1: the file is larger than %d MiB", HS_FMT(path),
                       HS_YAML_MAX_BYTES >> 20);
    w->found->total += size;
    if (w->found->total > HS_MODEL_MAX_BYTES)
        return hs_fail(w->err, HS_LIMIT, "the model's files are larger than %d MiB together", HS_MODEL_MAX_BYTES >> 20);
    char *bytes = hs_arena_alloc(w->found->arena, size + 1);
    if (!bytes)
        return no_memory(w);
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(w, path);
        if (n == 0)
            break; /* shorter than it was a moment ago: what is there now is the file */
        len += (size_t)n;
    }
    *out = (hs_str){bytes, len};
    return HS_OK;
}

static hs_rc add_file(struct walk *w, hs_str path, hs_str disk_path)
{
    if (w->found->files.len >= HS_MODEL_MAX_FILES)
        return hs_fail(w->err, HS_LIMIT, "the model has more than %d files", HS_MODEL_MAX_FILES);
    int fd = open(disk_path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW); /* a pipe must not make us wait */
    if (fd < 0)
        return fail_errno(w, path);
    hs_str bytes;
    hs_rc rc = read_whole(w, fd, path, &bytes);
    close(fd);
    if (rc != HS_OK)
        return rc;
    struct hs_model_file *file = hs_vec_add(w->found->arena, &w->found->files);
    if (!file)
        return no_memory(w);
    *file = (struct hs_model_file){path, bytes, disk_path};
    return HS_OK;
}

/* Where a link leads, if that is a file inside the model directory; else empty. */
static hs_rc follow(struct walk *w, hs_str disk_path, hs_str *out)
{
    char target[PATH_MAX];
    struct stat st;
    *out = (hs_str){0};
    hs_str root = w->found->directory;
    if (!realpath(disk_path.at, target) || stat(target, &st) != 0 || !S_ISREG(st.st_mode))
        return HS_OK;
    hs_str real = hs_str_of(target);
    if (!hs_str_starts(real, root) || real.len <= root.len || (root.len > 1 && real.at[root.len] != '/'))
        return HS_OK;
    *out = hs_arena_str(w->found->arena, real);
    return out->at ? HS_OK : no_memory(w);
}

static hs_rc visit_file(struct walk *w, hs_str path, hs_str disk_path, bool link)
{
    hs_str domain, real = disk_path;
    bool yml = hs_str_ends(path, HS_S(".yml"));
    if (!yml && !is_yaml(path) && !(is_rows(path) && hs_place_of(path, &domain) == HS_PLACE_LOOKUP_ROWS))
        return HS_OK;
    if (hs_place_of(path, &domain) == HS_PLACE_NONE && hs_is_case_file(path))
        return HS_OK;
    if (hs_place_of(path, &domain) == HS_PLACE_NONE)
        return warn(w, path,
                    yml ? "is not read: its name must end in .yaml"
                        : "is not read: contracts are domains/DOMAIN/NAME.odcs.yaml, policies "
                          "domains/DOMAIN/policies/NAME.yaml or policies/NAME.yaml");
    if (link)
        HS_TRY(follow(w, disk_path, &real));
    if (!real.at)
        return warn(w, path, "is not read: a symbolic link that leads to no file of the model directory");
    return add_file(w, path, real);
}

static hs_rc visit_folder(struct walk *w, hs_str path, int depth);

static hs_rc visit(struct walk *w, hs_str parent, const char *name, int depth)
{
    struct hs_arena *a = w->found->arena;
    hs_str path = parent.len ? hs_arena_printf(a, "%.*s/%s", HS_FMT(parent), name) : hs_arena_str(a, hs_str_of(name));
    hs_str disk_path = path.at ? hs_arena_printf(a, "%.*s/%.*s", HS_FMT(w->found->directory), HS_FMT(path)) : path;
    struct stat st;
    if (!disk_path.at)
        return no_memory(w);
    if (!hs_utf8_valid(path))
        return hs_str_ends(path, HS_S(".yaml")) ? warn(w, parent, "holds a file whose name is not UTF-8: not read")
                                                : HS_OK;
    if (lstat(disk_path.at, &st) != 0)
        return errno == ENOENT ? HS_OK : fail_errno(w, path); /* gone since it was listed */
    if (S_ISDIR(st.st_mode))
        return visit_folder(w, path, depth + 1);
    return visit_file(w, path, disk_path, S_ISLNK(st.st_mode));
}

static hs_rc visit_entries(struct walk *w, DIR *dir, hs_str path, int depth)
{
    struct dirent *e;
    while ((errno = 0, e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.') /* .git and its like */
            HS_TRY(visit(w, path, e->d_name, depth));
    return errno ? fail_errno(w, path) : HS_OK;
}

static hs_rc visit_folder(struct walk *w, hs_str path, int depth)
{
    if (depth > MAX_DEPTH)
        return HS_OK;
    hs_str disk_path = hs_arena_printf(w->found->arena, "%.*s/%.*s", HS_FMT(w->found->directory), HS_FMT(path));
    if (!disk_path.at)
        return no_memory(w);
    DIR *dir = opendir(disk_path.at);
    if (!dir)
        return fail_errno(w, path.len ? path : w->found->directory);
    hs_rc rc = visit_entries(w, dir, path, depth);
    closedir(dir);
    return rc;
}

static int by_text(const void *a, const void *b)
{
    return hs_str_cmp(*(const hs_str *)a, *(const hs_str *)b);
}

hs_rc hs_find_files(hs_str directory, struct hs_found_files *out, struct hs_err *err)
{
    struct walk w = {out, err};
    char real[PATH_MAX];
    hs_str text = hs_arena_str(out->arena, directory); /* ends in NUL */
    if (!text.at)
        return no_memory(&w);
    if (!realpath(text.at, real))
        return hs_fail(err, errno == ENOENT || errno == ENOTDIR ? HS_NOT_FOUND : HS_UNAVAILABLE,
                       "%.*s: no model directory: %s", HS_FMT(text), strerror(errno));
    out->directory = hs_arena_str(out->arena, hs_str_of(real));
    if (!out->directory.at)
        return no_memory(&w);
    HS_TRY(visit_folder(&w, HS_S(""), 0));
    if (out->warnings.len)
        qsort(out->warnings.at, out->warnings.len, sizeof *out->warnings.at, by_text);
    return HS_OK;
}
