/* Where tables read from, and whether they may.
 *
 * A contract is written by a producer, and the server opens what it names with the server's own rights: a location is a
 * claim that has to be looked at. Two things are: what a directory really is (symbolic links followed, as far as the
 * path exists), and whose it is. Two domains never reach into one another, or one could publish the other's rows under
 * its own policies; and once mesh.yaml gives roots to anyone, nobody reaches outside his own.
 *
 * A prefix in an object store, "s3://bucket/a/b", is a place like a directory, but for links: its name is all there is
 * to it. */
#include "model/load.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- paths ---- */

/* "s3://", "file:/": one letter is a drive or a name. */
static bool has_scheme(hs_str text)
{
    size_t n = 0;
    while (n < text.len && (memchr("+-.", text.at[n], 3) || (text.at[n] >= '0' && text.at[n] <= '9') ||
                            (text.at[n] >= 'a' && text.at[n] <= 'z') || (text.at[n] >= 'A' && text.at[n] <= 'Z')))
        n++;
    return n >= 2 && hs_str_starts((hs_str){text.at + n, text.len - n}, HS_S(":/"));
}

/* "." and ".." are taken out by text, so that one place has one name. */
static void add_normal_path(struct hs_buf *b, hs_str path)
{
    while (path.at && path.len) {
        hs_str step = hs_str_cut(&path, '/');
        if (!step.len || hs_str_is(step, "."))
            continue;
        if (hs_str_is(step, "..")) {
            while (b->len && b->at[--b->len] != '/')
                ;
            continue;
        }
        hs_buf_addc(b, '/');
        hs_buf_adds(b, step);
    }
    if (!b->len)
        hs_buf_addc(b, '/');
}

static hs_rc clean(struct hs_load *l, hs_str text, hs_str *out)
{
    struct hs_buf full, normal;
    hs_buf_init(&full, 1 << 16);
    hs_buf_init(&normal, 1 << 16);
    if (text.at[0] != '/')
        hs_buf_addf(&full, "%.*s/", HS_FMT(l->model->directory));
    hs_buf_adds(&full, text);
    if (!full.failed)
        add_normal_path(&normal, hs_buf_str(&full));
    hs_str kept = full.failed || normal.failed ? (hs_str){0} : hs_arena_str(l->scratch, hs_buf_str(&normal));
    hs_buf_fini(&full);
    hs_buf_fini(&normal);
    if (!kept.at)
        return hs_load_no_memory(l);
    *out = kept;
    return HS_OK;
}

/* The longest part of the path that can be looked at, as it really is, and the rest as it stands. What cannot be looked
 * at now may turn out to be a link later: then its real path is another than the one kept, and the store refuses. */
static hs_rc make_real(struct hs_load *l, struct hs_at at, hs_str path, hs_str *out)
{
    char head[PATH_MAX], real[PATH_MAX];
    size_t len = path.len;
    if (len >= PATH_MAX)
        return hs_load_fail(l, at, "this path is longer than %d bytes", PATH_MAX - 1);
    memcpy(head, path.at, len);
    head[len] = 0;
    while (!realpath(head, real) && len > 1) {
        while (len > 1 && head[len - 1] != '/')
            len--;
        len -= len > 1; /* the slash, unless it is all there is */
        head[len] = 0;
    }
    hs_str rest = {path.at + len, path.len - len}, front = hs_str_of(real);
    if (front.len == 1 && rest.len && rest.at[0] == '/')
        front.len = 0;
    *out = hs_arena_printf(l->arena, "%.*s%.*s", HS_FMT(front), HS_FMT(rest));
    return out->at ? HS_OK : hs_load_no_memory(l);
}

/* "s3://bucket/a/b", from any of the scheme's three names. Its names are bytes, not steps: what looks like a step up is
 * refused, not taken. */
static bool is_object_prefix(hs_str text, hs_str *out_rest)
{
    static const char *const NAMES[] = {"s3://", "s3a://", "s3n://"};
    for (int i = 0; i < 3; i++)
        if (hs_str_starts(text, hs_str_of(NAMES[i]))) {
            *out_rest = (hs_str){text.at + strlen(NAMES[i]), text.len - strlen(NAMES[i])};
            return true;
        }
    return false;
}

static bool has_step(hs_str path)
{
    while (path.at) {
        hs_str step = hs_str_cut(&path, '/');
        if (hs_str_is(step, ".") || hs_str_is(step, ".."))
            return true;
    }
    return false;
}

