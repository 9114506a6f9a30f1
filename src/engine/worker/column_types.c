/* Which of our types an engine type is, and which operations write it: the worker's half of the type table. */
#include "engine/worker/column.h"
#include "base/alloc.h"
#include "engine/message.h"

struct row { /* one a simple type */
    duckdb_type from;
    enum hs_type_id to;
    const struct column_ops *ops;
    size_t width, stored_width;
};
static const struct row rows[] = {
    {DUCKDB_TYPE_BOOLEAN, HS_T_BOOLEAN, &hs_ops_bool, 0, 1},
    {DUCKDB_TYPE_TINYINT, HS_T_INT8, &hs_ops_plain, 1, 1},
    {DUCKDB_TYPE_SMALLINT, HS_T_INT16, &hs_ops_plain, 2, 2},
    {DUCKDB_TYPE_INTEGER, HS_T_INT, &hs_ops_plain, 4, 4},
    {DUCKDB_TYPE_BIGINT, HS_T_LONG, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_UTINYINT, HS_T_UINT8, &hs_ops_plain, 1, 1},
    {DUCKDB_TYPE_USMALLINT, HS_T_UINT16, &hs_ops_plain, 2, 2},
    {DUCKDB_TYPE_UINTEGER, HS_T_UINT32, &hs_ops_plain, 4, 4},
    {DUCKDB_TYPE_UBIGINT, HS_T_UINT64, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_FLOAT, HS_T_FLOAT, &hs_ops_plain, 4, 4},
    {DUCKDB_TYPE_DOUBLE, HS_T_DOUBLE, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_DATE, HS_T_DATE, &hs_ops_plain, 4, 4},
    {DUCKDB_TYPE_TIME, HS_T_TIME, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_TIMESTAMP, HS_T_TIMESTAMP, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_TIMESTAMP_TZ, HS_T_TIMESTAMPTZ, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_TIMESTAMP_NS, HS_T_TIMESTAMP_NS, &hs_ops_plain, 8, 8},
    {DUCKDB_TYPE_TIMESTAMP_S, HS_T_TIMESTAMP, &hs_ops_scaled_time, 8, 8},
    {DUCKDB_TYPE_TIMESTAMP_MS, HS_T_TIMESTAMP, &hs_ops_scaled_time, 8, 8},
    {DUCKDB_TYPE_INTERVAL, HS_T_INTERVAL, &hs_ops_interval, 16, 16},
    {DUCKDB_TYPE_HUGEINT, HS_T_DECIMAL, &hs_ops_huge, 16, 16},
    {DUCKDB_TYPE_UHUGEINT, HS_T_DECIMAL, &hs_ops_huge, 16, 16},
    {DUCKDB_TYPE_DECIMAL, HS_T_DECIMAL, &hs_ops_decimal, 16, 0},
    {DUCKDB_TYPE_UUID, HS_T_UUID, &hs_ops_uuid, 16, 16},
    {DUCKDB_TYPE_VARCHAR, HS_T_STRING, &hs_ops_text, 0, 16},
    {DUCKDB_TYPE_BLOB, HS_T_BINARY, &hs_ops_text, 0, 16},
    {DUCKDB_TYPE_BIT, HS_T_STRING, &hs_ops_bits, 0, 16},
    {DUCKDB_TYPE_ENUM, HS_T_STRING, &hs_ops_enum, 0, 0},
    {DUCKDB_TYPE_SQLNULL, HS_T_UNKNOWN, &hs_ops_null, 0, 0},
    /* a described column that is a parameter without a value yet; no result has this type */
    {DUCKDB_TYPE_INVALID, HS_T_UNKNOWN, &hs_ops_null, 0, 0},
    {DUCKDB_TYPE_STRUCT, HS_T_STRUCT, &hs_ops_struct, 0, 0},
    {DUCKDB_TYPE_LIST, HS_T_LIST, &hs_ops_list, 0, 16},
    {DUCKDB_TYPE_MAP, HS_T_MAP, &hs_ops_list, 0, 16},
    {DUCKDB_TYPE_ARRAY, HS_T_LIST, &hs_ops_array, 0, 0},
};

static const struct {
    duckdb_type from;
    const char *name;
} refused[] = {
    {DUCKDB_TYPE_TIME_TZ, "time with time zone"},
    {DUCKDB_TYPE_TIME_NS, "time with nanoseconds"},
    {DUCKDB_TYPE_UNION, "union"},
    {DUCKDB_TYPE_BIGNUM, "bignum"},
    {DUCKDB_TYPE_VARIANT, "variant"},
    {DUCKDB_TYPE_GEOMETRY, "geometry"},
};

