/* SELECT and what it is made of. Every target gets its name as PostgreSQL would call it, ORDER BY its NULLS. */
#include "pgsql/pgsql_in.h"

/* ---- targets ---- */

/* Column by column, with the names that PostgreSQL has for them. */
static void put_shown(struct reader *r, hs_str table, int location, struct piece *out)
{
    size_t count = 0;
    for (size_t i = 0; i < r->scope->shown.len; i++) {
        const struct shown *s = &r->scope->shown.at[i];
        hs_str name = s->column.printed.len ? s->column.printed : s->column.name;
        if (table.len && (!s->entry || !hs_str_eq(s->entry->alias, table)))
            continue;
        put(r, out, count++ ? ", " : "");
        if (s->entry)
            put(r, out, "%N.", &s->entry->alias);
        put(r, out, "%L%N AS %N", location, &name, &s->column.name);
    }
}

/* `*` is the engine's own unless USING changed the order, or two columns have one name. */
static hs_rc star(struct reader *r, yyjson_val *fields, int location, struct columns *columns, struct piece *out)
{
    size_t count = yyjson_arr_size(fields);
    hs_str schema = count > 2 ? node_string(yyjson_arr_get(fields, count - 3)) : HS_S("");
    hs_str table = count > 1 ? node_string(yyjson_arr_get(fields, count - 2)) : HS_S("");
    struct columns here = {0};
    HS_TRY(star_columns(r, schema, table, location, &here));
    bool renamed = r->scope->merged && !table.len;
    for (size_t i = 0; i < here.list.len; i++)
        renamed = renamed || here.list.at[i].printed.len;
    if (renamed && !here.open)
        put_shown(r, table, location, out);
    else if (table.len)
        put(r, out, "%L%N.*", location, &table);
    else
        put(r, out, "%L*", location);
    columns->open = columns->open || here.open;
    for (size_t i = 0; i < here.list.len; i++)
        HS_TRY(column_add(r, columns, here.list.at[i].name, here.list.at[i].kind));
    return HS_OK;
}

/* (x).*: the members of a struct. */
static hs_rc member_star(struct reader *r, yyjson_val *body, struct columns *columns, struct piece *out)
{
    struct piece value = {0};
    HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &value));
    const struct hs_type *shape = value.kind.shape;
    const struct entry *row = yyjson_arr_size(yyjson_obj_get(body, "indirection")) == 1 ? value.row : NULL;
    for (size_t i = 0; row && !row->columns.open && i < row->columns.list.len; i++) {
        const struct column *c = &row->columns.list.at[i];
        put(r, out, "%s%N.%N AS %N", i ? ", " : "", &row->alias, c->printed.len ? &c->printed : &c->name, &c->name);
        HS_TRY(column_add(r, columns, c->name, c->kind));
    }
    if (row && !row->columns.open && row->columns.list.len)
        return HS_OK;
    if (!shape || shape->id != HS_T_STRUCT || yyjson_arr_size(yyjson_obj_get(body, "indirection")) != 1)
        return refuse(r, -1, "0A000", "a star after a value is supported only for a row whose members are known");
    for (size_t i = 0; i < shape->field_count; i++) {
        struct piece copy = piece_copy(r, &value);
        hs_str name = shape->fields[i].name;
        put(r, out, "%sstruct_extract(%P, %T) AS %N", i ? ", " : "", &copy, &name, &name);
        HS_TRY(column_add(r, columns, name, hs_pgsql_kind_of(shape->fields[i].type)));
    }
    return HS_OK;
}

static bool ends_in_star(yyjson_val *list)
{
    return node_only(yyjson_arr_get_last(list), "A_Star") != NULL;
}

