/* From a path written in metadata to a file we may open. The writer's machine is not ours: schemes, authorities and
 * roots differ, and some of these paths were written by somebody who would like us to open /etc/shadow. So mapping is
 * by whole path segments, and the answer is a realpath that must lie inside the table's own roots. */
#include "base/fault.h"
#include "model/model.h"
#include "store/store_in.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096 };

struct location {
    hs_str scheme;    /* "s3a", or empty */
    hs_str authority; /* "bucket", or empty */
    hs_str path;      /* "/a/b" or "a/b"; single slashes, no "./" in front, no slash behind */
};

/* RFC 3986 section 3.1; one letter is taken for a drive or a file name, never for a scheme. */
static size_t scheme_len(hs_str text)
{
    size_t i = 0;
    while (i < text.len &&
           (isalnum((unsigned char)text.at[i]) || text.at[i] == '+' || text.at[i] == '-' || text.at[i] == '.'))
        i++;
    bool colon_slash = i + 1 < text.len && text.at[i] == ':' && text.at[i + 1] == '/';
    return i >= 2 && colon_slash ? i : 0;
}

static bool collapse(struct hs_arena *a, hs_str raw, hs_str *out)
{
    while (hs_str_starts(raw, HS_S("./")))
        raw = (hs_str){raw.at + 2, raw.len - 2};
    char *to = hs_arena_alloc(a, raw.len + 1);
    if (!to)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++)
        if (raw.at[i] != '/' || n == 0 || to[n - 1] != '/')
            to[n++] = raw.at[i];
    while (n > 0 && to[n - 1] == '/')
        n--;
    *out = (hs_str){to, n};
    return true;
}

static bool has_dotdot(hs_str path)
{
    bool more = path.len > 0;
    while (more) {
        hs_str segment = hs_str_cut(&path, '/');
        if (hs_str_is(segment, ".."))
            return true;
        more = path.at != NULL;
    }
    return false;
}