struct build {
    struct hs_arena *arena;
    const struct hs_answer_form *form;
    const char **trouble;
    int depth;
    size_t fields;
    struct hs_err *err;
};

static hs_rc no_memory(struct build *b)
{
    return hs_fail(b->err, HS_NOMEM, "out of memory");
}

static hs_rc refuse(struct build *b, duckdb_type from)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].from == from)
            return hs_fail(b->err, HS_UNSUPPORTED, "the type %s cannot be sent; cast it to a type that can",
                           refused[i].name);
    return hs_fail(b->err, HS_UNSUPPORTED, "a type of the result is unknown (%d)", (int)from);
}

/* The server believes no type that is deeper or wider, so it is said here, where a statement is described as well. */
static hs_rc check_size(struct build *b)
{
    if (b->depth > HS_RESULT_DEPTH)
        return hs_fail(b->err, HS_LIMIT,
                       "a column of the result is nested more than %d levels deep; the innermost "
                       "cannot be sent",
                       HS_RESULT_DEPTH);
    if (b->fields > HS_RESULT_FIELDS)
        return hs_fail(b->err, HS_LIMIT, "the result has more than %d columns and members", HS_RESULT_FIELDS);
    return HS_OK;
}

static hs_rc build_column(struct build *b, duckdb_logical_type logical, struct column *c);

static hs_rc build_child(struct build *b, duckdb_logical_type logical, const char *name, struct hs_field *field,
                         struct column *c)
{
    b->depth++;
    hs_rc rc = check_size(b);
    if (rc == HS_OK)
        rc = build_column(b, logical, c);
    b->depth--;
    duckdb_logical_type mine = logical;
    duck()->destroy_logical_type(&mine);
    field->id = -1;
    field->name = hs_arena_str(b->arena, hs_str_of(name));
    field->type = (struct hs_type *)c->type;
    return rc == HS_OK && !field->name.at ? no_memory(b) : rc;
}

static hs_rc make_room(struct build *b, struct column *c, struct hs_type *t, size_t fields)
{
    b->fields += fields;
    HS_TRY(check_size(b));
    t->field_count = c->child_count = fields;
    t->fields = hs_arena_array(b->arena, fields + 1, sizeof *t->fields);
    c->children = hs_arena_array(b->arena, fields + 1, sizeof *c->children);
    return t->fields && c->children ? HS_OK : no_memory(b);
}

static hs_rc build_struct(struct build *b, duckdb_logical_type logical, struct column *c, struct hs_type *t)
{
    HS_TRY(make_room(b, c, t, duck()->struct_type_child_count(logical)));
    for (size_t i = 0; i < c->child_count; i++) {
        char *name = duck()->struct_type_child_name(logical, i);
        hs_rc rc = build_child(b, duck()->struct_type_child_type(logical, i), name, &t->fields[i], &c->children[i]);
        duck()->free(name);
        HS_TRY(rc);
    }
    return HS_OK;
}

/* A map is a list of entries; the entries' struct is a column without a type of its own in our words. */
static hs_rc build_map(struct build *b, duckdb_logical_type logical, struct column *c, struct hs_type *t)
{
    struct hs_type *entries = hs_type_new(b->arena, HS_T_STRUCT);
    HS_TRY(make_room(b, c, t, 2));
    struct column *pair = c->children;
    if (!entries || !(pair->children = hs_arena_array(b->arena, 2, sizeof *c->children)))
        return no_memory(b);
    c->child_count = 1;
    pair->child_count = 2;
    pair->ops = &hs_ops_struct;
    pair->type = entries;
    pair->trouble = b->trouble;
    b->depth++; /* the entries' */
    HS_TRY(build_child(b, duck()->map_type_key_type(logical), "key", &t->fields[0], &pair->children[0]));
    t->fields[0].required = true;
    HS_TRY(build_child(b, duck()->map_type_value_type(logical), "value", &t->fields[1], &pair->children[1]));
    b->depth--;
    entries->fields = t->fields;
    entries->field_count = 2;
    return HS_OK;
}

static hs_rc build_list(struct build *b, duckdb_logical_type logical, struct column *c, struct hs_type *t)
{
    HS_TRY(make_room(b, c, t, 1));
    bool array = c->from == DUCKDB_TYPE_ARRAY;
    if (array)
        c->array_size = duck()->array_type_array_size(logical);
    duckdb_logical_type child = array ? duck()->array_type_child_type(logical) : duck()->list_type_child_type(logical);
    return build_child(b, child, "element", &t->fields[0], &c->children[0]);
}

