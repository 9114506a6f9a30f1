/* Parsed manifests: read once, kept by path. What a manifest means also depends on the table (the types of its
 * partition), so that is part of the key; what the snapshot says of it is not kept, but applied by hs_entry_numbers. */
#include "iceberg/manifest.h"
#include "base/alloc.h"
#include "iceberg/manifest_in.h"
#include "iceberg/plan_in.h"
#include "iceberg/shared_caches.h"

enum {
    MAX_MANIFEST_MIB = 256,
    MAX_ENTRIES = 10 * 1000 * 1000,
    MAX_KEY = 1 << 20,
    MAX_SCRATCH = 64 << 10,
    LEAST_ENTRY = 16
};

struct counted_manifest {
    struct hs_manifest manifest;
    struct hs_arena *arena;
    atomic_int refs;
};

static struct counted_manifest *counted(const struct hs_manifest *m)
{
    return (struct counted_manifest *)(uintptr_t)m;
}

struct hs_manifest *hs_manifest_ref(const struct hs_manifest *m)
{
    atomic_fetch_add_explicit(&counted(m)->refs, 1, memory_order_relaxed);
    return &counted(m)->manifest;
}

void hs_manifest_unref(const struct hs_manifest *m)
{
    if (m && atomic_fetch_sub_explicit(&counted(m)->refs, 1, memory_order_acq_rel) == 1) {
        hs_arena_free(counted(m)->arena);
        hs_free(counted(m));
    }
}

/* v1 manifests that a snapshot lists in place state their spec only in their own header. */
static hs_rc own_spec(const struct hs_avro_file *file, int *out, struct hs_err *err)
{
    int64_t spec = 0;
    hs_str written = hs_avro_meta(file, "partition-spec-id");
    if (*out >= 0)
        return HS_OK;
    if (written.at && (!hs_str_to_i64(written, &spec) || spec < 0 || spec > INT32_MAX))
        return hs_damaged(err, "partition-spec-id in the header is not a number");
    *out = (int)spec;
    return HS_OK;
}

int hs_header_version(const struct hs_avro_file *file)
{
    int64_t version = 1;
    hs_str written = hs_avro_meta(file, "format-version");
    return written.at && hs_str_to_i64(written, &version) && version >= 1 && version <= INT32_MAX ? (int)version : 1;
}

struct entries {
    HS_VEC(struct hs_entry) list;
};

/* Spec, "First Row ID Inheritance": counted over files without an id of their own; deleted ones take no part. */
static hs_rc number_rows(struct hs_entry *e, int64_t *next, struct hs_err *err)
{
    if (e->status == HS_ENTRY_DELETED || e->content != HS_CONTENT_DATA || e->first_row_id >= 0)
        return HS_OK;
    e->row_offset = *next;
    if (__builtin_add_overflow(*next, e->record_count, next))
        return hs_damaged(err, "more rows than a number can hold");
    return HS_OK;
}

/* Room for as many entries as the blocks say, if their bytes can hold so many: a forged number takes no memory. */
static hs_rc make_room(const struct hs_avro_file *file, hs_str bytes, struct counted_manifest *m, struct entries *out,
                       struct hs_err *err)
{
    int64_t said = hs_avro_count(file), most = (int64_t)(bytes.len / LEAST_ENTRY);
    out->list.cap = (size_t)(said < most ? said : most);
    out->list.at = hs_arena_array(m->arena, out->list.cap, sizeof *out->list.at);
    return out->list.at ? HS_OK : hs_no_memory(err);
}

static hs_rc read_rows(struct hs_avro_file *file, struct hs_entry_reader *reader, struct counted_manifest *m,
                       struct hs_arena **scratch, struct entries *out, struct hs_err *err)
{
    struct hs_cursor *at;
    int64_t rows = 0;
    for (;;) {
        HS_TRY(hs_avro_next_raw(file, &at, err));
        if (!at)
            return HS_OK;
        if (out->list.len >= MAX_ENTRIES)
            return hs_fail_hidden(err, HS_LIMIT, "more than %d files in a manifest", MAX_ENTRIES);
        if (!*scratch || hs_arena_used(*scratch) > MAX_SCRATCH) {
            hs_arena_free(*scratch);
            *scratch = hs_arena_new(0);
        }
        struct hs_entry *e = *scratch ? hs_vec_add(m->arena, &out->list) : NULL;
        if (!e)
            return hs_no_memory(err);
        HS_TRY(hs_entry_read(reader, *scratch, at, e, err));
        HS_TRY(number_rows(e, &rows, err));
    }
}

