/* FROM: relations, sub-queries, joins, functions; each adds what it shows to the scope. */
#include "pgsql/pgsql_in.h"

static hs_rc from_item(struct reader *r, yyjson_val *node, struct piece *out);

static hs_rc show(struct reader *r, const struct entry *entry, const struct column *column)
{
    struct shown *s = hs_vec_add(r->arena, &r->scope->shown);
    if (!s)
        return no_memory(r);
    *s = (struct shown){entry, *column};
    return HS_OK;
}

static hs_rc show_all(struct reader *r, const struct entry *e)
{
    for (size_t i = 0; i < e->columns.list.len; i++)
        HS_TRY(show(r, e, &e->columns.list.at[i]));
    return HS_OK;
}

/* AS "alias"("a", "b"): the first names are the alias's, the others stay. */
static hs_rc name_columns(struct reader *r, yyjson_val *alias, struct entry *e)
{
    yyjson_val *names = yyjson_obj_get(alias, "colnames");
    if (e->columns.list.len < yyjson_arr_size(names) && !e->columns.open)
        return refuse(r, -1, "42P10", "table \"%.*s\" has %zu columns available but %zu columns specified",
                      HS_FMT(e->alias), e->columns.list.len, yyjson_arr_size(names));
    EACH(i, item, names)
    {
        if (i < e->columns.list.len)
            e->columns.list.at[i].name = node_string(item);
        else
            HS_TRY(column_add(r, &e->columns, node_string(item), NOT_KNOWN));
    }
    return HS_OK;
}

/* All names, where two were the same. */
static void put_all_names(struct reader *r, const struct entry *e, struct piece *out)
{
    put(r, out, " AS %N", &e->alias);
    for (size_t i = 0; i < e->columns.list.len; i++) {
        const struct column *c = &e->columns.list.at[i];
        hs_str name = c->printed.len ? c->printed : c->name;
        put(r, out, i ? ", %N" : "(%N", &name);
    }
    put(r, out, ")");
}

static void put_alias(struct reader *r, yyjson_val *alias, const struct entry *e, struct piece *out)
{
    yyjson_val *names = yyjson_obj_get(alias, "colnames");
    put(r, out, " AS %N", &e->alias);
    EACH(i, item, names)
    {
        hs_str name = node_string(item);
        put(r, out, i ? ", %N" : "(%N", &name);
    }
    if (yyjson_arr_size(names))
        put(r, out, ")");
}

static hs_rc check_alias(struct reader *r, yyjson_val *alias, hs_str name, int location, hs_str schema)
{
    if (alias)
        HS_TRY(node_check(r, "Alias", alias));
    if (name.len == 4 && hs_str_starts(name, HS_S("hs_"))) /* ours, in the look-ups that are printed */
        return refuse(r, location, "42939", "alias \"%.*s\" is reserved", HS_FMT(name));
    for (struct entry *e = r->scope->entries; e; e = e->next) {
        look_at(r, 1);
        if (!e->hidden && hs_str_eq(e->alias, name) && (alias || !schema.len || hs_str_eq(schema, e->schema)))
            return refuse(r, location, "42712", "table name \"%.*s\" specified more than once", HS_FMT(name));
    }
    return HS_OK;
}

/* ---- relations ---- */

static hs_rc relation_columns(struct reader *r, const struct hs_pgsql_relation *relation, struct columns *out)
{
    out->open = relation->row == NULL;
    for (size_t i = 0; relation->row && i < relation->row->field_count; i++) {
        const struct hs_field *f = &relation->row->fields[i];
        struct kind kind = hs_pgsql_kind_of(f->type);
        if (relation->types && relation->types[i])
            kind = (struct kind){relation->types[i], kind.typmod, f->type};
        HS_TRY(column_add(r, out, f->name, kind));
    }
    return HS_OK;
}

static struct cte *find_cte(struct reader *r, hs_str name)
{
    for (struct cte *c = r->ctes; c; c = c->next) {
        look_at(r, 1);
        if (hs_str_eq(c->name, name))
            return c;
    }
    return NULL;
}