static hs_rc target(struct reader *r, yyjson_val *body, bool settle, struct columns *columns, struct piece *out)
{
    HS_TRY(node_check(r, "ResTarget", body));
    yyjson_val *value = yyjson_obj_get(body, "val"), *ref = node_only(value, "ColumnRef");
    yyjson_val *indirection = node_only(value, "A_Indirection");
    if (ref && ends_in_star(yyjson_obj_get(ref, "fields")))
        return star(r, yyjson_obj_get(ref, "fields"), node_location(ref), columns, out);
    if (indirection && ends_in_star(yyjson_obj_get(indirection, "indirection")))
        return member_star(r, indirection, columns, out);
    struct piece made = {0};
    hs_str name = node_text(body, "name");
    if (!name.len)
        name = figure_name(value);
    HS_TRY(expr(r, value, &made));
    if (settle && made.kind.oid == HS_OID_unknown && (made.is_null || made.form == PIECE_PARAM)) {
        struct piece settled;
        HS_TRY(cast_to(r, &made, KIND_OF(HS_OID_text), node_location(body), &settled));
        made = settled;
    } else if (settle && made.form == PIECE_PARAM) {
        struct piece settled;
        HS_TRY(cast_to(r, &made, made.kind, node_location(body), &settled));
        made = settled;
    }
    if (settle && made.kind.oid == HS_OID_unknown)
        made.kind = KIND_OF(HS_OID_text);
    HS_TRY(column_add(r, columns, name, made.kind));
    put(r, out, "%P AS %N", &made, &name);
    return HS_OK;
}

/* Nobody may have a column of no name: SELECT without a list answers rows without columns, which the engine has not. */
static hs_rc targets(struct reader *r, yyjson_val *list, bool settle, struct columns *columns, struct piece *out)
{
    if (yyjson_arr_size(list) == 0 && r->exists) {
        put(r, out, "1");
        return HS_OK;
    }
    if (yyjson_arr_size(list) == 0)
        return refuse(r, -1, "0A000", "a SELECT without columns is not supported");
    EACH(i, item, list)
    {
        if (r->failed)
            return overrun(r);
        put(r, out, i ? ", " : "");
        HS_TRY(target(r, node_only(item, "ResTarget"), settle, columns, out));
    }
    return HS_OK;
}

/* ---- GROUP BY, DISTINCT ON, ORDER BY: names of the output ---- */

hs_str lone_name(yyjson_val *node)
{
    yyjson_val *ref = node_only(node, "ColumnRef"), *fields = yyjson_obj_get(ref, "fields");
    return yyjson_arr_size(fields) == 1 ? node_string(yyjson_arr_get_first(fields)) : HS_S("");
}

size_t count_targets(yyjson_val *list, hs_str name, size_t *first, bool *star_before)
{
    size_t count = 0;
    *star_before = false;
    EACH(i, item, list)
    {
        yyjson_val *body = node_only(item, "ResTarget"), *ref = node_only(yyjson_obj_get(body, "val"), "ColumnRef");
        hs_str is = node_text(body, "name");
        if (ref && ends_in_star(yyjson_obj_get(ref, "fields"))) {
            *star_before = *star_before || !count;
            continue;
        }
        if (hs_str_eq(is.len ? is : figure_name(yyjson_obj_get(body, "val")), name) && count++ == 0)
            *first = i;
    }
    return count;
}

static bool in_scope(struct reader *r, hs_str name)
{
    struct scope *s = r->scope;
    for (struct merged *m = s->merged; m; m = m->next) {
        look_at(r, 1);
        if (hs_str_eq(m->column.name, name))
            return true;
    }
    for (struct entry *e = s->entries; e; e = e->next) {
        look_at(r, e->columns.list.len + 1);
        if (!e->hidden && (e->columns.open || columns_find(&e->columns, name)))
            return true;
    }
    return false;
}

/* Of a relation: the engine would take its row for what is meant. */
static bool names_relation(struct reader *r, hs_str name)
{
    for (const struct entry *e = r->scope->entries; e; e = e->next) {
        look_at(r, 1);
        if (hs_str_eq(e->alias, name))
            return true;
    }
    return false;
}

static hs_rc output_item(struct reader *r, yyjson_val *node, yyjson_val *list, bool output_first, struct piece *out)
{
    int64_t number;
    if (node_constant_number(r, node, &number)) {
        put(r, out, "%d", number);
        return HS_OK;
    }
    hs_str name = lone_name(node);
    size_t first = 0;
    bool after_star;
    look_at(r, name.len ? yyjson_arr_size(list) * 16 : 0); /* each a walk through its node */
    if (r->failed)
        return overrun(r);
    size_t count = name.len ? count_targets(list, name, &first, &after_star) : 0;
    if (count && (output_first || !in_scope(r, name))) {
        if ((count > 1 || names_relation(r, name)) && !after_star)
            put(r, out, "%d", (int64_t)first + 1);
        else
            put(r, out, "%L%N", node_location(node_only(node, "ColumnRef")), &name);
        return HS_OK;
    }
    struct piece made = {0};
    HS_TRY(expr(r, node, &made));
    piece_join(out, &made);
    return HS_OK;
}

