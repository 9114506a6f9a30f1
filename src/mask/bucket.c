/* bucket: the lower end of the range that a number lies in: ranges of one width, or between given boundaries. */
#include "mask/mask.h"
#include "mask/shared/real.h"
#include "mask/sql.h"

#include "base/alloc.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BOUNDARIES = 256 };

static bool is_number(const struct hs_value *v)
{
    return v->kind == HS_V_INT || v->kind == HS_V_NUMBER;
}

static bool fits_float(double x)
{
    return x == 0 || (fabs(x) <= FLT_MAX && fabs(x) >= FLT_TRUE_MIN);
}

static hs_rc check_boundaries(const struct hs_value *list, const struct hs_type *type, struct hs_err *err)
{
    if (list->kind != HS_V_LIST || !list->item_count || list->item_count > MAX_BOUNDARIES)
        return hs_fail(err, HS_INVALID, "boundaries is a list of 1 to %d numbers", MAX_BOUNDARIES);
    for (size_t i = 0; i < list->item_count; i++) {
        hs_whole n;
        if (!is_number(&list->items[i]) ||
            (i && hs_mask_double(&list->items[i]) <= hs_mask_double(&list->items[i - 1])))
            return hs_fail(err, HS_INVALID, "boundaries are numbers, each greater than the one before");
        if (type && ((hs_mask_is_whole(type->id) && !hs_mask_scaled(&list->items[i], type, &n)) ||
                     (type->id == HS_T_FLOAT && !fits_float(hs_mask_double(&list->items[i])))))
            return hs_fail(err, HS_INVALID, "boundary %zu is no value of the column's type", i + 1);
    }
    return HS_OK;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *width = hs_mask_arg(call, "width"), *boundaries = hs_mask_arg(call, "boundaries");
    hs_whole n;
    if (!width == !boundaries)
        return hs_fail(err, HS_INVALID, "bucket needs either 'width' or 'boundaries'");
    if (boundaries)
        return check_boundaries(boundaries, call->type, err);
    double w = is_number(width) ? hs_mask_double(width) : 0;
    if (!(w > 0) || !isfinite(w))
        return hs_fail(err, HS_INVALID, "width is a number greater than 0");
    if (call->type && hs_mask_is_whole(call->type->id) && !hs_mask_scaled(width, call->type, &n))
        return hs_fail(err, HS_INVALID, "width is no value of the column's type");
    return HS_OK;
}

/* Towards minus infinity, and where that is no value of the type, its least one. */
static void print_width(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql, hs_whole w)
{
    const struct hs_type *t = call->type;
    hs_str x = call->x;
    struct hs_buf rest;
    hs_buf_init(&rest, out->max);
    hs_buf_addf(&rest, "(%.*s %% ", HS_FMT(x));
    hs_buf_add_scaled_in(&rest, sql, w, t);
    hs_buf_addc(&rest, ')');
    hs_str r = hs_buf_str(&rest);
    hs_buf_addf(out, "%sCAST(CASE WHEN %.*s >= ", sql ? "" : "TRY_", HS_FMT(r));
    hs_buf_add_scaled_in(out, sql, 0, t);
    hs_buf_addf(out, " THEN %.*s - %.*s WHEN %.*s - %.*s >= ", HS_FMT(x), HS_FMT(r), HS_FMT(x), HS_FMT(r));
    hs_buf_add_scaled_in(out, sql, hs_mask_least(t) + w, t);
    hs_buf_addf(out, " THEN %.*s - %.*s - ", HS_FMT(x), HS_FMT(r));
    hs_buf_add_scaled_in(out, sql, w, t);
    hs_buf_addf(out, " WHEN %.*s IS NOT NULL THEN ", HS_FMT(x));
    hs_buf_add_scaled_in(out, sql, hs_mask_least(t), t);
    hs_buf_addz(out, " END AS ");
    out->failed |= sql ? !sql->add_type(out, t) : !hs_buf_add_duckdb_type(out, t);
    hs_buf_addc(out, ')');
    out->failed |= rest.failed;
    hs_buf_fini(&rest);
}

static void print_boundaries(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_value *list)
{
    hs_buf_addz(out, "CASE");
    for (size_t i = list->item_count; i-- > 0;) {
        hs_buf_addf(out, " WHEN %.*s ", HS_FMT(call->x));
        hs_buf_addz(out, i ? ">= " : "IS NOT NULL");
        if (i)
            hs_buf_add_duckdb_literal(out, &list->items[i], call->type);
        hs_buf_addz(out, " THEN ");
        hs_buf_add_duckdb_literal(out, &list->items[i], call->type);
    }
    hs_buf_addz(out, " END");
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *width = hs_mask_arg(call, "width"), *boundaries = hs_mask_arg(call, "boundaries");
    struct hs_native_call c;
    hs_whole w;
    char text[40];
    if (boundaries) {
        print_boundaries(out, call, boundaries);
        return;
    }
    if (hs_mask_is_whole(call->type->id)) {
        out->failed |= !hs_mask_scaled(width, call->type, &w);
        if (!out->failed)
            print_width(out, call, NULL, w);
        return;
    }
    hs_native_call_begin(&c, out, call);
    snprintf(text, sizeof text, "%a", hs_mask_double(width));
    hs_setup_add(&c.setup, hs_str_of(text));
    hs_setup_add_int(&c.setup, call->type->id == HS_T_FLOAT);
    hs_native_call_end_number(&c, call);
}