static hs_rc resolve(struct reader *r, hs_str schema, hs_str name, int location, struct hs_pgsql_relation *out)
{
    *out = (struct hs_pgsql_relation){.schema = schema, .name = name};
    if (!r->context->relation)
        return HS_OK;
    switch (r->context->relation(r->context->arg, schema, name, out)) {
    case HS_PGSQL_FOUND:
        return HS_OK;
    case HS_PGSQL_SEVERAL:
        return refuse(r, location, "42P09", "relation \"%.*s\" is in more than one schema: write schema.table",
                      HS_FMT(name));
    case HS_PGSQL_ABSENT:
        break;
    }
    if (schema.len)
        return refuse(r, location, "42P01", "relation \"%.*s.%.*s\" does not exist", HS_FMT(schema), HS_FMT(name));
    return refuse(r, location, "42P01", "relation \"%.*s\" does not exist", HS_FMT(name));
}

static hs_rc put_relation(struct reader *r, struct hs_pgsql_relation *relation, int location, struct piece *out)
{
    if (relation->schema.len)
        put(r, out, "%L%N.", location, &relation->schema);
    put(r, out, "%L%N", location, &relation->name);
    if (relation->system)
        note_system(r, relation->schema, relation->name);
    return HS_OK;
}

static hs_rc range_var(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(node_check(r, "RangeVar", body));
    yyjson_val *alias = yyjson_obj_get(body, "alias");
    hs_str schema = node_text(body, "schemaname"), name = node_text(body, "relname"),
           database = node_text(body, "catalogname");
    int location = node_location(body);
    if (database.len && r->context->database.len && !hs_str_eq(database, r->context->database))
        return refuse(r, location, "0A000", "cross-database references are not implemented: \"%.*s.%.*s.%.*s\"",
                      HS_FMT(database), HS_FMT(schema), HS_FMT(name));
    hs_str shown_as = alias ? node_text(alias, "aliasname") : name;
    struct cte *cte = schema.len ? NULL : find_cte(r, name);
    struct hs_pgsql_relation relation;
    if (cte)
        relation = (struct hs_pgsql_relation){.name = name};
    else
        HS_TRY(resolve(r, schema, name, location, &relation));
    HS_TRY(check_alias(r, alias, shown_as, location, relation.schema));
    struct entry *e;
    HS_TRY(scope_add(r, &e));
    e->alias = shown_as;
    e->schema = relation.schema;
    e->relation = relation.oid;
    if (cte) {
        e->columns.open = cte->columns.open;
        for (size_t i = 0; i < cte->columns.list.len; i++)
            HS_TRY(column_add(r, &e->columns, cte->columns.list.at[i].name, cte->columns.list.at[i].kind));
    } else {
        HS_TRY(relation_columns(r, &relation, &e->columns));
    }
    HS_TRY(put_relation(r, &relation, location, out));
    if (alias || !hs_str_eq(relation.name, shown_as)) {
        HS_TRY(name_columns(r, alias, e));
        put_alias(r, alias, e, out);
    }
    return show_all(r, e);
}

hs_rc from_relation(struct reader *r, yyjson_val *body, struct piece *out)
{
    return range_var(r, body, out);
}

static hs_rc sample(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(node_check(r, "RangeTableSample", body));
    hs_str method = node_last_name(yyjson_obj_get(body, "method"), NULL);
    yyjson_val *args = yyjson_obj_get(body, "args"), *constant = node_only(yyjson_arr_get_first(args), "A_Const");
    if (!hs_str_is(method, "bernoulli") && !hs_str_is(method, "system"))
        return refuse(r, node_location(body), "42704", "tablesample method %.*s does not exist", HS_FMT(method));
    struct piece percent = {0}, seed = {0};
    if (yyjson_arr_size(args) != 1 || !constant ||
        !(yyjson_obj_get(constant, "ival") || yyjson_obj_get(constant, "fval")))
        return refuse(r, node_location(body), "0A000", "TABLESAMPLE wants one number");
    HS_TRY(print_constant(r, constant, &percent));
    HS_TRY(from_item(r, yyjson_obj_get(body, "relation"), out));
    put(r, out, " TABLESAMPLE %S(%P PERCENT)", &method, &percent);
    int64_t number;
    yyjson_val *repeatable = yyjson_obj_get(body, "repeatable");
    if (repeatable && (!node_constant_number(r, repeatable, &number) || number < 0))
        return refuse(r, node_location(body), "0A000", "REPEATABLE wants a whole number that is not negative");
    if (repeatable)
        put(r, out, " REPEATABLE (%d)", number);
    piece_join(out, &seed);
    return HS_OK;
}