static hs_rc grouping_set(struct reader *r, yyjson_val *body, yyjson_val *list, struct piece *out);

static hs_rc group_item(struct reader *r, yyjson_val *item, yyjson_val *list, struct piece *out)
{
    yyjson_val *set = node_only(item, "GroupingSet"), *row = node_only(item, "RowExpr");
    if (set)
        return grouping_set(r, set, list, out);
    if (!row || !node_is(row, "row_format", "COERCE_IMPLICIT_CAST"))
        return output_item(r, item, list, false, out);
    put(r, out, "(");
    EACH(i, member, yyjson_obj_get(row, "args"))
    {
        put(r, out, i ? ", " : "");
        HS_TRY(output_item(r, member, list, false, out));
    }
    put(r, out, ")");
    return HS_OK;
}

static hs_rc grouping_set(struct reader *r, yyjson_val *body, yyjson_val *list, struct piece *out)
{
    static const char *const WORDS[][2] = {
        {"GROUPING_SET_SETS", "GROUPING SETS ("}, {"GROUPING_SET_CUBE", "CUBE ("}, {"GROUPING_SET_ROLLUP", "ROLLUP ("}};
    HS_TRY(node_check(r, "GroupingSet", body));
    if (r->depth >= HS_PGSQL_DEPTH)
        return refuse(r, node_location(body), "54001", "statement is nested too deeply");
    const char *word = "(";
    for (size_t i = 0; i < 3; i++)
        word = node_is(body, "kind", WORDS[i][0]) ? WORDS[i][1] : word;
    put(r, out, "%s", word);
    r->depth++;
    EACH(i, item, yyjson_obj_get(body, "content"))
    {
        put(r, out, i ? ", " : "");
        HS_TRY(group_item(r, item, list, out));
    }
    r->depth--;
    put(r, out, ")");
    return HS_OK;
}

static hs_rc group_by(struct reader *r, yyjson_val *body, struct piece *out)
{
    yyjson_val *targets_list = yyjson_obj_get(body, "targetList");
    if (node_flag(body, "groupDistinct"))
        return refuse(r, -1, "0A000", "GROUP BY DISTINCT is not supported");
    EACH(i, item, yyjson_obj_get(body, "groupClause"))
    {
        put(r, out, i ? ", " : " GROUP BY ");
        HS_TRY(group_item(r, item, targets_list, out));
    }
    return HS_OK;
}

static hs_rc sort_item(struct reader *r, yyjson_val *node, yyjson_val *list, struct piece *out)
{
    yyjson_val *body = node_only(node, "SortBy");
    HS_TRY(node_check(r, "SortBy", body));
    bool descending = node_is(body, "sortby_dir", "SORTBY_DESC");
    hs_str operator= node_last_name(yyjson_obj_get(body, "useOp"), NULL);
    if (operator.len && !hs_str_is(operator, "<") && !hs_str_is(operator, ">"))
        return refuse(r, node_location(body), "42809", "operator %.*s is not a valid ordering operator",
                      HS_FMT(operator));
    descending = descending || hs_str_is(operator, ">");
    struct piece value = {0};
    HS_TRY(list ? output_item(r, yyjson_obj_get(body, "node"), list, true, &value)
                : expr(r, yyjson_obj_get(body, "node"), &value));
    bool first = node_is(body, "sortby_nulls", "SORTBY_NULLS_FIRST") ||
                 (descending && !node_is(body, "sortby_nulls", "SORTBY_NULLS_LAST"));
    put(r, out, "%P%s%s", &value, descending ? " DESC" : " ASC", first ? " NULLS FIRST" : " NULLS LAST");
    return HS_OK;
}

