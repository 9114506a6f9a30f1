/* `hailstorm explain`, and what the commands that look at decisions share. */
#include "access/look_in.h"

#include "base/clock.h"
#include "model/assume.h"
#include "policy/seeing.h"

static hs_rc open_schema(struct hs_arena *a, const struct hs_table *t, const struct hs_type **out, struct hs_err *err)
{
    struct hs_store store = hs_store_of(t);
    struct hs_iceberg_table *iceberg = NULL;
    struct hs_pin pin;
    struct hs_as_of now = {.kind = HS_AS_OF_CURRENT};
    HS_TRY(hs_iceberg_open(&store, &iceberg, err));
    hs_rc rc = hs_iceberg_pin(a, iceberg, &now, &pin, err);
    if (rc == HS_OK) {
        *out = hs_type_copy(a, pin.schema);
        rc = *out ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_iceberg_unref(iceberg);
    return rc;
}

hs_rc hs_look_at_type(struct hs_arena *a, const struct hs_table *t, struct hs_type **out, hs_str *out_why,
                      struct hs_err *err)
{
    const struct hs_type *real = NULL;
    struct hs_err why;
    hs_err_clear(&why);
    *out_why = (hs_str){0};
    hs_rc rc = open_schema(a, t, &real, &why);
    if (rc == HS_OK)
        return hs_table_bind(a, t, real, out, err);
    *out_why = hs_arena_str(a, hs_str_of(why.detail[0] ? why.detail : hs_kind_text(rc)));
    if (!out_why->at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return hs_table_assume(a, t, out, err);
}

hs_rc hs_look_for_table(const struct hs_model *m, hs_str what, const struct hs_table **out, struct hs_err *err)
{
    hs_str rest = what, domain = hs_str_cut(&rest, '.');
    *out = hs_model_table(m, domain, rest);
    return *out ? HS_OK : hs_fail(err, HS_NOT_FOUND, "there is no table '%.*s' in the model", HS_FMT(what));
}

hs_rc hs_look_facts(struct hs_arena *a, const struct hs_look *look, struct hs_facts *out, struct hs_err *err)
{
    (void)a;
    *out = (struct hs_facts){hs_wall_us(), look->purpose, look->workspace};
    if (look->at.len && (!hs_time_parse(look->at, &out->now_us) || out->now_us <= 0))
        return hs_fail(err, HS_INVALID, "'%.*s' is not a date (2027-01-31) or a time (2027-01-31T12:00:00Z)",
                       HS_FMT(look->at));
    return HS_OK;
}

/* ---- explain ---- */

struct explaining {
    struct hs_access *access;
    struct generation *generation;
    struct hs_arena *arena;
    struct hs_principal *who;
    struct hs_facts facts;
    const struct hs_look *look;
    size_t count;
    struct hs_buf *out;
};

static hs_rc explain_table(struct explaining *e, const struct hs_table *t, struct hs_err *err)
{
    struct hs_explain_request r = {.model = e->generation->model,
                                   .who = e->who,
                                   .table = t,
                                   .facts = &e->facts,
                                   .default_key = hs_str_of(e->access->mask_key_id),
                                   .dialect = e->look->dialect};
    struct hs_explained *explained;
    struct hs_type *bound;
    HS_TRY(hs_look_at_type(e->arena, t, &bound, &r.assumed, err));
    r.bound = bound;
    HS_TRY(hs_explain(e->arena, &r, &explained, err));
    if (e->look->json) {
        hs_buf_addz(e->out, e->count++ ? ",\n" : "");
        hs_buf_add_explained_json(e->out, explained);
    } else {
        hs_buf_add_explained(e->out, explained);
    }
    return hs_buf_done(e->out, err);
}

/* `what` is a contract id, or domain.table. */
static hs_rc explain_what(struct explaining *e, hs_str what, struct hs_err *err)
{
    const struct hs_model *m = e->generation->model;
    const struct hs_product *p = hs_model_product(m, what);
    const struct hs_table *t;
    if (p) {
        for (size_t i = 0; i < p->table_count; i++)
            HS_TRY(explain_table(e, &p->tables[i], err));
        return HS_OK;
    }
    hs_str rest = what, domain = hs_str_cut(&rest, '.');
    t = hs_model_table(m, domain, rest);
    if (!t)
        return hs_fail(err, HS_NOT_FOUND, "there is no product or table '%.*s' in the model", HS_FMT(what));
    return explain_table(e, t, err);
}

static hs_rc explain(struct explaining *e, hs_str name, hs_str what, struct hs_err *err)
{
    HS_TRY(hs_look_facts(e->arena, e->look, &e->facts, err));
    HS_TRY(hs_auth_assume(e->generation->model, name, e->arena, &e->who, err));
    HS_TRY(hs_may_state(e->who, "purposes", e->look->purpose, err));
    HS_TRY(hs_may_state(e->who, "workspaces", e->look->workspace, err));
    if (e->look->json) {
        hs_buf_addz(e->out, "{\"explain\": 1, \"tables\": [\n");
    } else {
        hs_buf_addf(e->out, "# as %.*s, at ", HS_FMT(name));
        hs_buf_add_time(e->out, e->facts.now_us);
        hs_buf_addz(e->out, ", from the model directory on this machine; no server was asked\n");
    }
    HS_TRY(explain_what(e, what, err));
    hs_buf_addz(e->out, e->look->json ? "\n]}\n" : "");
    return hs_buf_done(e->out, err);
}

hs_rc hs_access_explain(struct hs_access *a, hs_str name, hs_str what, const struct hs_look *look, struct hs_buf *out,
                        struct hs_err *err)
{
    struct explaining e = {
        .access = a, .generation = hs_access_generation(a), .arena = hs_arena_new(0), .look = look, .out = out};
    hs_rc rc = e.arena ? explain(&e, name, what, err) : hs_fail(err, HS_NOMEM, "out of memory");
    hs_arena_free(e.arena);
    hs_generation_unref(e.generation);
    return rc;
}
