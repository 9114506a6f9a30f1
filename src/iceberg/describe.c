/* What `hailstorm table PATH` says about a table. */
#include "base/clock.h"
#include "iceberg/table.h"

static void add_schema(struct hs_buf *out, const struct hs_schema *schema, bool current)
{
    hs_buf_addf(out, "schema %d%s\n", schema->id, current ? " (current)" : "");
    for (size_t i = 0; i < schema->type->field_count; i++) {
        const struct hs_field *f = &schema->type->fields[i];
        const char *why = hs_iceberg_unreadable(f);
        hs_buf_addf(out, "  %d %.*s ", f->id, HS_FMT(f->name));
        hs_buf_add_type(out, f->type);
        hs_buf_addf(out, "%s%s%s%s\n", f->required ? " required" : "", f->initial_default ? " has-default" : "",
                    why ? " UNREADABLE: " : "", why ? why : "");
    }
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

static void add_snapshots(struct hs_buf *out, const struct hs_iceberg_table *t)
{
    hs_buf_addf(out, "snapshots: %zu\n", t->snapshot_count);
    size_t from = t->snapshot_count > 20 ? t->snapshot_count - 20 : 0; /* the newest say most */
    for (size_t i = from; i < t->snapshot_count; i++) {
        const struct hs_snapshot *s = &t->snapshots[i];
        int64_t us;
        hs_buf_addf(out, "  %lld sequence %lld ", (long long)s->id, (long long)s->sequence_number);
        if (!__builtin_mul_overflow(s->timestamp_ms, 1000, &us))
            hs_buf_add_time(out, us);
        hs_buf_addf(out, " %.*s%s\n", HS_FMT(s->operation), s->id == t->current_snapshot_id ? " (current)" : "");
    }
    for (size_t i = 0; i < t->named_count; i++)
        hs_buf_addf(out, "  %s %.*s = %lld\n", t->named[i].tag ? "tag" : "branch", HS_FMT(t->named[i].name),
                    (long long)t->named[i].snapshot_id);
}

hs_rc hs_iceberg_describe(struct hs_buf *out, const struct hs_iceberg_table *t, struct hs_err *err)
{
    hs_buf_addf(out, "metadata %.*s\nformat version %d\nuuid %.*s\nlocation %.*s\n", HS_FMT(t->path), t->format_version,
                HS_FMT(t->uuid), HS_FMT(t->location));
    hs_buf_addf(out, "name mapping: %s\n", t->has_name_mapping ? "yes" : "no");
    for (size_t i = 0; i < t->schema_count; i++)
        add_schema(out, &t->schemas[i], t->schemas[i].id == t->current_schema_id);
    add_specs(out, t);
    add_snapshots(out, t);
    return hs_buf_done(out, err);
}
