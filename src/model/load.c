/* Files -> a checked model. Every file is read before the first error is told, so that the others' can be named, too.
 */
#include "model/cases.h"
#include "model/load.h"
#include "model/place.h"

#include "base/hash.h"

#include <stdlib.h>

struct document_kind {
    const char *name;
    enum hs_place place, also; /* also: NONE, or the one other place */
    const char *where;
    hs_rc (*read)(struct hs_load *l, const struct hs_yaml *root);
};
#define IN_POLICIES HS_PLACE_POLICY, HS_PLACE_MESH_POLICY, "domains/DOMAIN/policies/NAME.yaml"
static const struct document_kind KINDS[] = {
    {"Mesh", HS_PLACE_MESH, HS_PLACE_NONE, "mesh.yaml", hs_read_mesh},
    {"Principals", HS_PLACE_PRINCIPALS, HS_PLACE_NONE, "principals.yaml", hs_read_principals},
    {"DataContract", HS_PLACE_CONTRACT, HS_PLACE_NONE, "domains/DOMAIN/NAME.odcs.yaml", hs_read_contract},
    {"Grant", IN_POLICIES, hs_read_grant},
    {"RowRule", IN_POLICIES, hs_read_row_rule},
    {"Mask", IN_POLICIES, hs_read_mask},
    {"Deny", IN_POLICIES, hs_read_deny},
    {"AggregateRule", IN_POLICIES, hs_read_aggregate_rule},
    {"Lookup", HS_PLACE_LOOKUP, HS_PLACE_NONE, "domains/DOMAIN/lookups/NAME.yaml", hs_read_lookup},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static hs_rc fail_kind(struct hs_load *l, const struct hs_yaml *kind)
{
    hs_str names[KIND_COUNT];
    for (size_t i = 0; i < KIND_COUNT; i++)
        names[i] = hs_str_of(KINDS[i].name);
    struct hs_hint hint;
    return hs_load_fail(l, hs_load_at(l, kind), "there is no kind '%.*s'%s",
                        (int)(kind->text.len < 80 ? kind->text.len : 80), kind->text.at,
                        hs_hint(&hint, kind->text, names, KIND_COUNT));
}

static hs_rc read_document(struct hs_load *l, const struct hs_yaml *root, enum hs_place place)
{
    HS_TRY(hs_refuse_secrets(l, root));
    HS_TRY(hs_read_map(l, root, "a document"));
    const struct hs_yaml *kind = hs_yaml_get(root, "kind");
    if (!kind || kind->kind != HS_YAML_SCALAR)
        return hs_load_fail(l, hs_load_at(l, kind ? kind : root), "a document needs 'kind': what it is");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!hs_str_is(kind->text, KINDS[i].name))
            continue;
        if (KINDS[i].place != place && KINDS[i].also != place)
            return hs_load_fail(l, hs_load_at(l, kind), "a %s belongs into %s", KINDS[i].name, KINDS[i].where);
        return KINDS[i].read(l, root);
    }
    return fail_kind(l, kind);
}

static hs_rc check_domain(struct hs_load *l)
{
    struct hs_at at = {l->file->path, 1, 1};
    if (l->domain.len > HS_MODEL_MAX_NAME || !l->domain.len || memchr(l->domain.at, '.', l->domain.len) ||
        memchr(l->domain.at, '[', l->domain.len) || memchr(l->domain.at, '"', l->domain.len))
        return hs_load_fail(l, at, "the folder's name is the domain's, and may not hold '.', '[' or '\"'");
    return HS_OK;
}

/* Cases are no part of the model. But a policy among them would be one that nobody follows. */
static hs_rc check_case_file(struct hs_load *l)
{
    struct hs_yaml_documents documents;
    HS_TRY(hs_yaml_parse(l->scratch, l->scratch, l->file->path, l->file->bytes, &documents, l->err));
    for (size_t i = 0; i < documents.roots.len; i++) {
        const struct hs_yaml *root = documents.roots.at[i];
        const struct hs_yaml *kind = root->kind == HS_YAML_MAP ? hs_yaml_get(root, "kind") : NULL;
        if (!kind || kind->kind != HS_YAML_SCALAR)
            return hs_load_fail(l, hs_load_at(l, kind ? kind : root), "a document needs 'kind': what it is");
        if (!hs_str_is(kind->text, "PolicyTest"))
            return hs_load_fail(l, hs_load_at(l, kind),
                                "a %.*s would not be read here: files NAME.test.yaml hold PolicyTest alone",
                                (int)(kind->text.len < 80 ? kind->text.len : 80), kind->text.at);
    }
    return HS_OK;
}

static hs_rc read_file(struct hs_load *l, const struct hs_model_file *file)
{
    struct hs_yaml_documents documents;
    hs_str domain = HS_S("");
    enum hs_place place = hs_place_of(file->path, &domain);
    struct hs_at top = {file->path, 1, 1};
    l->file = file;
    l->domain = domain;
    if (place == HS_PLACE_LOOKUP_ROWS)
        return HS_OK; /* read by the lookup that names it */
    if (place == HS_PLACE_NONE)
        return hs_load_fail(l, top, "this file has no place in a model");
    if (hs_is_case_file(file->path))
        return check_case_file(l);
    if (place == HS_PLACE_CONTRACT || place == HS_PLACE_POLICY || place == HS_PLACE_LOOKUP)
        HS_TRY(check_domain(l));
    /* contracts keep their tree, see hs_product.written */
    HS_TRY(hs_yaml_parse(place == HS_PLACE_CONTRACT ? l->arena : l->scratch, l->arena, file->path, file->bytes,
                         &documents, l->err));
    if (!documents.roots.len)
        HS_TRY(hs_load_warn(l, top, "the file says nothing"));
    for (size_t i = 0; i < documents.roots.len; i++)
        HS_TRY(read_document(l, documents.roots.at[i], place));
    return HS_OK;
}

