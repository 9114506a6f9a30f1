/* From a snapshot to its live entries (spec: "Scan Planning"): manifest list, manifests, the numbers they hand down,
 * and which entries share a partition. */
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

enum { MAX_FILES = 10 * 1000 * 1000, MAX_KEY = 1 << 24 };

/* Whoever asks did nothing wrong: the table names a file that is not there, or one that no file can be called. */
static hs_rc is_damage(hs_rc rc, struct hs_err *err)
{
    if (rc != HS_NOT_FOUND && rc != HS_INVALID)
        return rc;
    if (!err)
        return HS_CORRUPT;
    struct hs_err first = *err;
    hs_ignore(hs_damaged(err, "%s", first.detail));
    if (rc == HS_NOT_FOUND)
        hs_ignore(hs_err_show(err, "a file of the table is missing"));
    return HS_CORRUPT;
}

hs_rc hs_plan_resolve(struct hs_arena *a, const struct hs_store *store, hs_str path, hs_str *out, struct hs_err *err)
{
    return is_damage(hs_store_resolve(a, store, path, out, err), err);
}

hs_rc hs_plan_find(struct hs_arena *a, const struct hs_store *store, hs_str path, struct hs_found *out,
                   struct hs_err *err)
{
    return is_damage(hs_store_find(a, store, path, out, err), err);
}

/* ---- manifests ---- */

static hs_rc inline_manifests(struct hs_planner *p, const struct hs_snapshot *s, const struct hs_manifest_file **out,
                              size_t *out_count, struct hs_err *err)
{
    struct hs_manifest_file *list = hs_arena_array(p->scratch, s->manifest_count, sizeof *list);
    if (!list)
        return hs_no_memory(err);
    for (size_t i = 0; i < s->manifest_count; i++)
        list[i] = (struct hs_manifest_file){.path = s->manifests[i],
                                            .length = -1,
                                            .spec_id = -1,
                                            .content = HS_MANIFEST_DATA,
                                            .added_snapshot_id = s->id,
                                            .added_files = -1,
                                            .existing_files = -1,
                                            .deleted_files = -1,
                                            .first_row_id = -1};
    *out = list;
    *out_count = s->manifest_count;
    return HS_OK;
}

static void unref_list(void *l)
{
    hs_manifest_list_unref(l);
}

hs_rc hs_plan_manifests(struct hs_planner *p, const struct hs_snapshot *s, const struct hs_manifest_file **out,
                        size_t *out_count, struct hs_err *err)
{
    const struct hs_manifest_list *list;
    if (s->key_id.len)
        return hs_refused(err, "the table is encrypted, which is not supported", "the manifest list has key %.*s",
                          HS_FMT(s->key_id));
    if (s->manifest_list.len == 0)
        return inline_manifests(p, s, out, out_count, err);
    HS_TRY(hs_manifest_list_open(&p->store, s->manifest_list, &list, err));
    if (!hs_arena_defer(p->scratch, unref_list, (void *)(uintptr_t)list))
        return hs_no_memory(err);
    *out = list->files;
    *out_count = list->count;
    return HS_OK;
}

/* ---- entries ---- */

/* Two values are of one partition when their bytes are the same; every NaN is one value, as the format's writers have
 * it. */
static void add_value(struct hs_buf *key, const struct hs_param *v)
{
    double d = v->d != v->d ? __builtin_nan("") : v->d;
    hs_buf_addc(key, v->null ? 'n' : (char)('A' + (int)v->type));
    if (v->null)
        return;
    hs_buf_add(key, &v->i, sizeof v->i);
    hs_buf_add(key, &d, sizeof d);
    hs_buf_add(key, &v->text.len, sizeof v->text.len);
    hs_buf_adds(key, v->text);
}

static hs_rc number_partition(struct hs_planner *p, const struct hs_entry *e, int spec_id, int *out, struct hs_err *err)
{
    struct hs_buf key;
    bool whole = e->partition_count == 0;
    *out = p->whole_number - 1;
    if (whole && p->whole_number && p->whole_spec == spec_id)
        return HS_OK;
    hs_buf_init(&key, MAX_KEY);
    hs_buf_add(&key, &spec_id, sizeof spec_id);
    for (size_t i = 0; i < e->partition_count; i++)
        add_value(&key, &e->partition[i]);
    hs_rc rc = hs_buf_done(&key, err);
    uintptr_t number = (uintptr_t)hs_map_get(p->partitions, hs_buf_str(&key));
    if (rc == HS_OK && !number) {
        number = hs_map_len(p->partitions) + 1;
        rc = hs_map_put(p->partitions, hs_buf_str(&key), (void *)number, err);
    }
    hs_buf_fini(&key);
    *out = (int)(number - 1);
    if (rc == HS_OK && whole) {
        p->whole_spec = spec_id;
        p->whole_number = (int)number;
    }
    return rc;
}