static hs_rc read_prefix(struct hs_load *l, struct hs_at at, hs_str rest, hs_str *out)
{
    while (rest.len && rest.at[rest.len - 1] == '/')
        rest.len--;
    hs_str key = rest, bucket = hs_str_cut(&key, '/');
    if (!bucket.len || rest.len > 1200 || has_step(rest))
        return hs_load_fail(l, at, "a place in S3 is 's3://bucket/prefix', without '.' or '..' as a step");
    *out = hs_arena_printf(l->arena, "s3://%.*s", HS_FMT(rest));
    return out->at ? HS_OK : hs_load_no_memory(l);
}

hs_rc hs_read_directory(struct hs_load *l, const struct hs_yaml *node, const char *what, hs_str *out)
{
    hs_str text, path, rest;
    struct hs_at at = hs_load_at(l, node);
    HS_TRY(hs_read_text(l, node, what, &text));
    if (is_object_prefix(text, &rest))
        return read_prefix(l, at, rest, out);
    if (has_scheme(text))
        return hs_load_fail(l, at,
                            "'%s' is a path on this machine ('/data/x', or relative to the model) or in S3 "
                            "('s3://bucket/x'), not another URI",
                            what);
    HS_TRY(clean(l, text, &path));
    return make_real(l, at, path, out);
}

/* ---- what a table reaches ---- */

static hs_str parent(hs_str path)
{
    while (path.len > 1 && path.at[path.len - 1] != '/')
        path.len--;
    path.len -= path.len > 1;
    return path;
}

/* A table may also be given by its metadata, the file or the folder; its files then lie beside that. */
static hs_str root_of(hs_str location)
{
    struct stat st;
    hs_str root = location;
    bool remote = hs_str_starts(location, HS_S("s3://"));
    if (remote ? hs_str_ends(location, HS_S(".json")) : stat(location.at, &st) == 0 && S_ISREG(st.st_mode))
        root = parent(root);
    return hs_str_ends(root, HS_S("/metadata")) ? parent(root) : root;
}

static hs_rc add_reach(struct hs_load *l, const struct hs_yaml *node, const struct hs_table *table, hs_str path)
{
    struct hs_reach *reach = hs_vec_add(l->scratch, &l->reaches);
    if (!reach)
        return hs_load_no_memory(l);
    *reach = (struct hs_reach){hs_load_at(l, node), l->domain, table, path};
    return HS_OK;
}

hs_rc hs_read_location(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_table *table = record;
    HS_TRY(hs_read_directory(l, node, "hailstorm.location", &table->location));
    table->root = hs_arena_str(l->arena, root_of(table->location));
    return table->root.at ? add_reach(l, node, table, table->root) : hs_load_no_memory(l);
}

hs_rc hs_read_prefix_map(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_table *table = record;
    HS_TRY(hs_read_map(l, node, "hailstorm.prefixMap"));
    table->prefixes = hs_arena_array(l->arena, node->count, sizeof *table->prefixes);
    if (!table->prefixes)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *key = node->first; key; key = key->next->next) {
        struct hs_prefix_map *prefix = &table->prefixes[table->prefix_count++];
        HS_TRY(hs_read_text(l, key, "a prefix to replace", &prefix->from));
        HS_TRY(hs_read_directory(l, key->next, "a prefix's replacement", &prefix->to));
        HS_TRY(add_reach(l, key->next, table, prefix->to));
    }
    return HS_OK;
}

/* ---- mesh.yaml's `domains` ---- */

static hs_rc read_roots(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    const hs_str *domain = record;
    HS_TRY(hs_read_list(l, node, "roots"));
    if (!node->count)
        return hs_load_fail(l, hs_load_at(l, node), "'roots' is an empty list");
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        struct hs_reach *root = hs_vec_add(l->scratch, &l->roots);
        if (!root)
            return hs_load_no_memory(l);
        *root = (struct hs_reach){hs_load_at(l, item), *domain, NULL, {0}};
        HS_TRY(hs_read_directory(l, item, "a root", &root->path));
    }
    return HS_OK;
}

hs_rc hs_read_domains(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    static const struct hs_key KEYS[] = {
        HS_KEY("roots", READ, .required = true, .read = read_roots),
    };
    static const struct hs_form DOMAIN = HS_FORM("a domain", KEYS);
    (void)record;
    HS_TRY(hs_read_map(l, node, "domains"));
    if (!node->count)
        return hs_load_fail(l, hs_load_at(l, node), "'domains' names no domain: {NAME: {roots: [...]}}");
    for (const struct hs_yaml *key = node->first; key; key = key->next->next)
        HS_TRY(hs_form_read(l, key->next, &DOMAIN, (void *)(uintptr_t)&key->text));
    return HS_OK;
}

/* ---- the checks ---- */