/* list: the targets whose names ORDER BY may use; NULL: inside an aggregate or a window. */
static hs_rc order_items(struct reader *r, yyjson_val *sorts, yyjson_val *list, bool inner, struct piece *out)
{
    size_t count = 0;
    EACH(i, item, sorts)
    {
        /* A constant inside of an aggregate or a window is no position, and orders nothing. */
        if (inner && node_only(yyjson_obj_get(node_only(item, "SortBy"), "node"), "A_Const"))
            continue;
        put(r, out, count++ ? ", " : " ORDER BY ");
        HS_TRY(sort_item(r, item, list, out));
    }
    return HS_OK;
}

hs_rc order_by(struct reader *r, yyjson_val *list, struct piece *out)
{
    return order_items(r, list, NULL, true, out);
}

/* ---- windows ---- */

enum {
    FRAME_NONDEFAULT = 0x1,
    FRAME_RANGE = 0x2,
    FRAME_ROWS = 0x4,
    FRAME_GROUPS = 0x8,
    FRAME_BETWEEN = 0x10,
};

/* How far a frame of rows or groups reaches is neither NULL nor negative; the engine would answer with NULLs. */
static hs_rc frame_size(struct reader *r, int64_t options, bool start, yyjson_val *node, struct piece *value)
{
    const char *edge = start ? "starting" : "ending";
    int64_t n;
    if (value->is_null)
        return refuse(r, -1, "22004", "frame %s offset must not be null", edge);
    if (options & FRAME_RANGE)
        return HS_OK;
    if (node_constant_number(r, node, &n))
        return n < 0 ? refuse(r, -1, "22013", "frame %s offset must not be negative", edge) : HS_OK;
    struct piece settled = *value, again, made = {.kind = KIND_OF(HS_OID_int8)};
    if (value->kind.oid == HS_OID_unknown)
        HS_TRY(cast_to(r, value, KIND_OF(HS_OID_int8), -1, &settled));
    again = piece_copy(r, &settled);
    put(r, &made, "CASE WHEN hs_pg_check(coalesce(%P >= 0, false), '22013') THEN %P END", &again, &settled);
    *value = made;
    return HS_OK;
}

static hs_rc frame_edge(struct reader *r, int64_t options, bool start, yyjson_val *offset, struct piece *out)
{
    static const struct {
        int start, end;
        const char *words;
        bool offset;
    } EDGES[] = {{0x20, 0x40, "UNBOUNDED PRECEDING", false},
                 {0x80, 0x100, "UNBOUNDED FOLLOWING", false},
                 {0x200, 0x400, "CURRENT ROW", false},
                 {0x800, 0x1000, " PRECEDING", true},
                 {0x2000, 0x4000, " FOLLOWING", true}};
    for (size_t i = 0; i < sizeof EDGES / sizeof *EDGES; i++) {
        if (!(options & (start ? EDGES[i].start : EDGES[i].end)))
            continue;
        struct piece value = {0};
        if (EDGES[i].offset) {
            struct piece made = {0};
            HS_TRY(expr(r, offset, &made));
            HS_TRY(frame_size(r, options, start, offset, &made));
            bool typed = made.form == PIECE_PARAM || made.form == PIECE_LITERAL;
            if (typed)
                HS_TRY(cast_to(r, &made, KIND_OF(options & FRAME_RANGE ? HS_OID_interval : HS_OID_int8), -1, &value));
            else
                value = made;
        }
        put(r, out, "%P%s", &value, EDGES[i].words);
        return HS_OK;
    }
    return refuse(r, -1, "0A000", "this window frame is not supported");
}

static hs_rc frame(struct reader *r, yyjson_val *body, struct piece *out)
{
    int64_t options = node_number(body, "frameOptions");
    if (!(options & FRAME_NONDEFAULT))
        return HS_OK;
    put(r, out, options & FRAME_ROWS ? " ROWS " : options & FRAME_GROUPS ? " GROUPS " : " RANGE ");
    put(r, out, options & FRAME_BETWEEN ? "BETWEEN " : "");
    HS_TRY(frame_edge(r, options, true, yyjson_obj_get(body, "startOffset"), out));
    if (options & FRAME_BETWEEN) {
        put(r, out, " AND ");
        HS_TRY(frame_edge(r, options, false, yyjson_obj_get(body, "endOffset"), out));
    }
    put(r, out,
        options & 0x8000    ? " EXCLUDE CURRENT ROW"
        : options & 0x10000 ? " EXCLUDE GROUP"
        : options & 0x20000 ? " EXCLUDE TIES"
                            : "");
    return HS_OK;
}