/* ---- sub-queries and functions ---- */

static hs_rc range_subselect(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(node_check(r, "RangeSubselect", body));
    yyjson_val *alias = yyjson_obj_get(body, "alias");
    struct scope *here = r->scope;
    struct columns columns = {0};
    struct piece text = {0};
    bool lateral = node_flag(body, "lateral");
    r->scope = lateral ? here : here->outer;
    hs_rc rc = query(r, node_only(yyjson_obj_get(body, "subquery"), "SelectStmt"), &columns, &text);
    r->scope = here;
    HS_TRY(rc);
    struct entry *e;
    HS_TRY(check_alias(r, alias, node_text(alias, "aliasname"), -1, HS_S("")));
    HS_TRY(scope_add(r, &e));
    e->alias = node_text(alias, "aliasname");
    e->columns = columns;
    put(r, out, lateral ? "LATERAL (%P)" : "(%P)", &text);
    if (alias) {
        bool any;
        HS_TRY(name_columns(r, alias, e));
        HS_TRY(columns_differ(r, &e->columns, &any));
        if (any)
            put_all_names(r, e, out);
        else
            put_alias(r, alias, e, out);
    }
    return show_all(r, e);
}

struct function_item {
    struct piece value;
    hs_str name, column; /* column: the function names it itself */
    bool set;
};

static hs_str own_column(hs_str name)
{
    static const char *const VALUES[] = {"json_array_elements", "jsonb_array_elements", "json_array_elements_text",
                                         "jsonb_array_elements_text"};
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        if (hs_str_is(name, VALUES[i]))
            return HS_S("value");
    }
    return HS_S("");
}

/* `{x int2, n int4}`: what functions.def says of a set of records. */
static hs_rc record_columns(struct reader *r, struct function_item *f, struct entry *e, struct piece *out)
{
    const struct hs_type *shape = f->value.kind.shape;
    for (size_t i = 0; i < shape->field_count; i++) {
        hs_str name = shape->fields[i].name;
        put(r, out, i ? ", struct_extract(\"u\", %T) AS %N" : "struct_extract(\"u\", %T) AS %N", &name, &name);
        HS_TRY(column_add(r, &e->columns, name, hs_pgsql_kind_of(shape->fields[i].type)));
    }
    put(r, out, " FROM (SELECT unnest(%P) AS \"u\")", &f->value);
    return HS_OK;
}

static hs_rc ordinality(struct reader *r, struct piece *lengths, size_t count, struct entry *e, struct piece *out)
{
    put(r, out, count > 1 ? ", unnest(generate_series(1, greatest(" : ", unnest(generate_series(1, (");
    for (size_t i = 0; i < count; i++)
        put(r, out, i ? ", len(%P)" : "len(%P)", &lengths[i]);
    put(r, out, "))) AS \"ordinality\"");
    return column_add(r, &e->columns, HS_S("ordinality"), KIND_OF(HS_OID_int8));
}

static hs_rc function_columns(struct reader *r, yyjson_val *body, struct function_item *f, size_t count,
                              struct entry *e, struct piece *out)
{
    bool numbered = node_flag(body, "ordinality"), lists = numbered || count > 1;
    struct piece *lengths = hs_arena_array(r->arena, count, sizeof *lengths);
    if (!lengths)
        return no_memory(r);
    if (count == 1 && f[0].set && f[0].value.kind.shape && !numbered)
        return record_columns(r, f, e, out);
    for (size_t i = 0; i < count; i++) {
        struct piece list = {0};
        if (f[i].set || lists)
            put(r, &list, f[i].set ? "%P" : "[%P]", &f[i].value);
        if (numbered)
            lengths[i] = piece_copy(r, &list);
        hs_str name = f[i].column.len ? f[i].column : count == 1 && e->alias.len ? e->alias : f[i].name;
        put(r, out, i ? ", " : "");
        if (list.first)
            put(r, out, "unnest(%P) AS %N", &list, &name);
        else
            put(r, out, "%P AS %N", &f[i].value, &name);
        HS_TRY(column_add(r, &e->columns, name, f[i].value.kind));
    }
    return numbered ? ordinality(r, lengths, count, e, out) : HS_OK;
}

