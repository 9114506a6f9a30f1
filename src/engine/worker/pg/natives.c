/* Registers the hs_pg_ functions that a statement names (pg/natives.h) and calls them row by row. They stay for as long
 * as the instance: they keep nothing between two values. */
#include "engine/worker/pg/natives.h"
#include "base/alloc.h"
#include "engine/worker/worker_in.h"

static const struct pg_native *const lists[] = {
    hs_pg_divisions,  hs_pg_casts,  hs_pg_arithmetic, hs_pg_floats,    hs_pg_times,     hs_pg_moments,
    hs_pg_precisions, hs_pg_values, hs_pg_texts,      hs_pg_bytes,     hs_pg_quotes,    hs_pg_patterns,
    hs_pg_chars,      hs_pg_dates,  hs_pg_formats,    hs_pg_documents, hs_pg_operators, hs_pg_names};
enum { LISTS = sizeof lists / sizeof lists[0] };

bool pg_put_null(struct pg_call *c, size_t row)
{
    duck()->vector_ensure_validity_writable(c->out);
    uint64_t *validity = duck()->vector_get_validity(c->out);
    validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    return true;
}

bool pg_put_text(struct pg_call *c, size_t row, hs_str s)
{
    if (s.len > PG_TEXT_MAX)
        return pg_raise(c, "54000");
    duck()->vector_assign_string_element_len(c->out, row, s.at ? s.at : "", s.len);
    return true;
}

bool pg_put_buf(struct pg_call *c, size_t row)
{
    return c->text.failed ? pg_raise(c, "54000") : pg_put_text(c, row, hs_buf_str(&c->text));
}

bool pg_list_add(struct pg_call *c, hs_str s, bool null)
{
    if (c->listed >= (size_t)PG_TEXT_MAX || duck()->list_vector_reserve(c->out, c->listed + 1) != DuckDBSuccess)
        return pg_raise(c, "54000");
    duckdb_vector child = duck()->list_vector_get_child(c->out);
    if (null) {
        duck()->vector_ensure_validity_writable(child);
        duck()->vector_get_validity(child)[c->listed >> 6] &= ~(UINT64_C(1) << (c->listed & 63));
    } else
        duck()->vector_assign_string_element_len(child, c->listed, s.at ? s.at : "", s.len);
    c->listed++;
    return duck()->list_vector_set_size(c->out, c->listed) == DuckDBSuccess;
}

bool pg_list_end(struct pg_call *c, size_t row, size_t from)
{
    duckdb_list_entry e = {from, c->listed - from};
    PG_PUT(c, duckdb_list_entry, row, e);
    return true;
}

/* ---- types of arguments ---- */
static void forget_type(struct pg_type *t)
{
    for (size_t i = 0; t->names && i < t->child_count; i++)
        duck()->free(t->names[i]);
    for (size_t i = 0; t->children && i < t->child_count; i++)
        forget_type(&t->children[i]);
    hs_free(t->names);
    hs_free(t->children);
}

static bool read_type(duckdb_logical_type logical, struct pg_type *out, int depth);

static duckdb_logical_type child_of(duckdb_logical_type logical, duckdb_type id, size_t i)
{
    switch ((int)id) {
    case DUCKDB_TYPE_LIST:
        return duck()->list_type_child_type(logical);
    case DUCKDB_TYPE_ARRAY:
        return duck()->array_type_child_type(logical);
    case DUCKDB_TYPE_MAP:
        return i ? duck()->map_type_value_type(logical) : duck()->map_type_key_type(logical);
    default:
        return duck()->struct_type_child_type(logical, i);
    }
}

static bool read_children(duckdb_logical_type logical, struct pg_type *t, size_t count, int depth)
{
    t->children = hs_calloc(count + 1, sizeof *t->children);
    if (!t->children)
        return false;
    for (t->child_count = 0; t->child_count < count; t->child_count++) {
        duckdb_logical_type child = child_of(logical, t->id, t->child_count);
        bool ok = read_type(child, &t->children[t->child_count], depth + 1);
        duck()->destroy_logical_type(&child);
        if (!ok) {
            t->child_count++;
            return false;
        }
    }
    return true;
}