hs_rc window_definition(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(node_check(r, "WindowDef", body));
    hs_str base = node_text(body, "refname");
    if (base.len)
        put(r, out, "%N", &base);
    EACH(i, item, yyjson_obj_get(body, "partitionClause"))
    {
        struct piece one = {0};
        HS_TRY(expr(r, item, &one));
        put(r, out, "%s%P", i ? ", " : base.len ? " PARTITION BY " : "PARTITION BY ", &one);
    }
    if (yyjson_obj_get(body, "orderClause"))
        HS_TRY(order_by(r, yyjson_obj_get(body, "orderClause"), out));
    return frame(r, body, out);
}

static hs_rc windows(struct reader *r, yyjson_val *list, struct piece *out)
{
    EACH(i, item, list)
    {
        yyjson_val *body = node_only(item, "WindowDef");
        hs_str name = node_text(body, "name");
        struct piece inner = {0};
        HS_TRY(window_definition(r, body, &inner));
        put(r, out, "%s%N AS (%P)", i ? ", " : " WINDOW ", &name, &inner);
    }
    return HS_OK;
}

/* ---- the statement ---- */

static hs_rc distinct(struct reader *r, yyjson_val *list, yyjson_val *target_list, struct piece *out)
{
    if (!list)
        return HS_OK;
    put(r, out, "DISTINCT ");
    yyjson_val *first = yyjson_arr_get_first(list);
    if (!first || yyjson_obj_size(first) == 0)
        return HS_OK;
    EACH(i, item, list)
    {
        put(r, out, i ? ", " : "ON (");
        HS_TRY(output_item(r, item, target_list, true, out));
    }
    put(r, out, ") ");
    return HS_OK;
}

static hs_rc condition(struct reader *r, yyjson_val *node, const char *word, struct piece *out)
{
    struct piece made = {0};
    if (!node)
        return HS_OK;
    HS_TRY(expr(r, node, &made));
    HS_TRY(must_be_boolean(r, &made, word[1] == 'W' ? "WHERE" : "HAVING", -1));
    put(r, out, "%s%P", word, &made);
    return HS_OK;
}

static hs_rc plain_select(struct reader *r, yyjson_val *body, bool settle, struct columns *columns, struct piece *out)
{
    struct piece from = {0}, list = {0}, first = {0};
    yyjson_val *target_list = yyjson_obj_get(body, "targetList");
    bool exists = r->exists;
    yyjson_val *ties = r->ties;
    r->exists = false;
    r->ties = NULL;
    HS_TRY(from_clause(r, yyjson_obj_get(body, "fromClause"), &from));
    r->exists = exists && yyjson_arr_size(target_list) == 0;
    HS_TRY(targets(r, target_list, settle, columns, &list));
    r->exists = false;
    if (ties)
        HS_TRY(ties_keys(r, ties, body, columns, &list));
    HS_TRY(distinct(r, yyjson_obj_get(body, "distinctClause"), target_list, &first));
    put(r, out, "SELECT %P%P%P", &first, &list, &from);
    HS_TRY(condition(r, yyjson_obj_get(body, "whereClause"), " WHERE ", out));
    HS_TRY(group_by(r, body, out));
    HS_TRY(condition(r, yyjson_obj_get(body, "havingClause"), " HAVING ", out));
    return windows(r, yyjson_obj_get(body, "windowClause"), out);
}