/* pg_get_keywords() and its like are relations that the door makes. */
static hs_rc function_relation(struct reader *r, yyjson_val *call, yyjson_val *alias, bool *done, struct piece *out)
{
    static const char *const SAME[][2] = {{"pg_show_all_settings", "pg_settings"},
                                          {"pg_cursor", "pg_cursors"},
                                          {"pg_prepared_statement", "pg_prepared_statements"},
                                          {"pg_lock_status", "pg_locks"}};
    hs_str name = node_last_name(yyjson_obj_get(call, "funcname"), NULL), function = name;
    struct hs_pgsql_relation relation = {0};
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        name = hs_str_is(function, SAME[i][0]) ? hs_str_of(SAME[i][1]) : name;
    *done = call && yyjson_arr_size(yyjson_obj_get(call, "args")) == 0 && r->context->relation &&
            r->context->relation(r->context->arg, HS_S("pg_catalog"), name, &relation) == HS_PGSQL_FOUND;
    if (!*done)
        return HS_OK;
    struct entry *e;
    HS_TRY(scope_add(r, &e));
    e->alias = alias ? node_text(alias, "aliasname") : function;
    HS_TRY(relation_columns(r, &relation, &e->columns));
    HS_TRY(put_relation(r, &relation, node_location(call), out));
    HS_TRY(name_columns(r, alias, e));
    put_alias(r, alias, e, out);
    return show_all(r, e);
}

static hs_rc read_function(struct reader *r, yyjson_val *node, struct function_item *f)
{
    yyjson_val *call_body = node_only(node, "FuncCall");
    f->name = figure_name(node);
    if (!call_body)
        return expr_settled(r, node, &f->value);
    HS_TRY(node_check(r, "FuncCall", call_body));
    struct call call;
    HS_TRY(function_read(r, call_body, &call));
    f->column = own_column(call.name);
    return call_print(r, &call, &f->set, &f->value);
}

/* unnest(a, b): side by side. */
static hs_rc read_unnest(struct reader *r, yyjson_val *body, struct function_item *items)
{
    struct call call;
    HS_TRY(function_read(r, body, &call));
    for (size_t i = 0; i < call.count; i++) {
        struct call one = call;
        one.args = &call.args[i];
        one.count = 1;
        items[i].name = HS_S("unnest");
        HS_TRY(call_print(r, &one, &items[i].set, &items[i].value));
    }
    return HS_OK;
}

/* json_each and its kin: keys and values side by side. false: it is none of them. */
static bool each_values(hs_str name, hs_str *values)
{
    bool text = hs_str_is(name, "json_each_text") || hs_str_is(name, "jsonb_each_text");
    *values = text ? HS_S("hs_each_texts") : HS_S("hs_each_values");
    return text || hs_str_is(name, "json_each") || hs_str_is(name, "jsonb_each");
}

static hs_rc read_each(struct reader *r, yyjson_val *body, hs_str values, struct function_item *items)
{
    struct call call;
    HS_TRY(function_read(r, body, &call));
    struct piece *document = &call.args[0], settled;
    if (call.count != 1)
        return refuse(r, call.location, "42883", "function %.*s takes one argument", HS_FMT(call.name));
    if (document->kind.oid == HS_OID_unknown) {
        bool binary = hs_str_starts(call.name, HS_S("jsonb"));
        HS_TRY(cast_to(r, document, KIND_OF(binary ? HS_OID_jsonb : HS_OID_json), call.location, &settled));
        *document = settled;
    }
    for (size_t i = 0; i < 2; i++) {
        struct piece copy = piece_copy(r, document);
        struct call one = {
            .name = i ? values : HS_S("hs_each_keys"), .args = &copy, .count = 1, .location = call.location};
        bool found;
        copy.kind = document->kind;
        items[i].name = items[i].column = i ? HS_S("value") : HS_S("key");
        HS_TRY(call_by_table(r, &one, &found, &items[i].set, &items[i].value));
        if (!found)
            return refuse(r, call.location, "42883", "function %.*s takes json", HS_FMT(call.name));
    }
    return HS_OK;
}