static hs_rc read_all(struct hs_avro_file *file, hs_str bytes, const struct hs_iceberg_table *table,
                      struct counted_manifest *m, struct hs_arena *lists, bool lengths, struct hs_err *err)
{
    struct hs_partition_shape shape;
    struct hs_entry_reader *reader;
    struct hs_arena *scratch = NULL; /* what a few rows need */
    struct entries found = {0};
    HS_TRY(own_spec(file, &m->manifest.spec_id, err));
    HS_TRY(hs_partition_shape_make(m->arena, table, m->manifest.spec_id, &shape, err));
    HS_TRY(hs_entry_reader_new(m->arena, lists, hs_avro_schema(file), hs_header_version(file), &shape,
                               &m->manifest.columns, &reader, err));
    if (lengths)
        HS_TRY(hs_entry_reader_lengths(reader, err));
    HS_TRY(make_room(file, bytes, m, &found, err));
    hs_rc rc = read_rows(file, reader, m, &scratch, &found, err);
    hs_arena_free(scratch);
    m->manifest.entries = found.list.at;
    m->manifest.entry_count = found.list.len;
    return rc;
}

static hs_rc read_once(hs_str bytes, const struct hs_iceberg_table *table, struct counted_manifest *m, bool lengths,
                       struct hs_err *err)
{
    struct hs_avro_file *file;
    struct hs_arena *lists = hs_arena_new(0);
    if (!lists)
        return hs_no_memory(err);
    hs_rc rc = hs_avro_open(bytes, NULL, 0, &file, err);
    if (rc == HS_OK) {
        rc = read_all(file, bytes, table, m, lists, lengths, err);
        hs_avro_close(file);
    }
    hs_arena_free(lists);
    return rc;
}

/* Nothing in a file tells that its fixed values have a length before them, but a file that has some cannot be read to
 * its end without. */
static hs_rc read_in(hs_str bytes, const struct hs_iceberg_table *table, struct counted_manifest *m, struct hs_err *err)
{
    struct hs_err second;
    hs_rc rc = read_once(bytes, table, m, false, err);
    if (rc != HS_CORRUPT)
        return rc;
    hs_rc again = read_once(bytes, table, m, true, &second);
    return again == HS_CORRUPT ? rc : again == HS_OK ? HS_OK : (*err = second, again);
}

void hs_columns_add(struct hs_columns *c, int id)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->ids[i] == id)
            return;
    if (c->count < HS_COLUMNS_MAX)
        c->ids[c->count++] = id;
    else
        c->all = true;
}

bool hs_columns_cover(const struct hs_columns *have, const struct hs_columns *asked)
{
    struct hs_columns both = *have;
    if (have->all || asked->all)
        return have->all;
    for (size_t i = 0; i < asked->count; i++)
        hs_columns_add(&both, asked->ids[i]);
    return !both.all && both.count == have->count;
}

static const struct hs_columns every_column = {.all = true};

hs_rc hs_manifest_parse(hs_str bytes, const struct hs_iceberg_table *table, const struct hs_manifest_file *listed,
                        const struct hs_columns *columns, const struct hs_manifest **out, struct hs_err *err)
{
    struct counted_manifest *m = hs_calloc(1, sizeof *m);
    if (!m)
        return hs_no_memory(err);
    atomic_init(&m->refs, 1);
    m->manifest.spec_id = listed->spec_id;
    m->manifest.columns = columns ? *columns : every_column;
    m->arena = hs_arena_new(0);
    hs_rc rc = m->arena ? read_in(bytes, table, m, err) : hs_no_memory(err);
    if (rc == HS_OK)
        *out = &m->manifest;
    else
        hs_manifest_unref(&m->manifest);
    return rc;
}

/* A manifest that states its spec itself means something only beside this metadata. */
static hs_rc cache_key(struct hs_arena *scratch, const struct hs_iceberg_table *table,
                       const struct hs_manifest_file *listed, hs_str local, hs_str *out, struct hs_err *err)
{
    struct hs_partition_shape shape;
    struct hs_buf key;
    HS_TRY(hs_partition_shape_make(scratch, table, listed->spec_id, &shape, err));
    hs_buf_init(&key, MAX_KEY);
    hs_buf_adds(&key, local);
    hs_buf_addc(&key, 0); /* no path holds one */
    hs_buf_add(&key, &listed->spec_id, sizeof listed->spec_id);
    if (listed->spec_id < 0)
        hs_buf_adds(&key, table->path);
    hs_buf_add_shape(&key, &shape);
    hs_rc rc = hs_buf_done(&key, err);
    if (rc == HS_OK && !(*out = hs_arena_str(scratch, hs_buf_str(&key))).at)
        rc = hs_no_memory(err);
    hs_buf_fini(&key);
    return rc;
}