static hs_rc check_entry(const struct hs_manifest_file *listed, const struct hs_entry *e, struct hs_err *err)
{
    bool deletes = e->content != HS_CONTENT_DATA;
    if (deletes != (listed->content == HS_MANIFEST_DELETES))
        return hs_damaged(err, "file content %d in a manifest of content %d", (int)e->content, (int)listed->content);
    return HS_OK;
}

static hs_rc add_entry(struct hs_planner *p, const struct hs_manifest_file *listed, int spec_id,
                       const struct hs_entry *e, struct hs_err *err)
{
    struct hs_planned *planned;
    HS_TRY(check_entry(listed, e, err));
    if (!hs_table_spec(p->pin->table, spec_id))
        return hs_damaged(err, "partition spec %d is missing", spec_id);
    if (!hs_pruner_entry(p->pruner, spec_id, e))
        return HS_OK;
    if (e->content == HS_CONTENT_DATA && !hs_pruner_entry(p->asked, spec_id, e)) {
        p->left_out++;
        return HS_OK;
    }
    if (p->data.list.len + p->deletes.list.len >= MAX_FILES)
        return hs_fail_hidden(err, HS_LIMIT, "more than %d files", MAX_FILES);
    if (e->content == HS_CONTENT_DATA)
        planned = hs_vec_add(p->scratch, &p->data.list);
    else
        planned = hs_vec_add(p->scratch, &p->deletes.list);
    if (!planned)
        return hs_no_memory(err);
    planned->entry = e;
    planned->spec_id = spec_id;
    HS_TRY(hs_entry_numbers(e, listed, &planned->numbers, err));
    return number_partition(p, e, spec_id, &planned->partition, err);
}

/* An Avro file that was cut between two blocks looks whole; its list knows how many entries live in it. */
static hs_rc check_count(const struct hs_manifest_file *listed, const struct hs_manifest *m, struct hs_err *err)
{
    int64_t live = 0;
    if (listed->added_files < 0 || listed->existing_files < 0)
        return HS_OK;
    for (size_t i = 0; i < m->entry_count; i++)
        live += m->entries[i].status != HS_ENTRY_DELETED;
    return live - listed->added_files >= listed->existing_files
               ? HS_OK
               : hs_damaged(err, "manifest %.*s has %lld live entries, its list says %lld and %lld",
                            HS_FMT(listed->path), (long long)live, (long long)listed->added_files,
                            (long long)listed->existing_files);
}

static hs_rc add_manifest(struct hs_planner *p, const struct hs_manifest_file *listed, const struct hs_manifest *m,
                          struct hs_err *err)
{
    HS_TRY(check_count(listed, m, err));
    for (size_t i = 0; i < m->entry_count; i++) {
        if (m->entries[i].status == HS_ENTRY_DELETED)
            continue;
        hs_rc rc = add_entry(p, listed, m->spec_id, &m->entries[i], err);
        if (rc != HS_OK) {
            hs_ignore(hs_err_note(err, "manifest %.*s", HS_FMT(listed->path)));
            return rc;
        }
    }
    return HS_OK;
}

static hs_rc add_manifests(struct hs_planner *p, const struct hs_manifest_file *const *listed, size_t count,
                           struct hs_err *err)
{
    const struct hs_manifest **opened;
    HS_TRY(hs_plan_open(p, listed, count, &opened, err));
    for (size_t i = 0; i < count; i++)
        HS_TRY(add_manifest(p, listed[i], opened[i], err));
    return HS_OK;
}

bool hs_plan_holds_files(const struct hs_manifest_file *m)
{
    return m->added_files != 0 || m->existing_files != 0 || m->deleted_files <= 0;
}

/* Data first, so that numbers of partitions go by data. Deletes are opened even where no data is left: what a list
 * calls deletes may be data, and is damage then, not an empty table. */
hs_rc hs_plan_list(struct hs_planner *p, const struct hs_snapshot *s, struct hs_err *err)
{
    const struct hs_manifest_file *manifests;
    size_t count, chosen;
    HS_TRY(hs_plan_manifests(p, s, &manifests, &count, err));
    HS_TRY(hs_plan_asked(p, manifests, count, err));
    const struct hs_manifest_file **listed = hs_arena_array(p->scratch, count, sizeof *listed);
    if (!listed)
        return hs_no_memory(err);
    for (enum hs_manifest_content c = HS_MANIFEST_DATA; c <= HS_MANIFEST_DELETES; c++) {
        chosen = 0;
        for (size_t i = 0; i < count; i++)
            if (manifests[i].content == c && hs_plan_holds_files(&manifests[i]) &&
                hs_pruner_manifest(p->pruner, &manifests[i]) && hs_pruner_manifest(p->asked, &manifests[i]))
                listed[chosen++] = &manifests[i];
        HS_TRY(add_manifests(p, listed, chosen, err));
    }
    return HS_OK;
}
