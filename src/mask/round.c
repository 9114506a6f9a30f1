/* round: a number to so many digits behind the point, or to tens, hundreds and so on before it. Halves go away from
 * zero. Where the rounded value is no value of the type any more, the nearest one that is stands for it. */
#include "mask/mask.h"
#include "mask/shared/real.h"
#include "mask/sql.h"

#include "base/alloc.h"

#include <float.h>
#include <math.h>

static int scale_of(const struct hs_type *t)
{
    return t->id == HS_T_DECIMAL ? t->scale : 0;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *digits = hs_mask_arg(call, "digits");
    if (!digits || digits->kind != HS_V_INT || digits->i < -18 || digits->i > 18)
        return hs_fail(err, HS_INVALID, "digits is a whole number from -18 to 18");
    if (!call->type || !hs_mask_is_whole(call->type->id))
        return HS_OK;
    if (digits->i >= scale_of(call->type))
        return hs_fail(err, HS_INVALID, "digits: %lld leaves every value of this column as it is",
                       (long long)digits->i);
    if (scale_of(call->type) - digits->i > 37 ||
        hs_mask_ten_to(scale_of(call->type) - (int)digits->i) > hs_mask_most(call->type))
        return hs_fail(err, HS_INVALID, "digits: %lld leaves nothing of this column's values", (long long)digits->i);
    return HS_OK;
}

/* CASE WHEN x % w >= w/2 AND x - x % w <= most - w THEN x - x % w + w WHEN ... : no step leaves the type's range. */
static void print_whole(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql, int digits)
{
    const struct hs_type *t = call->type;
    hs_whole w = hs_mask_ten_to(scale_of(t) - digits);
    struct hs_buf step, rest, low;
    hs_buf_init(&step, out->max);
    hs_buf_init(&rest, out->max);
    hs_buf_init(&low, out->max);
    hs_buf_add_scaled_in(&step, sql, w, t);
    hs_buf_addf(&rest, "(%.*s %% %.*s)", HS_FMT(call->x), HS_FMT(hs_buf_str(&step)));
    hs_buf_addf(&low, "(%.*s - %.*s)", HS_FMT(call->x), HS_FMT(hs_buf_str(&rest)));
    hs_buf_addz(out, sql ? "CAST(CASE" : "TRY_CAST(CASE");
    for (int up = 1; up >= 0; up--) {
        hs_buf_addf(out, " WHEN %.*s %s ", HS_FMT(hs_buf_str(&rest)), up ? ">=" : "<=");
        hs_buf_add_scaled_in(out, sql, up ? w / 2 : -(w / 2), t);
        hs_buf_addf(out, " AND %.*s %s ", HS_FMT(hs_buf_str(&low)), up ? "<=" : ">=");
        hs_buf_add_scaled_in(out, sql, up ? hs_mask_most(t) - w : hs_mask_least(t) + w, t);
        hs_buf_addf(out, " THEN %.*s %s %.*s", HS_FMT(hs_buf_str(&low)), up ? "+" : "-", HS_FMT(hs_buf_str(&step)));
    }
    hs_buf_addf(out, " ELSE %.*s END AS ", HS_FMT(hs_buf_str(&low)));
    out->failed |= sql ? !sql->add_type(out, t) : !hs_buf_add_duckdb_type(out, t);
    hs_buf_addc(out, ')');
    out->failed |= step.failed | rest.failed | low.failed;
    hs_buf_fini(&step);
    hs_buf_fini(&rest);
    hs_buf_fini(&low);
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    int digits = (int)hs_mask_arg_int(call, "digits", 0);
    struct hs_native_call c;
    if (hs_mask_is_whole(call->type->id)) {
        print_whole(out, call, NULL, digits);
        return;
    }
    hs_native_call_begin(&c, out, call);
    hs_setup_add_int(&c.setup, digits);
    hs_setup_add_int(&c.setup, call->type->id == HS_T_FLOAT);
    hs_native_call_end_number(&c, call);
}

/* ---- other engines ---- */

static bool is_rounded_behind(double x, double power)
{
    return isfinite(round(x * power) / power);
}

static bool is_rounded_before(double x, double power)
{
    return isfinite(round(x / power) * power);
}

