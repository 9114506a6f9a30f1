/* Relations that the door gives along with a statement: names and types are copied, rows go into one sealed memory
 * file (engine/given.c), since the work may outlast whoever asked. What the open calls hold of such files together is
 * bounded. Nothing of a table is in them that the door was not shown for this person before, so no policy is asked. */
#include "access/access_in.h"

#define ALL_BYTES (INT64_C(512) << 20)

static hs_rc copy_names(struct hs_call *c, const struct hs_query *query, struct hs_err *err)
{
    c->given = hs_arena_array(c->arena, query->given_count, sizeof *c->given);
    if (!c->given)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < query->given_count; i++) {
        const struct hs_given *from = &query->given[i];
        c->given[i] = (struct hs_given){.schema = hs_arena_str(c->arena, from->schema),
                                        .name = hs_arena_str(c->arena, from->name),
                                        .has_bare_name = from->has_bare_name,
                                        .type = hs_type_copy(c->arena, from->type)};
        if (!c->given[i].schema.at || !c->given[i].name.at || !c->given[i].type)
            return hs_fail(err, HS_NOMEM, "out of memory");
    }
    c->given_count = query->given_count;
    return HS_OK;
}

hs_rc hs_call_keep_given(struct hs_call *c, const struct hs_query *query, struct hs_err *err)
{
    struct hs_given_relation relations[HS_GIVEN_MAX];
    if (!query->given_count)
        return HS_OK;
    if (query->given_count > HS_GIVEN_MAX)
        return hs_fail(err, HS_LIMIT, "the statement names more than %d system relations", HS_GIVEN_MAX);
    HS_TRY(copy_names(c, query, err));
    for (size_t i = 0; i < query->given_count; i++)
        relations[i] = (struct hs_given_relation){c->given[i].type, query->given[i].batch};
    HS_TRY(hs_given_rows_new(relations, query->given_count, HS_GIVEN_BYTES, &c->given_rows, err));
    int64_t bytes = hs_given_rows_bytes(c->given_rows);
    if (atomic_fetch_add(&c->access->given_bytes, bytes) + bytes <= ALL_BYTES)
        return HS_OK;
    return hs_fail(err, HS_LIMIT, "the server is busy with system catalogs; try again");
}

void hs_call_drop_given(struct hs_call *c)
{
    atomic_fetch_sub(&c->access->given_bytes, hs_given_rows_bytes(c->given_rows));
    hs_given_rows_free(c->given_rows);
}

const struct hs_given *hs_call_find_given(const struct hs_call *c, const struct hs_table_ref *ref)
{
    if (ref->catalog.len && !hs_str_eq_nocase(ref->catalog, c->generation->model->mesh_name))
        return NULL;
    for (size_t i = 0; i < c->given_count; i++) {
        const struct hs_given *g = &c->given[i];
        bool there = ref->schema.len ? hs_str_eq_nocase(ref->schema, g->schema) : g->has_bare_name;
        if (there && hs_str_eq_nocase(ref->name, g->name))
            return g;
    }
    return NULL;
}

hs_rc hs_given_scan(struct hs_arena *a, const struct hs_given *given, size_t at, struct hs_scan *out,
                    struct hs_err *err)
{
    size_t count = given->type->field_count;
    struct hs_scan_column *columns = hs_arena_array(a, count + 1, sizeof *columns);
    if (!columns)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct hs_scan_column){
            .name = given->type->fields[i].name, .type = given->type->fields[i].type, .leakproof = true};
    *out = (struct hs_scan){.given_place = at + 1, .columns = columns, .column_count = count};
    return HS_OK;
}