static size_t unnest_count(yyjson_val *functions)
{
    yyjson_val *item = node_only(yyjson_arr_get_first(functions), "List");
    yyjson_val *call = node_only(yyjson_arr_get_first(yyjson_obj_get(item, "items")), "FuncCall");
    hs_str name = node_last_name(yyjson_obj_get(call, "funcname"), NULL), values;
    bool unnest = hs_str_is(name, "unnest");
    if (yyjson_arr_size(functions) == 1 && each_values(name, &values))
        return 2;
    return unnest && yyjson_arr_size(functions) == 1 ? yyjson_arr_size(yyjson_obj_get(call, "args")) : 0;
}

static hs_str function_name(yyjson_val *functions)
{
    yyjson_val *item = node_only(yyjson_arr_get_first(functions), "List");
    yyjson_val *call = node_only(yyjson_arr_get_first(yyjson_obj_get(item, "items")), "FuncCall");
    return node_last_name(yyjson_obj_get(call, "funcname"), NULL);
}

static hs_rc range_function(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(node_check(r, "RangeFunction", body));
    yyjson_val *functions = yyjson_obj_get(body, "functions"), *alias = yyjson_obj_get(body, "alias");
    size_t count = yyjson_arr_size(functions), lists = unnest_count(functions);
    struct function_item *items = hs_arena_array(r->arena, count + lists + 1, sizeof *items);
    struct piece inner = {0};
    if (!items)
        return no_memory(r);
    bool done = false;
    EACH(i, item, functions)
    {
        yyjson_val *node = yyjson_arr_get_first(yyjson_obj_get(node_only(item, "List"), "items"));
        if (count == 1)
            HS_TRY(function_relation(r, node_only(node, "FuncCall"), alias, &done, out));
        if (done)
            return HS_OK;
        yyjson_val *call = node_only(node, "FuncCall");
        hs_str values, called = node_last_name(yyjson_obj_get(call, "funcname"), NULL);
        if (lists > 1 && each_values(called, &values))
            HS_TRY(read_each(r, call, values, items));
        else if (lists > 1)
            HS_TRY(read_unnest(r, node_only(node, "FuncCall"), items));
        else
            HS_TRY(read_function(r, node, &items[i]));
    }
    count = lists > 1 ? lists : count;
    struct entry *e;
    hs_str name = alias ? node_text(alias, "aliasname") : items[0].name;
    if (!alias && items[0].column.len && count > 1) /* a relation is called by its function */
        name = function_name(functions);
    HS_TRY(check_alias(r, alias, name, -1, HS_S("")));
    HS_TRY(scope_add(r, &e));
    e->alias = name;
    e->scalar = true;
    HS_TRY(function_columns(r, body, items, count, e, &inner));
    put(r, out, "LATERAL (SELECT %P)", &inner);
    HS_TRY(name_columns(r, alias, e));
    put_alias(r, alias, e, out);
    return show_all(r, e);
}

/* ---- joins ---- */

static struct shown *shown_find(struct reader *r, struct shown *from, size_t count, hs_str name)
{
    for (size_t i = 0; i < count; i++) {
        look_at(r, 1);
        if (hs_str_eq(from[i].column.name, name))
            return &from[i];
    }
    return NULL;
}