static hs_rc location_of(struct hs_arena *a, hs_str text, struct location *out, struct hs_err *err)
{
    *out = (struct location){{"", 0}, {"", 0}, {"", 0}};
    if (text.len > MAX_PATH_BYTES || (text.len && memchr(text.at, 0, text.len)) || has_dotdot(text)) {
        hs_str cut = {text.at, text.len < 200 ? text.len : 200};
        return hs_fail_hidden(err, HS_DENIED, "path with '..', NUL or more than %d bytes: %.*s", MAX_PATH_BYTES,
                              HS_FMT(cut));
    }
    hs_str rest = text;
    size_t scheme = scheme_len(text);
    if (scheme) {
        out->scheme = (hs_str){text.at, scheme};
        rest = (hs_str){text.at + scheme + 1, text.len - scheme - 1};
        if (hs_str_starts(rest, HS_S("//"))) {
            const char *end = memchr(rest.at + 2, '/', rest.len - 2);
            size_t len = end ? (size_t)(end - rest.at) - 2 : rest.len - 2;
            out->authority = (hs_str){rest.at + 2, len};
            rest = (hs_str){rest.at + 2 + len, rest.len - 2 - len};
        }
    }
    return collapse(a, rest, &out->path) ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* Does `path` lie at or under `from`? *out_rest keeps its leading slash. */
static bool under(const struct location *path, const struct location *from, hs_str *out_rest)
{
    bool absolute = path->path.len && path->path.at[0] == '/';
    if (from->path.len == 0 && !(absolute && from->scheme.len))
        return false; /* an empty relative FROM would take everything */
    if (!hs_str_starts(path->path, from->path))
        return false;
    hs_str rest = {path->path.at + from->path.len, path->path.len - from->path.len};
    if (rest.len && rest.at[0] != '/')
        return false;
    *out_rest = rest;
    return true;
}

struct mapped {
    hs_str to, rest;
    size_t from_len;
    bool found, same_authority, ambiguous, by_location;
};

/* Longest FROM wins; among equals the one that names the path's own authority. */
static void consider(struct mapped *best, const struct location *path, const struct location *from, hs_str to)
{
    hs_str rest;
    if (!under(path, from, &rest))
        return;
    bool same = hs_str_eq(path->authority, from->authority);
    bool better = !best->found || from->path.len > best->from_len ||
                  (from->path.len == best->from_len && same && !best->same_authority);
    bool equal = best->found && from->path.len == best->from_len && same == best->same_authority;
    if (better)
        *best = (struct mapped){to, rest, from->path.len, true, same, false, false};
    else if (equal && !hs_str_eq(best->to, to))
        best->ambiguous = true;
}

/* "s3://b/p/" and "s3://b/p" are one place. */
static hs_str without_slash(hs_str uri)
{
    while (uri.len > 6 && uri.at[uri.len - 1] == '/')
        uri.len--;
    return uri;
}

static hs_rc target_of(struct hs_arena *a, hs_str text, hs_str *out, struct hs_err *err)
{
    struct location to;
    HS_TRY(location_of(a, text, &to, err));
    *out = hs_store_is_remote(text) ? without_slash(text) : to.path;
    if (!hs_store_is_remote(text) && (to.path.len == 0 || to.path.at[0] != '/'))
        return hs_fail_hidden(err, HS_INVALID, "prefix map target is not an absolute directory: %.*s", HS_FMT(text));
    return HS_OK;
}

static hs_rc map_by_prefixes(struct hs_arena *a, const struct hs_store *s, const struct location *path,
                             struct mapped *out, struct hs_err *err)
{
    *out = (struct mapped){0};
    for (size_t i = 0; i < s->prefix_count; i++) {
        struct location from;
        hs_str to;
        HS_TRY(location_of(a, s->prefixes[i].from, &from, err));
        HS_TRY(target_of(a, s->prefixes[i].to, &to, err));
        consider(out, path, &from, to);
    }
    if (out->ambiguous)
        return hs_fail_hidden(err, HS_INVALID, "two prefixes of the same length map the path to different places: %.*s",
                              HS_FMT(path->path));
    if (!out->found && s->fallback_from.len) {
        struct location from;
        HS_TRY(location_of(a, s->fallback_from, &from, err));
        consider(out, path, &from, hs_store_is_remote(s->root) ? without_slash(s->root) : s->root);
        out->by_location = out->found;
    }
    return HS_OK;
}

static bool inside(const char *real, const char *root)
{
    size_t len = strlen(root);
    if (strncmp(real, root, len) != 0)
        return false;
    return real[len] == '/' || real[len] == 0 || (len == 1 && root[0] == '/');
}

/* A fixed root is compared as it stands: it was real once, and what is a link now holds nothing. */
static bool inside_root(const char *real, hs_str root, bool fixed)
{
    char text[PATH_MAX], real_root[PATH_MAX];
    if (root.len == 0 || root.len >= sizeof text)
        return false;
    memcpy(text, root.at, root.len);
    text[root.len] = 0;
    return fixed ? inside(real, text) : realpath(text, real_root) && inside(real, real_root);
}

static bool inside_any_root(struct hs_arena *a, const struct hs_store *s, const char *real)
{
    bool fixed = s->within.len > 0;
    if (inside_root(real, fixed ? s->within : s->root, fixed))
        return true;
    for (size_t i = 0; i < s->prefix_count; i++) {
        struct location to;
        if (hs_store_is_remote(s->prefixes[i].to)) /* its key may read like a directory of ours: it is none */
            continue;
        if (location_of(a, s->prefixes[i].to, &to, NULL) == HS_OK && inside_root(real, to.path, fixed))
            return true;
    }
    return false;
}

/* No segment is empty, "." or "..": such a path is its own realpath, if no link stands in it. */
static bool is_tidy(const char *path)
{
    if (path[0] != '/' || path[1] == 0)
        return false;
    for (const char *at = path; at; at = strchr(at + 1, '/')) {
        bool dots = at[1] == '.' && (at[2] == '/' || at[2] == 0 || at[2] == '.');
        if (at[1] == '/' || at[1] == 0 || dots)
            return false;
    }
    return true;
}

static int open_plain(const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags)};
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

void hs_near_init(struct hs_near *n)
{
    *n = (struct hs_near){.owner = pthread_self(), .folder = -1};
}

