/* What RowDescription says of columns: the writer's types, or what the translator knows better; and whose they are. */
#include "front/pg/pg.h"

enum { OID_TEXT = 25 };

static bool is_reg(uint32_t oid)
{
    static const uint32_t REGS[] = {24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191};
    for (size_t i = 0; i < sizeof REGS / sizeof REGS[0]; i++)
        if (REGS[i] == oid)
            return true;
    return false;
}

static bool is_composite(const struct hs_type *t)
{
    return t->id == HS_T_STRUCT || (t->id == HS_T_LIST && t->fields[0].type->id == HS_T_STRUCT);
}

bool hs_pg_needs_lookup(const struct hs_type *schema, const uint32_t *oids)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (is_reg(oids[i]) || is_composite(schema->fields[i].type))
            return true;
    return false;
}

/* The table's own number of a column that the answer has, from 1; 0: not known. */
static int16_t number_of(const struct pg_lookup *l, size_t i, struct hs_pg_table *out)
{
    const struct hs_seen_column *c = l->seen && i < l->count ? &l->seen[i] : NULL;
    if (!c || !c->table || !l->system)
        return 0;
    if (hs_pg_system_table(l->system, c->table->product->domain, c->table->name, NULL, 0, out) != 1 || !out->row)
        return 0;
    for (size_t k = 0; k < out->row->field_count && k < INT16_MAX; k++)
        if (hs_str_eq(out->row->fields[k].name, c->column))
            return (int16_t)(k + 1);
    return 0;
}

static uint32_t composite(void *of, const size_t *path, size_t depth, bool array)
{
    enum { DEPTH_MAX = 64 };
    const struct pg_lookup *l = of;
    struct hs_pg_table t;
    size_t own[DEPTH_MAX];
    if (depth == 0 || depth > DEPTH_MAX)
        return 0;
    int16_t number = number_of(l, path[0], &t);
    if (!number)
        return 0;
    memcpy(own, path, depth * sizeof *own);
    own[0] = (size_t)number - 1;
    return hs_pg_system_composite(l->system, t.schema, t.name, own, depth, array);
}

static hs_rc reg_text(void *of, uint32_t type, uint32_t oid, struct hs_buf *out, struct hs_err *err)
{
    const struct pg_lookup *l = of;
    hs_str text;
    if (!l->system)
        return hs_fail(err, HS_INTERNAL, "internal error");
    struct hs_arena *a = hs_arena_new(1 << 16);
    hs_rc rc = a ? hs_pg_system_reg_text(l->system, type, oid, a, &text, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        hs_buf_adds(out, text);
    hs_arena_free(a);
    return rc;
}

void hs_pg_lookup_init(struct pg_lookup *l, struct hs_pg_system *system, const struct hs_call *call)
{
    const struct hs_type *schema = call ? hs_call_schema(call) : NULL;
    *l = (struct pg_lookup){.system = system, .seen = call ? hs_call_origins(call) : NULL};
    l->count = schema ? schema->field_count : 0;
    l->resolver = (struct hs_pg_resolver){.composite = composite, .reg_text = reg_text, .of = l};
}

uint32_t *hs_pg_declared_types(const struct hs_pgsql_translation *t, size_t count, struct hs_arena *a)
{
    uint32_t *all = hs_arena_array(a, count + 1, sizeof *all);
    for (size_t i = 0; all && t->column_types && i < count && i < t->column_count; i++)
        all[i] = t->column_types[i];
    return all;
}

hs_rc hs_pg_writer_open(struct pg_session *s, const uint32_t *oids, const struct hs_type *schema,
                        struct hs_pg_rows_spec spec, struct pg_lookup *lookup, struct hs_pg_rows **out,
                        struct hs_err *err)
{
    if (!oids)
        return hs_fail(err, HS_NOMEM, "out of memory");
    spec.schema = schema;
    spec.style = &s->style;
    spec.resolver = lookup->system ? &lookup->resolver : NULL;
    spec.oids = oids;
    return hs_pg_rows_open(&spec, out, err);
}

hs_rc hs_pg_columns_of(const struct pg_statement *st, const struct hs_type *schema, const struct hs_pg_rows *writer,
                       const struct pg_lookup *lookup, struct hs_arena *a, struct pg_columns *out, struct hs_err *err)
{
    const struct hs_pgsql_translation *t = &st->translation;
    struct hs_pg_table table;
    out->at = hs_arena_array(a, schema->field_count + 1, sizeof *out->at);
    out->count = 0;
    if (schema->field_count > INT16_MAX)
        return hs_fail(err, HS_LIMIT, "the answer has too many columns for this protocol");
    for (size_t i = 0; out->at && i < schema->field_count; i++) {
        struct pg_column *c = &out->at[i];
        c->name = hs_arena_str(a, schema->fields[i].name);
        hs_pg_rows_type(writer, i, &c->type);
        if (t->column_typmods && i < t->column_count && t->column_types && t->column_types[i])
            c->type.typmod = t->column_typmods[i];
        c->number = number_of(lookup, i, &table);
        c->table = c->number ? table.oid : 0;
        if (!c->name.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        out->count++;
    }
    out->known = true;
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

bool hs_pg_columns_same(const struct pg_columns *a, const struct pg_columns *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->at[i].type.oid == b->at[i].type.oid && a->at[i].type.typmod == b->at[i].type.typmod &&
               hs_str_eq(a->at[i].name, b->at[i].name);
    return same;
}

hs_rc hs_pg_columns_text(struct hs_arena *a, const char *const *names, size_t count, struct pg_columns *out,
                         struct hs_err *err)
{
    out->at = hs_arena_array(a, count + 1, sizeof *out->at);
    out->count = count;
    out->known = true;
    for (size_t i = 0; out->at && i < count; i++) {
        out->at[i].name = hs_arena_str(a, hs_str_of(names[i]));
        out->at[i].type = (struct hs_pg_type){.oid = OID_TEXT, .typlen = -1, .typmod = -1};
        if (!out->at[i].name.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}