static bool read_members(duckdb_logical_type logical, struct pg_type *t, int depth)
{
    size_t count = duck()->struct_type_child_count(logical);
    if (!read_children(logical, t, count, depth) || !(t->names = hs_calloc(count + 1, sizeof *t->names)))
        return false;
    for (size_t i = 0; i < count; i++)
        t->names[i] = duck()->struct_type_child_name(logical, i);
    return true;
}

static bool is_json(duckdb_logical_type logical)
{
    char *alias = duck()->logical_type_get_alias(logical);
    bool json = alias && strcmp(alias, "JSON") == 0;
    if (alias)
        duck()->free(alias);
    return json;
}

static bool read_type(duckdb_logical_type logical, struct pg_type *out, int depth)
{
    *out = (struct pg_type){.id = duck()->get_type_id(logical)};
    if (depth > PG_DEPTH_MAX)
        return false;
    switch ((int)out->id) {
    case DUCKDB_TYPE_VARCHAR:
        out->json = is_json(logical);
        return true;
    case DUCKDB_TYPE_DECIMAL:
        out->stored = duck()->decimal_internal_type(logical);
        out->scale = duck()->decimal_scale(logical);
        out->width = duck()->decimal_width(logical);
        return true;
    case DUCKDB_TYPE_ARRAY:
        out->array_size = duck()->array_type_array_size(logical);
        return read_children(logical, out, 1, depth);
    case DUCKDB_TYPE_LIST:
        return read_children(logical, out, 1, depth);
    case DUCKDB_TYPE_MAP:
        return read_children(logical, out, 2, depth);
    case DUCKDB_TYPE_STRUCT:
        return read_members(logical, out, depth);
    default:
        return true;
    }
}

/* ---- calls ---- */
static bool any_null(const struct pg_call *c, size_t row)
{
    for (size_t i = 0; i < c->args; i++)
        if (pg_is_null(c, i, row))
            return true;
    return false;
}

static bool no_nulls(const struct pg_call *c)
{
    for (size_t i = 0; i < c->args; i++)
        if (c->in[i].validity)
            return false;
    return true;
}

static void run_rows(struct pg_call *c, size_t rows)
{
    if (c->native->rows && no_nulls(c)) {
        (void)c->native->rows(c, rows);
        return;
    }
    for (size_t row = 0; row < rows && !c->raised; row++) {
        hs_buf_clear(&c->text);
        if (!c->native->nulls && any_null(c, row))
            pg_put_null(c, row);
        else if (!c->native->row(c, row) && !c->raised)
            c->raised = "22023";
    }
}

static bool open_arguments(duckdb_data_chunk input, struct cells *cells, struct pg_type *types, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        duckdb_vector v = duck()->data_chunk_get_vector(input, i);
        duckdb_logical_type logical = duck()->vector_get_column_type(v);
        cells[i] = hs_cells_of(v);
        ok &= read_type(logical, &types[i], 0);
        duck()->destroy_logical_type(&logical);
    }
    return ok;
}

/* 200 is far above what a statement's depth and length let through, and keeps this on the stack. */
enum { ARGS_MOST = 200 };

static void call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    struct cells cells[ARGS_MOST];
    struct pg_type types[ARGS_MOST];
    size_t count = duck()->data_chunk_get_column_count(input);
    struct pg_call c = {.native = duck()->scalar_function_get_extra_info(info), .in = cells, .types = types};
    if (count > ARGS_MOST)
        return duck()->scalar_function_set_error(info, "hs:54000");
    c.args = count;
    c.out = output;
    hs_buf_init(&c.text, PG_TEXT_MAX);
    bool ok = open_arguments(input, cells, types, count);
    c.data = duck()->vector_get_data(output);
    if (ok)
        run_rows(&c, duck()->data_chunk_get_size(input));
    else
        c.raised = "0A000";
    for (size_t i = 0; i < count; i++)
        forget_type(&types[i]);
    hs_buf_fini(&c.text);
    if (c.raised) {
        char words[16] = "hs:";
        memcpy(words + 3, c.raised, strnlen(c.raised, 5));
        duck()->scalar_function_set_error(info, words);
    }
}

