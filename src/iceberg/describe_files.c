/* What `hailstorm table PATH` says of the files that the current snapshot is made of, and of each column that some of
 * them hold in a way we would refuse. A fault is a line of the report, not its end. */
#include "iceberg/describe_in.h"

#include <stdarg.h>
#include <stdio.h>

enum { MOST_PARTITIONS = 20, MOST_FOOTERS = 10 * 1000 };

struct look { /* one physical schema in one spec */
    struct hs_footer_schema *schema;
    int spec_id;
    size_t files;
};
struct partition {
    const struct hs_planned *first;
    size_t files;
    int64_t rows;
};
struct report {
    struct hs_buf *out;
    struct hs_planner *p;
    HS_VEC(struct look) looks;
    size_t faults;
};

static void add_fault(struct report *r, const struct hs_err *why, const char *format, ...) HS_PRINTF(3, 4);
static void add_fault(struct report *r, const struct hs_err *why, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (!r->faults++)
        hs_buf_addz(r->out, "would be refused:\n");
    hs_buf_addf(r->out, "  %s: %s (%s)\n", what, why->shown, why->detail);
}

/* ---- what there is ---- */
struct sums {
    size_t files;
    int64_t rows, bytes;
};

static void add_sum(struct sums *s, const struct hs_entry *e)
{
    s->files++;
    s->rows = (int64_t)((uint64_t)s->rows + (uint64_t)e->record_count); /* as a damaged table says it */
    s->bytes = (int64_t)((uint64_t)s->bytes + (uint64_t)e->size_bytes);
}

static void add_line(struct hs_buf *out, const char *what, const struct sums *s)
{
    if (s->files)
        hs_buf_addf(out, "  %s: %zu files, %lld rows, %lld bytes\n", what, s->files, (long long)s->rows,
                    (long long)s->bytes);
}

static void add_data(struct report *r)
{
    static const char *const names[] = {[HS_FILE_PARQUET] = "Parquet", [HS_FILE_AVRO] = "Avro", [HS_FILE_ORC] = "ORC"};
    struct sums by_format[sizeof names / sizeof *names] = {0}, other = {0}, all = {0};
    for (size_t i = 0; i < r->p->data.list.len; i++) {
        const struct hs_entry *e = r->p->data.list.at[i].entry;
        bool known = (size_t)e->format < sizeof names / sizeof *names && names[e->format];
        add_sum(known ? &by_format[e->format] : &other, e);
        add_sum(&all, e);
    }
    hs_buf_addf(r->out, "data: %zu files, %lld rows, %lld bytes\n", all.files, (long long)all.rows,
                (long long)all.bytes);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i])
            add_line(r->out, names[i], &by_format[i]);
    add_line(r->out, "another format", &other);
}

static void add_deletes(struct report *r)
{
    struct sums positions = {0}, vectors = {0}, equality = {0};
    for (size_t i = 0; i < r->p->deletes.list.len; i++) {
        const struct hs_entry *e = r->p->deletes.list.at[i].entry;
        bool vector = e->content == HS_CONTENT_POSITION_DELETES && e->content_offset >= 0;
        add_sum(vector ? &vectors : e->content == HS_CONTENT_EQUALITY_DELETES ? &equality : &positions, e);
    }
    hs_buf_addf(r->out, "deletes: %zu files\n", r->p->deletes.list.len);
    add_line(r->out, "by position", &positions);
    add_line(r->out, "deletion vectors", &vectors);
    add_line(r->out, "by equality", &equality);
}

static void add_partition(struct report *r, const struct partition *one)
{
    const struct hs_partition_spec *spec = hs_table_spec(r->p->pin->table, one->first->spec_id);
    hs_buf_addf(r->out, "  spec %d", one->first->spec_id);
    for (size_t i = 0; spec && i < spec->field_count && i < one->first->entry->partition_count; i++) {
        hs_buf_addf(r->out, "%s %.*s = ", i ? "," : ":", HS_FMT(spec->fields[i].name));
        hs_buf_add_plain_value(r->out, &one->first->entry->partition[i]);
    }
    hs_buf_addf(r->out, ": %zu files, %lld rows\n", one->files, (long long)one->rows);
}

static hs_rc add_partitions(struct report *r, struct hs_err *err)
{
    size_t count = hs_map_len(r->p->partitions), shown = 0;
    struct partition *all = hs_arena_array(r->p->scratch, count + 1, sizeof *all);
    if (!all)
        return hs_no_memory(err);
    for (size_t i = 0; i < r->p->data.list.len; i++) {
        const struct hs_planned *f = &r->p->data.list.at[i];
        struct partition *one = &all[(size_t)f->partition < count ? (size_t)f->partition : count];
        one->first = one->first ? one->first : f;
        one->files++;
        one->rows = (int64_t)((uint64_t)one->rows + (uint64_t)f->entry->record_count);
    }
    hs_buf_addf(r->out, "partitions: %zu\n", count);
    for (size_t i = 0; i < count && shown < MOST_PARTITIONS; i++) {
        if (!all[i].first)
            continue;
        add_partition(r, &all[i]);
        shown++;
    }
    if (count > shown)
        hs_buf_addf(r->out, "  and %zu more, or of deletes alone\n", count - shown);
    return HS_OK;
}

