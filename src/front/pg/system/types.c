/* pg_type beyond the built-ins: a composite for each table's rows and for what is nested in them, and arrays of both.
 */
#include "front/pg/system/system_in.h"

static void add_composite(struct hs_pg_cells *c, const struct hs_pg_seen *t)
{
    hs_pg_cell_int(c, t->type_oid);
    hs_pg_cell_text(c, t->name);
    hs_pg_cell_int(c, t->schema_oid);
    hs_pg_cells_copy(c, "10\t-1\tf\tc\tC\tf\tt\t,");
    hs_pg_cell_int(c, t->oid);
    hs_pg_cells_copy(c, "0\t0");
    hs_pg_cell_int(c, t->array_oid);
    hs_pg_cells_copy(c, "2290\t2291\t2402\t2403\t0\t0\t0\td\tx\tf\t0\t-1\t0\t0\t\\N\t\\N\t\\N"); /* record_in ... */
    hs_pg_cells_end(c);
}

static hs_rc add_array(struct hs_pg_cells *c, const struct hs_pg_seen *t, struct hs_arena *a, struct hs_err *err)
{
    hs_str name = hs_arena_printf(a, "_%.*s", HS_FMT(t->name));
    if (!name.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_pg_cell_int(c, t->array_oid);
    hs_pg_cell_text(c, name);
    hs_pg_cell_int(c, t->schema_oid);
    hs_pg_cells_copy(c, "10\t-1\tf\tb\tA\tf\tt\t,\t0\t6179");
    hs_pg_cell_int(c, t->type_oid);
    hs_pg_cells_copy(c, "0\t750\t751\t2400\t2401\t0\t0\t3816\td\tx\tf\t0\t-1\t0\t0\t\\N\t\\N\t\\N"); /* array_in ... */
    hs_pg_cells_end(c);
    return HS_OK;
}

static hs_rc fill_types(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    (void)facts;
    for (size_t i = 0; i < s->seen_count; i++) {
        add_composite(c, &s->seen[i]);
        HS_TRY(add_array(c, &s->seen[i], s->arena, err));
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_types[] = {
    {"pg_catalog", "pg_type", fill_types, false},
    {0},
};
