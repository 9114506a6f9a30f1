/* What `hailstorm table PATH` says about a table, for people who debug: what its metadata says, then its files. */
#include "base/clock.h"
#include "iceberg/describe_in.h"

enum { MOST_SNAPSHOTS = 20, MOST_STATISTICS = 20 };

static void add_default(struct hs_buf *out, const char *word, const struct hs_param *value)
{
    if (!value)
        return;
    hs_buf_addf(out, " %s ", word);
    hs_buf_add_plain_value(out, value);
}

static void add_field(struct hs_buf *out, const struct hs_field *f, int depth)
{
    const char *why = hs_iceberg_unreadable(f);
    hs_buf_addf(out, "%*s%d %.*s ", 2 * depth, "", f->id, HS_FMT(f->name));
    if (hs_type_is_nested(f->type->id))
        hs_buf_addz(out, hs_type_name(f->type->id));
    else
        hs_buf_add_type(out, f->type);
    hs_buf_addz(out, f->required ? " required" : "");
    add_default(out, "default", f->initial_default);
    add_default(out, "written as", f->write_default);
    hs_buf_addf(out, "%s%s\n", why ? " UNREADABLE: " : "", why ? why : "");
    for (size_t i = 0; i < f->type->field_count; i++)
        add_field(out, &f->type->fields[i], depth + 1);
}

static void add_schema(struct hs_buf *out, const struct hs_schema *schema, bool current)
{
    hs_buf_addf(out, "schema %d%s\n", schema->id, current ? " (current)" : "");
    for (size_t i = 0; i < schema->type->field_count; i++)
        add_field(out, &schema->type->fields[i], 1);
}

static void add_specs(struct hs_buf *out, const struct hs_iceberg_table *t)
{
    for (size_t i = 0; i < t->spec_count; i++) {
        const struct hs_partition_spec *spec = &t->specs[i];
        hs_buf_addf(out, "partition spec %d%s:%s", spec->id, spec->id == t->default_spec_id ? " (current)" : "",
                    spec->field_count ? "" : " unpartitioned");
        for (size_t k = 0; k < spec->field_count; k++)
            hs_buf_addf(out, "%s %.*s = %.*s(%d)", k ? "," : "", HS_FMT(spec->fields[k].name),
                        HS_FMT(spec->fields[k].text), spec->fields[k].source_id);
        hs_buf_addc(out, '\n');
    }
}

static void add_snapshot(struct hs_buf *out, const struct hs_snapshot *s, bool current)
{
    int64_t us;
    hs_buf_addf(out, "  %lld sequence %lld ", (long long)s->id, (long long)s->sequence_number);
    if (!__builtin_mul_overflow(s->timestamp_ms, 1000, &us))
        hs_buf_add_time(out, us);
    hs_buf_addf(out, " %.*s", HS_FMT(s->operation));
    if (s->schema_id >= 0)
        hs_buf_addf(out, " schema %d", s->schema_id);
    if (s->first_row_id >= 0)
        hs_buf_addf(out, " first row id %lld", (long long)s->first_row_id);
    hs_buf_addf(out, "%s%s\n", s->key_id.len ? " encrypted" : "", current ? " (current)" : "");
}

static void add_snapshots(struct hs_buf *out, const struct hs_iceberg_table *t)
{
    hs_buf_addf(out, "snapshots: %zu\n", t->snapshot_count);
    size_t from = t->snapshot_count > MOST_SNAPSHOTS ? t->snapshot_count - MOST_SNAPSHOTS : 0; /* the newest say most */
    for (size_t i = from; i < t->snapshot_count; i++)
        add_snapshot(out, &t->snapshots[i], t->snapshots[i].id == t->current_snapshot_id);
    for (size_t i = 0; i < t->named_count; i++)
        hs_buf_addf(out, "  %s %.*s = %lld\n", t->named[i].tag ? "tag" : "branch", HS_FMT(t->named[i].name),
                    (long long)t->named[i].snapshot_id);
}

static void add_statistics(struct hs_buf *out, const struct hs_iceberg_table *t)
{
    if (t->statistics_count)
        hs_buf_addf(out, "statistics: %zu files\n", t->statistics_count);
    size_t from = t->statistics_count > MOST_STATISTICS ? t->statistics_count - MOST_STATISTICS : 0;
    for (size_t i = from; i < t->statistics_count; i++) {
        const struct hs_statistics *s = &t->statistics[i];
        hs_buf_addf(out, "  of snapshot %lld%s: %.*s, %lld bytes\n", (long long)s->snapshot_id,
                    s->of_partitions ? ", by partition" : "", HS_FMT(s->path), (long long)s->size_bytes);
        for (size_t k = 0; k < s->blob_count; k++) {
            hs_buf_addf(out, "    %.*s of", HS_FMT(s->blobs[k].type));
            for (size_t n = 0; n < s->blobs[k].field_count; n++)
                hs_buf_addf(out, "%s %d", n ? "," : "", s->blobs[k].fields[n]);
            if (s->blobs[k].distinct >= 0)
                hs_buf_addf(out, ": about %lld distinct", (long long)s->blobs[k].distinct);
            hs_buf_addc(out, '\n');
        }
    }
}

hs_rc hs_iceberg_describe(struct hs_buf *out, const struct hs_store *store, const struct hs_iceberg_table *t,
                          struct hs_err *err)
{
    hs_buf_addf(out, "metadata %.*s\nformat version %d\nuuid %.*s\nlocation %.*s\n", HS_FMT(t->path), t->format_version,
                HS_FMT(t->uuid), HS_FMT(t->location));
    hs_buf_addf(out, "name mapping: %s\n", t->has_name_mapping ? "yes" : "no");
    if (t->next_row_id >= 0)
        hs_buf_addf(out, "next row id %lld\n", (long long)t->next_row_id);
    if (t->key_count)
        hs_buf_addf(out, "encryption keys: %zu\n", t->key_count);
    for (size_t i = 0; i < t->schema_count; i++)
        add_schema(out, &t->schemas[i], t->schemas[i].id == t->current_schema_id);
    add_specs(out, t);
    add_snapshots(out, t);
    add_statistics(out, t);
    if (store)
        HS_TRY(hs_describe_files(out, store, t, err));
    return hs_buf_done(out, err);
}