void hs_near_close(struct hs_near *n)
{
    if (n->folder >= 0)
        close(n->folder);
    n->folder = -1;
}

static void leave_folder(struct hs_near *n, hs_str folder)
{
    if (n->used)
        n->wary = n->used == 1;
    hs_near_close(n);
    memcpy(n->path, folder.at, folder.len);
    n->path[folder.len] = 0;
    n->len = folder.len;
    n->used = 0;
}

/* The file in the kept folder; false: to be looked at by its whole path. */
static bool look_near(struct hs_near *n, const char *path, struct stat *out)
{
    const char *slash = strrchr(path, '/');
    hs_str folder = {path, (size_t)(slash - path)};
    if (!pthread_equal(n->owner, pthread_self()) || folder.len == 0 || folder.len >= sizeof n->path)
        return false;
    if (!hs_str_eq(folder, (hs_str){n->path, n->len}))
        leave_folder(n, folder);
    if (n->used++ == 0 && n->wary)
        return false;
    if (n->folder < 0)
        n->folder = open_plain(n->path, O_DIRECTORY);
    return n->folder >= 0 && fstatat(n->folder, slash + 1, out, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(out->st_mode);
}

/* Is it a path without links? That costs one call instead of realpath's one a segment, and the descriptor that it gives
 * says as well what is there (`out` may be NULL). */
static bool look_at(struct hs_near *near, const char *path, struct stat *out)
{
    if (!is_tidy(path) || strlen(path) >= PATH_MAX || hs_fault("openat2-missing"))
        return false;
    if (near && out && look_near(near, path, out))
        return true;
    int fd = open_plain(path, 0);
    if (fd < 0)
        return false;
    bool seen = !out || fstat(fd, out) == 0;
    close(fd);
    return seen;
}

static bool real_path(struct hs_near *near, const char *path, char real[PATH_MAX], struct stat *stat, bool *seen)
{
    *seen = look_at(near, path, stat);
    if (!*seen)
        return realpath(path, real) != NULL;
    memcpy(real, path, strlen(path) + 1);
    return true;
}

/* *seen: `stat` (may be NULL) is of what lies there. */
static hs_rc confine(struct hs_arena *a, const struct hs_store *s, hs_str local, struct stat *stat, bool *seen,
                     hs_str *out, struct hs_err *err)
{
    char real[PATH_MAX];
    if (!real_path(s->near, local.at, real, stat, seen)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return hs_fail_hidden(err, HS_NOT_FOUND, "no such object: %.*s", HS_FMT(local));
        return hs_fail_hidden(err, HS_UNAVAILABLE, "cannot resolve %.*s: %s", HS_FMT(local), strerrordesc_np(errno));
    }
    if (hs_defence("confine") && !inside_any_root(a, s, real))
        return hs_fail_hidden(err, HS_DENIED, "%.*s leaves the table's directories (it is %s)", HS_FMT(local), real);
    *out = hs_arena_str(a, hs_str_of(real));
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- object stores ---- */

static bool inside_uri(hs_str uri, hs_str root)
{
    root = without_slash(root);
    return hs_store_is_remote(root) && hs_str_starts(uri, root) && (uri.len == root.len || uri.at[root.len] == '/');
}

static bool inside_any_uri(const struct hs_store *s, hs_str uri)
{
    bool inside = inside_uri(uri, s->within.len ? s->within : s->root);
    for (size_t i = 0; i < s->prefix_count; i++)
        inside |= inside_uri(uri, s->prefixes[i].to);
    return inside;
}

/* A store has no links, and its names are compared byte by byte: the name itself is all there is to look at. */
static hs_rc confine_uri(struct hs_arena *a, const struct hs_store *s, hs_str uri, hs_str *out, struct hs_err *err)
{
    struct hs_s3_uri parts;
    if (!hs_s3_split(uri, &parts))
        return hs_fail_hidden(err, HS_INVALID, "not an object's name: %.*s", HS_FMT(uri));
    if (has_dotdot(parts.key) || (hs_defence("confine") && !inside_any_uri(s, uri)))
        return hs_fail_hidden(err, HS_DENIED, "%.*s leaves the table's prefixes", HS_FMT(uri));
    *out = hs_arena_str(a, uri);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* An object's own name as it was written, but for the scheme: "a//b" is another key than "a/b". */
static hs_rc as_object(struct hs_arena *a, const struct location *where, hs_str path, hs_str *out, struct hs_err *err)
{
    *out = (hs_str){0};
    if (!hs_is_s3_scheme(where->scheme) || !where->authority.len)
        return HS_OK;
    *out = hs_arena_printf(a, "s3%.*s", (int)(path.len - where->scheme.len), path.at + where->scheme.len);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_str joined(struct hs_arena *a, hs_str from, hs_str rest)
{
    char *to = hs_arena_alloc(a, from.len + rest.len + 1);
    if (!to)
        return (hs_str){0};
    if (from.len)
        memcpy(to, from.at, from.len);
    if (rest.len)
        memcpy(to + from.len, rest.at, rest.len);
    return (hs_str){to, from.len + rest.len};
}

static hs_rc place(struct hs_arena *a, const struct hs_store *s, hs_str path, const struct location *where, hs_str *out,
                   struct hs_err *err)
{
    struct mapped mapped;
    hs_str object;
    bool absolute = where->path.len && where->path.at[0] == '/', remote = hs_store_is_remote(s->root);
    bool ours = where->scheme.len == 0 || hs_str_is(where->scheme, "file");
    HS_TRY(map_by_prefixes(a, s, where, &mapped, err));
    HS_TRY(as_object(a, where, path, &object, err));
    if (remote && object.at && (!mapped.found || (mapped.by_location && inside_any_uri(s, object))))
        *out = object;
    else if (mapped.found)
        *out = joined(a, mapped.to, mapped.rest);
    else if (absolute && ours && !remote)
        *out = where->path;
    else if (absolute)
        return hs_fail_hidden(err, HS_NOT_FOUND, "no prefix maps %.*s", HS_FMT(path));
    else
        *out = hs_arena_printf(a, "%.*s/%.*s", HS_FMT(remote ? without_slash(s->root) : s->root), HS_FMT(where->path));
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc name_of(struct hs_arena *a, const struct hs_store *s, hs_str path, hs_str *out, struct hs_err *err)
{
    struct location where;
    HS_TRY(location_of(a, path, &where, err));
    if (where.path.len == 0 && !where.authority.len)
        return hs_fail_hidden(err, HS_INVALID, "empty path");
    return place(a, s, path, &where, out, err);
}

hs_rc hs_store_resolve(struct hs_arena *a, const struct hs_store *s, hs_str path, hs_str *out, struct hs_err *err)
{
    hs_str name;
    bool seen;
    HS_TRY(name_of(a, s, path, &name, err));
    return hs_store_is_remote(name) ? confine_uri(a, s, name, out, err) : confine(a, s, name, NULL, &seen, out, err);
}

hs_rc hs_store_find(struct hs_arena *a, const struct hs_store *s, hs_str path, struct hs_found *out, struct hs_err *err)
{
    hs_str name;
    struct stat stat;
    bool seen = false;
    *out = (struct hs_found){.known = true};
    HS_TRY(name_of(a, s, path, &name, err));
    if (hs_store_is_remote(name)) {
        HS_TRY(confine_uri(a, s, name, &out->name, err));
        out->known = hs_is_immutable(name) && hs_object_is_known(name);
    } else {
        HS_TRY(confine(a, s, name, &stat, &seen, &out->name, err));
    }
    if (seen)
        return hs_local_stamp_of(out->name, &stat, &out->stamp, err);
    return out->known ? hs_object_stamp(out->name, &out->stamp, err) : HS_OK;
}

hs_rc hs_store_maps(struct hs_arena *a, const struct hs_store *s, hs_str path, bool *out, struct hs_err *err)
{
    struct location where;
    struct mapped mapped;
    HS_TRY(location_of(a, path, &where, err));
    HS_TRY(map_by_prefixes(a, s, &where, &mapped, err));
    *out = mapped.found || (where.path.len && where.path.at[0] != '/') ||
           (hs_store_is_remote(s->root) && hs_is_s3_scheme(where.scheme));
    return HS_OK;
}
