/* `hailstorm check`: a model, also against its real tables. */
#include "access/access_in.h"

#include "base/clock.h"

struct checking {
    struct hs_arena *arena;
    struct hs_model *model;
    bool bind;
    struct hs_buf *out;
    int errors, tables;
};

static void finding(struct checking *k, const struct hs_table *t, const struct hs_err *err)
{
    hs_buf_addf(k->out, "%.*s.%.*s: %s\n", HS_FMT(t->product->domain), HS_FMT(t->name), err->detail);
    k->errors++;
}

static hs_rc bind_real(struct checking *k, const struct hs_table *t, struct hs_type **out, struct hs_err *err)
{
    struct hs_store store = hs_store_of(t);
    struct hs_iceberg_table *iceberg = NULL;
    struct hs_pin pin;
    struct hs_as_of now = {.kind = HS_AS_OF_CURRENT};
    HS_TRY(hs_iceberg_open(&store, &iceberg, err));
    hs_rc rc = hs_iceberg_pin(k->arena, iceberg, &now, &pin, err);
    if (rc == HS_OK)
        rc = hs_table_bind(k->arena, t, pin.schema, out, err);
    hs_iceberg_unref(iceberg);
    return rc;
}

static void check_table(struct checking *k, const struct hs_table *t)
{
    struct hs_err err;
    struct hs_type *bound;
    size_t written = 0;
    hs_err_clear(&err);
    hs_rc rc = bind_real(k, t, &bound, &err);
    if (rc == HS_OK)
        rc = hs_policy_check_table(k->arena, k->model, t, bound, &err);
    if (rc == HS_OK)
        rc = hs_policy_warnings(k->arena, k->model, t, bound, k->out, &err);
    if (rc == HS_OK && k->bind)
        rc = hs_contract_write_ids(t, bound, &written, &err);
    if (rc != HS_OK)
        finding(k, t, &err);
    if (written)
        hs_buf_addf(k->out, "%.*s.%.*s: wrote %zu field ids\n", HS_FMT(t->product->domain), HS_FMT(t->name), written);
    k->tables++;
}

hs_rc hs_access_check(hs_str directory, bool bind, struct hs_buf *out, int *out_errors, struct hs_err *err)
{
    struct checking k = {.out = out, .bind = bind};
    HS_TRY(hs_model_load(directory, hs_policy_check_mask, &k.model, err));
    k.arena = hs_arena_new(0);
    hs_rc rc = k.arena ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; rc == HS_OK && i < k.model->warning_count; i++)
        hs_buf_addf(out, "warning: %.*s\n", HS_FMT(k.model->warnings[i]));
    if (rc == HS_OK)
        rc = hs_policy_model_warnings(k.model, hs_wall_us(), out, err);
    for (size_t i = 0; rc == HS_OK && i < k.model->product_count; i++)
        for (size_t j = 0; j < k.model->products[i].table_count; j++)
            check_table(&k, &k.model->products[i].tables[j]);
    if (rc == HS_OK)
        hs_buf_addf(out, "%zu users, %zu products, %d tables, %zu policies: %d errors\n", k.model->user_count,
                    k.model->product_count, k.tables, k.model->policy_count, k.errors);
    *out_errors = k.errors;
    hs_arena_free(k.arena);
    hs_model_unref(k.model);
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}
