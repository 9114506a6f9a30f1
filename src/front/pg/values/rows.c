/* The plan of a row writer: which of our types is written how, what each column is called on the wire, and where it
 * lies in a batch. */
#include "front/pg/values/rows_in.h"

#include "arrow/layout.h"
#include "base/alloc.h"

enum { ARENA_MAX = 64 << 20, LEVEL_MAX = 1 << 30, PATH_MAX_ = 64 };

static const uint8_t VALUES[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = HS_PG_V_BOOL,
    [HS_T_INT] = HS_PG_V_I32,
    [HS_T_LONG] = HS_PG_V_I64,
    [HS_T_FLOAT] = HS_PG_V_F32,
    [HS_T_DOUBLE] = HS_PG_V_F64,
    [HS_T_DECIMAL] = HS_PG_V_D128,
    [HS_T_DATE] = HS_PG_V_DATE,
    [HS_T_TIME] = HS_PG_V_TIME,
    [HS_T_TIMESTAMP] = HS_PG_V_STAMP,
    [HS_T_TIMESTAMPTZ] = HS_PG_V_STAMP_TZ,
    [HS_T_TIMESTAMP_NS] = HS_PG_V_STAMP_NS,
    [HS_T_TIMESTAMPTZ_NS] = HS_PG_V_STAMP_TZ_NS,
    [HS_T_STRING] = HS_PG_V_TEXT,
    [HS_T_UUID] = HS_PG_V_UUID,
    [HS_T_FIXED] = HS_PG_V_FIXED,
    [HS_T_BINARY] = HS_PG_V_BYTES,
    [HS_T_STRUCT] = HS_PG_V_NESTED,
    [HS_T_LIST] = HS_PG_V_NESTED,
    [HS_T_MAP] = HS_PG_V_NESTED,
    [HS_T_UNKNOWN] = HS_PG_V_NULL,
    [HS_T_VARIANT] = HS_PG_V_NULL, /* never in a result */
    [HS_T_GEOMETRY] = HS_PG_V_BYTES,
    [HS_T_GEOGRAPHY] = HS_PG_V_BYTES,
    [HS_T_INT8] = HS_PG_V_I8,
    [HS_T_INT16] = HS_PG_V_I16,
    [HS_T_UINT8] = HS_PG_V_U8,
    [HS_T_UINT16] = HS_PG_V_U16,
    [HS_T_UINT32] = HS_PG_V_U32,
    [HS_T_UINT64] = HS_PG_V_U64,
    [HS_T_INTERVAL] = HS_PG_V_INTERVAL,
};

struct plan {
    struct hs_pg_rows *rows;
    size_t node, buffer; /* next */
    size_t path[PATH_MAX_], depth;
    unsigned level;
    struct hs_err *err;
};

static hs_rc no_memory(struct plan *p)
{
    return hs_fail(p->err, HS_NOMEM, "out of memory");
}

static int value_of(const struct hs_type *type)
{
    if (type->id == HS_T_DECIMAL && type->narrow)
        return type->narrow == 32 ? HS_PG_V_D32 : HS_PG_V_D64;
    return VALUES[type->id];
}

/* ---- what it is on the wire ---- */
/* A column may be declared as a type whose values have one form with its own, or to which they are converted. */
static bool can_be(const struct hs_type *type, uint32_t declared)
{
    struct hs_pg_type natural;
    hs_pg_type_of(type, &natural);
    enum hs_pg_family of = hs_pg_family_of(natural.oid), to = hs_pg_family_of(declared);
    if (of == to && of != HS_PG_F_LATER)
        return true;
    if (of == HS_PG_F_TEXT && type->id != HS_T_UNKNOWN)
        return to == HS_PG_F_JSONB || to == HS_PG_F_TIMETZ || to == HS_PG_F_BITS;
    return hs_pg_converted(type, declared) >= 0;
}

static bool list_can_be(const struct hs_type *type, uint32_t declared)
{
    enum { INT2VECTOR = 22, OIDVECTOR = 30 };
    const struct hs_pg_type *element = hs_pg_type_by_array_oid(declared);
    if (declared == INT2VECTOR)
        return type->fields[0].type->id == HS_T_INT16;
    if (declared == OIDVECTOR)
        return type->fields[0].type->id == HS_T_UINT32;
    return element && !hs_pg_is_json(type) && can_be(type->fields[0].type, element->oid);
}

/* What was declared in vain is left aside: a column is then what it is by itself, which is what clients are told. NULLs
 * of no type are written as of any. */
static void declare(struct hs_pg_column *c, uint32_t declared)
{
    bool list = c->type->id == HS_T_LIST;
    const struct hs_pg_type *known = hs_pg_type_by_oid(declared);
    const struct hs_pg_type *known_array = known ? NULL : hs_pg_type_by_array_oid(declared);
    if (!declared || declared == c->pg.oid)
        return;
    if (c->type->id == HS_T_STRUCT || (list && c->type->fields[0].type->id == HS_T_STRUCT)) {
        if (!known && !known_array) /* a composite, or an array of it: the catalog made them */
            c->pg.oid = declared;
        return;
    }
    bool fits = list ? list_can_be(c->type, declared) : can_be(c->type, declared);
    if (!(known || known_array) || !(fits || c->type->id == HS_T_UNKNOWN))
        return;
    if (known)
        c->pg = *known;
    else
        c->pg = (struct hs_pg_type){.oid = declared, .typlen = -1, .name = known_array->name};
    c->pg.typmod = -1;
}