/* Halves away from zero, over z: PostgreSQL's round() sends them to the even number, and adding a half rounds, too. */
static void add_nearest(struct hs_buf *out, const struct hs_dialect *sql, hs_str z)
{
    const char *cut = sql == &hs_trino ? "truncate" : "trunc";
    hs_buf_addz(out, "CASE");
    for (int up = 1; up >= 0; up--) {
        hs_buf_addf(out, " WHEN %.*s - %s(%.*s) %s ", HS_FMT(z), cut, HS_FMT(z), up ? ">=" : "<=");
        hs_buf_add_double_in(out, sql, up ? 0.5 : -0.5);
        hs_buf_addf(out, " THEN %s(%.*s) %s ", cut, HS_FMT(z), up ? "+" : "-");
        hs_buf_add_double_in(out, sql, 1);
    }
    hs_buf_addf(out, " ELSE %s(%.*s) END", cut, HS_FMT(z));
}

static void print_real(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql, int digits)
{
    double power = (double)hs_mask_ten_to(digits < 0 ? -digits : digits);
    double most = hs_greatest_real(digits < 0 ? is_rounded_before : is_rounded_behind, power);
    struct hs_real r = {.call = call, .sql = sql, .least = -most, .most = most, .tiny = digits < 0 ? 1 : 0};
    struct hs_buf z, answer;
    hs_buf_init(&z, out->max);
    hs_buf_init(&answer, out->max);
    hs_buf_addc(&z, '(');
    hs_buf_add_real_value(&z, &r);
    hs_buf_addz(&z, digits < 0 ? " / " : " * ");
    hs_buf_add_double_in(&z, sql, power);
    hs_buf_addc(&z, ')');
    hs_buf_addc(&answer, '(');
    add_nearest(&answer, sql, hs_buf_str(&z));
    hs_buf_addz(&answer, digits < 0 ? ") * " : ") / ");
    hs_buf_add_double_in(&answer, sql, power);
    hs_buf_add_real(out, &r, hs_buf_str(&answer));
    out->failed |= z.failed | answer.failed;
    hs_buf_fini(&z);
    hs_buf_fini(&answer);
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    int digits = (int)hs_mask_arg_int(call, "digits", 0);
    if (hs_mask_is_whole(call->type->id))
        print_whole(out, call, sql, digits);
    else
        print_real(out, call, sql, digits);
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* ---- over doubles ---- */

struct state {
    double power;
    bool behind; /* the point */
    bool narrow; /* float */
};

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields;
    int64_t digits, narrow;
    struct state *s = hs_calloc(1, sizeof *s);
    if (!s || !hs_setup_next_int(&rest, &digits) || !hs_setup_next_int(&rest, &narrow) || digits < -18 || digits > 18) {
        hs_free(s);
        return NULL;
    }
    *s = (struct state){(double)hs_mask_ten_to((int)(digits < 0 ? -digits : digits)), digits >= 0, narrow != 0};
    return s;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    double x = v->real, y = s->behind ? round(x * s->power) / s->power : round(x / s->power) * s->power;
    (void)work, (void)kind, (void)out;
    if (isnan(x) || isinf(x) || !isfinite(y)) /* so great that it has no such digits */
        return true;
    if (s->narrow)
        y = fmax(fmin(y, FLT_MAX), -FLT_MAX);
    v->real = y == 0 ? 0 : y;
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_DOUBLE, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {
    {"digits", "how many digits stay behind the point; -1 rounds to tens, -2 to hundreds", false}};

static const struct hs_mask_example examples[] = {
    {"decimal(10, 2)", "0", "12.50", "13.00"},
    {"decimal(10, 2)", "1", "-12.55", "-12.60"},
    {"decimal(10, 2)", "-3", "99999999.99", "99999000.00"},
    {"decimal(10, 2)", "0", NULL, NULL},
    {"decimal(38, 2)", "-2", "999999999999999999999999999999999999.99", "999999999999999999999999999999999900.00"},
    {"long", "-3", "1500", "2000"},
    {"long", "-3", "-1499", "-1000"},
    {"long", "-1", "9223372036854775807", "9223372036854775800"},
    {"long", "-18", "-9223372036854775808", "-9000000000000000000"},
    {"int", "-2", "2147483647", "2147483600"},
    {"double", "1", "3.14159", "3.1"},
    {"double", "-2", "1e308", "1e308"},
    {"double", "0", "nan", "nan"},
    {"float", "0", "2.5", "3.0"},
};

const struct hs_mask_function hs_mask_round = {
    .name = "round",
    .text =
        "The nearest number with so many digits behind the point, or the nearest ten, hundred ... (digits -1, -2 "
        "...). Halves are rounded away from zero; at the end of the type's range the value is rounded towards zero.",
    .accepts = HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) | HS_ON(HS_T_DECIMAL),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