/* ---- other engines ---- */

static bool has_floor(double x, double width)
{
    return isfinite(floor(x / width) * width);
}

static bool has_floor_below(double x, double width)
{
    return isfinite(floor(-x / width) * width);
}

static bool has_share(double x, double width)
{
    return x / width != 0;
}

static void print_real(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql, double width)
{
    struct hs_real r = {.call = call,
                        .sql = sql,
                        .least = -hs_greatest_real(has_floor_below, width),
                        .most = hs_greatest_real(has_floor, width),
                        .tiny = width > 1 ? hs_least_real(has_share, width) : 0};
    struct hs_buf answer;
    hs_buf_init(&answer, out->max);
    hs_buf_addz(&answer, "floor(");
    hs_buf_add_real_value(&answer, &r);
    hs_buf_addz(&answer, " / ");
    hs_buf_add_double_in(&answer, sql, width);
    hs_buf_addz(&answer, ") * ");
    hs_buf_add_double_in(&answer, sql, width);
    hs_buf_add_real(out, &r, hs_buf_str(&answer));
    out->failed |= answer.failed;
    hs_buf_fini(&answer);
}

/* NaN is the greatest number in DuckDB and in PostgreSQL, and none in Trino. */
static void print_boundaries_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql,
                                const struct hs_value *list)
{
    hs_buf_addz(out, "CASE");
    if (!hs_mask_is_whole(call->type->id)) {
        hs_buf_addf(out, " WHEN NOT (%s%.*s%s) THEN ", sql->is_number[0], HS_FMT(call->x), sql->is_number[1]);
        sql->add_literal(out, &list->items[list->item_count - 1], call->type);
    }
    for (size_t i = list->item_count; i-- > 0;) {
        hs_buf_addf(out, " WHEN %.*s ", HS_FMT(call->x));
        hs_buf_addz(out, i ? ">= " : "IS NOT NULL");
        if (i)
            sql->add_literal(out, &list->items[i], call->type);
        hs_buf_addz(out, " THEN ");
        sql->add_literal(out, &list->items[i], call->type);
    }
    hs_buf_addz(out, " END");
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    const struct hs_value *width = hs_mask_arg(call, "width"), *boundaries = hs_mask_arg(call, "boundaries");
    hs_whole w;
    if (boundaries)
        print_boundaries_in(out, call, sql, boundaries);
    else if (hs_mask_scaled(width, call->type, &w))
        print_width(out, call, sql, w);
    else if (hs_mask_is_whole(call->type->id)) /* it was checked: no memory */
        out->failed = true;
    else
        print_real(out, call, sql, hs_mask_double(width));
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
    double width;
    bool narrow; /* float */
};

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, width;
    int64_t narrow;
    char text[40] = {0};
    struct state *s = hs_calloc(1, sizeof *s);
    if (!s || !hs_setup_next(&rest, &width) || width.len >= sizeof text || !hs_setup_next_int(&rest, &narrow)) {
        hs_free(s);
        return NULL;
    }
    memcpy(text, width.at, width.len);
    *s = (struct state){strtod(text, NULL), narrow != 0};
    return s;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    double x = v->real, y = floor(x / s->width) * s->width;
    (void)work, (void)kind, (void)out;
    if (isnan(x) || isinf(x) || !isfinite(y)) /* a width far below the number's last digit */
        return true;
    if (s->narrow)
        y = fmax(fmin(y, FLT_MAX), -FLT_MAX);
    v->real = y == 0 ? 0 : y;
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_DOUBLE, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {
    {"width", "how wide each range is; they begin at 0", true},
    {"boundaries", "or where they begin, a list of rising numbers", true},
};

static const struct hs_mask_example examples[] = {
    {"long", "width: 10", "42", "40"},
    {"long", "width: 10", "-1", "-10"},
    {"long", "width: 10", "-9223372036854775808", "-9223372036854775808"},
    {"long", "width: 10", NULL, NULL},
    {"int", "boundaries: [0, 18, 30, 65]", "29", "18"},
    {"int", "boundaries: [0, 18, 30, 65]", "-5", "0"},
    {"int", "boundaries: [0, 18, 30, 65]", "65", "65"},
    {"decimal(10, 2)", "width: 0.25", "12.49", "12.25"},
    {"decimal(10, 2)", "width: 1000", "-99999999.99", "-99999999.99"},
    {"decimal(38, 0)", "width: 7", "15", "14"},
    {"double", "width: 0.5", "-0.1", "-0.5"},
    {"double", "width: 10", "inf", "inf"},
    {"double", "boundaries: [0, 0.5]", "nan", "0.5"},
    {"float", "width: 100", "250.5", "200"},
};

const struct hs_mask_function hs_mask_bucket = {
    .name = "bucket",
    .text = "The lower end of the range that the number lies in. Ranges have one width and begin at 0, or begin at the "
            "boundaries given; what lies below the first boundary is shown as the first.",
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