static void resolve(struct plan *p, struct hs_pg_column *c)
{
    const struct hs_pg_resolver *r = &p->rows->resolver;
    bool list = c->type->id == HS_T_LIST;
    const struct hs_type *of = list ? c->type->fields[0].type : c->type;
    uint32_t oid = of->id == HS_T_STRUCT && r->composite ? r->composite(r->of, p->path, p->depth, list) : 0;
    if (oid)
        c->pg.oid = oid;
}

static void name_column(struct plan *p, struct hs_pg_column *c, uint32_t declared)
{
    hs_pg_type_of(c->type, &c->pg);
    if (!c->json)
        resolve(p, c);
    declare(c, declared);
}

/* ---- how it is written ---- */
static void choose_op(const struct hs_pg_rows *r, struct hs_pg_column *c)
{
    int value = c->json && hs_pg_is_json(c->type) ? HS_PG_V_NESTED : value_of(c->type);
    enum hs_pg_family family = hs_pg_family_of(c->pg.oid);
    struct hs_pg_type natural;
    hs_pg_type_of(c->type, &natural);
    int converted = family == hs_pg_family_of(natural.oid) ? -1 : hs_pg_converted(c->type, c->pg.oid);
    c->source = converted < 0 ? -1 : value;
    c->target = converted;
    if (converted >= 0) {
        value = converted;
        c->scale = 0;
    }
    if (family == HS_PG_F_OID && r->resolver.reg_text && c->pg.oid > 30 && c->format == HS_PG_TEXT)
        value = HS_PG_V_REG;
    if (c->pg.oid == 24 && r->resolver.reg_text && c->format == HS_PG_TEXT)
        value = HS_PG_V_REG;
    c->op = c->format == HS_PG_BINARY ? HS_PG_OP_BINARY(value) : HS_PG_OP_TEXT(value);
    c->escape = value >= HS_PG_V_TEXT;
    if ((family == HS_PG_F_JSONB || family == HS_PG_F_TIMETZ || family == HS_PG_F_BITS) && c->format == HS_PG_BINARY)
        c->op = HS_PG_OP_BINARY(HS_PG_V_NESTED);
}

static hs_rc plan_column(struct plan *p, struct hs_pg_column *c, const struct hs_type *type, uint32_t declared);

/* A struct's fields follow its path with their numbers; an element is where its list is. */
static hs_rc plan_child(struct plan *p, struct hs_pg_column *c, size_t i)
{
    bool member = c->type->id == HS_T_STRUCT;
    struct hs_pg_column *child = &c->children[i];
    const struct hs_pg_type *element = member ? NULL : hs_pg_type_by_array_oid(c->pg.oid);
    if (p->depth == PATH_MAX_)
        return hs_fail(p->err, HS_LIMIT, "a column is nested too deeply");
    p->path[p->depth] = i;
    p->depth += member;
    child->format = c->json ? HS_PG_TEXT : c->format; /* inside of json all is text */
    child->json = c->json;
    hs_rc rc = plan_column(p, child, c->type->fields[i].type, element && !c->json ? element->oid : 0);
    p->depth -= member;
    return rc;
}

static hs_rc plan_children(struct plan *p, struct hs_pg_column *c)
{
    if (!c->type->field_count)
        return HS_OK;
    c->child_count = c->type->field_count;
    c->children = hs_arena_array(p->rows->arena, c->child_count, sizeof *c->children);
    if (!c->children) {
        c->child_count = 0;
        return no_memory(p);
    }
    if (++p->level >= HS_PG_LEVELS - 4)
        return hs_fail(p->err, HS_LIMIT, "a column is nested too deeply");
    for (size_t i = 0; i < c->child_count; i++)
        HS_TRY(plan_child(p, c, i));
    p->level--;
    if (c->type->id == HS_T_LIST)
        c->element_oid = c->children[0].pg.oid;
    return HS_OK;
}

static hs_rc plan_column(struct plan *p, struct hs_pg_column *c, const struct hs_type *type, uint32_t declared)
{
    struct hs_layout layout = hs_layout_of(type);
    if (layout.kind == HS_LAYOUT_ABSENT || layout.kind == HS_LAYOUT_VIEW || type->index_bits)
        return hs_fail_hidden(p->err, HS_INTERNAL, "rows of %s in this form cannot be written", hs_type_name(type->id));
    c->type = type;
    c->node = p->node++;
    c->buffer = p->buffer;
    p->buffer += (size_t)layout.buffers;
    c->width = (size_t)layout.width;
    c->scale = (uint8_t)type->scale;
    c->quotient = hs_pg_is_quotient(type);
    c->json = c->json || hs_pg_is_json(type);
    if (layout.kind == HS_LAYOUT_MAP) {
        p->node++;
        p->buffer++;
    }
    name_column(p, c, declared);
    choose_op(p->rows, c);
    return plan_children(p, c);
}

