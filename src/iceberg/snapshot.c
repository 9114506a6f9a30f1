/* Opening a table and pinning one of its snapshots (spec: "Snapshots", "Snapshot Retention Policy"). */
#include "iceberg/cache.h"
#include "iceberg/damage.h"
#include "iceberg/shared_caches.h"
#include "iceberg/table.h"

enum { MAX_FILE_MIB = 256, MAX_PLACE_BYTES = 16384 };
static const struct hs_stamp NO_STAMP; /* of what is kept by its age alone */

const struct hs_schema *hs_table_schema(const struct hs_iceberg_table *t, int id)
{
    for (size_t i = 0; i < t->schema_count; i++)
        if (t->schemas[i].type && t->schemas[i].id == id)
            return &t->schemas[i];
    return NULL;
}

const struct hs_field *hs_table_newest_field(const struct hs_iceberg_table *t, int id)
{
    const struct hs_schema *current = hs_table_schema(t, t->current_schema_id);
    const struct hs_field *f = current ? hs_type_field_by_id(current->type, id) : NULL;
    for (size_t i = t->schema_count; i > 0 && !f; i--)
        f = t->schemas[i - 1].type ? hs_type_field_by_id(t->schemas[i - 1].type, id) : NULL;
    return f;
}

const struct hs_partition_spec *hs_table_spec(const struct hs_iceberg_table *t, int id)
{
    for (size_t i = 0; i < t->spec_count; i++)
        if (t->specs[i].id == id)
            return &t->specs[i];
    return NULL;
}