struct opening {
    const struct hs_store *store;
    const struct hs_iceberg_table *table;
    const struct hs_manifest_file *listed;
    const struct hs_columns *columns;
    bool read;
};

/* One that lacks the metrics of a column is read again, the second time with those of all: who asks for one column
 * today and another one tomorrow asks for every one in the end. */
static const struct hs_manifest *cached(hs_str key, const struct hs_stamp *stamp, struct hs_columns *columns)
{
    const struct hs_manifest *m = hs_cache_get(hs_manifest_cache(), key, stamp);
    if (!m || hs_columns_cover(&m->columns, columns))
        return m;
    if (m->columns.count)
        *columns = every_column;
    hs_manifest_unref(m);
    return NULL;
}

static hs_rc open_in(struct hs_arena *scratch, const struct opening *o, const struct hs_manifest **out,
                     struct hs_err *err)
{
    struct hs_columns columns = o->columns ? *o->columns : every_column;
    struct hs_found found;
    hs_str key, bytes;
    HS_TRY(hs_plan_find(scratch, o->store, o->listed->path, &found, err));
    if (!found.known && !o->read)
        return HS_OK; /* asking takes as long as reading, and others can be asked at the same time */
    if (!found.known)
        HS_TRY(hs_object_stamp(found.name, &found.stamp, err));
    HS_TRY(cache_key(scratch, o->table, o->listed, found.name, &key, err));
    *out = cached(key, &found.stamp, &columns);
    if (*out || !o->read)
        return HS_OK;
    HS_TRY(hs_object_read(scratch, found.name, MAX_MANIFEST_MIB * HS_MIB, &bytes, err));
    HS_TRY(hs_manifest_parse(bytes, o->table, o->listed, &columns, out, err));
    struct counted_manifest *m = counted(*out);
    hs_cache_put(hs_manifest_cache(), key, &found.stamp, &m->manifest, (int64_t)(sizeof *m + hs_arena_used(m->arena)));
    return HS_OK;
}

static hs_rc open_manifest(const struct opening *o, const struct hs_manifest **out, struct hs_err *err)
{
    struct hs_arena *scratch = hs_arena_new(0);
    const struct hs_manifest *m = NULL;
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = open_in(scratch, o, &m, err);
    hs_arena_free(scratch);
    if (rc == HS_OK)
        *out = m;
    else
        hs_ignore(hs_err_note(err, "manifest %.*s", HS_FMT(o->listed->path)));
    return rc;
}

hs_rc hs_manifest_open(const struct hs_store *store, const struct hs_iceberg_table *table,
                       const struct hs_manifest_file *listed, const struct hs_columns *columns,
                       const struct hs_manifest **out, struct hs_err *err)
{
    struct opening o = {store, table, listed, columns, true};
    return open_manifest(&o, out, err);
}

hs_rc hs_manifest_cached(const struct hs_store *store, const struct hs_iceberg_table *table,
                         const struct hs_manifest_file *listed, const struct hs_columns *columns,
                         const struct hs_manifest **out, struct hs_err *err)
{
    struct opening o = {store, table, listed, columns, false};
    return open_manifest(&o, out, err);
}

/* ---- numbers ---- */

/* Null in an added entry means the manifest's own number; a manifest without numbers is of version 1, where everything
 * has number 0. */
static hs_rc inherit(const struct hs_entry *e, const struct hs_manifest_file *m, int64_t own, bool need, int64_t *out,
                     struct hs_err *err)
{
    *out = own;
    if (own >= 0)
        return HS_OK;
    if (e->status == HS_ENTRY_ADDED || m->sequence_number == 0)
        *out = m->sequence_number;
    else if (need && e->status == HS_ENTRY_EXISTING)
        return hs_damaged(err, "an existing entry has no sequence number");
    return HS_OK;
}

hs_rc hs_entry_numbers(const struct hs_entry *e, const struct hs_manifest_file *m, struct hs_numbers *out,
                       struct hs_err *err)
{
    out->snapshot_id = e->snapshot_id >= 0 ? e->snapshot_id : m->added_snapshot_id;
    HS_TRY(inherit(e, m, e->sequence_number, true, &out->sequence_number, err));
    HS_TRY(inherit(e, m, e->file_sequence_number, false, &out->file_sequence_number, err));
    out->first_row_id = -1;
    if (e->content != HS_CONTENT_DATA || m->first_row_id < 0)
        return HS_OK; /* a manifest without one: its rows have no ids, whatever its files say */
    out->first_row_id = e->first_row_id;
    if (e->first_row_id < 0 && e->status != HS_ENTRY_DELETED &&
        __builtin_add_overflow(m->first_row_id, e->row_offset, &out->first_row_id))
        return hs_damaged(err, "row ids beyond what a number can hold");
    return HS_OK;
}