/* ---- what would be refused ---- */
static void unref_schema(void *schema)
{
    hs_footer_schema_unref(schema);
}

static hs_rc note_schema(struct report *r, struct hs_footer_schema *schema, int spec_id, struct hs_err *err)
{
    for (size_t i = 0; i < r->looks.len; i++) {
        if (r->looks.at[i].schema == schema && r->looks.at[i].spec_id == spec_id) {
            r->looks.at[i].files++;
            return HS_OK;
        }
    }
    struct look *look = hs_vec_add(r->p->scratch, &r->looks);
    if (!look || !hs_arena_defer(r->p->scratch, unref_schema, hs_footer_schema_ref(schema)))
        return hs_no_memory(err);
    *look = (struct look){schema, spec_id, 1};
    return HS_OK;
}

static hs_rc look_at_file(struct report *r, const struct hs_planned *f, struct hs_err *err)
{
    hs_str local;
    struct hs_footer *footer;
    HS_TRY(hs_plan_place(r->p, f->entry->path, &local, err));
    HS_TRY(hs_plan_footer(f->entry->format, local, &footer, err));
    hs_rc rc = note_schema(r, footer->schema, f->spec_id, err);
    if (rc == HS_OK && footer->row_count >= 0 && footer->row_count != f->entry->record_count)
        rc = hs_damaged(err, "%lld rows, the manifest says %lld", (long long)footer->row_count,
                        (long long)f->entry->record_count);
    hs_footer_unref(footer);
    return rc;
}

static hs_rc look_at_column(struct report *r, const struct look *look, const struct hs_field *column,
                            struct hs_err *err)
{
    struct hs_field one = *column;
    const struct hs_type wanted = {.id = HS_T_STRUCT, .fields = &one, .field_count = 1};
    struct hs_projection projection;
    struct hs_constants constants;
    struct hs_planner p = *r->p;
    p.wanted = &wanted;
    HS_TRY(hs_projection_make(p.scratch, p.pin, hs_table_spec(p.pin->table, look->spec_id), &wanted,
                              hs_footer_physical(look->schema), &projection, err));
    return hs_constants_find(&p, &projection, look->spec_id, &constants, err);
}

static hs_rc add_faults(struct report *r, struct hs_err *err)
{
    const struct hs_type *schema = r->p->pin->schema;
    size_t most = r->p->data.list.len < MOST_FOOTERS ? r->p->data.list.len : MOST_FOOTERS;
    for (size_t i = 0; i < most; i++) {
        const struct hs_planned *f = &r->p->data.list.at[i];
        hs_rc rc = look_at_file(r, f, err);
        if (rc == HS_NOMEM)
            return rc;
        if (rc != HS_OK)
            add_fault(r, err, "file %.*s", HS_FMT(f->entry->path));
    }
    for (size_t i = 0; i < r->looks.len; i++) {
        for (size_t k = 0; k < schema->field_count; k++) {
            hs_rc rc = look_at_column(r, &r->looks.at[i], &schema->fields[k], err);
            if (rc == HS_NOMEM)
                return rc;
            if (rc != HS_OK)
                add_fault(r, err, "column %.*s, in %zu files", HS_FMT(schema->fields[k].name), r->looks.at[i].files);
        }
    }
    if (most < r->p->data.list.len)
        hs_buf_addf(r->out, "looked into the first %zu files only\n", most);
    hs_buf_addz(r->out, r->faults ? "" : "would be refused: nothing\n");
    return HS_OK;
}

static hs_rc list_files(struct report *r, struct hs_err *err)
{
    struct hs_planner *p = r->p;
    const struct hs_snapshot *s = hs_table_snapshot(p->pin->table, p->pin->snapshot_id);
    p->seen_directories = hs_map_new(p->scratch);
    p->partitions = hs_map_new(p->scratch);
    if (!p->seen_directories || !p->partitions)
        return hs_no_memory(err);
    hs_rc rc = hs_plan_list(p, s, err);
    if (rc == HS_NOMEM)
        return rc;
    if (rc != HS_OK) {
        add_fault(r, err, "the snapshot");
        return HS_OK;
    }
    add_data(r);
    add_deletes(r);
    HS_TRY(add_partitions(r, err));
    return add_faults(r, err);
}

hs_rc hs_describe_files(struct hs_buf *out, const struct hs_store *store, const struct hs_iceberg_table *t,
                        struct hs_err *err)
{
    struct hs_pin pin;
    HS_TRY(hs_iceberg_pin(NULL, t, NULL, &pin, err));
    if (pin.empty) {
        hs_buf_addz(out, "no snapshot: no rows\n");
        return HS_OK;
    }
    struct hs_plan_request request = {.store = store, .pin = &pin};
    struct hs_planner p = {.store = *store, .request = &request, .pin = &pin, .wanted = pin.schema};
    struct report r = {.out = out, .p = &p};
    p.arena = p.scratch = hs_arena_new(0);
    p.store.root = t->root;
    if (p.store.fallback_from.len == 0)
        p.store.fallback_from = t->location;
    hs_rc rc = p.scratch ? list_files(&r, err) : hs_no_memory(err);
    hs_arena_free(p.scratch);
    return rc;
}