/* Is `path` the directory `root`, or below it? */
static bool is_within(hs_str path, hs_str root)
{
    if (!hs_str_starts(path, root))
        return false;
    return path.len == root.len || path.at[root.len] == '/' || root.len == 1;
}

static hs_rc check_roots(struct hs_load *l, const struct hs_reach *r)
{
    const struct hs_reach *own = NULL;
    for (size_t i = 0; i < l->roots.len; i++) {
        if (!hs_str_eq(l->roots.at[i].domain, r->domain))
            continue;
        own = own ? own : &l->roots.at[i];
        if (is_within(r->path, l->roots.at[i].path))
            return HS_OK;
    }
    if (own)
        return hs_load_fail(
            l, r->at, "table '%.*s.%.*s' would read from '%.*s', outside the roots of its domain (%.*s:%d)",
            HS_FMT(r->domain), HS_FMT(r->table->name), HS_FMT(r->path), HS_FMT(own->at.file), own->at.line);
    return hs_load_fail(l, r->at,
                        "the domain '%.*s' has no roots, and mesh.yaml gives roots to others: add 'domains: {%.*s: "
                        "{roots: [...]}}' there",
                        HS_FMT(r->domain), HS_FMT(r->domain));
}

static void name_reach(char *out, size_t size, const struct hs_reach *r)
{
    if (r->table)
        snprintf(out, size, "table '%.*s.%.*s'", HS_FMT(r->domain), HS_FMT(r->table->name));
    else
        snprintf(out, size, "the domain '%.*s'", HS_FMT(r->domain));
}

static hs_rc fail_overlap(struct hs_load *l, const struct hs_reach *inner, const struct hs_reach *outer)
{
    char one[140], other[140];
    const char *noun = inner->table ? "a directory" : "a root";
    name_reach(one, sizeof one, inner);
    name_reach(other, sizeof other, outer);
    return hs_load_fail(l, inner->at,
                        "%s of %s %s one of %s (%.*s:%d:%d): no two domains may share files, so give each a place of "
                        "its own",
                        noun, one, hs_str_eq(inner->path, outer->path) ? "is also" : "lies inside", other,
                        HS_FMT(outer->at.file), outer->at.line, outer->at.column);
}

/* By steps, not bytes: what lies below a directory follows it at once. */
static int by_path(const void *a, const void *b)
{
    const struct hs_reach *one = a, *other = b;
    hs_str x = one->path, y = other->path;
    size_t i = 0;
    while (i < x.len && i < y.len && x.at[i] == y.at[i])
        i++;
    if (i == x.len && i == y.len) /* the same message at every load */
        return hs_str_cmp(one->at.file, other->at.file);
    if (i == x.len || i == y.len)
        return i == x.len ? -1 : 1;
    unsigned char p = x.at[i] == '/' ? 0 : (unsigned char)x.at[i], q = y.at[i] == '/' ? 0 : (unsigned char)y.at[i];
    return p < q ? -1 : 1;
}

/* In order, `all[i]` lies within one of its forerunners just when it lies within the last of them that is open. Those
 * within each other are all of one domain, or we had stopped: so the outermost one stands for all. */
static hs_rc check_overlaps(struct hs_load *l, struct hs_reach *all, size_t count)
{
    const struct hs_reach *outer = NULL;
    if (count)
        qsort(all, count, sizeof *all, by_path);
    for (size_t i = 0; i < count; i++) {
        if (!outer || !is_within(all[i].path, outer->path))
            outer = &all[i];
        else if (!hs_str_eq(all[i].domain, outer->domain))
            return fail_overlap(l, &all[i], outer);
    }
    return HS_OK;
}

static hs_rc warn_unknown_domains(struct hs_load *l)
{
    for (size_t i = 0; i < l->roots.len; i++) {
        const struct hs_reach *root = &l->roots.at[i];
        bool known = i && hs_str_eq(l->roots.at[i - 1].domain, root->domain); /* said already */
        for (size_t p = 0; !known && p < l->products.len; p++)
            known = hs_str_eq(l->products.at[p].domain, root->domain);
        if (!known)
            HS_TRY(hs_load_warn(l, root->at, "roots are given to the domain '%.*s', which publishes nothing",
                                HS_FMT(root->domain)));
    }
    return HS_OK;
}

hs_rc hs_check_reaches(struct hs_load *l)
{
    HS_TRY(warn_unknown_domains(l));
    for (size_t i = 0; l->roots.len && i < l->reaches.len; i++)
        HS_TRY(check_roots(l, &l->reaches.at[i]));
    HS_TRY(check_overlaps(l, l->roots.at, l->roots.len));
    return check_overlaps(l, l->reaches.at, l->reaches.len);
}