static hs_rc build_enum(struct build *b, duckdb_logical_type logical, struct column *c)
{
    c->stored = duck()->enum_internal_type(logical);
    c->stored_width = c->stored == DUCKDB_TYPE_UTINYINT ? 1 : c->stored == DUCKDB_TYPE_USMALLINT ? 2 : 4;
    c->label_count = duck()->enum_dictionary_size(logical);
    c->labels = hs_arena_array(b->arena, c->label_count + 1, sizeof *c->labels);
    for (size_t i = 0; c->labels && i < c->label_count; i++) {
        char *label = duck()->enum_dictionary_value(logical, i);
        c->labels[i] = hs_arena_str(b->arena, hs_str_of(label));
        duck()->free(label);
        if (!c->labels[i].at)
            return no_memory(b);
    }
    return c->labels ? HS_OK : no_memory(b);
}

/* As wide as the engine stores it, but for int16, which no reader knows. */
static void make_narrow(struct column *c, struct hs_type *t)
{
    if (t->precision > 18)
        return;
    t->narrow = t->precision <= 9 ? 32 : 64;
    c->width = (size_t)t->narrow / 8;
    c->stored_width = c->stored == DUCKDB_TYPE_SMALLINT ? 2 : c->width;
}

static void build_decimal(duckdb_logical_type logical, struct column *c, struct hs_type *t)
{
    bool declared = c->from == DUCKDB_TYPE_DECIMAL;
    t->precision = declared ? duck()->decimal_width(logical) : 38;
    t->scale = declared ? duck()->decimal_scale(logical) : 0;
    c->stored = declared ? duck()->decimal_internal_type(logical) : DUCKDB_TYPE_HUGEINT;
}

static hs_rc build_column(struct build *b, duckdb_logical_type logical, struct column *c)
{
    const struct row *row = NULL;
    c->from = duck()->get_type_id(logical);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !row; i++)
        row = rows[i].from == c->from ? &rows[i] : NULL;
    if (!row)
        return refuse(b, c->from);
    struct hs_type *t = hs_type_new(b->arena, row->to);
    if (!t)
        return no_memory(b);
    *c = (struct column){.ops = row->ops,
                         .type = t,
                         .from = row->from,
                         .stored = row->from,
                         .width = row->width,
                         .stored_width = row->stored_width,
                         .trouble = b->trouble};
    if (row->to == HS_T_DECIMAL)
        build_decimal(logical, c, t);
    if (row->from == DUCKDB_TYPE_DECIMAL && b->form->narrow_decimals)
        make_narrow(c, t);
    if (row->ops == &hs_ops_text && b->form->string_views) {
        t->view = true;
        c->ops = &hs_ops_view;
    }
    if (row->from == DUCKDB_TYPE_ENUM)
        return build_enum(b, logical, c);
    if (row->to == HS_T_STRUCT)
        return build_struct(b, logical, c, t);
    if (row->to == HS_T_MAP)
        return build_map(b, logical, c, t);
    return row->to == HS_T_LIST ? build_list(b, logical, c, t) : HS_OK;
}

hs_rc hs_columns_new(struct hs_arena *a, const struct column_source *source, const struct hs_answer_form *form,
                     struct column_set *out, struct hs_err *err)
{
    struct build b = {.arena = a, .form = form, .trouble = &out->trouble, .err = err};
    struct column top;
    out->trouble = NULL;
    out->type = hs_type_new(a, HS_T_STRUCT);
    if (!out->type)
        return no_memory(&b);
    HS_TRY(make_room(&b, &top, out->type, source->count));
    out->at = top.children;
    out->count = source->count;
    for (size_t i = 0; i < source->count; i++)
        HS_TRY(build_child(&b, source->type(source->of, i), source->name(source->of, i), &out->type->fields[i],
                           &out->at[i]));
    return HS_OK;
}

static hs_rc clone(struct hs_arena *a, const struct column *from, const char **trouble, struct column *to,
                   struct hs_err *err)
{
    *to = *from;
    to->size = (struct column_size){0};
    to->trouble = trouble;
    if (from->child_count && !(to->children = hs_arena_array(a, from->child_count, sizeof *to->children)))
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < from->child_count; i++)
        HS_TRY(clone(a, &from->children[i], trouble, &to->children[i], err));
    return to->type->index_bits ? hs_dictionary_new(a, to, err) : HS_OK;
}

hs_rc hs_columns_clone(struct hs_arena *a, const struct column_set *set, struct column_set *out, struct hs_err *err)
{
    *out = (struct column_set){.count = set->count, .type = set->type};
    out->at = hs_arena_array(a, set->count + 1, sizeof *out->at);
    if (!out->at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < set->count; i++)
        HS_TRY(clone(a, &set->at[i], &out->trouble, &out->at[i], err));
    return HS_OK;
}