/* VALUES: columns are column1, column2 ...; strings without a type take that of the others in their column. */
static hs_rc values(struct reader *r, yyjson_val *lists, struct columns *columns, struct piece *out)
{
    size_t rows = yyjson_arr_size(lists);
    yyjson_val *first = yyjson_obj_get(node_only(yyjson_arr_get_first(lists), "List"), "items");
    size_t width = yyjson_arr_size(first);
    struct piece *cells = hs_arena_array(r->arena, rows * width + 1, sizeof *cells);
    if (!cells)
        return no_memory(r);
    EACH(i, row, lists)
    {
        yyjson_val *items = yyjson_obj_get(node_only(row, "List"), "items");
        if (yyjson_arr_size(items) != width)
            return refuse(r, -1, "42601", "VALUES lists must all be the same length");
        EACH(j, item, items)
        HS_TRY(expr(r, item, &cells[i * width + j]));
    }
    for (size_t j = 0; j < width; j++) {
        struct kind kind = cells[j].kind;
        for (size_t i = 1; i < rows; i++)
            kind = hs_pgsql_common(kind, cells[i * width + j].kind);
        if (kind.oid == HS_OID_unknown)
            kind = KIND_OF(HS_OID_text);
        for (size_t i = 0; i < rows && kind.oid; i++) {
            struct piece *cell = &cells[i * width + j], settled;
            if (cell->kind.oid != HS_OID_unknown || (cell->is_null && rows > 1))
                continue;
            HS_TRY(cast_to(r, cell, kind, -1, &settled));
            *cell = settled;
        }
        hs_str name = hs_arena_printf(r->arena, "column%zu", j + 1);
        if (!name.at)
            return no_memory(r);
        HS_TRY(column_add(r, columns, name, kind));
    }
    put(r, out, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < rows * width; i++)
        put(r, out, "%s%P%s", i % width ? ", " : i ? ", (" : "(", &cells[i], (i + 1) % width ? "" : ")");
    put(r, out, ") AS \"*VALUES*\"(");
    for (size_t j = 0; j < width; j++)
        put(r, out, j ? ", %N" : "%N", &columns->list.at[j].name);
    put(r, out, ")");
    return HS_OK;
}

/* ---- set operations ---- */

static hs_rc query_inner(struct reader *r, yyjson_val *body, bool settle, struct columns *columns, struct piece *out);

/* Strings without a type on one side take the other side's. */
static hs_rc agree(struct reader *r, struct columns *side, const struct columns *other, struct piece *text)
{
    bool any = false;
    size_t count = side->list.len;
    for (size_t i = 0; i < count && count == other->list.len; i++) {
        uint32_t wanted = other->list.at[i].kind.oid;
        any = any || (side->list.at[i].kind.oid == HS_OID_unknown && wanted && wanted != HS_OID_unknown &&
                      hs_pgsql_klass(wanted) != 't');
    }
    if (!any || side->open || other->open)
        return HS_OK;
    struct piece made = {0};
    put(r, &made, "SELECT ");
    for (size_t i = 0; i < count; i++) {
        struct piece value = {0}, settled;
        hs_str name = hs_arena_printf(r->arena, "c%zu", i + 1);
        put(r, &value, "%N", &name);
        if (side->list.at[i].kind.oid == HS_OID_unknown) {
            put(r, &made, i ? ", CAST(%P AS " : "CAST(%P AS ", &value);
            HS_TRY(type_print(r, other->list.at[i].kind, -1, &made));
            put(r, &made, ") AS %N", &side->list.at[i].name);
        } else {
            settled = value;
            put(r, &made, i ? ", %P AS %N" : "%P AS %N", &settled, &side->list.at[i].name);
        }
    }
    put(r, &made, " FROM (%P) AS \"u\"(", text);
    for (size_t i = 0; i < count; i++)
        put(r, &made, i ? ", \"c%d\"" : "\"c%d\"", (int64_t)i + 1);
    put(r, &made, ")");
    *text = made;
    return HS_OK;
}

