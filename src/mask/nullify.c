/* nullify: the value is gone, whatever it was. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/sql.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    size_t before = out->len;
    hs_buf_addz(out, "CAST(NULL AS ");
    if (hs_buf_add_duckdb_type(out, call->type)) {
        hs_buf_addc(out, ')');
        return;
    }
    /* A type we have no trusted name for: NULL takes it from a branch that is never taken. */
    if (out->failed)
        return;
    out->len = before;
    out->at[before] = 0;
    hs_buf_addz(out, "CASE WHEN FALSE THEN ");
    hs_buf_adds(out, call->x);
    hs_buf_addz(out, " END");
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    hs_buf_add_dialect_null(out, sql, call->type);
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

static const struct hs_mask_example examples[] = {
    {"string", NULL, "ana@example.org", NULL}, {"long", NULL, "42", NULL},    {"date", NULL, "2026-11-21", NULL},
    {"decimal(10, 2)", NULL, "12.50", NULL},   {"boolean", NULL, NULL, NULL}, {"uuid", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_nullify = {
    .name = "nullify",
    .text = "NULL instead of the value. For every type; for an object, list or map the whole of it.",
    .accepts = ~UINT64_C(0),
    .may_null = true,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .iceberg_action = "replace-with-null",
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