/* The first error is the answer; those of other files go to its detail. */
static hs_rc read_files(struct hs_load *l, const struct hs_model_file *files, size_t count)
{
    struct hs_err *first = l->err, other;
    hs_rc rc = HS_OK;
    for (size_t i = 0; i < count && rc != HS_NOMEM && rc != HS_LIMIT; i++) {
        l->err = rc == HS_OK ? first : &other;
        hs_rc now = read_file(l, &files[i]);
        if (rc != HS_OK && now != HS_OK && now != HS_NOMEM)
            hs_err_note(first, "also %s", other.shown);
        rc = rc == HS_OK ? now : rc;
    }
    l->err = first;
    return rc;
}

static hs_rc digest(struct hs_model *model, const struct hs_model_file *files, size_t count, struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory while loading the model");
    for (size_t i = 0; i < count; i++) {
        if (hs_is_case_file(files[i].path))
            continue;
        hs_sha256_field(h, files[i].path);
        hs_sha256_field(h, files[i].bytes);
    }
    HS_TRY(hs_sha256_end(h, model->version, err));
    struct hs_buf hex;
    hs_buf_init(&hex, 64);
    hs_buf_add_hex(&hex, model->version, 8);
    model->version_text = hex.failed ? (hs_str){0} : hs_arena_str(model->arena, hs_buf_str(&hex));
    hs_buf_fini(&hex);
    return model->version_text.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory while loading the model");
}

/* Paths outlive the load (every message names one); bytes do not. */
static hs_rc keep_paths(struct hs_load *l, struct hs_model_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        files[i].path = hs_arena_str(l->arena, files[i].path);
        files[i].disk_path = hs_arena_str(l->arena, files[i].disk_path);
        if (!files[i].path.at || !files[i].disk_path.at)
            return hs_load_no_memory(l);
    }
    return HS_OK;
}

static int by_path(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_model_file *)a)->path, ((const struct hs_model_file *)b)->path);
}

static hs_rc build(struct hs_load *l, struct hs_model_file *files, size_t count)
{
    if (count)
        qsort(files, count, sizeof *files, by_path);
    l->files = files;
    l->file_count = count;
    HS_TRY(keep_paths(l, files, count));
    HS_TRY(digest(l->model, files, count, l->err));
    HS_TRY(read_files(l, files, count));
    struct hs_at mesh = {HS_S("mesh.yaml"), 1, 1};
    if (!l->has_mesh)
        return hs_load_fail(l, mesh, "a model needs this file, with 'kind: Mesh' and 'name'");
    return hs_load_resolve(l);
}

hs_rc hs_model_load_files(hs_str directory, struct hs_model_file *files, size_t count, hs_mask_check_fn check,
                          struct hs_model **out, struct hs_err *err)
{
    struct hs_load l = {.check = check, .err = err};
    l.arena = hs_arena_new(HS_MODEL_MAX_MEMORY);
    l.scratch = hs_arena_new(HS_MODEL_MAX_MEMORY);
    l.model = l.arena ? HS_NEW(l.arena, struct hs_model) : NULL;
    hs_rc rc = HS_OK;
    if (l.model && l.scratch) {
        l.model->arena = l.arena;
        atomic_init(&l.model->refs, 1);
        l.model->directory = hs_arena_str(l.arena, directory);
        rc = l.model->directory.at ? build(&l, files, count) : hs_load_no_memory(&l);
    } else {
        rc = hs_fail(err, HS_NOMEM, "out of memory while loading the model");
    }
    hs_arena_free(l.scratch);
    if (rc == HS_OK)
        *out = l.model;
    else
        hs_arena_free(l.arena);
    return rc;
}

/* Where files lay that are no part of the layout; said after what the files themselves gave reason to say. */
static hs_rc add_warnings(struct hs_model *m, const hs_str *more, size_t count, struct hs_err *err)
{
    hs_str *all = hs_arena_array(m->arena, m->warning_count + count, sizeof *all);
    size_t n = m->warning_count;
    for (size_t i = 0; all && i < n; i++)
        all[i] = m->warnings[i];
    for (size_t i = 0; all && i < count; i++) {
        all[n + i] = hs_arena_str(m->arena, more[i]);
        if (!all[n + i].at)
            all = NULL;
    }
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory while loading the model");
    m->warnings = all;
    m->warning_count = n + count;
    return HS_OK;
}

hs_rc hs_model_load(hs_str directory, hs_mask_check_fn check, struct hs_model **out, struct hs_err *err)
{
    struct hs_model *model = NULL;
    struct hs_found_files found = {.arena = hs_arena_new((size_t)2 * HS_MODEL_MAX_BYTES)};
    if (!found.arena)
        return hs_fail(err, HS_NOMEM, "out of memory while loading the model");
    hs_rc rc = hs_find_files(directory, &found, err);
    if (rc == HS_OK)
        rc = hs_model_load_files(found.directory, found.files.at, found.files.len, check, &model, err);
    if (rc == HS_OK)
        rc = add_warnings(model, found.warnings.at, found.warnings.len, err);
    hs_arena_free(found.arena);
    if (rc == HS_OK)
        *out = model;
    else
        hs_model_unref(model);
    return rc;
}