static hs_rc set_operation(struct reader *r, yyjson_val *body, struct columns *columns, struct piece *out)
{
    const char *word = node_is(body, "op", "SETOP_UNION")       ? " UNION "
                       : node_is(body, "op", "SETOP_INTERSECT") ? " INTERSECT "
                                                                : " EXCEPT ";
    struct columns left = {0}, right = {0};
    struct piece a = {0}, b = {0};
    struct cte *recursive = r->recursive == body ? r->recursive_cte : NULL;
    HS_TRY(query_inner(r, yyjson_obj_get(body, "larg"), false, &left, &a));
    if (recursive) {
        for (size_t i = 0; i < left.list.len; i++) {
            bool named = i < recursive->columns.list.len;
            if (named)
                recursive->columns.list.at[i].kind = left.list.at[i].kind;
            else
                HS_TRY(column_add(r, &recursive->columns, left.list.at[i].name, left.list.at[i].kind));
        }
        recursive->columns.open = left.open;
        recursive->next = r->ctes;
        r->ctes = recursive;
    }
    HS_TRY(query_inner(r, yyjson_obj_get(body, "rarg"), false, &right, &b));
    if (left.list.len != right.list.len && !left.open && !right.open)
        return refuse(r, -1, "42601", "each%squery must have the same number of columns", word);
    HS_TRY(agree(r, &left, &right, &a));
    HS_TRY(agree(r, &right, &left, &b));
    put(r, out, "(%P)%s%s(%P)", &a, word, node_flag(body, "all") ? "ALL " : "", &b);
    columns->open = left.open;
    for (size_t i = 0; i < left.list.len; i++) {
        struct kind kind =
            i < right.list.len ? hs_pgsql_common(left.list.at[i].kind, right.list.at[i].kind) : NOT_KNOWN;
        if (kind.oid == HS_OID_unknown)
            kind = KIND_OF(HS_OID_text);
        HS_TRY(column_add(r, columns, left.list.at[i].name, kind));
    }
    return HS_OK;
}

/* ---- WITH ---- */

static const char *materialized(yyjson_val *body)
{
    if (node_is(body, "ctematerialized", "CTEMaterializeAlways"))
        return " AS MATERIALIZED (";
    return node_is(body, "ctematerialized", "CTEMaterializeNever") ? " AS NOT MATERIALIZED (" : " AS (";
}

static hs_rc with_item(struct reader *r, yyjson_val *node, bool recursive, struct piece *out)
{
    yyjson_val *body = node_only(node, "CommonTableExpr"), *kind_body;
    const char *kind = node_kind(yyjson_obj_get(body, "ctequery"), &kind_body);
    if (strcmp(kind, "SelectStmt") != 0)
        return refuse(r, node_location(body), "25006", "cannot execute %.6s in a read-only transaction",
                      kind[0] == 'I'   ? "INSERT"
                      : kind[0] == 'U' ? "UPDATE"
                                       : "DELETE");
    HS_TRY(node_check(r, "CommonTableExpr", body));
    struct cte *cte = HS_NEW(r->arena, struct cte), *self = HS_NEW(r->arena, struct cte), *before = r->ctes;
    if (!cte || !self)
        return no_memory(r);
    cte->name = self->name = node_text(body, "ctename");
    yyjson_val *names = yyjson_obj_get(body, "aliascolnames");
    EACH(i, item, names)
    HS_TRY(column_add(r, &self->columns, node_string(item), NOT_KNOWN));
    yyjson_val *outer_recursive = r->recursive;
    struct cte *outer_cte = r->recursive_cte;
    r->recursive = recursive ? kind_body : NULL;
    r->recursive_cte = self;
    struct piece text = {0};
    hs_rc rc = query_inner(r, kind_body, true, &cte->columns, &text);
    r->recursive = outer_recursive;
    r->recursive_cte = outer_cte;
    HS_TRY(rc);
    put(r, out, "%N", &cte->name);
    EACH(j, item, names)
    {
        hs_str name = node_string(item);
        put(r, out, j ? ", %N" : "(%N", &name);
        if (j < cte->columns.list.len)
            cte->columns.list.at[j].name = name;
        else
            HS_TRY(column_add(r, &cte->columns, name, NOT_KNOWN));
    }
    put(r, out, "%s%s%P)", yyjson_arr_size(names) ? ")" : "", materialized(body), &text);
    cte->next = before;
    r->ctes = cte;
    return HS_OK;
}

static hs_rc with(struct reader *r, yyjson_val *body, struct piece *out)
{
    if (!body)
        return HS_OK;
    HS_TRY(node_check(r, "WithClause", body));
    bool recursive = node_flag(body, "recursive");
    EACH(i, item, yyjson_obj_get(body, "ctes"))
    {
        put(r, out, i ? ", " : recursive ? "WITH RECURSIVE " : "WITH ");
        HS_TRY(with_item(r, item, recursive, out));
    }
    put(r, out, " ");
    return HS_OK;
}

