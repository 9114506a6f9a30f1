/* constant: one value of the policy's choice. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/sql.h"

#include "base/alloc.h"

static bool number_fits(const struct hs_value *v, const struct hs_type *type)
{
    int whole, scale;
    struct hs_buf text;
    if (type->id != HS_T_DECIMAL)
        return v->kind == HS_V_INT
                   ? type->id != HS_T_INT || (v->i <= INT32_MAX && v->i >= INT32_MIN)
                   : (type->id == HS_T_FLOAT || type->id == HS_T_DOUBLE) && hs_number_shape(v->text, &whole, &scale);
    hs_buf_init(&text, 256);
    hs_buf_add_value(&text, v);
    bool ok = !text.failed && hs_number_shape(hs_buf_str(&text), &whole, &scale) && scale <= type->scale &&
              whole <= type->precision - type->scale;
    hs_buf_fini(&text);
    return ok;
}

bool hs_mask_value_fits(const struct hs_value *v, const struct hs_type *type)
{
    switch (v->kind) {
    case HS_V_BOOL:
        return type->id == HS_T_BOOLEAN;
    case HS_V_INT:
    case HS_V_NUMBER:
        return hs_type_is_number(type->id) && number_fits(v, type);
    case HS_V_TEXT:
        return type->id == HS_T_STRING || (type->id == HS_T_UUID && hs_uuid_valid(v->text));
    case HS_V_DATE:
        return type->id == HS_T_DATE;
    case HS_V_TIMESTAMP:
        return type->id == (v->utc ? HS_T_TIMESTAMPTZ : HS_T_TIMESTAMP);
    case HS_V_TIME:
        return type->id == HS_T_TIME;
    case HS_V_NULL:
    case HS_V_LIST:
        return false;
    }
    return false;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *v = hs_mask_arg(call, "value");
    if (!v || v->kind == HS_V_NULL || v->kind == HS_V_LIST)
        return hs_fail(err, HS_INVALID, "value is one value; for NULL use nullify");
    if (v->kind == HS_V_TEXT && (!hs_utf8_valid(v->text) || (v->text.len && memchr(v->text.at, 0, v->text.len))))
        return hs_fail(err, HS_INVALID, "value holds bytes that are not text");
    if (call->type && !hs_mask_value_fits(v, call->type))
        return hs_fail(err, HS_INVALID, "value does not fit the column's type %s", hs_type_name(call->type->id));
    return HS_OK;
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    static const struct hs_value none = {.kind = HS_V_NULL};
    const struct hs_value *v = hs_mask_arg(call, "value");
    hs_buf_addf(out, "CASE WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    hs_buf_add_duckdb_literal(out, v ? v : &none, call->type);
    hs_buf_addz(out, " END");
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    static const struct hs_value none = {.kind = HS_V_NULL};
    const struct hs_value *v = hs_mask_arg(call, "value");
    hs_buf_addf(out, "CASE WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    sql->add_literal(out, v ? v : &none, call->type);
    hs_buf_addz(out, " END");
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* ---- the same over text at a path inside JSON ---- */

static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    hs_setup_add(setup, hs_mask_arg_text(call, "value", ""));
}

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, value, *state = hs_calloc(1, sizeof *state);
    if (!state || !hs_setup_next(&rest, &value)) {
        hs_free(state);
        return NULL;
    }
    *state = value;
    return state;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    (void)work, (void)kind, (void)out;
    v->bytes = *(const hs_str *)state;
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {{"value", "a value of the column's type", false}};

static const struct hs_mask_example examples[] = {
    {"string", "'hidden'", "ana@example.org", "hidden"},
    {"string", "'it''s'", "", "it's"},
    {"string", "'hidden'", NULL, NULL},
    {"long", "-1", "42", "-1"},
    {"int", "7", "42", "7"},
    {"decimal(10, 2)", "9.99", "12.50", "9.99"},
    {"double", "0.5", "nan", "0.5"},
    {"boolean", "false", "true", "false"},
    {"date", "date '2000-01-01'", "2026-11-21", "2000-01-01"},
    {"timestamp", "timestamp '2000-01-01 00:00:00'", "2026-11-21 10:55:00", "2000-01-01 00:00:00"},
    {"timestamptz", "timestamp '2000-01-01 00:00:00Z'", "2026-11-21 10:55:00+00", "2000-01-01 00:00:00+00"},
    {"uuid", "'00000000-0000-4000-8000-000000000000'", "f79c3e09-677c-4bbd-a479-3f349cb785e7",
     "00000000-0000-4000-8000-000000000000"},
};

const struct hs_mask_function hs_mask_constant = {
    .name = "constant",
    .text = "The same value for everyone and every row, of the column's own type.",
    .accepts = HS_ON(HS_T_BOOLEAN) | HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) |
               HS_ON(HS_T_DECIMAL) | HS_ON(HS_T_DATE) | HS_ON(HS_T_TIMESTAMP) | HS_ON(HS_T_TIMESTAMPTZ) |
               HS_ON(HS_T_STRING) | HS_ON(HS_T_UUID),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .add_setup = add_setup,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