/* ---- registration ---- */
static duckdb_logical_type logical_of(duckdb_type id, int scale, bool json)
{
    if (id == DUCKDB_TYPE_DECIMAL)
        return duck()->create_decimal_type(38, (uint8_t)scale);
    duckdb_logical_type text = duck()->create_logical_type(id == DUCKDB_TYPE_LIST ? DUCKDB_TYPE_VARCHAR : id);
    if (json)
        duck()->logical_type_set_alias(text, "JSON");
    if (id != DUCKDB_TYPE_LIST)
        return text;
    duckdb_logical_type list = duck()->create_list_type(text);
    duck()->destroy_logical_type(&text);
    return list;
}

static bool add_overload(duckdb_scalar_function_set set, const struct pg_native *n)
{
    duckdb_scalar_function f = duck()->create_scalar_function();
    duckdb_logical_type result = logical_of(n->result, n->scale, n->json), any = logical_of(DUCKDB_TYPE_ANY, 0, false);
    duck()->scalar_function_set_name(f, n->name);
    for (size_t i = 0; i < PG_ARGS_MAX && n->params[i] != DUCKDB_TYPE_INVALID; i++) {
        duckdb_logical_type type = logical_of(n->params[i], 0, false);
        duck()->scalar_function_add_parameter(f, type);
        duck()->destroy_logical_type(&type);
    }
    if (n->more)
        duck()->scalar_function_set_varargs(f, any);
    duck()->scalar_function_set_special_handling(f); /* else a constant NULL takes the result's type with it */
    duck()->scalar_function_set_return_type(f, result);
    duck()->scalar_function_set_extra_info(f, (void *)n, NULL);
    duck()->scalar_function_set_function(f, call);
    bool ok = duck()->add_scalar_function_to_set(set, f) == DuckDBSuccess;
    duck()->destroy_logical_type(&result);
    duck()->destroy_logical_type(&any);
    duck()->destroy_scalar_function(&f);
    return ok;
}

static bool register_set(duckdb_connection connection, const struct pg_native *first, size_t count)
{
    duckdb_scalar_function_set set = duck()->create_scalar_function_set(first->name);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_overload(set, &first[i]);
    ok = ok && duck()->register_scalar_function_set(connection, set) == DuckDBSuccess;
    duck()->destroy_scalar_function_set(&set);
    return ok;
}

static size_t overloads(const struct pg_native *n)
{
    size_t count = 1;
    while (n[count].name && strcmp(n[count].name, n->name) == 0)
        count++;
    return count;
}

/* A name within a longer one registers a function too many. */
hs_rc hs_pg_natives_register(duckdb_connection connection, uint64_t *have, hs_str sql, struct hs_err *err)
{
    size_t number = 0;
    if (!memmem(sql.at, sql.len, "hs_pg_", 6))
        return HS_OK;
    for (size_t k = 0; k < LISTS; k++)
        for (const struct pg_native *n = lists[k]; n->name; n += overloads(n), number++) {
            uint64_t bit = UINT64_C(1) << (number & 63), *word = &have[number >> 6];
            if (number >= HS_PG_NATIVES_MOST)
                return hs_fail_hidden(err, HS_INTERNAL, "more than %d names of natives", HS_PG_NATIVES_MOST);
            if ((*word & bit) || !memmem(sql.at, sql.len, n->name, strlen(n->name)))
                continue;
            if (!register_set(connection, n, overloads(n)))
                return hs_fail_hidden(err, HS_INTERNAL, "%s cannot be registered", n->name);
            *word |= bit;
        }
    return HS_OK;
}
