/* Keys as constraints, in pg_catalog and in information_schema. Primary keys and unique columns have an index each as
 * well: drivers find a table's key by pg_index, and join pg_class and pg_am with it. No such index is kept anywhere. */
#include "front/pg/system/system_in.h"

/* ---- pg_catalog ---- */

static void add_constraint(const struct hs_pg_system *s, struct hs_pg_cells *c, const struct hs_pg_key *k)
{
    const struct hs_pg_seen *t = &s->seen[k->table];
    bool foreign = k->kind == 'f';
    char kind[2] = {k->kind, 0};
    hs_pg_cell_int(c, k->oid);
    hs_pg_cell_text(c, k->name);
    hs_pg_cell_int(c, t->schema_oid);
    hs_pg_cell_words(c, kind);
    hs_pg_cells_copy(c, "f\tf\tt");
    hs_pg_cell_int(c, t->oid);
    hs_pg_cell_int(c, 0);
    hs_pg_cell_int(c, k->index_oid);
    hs_pg_cell_int(c, 0);
    hs_pg_cell_int(c, foreign ? s->seen[k->to].oid : 0);
    hs_pg_cells_copy(c, foreign ? "a\ta\ts\tt\t0\tt" : " \t \t \tt\t0\tt");
    hs_pg_cell_numbers(c, k->columns, k->count);
    if (foreign)
        hs_pg_cell_numbers(c, k->to_columns, k->count);
    else
        hs_pg_cell_null(c);
    hs_pg_cells_nulls(c, 6);
    hs_pg_cells_end(c);
}

static hs_rc fill_constraints(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                              struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++)
        add_constraint(s, c, &s->keys[i]);
    return HS_OK;
}

static hs_rc add_same(struct hs_pg_cells *c, struct hs_arena *a, const struct hs_pg_key *k, int64_t value,
                      struct hs_err *err)
{
    int64_t *all = hs_arena_array(a, k->count + 1, sizeof *all);
    if (!all)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < k->count; i++)
        all[i] = value;
    hs_pg_cell_numbers(c, all, k->count);
    return HS_OK;
}