const struct hs_snapshot *hs_table_snapshot(const struct hs_iceberg_table *t, int64_t id)
{
    size_t from = 0, to = t->snapshot_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct hs_snapshot *s = &t->snapshots[t->snapshots_by_id[middle]];
        if (s->id == id)
            return s;
        if (s->id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

static hs_rc parse_file(hs_str path, struct hs_iceberg_table **out, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    hs_str bytes;
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = hs_object_read(scratch, path, MAX_FILE_MIB * HS_MIB, &bytes, err);
    if (rc == HS_OK)
        rc = hs_iceberg_parse(bytes, path, out, err);
    hs_arena_free(scratch);
    return rc;
}

static hs_rc open_found(const struct hs_found *found, struct hs_iceberg_table **out, struct hs_err *err)
{
    struct hs_stamp stamp = found->stamp;
    hs_str path = found->name;
    struct hs_cache *cache = hs_metadata_cache();
    if (!found->known)
        HS_TRY(hs_object_stamp(path, &stamp, err));
    struct hs_iceberg_table *t = hs_cache_get(cache, path, &stamp);
    if (!t) {
        HS_TRY(parse_file(path, &t, err));
        t->stamp = stamp;
        hs_cache_put(cache, path, &stamp, t, (int64_t)hs_arena_used(t->arena));
    }
    *out = t;
    return HS_OK;
}

/* All that hs_metadata_find looks at. */
static bool place_of(const struct hs_store *store, struct hs_buf *out)
{
    hs_buf_addf(out, "%.*s\n%.*s", HS_FMT(store->root), HS_FMT(store->within));
    return !out->failed;
}

/* Which metadata of a store is current takes a list, and a statement asks it when it is described and when it is run.
 */
static void keep_found(const struct hs_store *store, struct hs_iceberg_table *t)
{
    struct hs_buf place;
    if (!hs_store_is_remote(t->path))
        return;
    hs_buf_init(&place, MAX_PLACE_BYTES);
    if (place_of(store, &place))
        hs_cache_put(hs_found_cache(), hs_buf_str(&place), &NO_STAMP, t, (int64_t)hs_arena_used(t->arena));
    hs_buf_fini(&place);
}

hs_rc hs_iceberg_open(const struct hs_store *store, struct hs_iceberg_table **out, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    struct hs_found found;
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = hs_metadata_find(scratch, store, &found, err);
    if (rc == HS_OK)
        rc = open_found(&found, out, err);
    if (rc == HS_OK)
        keep_found(store, *out);
    hs_arena_free(scratch);
    return rc;
}

hs_rc hs_iceberg_open_pinned(const struct hs_store *store, int64_t snapshot_id, struct hs_iceberg_table **out,
                             struct hs_err *err)
{
    struct hs_buf place;
    hs_buf_init(&place, MAX_PLACE_BYTES);
    struct hs_iceberg_table *t =
        place_of(store, &place) ? hs_cache_get(hs_found_cache(), hs_buf_str(&place), &NO_STAMP) : NULL;
    hs_buf_fini(&place);
    if (t && hs_table_snapshot(t, snapshot_id)) {
        *out = t;
        return HS_OK;
    }
    if (t)
        hs_iceberg_unref(t);
    return hs_iceberg_open(store, out, err);
}

int hs_iceberg_format_version(const struct hs_iceberg_table *t)
{
    return t->format_version;
}

struct hs_stamp hs_iceberg_metadata_stamp(const struct hs_iceberg_table *t)
{
    return t->stamp;
}

hs_str hs_iceberg_metadata_path(const struct hs_iceberg_table *t)
{
    return t->path;
}

static hs_rc snapshot_gone(struct hs_err *err, int64_t id)
{
    return hs_fail(err, HS_NOT_FOUND, "snapshot %lld is not in the table", (long long)id);
}

/* The log says what was current when, rollbacks included; the snapshots' own times do not. */
static hs_rc find_by_time(const struct hs_iceberg_table *t, int64_t time_us, int64_t *out, struct hs_err *err)
{
    int64_t best = INT64_MIN;
    bool found = false;
    int64_t time_ms = time_us >= 0 ? time_us / 1000 : -((-time_us + 999) / 1000);
    for (size_t i = 0; i < t->log_count; i++) {
        if (t->log[i].timestamp_ms <= time_ms && t->log[i].timestamp_ms >= best) {
            best = t->log[i].timestamp_ms;
            *out = t->log[i].snapshot_id;
            found = true;
        }
    }
    const struct hs_snapshot *s = t->log_count ? NULL : hs_table_snapshot(t, t->current_snapshot_id);
    for (size_t steps = 0; s && !found && steps <= t->snapshot_count; steps++) {
        *out = s->id;
        found = s->timestamp_ms <= time_ms;
        s = hs_table_snapshot(t, s->parent_id);
    }
    return found ? HS_OK : hs_fail(err, HS_NOT_FOUND, "the table has no snapshot of that time");
}

static const struct hs_ref *find_ref(const struct hs_iceberg_table *t, hs_str name)
{
    for (size_t i = 0; i < t->named_count; i++)
        if (hs_str_eq(t->named[i].name, name))
            return &t->named[i];
    return NULL;
}

static hs_rc find_by_ref(const struct hs_iceberg_table *t, hs_str name, int64_t *out_id, bool *out_own_schema,
                         struct hs_err *err)
{
    const struct hs_ref *ref = find_ref(t, name);
    if (!ref && !hs_str_is(name, "main"))
        return hs_fail_hidden(err, HS_NOT_FOUND, "no branch or tag %.*s in %.*s", HS_FMT(name), HS_FMT(t->path));
    *out_id = ref ? ref->snapshot_id : t->current_snapshot_id;
    *out_own_schema = ref && ref->tag; /* a branch is read with the table's schema, as the reference reader does */
    return HS_OK;
}

static hs_rc choose(const struct hs_iceberg_table *t, const struct hs_as_of *as_of, int64_t *out_id,
                    bool *out_own_schema, struct hs_err *err)
{
    *out_own_schema = true;
    switch (as_of ? as_of->kind : HS_AS_OF_CURRENT) {
    case HS_AS_OF_CURRENT:
        *out_id = t->current_snapshot_id;
        *out_own_schema = false;
        return HS_OK;
    case HS_AS_OF_SNAPSHOT:
        *out_id = as_of->snapshot_id;
        return HS_OK;
    case HS_AS_OF_TIME:
        return find_by_time(t, as_of->time_us, out_id, err);
    case HS_AS_OF_REF:
        return find_by_ref(t, as_of->ref, out_id, out_own_schema, err);
    }
    return hs_fail(err, HS_INTERNAL, "as-of kind %d", (int)as_of->kind);
}

hs_rc hs_iceberg_pin(struct hs_arena *a, const struct hs_iceberg_table *t, const struct hs_as_of *as_of,
                     struct hs_pin *out, struct hs_err *err)
{
    (void)a; /* everything the pin names lives in the table */
    int64_t id = -1;
    bool own_schema = false;
    HS_TRY(choose(t, as_of, &id, &own_schema, err));
    const struct hs_snapshot *s = hs_table_snapshot(t, id);
    bool current = !as_of || as_of->kind == HS_AS_OF_CURRENT || as_of->kind == HS_AS_OF_REF;
    if (!s && !(id == -1 && current))
        return snapshot_gone(err, id);
    int schema_id = s && own_schema && s->schema_id >= 0 ? s->schema_id : t->current_schema_id;
    const struct hs_schema *schema = hs_table_schema(t, schema_id);
    if (!schema)
        return hs_damaged(err, "%.*s: snapshot %lld names schema %d, which is missing", HS_FMT(t->path), (long long)id,
                          schema_id);
    *out = (struct hs_pin){.table = t, .empty = !s, .schema_id = schema_id, .schema = schema->type};
    if (s) {
        out->snapshot_id = s->id;
        out->sequence_number = s->sequence_number;
        out->timestamp_ms = s->timestamp_ms;
    }
    return HS_OK;
}