static hs_rc plan_columns(struct plan *p, const struct hs_pg_rows_spec *spec)
{
    struct hs_pg_rows *r = p->rows;
    for (; r->count < spec->schema->field_count; r->count++) {
        struct hs_pg_column *c = &r->columns[r->count];
        c->format = spec->formats ? spec->formats[r->count] : HS_PG_TEXT;
        if (r->kind != HS_PG_DATA_ROW)
            c->format = r->kind == HS_PG_COPY_BINARY ? HS_PG_BINARY : HS_PG_TEXT;
        p->path[0] = r->count;
        p->depth = 1;
        HS_TRY(plan_column(p, c, spec->schema->fields[r->count].type, spec->oids ? spec->oids[r->count] : 0));
    }
    return HS_OK;
}

/* ---- options ---- */
/* What stands in numbers, dates and words of our own: where a delimiter is one of these, all columns are escaped. */
static bool is_common(char c)
{
    return strchr("0123456789+-.: /,@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c) != NULL;
}

static void settle_copy(struct hs_pg_rows *r)
{
    bool csv = r->kind == HS_PG_COPY_CSV;
    struct hs_pg_copy *c = &r->copy;
    c->delimiter = c->delimiter ? c->delimiter : csv ? ',' : '\t';
    c->quote = c->quote ? c->quote : '"';
    c->escape = c->escape ? c->escape : c->quote;
    if (!c->null.at)
        c->null = csv ? HS_S("") : HS_S("\\N");
    /* Numbers never hold a comma, but the dates of Postgres style hold spaces, slashes and hyphens. */
    bool odd = (is_common(c->delimiter) && c->delimiter != ',') || is_common(c->quote) || is_common(c->escape);
    for (size_t i = 0; i < r->count; i++) {
        bool forced = csv && (c->force_quote_all || (c->force_quote && c->force_quote[i]));
        r->columns[i].forced = forced;
        r->columns[i].escape |= odd || forced || (csv && c->null.len);
    }
}

static hs_rc open_in(struct hs_pg_rows *r, const struct hs_pg_rows_spec *spec, struct hs_err *err)
{
    struct plan p = {.rows = r, .err = err};
    r->columns = hs_arena_array(r->arena, spec->schema->field_count + 1, sizeof *r->columns);
    if (!r->columns)
        return no_memory(&p);
    HS_TRY(plan_columns(&p, spec));
    settle_copy(r);
    r->row_room = 64 + r->count * (HS_PG_PUT_MOST + 8 + r->copy.null.len);
    return HS_OK;
}

hs_rc hs_pg_rows_open(const struct hs_pg_rows_spec *spec, struct hs_pg_rows **out, struct hs_err *err)
{
    struct hs_arena *arena = hs_arena_new(ARENA_MAX);
    struct hs_pg_rows *r = arena ? HS_NEW(arena, struct hs_pg_rows) : NULL;
    if (!r) {
        hs_arena_free(arena);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_pg_float_init();
    *r = (struct hs_pg_rows){.arena = arena, .kind = spec->kind, .schema = spec->schema};
    r->begin_due = spec->kind == HS_PG_COPY_BINARY;
    hs_pg_style_init(&r->style);
    if (spec->style)
        r->style = *spec->style;
    if (spec->copy)
        r->copy = *spec->copy;
    if (spec->resolver)
        r->resolver = *spec->resolver;
    for (size_t i = 0; i < HS_PG_LEVELS; i++)
        hs_buf_init(&r->level[i], LEVEL_MAX);
    hs_rc rc = open_in(r, spec, err);
    if (rc == HS_OK)
        *out = r;
    else
        hs_pg_rows_close(r);
    return rc;
}

void hs_pg_rows_close(struct hs_pg_rows *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->columns && i < r->schema->field_count; i++)
        hs_pg_unload(&r->columns[i]);
    for (size_t i = 0; i < HS_PG_LEVELS; i++)
        hs_buf_fini(&r->level[i]);
    hs_arena_free(r->arena);
}

void hs_pg_rows_type(const struct hs_pg_rows *r, size_t i, struct hs_pg_type *out)
{
    *out = r->columns[i].pg;
}

hs_rc hs_pg_rows_batch(struct hs_pg_rows *r, const struct hs_batch *batch, struct hs_err *err)
{
    r->batch = NULL;
    r->next = r->loaded_from = r->loaded_to = 0;
    if (batch->compression || batch->dictionary_count || batch->view_count)
        return hs_fail_hidden(err, HS_INTERNAL, "rows in this form cannot be written");
    HS_TRY(hs_batch_check(r->schema, batch, err));
    r->batch = batch;
    return HS_OK;
}

int64_t hs_pg_rows_left(const struct hs_pg_rows *r)
{
    return r->batch ? r->batch->rows - r->next : 0;
}