/* The merged columns come first, then the others of the left side, then those of the right one. */
static hs_rc merge(struct reader *r, hs_str *names, size_t count, size_t left_at, size_t right_at, bool open,
                   int location)
{
    struct scope *s = r->scope;
    size_t end = s->shown.len, rest = count;
    struct shown *left = s->shown.at + left_at, *right = s->shown.at + right_at;
    struct shown *order = hs_arena_array(r->arena, end - left_at + count + 1, sizeof *order);
    if (!order)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        struct shown *a = shown_find(r, left, right_at - left_at, names[i]),
                     *b = shown_find(r, right, end - right_at, names[i]);
        if (r->failed)
            return overrun(r);
        if (!open && !(a && b))
            return refuse(r, location, "42703", "column \"%.*s\" specified in USING clause does not exist in %s table",
                          HS_FMT(names[i]), a ? "right" : "left");
        struct merged *m = HS_NEW(r->arena, struct merged);
        if (!m)
            return no_memory(r);
        m->column.name = names[i];
        m->column.kind = a && b ? hs_pgsql_common(a->column.kind, b->column.kind) : NOT_KNOWN;
        m->next = s->merged;
        s->merged = m;
        order[i] = (struct shown){NULL, m->column};
        if (a)
            a->column.name = (hs_str){0};
        if (b)
            b->column.name = (hs_str){0};
    }
    for (size_t i = left_at; i < end; i++) {
        if (s->shown.at[i].column.name.at)
            order[rest++] = s->shown.at[i];
    }
    s->shown.len = left_at;
    for (size_t i = 0; i < rest; i++) {
        struct shown *to = hs_vec_add(r->arena, &s->shown);
        if (!to)
            return no_memory(r);
        *to = order[i];
    }
    return HS_OK;
}

static bool any_open(struct reader *r)
{
    for (struct entry *e = r->scope->entries; e; e = e->next) {
        look_at(r, 1);
        if (!e->hidden && e->columns.open)
            return true;
    }
    return false;
}

static hs_rc join_names(struct reader *r, yyjson_val *body, size_t left_at, size_t right_at, hs_str **out,
                        size_t *count)
{
    yyjson_val *using = yyjson_obj_get(body, "usingClause");
    struct shown *left = r->scope->shown.at + left_at;
    *count = 0;
    *out = hs_arena_array(r->arena, yyjson_arr_size(using) + (right_at - left_at) + 1, sizeof **out);
    if (!*out)
        return no_memory(r);
    EACH(i, item, using)
    (*out)[(*count)++] = node_string(item);
    if (!node_flag(body, "isNatural"))
        return HS_OK;
    for (size_t i = 0; i < right_at - left_at; i++) {
        if (r->failed)
            return overrun(r);
        if (shown_find(r, r->scope->shown.at + right_at, r->scope->shown.len - right_at, left[i].column.name))
            (*out)[(*count)++] = left[i].column.name;
    }
    return HS_OK;
}

static hs_rc join_condition(struct reader *r, yyjson_val *body, size_t left_at, size_t right_at, struct piece *out)
{
    yyjson_val *quals = yyjson_obj_get(body, "quals");
    hs_str *names;
    size_t count;
    if (quals) {
        struct piece condition = {0};
        r->in_join = true;
        hs_rc rc = expr(r, quals, &condition);
        r->in_join = false;
        if (rc == HS_OK)
            rc = must_be_boolean(r, &condition, "JOIN/ON", -1);
        put(r, out, " ON %P", &condition);
        return rc;
    }
    HS_TRY(join_names(r, body, left_at, right_at, &names, &count));
    for (size_t i = 0; i < count; i++)
        put(r, out, i ? ", %N" : " USING (%N", &names[i]);
    put(r, out, count ? ")" : node_is(body, "jointype", "JOIN_INNER") ? "" : " ON true");
    return merge(r, names, count, left_at, right_at, any_open(r), -1);
}

/* (a JOIN b ...) AS j: the engine has no such alias, a sub-query does the same. */
static hs_rc join_alias(struct reader *r, yyjson_val *alias, size_t left_at, struct entry **first, struct piece *join,
                        struct piece *out)
{
    if (any_open(r))
        return refuse(r, -1, "0A000", "an alias of a join is supported only where all columns are known");
    struct entry *e;
    put(r, out, "(SELECT ");
    size_t end = r->scope->shown.len;
    for (size_t i = left_at; i < end; i++) {
        struct shown *s = &r->scope->shown.at[i];
        hs_str name = s->column.printed.len ? s->column.printed : s->column.name;
        put(r, out, i > left_at ? ", " : "");
        if (s->entry)
            put(r, out, "%N.", &s->entry->alias);
        put(r, out, "%N", &name);
    }
    put(r, out, " FROM %P)", join);
    for (struct entry *inner = *first; inner; inner = inner->next)
        inner->hidden = true;
    HS_TRY(scope_add(r, &e));
    e->alias = node_text(alias, "aliasname");
    for (size_t i = left_at; i < end; i++)
        HS_TRY(column_add(r, &e->columns, r->scope->shown.at[i].column.name, r->scope->shown.at[i].column.kind));
    r->scope->shown.len = left_at;
    HS_TRY(name_columns(r, alias, e));
    put_alias(r, alias, e, out);
    return show_all(r, e);
}