/* ---- all of it ---- */

static hs_rc limit_value(struct reader *r, yyjson_val *node, const char *word, struct piece *out)
{
    struct piece value = {0}, settled;
    if (!node)
        return HS_OK;
    HS_TRY(expr(r, node, &value));
    if (value.is_null)
        return HS_OK;
    settled = value;
    if (value.form == PIECE_PARAM || value.form == PIECE_LITERAL)
        HS_TRY(cast_to(r, &value, KIND_OF(HS_OID_int8), -1, &settled));
    put(r, out, "%s%P", word, &settled);
    return HS_OK;
}

static hs_rc check_positions(struct reader *r, yyjson_val *sorts, const struct columns *columns)
{
    EACH(i, item, sorts)
    {
        yyjson_val *node = yyjson_obj_get(node_only(item, "SortBy"), "node");
        int64_t n;
        if (!columns->open && node_constant_number(r, node, &n) && (n < 1 || n > (int64_t)columns->list.len))
            return refuse(r, node_location(node_only(node, "A_Const")), "42P10",
                          "ORDER BY position %lld is not in select list", (long long)n);
    }
    return HS_OK;
}

static hs_rc tail(struct reader *r, yyjson_val *body, bool plain, const struct columns *columns, struct piece *out)
{
    yyjson_val *sorts = yyjson_obj_get(body, "sortClause");
    HS_TRY(check_positions(r, sorts, columns));
    r->scope->outputs = plain ? NULL : columns;
    HS_TRY(order_items(r, sorts, plain ? yyjson_obj_get(body, "targetList") : NULL, false, out));
    r->scope->outputs = NULL;
    HS_TRY(limit_value(r, yyjson_obj_get(body, "limitCount"), " LIMIT ", out));
    return limit_value(r, yyjson_obj_get(body, "limitOffset"), " OFFSET ", out);
}

static hs_rc query_parts(struct reader *r, yyjson_val *body, bool settle, struct columns *columns, struct piece *out)
{
    if (yyjson_obj_get(body, "intoClause"))
        return refuse(r, -1, "25006", "cannot execute SELECT INTO in a read-only transaction");
    if (yyjson_obj_get(body, "lockingClause"))
        return refuse(r, -1, "25006", "cannot execute SELECT FOR UPDATE in a read-only transaction");
    HS_TRY(node_check(r, "SelectStmt", body));
    bool plain = node_is(body, "op", "SETOP_NONE"), listed = yyjson_obj_get(body, "valuesLists") != NULL;
    bool ties = node_is(body, "limitOption", "LIMIT_OPTION_WITH_TIES");
    struct piece inner = {0}, *to = ties ? &inner : out;
    HS_TRY(with(r, yyjson_obj_get(body, "withClause"), out));
    r->ties = ties && plain && !listed ? yyjson_obj_get(body, "sortClause") : NULL;
    if (!plain)
        HS_TRY(set_operation(r, body, columns, to));
    else if (listed)
        HS_TRY(values(r, yyjson_obj_get(body, "valuesLists"), columns, to));
    else
        HS_TRY(plain_select(r, body, settle, columns, to));
    if (ties)
        return ties_print(r, body, columns, &inner, out);
    return tail(r, body, plain && !listed, columns, out);
}

static hs_rc query_inner(struct reader *r, yyjson_val *body, bool settle, struct columns *columns, struct piece *out)
{
    struct scope here, *outer = r->scope;
    struct cte *ctes = r->ctes;
    if (r->depth >= HS_PGSQL_DEPTH)
        return refuse(r, -1, "54001", "statement is nested too deeply");
    bool in_join = r->in_join;
    r->in_join = false;
    r->depth++;
    scope_open(r, &here, outer);
    hs_rc rc = query_parts(r, body, settle, columns, out);
    r->in_join = in_join;
    r->scope = outer;
    r->ctes = ctes;
    r->depth--;
    return rc;
}

hs_rc query(struct reader *r, yyjson_val *body, struct columns *columns, struct piece *out)
{
    if (!body)
        return refuse(r, -1, "0A000", "a query of this kind is not supported");
    return query_inner(r, body, true, columns, out);
}