static hs_rc fill_indexes(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                          struct hs_err *err)
{
    (void)facts;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        if (k->kind == 'f')
            continue;
        hs_pg_cell_int(c, k->index_oid);
        hs_pg_cell_int(c, s->seen[k->table].oid);
        hs_pg_cell_int(c, (int64_t)k->count);
        hs_pg_cell_int(c, (int64_t)k->count);
        hs_pg_cells_copy(c, "t\tf");
        hs_pg_cell_bool(c, k->kind == 'p');
        hs_pg_cells_copy(c, "f\tt\tf\tt\tf\tt\tt\tf"); /* indisexclusion to indisreplident */
        hs_pg_cell_numbers(c, k->columns, k->count);
        for (int list = 0; list < 3; list++) /* collations, operator classes, options */
            HS_TRY(add_same(c, s->arena, k, 0, err));
        hs_pg_cells_nulls(c, 2);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

static hs_rc fill_index_list(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err)
{
    (void)facts;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        hs_str definition;
        if (k->kind == 'f')
            continue;
        HS_TRY(hs_pg_key_text(s, k, true, &definition, err));
        hs_pg_cell_text(c, s->seen[k->table].schema);
        hs_pg_cell_text(c, s->seen[k->table].name);
        hs_pg_cell_text(c, k->name);
        hs_pg_cell_null(c);
        hs_pg_cell_text(c, definition);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

/* ---- as text ---- */

static void add_columns(struct hs_buf *b, const struct hs_pg_seen *t, const int64_t *columns, size_t count)
{
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_pg_add_name(b, t->columns[columns[i] - 1].name);
    }
    hs_buf_addc(b, ')');
}

static void add_full_name(struct hs_buf *b, const struct hs_pg_seen *t)
{
    hs_pg_add_name(b, t->schema);
    hs_buf_addc(b, '.');
    hs_pg_add_name(b, t->name);
}

/* "PRIMARY KEY (id)", "FOREIGN KEY (a) REFERENCES s.t(b)" as pg_get_constraintdef has it; or the index's CREATE. */
hs_rc hs_pg_key_text(const struct hs_pg_system *s, const struct hs_pg_key *k, bool index, hs_str *out,
                     struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    if (index) {
        hs_buf_addz(&b, "CREATE UNIQUE INDEX ");
        hs_pg_add_name(&b, k->name);
        hs_buf_addz(&b, " ON ");
        add_full_name(&b, &s->seen[k->table]);
        hs_buf_addz(&b, " USING btree ");
    } else {
        hs_buf_addz(&b, k->kind == 'p' ? "PRIMARY KEY " : k->kind == 'u' ? "UNIQUE " : "FOREIGN KEY ");
    }
    add_columns(&b, &s->seen[k->table], k->columns, k->count);
    if (k->kind == 'f') {
        hs_buf_addz(&b, " REFERENCES ");
        add_full_name(&b, &s->seen[k->to]);
        add_columns(&b, &s->seen[k->to], k->to_columns, k->count);
    }
    *out = b.failed ? (hs_str){0} : hs_arena_str(s->arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static void add_definition(struct hs_pg_cells *c, int64_t class, uint32_t oid, hs_str text)
{
    hs_pg_cell_int(c, class);
    hs_pg_cell_int(c, oid);
    hs_pg_cell_text(c, text);
    hs_pg_cells_end(c);
}

/* hs_definition, which is none of PostgreSQL's: what functions that write a definition answer with. */
static hs_rc fill_definitions(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                              struct hs_err *err)
{
    hs_str text;
    (void)facts;
    for (size_t i = 0; i < s->key_count; i++) {
        HS_TRY(hs_pg_key_text(s, &s->keys[i], false, &text, err));
        add_definition(c, HS_PG_OID_CONSTRAINT_CLASS, s->keys[i].oid, text);
        if (s->keys[i].kind == 'f')
            continue;
        HS_TRY(hs_pg_key_text(s, &s->keys[i], true, &text, err));
        add_definition(c, HS_PG_OID_CLASS, s->keys[i].index_oid, text);
    }
    for (size_t i = 0; i < s->seen_count; i++)
        for (int array = 0; array < 2; array++) {
            uint32_t oid = array ? s->seen[i].array_oid : s->seen[i].type_oid;
            HS_TRY(hs_pg_system_reg_text(s, HS_PG_OID_REGTYPE, oid, s->arena, &text, err));
            add_definition(c, HS_PG_OID_TYPE_CLASS, oid, text);
        }
    return HS_OK;
}

/* ---- information_schema ---- */

static void add_place(const struct hs_pg_system *s, struct hs_pg_cells *c, hs_str schema, hs_str name)
{
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_text(c, schema);
    hs_pg_cell_text(c, name);
}

static hs_rc fill_table_constraints(const struct hs_pg_system *s, const struct hs_pg_facts *facts,
                                    struct hs_pg_cells *c, struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        const struct hs_pg_seen *t = &s->seen[k->table];
        add_place(s, c, t->schema, k->name);
        add_place(s, c, t->schema, t->name);
        hs_pg_cell_words(c, k->kind == 'p' ? "PRIMARY KEY" : k->kind == 'u' ? "UNIQUE" : "FOREIGN KEY");
        hs_pg_cells_copy(c, k->kind == 'u' ? "NO\tNO\tYES\tYES" : "NO\tNO\tYES\t\\N");
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

/* Which column of the key it leads to, from 1: position_in_unique_constraint. */
static int64_t position_there(const struct hs_pg_system *s, const struct hs_pg_key *k, size_t i)
{
    for (size_t j = 0; j < s->key_count; j++) {
        const struct hs_pg_key *there = &s->keys[j];
        if (there->table != k->to || there->kind == 'f' || there->index_oid != k->index_oid)
            continue;
        for (size_t n = 0; n < there->count; n++)
            if (there->columns[n] == k->to_columns[i])
                return (int64_t)n + 1;
    }
    return 0;
}

static hs_rc fill_key_columns(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                              struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++)
        for (size_t j = 0; j < s->keys[i].count; j++) {
            const struct hs_pg_key *k = &s->keys[i];
            const struct hs_pg_seen *t = &s->seen[k->table];
            int64_t there = k->kind == 'f' && k->index_oid ? position_there(s, k, j) : 0;
            add_place(s, c, t->schema, k->name);
            add_place(s, c, t->schema, t->name);
            hs_pg_cell_text(c, t->columns[k->columns[j] - 1].name);
            hs_pg_cell_int(c, (int64_t)j + 1);
            if (there)
                hs_pg_cell_int(c, there);
            else
                hs_pg_cell_null(c);
            hs_pg_cells_end(c);
        }
    return HS_OK;
}

static hs_rc fill_referential(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                              struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        if (k->kind != 'f')
            continue;
        add_place(s, c, s->seen[k->table].schema, k->name);
        if (k->to_key.len)
            add_place(s, c, s->seen[k->to].schema, k->to_key);
        else
            hs_pg_cells_nulls(c, 3);
        hs_pg_cells_copy(c, "NONE\tNO ACTION\tNO ACTION");
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

/* Of a foreign key: the columns that it leads to. */
static hs_rc fill_column_usage(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                               struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++)
        for (size_t j = 0; j < s->keys[i].count; j++) {
            const struct hs_pg_key *k = &s->keys[i];
            bool foreign = k->kind == 'f';
            const struct hs_pg_seen *t = &s->seen[foreign ? k->to : k->table];
            add_place(s, c, t->schema, t->name);
            hs_pg_cell_text(c, t->columns[(foreign ? k->to_columns : k->columns)[j] - 1].name);
            add_place(s, c, s->seen[k->table].schema, k->name);
            hs_pg_cells_end(c);
        }
    return HS_OK;
}

static hs_rc fill_table_usage(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                              struct hs_err *err)
{
    (void)facts;
    (void)err;
    for (size_t i = 0; i < s->key_count; i++) {
        const struct hs_pg_key *k = &s->keys[i];
        const struct hs_pg_seen *t = &s->seen[k->kind == 'f' ? k->to : k->table];
        add_place(s, c, t->schema, t->name);
        add_place(s, c, s->seen[k->table].schema, k->name);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_keys[] = {
    {"pg_catalog", "pg_constraint", fill_constraints, false},
    {"pg_catalog", "pg_index", fill_indexes, false},
    {"pg_catalog", "pg_indexes", fill_index_list, false},
    {"pg_catalog", "hs_definition", fill_definitions, false},
    {"information_schema", "table_constraints", fill_table_constraints, false},
    {"information_schema", "key_column_usage", fill_key_columns, false},
    {"information_schema", "referential_constraints", fill_referential, false},
    {"information_schema", "constraint_column_usage", fill_column_usage, false},
    {"information_schema", "constraint_table_usage", fill_table_usage, false},
    {0},
};