static hs_rc join(struct reader *r, yyjson_val *body, struct piece *out)
{
    static const char *const WORDS[][2] = {{"JOIN_INNER", " JOIN "},
                                           {"JOIN_LEFT", " LEFT JOIN "},
                                           {"JOIN_FULL", " FULL JOIN "},
                                           {"JOIN_RIGHT", " RIGHT JOIN "}};
    HS_TRY(node_check(r, "JoinExpr", body));
    if (yyjson_obj_get(body, "join_using_alias"))
        return refuse(r, -1, "0A000", "JOIN USING (...) AS is not supported");
    struct entry **first = r->scope->end;
    struct merged *merged = r->scope->merged;
    size_t left_at = r->scope->shown.len;
    struct piece left = {0}, right = {0}, made = {0};
    HS_TRY(from_item(r, yyjson_obj_get(body, "larg"), &left));
    size_t right_at = r->scope->shown.len;
    HS_TRY(from_item(r, yyjson_obj_get(body, "rarg"), &right));
    yyjson_val *inner, *alias = yyjson_obj_get(body, "alias");
    bool nested =
        strcmp(node_kind(yyjson_obj_get(body, "rarg"), &inner), "JoinExpr") == 0 && !yyjson_obj_get(inner, "alias");
    const char *word = " CROSS JOIN ";
    bool natural = node_flag(body, "isNatural");
    bool plain = node_is(body, "jointype", "JOIN_INNER") && !yyjson_obj_get(body, "quals") && !natural &&
                 !yyjson_obj_get(body, "usingClause");
    struct piece condition = {0};
    if (natural && any_open(r))
        return refuse(r, -1, "0A000", "NATURAL JOIN is supported only where all columns are known");
    if (!plain)
        HS_TRY(join_condition(r, body, left_at, right_at, &condition));
    r->scope->outer_join = r->scope->outer_join || !node_is(body, "jointype", "JOIN_INNER");
    if (condition.first) {
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            word = node_is(body, "jointype", WORDS[i][0]) ? WORDS[i][1] : word;
    }
    put(r, &made, nested ? "%P%s(%P)%P" : "%P%s%P%P", &left, word, &right, &condition);
    if (!alias) {
        piece_join(out, &made);
        return HS_OK;
    }
    r->scope->merged = merged;
    return join_alias(r, alias, left_at, first, &made, out);
}

static hs_rc from_item(struct reader *r, yyjson_val *node, struct piece *out)
{
    static const struct {
        const char *kind;
        print_fn *print;
    } ITEMS[] = {{"RangeVar", range_var},
                 {"RangeSubselect", range_subselect},
                 {"RangeFunction", range_function},
                 {"RangeTableSample", sample},
                 {"JoinExpr", join}};
    yyjson_val *body;
    const char *kind = node_kind(node, &body);
    if (r->depth >= HS_PGSQL_DEPTH)
        return refuse(r, node_location(body), "54001", "statement is nested too deeply");
    if (r->failed) /* names that many others were compared with */
        return overrun(r);
    for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++) {
        if (strcmp(ITEMS[i].kind, kind) == 0) {
            r->depth++;
            hs_rc rc = ITEMS[i].print(r, body, out);
            r->depth--;
            return rc;
        }
    }
    return refuse(r, node_location(body), "0A000", "%s is not supported in FROM", kind);
}

hs_rc from_clause(struct reader *r, yyjson_val *list, struct piece *out)
{
    EACH(i, item, list)
    {
        put(r, out, i ? ", " : " FROM ");
        HS_TRY(from_item(r, item, out));
    }
    return HS_OK;
}
